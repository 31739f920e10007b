"""The kinds of requests, on the shapes that the real client sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.usage.kind import KINDS, kind_of
from tests.sizes import ROOT

SHAPES = ROOT / "tests" / "fixtures" / "requests"
#: Kind -> the recorded requests of it; all that begin alike.
RECORDED = {
    "main": (
        *("main_", "after_compact", "long_", "max_tokens_recovery", "nonstream_fallback", "structured_output"),
        "toolsearch_first",
    ),
    "tool_loop": ("tool_result_", "system_after_tool_result", "toolsearch_loaded"),
    "subagent": ("subagent_",),
    "compact": ("compact",),
    "title": ("title_generation",),
    "hook": ("hook_",),
    "classifier": ("auto_mode_classifier",),
    "websearch": ("websearch_",),
    "webfetch": ("webfetch_",),
    "probe": ("model_validation",),
}
CASES = sorted(path.stem for path in SHAPES.glob("*.json") if not path.stem.startswith("count_tokens"))


def expected(case: str) -> str:
    return next(kind for kind, beginnings in RECORDED.items() if case.startswith(beginnings))


def recorded(case: str) -> tuple[dict[str, Any], dict[str, str]]:
    found = json.loads((SHAPES / f"{case}.json").read_text("utf-8"))
    return found["body"], {name.lower(): value for name, value in found["headers"].items()}


def plain(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "hi"}], **fields}


@pytest.mark.parametrize("case", CASES)
def test_a_recorded_request_is_known(case: str) -> None:
    assert kind_of(*recorded(case)) == expected(case)


def test_only_the_suggestion_was_not_recorded() -> None:
    assert set(KINDS) - {expected(case) for case in CASES} == {"suggestion"}


def test_a_last_message_in_a_plain_string_is_a_suggestion() -> None:
    body, headers = recorded("long_custom")
    asked = {**body, "messages": [*body["messages"], {"role": "user", "content": "and now?"}]}
    assert kind_of(asked, headers) == "suggestion"


def test_an_agent_is_known_without_its_header() -> None:
    body, headers = recorded("subagent_custom")
    headers.pop("x-claude-code-agent-id")
    assert kind_of(body, headers) == "subagent"


def test_a_search_of_an_agent_is_a_search() -> None:
    body, headers = recorded("websearch_inner")
    assert kind_of(body, {**headers, "x-claude-code-agent-id": "a1"}) == "websearch"


def test_other_clients_are_other() -> None:
    assert kind_of(plain(), {}) == "other"
    tools = [{"name": "f", "input_schema": {}}]
    assert kind_of(plain(tools=tools, system="Be kind."), {"user-agent": "sdk"}) == "other"


def test_the_tool_results_of_other_clients_are_a_tool_loop() -> None:
    results = [{"type": "tool_result", "tool_use_id": "t", "content": "42"}]
    assert kind_of(plain(messages=[{"role": "user", "content": results}]), {}) == "tool_loop"
