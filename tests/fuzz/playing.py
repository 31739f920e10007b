"""Plays invented answers: any bytes, from any vendor of a wire, through the exchange to the client."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from app.api import sse
from tests.conformance.answer_laws import everything, visible
from tests.conformance.kit import Case, Outcome, in_one_piece, streamed
from tests.conformance.readable import normalised
from tests.fuzz.answers import TOOLS
from tests.support.grammar import complaints
from translators.core.vendor import Json, Route

#: What no client should ever read: a defect of Rialto's own.
DEFECT = "unexpectedly"
ENDS = ("message_delta", "message_stop")


def asked(**fields: Any) -> Json:
    """A request whose answer may hold anything."""
    tools = [{"name": name, "input_schema": {"type": "object", "properties": {}}} for name in TOOLS]
    return {
        "model": "any",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "Go."}],
        "tools": tools,
        "stream": True,
        **fields,
    }


def case(where: Route, message: Json) -> Case:
    """A case without a folder."""
    made = Case(where.vendor.name, Path("invented"))
    made.__dict__.update(request=message, route=where.carrying(message), head={"status": 200, "headers": {}})
    return made


def play(where: Route, message: Json, pieces: Iterable[bytes], hopeless: bool = False) -> Outcome:
    """What a client that streams gets; it is well-formed, whatever the vendor says. `hopeless` arguments that a model
    wrote may be handed on as they are.
    """
    outcome = streamed(case(where, message), pieces)
    wrong = complaints(outcome.events) if outcome.events else []
    wrong = [complaint for complaint in wrong if not (hopeless and complaint.startswith("tool input"))]
    assert wrong == [], f"{wrong}: {outcome.events}"
    assert outcome.error or outcome.events, "no answer at all"
    assert outcome.error is None or DEFECT not in outcome.error["message"], outcome.error
    return outcome


def play_whole(where: Route, message: Json, pieces: Iterable[bytes]) -> Outcome:
    """What a client that waits gets."""
    return in_one_piece(case(where, message), pieces)


def comparable(outcome: Outcome) -> Any:
    """All of an outcome but what differs from run to run."""
    return normalised(everything(outcome))


def seen(outcome: Outcome) -> Any:
    """The message as its bytes say it, or the kind of error."""
    found = normalised(visible(outcome))
    return found["error"]["type"] if found["error"] else json.loads(sse.dumps(found["message"]))


def ended(outcome: Outcome) -> bool:
    """The client takes the answer for complete."""
    if outcome.error:
        return any(event["type"] == "message_stop" or reason(event) for event in outcome.events)
    return True


def reason(event: Json) -> Any:
    """The stop reason in an event."""
    return event["delta"].get("stop_reason") if event["type"] == "message_delta" else None
