"""What was asked for and not kept: limits, stop sequences, schemas; and what a probe shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from app.exchange.conformity import mismatch
from app.vendor_check.answer import Answer
from app.vendor_check.check import Check, Evidence
from app.vendor_check.checks.counts import last

LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def over_limit(answer: Answer) -> Iterator[Evidence]:
    """More output than the limit, by the vendor's own count."""
    wanted = [answer.body[name] for name in LIMITS if isinstance(answer.body.get(name), int)]
    wanted += [
        number for number in (options(answer).get(name) for name in ("maxOutputTokens", "num_predict")) if number
    ]
    found = last(answer)
    made = found[1].get(answer.wire.counts["output"]) if found else None
    if wanted and isinstance(made, int) and made > min(wanted) and answer.is_complete:
        yield Evidence(found[0] if found else None, f"{made} tokens, the limit was {min(wanted)}")


def options(answer: Answer) -> dict[str, Any]:
    """The object in which some wires keep parameters."""
    found = answer.body.get("generationConfig") or answer.body.get("options")
    return found if isinstance(found, dict) else {}


def stop_sequence_told(answer: Answer) -> Iterator[Evidence]:
    """A stop sequence in the text."""
    told = answer.body.get("stop") or answer.body.get("stop_sequences") or options(answer).get("stop")
    told = told or options(answer).get("stopSequences") or ()
    for sequence in [told] if isinstance(told, str) else told:
        if sequence in answer.text():
            yield Evidence(None, f"the text holds the stop sequence {sequence!r}")


def no_match(answer: Answer) -> Iterator[Evidence]:
    """A text that is not of the schema that was asked for."""
    schema = schema_of(answer.body)
    if schema is None or answer.calls or not answer.is_complete or not is_plain_end(answer):
        return
    try:
        value = json.loads(answer.text())
    except ValueError:
        yield Evidence(None, "the text is no JSON")
        return
    if words := mismatch(value, schema):
        yield Evidence(None, words)


def is_plain_end(answer: Answer) -> bool:
    """The model has said all that it wanted to."""
    return answer.stop is not None and answer.stop.value in ("stop", "STOP", "end_turn", "completed")


def schema_of(body: dict[str, Any]) -> Any:
    """The schema in any wire's request; None where there is none."""
    chat = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    responses = ((body.get("text") or {}).get("format") or {}).get("schema")
    ollama = body.get("format") if isinstance(body.get("format"), dict) else None
    gemini = (body.get("generationConfig") or {}).get("responseJsonSchema")
    messages = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    return next((found for found in (chat, responses, ollama, gemini, messages) if found), None)


def probed(name: str, fits: Callable[[Answer], bool], words: str, answer: Answer) -> Iterator[Evidence]:
    """What the answer to one probe shows."""
    if answer.probe == name and fits(answer):
        yield Evidence(None, f"status {answer.status}: {words}")


CHECKS = (
    Check(
        name="over max_tokens",
        scenario="PA-1",
        says="The answer has more tokens than the limit of the request.",
        expects="The limit holds for everything that the model makes, reasoning too.",
        repair="lost",
        remedy="what came reaches the client",
        find=over_limit,
    ),
    Check(
        name="stop sequence told",
        scenario="PA-3",
        says="The text holds a stop sequence.",
        expects="The answer ends before it.",
        repair="repaired",
        remedy="the text is cut before it",
        find=stop_sequence_told,
    ),
    Check(
        name="schema not kept",
        scenario="PA-8",
        says="The answer does not match the schema of the request.",
        expects="With a JSON schema the answer is JSON that matches it.",
        repair="reported",
        remedy="fences and prose around JSON are removed; what does not match is an error",
        find=no_match,
    ),
    Check(
        name="unknown model answered",
        scenario="ER-7",
        says="A model that does not exist is answered.",
        expects="404 with the name of the model.",
        repair="lost",
        remedy="nobody can know which model answered",
        find=partial(probed, "unknown model", lambda answer: answer.went_well and not answer.failed, "it is answered"),
    ),
    Check(
        name="unknown field refused",
        scenario="PA-5",
        says="A field that the vendor does not know makes it refuse the whole request.",
        expects="Some contracts say so; clients that are written for several vendors fail.",
        repair="repaired",
        remedy="it is asked again without the field, and the field is left out from then on",
        find=partial(probed, "unknown field", lambda answer: not answer.went_well, "it is refused"),
        note=True,
    ),
    Check(
        name="image refused",
        scenario="IM-1",
        says="An image is refused, though the model is said to see.",
        expects="A model that sees takes images.",
        repair="lost",
        remedy="say in conf/models.toml that it does not see",
        find=partial(probed, "image", lambda answer: not answer.went_well, "it is refused"),
    ),
    Check(
        name="overflow answered",
        scenario="CX-8",
        says="A prompt over the window is answered.",
        expects="It is refused; a prompt that is cut in silence loses its beginning.",
        repair="lost",
        remedy="what was cut cannot be known",
        find=partial(probed, "overflow", lambda answer: answer.went_well and not answer.failed, "it is answered"),
    ),
)
