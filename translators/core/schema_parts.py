"""The parts that the JSON Schema dialects are made of: walking, references, merging."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Schema = dict[str, Any]
Rule = Callable[[Schema], Schema]

#: Where schemas stand inside a schema: alone, in a list, in a mapping whose keys are the user's own names.
ALONE = frozenset(
    [
        "items",
        "additionalItems",
        "additionalProperties",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contains",
        "propertyNames",
        "not",
        "if",
        "then",
        "else",
        "contentSchema",
    ]
)
LISTED = frozenset(["anyOf", "oneOf", "allOf", "prefixItems", "items"])
NAMED = frozenset(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"])
#: Keywords whose null is a value; a null behind any other keyword means that it was left out.
VALUES = frozenset(["default", "const"])
#: Keywords that say something to the reader and limit nothing.
NOTES = frozenset(["description", "title", "default", "examples"])
REFERENCES = frozenset(["$ref", "$dynamicRef", "$recursiveRef"])

_DEEPEST = 64
_LARGEST = 20_000


class References:
    """Follows `$ref` inside one document. `root` is the whole schema."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def target(self, reference: Any) -> Any:
        """The schema that a pointer of this document names, or None."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found: Any = self._root
        for part in reference[1:].strip("/").split("/") if len(reference) > 1 else ():
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, Mapping) and name in found:
                found = found[name]
            else:
                return None
        return found


class Walk:
    """Rebuilds a schema from the root down. `rule` rewrites each schema before the ones inside it are visited.

    With `inline` references are replaced by what they name. Where that would never end (recursion, explosion) a plain
    object takes the place. The input is never changed.
    """

    def __init__(self, root: Mapping[str, Any], rule: Rule, inline: bool = False) -> None:
        self._references = References(root)
        self._rule = rule
        self._inline = inline
        self._size = 0

    def whole(self, schema: Mapping[str, Any]) -> Schema:
        """The rewritten document."""
        return dict(self.visit(schema))

    def visit(self, node: Any, trail: tuple[str, ...] = (), depth: int = 0) -> Any:
        """The rewritten schema. Booleans stay; what is no schema at all becomes {}."""
        if not isinstance(node, Mapping):
            return node if isinstance(node, bool) else {}
        self._size += 1
        if depth > _DEEPEST:
            return {}
        if self._inline:
            node, trail = self._inlined(node, trail)
        made = self._rule({key: value for key, value in node.items() if value is not None or key in VALUES})
        return {key: self._inside(key, value, trail, depth + 1) for key, value in made.items()}

    def _inside(self, key: str, value: Any, trail: tuple[str, ...], depth: int) -> Any:
        if key in LISTED and isinstance(value, list):
            return [self.visit(item, trail, depth) for item in value]
        if key in NAMED and isinstance(value, Mapping):
            return {name: self.visit(item, trail, depth) for name, item in value.items()}
        return self.visit(value, trail, depth) if key in ALONE else value

    def _inlined(self, node: Mapping[str, Any], trail: tuple[str, ...]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        while "$ref" in node:
            reference = node["$ref"]
            beside = {key: value for key, value in node.items() if key not in REFERENCES}
            target = self._references.target(reference)
            if not isinstance(target, Mapping):
                return beside, trail
            if reference in trail or self._size > _LARGEST:
                return {**shallow(target), **beside}, trail
            node, trail = joined(target, beside), (*trail, reference)
        return node, trail


def shallow(target: Mapping[str, Any]) -> Schema:
    """What is left of a schema that would contain itself."""
    kind = target.get("type")
    return {"type": kind if isinstance(kind, str) else "object", **only(target, ("description", "title"))}


def only(schema: Mapping[str, Any], keys: Iterable[str]) -> Schema:
    """The given keywords of a schema, in the schema's order: that of a set differs between processes."""
    wanted = frozenset(keys)
    return {key: value for key, value in schema.items() if key in wanted}


def without(schema: Mapping[str, Any], keys: Iterable[str]) -> Schema:
    """A schema without the given keywords."""
    gone = frozenset(keys)
    return {key: value for key, value in schema.items() if key not in gone}


def joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> Schema:
    """Both schemas at once: properties and required names of both, else the second's word."""
    made = {**first, **second}
    if "properties" in first and "properties" in second:
        made["properties"] = {**members(first), **members(second)}
    if "required" in first and "required" in second:
        made["required"] = list(dict.fromkeys([*names(first), *names(second)]))
    return made


def members(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a schema."""
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def names(schema: Mapping[str, Any]) -> list[str]:
    """The required names of a schema."""
    found = schema.get("required")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def alternatives(branches: Sequence[Mapping[str, Any]]) -> Schema:
    """One object that takes what any of the object branches takes."""
    objects = [branch for branch in branches if describes_object(branch)]
    properties: dict[str, list[Any]] = {}
    for branch in objects:
        for name, rule in members(branch).items():
            known = properties.setdefault(name, [])
            if rule not in known:
                known.append(rule)
    needed = [names(branch) for branch in objects]
    made: Schema = {"properties": {name: either(rules) for name, rules in properties.items()}}
    if needed:
        made["required"] = [name for name in needed[0] if all(name in others for others in needed)]
    return made


def describes_object(schema: Mapping[str, Any]) -> bool:
    """Whether a schema may stand for an object."""
    kind = schema.get("type", "object")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def either(rules: list[Any]) -> Any:
    """One schema for a property that alternatives describe differently; single values become one enum."""
    if len(rules) == 1:
        return rules[0]
    values = [choices(rule) for rule in rules]
    if any(value is None for value in values):
        return {"anyOf": rules}
    merged: list[Any] = []
    for value in values:
        merged.extend(item for item in value or () if item not in merged)
    kept = {key: value for rule in reversed(rules) for key, value in without(rule, ("const", "enum")).items()}
    return {**kept, "enum": merged}


def choices(rule: Any) -> list[Any] | None:
    """The values of an enum or const of strings, or None."""
    if not isinstance(rule, Mapping):
        return None
    found = rule.get("enum", [rule["const"]] if "const" in rule else None)
    return found if isinstance(found, list) and all(isinstance(value, str) for value in found) else None


def object_root(schema: Mapping[str, Any]) -> Schema:
    """The schema as an object with properties, without the keywords that OpenAI refuses at the root.

    OpenAI: "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level".
    """
    made = _flat(schema, References(schema), 4)
    needed = names(made)
    rest = without(made, ("type", "properties", "required"))
    return {"type": "object", "properties": members(made), **({"required": needed} if needed else {}), **rest}


def _flat(schema: Mapping[str, Any], references: References, depth: int) -> Schema:
    """A schema without reference and combiners of its own."""
    made = without(schema, ("$ref", "anyOf", "oneOf", "allOf", "enum", "const", "not"))
    if not depth:
        return made
    target = references.target(schema.get("$ref"))
    if isinstance(target, Mapping):
        made = joined(_flat(target, references, depth - 1), made)
    for part in _branches(schema, "allOf"):
        made = joined(_flat(part, references, depth - 1), made)
    for key in ("anyOf", "oneOf"):
        branches = [_flat(branch, references, depth - 1) for branch in _branches(schema, key)]
        if branches:
            made = joined(alternatives(branches), made)
    return made


def _branches(schema: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = schema.get(key)
    return [branch for branch in found if isinstance(branch, Mapping)] if isinstance(found, list) else []
