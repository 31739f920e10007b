"""Laws of requests: a Messages body in, the vendor's body out. Each is a function of a case that asserts."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import orjson

from tests.conformance import oracle, vendor_rules
from tests.conformance.answer_laws import difference
from tests.conformance.kit import CHAT, Case, Json, played, upstream_body
from translators.core.vendor import Route

Law = Callable[[Case], None]

RESULT = "Sample result."
NEXT = "And now the next step."


def chats(case: Case) -> bool:
    """The vendor speaks the protocol that the request oracle knows."""
    return case.route.vendor.protocol.name == CHAT


def converses(case: Case) -> bool:
    """A message with content is expected, so that the conversation can go on."""
    return chats(case) and bool(case.expected.get("content"))


def calls(case: Case) -> bool:
    """The expected message calls tools."""
    return converses(case) and bool(calls_of(case.expected))


def request(case: Case) -> None:
    """The body is the one in `upstream.json`."""
    found = upstream_body(case.request, case.route)
    assert found == case.upstream, difference(found, case.upstream)


def accepted(case: Case) -> None:
    """The body is one that the vendor takes."""
    acceptable(upstream_body(case.request, case.route), case.route)


def acceptable(body: Json, route: Route) -> None:
    """The official SDK's types and the vendor's documented rules hold."""
    rule = vendor_rules.rules(route.vendor.name, route.model)
    oracle.check(body, rule["extensions"], rule["assistant_parts"])
    vendor_rules.check(body, rule)


def purity(case: Case) -> None:
    """The same request gives the same body, and is not changed by it."""
    message = copy.deepcopy(case.request)
    first = orjson.dumps(upstream_body(message, case.route))
    assert message == case.request, f"the request was changed: {difference(message, case.request)}"
    assert orjson.dumps(upstream_body(message, case.route)) == first, "a second time the body is another one"


def round_trip(case: Case) -> None:
    """The answer, put into the next request, gives a body that the vendor takes, with its own words in it."""
    answer = played(case).message
    assert answer is not None, "no answer to go on with"
    body = upstream_body(continued(case.request, answer), case.route)
    acceptable(body, case.route)
    said = answer_message(body, answer)
    replayed(said, answer, case.route)
    called(said, body, answer, case.route)


def continued(message: Json, answer: Json, text: str = NEXT) -> Json:
    """The request that follows an answer: its content, results for its calls, and a word of the user."""
    results = [{"type": "tool_result", "tool_use_id": call["id"], "content": RESULT} for call in calls_of(answer)]
    said = {"role": "assistant", "content": answer["content"]}
    reply = {"role": "user", "content": [*results, {"type": "text", "text": text}]}
    return {**message, "messages": [*message["messages"], said, reply]}


def answer_message(body: Json, answer: Json) -> Json:
    """The answer inside the next body. A filler may stand behind the results of calls, so an answer with calls is the
    last message that has some.
    """
    called = bool(calls_of(answer))
    spoken = [message for message in body["messages"] if message["role"] == "assistant"]
    return next(message for message in reversed(spoken) if not called or message.get("tool_calls"))


def replayed(said: Json, answer: Json, route: Route) -> None:
    """Text and reasoning are back where the vendor wants them."""
    rule = vendor_rules.rules(route.vendor.name, route.model)
    blocks, field = answer["content"], rule["replays"]
    said = untagged(said, field) if rule["tagged"] else said
    text = "\n".join(block["text"] for block in blocks if block["type"] == "text")
    assert words(said.get("content"), "text") == text, f"the text is {said.get('content')!r}"
    thinking = [block for block in blocks if block["type"] == "thinking"]
    if not field or not thinking:
        return
    thought = "\n".join(filter(None, (block["thinking"] for block in thinking))).strip()
    assert said.get(field), f"the reasoning did not come back in {field}"
    assert words(said[field], "thinking").strip() == thought, f"the reasoning came back as {said[field]!r}"


def untagged(said: Json, field: str) -> Json:
    """The message with reasoning out of its content moved to the field."""
    found = re.fullmatch(r"(?s)<think>\n(.*?)\n</think>\n\n(.*)", said.get("content") or "")
    return {**said, field: found[1], "content": found[2]} if found else said


def words(value: Any, kind: str) -> str:
    """The text of a string, or of those parts that are text or reasoning."""
    if not isinstance(value, list):
        return value or ""
    if kind == "text":
        return "\n".join(part["text"] for part in value if part["type"] == "text")
    nested = [item for part in value for item in part.get("thinking") or [part]]
    return "".join(item.get("text") or item.get("summary") or "" for item in nested if part_of(kind, item, value))


def part_of(kind: str, item: Json, parts: list[Json]) -> bool:
    """A text part beside thinking parts is the answer, not reasoning."""
    return not (kind == "thinking" and item in parts and item.get("type") == "text")


def called(said: Json, body: Json, answer: Json, route: Route) -> None:
    """Every call is back with its arguments, and its result follows."""
    made = calls_of(answer)
    sent = said.get("tool_calls") or []
    assert [orjson.loads(call["function"]["arguments"]) for call in sent] == [call["input"] for call in made]
    results = {message["tool_call_id"]: message["content"] for message in body["messages"] if message["role"] == "tool"}
    assert all(words(results.get(call["id"]), "text") == RESULT for call in sent), "a result is missing"


def forgetful_client(case: Case) -> None:
    """The vendor still takes the conversation when the client lost the thinking blocks."""
    answer = played(case).message
    assert answer is not None, "no answer to go on with"
    kept = [block for block in answer["content"] if block["type"] != "thinking"]
    body = upstream_body(continued(case.request, {**answer, "content": kept}), case.route)
    acceptable(body, case.route)


def hidden_thinking(case: Case) -> None:
    """A client that does not want to see the thinking brings it back all the same."""
    displays = ("summarized", "omitted")
    shown, hidden = ({**case.request, "thinking": {"type": "adaptive", "display": display}} for display in displays)
    bodies = []
    for message in (shown, hidden):
        answer = played(case.asking(message)).message
        assert answer is not None, "no answer to go on with"
        bodies.append(fresh_ids(upstream_body(continued(message, answer), case.route)))
        thoughts = [block["thinking"] for block in answer["content"] if block["type"] == "thinking"]
        assert message is shown or not any(thoughts), f"thinking is visible: {thoughts}"
    assert bodies[0] == bodies[1], difference(bodies[1], bodies[0])


def fresh_ids(body: Json) -> Json:
    """The body with call ids numbered: every answer makes its own."""
    seen: dict[str, str] = {}
    for message in body["messages"]:
        for call in message.get("tool_calls") or ():
            call["id"] = seen.setdefault(call["id"], f"call {len(seen) + 1}")
        if "tool_call_id" in message:
            message["tool_call_id"] = seen.get(message["tool_call_id"], "nobody's")
    return body


def prefix(case: Case) -> None:
    """The bytes of one turn lead the bytes of the next, up to the end of the conversation so far."""
    answer = played(case).message
    assert answer is not None, "no answer to go on with"
    turns = [case.request]
    for text in (NEXT, "And one more."):
        turns.append(continued(turns[-1], fresh_answer(answer, len(turns)), text))
    shared_prefix([upstream_body(turn, case.route) for turn in turns])


def shared_prefix(bodies: list[Json]) -> None:
    """Each body leads the one that follows it, cache marks aside."""
    written = [orjson.dumps(unmarked(body)) for body in bodies]
    for position, (shorter, longer) in enumerate(zip(written, written[1:], strict=False)):
        assert list(bodies[position])[-1] == "messages", "something follows the messages"
        head = shorter.removesuffix(b"]}")
        assert longer.startswith(head), f"turn {position + 2} differs from {parting(head, longer)}"


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
    """The value without cache marks, which wander to the newest turn; content that is one plain text as a string."""
    if isinstance(value, list):
        return [unmarked(item) for item in value]
    if isinstance(value, dict):
        return {key: unmarked(item) for key, item in value.items() if key != "cache_control"}
    return value


def answers_every_call(case: Case) -> None:
    """A client that stops in the middle of a tool round leaves calls without results; the vendor gets them answered."""
    answer = played(case).message
    assert answer is not None, "no answer to go on with"
    for keep in range(len(calls_of(answer))):
        follow = continued(case.request, answer)
        reply = follow["messages"][-1]
        reply["content"] = [*reply["content"][:keep], reply["content"][-1]]
        acceptable(upstream_body(follow, case.route), case.route)


def calls_of(answer: Json) -> list[Json]:
    """The calls of an answer."""
    return [block for block in answer["content"] if block["type"] == "tool_use"]


#: Law -> the cases it holds for.
REQUEST_LAWS: dict[Law, Callable[[Case], bool]] = {
    request: lambda case: True,
    accepted: chats,
    purity: lambda case: True,
    round_trip: converses,
    forgetful_client: converses,
    hidden_thinking: converses,
    answers_every_call: calls,
    prefix: converses,
}
