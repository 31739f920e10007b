"""The tools of one request, as a model that writes its calls as text may spell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from translators.core.deltas import ToolCall
from translators.core.tool_names import ToolNames

#: How the ids of calls begin that were read out of text; clients never see them.
WRITTEN = "written:"


@dataclass(frozen=True, slots=True)
class Written:
    """A complete call that stood in the text. `name` is the tool's own."""

    name: str
    arguments: Mapping[str, Any]


class Tools:
    """What the model may call. `tools` have `name` and `input_schema`; `names` knows the vendor's spellings of them."""

    def __init__(self, tools: Iterable[Mapping[str, Any]], names: ToolNames) -> None:
        self._schemas: dict[str, Mapping[str, Any]] = {
            str(tool["name"]): tool.get("input_schema") or {} for tool in tools
        }
        self._names = names

    def __bool__(self) -> bool:
        return bool(self._schemas)

    def named(self, written: str) -> str:
        """The tool that is meant, "" when none of them is."""
        name = self._names.long(written.strip().strip("\"'"))
        return name if name in self._schemas else ""

    def schema(self, name: str) -> Mapping[str, Any]:
        """The input schema of a tool."""
        return self._schemas[name]

    def fitting(self, arguments: Mapping[str, Any]) -> str:
        """The only tool that takes these arguments, "" when there is none or a choice. No arguments fit nothing."""
        fit = [name for name, schema in self._schemas.items() if arguments and fits(arguments, schema)]
        return fit[0] if len(fit) == 1 else ""


def fits(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Every argument is known and none that is required is missing."""
    return arguments.keys() <= set(schema.get("properties") or ()) and set(schema.get("required") or ()) <= set(
        arguments
    )


def tool_call(call: Written, source: str, number: int) -> ToolCall:
    """The delta of a call; `source` and `number` make it different from all others of the answer."""
    return ToolCall(None, f"{WRITTEN}{source}:{number}", call.name, dict(call.arguments))
