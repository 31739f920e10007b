"""What the tool search saves: the estimated input of each request, before and after.

    python -m tests.tool_search_figures [--over 10] FOLDER

FOLDER holds recorded requests as JSON, each a Messages body or an object with one as its `body`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.filler_tools import filler_tools
from translators.core.client_tools import offered
from translators.core.tokens import estimate_request
from translators.core.tool_search import tool_search

Json = dict[str, Any]
RECORDED = Path(__file__).parent / "fixtures" / "requests"
BM25 = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}


def made_up() -> Iterator[tuple[str, Json]]:
    """A hundred tools of MCP servers: none, one and five of them loaded."""
    tools = filler_tools()
    deferred = [BM25, *({**tool, "defer_loading": True} for tool in tools)]
    for count in (0, 1, 5):
        found = [{"type": "tool_reference", "tool_name": tool["name"]} for tool in tools[:count]]
        turns = [{"role": "user", "content": [{"type": "text", "text": "Go on."}, *found]}]
        yield f"100 MCP tools, {count} loaded", {"messages": turns, "tools": tools}
        yield f"the same, deferred by the client, {count} loaded", {"messages": turns, "tools": deferred}


def bodies(folder: Path) -> Iterator[tuple[str, Json]]:
    """The requests of a folder by the names of their files."""
    for path in sorted(folder.glob("*.json")):
        found = json.loads(path.read_text("utf-8"))
        body = found.get("body", found) if isinstance(found, dict) else None
        if isinstance(body, dict) and body.get("messages"):
            yield path.stem, body


def recorded(folder: Path) -> Iterator[tuple[str, Json]]:
    """Those that offer tools, of the same size once."""
    seen = set[int]()
    for name, body in bodies(folder):
        size = len(json.dumps(body.get("tools")))
        if body.get("tools") and size not in seen:
            seen.add(size)
            yield name, body


def figures(body: Json, over: int) -> tuple[int, int, int, int]:
    """(tools before, after, tokens before, after)."""
    plain = [{key: value for key, value in tool.items() if key != "defer_loading"} for tool in body["tools"]]
    before = {**body, "tools": plain}
    search = tool_search(body, over)
    after = search.arranged(body) if search else body
    return len(offered(before)), len(offered(after)), estimate_request(before), estimate_request(after)


def show(folder: Path, over: int) -> None:
    """Prints the table."""
    print(f"{'request':48} {'tools':>11} {'tokens':>17}  share")
    for name, body in [*made_up(), *recorded(folder)]:
        tools, shown, before, after = figures(body, over)
        print(f"{name:48} {tools:4} -> {shown:3} {before:7,} -> {after:6,}  {after / before:.0%}")


def main() -> None:
    """Prints a line for each request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--over", type=int, default=10)
    parser.add_argument("folder", type=Path, nargs="?", default=RECORDED)
    given = parser.parse_args()
    show(given.folder, given.over)


if __name__ == "__main__":
    main()
