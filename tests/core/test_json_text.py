"""JSON as text is what the standard library writes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from translators.core.json_text import compact, loose

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
)


@given(VALUES)
@example({"half": "\ud83d", "line": '\u2028\n\t"\\', "keys": {1: 2, None: True, 1.5: []}})
def test_it_is_what_the_standard_library_writes(value: Any) -> None:
    assert loose(value) == json.dumps(value, ensure_ascii=False)
    assert compact(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
