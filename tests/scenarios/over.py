"""`over` runs a test on wires; what is not built yet on one of them fails strictly, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.scenarios.wires import EVERY


def over(*wires: str, missing: str | Mapping[str, str] = "") -> Any:
    """The test once a wire, all by default. `missing`: why it fails, on all wires or by wire."""
    names = wires or EVERY
    reasons = dict.fromkeys(names, missing) if isinstance(missing, str) else missing
    params = [
        pytest.param(name, id=name, marks=[lacking(reasons[name])] if reasons.get(name) else []) for name in names
    ]
    return pytest.mark.parametrize("wire", params, indirect=True)


def lacking(reason: str) -> Any:
    """The mark of a test whose subject does not exist yet: it fails until it does, and then says so."""
    return pytest.mark.xfail(strict=True, reason=reason)
