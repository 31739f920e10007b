"""Azure OpenAI, https://learn.microsoft.com/azure/ai-foundry/openai/reference (read 2026-11-21).

AZURE_API_BASE is the resource (https://NAME.openai.azure.com), with or without /openai or /openai/v1. The model is the
deployment's name.

* With a dated AZURE_API_VERSION the legacy address /openai/deployments/NAME/chat/completions?api-version=... is
  called; without one, or with v1, preview or latest, the v1 address.
* A deployment's name says nothing about its model: the newest token field is used, which every current model takes. A
  name that begins like an OpenAI model gets that model's rules; otherwise AZURE_BASE_MODEL names the model behind the
  deployments.
* The first chunk has no choices, only filter results. A filtered prompt is a 400 with code content_filter.
* OPENAI_API chooses between Chat Completions and Responses as it does for OpenAI, by the model behind the deployment;
  Responses only goes to the v1 address.
* At most 128 tools, as at OpenAI.
* `prompt_cache_key` is newer than the dated versions and only goes to the v1 address.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from translators.core import openai_models
from translators.core.local import KeyDesk
from translators.core.variables import Variable
from translators.core.vendor import Json, Profile, Protocol, Route, Vendor
from translators.protocols.openai_chat import OPENAI_CHAT
from translators.protocols.openai_responses.choice import OPENAI_API, by_model, uses_responses, web_search

UNDATED = frozenset({"", "v1", "preview", "latest"})


def version(route: Route) -> str:
    """AZURE_API_VERSION, or ""."""
    return route.extra.get("api_version", "")


def base_model(route: Route) -> str:
    """The model behind the deployment, as far as it is known."""
    return route.extra.get("base_model") or route.model


def resource(base: str) -> str:
    """The address of the resource alone."""
    return base.rstrip("/").removesuffix("/openai/v1").removesuffix("/openai")


def url(base: str, route: Route) -> str:
    """The legacy or the v1 address."""
    root, wanted = resource(base), version(route)
    query = f"?{urlencode({'api-version': wanted})}" if wanted else ""
    if wanted in UNDATED:
        return f"{root}/openai/v1{route.vendor.protocol.path}{query}"
    return f"{root}/openai/deployments/{quote(route.model, safe='')}{route.vendor.protocol.path}{query}"


def shape(body: Json, route: Route) -> Json:
    """The rules of the model, and nothing that a dated version does not know."""
    if uses_responses(route):
        return openai_models.settle_responses(body, base_model(route))
    settled = openai_models.settle(body, base_model(route))
    if version(route) in UNDATED:
        return settled
    return {name: value for name, value in settled.items() if name != "prompt_cache_key"}


def select(message: Json, route: Route) -> Protocol:
    """The wire of one request."""
    if version(route) not in UNDATED:
        return OPENAI_CHAT
    host = urlsplit(route.base_url).hostname or ""
    return by_model(message, route, host.endswith(".azure.com"))


def model_profile(model: str, profile: Profile) -> Profile:
    """The rules of the model that the deployment is named after."""
    return openai_models.adapt(profile, model)


VENDOR = Vendor(
    name="azure",
    title="Azure OpenAI",
    traced_as="azure.ai.openai",
    protocol=OPENAI_CHAT,
    base_url="",
    documentation="https://learn.microsoft.com/azure/ai-foundry/openai/reference",
    base_url_variable="AZURE_API_BASE",
    key_variable="AZURE_API_KEY",
    desk=KeyDesk("https://portal.azure.com"),
    variables=(
        Variable(
            "AZURE_API_VERSION",
            "An API version, such as 2024-10-21, selects the deployments URL; without it the v1 URL is used.",
            extra="api_version",
        ),
        Variable(
            "AZURE_BASE_MODEL",
            "The model behind the deployments, such as gpt-5.5, when their names do not tell.",
            extra="base_model",
        ),
        OPENAI_API,
    ),
    looks=(),
    models=("my-deployment",),
    profile=Profile(
        text_calls=False,
        token_field="max_completion_tokens",
        cache_key_field="prompt_cache_key",
        max_tools=128,
        drops={"thinking.type": "a deployment whose model is unknown is only given an effort"},
    ),
    auth=lambda key: {"api-key": key},
    url=url,
    thinking=lambda intent, route: openai_models.effort(intent, base_model(route), uses_responses(route)),
    shape=shape,
    select=select,
    model_profile=model_profile,
    search=web_search,
)
