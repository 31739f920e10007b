"""Laws of requests: a Messages body in, the vendor's body out. Each is a function of a case that asserts.

They hold on every wire; `wires/` says how the bodies of each are read and judged.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import orjson

from tests.conformance.answer_laws import difference
from tests.conformance.kit import Case, Json, objects, played, upstream_body
from tests.conformance.wires import common, wire_of
from tests.conformance.wires.wire import Turn
from translators.core.vendor import Route

Law = Callable[[Case], None]

RESULT = "Sample result."
NEXT = "And now the next step."


def converses(case: Case) -> bool:
    """A message that says something is expected, so that the conversation can go on. Thinking alone is no turn."""
    return any(block["type"] != "thinking" for block in case.expected.get("content") or ())


def calls(case: Case) -> bool:
    """The expected message calls tools."""
    return converses(case) and bool(calls_of(case.expected))


def translated(case: Case) -> bool:
    """The vendor gets a body of Rialto's making, not the client's own."""
    return not wire_of(case.route).verbatim(case.route)


def request(case: Case) -> None:
    """The body is the one in `upstream.json`."""
    found = upstream_body(case.request, case.route)
    assert found == case.upstream, difference(found, case.upstream)


def accepted(case: Case) -> None:
    """The body is one that the vendor takes."""
    acceptable(upstream_body(case.request, case.route), case.route)


def acceptable(body: Json, route: Route) -> None:
    """The official SDK's types, the rules of all wires and the vendor's documented rules hold."""
    wire = wire_of(route)
    wire.typed(body, route)
    common.check(body, wire, route)
    wire.rules(body, route)


def purity(case: Case) -> None:
    """The same request gives the same body, and is not changed by it."""
    message = copy.deepcopy(case.request)
    first = orjson.dumps(upstream_body(message, case.route))
    assert message == case.request, f"the request was changed: {difference(message, case.request)}"
    assert orjson.dumps(upstream_body(message, case.route)) == first, "a second time the body is another one"


def round_trip(case: Case) -> None:
    """The answer, put into the next request, gives a body that the vendor takes, with its own words in it."""
    answer = answer_of(case)
    body = upstream_body(continued(case.request, answer), case.route)
    acceptable(body, case.route)
    turns = wire_of(case.route).turns(body, case.route)
    said = answer_turn(turns, answer)
    text = "\n".join(block["text"] for block in answer["content"] if block["type"] == "text")
    served = any(block["type"] == "server_tool_use" for block in answer["content"])  # in words, before the text
    assert said.text == text or (served and said.text.endswith(text)), f"the text is {said.text!r}"
    remembered(said, answer, case)
    called(said, turns, answer)
    assert turns[-1].text.endswith(NEXT), f"the user's word is lost: {turns[-1]}"


def answer_of(case: Case) -> Json:
    """The message that the client gets."""
    answer = played(case).message
    assert answer is not None, "no answer to go on with"
    return answer


def continued(message: Json, answer: Json, text: str = NEXT) -> Json:
    """The request that follows an answer: its content, results for its calls, and a word of the user."""
    results = [{"type": "tool_result", "tool_use_id": call["id"], "content": RESULT} for call in calls_of(answer)]
    said = {"role": "assistant", "content": answer["content"]}
    reply = {"role": "user", "content": [*results, {"type": "text", "text": text}]}
    return {**message, "messages": [*message["messages"], said, reply]}


def answer_turn(turns: list[Turn], answer: Json) -> Turn:
    """The answer inside the next body. A filler may stand behind the results of calls, so an answer with calls is the
    last turn that has some.
    """
    called = bool(calls_of(answer))
    return next(turn for turn in reversed(turns) if turn.role == "assistant" and (turn.calls or not called))


def remembered(said: Turn, answer: Json, case: Case) -> None:
    """The model's reasoning is back where the vendor wants it, and nowhere else."""
    demanded = wire_of(case.route).demanded(list(objects(case.answer)), answer, case.route)
    found = said.memory if demanded else invented(said, case.route)
    assert found == demanded, f"the reasoning came back as {found!r}, the vendor said {demanded!r}"


def invented(said: Turn, route: Route) -> tuple[tuple[str, Any], ...]:
    """The reasoning on a turn, but for the words that the vendor documents for lost reasoning."""
    return tuple(item for item in said.memory if item[1] != route.profile.reasoning_placeholder)


def called(said: Turn, turns: list[Turn], answer: Json) -> None:
    """Every call is back with its arguments, and its result follows."""
    made = [call["input"] for call in calls_of(answer)]
    assert [call.arguments for call in said.calls] == made, f"the calls are {said.calls}"
    results = {result.id: result.text for turn in turns for result in turn.results}
    assert all(results.get(call.id) == RESULT for call in said.calls), f"a result is missing: {results}"


def forgetful_client(case: Case) -> None:
    """The vendor still takes the conversation when the client lost the thinking blocks; nothing is made up for them."""
    answer = answer_of(case)
    kept = {**answer, "content": [block for block in answer["content"] if block["type"] != "thinking"]}
    body = upstream_body(continued(case.request, kept), case.route)
    acceptable(body, case.route)
    said = answer_turn(wire_of(case.route).turns(body, case.route), kept)
    assert not invented(said, case.route), f"reasoning out of nowhere: {said.memory}"


def hidden_thinking(case: Case) -> None:
    """A client that does not want to see the thinking brings it back all the same."""
    displays = ("summarized", "omitted")
    shown, hidden = ({**case.request, "thinking": {"type": "adaptive", "display": display}} for display in displays)
    bodies = []
    for message in (shown, hidden):
        answer = answer_of(case.asking(message))
        bodies.append(fresh_ids(upstream_body(continued(message, answer), case.route), case.route))
        thoughts = common.thoughts(answer)
        assert message is shown or not thoughts, f"thinking is visible: {thoughts}"
    assert bodies[0] == bodies[1], difference(bodies[1], bodies[0])


def fresh_ids(body: Json, route: Route) -> Any:
    """The body with call ids numbered: every answer makes its own."""
    made = [call.id for turn in wire_of(route).turns(body, route) for call in turn.calls]
    numbers = {id: f"call {place}" for place, id in enumerate(made)}
    return replaced(body, numbers)


def replaced(value: Any, names: dict[str, str]) -> Any:
    """The value with some strings replaced by others."""
    if isinstance(value, dict):
        return {key: replaced(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def prefix(case: Case) -> None:
    """The bytes of one turn lead the bytes of the next, up to the end of the conversation so far."""
    answer = answer_of(case)
    turns = [case.request]
    for text in (NEXT, "And one more."):
        turns.append(continued(turns[-1], fresh_answer(answer, len(turns)), text))
    shared_prefix([upstream_body(turn, case.route) for turn in turns], case.route)


def shared_prefix(bodies: list[Json], route: Route) -> None:
    """Each body leads the one that follows it, cache marks aside. That the conversation is last in a body is a rule of
    `common.check`.
    """
    field = wire_of(route).conversation
    written = [written_parts(unmarked(body), field) for body in bodies]
    for number, (shorter, longer) in enumerate(zip(written, written[1:], strict=False), 2):
        assert longer[0] == shorter[0], f"turn {number} differs from {parting(shorter[0], longer[0])}"
        head = shorter[1].removesuffix(b"]")
        assert longer[1].startswith(head), f"turn {number} differs from {parting(head, longer[1])}"


def written_parts(body: Json, field: str) -> tuple[bytes, bytes]:
    """The bytes of everything but the conversation, and those of the conversation."""
    rest = {key: value for key, value in body.items() if key != field}
    return orjson.dumps(rest), orjson.dumps(body[field])


def parting(head: bytes, longer: bytes) -> str:
    """Where two byte strings part."""
    place = next((place for place, (a, b) in enumerate(zip(head, longer, strict=False)) if a != b), len(longer))
    start = max(0, place - 40)
    return f"byte {place}: {head[start : place + 40]!r} / {longer[start : place + 40]!r}"


def fresh_answer(answer: Json, number: int) -> Json:
    """The answer of a later turn: the same words, calls of its own."""
    content: list[Json] = [
        {**block, "id": f"{block['id']}n{number}"} if block["type"] == "tool_use" else block
        for block in answer["content"]
    ]
    return {**answer, "content": content}


def unmarked(value: Any) -> Any:
    """The value without cache marks, which wander to the newest turn."""
    if isinstance(value, list):
        return [unmarked(item) for item in value]
    if isinstance(value, dict):
        return {key: unmarked(item) for key, item in value.items() if key != "cache_control"}
    return value


def answers_every_call(case: Case) -> None:
    """A client that stops in the middle of a tool round leaves calls without results; the vendor gets them answered."""
    answer = answer_of(case)
    for keep in range(len(calls_of(answer))):
        for spoken in (True, False):
            follow = continued(case.request, answer)
            reply = follow["messages"][-1]
            reply["content"] = [*reply["content"][:keep], *(reply["content"][-1:] if spoken else ())]
            acceptable(upstream_body(follow, case.route), case.route)


def calls_of(answer: Json) -> list[Json]:
    """The calls of an answer."""
    return [block for block in answer["content"] if block["type"] == "tool_use"]


#: Law -> the cases it holds for. What Anthropic itself gets is the client's own: the client answers its calls, and
#: Anthropic hides its thinking.
REQUEST_LAWS: dict[Law, Callable[[Case], bool]] = {
    request: lambda case: True,
    accepted: lambda case: True,
    purity: lambda case: True,
    round_trip: converses,
    forgetful_client: converses,
    hidden_thinking: lambda case: converses(case) and translated(case),
    answers_every_call: lambda case: calls(case) and translated(case),
    prefix: converses,
}
