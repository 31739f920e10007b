"""Xiaomi MiMo, https://mimo.mi.com/docs (read 2026-11-21).

Keys of the Token Plan (`tp-`) work only on the host of their region,
MIMO_BASE_URL=https://token-plan-{cn,sgp,ams}.xiaomimimo.com/v1.

* `thinking.type` enabled or disabled, without levels; on by default but for the flash models
  (usage-guide/other/deep-thinking).
* While thinking, assistant turns need `reasoning_content`, 400 otherwise (usage-guide/passing-back-reasoning_content);
  turns without calls were refused too (decolua/9router#1210 and its follow-ups). An assistant `content` of null is a
  400 "`text` is not present" (XiaomiMiMo/MiMo-V2-Flash#8).
* A user message that holds only images is a 400 "`text` is not set" (NousResearch/hermes-agent#57766).
* The key goes in `api-key`. The limit is called `max_completion_tokens` and covers the reasoning. `response_format` is
  json_object.
* The reason of an error is in `param`, beside the message "Param Incorrect"; the body may be framed as SSE. An
  image for a model that sees none is a 404 (XiaomiMiMo/MiMo#62).
* The pro and flash models read text only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from translators.core.errors import Rejected, RialtoError
from translators.core.intent import Intent
from translators.core.local import KeyDesk
from translators.core.overflow import OVERFLOW
from translators.core.refusals import words_of
from translators.core.vendor import Json, Profile, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

LOST_REASONING = " "
WORDLESS = {"type": "text", "text": " "}
KEY_HINT = "check MIMO_API_KEY; a Token Plan key needs MIMO_BASE_URL of its region"


def thinking(intent: Intent, route: Route) -> Json:
    """The switch, if the client has a wish."""
    if intent.on is None:
        return {}
    return {"thinking": {"type": "enabled" if intent.on else "disabled"}}


def shape(body: Json, route: Route) -> Json:
    """Gives assistant turns their reasoning while thinking may be on, and images a text."""
    silent = body.get("thinking") == {"type": "disabled"}
    return {**body, "messages": [complete(message, silent) for message in body["messages"]]}


def complete(message: Json, silent: bool) -> Json:
    """The message with the parts that the vendor insists on."""
    content = message.get("content")
    match message.get("role"):
        case "assistant" if not silent and not message.get("reasoning_content"):
            return {**message, "reasoning_content": LOST_REASONING}
        case "user" if isinstance(content, list) and all(part.get("type") != "text" for part in content):
            return {**message, "content": [*content, WORDLESS]}
        case _:
            return message


def error(status: int, body: Any) -> RialtoError | None:
    """The reason in `param`, the usual cause of a 401, and the 404 that is about an image."""
    if status == 401:
        return Rejected(f"{words_of(body).message} ({KEY_HINT})", status=401, should_retry=False)
    if status == 404 and "image input" in (words := words_of(body).message):
        return Rejected(words, status=400, should_retry=False)
    inner = body.get("error") if isinstance(body, Mapping) else None
    reason = str(inner.get("param") or "") if isinstance(inner, Mapping) else ""
    if not reason or status not in (200, 400, 422) or OVERFLOW.search(reason):
        return None
    return Rejected(f"{words_of(body).message}: {reason}", status=400)


def model_profile(model: str, profile: Profile) -> Profile:
    """Pro and flash are text only."""
    name = model.lower()
    return refine(profile, images="pro" not in name and "flash" not in name)


VENDOR = Vendor(
    name="mimo",
    title="MiMo",
    protocol=OPENAI_CHAT,
    base_url="https://api.xiaomimimo.com/v1",
    documentation="https://mimo.mi.com/docs",
    key_variable="MIMO_API_KEY",
    desk=KeyDesk("https://platform.xiaomimimo.com", ("tp-",)),
    models=("mimo-v2.5-pro", "mimo-v2.5", "mimo-v2.6-pro"),
    families=("mimo-",),
    profile=Profile(
        token_field="max_completion_tokens",
        empty_content="empty",
        reasoning_field="reasoning_content",
        reasoning_placeholder=LOST_REASONING,
        parallel_tool_calls=False,
        structured="json_object",
        cache_key_field="prompt_cache_key",
        drops={
            "output_config.effort": "the models have a switch but no levels",
            "thinking.budget_tokens": "the models have a switch but no levels",
        },
    ),
    auth=lambda key: {"api-key": key},
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
)
