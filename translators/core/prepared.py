"""A Messages body as the request builders of all protocols take it: with the history that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.context_edits import edited
from translators.core.errors import InvalidRequest

Json = dict[str, Any]


def prepared(message: Mapping[str, Any]) -> Json:
    """The body with its context edits carried out. Raises `InvalidRequest` when the conversation is kept elsewhere."""
    refuse_kept_thread(message)
    return edited(message).message


def refuse_kept_thread(message: Mapping[str, Any]) -> None:
    """The history of a thread that goes on is at Anthropic, and an answer without it would be a wrong one."""
    thread = message.get("thread")
    if isinstance(thread, Mapping) and thread.get("type") == "continue":
        raise InvalidRequest(
            "thread: continue is not supported for this model, because conversations are kept at Anthropic only; "
            "send the whole conversation in messages"
        )
