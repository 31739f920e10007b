"""A Messages body as the request builders of all protocols take it: with the history that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.context_edits import edited
from translators.core.errors import InvalidRequest
from translators.core.intent import wished_effort

Json = dict[str, Any]


def prepared(message: Mapping[str, Any]) -> Json:
    """The body with its context edits carried out and the effort that its conversation has set. Raises
    `InvalidRequest` for what only Anthropic can do, and an ordinary answer would be taken for.
    """
    refuse_kept_thread(message)
    refuse_summary(message)
    body, effort = edited(message).message, wished_effort(message)
    config = message.get("output_config") or {}
    return body if effort == config.get("effort") else {**body, "output_config": {**config, "effort": effort}}


def refuse_summary(message: Mapping[str, Any]) -> None:
    """Its answer is a block of its own, and clients put it in place of the conversation."""
    if message.get("compaction") is not None:
        raise InvalidRequest(
            "compaction is not supported for this model, because Anthropic alone makes such summaries; ask for one in "
            "an ordinary message"
        )


def refuse_kept_thread(message: Mapping[str, Any]) -> None:
    """The history of a thread that goes on is at Anthropic, and an answer without it would be a wrong one."""
    thread = message.get("thread")
    if isinstance(thread, Mapping) and thread.get("type") == "continue":
        raise InvalidRequest(
            "thread: continue is not supported for this model, because conversations are kept at Anthropic only; "
            "send the whole conversation in messages"
        )
