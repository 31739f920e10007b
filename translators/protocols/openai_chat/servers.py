"""What local servers tell beside their Chat Completions: windows, and counts of a request's tokens.

Sources, read 2026-11-21: llama.cpp's `/v1/chat/completions/input_tokens` and `/props`
(https://github.com/ggml-org/llama.cpp/tree/master/tools/server), vLLM's `/tokenize`
(https://docs.vllm.ai/en/latest/serving/openai_compatible_server), LM Studio's `/api/v0/models`
(https://lmstudio.ai/docs/developer/rest/endpoints). Their ports, and the options in the remedies, are those of the same
pages, of llama-server's README and of vLLM's tool calling page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from translators.core.counts import section, whole_number
from translators.core.limits import EVERY_MODEL, Limits, Look, listed
from translators.core.local import LocalServer
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


def owned(owner: str) -> Callable[[Any, str], Mapping[str, Limits]]:
    """Reads the models of a list whose entries say that this program runs them."""
    return lambda answer, model: {name: found for name, found in listed(answer, model).items() if found.server == owner}


def languages(answer: Any, model: str) -> dict[str, Limits]:
    """The models in LM Studio's own list that answer. What is not loaded has no window yet: it may get a smaller one
    than the model could have. Raises ValueError for an answer that is no such list.
    """
    rows = section(answer).get("data")
    if not isinstance(rows, list) or not all("state" in section(row) and "id" in section(row) for row in rows):
        raise ValueError("not LM Studio's list")
    return {
        str(row["id"]): Limits(whole_number(row.get("loaded_context_length")) or None)
        for row in rows
        if row.get("type") != "embeddings"
    }


LLAMA_CPP = LocalServer(
    title="llama.cpp",
    port=8080,
    path="/v1",
    owner="llamacpp",
    models=Look(url=lambda base: f"{root(base)}/v1/models", read=owned("llamacpp")),
    windows=(PROPERTIES,),
    start="llama-server --model MODEL.gguf --jinja --ctx-size 65536",
    larger="start llama-server with --ctx-size 65536; the slots of --parallel share it",
    tools="start llama-server with --jinja, and choose a model that was made for tools",
)
VLLM = LocalServer(
    title="vLLM",
    port=8000,
    path="/v1",
    owner="vllm",
    models=Look(url=lambda base: f"{root(base)}/v1/models", read=owned("vllm")),
    start="vllm serve MODEL --enable-auto-tool-choice --tool-call-parser PARSER",
    larger="start vLLM with a larger --max-model-len, if the model and the memory allow it",
    tools="start vLLM with --enable-auto-tool-choice and the --tool-call-parser of the model",
)
LM_STUDIO_SERVER = LocalServer(
    title="LM Studio",
    port=1234,
    path="/v1",
    models=Look(url=LM_STUDIO.url, read=languages),
    served=Look(url=LM_STUDIO.url, read=languages),
    start="lms server start",
    pull="lms get {model}",
    larger="load the model with a longer context: lms load MODEL --context-length 65536",
    tools="choose a model that LM Studio marks as trained for tool use",
)
LOCAL_SERVERS = (LLAMA_CPP, LM_STUDIO_SERVER, VLLM)
