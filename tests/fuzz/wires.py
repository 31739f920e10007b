"""Every wire that Rialto speaks: routes to the vendors behind it, and the way of a request to its bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

from hypothesis import strategies as st

from app import sse
from app.schemas import MESSAGE_REQUEST, parse
from tests.conformance.kit import upstream_body
from tests.conformance.targets import route, wires
from translators.core.tags import opened_by_prompt
from translators.core.vendor import Json, Route, refine

SESSION = "00000000-0000-4000-8000-000000000000"
#: Models of every family of `core/openai_models.py`.
OPENAI_MODELS = ("gpt-5.6", "gpt-5.5", "gpt-5.2", "gpt-4.1", "gpt-6-astra", "o3", "sample-model")
#: What of a profile a server of one's own may change, beside what the vendors' own profiles hold.
VARIANTS: tuple[Json, ...] = ({"images": False, "documents": False}, {"documents": True})
WIRES = ("openai_chat", "openai_responses", "gemini", "ollama_chat", "anthropic_messages")


@cache
def routes(protocol: str) -> dict[str, Route]:
    """The routes of one wire by vendor and model; a genuine Anthropic gets the client's own body and is not here."""
    found = [where for wire in wires() if wire.protocol == protocol for where in wire.routes()]
    found = [where for where in found if not where.profile.genuine]
    if protocol == "openai_responses":
        found += [replace(where, model=model) for where in found[:1] for model in OPENAI_MODELS]
        found = [where.within(SESSION) for where in found]
    if protocol == "anthropic_messages":
        found += [replace(found[0], profile=refine(found[0].profile, **variant)) for variant in VARIANTS]
    return {f"{number} {where.vendor.name}/{where.model}": where for number, where in enumerate(found)}


def genuine() -> Route:
    """Anthropic itself."""
    return route("anthropic").carrying({})


def somewhere(protocol: str, data: st.DataObject, plain: bool = False) -> Route:
    """A vendor behind a wire; a plain one does not take the start of an answer for reasoning."""
    known = {name: where for name, where in routes(protocol).items() if not (plain and begins_opened(where))}
    return known[data.draw(st.sampled_from(list(known)))]


def begins_opened(where: Route) -> bool:
    """The vendor swallows the tag that opens the reasoning."""
    return where.profile.reasoning_opened or opened_by_prompt(where.model)


def received(message: Json) -> Json:
    """The message as it comes out of the client's bytes."""
    return parse(json.dumps(message).encode(), MESSAGE_REQUEST)


def sent(message: Json, where: Route) -> bytes:
    """The bytes that the vendor gets."""
    return sse.dumps(upstream_body(message, where))
