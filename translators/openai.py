"""OpenAI by Chat Completions, https://developers.openai.com/api/reference/chat (read 2026-11-21).

OPENAI_BASE_URL may point at any server of the same protocol. OpenAI's rules therefore hang on the model's name: a name
that OpenAI does not use gets `max_tokens`, sampling, stop sequences and efforts low, medium and high, and nothing that
only OpenAI knows.

* The parameters of each model family are in `core/openai_models.py`.
* Chat Completions returns no reasoning and takes none back.
* PDFs are `file` parts; `prompt_cache_key` keeps a conversation on one cache.
"""

from __future__ import annotations

from translators.core import openai_models
from translators.core.vendor import Profile, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT


def model_profile(model: str, profile: Profile) -> Profile:
    """What OpenAI's own models take; others keep the plain profile."""
    if not openai_models.is_known(model):
        return profile
    return refine(openai_models.adapt(profile, model), documents=True, cache_key_field="prompt_cache_key")


VENDOR = Vendor(
    name="openai",
    title="OpenAI",
    protocol=OPENAI_CHAT,
    base_url="https://api.openai.com/v1",
    documentation="https://developers.openai.com/api/reference/chat",
    key_variable="OPENAI_API_KEY",
    models=("gpt-5.5", "gpt-5.4", "gpt-5.2", "gpt-4.1"),
    families=("gpt-3.5", "gpt-4", "gpt-5", "gpt-6", "chatgpt-", "o1", "o3", "o4"),
    thinking=lambda intent, route: openai_models.effort(intent, route.model),
    shape=lambda body, route: openai_models.settle(body, route.model),
    model_profile=model_profile,
)
