"""Laws of answers: vendor bytes in, a message or an error out. Each is a function of a case that asserts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.conformance.kit import (
    Case,
    Json,
    Outcome,
    frames,
    in_one_piece,
    is_json_lines,
    lines,
    objects,
    played,
    single_bytes,
    streamed,
)
from tests.conformance.readable import normalised
from tests.conformance.wires import Wire, wire_of
from tests.support.grammar import complaints, joined
from translators.core.errors import Fault

Law = Callable[[Case], None]

ESTIMATE = "estimate"
COUNTED = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def has_answer(case: Case) -> bool:
    """The vendor accepts the request."""
    return not case.refused


def has_stream(case: Case) -> bool:
    """The vendor answers with a stream."""
    return not case.refused and case.sse is not None


def succeeds(case: Case) -> bool:
    """A message is expected."""
    return not case.fails


def expectation(case: Case) -> None:
    """The outcome is the expected one."""
    outcome = normalised(visible(played(case)))
    if case.fails:
        same_error(outcome["error"], case.expected["error"])
        return
    assert outcome["error"] is None, f"an error: {outcome['error']}"
    found = outcome["message"]
    if case.expected["usage"] == ESTIMATE:
        assert not vendor_usages(case), "the vendor gave numbers"
        found = {**found, "usage": ESTIMATE}
    assert found == case.expected, difference(found, case.expected)


def same_error(found: Json | None, expected: Json) -> None:
    """The error has the expected type, words and, before the first byte, HTTP status."""
    assert found is not None, "no error"
    assert found["type"] == expected["type"], f"{found['type']} in place of {expected['type']}: {found['message']}"
    assert expected["message_contains"] in found["message"], f"{found['message']!r}"
    if "status" in found and "status" in expected:
        assert found["status"] == expected["status"], f"status {found['status']}"


def visible(outcome: Outcome) -> Json:
    """Message and error of an outcome."""
    return {"message": outcome.message, "error": outcome.error}


def difference(found: Any, expected: Any, path: str = "") -> str:
    """Where two values differ first."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in [*expected, *(key for key in found if key not in expected)]:
            if found.get(key, KeyError) != expected.get(key, KeyError):
                return difference(found.get(key, "(nothing)"), expected.get(key, "(nothing)"), f"{path}.{key}")
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            if one != other:
                return difference(one, other, f"{path}[{place}]")
    return f"{path or 'value'} is {found!r}, expected {expected!r}"


def grammatical(case: Case) -> None:
    """The events obey the grammar and end the way the case expects."""
    outcome = streamed(case)
    if not outcome.events:
        assert outcome.error, "neither events nor an error"
        return
    ending = "error" if case.fails else "message_stop"
    assert well_formed(outcome) == ending, f"the stream ends with {outcome.events[-1]}"


def well_formed(outcome: Outcome) -> str:
    """The type of the last event of a stream that keeps the grammar."""
    problems = complaints(outcome.events)
    assert not problems, "; ".join(problems)
    kinds = [event["content_block"]["type"] for event in outcome.events if event["type"] == "content_block_start"]
    reason = outcome.message["stop_reason"] if outcome.message else None
    assert reason != "tool_use" or "tool_use" in kinds, "tool_use without a call"
    assert reason != "end_turn" or "tool_use" not in kinds, "end_turn although a call was made"
    return str(outcome.events[-1]["type"])


def chunking(case: Case) -> None:
    """However the bytes are cut, the outcome is the same."""
    for play in (streamed, in_one_piece):
        whole = normalised(everything(play(case)))
        for cut in (lines, single_bytes):
            pieces = normalised(everything(play(case, cut(case.answer))))
            assert pieces == whole, f"{cut.__name__}: {difference(pieces, whole)}"


def everything(outcome: Outcome) -> Json:
    """All of an outcome. The number of frames before an error is chance, so its events are left out."""
    return {"events": [] if outcome.error else joined(outcome.events), **visible(outcome)}


def folding(case: Case) -> None:
    """Streamed and whole are the same message, also when the vendor says it in one piece."""
    stream = normalised(visible(streamed(case)))
    found = {"the same bytes": in_one_piece(case)}
    if case.sse is not None and case.whole is not None:
        found["the vendor's whole answer"] = in_one_piece(case, [case.whole])
        found["a whole answer, streamed on"] = streamed(case, [case.whole])
    for form, outcome in found.items():
        other = normalised(visible(outcome))
        if stream["error"]:
            assert other["error"] and other["error"]["type"] == stream["error"]["type"], f"{form}: {other}"
        else:
            assert other == stream, f"{form}: {difference(other, stream)}"


def counting(case: Case) -> None:
    """Input, cache reads and cache writes add up to the vendor's prompt tokens; nothing is negative."""
    usages = vendor_usages(case)
    outcome = played(case)
    assert outcome.message is not None, f"an error: {outcome.error}"
    usage = outcome.message["usage"]
    assert all(isinstance(usage[name], int) and usage[name] >= 0 for name in (*COUNTED, "output_tokens")), f"{usage}"
    if not usages:
        assert usage["output_tokens"] > 0, "no estimate of the output"
        return
    vendor = usages[-1]
    found = sum(usage[name] for name in COUNTED)
    assert found == vendor["prompt_tokens"], f"{found} input tokens, the vendor says {vendor['prompt_tokens']}"
    total = vendor.get("total_tokens") or vendor["prompt_tokens"] + vendor["completion_tokens"]
    output = total - vendor["prompt_tokens"]
    assert usage["output_tokens"] == output, f"{usage['output_tokens']} output tokens, the vendor says {output}"
    assert usage.get("output_tokens_details", {}).get("thinking_tokens", 0) <= output


def vendor_usages(case: Case) -> list[Json]:
    """The vendor's counts, in the names of Chat Completions; the last ones are final."""
    return list(wire_of(case.route).usages(list(objects(case.answer))))


def honesty(case: Case) -> None:
    """An answer that is cut off or damaged before its end is an error, never a finished message."""
    for what, damaged in damages(case):
        for play in (streamed, in_one_piece):
            outcome = play(case, [damaged])
            if not stopped(case, outcome):
                broken(f"{what}, {play.__name__}", outcome)


def stopped(case: Case, outcome: Outcome) -> bool:
    """Rialto itself had ended the answer at a stop sequence before the damage."""
    reasons = [(found or {}).get("stop_reason") for found in (outcome.message, case.expected)]
    return reasons == ["stop_sequence"] * 2 and outcome.error is None


def broken(what: str, outcome: Outcome) -> None:
    """The outcome is an error, and nothing looks like an end."""
    assert outcome.error, f"{what}: {outcome.message}"
    reasons = [event["delta"]["stop_reason"] for event in outcome.events if event["type"] == "message_delta"]
    assert not any(reasons), f"{what}: stop reason {reasons}"
    if outcome.events:
        assert well_formed(outcome) == "error", what


def damages(case: Case) -> Iterator[tuple[str, bytes]]:
    """The answer damaged in every way that must show."""
    yield "nothing at all", b""
    if case.sse is None:
        data = case.answer.strip()
        yield from ((f"cut at byte {place}", data[:place]) for place in range(1, len(data), max(1, len(data) // 9)))
        return
    parts = frames(case.sse)
    wire = wire_of(case.route)
    last = next(place for place, part in enumerate(parts) if ends(part, wire))
    for place in range(last + 1):
        yield f"cut before event {place}", b"".join(parts[:place])
        half = parts[place][: len(parts[place]) // 2]
        yield f"cut inside event {place}", b"".join(parts[:place]) + half
    middle = last // 2
    before, behind = (b"", b"\n") if is_json_lines(case.sse) else (b"data: ", b"\n\n")
    garbled = before + b'{"choices": [{"delta": {"content": "x"' + behind
    yield "a garbled event", b"".join([*parts[:middle], garbled, *parts[middle:]])
    failure = before + b'{"error": {"message": "it broke", "type": "server_error", "code": 500}}' + behind
    yield "an error event", b"".join([*parts[:middle], failure])


def ends(frame: bytes, wire: Wire) -> bool:
    """The event says that the answer ends here."""
    return any(map(wire.ended, objects(frame)))


def decoding_is_pure(case: Case) -> None:
    """Reading an object twice gives the same deltas and leaves it as it was."""
    protocol, read = case.route.vendor.protocol, case.route.vendor.read
    for item in objects(case.answer):
        decode = protocol.chunk if case.answer is case.sse else protocol.whole
        before = copy.deepcopy(item)
        first, second = deltas(decode, read, item), deltas(decode, read, item)
        assert first == second, f"{first} and then {second}"
        assert item == before, "the vendor's object was changed"


def deltas(decode: Any, read: Any, item: Json) -> list[Any]:
    """The deltas of one object, or its fault."""
    try:
        return list(decode(read(item)))
    except Fault as fault:
        return [fault.body]


#: Law -> the cases it holds for.
ANSWER_LAWS: dict[Law, Callable[[Case], bool]] = {
    expectation: lambda case: True,
    grammatical: has_answer,
    chunking: has_answer,
    folding: has_answer,
    counting: lambda case: has_answer(case) and succeeds(case),
    honesty: lambda case: has_answer(case) and succeeds(case),
    decoding_is_pure: has_answer,
}
