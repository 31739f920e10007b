"""The limits in vendors' lists, each in its own words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.limits import Limits, limits_for, listed
from translators.protocols.ollama_chat.show import shown
from translators.protocols.openai_chat.servers import served_window

#: (entry, limits)
ENTRIES: dict[str, tuple[dict[str, Any], Limits]] = {
    "OpenRouter": (
        {
            "id": "m",
            "context_length": 262_144,
            "top_provider": {"context_length": 131_072, "max_completion_tokens": 32_768},
        },
        Limits(131_072, 32_768),
    ),
    "OpenRouter without an output limit": (
        {"id": "m", "context_length": 4_096, "top_provider": {"max_completion_tokens": None}},
        Limits(4_096),
    ),
    "Groq": (
        {"id": "m", "owned_by": "OpenAI", "context_window": 131_072, "max_completion_tokens": 65_536},
        Limits(131_072, 65_536, "OpenAI"),
    ),
    "Mistral": ({"id": "m", "max_context_length": 131_072, "aliases": []}, Limits(131_072)),
    "vLLM": ({"id": "m", "owned_by": "vllm", "max_model_len": 8_192}, Limits(8_192, None, "vllm")),
    "Gemini": (
        {"name": "models/m", "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536},
        Limits(1_048_576, 65_536),
    ),
    "Anthropic": ({"id": "m", "max_input_tokens": 1_000_000, "max_tokens": 128_000}, Limits(1_000_000, 128_000)),
    "llama.cpp": (
        {"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx": 8_192, "n_ctx_train": 32_768}},
        Limits(8_192, None, "llamacpp"),
    ),
    "an older llama.cpp": ({"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx_train": 1}}, Limits(server="llamacpp")),
    "LM Studio": ({"id": "m", "max_context_length": 131_072, "loaded_context_length": 4_096}, Limits(4_096)),
    "a default that is no limit": ({"id": "m", "max_tokens": 4_096}, Limits()),
    "numbers that are no limits": ({"id": "m", "context_length": 0, "max_completion_tokens": -1}, Limits()),
    "numbers as text": ({"id": "m", "context_length": "65536"}, Limits(65_536)),
    "OpenAI": ({"id": "m", "object": "model", "owned_by": "system"}, Limits(server="system")),
}


@pytest.mark.parametrize(("entry", "limits"), ENTRIES.values(), ids=ENTRIES.keys())
@pytest.mark.parametrize("wrap", [lambda rows: {"data": rows}, lambda rows: {"models": rows}, list])
def test_entries(entry: dict[str, Any], limits: Limits, wrap: Any) -> None:
    assert listed(wrap([entry]), "m") == {"m": limits}


def test_aliases_are_models_too() -> None:
    answer = {"data": [{"id": "m-2610", "aliases": ["m-latest"], "max_context_length": 1_000}, "junk", {"id": 7}]}
    assert listed(answer, "m") == {"m-2610": Limits(1_000), "m-latest": Limits(1_000)}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "models", "id", "meta", "n_ctx", "aliases", "context_length"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_answer_is_survived(answer: Any) -> None:
    for found in (listed(answer, "m"), shown(answer, "m"), served_window(answer, "m")):
        assert all(limits.context_window is None or limits.context_window > 0 for limits in found.values())


def test_what_is_unknown_is_filled() -> None:
    assert Limits(None, 5, "a").over(Limits(1, 2, "b")) == Limits(1, 5, "a")


KNOWN = {"a": Limits(1_000), "b": Limits(None, 50), "": Limits(2_000, 200)}


@pytest.mark.parametrize(
    ("model", "known", "limits"),
    [
        ("a", KNOWN, Limits(1_000, 200)),
        ("b", KNOWN, Limits(2_000, 50)),
        ("c", KNOWN, Limits(2_000, 200)),
        ("c", {"a": Limits(1_000)}, Limits(1_000)),
        ("c", {"a": Limits(1_000), "b": Limits()}, Limits()),
        ("c", {}, Limits()),
    ],
)
def test_whose_limits_they_are(model: str, known: dict[str, Limits], limits: Limits) -> None:
    assert limits_for(model, known) == limits


def test_ollama_shows_the_window_of_the_architecture() -> None:
    facts = {"general.architecture": "qwen3", "qwen3.context_length": 40_960, "other.context_length": 1}
    assert shown({"model_info": facts}, "m") == {"m": Limits(40_960)}
    assert shown({"model_info": {"general.architecture": "qwen3"}}, "m") == {}


def test_the_properties_of_llama_cpp() -> None:
    assert served_window({"default_generation_settings": {"n_ctx": 8_192}}, "m") == {"": Limits(8_192)}
    assert served_window({"error": {"code": 404}}, "m") == {}
