"""Made-up tools of MCP servers, as large as real ones are, for tests and figures of the tool search."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SERVERS: dict[str, tuple[str, ...]] = {
    "tracker": ("issue", "comment", "milestone", "label", "board"),
    "calendar": ("event", "invitation", "reminder", "room", "holiday"),
    "storage": ("bucket", "folder", "upload", "archive", "permission"),
    "database": ("table", "query", "index", "backup", "migration"),
}
VERBS = ("create", "list", "update", "delete", "export")
SENTENCE = (
    "Works on one {thing} of the {server} server, or on several of them at once where their identifiers are given as a "
    "list. Reads the current state first and refuses to {verb} what somebody else has changed in the meantime. "
)
ARGUMENT = "The {word} of the {thing}, as the {server} server shows it; leave it out to take what was used before."
ARGUMENTS = ("identifier", "owner", "title", "state", "since", "until", "limit", "order")


def filler_tool(server: str, verb: str, thing: str) -> Json:
    """One tool, of about the size of a usual tool of an MCP server."""
    told = {"server": server, "verb": verb, "thing": thing}
    rules = {word: {"type": "string", "description": ARGUMENT.format(word=word, **told)} for word in ARGUMENTS}
    return {
        "name": f"mcp__{server}__{verb}_{thing}",
        "description": f"Lets you {verb} a {thing}. " + SENTENCE.format(**told) * 2,
        "input_schema": {"type": "object", "properties": rules, "required": ["identifier"]},
    }


def filler_tools() -> list[Json]:
    """A hundred of them."""
    return [
        filler_tool(server, verb, thing) for server, things in SERVERS.items() for verb in VERBS for thing in things
    ]
