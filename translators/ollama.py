"""Ollama, https://docs.ollama.com/api (read 2026-11-21).

* OLLAMA_HOST (or OLLAMA_API_BASE) is the server's address, also without http:// as Ollama's own tools take it;
  OLLAMA_API_KEY is needed for https://ollama.com only.
* The native API, because only there the window can be set: `num_ctx` is the window of the alias or model, else
  OLLAMA_NUM_CTX. Another `num_ctx` loads the model again. OLLAMA_KEEP_ALIVE says how long it stays loaded.
* `truncate` and `shift` are false: Ollama would drop the oldest messages in silence; so a prompt that is too long is an
  error, and the client compacts it.
* `think` is true, false or a level: low, medium, high, max; nothing means on for a model that can. gpt-oss has low,
  medium and high and cannot stop thinking. A server that takes no levels, or a model that does not think, gets the
  request once more without the field.
* Models differ in tools and sight (`ollama show MODEL`). Addresses of images are not opened; Rialto fetches them.
* OLLAMA_MODE=anthropic takes Ollama's own /v1/messages instead; the window is then the server's.
* Of a tool's schema Ollama keeps type, anyOf, items, description, enum, properties and required. A
  last assistant message is gone on with (`model/renderers`, the library's templates).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.variables import Variable, one_of, positive, web_address
from translators.core.vendor import Json, Listing, Profile, Protocol, Route, Vendor
from translators.protocols.anthropic_messages import ANTHROPIC_MESSAGES
from translators.protocols.ollama_chat import OLLAMA_CHAT
from translators.protocols.ollama_chat.listing import OLLAMA_SERVER, SHOW, models_in, models_url, root
from translators.protocols.ollama_chat.request import NUM_CTX

LEVELS: dict[Level, str] = {"low": "low", "medium": "medium", "high": "high", "xhigh": "max", "max": "max"}
GPT_OSS: dict[Level, str] = {**LEVELS, "xhigh": "high", "max": "high"}


def thinking(intent: Intent, route: Route) -> Json:
    """The switch, or the level that the client names."""
    gpt_oss = "gpt-oss" in route.model.lower()
    if intent.on is False:
        return {"think": "low" if gpt_oss else False}
    if intent.level:
        return {"think": (GPT_OSS if gpt_oss else LEVELS)[intent.level]}
    return {"think": True} if intent.on else {}


def address(text: str) -> str:
    """The form of an address as Ollama's own tools write it: the scheme may be missing, then the port too; an address
    to listen on everywhere means this machine.
    """
    bare = "://" not in text
    parts = urlsplit(f"http://{text}" if bare else text)
    name, colon, port = parts.netloc.rpartition(":") if re.search(r":\w*$", parts.netloc) else (parts.netloc, "", "")
    if name in ("", "0.0.0.0", "[::]"):
        name = "localhost"
    if bare and not colon:
        colon, port = ":", str(OLLAMA_SERVER.port)
    return web_address(urlunsplit(parts._replace(netloc=f"{name}{colon}{port}")))


def duration(text: str) -> str:
    """The form of seconds, or of a duration like 5m or 1h30m; a negative one means for ever."""
    if not re.fullmatch(r"-?(\d+|(\d+(\.\d+)?(ns|us|ms|s|m|h))+)", text):
        raise ValueError("must be seconds, a duration like 5m or 1h30m, or -1.")
    return text


def select(message: Json, route: Route) -> Protocol:
    """The native API, or the Anthropic one that the settings ask for."""
    return ANTHROPIC_MESSAGES if route.extra.get("mode") == "anthropic" else OLLAMA_CHAT


VENDOR = Vendor(
    name="ollama",
    title="Ollama",
    protocol=OLLAMA_CHAT,
    base_url=f"http://localhost:{OLLAMA_SERVER.port}",
    documentation="https://docs.ollama.com",
    base_url_variable="OLLAMA_HOST",
    other_base_url_variables=("OLLAMA_API_BASE",),
    base_url_form=address,
    key_variable="OLLAMA_API_KEY",
    desk=KeyDesk("https://ollama.com/settings/keys"),
    keyless=True,
    window=Variable(
        "OLLAMA_NUM_CTX",
        "Context window that Ollama's models are loaded with when nothing else says so, in tokens.",
        form=positive,
        default=str(NUM_CTX),
    ),
    variables=(
        Variable(
            "OLLAMA_KEEP_ALIVE",
            "How long Ollama keeps a model loaded: seconds, a duration like 5m, or -1 for ever.",
            form=duration,
            extra="keep_alive",
        ),
        Variable(
            "OLLAMA_MODE",
            "native, or anthropic for Ollama's own /v1/messages, where the window cannot be set.",
            form=one_of("native", "anthropic"),
            extra="mode",
        ),
    ),
    aliases={
        "ollama-sonnet": "OLLAMA_SONNET",
        "ollama-haiku": "OLLAMA_HAIKU",
        "ollama-gpt-oss": "OLLAMA_GPTOSS",
        "ollama-gemma": "OLLAMA_GEMMA",
    },
    listing=Listing(url=models_url, names=models_in),
    local_servers=(OLLAMA_SERVER,),
    looks=(SHOW,),
    serves=(OLLAMA_CHAT,),
    models=("qwen3.5:9b", "gpt-oss:20b"),
    profile=Profile(
        sampling=frozenset({"temperature", "top_p", "top_k"}),
        max_stops=64,
        prefill="last",
        tells_overflow=False,
        links=frozenset(),
        reasoning_field="thinking",
        schema="ollama",
    ),
    thinking=thinking,
    url=lambda base, route: root(base) + route.vendor.protocol.path,
    select=select,
)
