"""OpenAI by Chat Completions and Responses, https://developers.openai.com/api/reference/chat and
https://developers.openai.com/api/reference/responses (read 2026-11-21).

OPENAI_BASE_URL may point at any server of the same protocol; without OPENAI_API_KEY it is treated as
`openai_compatible`, on the wire that OPENAI_API names. OpenAI's rules therefore hang on the model's name: a name
that OpenAI does not use gets `max_tokens`, sampling, stop sequences and efforts low, medium and high, and nothing that
only OpenAI knows.

* The parameters of each model family are in `core/openai_models.py`.
* OPENAI_API is chat, responses or auto. With auto, the models in `[responses]` of `conf/models.toml`, which are gpt-5,
  gpt-6, o3 and o4, use Responses, and only at OpenAI's own address; everything else stays on Chat Completions. The
  deployment checklist wants reasoning models there. OPENAI_API=chat is the way back.
* Chat Completions returns no reasoning and takes none back; Responses gives it encrypted, with a summary.
* Only Responses has a token counter. OpenAI's own address is asked for it on either wire.
* More than 128 tools are a 400 `array_above_max_length` (musistudio/claude-code-router#686).
* PDFs are `file` or `input_file` parts; `prompt_cache_key` keeps a conversation on one cache.
"""

from __future__ import annotations

from translators.core import openai_models
from translators.core.local import KeyDesk
from translators.core.vendor import Json, Profile, Protocol, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT
from translators.protocols.openai_responses import OPENAI_RESPONSES
from translators.protocols.openai_responses.choice import OPENAI_API, by_model, is_at, uses_responses, web_search

OWN_HOST = "api.openai.com"
MAX_TOOLS = 128


def model_profile(model: str, profile: Profile) -> Profile:
    """What OpenAI's own models take; others keep the plain profile."""
    if not openai_models.is_known(model):
        return profile
    adapted = openai_models.adapt(profile, model)
    return refine(adapted, documents=True, cache_key_field="prompt_cache_key", max_tools=MAX_TOOLS)


def select(message: Json, route: Route) -> Protocol:
    """The wire of one request."""
    return by_model(message, route, is_at(route.base_url, OWN_HOST))


def shape(body: Json, route: Route) -> Json:
    """The rules of the model on its wire."""
    settle = openai_models.settle_responses if uses_responses(route) else openai_models.settle
    return settle(body, route.model)


VENDOR = Vendor(
    name="openai",
    title="OpenAI",
    protocol=OPENAI_CHAT,
    base_url="https://api.openai.com/v1",
    documentation="https://developers.openai.com/api/reference/chat",
    key_variable="OPENAI_API_KEY",
    desk=KeyDesk("https://platform.openai.com/api-keys", ("sk-proj-", "sk-svcacct-")),
    lends_address=True,
    variables=(OPENAI_API,),
    models=("gpt-5.5", "gpt-5.4", "gpt-5.2", "gpt-4.1"),
    families=("gpt-3.5", "gpt-4", "gpt-5", "gpt-6", "chatgpt-", "o1", "o3", "o4"),
    profile=Profile(
        text_calls=False,
        drops={
            "temperature": "reasoning models take it without an effort only",
            "top_p": "reasoning models take it without an effort only",
            "stop_sequences": "reasoning models refuse `stop`; Rialto ends the answer at the sequence itself",
            "thinking.type": "models that do not reason have no switch",
            "thinking.budget_tokens": "models that do not reason have no levels",
            "output_config.effort": "models that do not reason have no levels",
        },
    ),
    thinking=lambda intent, route: openai_models.effort(intent, route.model, uses_responses(route)),
    shape=shape,
    select=select,
    counts_by=lambda route: OPENAI_RESPONSES if is_at(route.base_url, OWN_HOST) else route.vendor.protocol,
    model_profile=model_profile,
    search=web_search,
)
