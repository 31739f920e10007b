"""Counts: the usage of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.vendor_check.answer import Answer
from app.vendor_check.check import Check, Evidence
from app.vendor_check.wires.names import CHAT
from translators.core.vendor import Json

DETAILS = (
    ("prompt_tokens_details", "cached_tokens", "prompt_tokens"),
    ("input_tokens_details", "cached_tokens", "input_tokens"),
    ("completion_tokens_details", "reasoning_tokens", "completion_tokens"),
    ("output_tokens_details", "reasoning_tokens", "output_tokens"),
)


def missing(answer: Answer) -> Iterator[Evidence]:
    """A complete answer without counts, though they were asked for."""
    asked = not answer.streamed or "stream_options" in answer.body or not answer.wire.marks
    if answer.is_complete and asked and not answer.all("usage"):
        null = any("usage" in frame.object for frame in answer.frames)
        yield Evidence(answer.frames[-1].at, "usage is null" if null else "usage is missing")


def partial(answer: Answer) -> Iterator[Evidence]:
    """Counts that lack one of the numbers."""
    if found := last(answer):
        lacking = [
            name for name in answer.wire.counts.values() if not isinstance(found[1].get(name), int) and name != "total"
        ]
        lacking = [name for name in lacking if not (name == "candidatesTokenCount" and not answer.text())]
        if lacking and answer.is_complete:
            yield Evidence(found[0], f"usage without {', '.join(lacking)}")


def elsewhere(answer: Answer) -> Iterator[Evidence]:
    """Counts that stand in a field of the vendor's own alone."""
    places = {one.place for one in answer.all("usage")}
    if places and "usage" not in places:
        yield Evidence(answer.all("usage")[0].at, f"usage stands in `{sorted(places)[0]}` alone")


def wrong_sum(answer: Answer) -> Iterator[Evidence]:
    """A total that is not the sum."""
    found, counts = last(answer), answer.wire.counts
    if not found or "total" not in counts:
        return
    numbers = [found[1].get(counts[name]) for name in ("input", "output", "total")]
    if all(isinstance(number, int) for number in numbers):
        given, made, total = (int(number or 0) for number in numbers)
        extra = sum(found[1].get(name) or 0 for name in ("thoughtsTokenCount", "toolUsePromptTokenCount"))
        if given + made + extra != total:
            yield Evidence(found[0], f"{given} + {made + extra} is not {total}")


def told_whole(answer: Answer, message: Json) -> bool:
    """The client's output is what the total leaves beside the input."""
    found, counts = last(answer), answer.wire.counts
    made = found[1][counts["total"]] - found[1][counts["input"]] if found else None
    return bool(message["usage"].get("output_tokens") == made)


def wrong_parts(answer: Answer) -> Iterator[Evidence]:
    """A part that is larger than the whole."""
    found = last(answer)
    for outer, part, whole in DETAILS if found else ():
        details = found[1].get(outer) if found else None
        number, most = (details or {}).get(part), found[1].get(whole) if found else None
        if isinstance(number, int) and isinstance(most, int) and number > most:
            yield Evidence(found[0] if found else None, f"{part} {number} is more than {whole} {most}")


def changing_model(answer: Answer) -> Iterator[Evidence]:
    """Chunks that name several models."""
    names = list(dict.fromkeys(one.value for one in answer.all("model") if one.value))
    if len(names) > 1:
        yield Evidence(answer.all("model")[-1].at, f"models {', '.join(map(repr, names[:3]))}")


def other_model(answer: Answer) -> Iterator[Evidence]:
    """A model that is not the one that was asked for."""
    asked, models = str(answer.body.get("model") or answer.route.model), answer.all("model")
    if models and not akin(asked, models[0].value):
        yield Evidence(models[0].at, f"asked {asked!r}, answered {models[0].value!r}")


def no_model(answer: Answer) -> Iterator[Evidence]:
    """An answer that names no model."""
    if answer.is_complete and not any(one.value for one in answer.all("model")):
        yield Evidence(0, "no model is named")


def akin(asked: str, told: str) -> bool:
    """One name is the other with a date, a version or an owner."""
    one, other = (name.lower().rpartition("/")[2].removesuffix(":latest") for name in (asked, told))
    return one.startswith(other) or other.startswith(one)


def last(answer: Answer) -> tuple[int, Mapping[str, Any]] | None:
    """The frame and the counts that are the last word; Anthropic's later counts complete the earlier ones."""
    found = answer.all("usage")
    if not found:
        return None
    merged = {name: value for one in found for name, value in one.value.items() if value is not None}
    return found[-1].at, merged


CHECKS = (
    Check(
        name="usage missing",
        scenario="CA-6",
        says="A complete answer has no counts of tokens.",
        expects="The answer, or with stream_options.include_usage the last chunk, has `usage`.",
        repair="repaired",
        remedy="the counts are estimated",
        find=missing,
    ),
    Check(
        name="usage incomplete",
        scenario="CA-6",
        says="The usage lacks the count of the input or of the output.",
        expects="`usage` has both, and their total where the wire has one.",
        repair="repaired",
        remedy="what lacks is estimated",
        find=partial,
    ),
    Check(
        name="usage elsewhere",
        scenario="CA-6",
        says="The usage stands in a field of the vendor's own alone.",
        expects="`usage` is a field of the chunk.",
        repair="repaired",
        remedy="known places are read",
        find=elsewhere,
        wires=(CHAT,),
    ),
    Check(
        name="usage disagrees",
        scenario="CA-3",
        says="The total is not the sum of the counts.",
        expects="The output counts all that the model has made, reasoning too, and the total is the sum.",
        repair="lost",
        remedy="what is known of a vendor's own rule is applied, else the client's meter is wrong",
        find=wrong_sum,
        mends=told_whole,
    ),
    Check(
        name="part over whole",
        scenario="CA-2",
        says="A part of the usage is larger than the whole.",
        expects="Cached tokens are a part of the input, reasoning is a part of the output.",
        repair="repaired",
        remedy="no count falls below zero",
        find=wrong_parts,
    ),
    Check(
        name="model changes",
        scenario="ER-7",
        says="The chunks of one answer name several models.",
        expects="All chunks name the model that answers.",
        repair="repaired",
        remedy="the client gets the name that it asked for",
        find=changing_model,
    ),
    Check(
        name="another model",
        scenario="ER-7",
        says="The answer names another model than was asked for.",
        expects="The name is the one of the request, perhaps with its version.",
        repair="repaired",
        remedy="the client gets the name that it asked for",
        find=other_model,
        note=True,
    ),
    Check(
        name="model not named",
        scenario="ER-7",
        says="The answer names no model.",
        expects="Every answer names the model that made it.",
        repair="repaired",
        remedy="the client gets the name that it asked for",
        find=no_model,
    ),
)
