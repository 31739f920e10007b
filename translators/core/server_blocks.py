"""Blocks of server tools on their way into a message: fresh ids, and how many were served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from translators.core.search import OWN_ID, Kind, error_code, result_kind

#: Kind of web tool -> its field of `usage.server_tool_use`.
REQUESTS: Mapping[Kind, str] = {"web_search": "web_search_requests", "web_fetch": "web_fetch_requests"}


class ServerBlocks:
    """Names the server tools of one answer anew; vendors repeat their ids."""

    def __init__(self, new_id: Callable[[str], str]) -> None:
        self._new_id = new_id
        self._ids: dict[Any, str] = {}
        self._served: dict[Kind, int] = {}

    def named(self, block: Mapping[str, Any]) -> dict[str, Any]:
        """The block with its fresh id, or with that of the call which it answers."""
        if block.get("type") == "server_tool_use":
            self._ids[block.get("id")] = id = self._new_id(OWN_ID)
            return {**block, "id": id}
        if kind := result_kind(block):
            self._served[kind] = self._served.get(kind, 0) + (not error_code(block))
        known = self._ids.get(block.get("tool_use_id"))
        return {**block, "tool_use_id": known} if known else dict(block)

    @property
    def usage(self) -> dict[str, Any]:
        """The fields of `usage` for what was served."""
        return served_fields(self._served)


def served_fields(served: Mapping[Kind, int]) -> dict[str, Any]:
    """`usage.server_tool_use`, when a web tool was run."""
    return {"server_tool_use": {name: served.get(kind, 0) for kind, name in REQUESTS.items()}} if served else {}
