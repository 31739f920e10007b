"""Z.ai: switch and levels by model, tool_stream, ranges, replay, error codes."""

from __future__ import annotations

import pytest

from tests.vendors.bodies import ADAPTIVE, OFF, TOOLS, WISHES, assistants, chosen, refused, route, sent, tool_history
from translators.core.errors import NotFound, Overloaded, PromptTooLong, RateLimited, Rejected, RialtoError
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json
from translators.zai import VENDOR

ON: Json = {"type": "enabled", "clear_thinking": False}


def on(effort: str | None = None) -> Json:
    return {"thinking": ON, **({"reasoning_effort": effort} if effort else {})}


GLM_52: dict[str, Json] = {
    "silent": {},
    "off": {"thinking": OFF},
    "off with effort": {"thinking": OFF},
    "between tools": {"thinking": OFF},
    "adaptive": on(),
    "budget 2000": on("high"),
    "effort alone": {"reasoning_effort": "high"},
    "low": on("high"),
    "medium": on("high"),
    "high": on("high"),
    "xhigh": on("max"),
    "max": on("max"),
}
LEAST = on("low")
GLM_53 = {**GLM_52, "low": LEAST, "off": LEAST, "off with effort": LEAST, "between tools": LEAST}
NO_LEVELS = {**{wish: on() for wish in WISHES}, "silent": {}, "effort alone": {}}
GLM_47 = {
    **NO_LEVELS,
    "off": {"thinking": OFF},
    "off with effort": {"thinking": OFF},
    "between tools": {"thinking": OFF},
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize(("model", "expected"), [("glm-5.2", GLM_52), ("glm-5.3", GLM_53), ("glm-4.7", GLM_47)])
def test_thinking(model: str, expected: dict[str, Json], wish: str) -> None:
    assert chosen(sent(VENDOR, model, **WISHES[wish])) == expected[wish]


def test_fields() -> None:
    body = sent(VENDOR, "glm-5.2", stream=True, tools=TOOLS, max_tokens=500_000, stop_sequences=["A", "B"])
    assert (body["tool_stream"], body["max_tokens"], body["stop"]) == (True, 131_072, ["A"])
    assert not {"stream_options", "max_completion_tokens"} & set(body)


def test_tool_stream_only_for_streamed_tools() -> None:
    assert "tool_stream" not in sent(VENDOR, "glm-5.2", stream=True)
    assert "tool_stream" not in sent(VENDOR, "glm-5.2", tools=TOOLS)


@pytest.mark.parametrize(
    ("asked", "expected"), [(0, (0.01, False)), (0.001, (0.01, None)), (0.5, (0.5, None)), (1, (1, None))]
)
def test_temperature(asked: float, expected: tuple[float, bool | None]) -> None:
    body = sent(VENDOR, "glm-5.2", temperature=asked)
    assert (body["temperature"], body.get("do_sample")) == expected


@pytest.mark.parametrize(
    ("choice", "offered", "words"),
    [
        ("auto", ["Read", "Glob"], []),
        ("any", ["Read", "Glob"], ["Answer with a call of one of the tools."]),
        ("tool", ["Read"], ["Answer with a call of the tool."]),
    ],
)
def test_a_tool_is_demanded_in_words(choice: str, offered: list[str], words: list[str]) -> None:
    wished = {"type": choice, "name": "Read", "disable_parallel_tool_use": True}
    tools = [*TOOLS, {**TOOLS[0], "name": "Glob"}]
    body = sent(VENDOR, "glm-5.2", tools=tools, tool_choice=wished, thinking=ADAPTIVE)
    assert (body["tool_choice"], body["thinking"]) == ("auto", ON)
    assert [tool["function"]["name"] for tool in body["tools"]] == offered
    [told] = [message["content"] for message in body["messages"] if message["role"] == "system"]
    assert told.splitlines() == [*words, "Call no more than one tool in this answer."]
    assert "parallel_tool_calls" not in body


def test_reasoning_comes_back() -> None:
    block = {"type": "thinking", "thinking": "why", "signature": sign(Signature("zai", "glm-5.2"))}
    message = assistants(sent(VENDOR, "glm-5.2", messages=tool_history(block), tools=TOOLS))[0]
    assert message["reasoning_content"] == "why"


@pytest.mark.parametrize(
    ("model", "sees"), [("glm-5.2", False), ("glm-4.6v", True), ("glm-4.5v-flash", True), ("glm-5", False)]
)
def test_sight(model: str, sees: bool) -> None:
    assert route(VENDOR, model).profile.images is sees


@pytest.mark.parametrize(
    ("status", "code", "kind", "seen", "retry"),
    [
        (401, "1002", Rejected, 401, False),
        (429, "1113", Rejected, 402, False),
        (429, "1309", Rejected, 402, False),
        (400, "1211", NotFound, 404, None),
        (400, "1214", Rejected, 400, None),
        (400, "1261", PromptTooLong, 400, None),
        (400, "1301", Rejected, 400, False),
        (429, "1302", RateLimited, 429, None),
        (429, "1303", RateLimited, 429, None),
        (429, "1305", Overloaded, 529, None),
        (200, "1305", Overloaded, 529, None),
        (429, "1308", RateLimited, 429, False),
        (429, "1310", RateLimited, 429, False),
        (429, "1311", Rejected, 403, False),
    ],
)
def test_errors(status: int, code: str, kind: type[RialtoError], seen: int, retry: bool | None) -> None:
    error = refused(VENDOR, "glm-5.2", status, {"error": {"code": code, "message": "the words"}})
    assert (type(error), error.status, error.should_retry) == (kind, seen, retry)


def test_other_bodies_are_left_to_the_common_reader() -> None:
    assert isinstance(refused(VENDOR, "glm-5.2", 500, "<html>"), RialtoError)
    assert VENDOR.error(500, "words") is None


def test_tools_that_may_not_be_called_are_not_shown() -> None:
    body = sent(VENDOR, "glm-5.3", tools=TOOLS, tool_choice={"type": "none"})
    assert not {"tools", "tool_choice", "tool_stream"} & body.keys()
