"""Whether a JSON value matches a schema that a client sent with its request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from referencing import Registry

#: Keywords that are not checked: a client's regular expression could hold up every stream of the worker.
PATTERNS = ("pattern", "patternProperties", "unevaluatedProperties")


def no_others(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """`additionalProperties`, which cannot be told beside `patternProperties`."""
    if "patternProperties" not in schema:
        yield from Draft202012Validator.VALIDATORS["additionalProperties"](validator, rule, value, schema)


Checker = extend(Draft202012Validator, {"additionalProperties": no_others})  # type: ignore[no-untyped-call]
for keyword in PATTERNS:
    Checker.VALIDATORS.pop(keyword)


def mismatch(value: Any, schema: Any) -> str:
    """What keeps the value from matching, "" when it matches: a path and the keyword, without the value itself. A
    schema that cannot be used, or refers to others by their address, matches everything; nothing is fetched.
    """
    if not isinstance(schema, Mapping):
        return ""
    try:
        error = best_match(Checker(schema, registry=Registry()).iter_errors(value))
    except Exception:  # the library has no common error for what it cannot use
        return ""
    return f"{error.json_path} fails {error.validator}" if error else ""
