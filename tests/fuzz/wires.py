"""Every wire that Rialto speaks: routes to the vendors behind it, and the way of a request to its bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from app.api import sse
from app.api.schemas import MESSAGE_REQUEST, parse
from app.media import Media
from app.media.links import Link, Links, Opened, Outcome
from tests.conformance.kit import upstream_body
from tests.conformance.targets import route, wires
from tests.support.media_samples import encoded, pdf, png
from translators.core.errors import InvalidRequest
from translators.core.tags import opened_by_prompt
from translators.core.thinking import read, sign
from translators.core.vendor import Json, Route, refine

SESSION = "00000000-0000-4000-8000-000000000000"
#: Models of every family of `core/openai_models.py`.
OPENAI_MODELS = ("gpt-5.6", "gpt-5.5", "gpt-5.2", "gpt-4.1", "gpt-6-astra", "o3", "sample-model")
#: What of a profile a server of one's own may change, beside what the vendors' own profiles hold.
VARIANTS: tuple[Json, ...] = ({"images": False, "documents": False}, {"documents": True})
UNUSABLE = re.compile(r"messages\.\d+\.content\.\d+\.\S*: .+")
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


def adopted(value: Any, where: Route) -> Any:
    """The value with every signature of Rialto's made by the vendor and model of the route."""
    if isinstance(value, list):
        return [adopted(item, where) for item in value]
    if not isinstance(value, dict):
        return value
    known = read(value.get("signature"))
    if known is None:
        return {key: adopted(item, where) for key, item in value.items()}
    return {**value, "signature": sign(replace(known, vendor=where.vendor.name, model=where.model))}


class Everywhere(Links):
    """Addresses behind which there is always what should be there."""

    def __init__(self) -> None:
        super().__init__(None)

    def opened(self, conversation: str, wanted: Mapping[Link, bool]) -> dict[Link, Outcome]:
        """A picture or a PDF for each."""
        return {link: FILES[link.kind] for link in wanted}


FILES = {"image": Opened("image/png", encoded(png())), "document": Opened("application/pdf", encoded(pdf("Words.")))}
MEDIA = Media(Everywhere())


def sent(message: Json, where: Route) -> bytes:
    """The bytes that the vendor gets. Raises `InvalidRequest` for media in the newest message that nobody can use."""
    return sse.dumps(upstream_body(MEDIA.resolved(message, where), where))


def sent_if_usable(message: Json, where: Route) -> bytes | None:
    """The bytes, or None when Rialto says clearly which part of the newest message cannot be used."""
    try:
        return sent(message, where)
    except InvalidRequest as error:
        assert UNUSABLE.match(error.message), error.message
        return None
