"""Groq, https://console.groq.com/docs/api-reference (read 2026-11-21).

* `reasoning_effort`: gpt-oss low, medium, high, never off; qwen3.8 none, default, low, medium, high; older Qwen none,
  default. Other models refuse it.
* `reasoning_format` parsed puts the reasoning under `reasoning`; gpt-oss does so anyway and refuses the parameter, as
  do models that do not reason, 400 "reasoning_format is not supported with this model"
  (console.groq.com/docs/reasoning).
* Earlier reasoning goes back as `reasoning`; `reasoning_content` is a 400, and so is a null in an assistant message.
* Groq checks calls against the tools, 400 tool_use_failed, the model's fault. `disable_tool_validation` leaves that
  to the client, unless one tool is demanded by name.
* `response_format` does not go together with streaming or tools, so a tool takes an answer by a schema; beside other
  tools the schema goes in words.
* A request with an image in base64 may have 4 MB: 3 MiB of image (console.groq.com/docs/vision).
* More than 128 tools are a 400 (HunorLaczko/ha-groq-cloud-api#25).
* 413 "Request too large for model ... Limit N, Requested M" is the limit of tokens per minute. 498 is a lack of
  capacity.
"""

from __future__ import annotations

import re
from typing import Any

from translators.core.errors import Broke, Overloaded, PromptTooLong, RialtoError
from translators.core.intent import Intent, Level
from translators.core.local import KeyDesk
from translators.core.refusals import words_of
from translators.core.vendor import Json, Profile, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

LEVELS: dict[Level, str] = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
ON_OR_OFF = ("none", "default")
SEES = re.compile(r"llama-4|qwen3\.[5-9]|vision")
MINUTE_LIMIT = re.compile(r"Limit (\d+),.*?Requested (\d+)")
TOOL_FAULT = re.compile(r"tool_use_failed|tool call validation failed", re.IGNORECASE)


def thinking(intent: Intent, route: Route) -> Json:
    """Effort by model family, and the separated form of the reasoning."""
    name = route.model.lower()
    if "gpt-oss" in name:
        level = "low" if intent.on is False else LEVELS.get(intent.level or "max") if intent.level else None
        return {"reasoning_effort": level} if level else {}
    if "qwen3" not in name:
        return {}
    return {"reasoning_format": "parsed", **qwen_effort(intent, levels="qwen3.8" in name)}


def qwen_effort(intent: Intent, levels: bool) -> Json:
    """The effort of a Qwen model, of which only some have levels."""
    off, default = ON_OR_OFF
    if intent.silent:
        return {}
    if intent.on is False:
        return {"reasoning_effort": off}
    return {"reasoning_effort": LEVELS[intent.level] if levels and intent.level else default}


def shape(body: Json, route: Route) -> Json:
    """Leaves the check of calls to the client, who tells the model what was wrong."""
    if not body.get("tools") or isinstance(body.get("tool_choice"), dict):
        return body
    return {**body, "disable_tool_validation": True}


def error(status: int, body: Any) -> RialtoError | None:
    """A call that the model spoilt, a request over the limit of a minute, a lack of capacity."""
    words = words_of(body)
    if TOOL_FAULT.search(words.all):
        return Broke(words.message, should_retry=True)
    if status == 413 and (found := MINUTE_LIMIT.search(words.message)):
        failure = PromptTooLong(int(found.group(2)), int(found.group(1)))
        failure.message += f" (Groq: {words.message})"
        return failure
    return Overloaded(words.message) if status == 498 else None


def model_profile(model: str, profile: Profile) -> Profile:
    """Which models see."""
    return refine(profile, images=bool(SEES.search(model.lower())))


VENDOR = Vendor(
    name="groq",
    title="Groq",
    protocol=OPENAI_CHAT,
    base_url="https://api.groq.com/openai/v1",
    documentation="https://console.groq.com/docs/api-reference",
    key_variable="GROQ_API_KEY",
    desk=KeyDesk("https://console.groq.com/keys", ("gsk_",)),
    models=("openai/gpt-oss-120b", "openai/gpt-oss-20b", "qwen/qwen3.8-27b"),
    profile=Profile(
        token_field="max_completion_tokens",
        images=False,
        image_bytes=3 * 2**20,
        max_tools=128,
        empty_content="omit",
        reasoning_field="reasoning",
        structured="tool",
    ),
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
)
