"""The real Claude Code client works through Rialto on the bytes of DeepSeek, Kimi and OpenRouter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.claude_code import Run, run_client
from tests.support.rialto_server import RialtoServer
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer
from tests.support.vendor_bytes import Call, Turn, Wire

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("claude")]

Json = dict[str, Any]


class Conversation:
    """Plays one turn after the other: the request's own assistant turns say which is next.

    A request that does not go on where the last answer ended is refused: history was lost, or the client asked again.
    """

    def __init__(self, wire: Wire, *turns: Turn) -> None:
        self.wire = wire
        self.turns = turns
        self.answered = 0

    def __call__(self, request: Request) -> Answer:
        number = sum(message["role"] == "assistant" for message in request.json["messages"])
        if number != self.answered:
            return refusal(f"the history holds {number} answers, {self.answered} were given")
        self.answered += 1
        return self.wire.answer(self.turns[number], number, request)


def refusal(message: str) -> Answer:
    """A 400 in the words of all three vendors."""
    return json_answer({"error": {"message": message, "type": "invalid_request_error"}}, 400)


def converse(prompt: str, wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, folder: Path, *turns: Turn) -> Json:
    """One run of the client over these turns. The result object it prints."""
    vendor.play(Conversation(wire, *turns))
    run = run_client(prompt, rialto.url, folder, model=wire.public_model)
    assert_success(run)
    assert len(vendor.bodies) == len(turns), "the client asked again, or stopped early"
    return run.result


def assert_success(run: Run) -> None:
    assert run.status == 0, (run.output, run.errors)
    assert run.result["is_error"] is False, run.result
    assert run.result["subtype"] == "success", run.result


def bash(command: str, call_id: str = "") -> Call:
    return Call("Bash", {"command": command, "description": "run a command"}, call_id)


def assistants(body: Json) -> list[Json]:
    return [message for message in body["messages"] if message["role"] == "assistant"]


def results(body: Json) -> list[tuple[str, str]]:
    """(what was called, what came back) for every call of the request, checked to stand where the vendor wants it."""
    found: list[tuple[str, str]] = []
    messages = body["messages"]
    for place, message in enumerate(messages):
        calls = message.get("tool_calls") or []
        answers = messages[place + 1 : place + 1 + len(calls)]
        assert [answer["role"] for answer in answers] == ["tool"] * len(calls), (
            "results must follow their calls directly"
        )
        assert len({call["id"] for call in calls}) == len(calls), "call ids must differ within a turn"
        contents = {answer["tool_call_id"]: flat(answer["content"]) for answer in answers}
        found += [(call["function"]["arguments"], contents[call["id"]]) for call in calls]
    return found


def flat(content: Any) -> str:
    """The text of a string or of a list of text parts."""
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def test_plain_answer(wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    result = converse("Say hello", wire, rialto, vendor, tmp_path, Turn("Hello from the other side."))
    assert result["result"] == "Hello from the other side."
    usage, expected = result["usage"], wire.usage()
    shares = usage["input_tokens"], usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    assert sum(shares) == expected["prompt_tokens"]
    assert usage["cache_read_input_tokens"] == expected["prompt_tokens_details"]["cached_tokens"]
    assert usage["output_tokens"] == expected["completion_tokens"]


def test_upstream_request_is_the_vendors_own(
    wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    converse("Say hello", wire, rialto, vendor, tmp_path, Turn("Hello."))
    request = vendor.requests[-1]
    assert request.path == f"/{wire.name}/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {wire.name}-upstream-key"
    assert request.json["model"] == wire.model
    assert request.json["stream"] is True
    names = [tool["function"]["name"] for tool in request.json["tools"]]
    assert {"Bash", "Read", "Edit"} <= set(names)
    assert "DeferredToolPlaceholder" not in names
    assert b"x-anthropic-billing-header" not in request.body
    assert b"Say hello" in request.body


def test_loop_with_bash_read_and_edit_changes_a_file(
    wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    target = tmp_path / "work" / "greeting.txt"
    target.parent.mkdir()
    target.write_text("first line\nhullo world\n")
    change = {"file_path": str(target), "old_string": "hullo world", "new_string": "hello world"}
    turns = (
        Turn("I look around first.", calls=(bash("ls"),)),
        Turn(calls=(Call("Read", {"file_path": str(target)}),)),
        Turn("Now I correct it.", calls=(Call("Edit", {**change, "replace_all": False}),)),
        Turn(calls=(bash(f"cat {target}"),)),
        Turn("The greeting is right now."),
    )
    result = converse("Correct the greeting", wire, rialto, vendor, tmp_path, *turns)
    assert target.read_text() == "first line\nhello world\n"
    assert result["result"] == "The greeting is right now."
    last = vendor.bodies[-1]
    listing, reading, _, proof = (content for _, content in results(last))
    assert "greeting.txt" in listing
    assert "hullo world" in reading
    assert "hello world" in proof
    assert flat(assistants(last)[0]["content"]) == "I look around first."


def test_conversation_keeps_its_prefix(
    wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    turns = (Turn(calls=(bash("echo one"),)), Turn(calls=(bash("echo two"),)), Turn("Done."))
    converse("Count", wire, rialto, vendor, tmp_path, *turns)
    first, second, third = (unmarked(body) for body in vendor.bodies)
    for earlier, later in ((first, second), (second, third)):
        assert later["tools"] == earlier["tools"]
        assert later["messages"][: len(earlier["messages"])] == earlier["messages"]


def unmarked(value: Any) -> Any:
    """The value without cache marks, which the client moves along with the conversation."""
    if isinstance(value, dict):
        return {key: unmarked(item) for key, item in value.items() if key != "cache_control"}
    return [unmarked(item) for item in value] if isinstance(value, list) else value


def test_two_calls_in_one_turn(wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    both = (bash("echo first-result"), bash("echo second-result"))
    result = converse("Do both", wire, rialto, vendor, tmp_path, Turn("Both at once.", calls=both), Turn("Both done."))
    assert result["result"] == "Both done."
    (first, one), (second, two) = results(vendor.bodies[-1])
    assert len(assistants(vendor.bodies[-1])) == 1
    assert ("first-result" in first, one.strip()) == (True, "first-result")
    assert ("second-result" in second, two.strip()) == (True, "second-result")


def test_reasoning_comes_back(wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path) -> None:
    turns = (
        Turn(thinking="The folder comes first, naïvely.", calls=(bash("echo one"),)),
        Turn("Then this.", thinking="Now the second step → go.", calls=(bash("echo two"),)),
        Turn("Thought through.", thinking="That is all."),
    )
    result = converse("Think hard", wire, rialto, vendor, tmp_path, *turns)
    assert result["result"] == "Thought through."
    for number, body in enumerate(vendor.bodies):
        carried = [carried_reasoning(wire, message) for message in assistants(body)]
        assert carried == [wire.fields(turn.thinking) for turn in turns[:number]]


def carried_reasoning(wire: Wire, message: Json) -> Json:
    """The vendor's reasoning fields of an assistant message. Beside OpenRouter's details the plain text is optional."""
    fields = {key: value for key, value in message.items() if key.startswith("reasoning")}
    if "reasoning_details" in fields:
        fields.setdefault("reasoning", "".join(detail.get("text", "") for detail in fields["reasoning_details"]))
    return fields


def test_repeated_call_ids_keep_every_result(
    wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    words = ("one", "two", "three")
    turns = [Turn(calls=(bash(f"echo result-{word}", "call_0"),)) for word in words]
    result = converse("Count", wire, rialto, vendor, tmp_path, *turns, Turn("Counted."))
    assert result["result"] == "Counted."
    for number, body in enumerate(vendor.bodies):
        assert [content.strip() for _, content in results(body)] == [f"result-{word}" for word in words[:number]]


def test_client_prints_the_vendors_refusal(
    wire: Wire, rialto: RialtoServer, vendor: ScriptedServer, tmp_path: Path
) -> None:
    vendor.play(lambda request: refusal("the frobnicator must be blue"))
    run = run_client("Say hello", rialto.url, tmp_path, model=wire.public_model)
    assert run.result["is_error"] is True
    assert run.result["api_error_status"] == 400
    assert "the frobnicator must be blue" in run.result["result"]


@pytest.mark.parametrize("model", ["demo", "sonnet"])
def test_demo_answers_without_any_key(model: str, tmp_path: Path) -> None:
    with RialtoServer(tmp_path / "rialto") as server:
        run = run_client("Say hello", server.url, tmp_path, model=model)
    assert_success(run)
    assert "demo" in run.result["result"].lower()
    assert "_API_KEY" in run.result["result"]
