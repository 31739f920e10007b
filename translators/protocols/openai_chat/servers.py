"""What local servers tell beside their Chat Completions: windows, and counts of a request's tokens.

Sources, read 2026-11-21: llama.cpp's `/v1/chat/completions/input_tokens` and `/props`
(https://github.com/ggml-org/llama.cpp/tree/master/tools/server), vLLM's `/tokenize`
(https://docs.vllm.ai/en/latest/serving/openai_compatible_server), LM Studio's `/api/v0/models`
(https://lmstudio.ai/docs/developer/rest/endpoints).
"""

from __future__ import annotations

from typing import Any

from translators.core.counts import section, whole_number
from translators.core.limits import EVERY_MODEL, Limits, Look, listed
from translators.core.vendor import Count, Json, Route
from translators.protocols.openai_chat.request import request

#: What the template makes the prompt of; the rest only changes the answer.
TEMPLATED = ("messages", "tools", "chat_template_kwargs")


def root(base: str) -> str:
    """The address of what is not under /v1."""
    return base.removesuffix("/v1")


def served_window(answer: Any, model: str) -> dict[str, Limits]:
    """The window of llama.cpp's one model, out of its properties."""
    window = whole_number(section(section(answer).get("default_generation_settings")).get("n_ctx"))
    return {EVERY_MODEL: Limits(context_window=window)} if window else {}


def whole_request(message: Json, route: Route) -> Json:
    """The request as it would be sent, not streamed. A request that is only counted has no `max_tokens`."""
    return request({"max_tokens": 1, **message, "stream": False}, route)


def prompt_of(message: Json, route: Route) -> Json:
    """What the prompt is made of."""
    body = whole_request(message, route)
    return {"model": route.model, **{name: body[name] for name in TEMPLATED if name in body}}


PROPERTIES = Look(url=lambda base: f"{root(base)}/props", read=served_window)
LM_STUDIO = Look(url=lambda base: f"{root(base)}/api/v0/models", read=listed)
INPUT_TOKENS = Count(
    url=lambda base, route: f"{base}/chat/completions/input_tokens",
    request=whole_request,
    read=lambda answer: int(answer["input_tokens"]),
)
TOKENIZE = Count(
    url=lambda base, route: f"{root(base)}/tokenize", request=prompt_of, read=lambda answer: int(answer["count"])
)
