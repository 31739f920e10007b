"""MiniMax, https://platform.minimax.io/docs/api-reference/text-openai-api (read 2026-11-21).

China has MINIMAX_BASE_URL=https://api.minimaxi.com/v1 with keys of its own.

* M3 has `thinking.type` adaptive (default) or disabled; M2.x think always. There are no levels.
* Without `reasoning_split` the reasoning stands in the text as `<think>`; with it in `reasoning_details`, in pieces
  (MiniMax-AI/MiniMax-M2#95), which must come back with the assistant message.
* `temperature` is over 0 and at most 1. The limit is called `max_completion_tokens`. `tool_choice`, `strict`,
  `parallel_tool_calls` and `response_format` are not documented (java.agentscope.io/v2, MiniMax).
* Only M3 sees images.
* `cache_control` is a parameter of the Anthropic endpoint only (docs/api-reference/anthropic-api-compatible-cache).
* Errors may come with HTTP 200 as `base_resp`: https://platform.minimax.io/docs/api-reference/errorcode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.errors import (
    Overloaded,
    PromptTooLong,
    RateLimited,
    Rejected,
    RialtoError,
    TimedOut,
    UpstreamError,
)
from translators.core.intent import Intent
from translators.core.local import KeyDesk
from translators.core.overflow import OVERFLOW
from translators.core.vendor import Json, Profile, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

LEAST_TEMPERATURE = 0.01
SWITCHED = ("minimax-m3",)


def thinking(intent: Intent, route: Route) -> Json:
    """The switch, where there is one."""
    if intent.on is None or not route.model.lower().startswith(SWITCHED):
        return {}
    return {"thinking": {"type": "adaptive" if intent.on else "disabled"}}


def shape(body: Json, route: Route) -> Json:
    """Separates the reasoning from the text; keeps to documented values."""
    shaped = {**body, "reasoning_split": True, "messages": [with_tags(message) for message in body["messages"]]}
    if "temperature" in shaped:
        shaped["temperature"] = max(shaped["temperature"], LEAST_TEMPERATURE)
    return shaped


def with_tags(message: Json) -> Json:
    """The message; reasoning that came without details goes back the way it came, in tags."""
    if not message.get("reasoning"):
        return message
    rest = {name: value for name, value in message.items() if name != "reasoning"}
    return {**rest, "content": f"<think>\n{message['reasoning'].strip()}\n</think>\n\n{message.get('content') or ''}"}


def code_of(body: Any) -> int:
    """`base_resp.status_code`, 0 when all is well."""
    outcome = body.get("base_resp") if isinstance(body, Mapping) else None
    return int(outcome.get("status_code") or 0) if isinstance(outcome, Mapping) else 0


def read(chunk: Json) -> Json:
    """An answer with a bad `base_resp` gets the `error` object that the protocol looks for."""
    code = code_of(chunk)
    return {**chunk, "error": {"code": code, "message": chunk["base_resp"].get("status_msg") or ""}} if code else chunk


def error(status: int, body: Any) -> RialtoError | None:
    """What the code of `base_resp` says."""
    code = code_of(body)
    if not code:
        return None
    words = str(body["base_resp"].get("status_msg") or "")
    message = f"{words} ({code})"
    match code:
        case 2013 if OVERFLOW.search(words):
            return PromptTooLong()
        case 1002 | 1039 | 1041 | 2045:
            return RateLimited(message)
        case 2056:
            return RateLimited(message, should_retry=False)
        case 1004 | 2049:
            return Rejected(f"{message} (check MINIMAX_API_KEY)", status=401, should_retry=False)
        case 1008:
            return Rejected(message, status=402, should_retry=False)
        case 2061:
            return Rejected(message, status=403, should_retry=False)
        case 1026 | 1027 | 1042 | 2013:
            return Rejected(message, status=400, should_retry=False)
        case 1001:
            return TimedOut(message)
        case 1033:
            return Overloaded(message)
        case _:
            return UpstreamError(message)


def model_profile(model: str, profile: Profile) -> Profile:
    """Which models see."""
    return refine(profile, images=model.lower().startswith(SWITCHED))


VENDOR = Vendor(
    name="minimax",
    title="MiniMax",
    protocol=OPENAI_CHAT,
    base_url="https://api.minimax.io/v1",
    documentation="https://platform.minimax.io/docs/api-reference/text-openai-api",
    key_variable="MINIMAX_API_KEY",
    desk=KeyDesk("https://platform.minimax.io", addresses=("https://api.minimax.io/v1", "https://api.minimaxi.com/v1")),
    models=("MiniMax-M3", "MiniMax-M2.7", "MiniMax-M2.5"),
    families=("MiniMax-", "minimax-"),
    profile=Profile(
        token_field="max_completion_tokens",
        images=False,
        reasoning_field="reasoning_details",
        tool_choices=frozenset(),
        parallel_tool_calls=False,
        structured="prompt",
        drops={
            "output_config.effort": "the models have no levels",
            "thinking.budget_tokens": "the models have no levels",
            "thinking.type": "M2.x think always",
        },
    ),
    thinking=thinking,
    shape=shape,
    read=read,
    error=error,
    model_profile=model_profile,
)
