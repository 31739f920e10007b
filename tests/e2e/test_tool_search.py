"""Tool search through a running server: Anthropic's own package, and the real Claude Code client with many tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.scenarios.answers import Answer, Call, answer
from tests.scenarios.wires import Chat, Gemini, Ollama, Responses, Wire
from tests.support import scripted_server as server
from tests.support.claude_code import Run, run_client
from tests.support.filler_tools import filler_tools
from tests.support.native_wires import native_environment
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Request, ScriptedServer

pytestmark = pytest.mark.e2e

Json = dict[str, Any]
BM25 = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
WANTED = "mcp__storage__list_bucket"
WIRES: dict[str, Wire] = {wire.name: wire for wire in (Chat(), Gemini(), Ollama(), Responses())}
CHAT = WIRES["chat"]
Script = Callable[[list[str], list[str]], Answer]


@pytest.fixture(scope="module")
def searching(vendor_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RialtoServer]:
    """Rialto that searches above ten tools."""
    own = {"PROVIDER_BASE_URL": f"{vendor_server.url}/openai_compatible/v1", "PROVIDER_API_KEY": "k"}
    limits = {"LEARN_LIMITS": "0", "TOOL_SEARCH_OVER": "10"}
    folder = tmp_path_factory.mktemp("tools")
    with RialtoServer(folder, **native_environment(vendor_server.url), **own, **limits) as started:
        yield started


def play(vendor: ScriptedServer, wire: Wire, said: Script) -> list[list[str]]:
    """A model that speaks by what it is offered and what its tools have brought. The tools of each of its requests."""
    seen: list[list[str]] = []

    def script(request: Request) -> server.Answer:
        offered = list(wire.tools(request.json))
        results = [text for role, text in wire.said(request.json) if role == "tool"]
        seen.append(offered)
        return wire.answered(said(offered, results) if offered else answer("Hi."), wire.wants_stream(request))

    vendor.play(script)
    return seen


def searches(name: str, query: str, wanted: Call) -> Script:
    """A model that searches once, calls what it wanted, and ends with what that has brought."""

    def said(offered: list[str], results: list[str]) -> Answer:
        if wanted.name in offered:
            done = [text for text in results if "available" not in text]
            return answer(f"It says: {done[-1]}") if done else answer(wanted)
        return answer(Call(name, (json.dumps({"query": query}),), "call_0"))

    return said


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_the_sdk_gets_the_blocks(name: str, streamed: bool, searching: RialtoServer, vendor: ScriptedServer) -> None:
    seen = play(vendor, WIRES[name], searches(BM25["name"], "list buckets", Call(WANTED, ('{"identifier":"b"}',))))
    tools: Any = [BM25, *({**tool, "defer_loading": True} for tool in filler_tools())]
    asked: Any = {"model": WIRES[name].model, "max_tokens": 900, "messages": [{"role": "user", "content": "go"}]}
    with anthropic.Anthropic(base_url=searching.url, api_key="k", max_retries=0) as client:
        if streamed:
            with client.messages.stream(**asked, tools=tools) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**asked, tools=tools)
    use, found, call = (block for block in message.content if block.type != "thinking")
    assert (use.type, found.type, call.type) == ("server_tool_use", "tool_search_tool_result", "tool_use")
    assert use.type == "server_tool_use" and use.input == {"query": "list buckets"}
    assert found.type == "tool_search_tool_result" and found.tool_use_id == use.id
    assert found.content.type == "tool_search_tool_search_result"
    assert found.content.tool_references[0].tool_name == call.name == WANTED  # type: ignore[union-attr]
    assert [len(offered) for offered in seen] == [1, 6]


def run(rialto: RialtoServer, folder: Path, **environment: str) -> Run:
    done = run_client("Do it.", rialto.url, folder, model=CHAT.model, **environment)
    assert done.status == 0, (done.output, done.errors)
    return done


@pytest.mark.usefixtures("claude")
def test_claude_code_with_all_its_tools(searching: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    """The client sends every tool; the model finds Write behind the first ten, and the client runs it."""
    file = tmp_path / "work" / "made.txt"
    write = Call("Write", (json.dumps({"file_path": str(file), "content": "found"}),))
    seen = play(vendor, CHAT, searches("tool_search", "write a file", write))
    done = run(searching, tmp_path, ENABLE_TOOL_SEARCH="false")
    assert "It says: " in done.result["result"]
    assert file.read_text("utf-8") == "found"
    sizes = [len(offered) for offered in seen]
    assert sizes[0] == 11 and "Write" not in seen[0]
    assert [("Write" in offered) for offered in seen] == [False, True, True]
    assert "tool_search" not in done.output


@pytest.mark.usefixtures("claude")
def test_claude_code_that_searches_itself(searching: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    """Its own search: deferred tools stay behind until the client has named them."""
    seen = play(vendor, CHAT, searches("ToolSearch", "select:CronList", Call("CronList")))
    done = run(searching, tmp_path, ENABLE_TOOL_SEARCH="true")
    assert "It says: " in done.result["result"]
    assert [("CronList" in offered) for offered in seen] == [False, True, True]
    assert all("DeferredToolPlaceholder" not in offered for offered in seen)
