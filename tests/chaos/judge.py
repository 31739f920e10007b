"""Judges the exchanges of a chaos run. `Judge.complaints` is empty when the client got a complete message that the
vendor really said, an HTTP error in Anthropic's envelope, or an `error` event as the last one; and when the exchange is
in the books exactly once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tests.chaos.clients import Outcome, session
from tests.chaos.faults import performance
from tests.chaos.plans import Plan
from tests.chaos.scenes import Performance
from tests.scenarios.answers import Answer, Call, Thought, Words
from tests.scenarios.rig import brief
from tests.support.grammar import blocks, complaints

Json = dict[str, Any]

#: What a vendor's key looks like in this run; nobody may see it.
SECRET = "chaos-secret-key"
#: Words of errors that come without the vendor's doing.
OURS = ("failed 5 times in a row", "too many requests wait", "every key has reached its limit")
#: Words of errors about a limit of time.
LIMIT = "_TIMEOUT sets the limit"
#: Seconds after its client has left in which the vendor's connection must be let go.
RELEASE = 8.0


class Judge:
    """`tries` is the vendor's testimony by exchange, `books` the usage lines by session."""

    def __init__(self, tries: dict[str, list[Json]], books: dict[str, list[Json]], patience: float) -> None:
        self.tries = tries
        self.books = books
        self.patience = patience
        self.releases: list[float] = []

    def complaints(self, plan: Plan, outcome: Outcome) -> tuple[str, list[str]]:
        """(what the client got, everything that is wrong with it)."""
        found: list[str] = []
        kind = outcome.end
        if outcome.end == "stuck":
            found.append("no end before the deadline")
        elif outcome.end == "broken":
            found.append(f"the connection ended before the answer (status {outcome.status})")
        elif outcome.end == "answered":
            kind, found = self.answer(plan, outcome)
        found += self.entry(outcome, kind)
        found += self.release(outcome)
        if SECRET.encode() in outcome.body:
            found.append("a key is in the answer")
        return kind, found

    def answer(self, plan: Plan, outcome: Outcome) -> tuple[str, list[str]]:
        """The kind of a whole answer, and what is wrong with it."""
        if outcome.status != 200:
            return "HTTP error", [*envelope(outcome), *self.blame(plan, outcome)]
        if not plan.manner.stream:
            message = json.loads(outcome.body)
            return "message", self.message(plan, message["content"], message["stop_reason"])
        events = list(parsed(outcome.body))
        wrong = complaints(events)
        if not events or events[-1]["type"] == "error":
            return "error event", [*wrong, *self.part(plan, events), *self.blame(plan, outcome)]
        stop = next((event["delta"]["stop_reason"] for event in events[::-1] if event["type"] == "message_delta"), None)
        return "message", [*wrong, *self.message(plan, list(blocks(events)), stop)]

    def performances(self, plan: Plan) -> list[Performance]:
        """What the vendor did for an exchange."""
        tries = self.tries.get(str(plan.number), [])
        return [
            performance(plan.act(place), entry["wire"], entry["streaming"], self.patience)
            for place, entry in enumerate(tries)
        ]

    def message(self, plan: Plan, content: list[Json], stop: str | None) -> list[str]:
        """A complete message must be what the vendor said in full, and what it was last asked for."""
        got = ([brief(block) for block in content if block.get("thinking") != ""], stop)
        made = self.performances(plan)
        if made and made[-1].verdict != "failed" and got == said(plan, len(made) - 1, made[-1]):
            return []
        return [f"a complete message that the vendor's last answer was not: {shown(got)}"]

    def part(self, plan: Plan, events: list[Json]) -> list[str]:
        """What came before an error must be the beginning of what the vendor's last answer said: once there were words,
        nothing is asked again.
        """
        visible = [event for event in events if event["type"] != "error"]
        got = [(block["type"], block.get("text") or block.get("thinking") or "") for block in blocks(visible)]
        made = self.performances(plan)
        if not any(text for _, text in got):
            return []
        told = (made[-1].told or plan.act(len(made) - 1).told) if made else Answer()
        texts = {kind: words(told, kind) for kind in ("text", "thinking")}
        if all(texts[kind].startswith(text) for kind, text in got if kind in texts):
            return []
        return [f"text that the vendor's last answer did not say: {shown(got)}"]

    def blame(self, plan: Plan, outcome: Outcome) -> list[str]:
        """An error needs a reason: a try that failed, or a vendor that could not be asked. It is no place for answers,
        unless there is garbage around them.
        """
        verdicts = [made.verdict for made in self.performances(plan)]
        reasons = (*OURS, LIMIT) if self.was_slow(plan) else OURS
        excused = any(word.encode() in outcome.body for word in reasons)
        wrong = []
        if verdicts[-1:] == ["sound"] and not excused:
            wrong.append(f"an error although the vendor's last answer was good: {outcome.body[-300:]!r}")
        if not verdicts and not plan.is_dead and not excused:
            wrong.append(f"an error although nobody was asked: {outcome.body[-300:]!r}")
        littered = any(act.fault == "garbage_between" for act in plan.acts)
        if f"Answer {plan.number}" in message_of(outcome.body) and not littered:
            wrong.append(f"the answer inside an error: {outcome.body[-300:]!r}")
        return wrong

    def was_slow(self, plan: Plan) -> bool:
        """The vendor's last answer took so long that a limit may have passed, as it does on a busy machine."""
        last = (self.tries.get(str(plan.number)) or [{}])[-1]
        return (last.get("ended") or 0.0) - last.get("began", 0.0) > self.patience / 2

    def entry(self, outcome: Outcome, kind: str) -> list[str]:
        """The exchange's line in the books."""
        lines = self.books.get(session(outcome.number), [])
        if len(lines) != 1:
            return [f"{len(lines)} usage lines"] if lines or outcome.sent else []
        line = lines[0]
        if outcome.end != "answered":
            return []
        told = (line["request_id"], line["status"])
        seen = ((outcome.headers or {}).get("request-id"), outcome.status)
        wrong = [] if told == seen else [f"the usage line says {told}, the client saw {seen}"]
        if (line["error_type"] is None) != (kind == "message"):
            wrong.append(f"the usage line has error_type {line['error_type']} for: {kind}")
        return wrong

    def release(self, outcome: Outcome) -> list[str]:
        """A vendor's connection must not outlive its client."""
        ends = [entry["ended"] for entry in self.tries.get(str(outcome.number), [])]
        if None in ends:
            return ["the vendor still waits on a connection"]
        late = max(ends, default=outcome.ended) - outcome.ended
        self.releases.append(max(0.0, late))
        return [f"the vendor's connection was let go {late:.1f} s after the client's end"] if late > RELEASE else []


def said(plan: Plan, place: int, made: Performance) -> tuple[list[Any], str]:
    """The content, in short, and the stop reason of a try."""
    told = made.told or plan.act(place).told
    content = []
    for part in told.parts:
        match part:
            case Thought():
                content.append(("thinking", part.text))
            case Words():
                content.append(part.text)
            case Call():
                content.append((part.name, part.input))
    return content, "max_tokens" if told.ending == "length" else "tool_use" if told.calls else "end_turn"


def words(told: Answer, kind: str) -> str:
    """All text or all thinking."""
    wanted = Words if kind == "text" else Thought
    return "".join(part.text for part in told.parts if isinstance(part, wanted))


def message_of(body: bytes) -> str:
    """The words of an error, wherever it stands."""
    return body.decode(errors="replace").rpartition('"message":')[2]


def envelope(outcome: Outcome) -> list[str]:
    """What is wrong with an HTTP error."""
    try:
        body, headers = json.loads(outcome.body), outcome.headers or {}
        error = body["error"]
        sound = body["type"] == "error" and all(
            isinstance(error[name], str) and error[name] for name in ("type", "message")
        )
        sound = (
            sound and body["request_id"] == headers["request-id"] and int(headers.get("retry-after", 1)) in range(61)
        )
    except (ValueError, KeyError, TypeError):
        sound = False
    return [] if sound else [f"no error envelope: {outcome.status} {outcome.body[:300]!r}"]


def parsed(body: bytes) -> Iterator[Json]:
    """The events of a stream. Raises ValueError for anything else."""
    *frames, rest = body.decode().split("\n\n")
    if rest:
        raise ValueError(f"the last frame is cut off: {rest[:200]!r}")
    for frame in frames:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        if name != f"event: {event['type']}":
            raise ValueError(f"{name} on {event['type']}")
        yield event


def shown(value: Sequence[Any]) -> str:
    """A value for people."""
    text = repr(value)
    return text if len(text) < 600 else f"{text[:300]} ... {text[-300:]}"
