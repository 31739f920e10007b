"""What an Ollama server tells of itself: the models that it has pulled, and what is loaded with which window.

Sources, read 2026-11-21: https://docs.ollama.com/api/tags, https://docs.ollama.com/api/ps (`context_length` is the
window that a model was loaded with), https://docs.ollama.com/context-length, https://docs.ollama.com/cli.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.limits import UNKNOWN, Limits, Look, listed
from translators.core.local import LocalServer
from translators.protocols.ollama_chat.show import asked, shown


def root(base: str) -> str:
    """The server's address; one that was written for another of Ollama's APIs is understood."""
    return base.removesuffix("/v1").removesuffix("/api")


def models_url(base: str) -> str:
    """Where the server lists what it has pulled."""
    return f"{root(base)}/api/tags"


def models_in(listing: Any) -> tuple[str, ...]:
    """The names in that list, without models that only embed."""
    entries = listing.get("models") if isinstance(listing, Mapping) else None
    models = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return tuple(str(model["name"]) for model in models if model.get("name") and not embeds(model.get("details")))


def embeds(details: Any) -> bool:
    """The model makes vectors, not answers."""
    return isinstance(details, Mapping) and "bert" in str(details.get("family"))


def pulled(answer: Any, model: str) -> dict[str, Limits]:
    """The models in the list, which has no limits. Raises ValueError for an answer that is no such list."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("models"), list):
        raise ValueError("no list of models")
    return dict.fromkeys(models_in(answer), UNKNOWN)


SHOW = Look(url=lambda base: f"{root(base)}/api/show", body=asked, read=shown)
OLLAMA_SERVER = LocalServer(
    title="Ollama",
    port=11434,
    models=Look(url=models_url, read=pulled),
    windows=(SHOW,),
    served=Look(url=lambda base: f"{root(base)}/api/ps", read=listed),
    start="ollama serve",
    pull="ollama pull {model}",
    larger="set OLLAMA_NUM_CTX to more tokens (65536), if the model and the memory allow it",
    tools="choose a model that `ollama show` lists with tools",
)
