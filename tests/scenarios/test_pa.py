"""PA: parameters that some vendors or models refuse."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from tests.scenarios.answers import Json, answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, assistant, tool, user
from tests.scenarios.wires import TRANSLATED, text_of
from tests.support.scripted_server import json_answer

LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
HELLO = answer("Hello.")
#: Model -> the one field for its output limit, on Chat Completions.
LIMIT_FIELDS = {
    "openrouter/openai/gpt-5.2": "max_tokens",
    "kimi/kimi-k2.6": "max_completion_tokens",
    "groq/openai/gpt-oss-120b": "max_completion_tokens",
    "mistral/mistral-large-latest": "max_tokens",
    "deepseek/deepseek-v4-pro": "max_tokens",
    "openai_compatible/served-model": "max_tokens",
}


@pytest.mark.parametrize("model", LIMIT_FIELDS)
@over("chat")
def test_pa_1_exactly_one_limit(rig: Rig, model: str) -> None:
    body = rig.body(model=model)
    assert [field for field in LIMITS if field in body] == [LIMIT_FIELDS[model]]


@pytest.mark.parametrize("model", ["openai/gpt-5.6", "openai/o3", "openai/gpt-4.1", "azure/gpt-5.5"])
@over("responses")
def test_pa_1_exactly_one_limit_on_responses(rig: Rig, model: str) -> None:
    body = rig.body(model=model)
    assert [field for field in LIMITS if field in body] == ["max_output_tokens"]


@pytest.mark.parametrize("model", ["openai/gpt-5.2", "openai/o3", "openai/gpt-4.1", "azure/gpt-5", "azure/o4-mini"])
@over("chat")
def test_pa_1_openais_models_on_chat(on_chat: Rig, model: str) -> None:
    body = on_chat.body(model=model)
    assert [field for field in LIMITS if field in body] == ["max_completion_tokens"]


@pytest.mark.parametrize("model", ["openai/gpt-5.2", "openai/o3", "openai/gpt-5.6", "azure/o4-mini"])
@over("chat")
def test_pa_2_reasoning_models_get_no_temperature(on_chat: Rig, model: str) -> None:
    fields = {"temperature": 1, "top_p": 0.9, "thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}
    body = on_chat.body(model=model, **fields)
    assert {"temperature", "top_p", "top_k"}.isdisjoint(body)


#: Model -> what becomes of temperature 1.
TEMPERATURES: dict[str, Any] = {
    "kimi/kimi-k2.6": None,
    "kimi/kimi-for-coding": None,
    "deepseek/deepseek-v4-pro": 1,
    "openai_compatible/served-model": 1,
}


@pytest.mark.parametrize("model", TEMPERATURES)
@over("chat")
def test_pa_2_temperature_where_it_is_taken(rig: Rig, model: str) -> None:
    assert rig.body(model=model, temperature=1).get("temperature") == TEMPERATURES[model]


@over("chat")
def test_pa_2_a_fixed_top_p_is_learnt(rig: Rig) -> None:
    """NVIDIA's words for a model whose value is fixed: asked once more without it."""
    refusal = json_answer({"detail": "top_p is immutable for this model and must be 0.95; unsupported parameter"}, 400)
    rig.play(refusal, HELLO)
    assert rig.ask(model="nvidia/qwen/qwen3.5-397b-a17b", top_p=0.5).brief == ["Hello."]
    assert ["top_p" in body for body in rig.vendor.bodies] == [True, False]


STOP = "</block>"


@over("chat")
def test_pa_3_stop_sequences_that_grok_refuses(rig: Rig) -> None:
    """Left out for the vendor, applied by Rialto; the client learns which one ended the answer."""
    for stream in (True, False):
        rig.play(answer(words("<block>no</bl", "ock> and more")))
        outcome = rig.ask(stream, model="xai/grok-4.6", stop_sequences=[STOP, "END"])
        assert "stop" not in rig.vendor.bodies[0]
        assert outcome.brief == ["<block>no"]
        assert outcome.stop == "stop_sequence"
        found = outcome.json["stop_sequence"] if not stream else outcome.delta["delta"]["stop_sequence"]
        assert found == STOP


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over(*TRANSLATED)
def test_pa_3_stop_sequences_that_a_vendor_overlooks(rig: Rig, stream: bool) -> None:
    outcome = rig.says(answer(words("<block>no</bl", "ock> and more")), stream, stop_sequences=[STOP])
    assert outcome.brief == ["<block>no"]
    assert outcome.stop == "stop_sequence"


BETAS = ",".join(
    [
        *("claude-code-20250219", "interleaved-thinking-2025-05-14", "context-management-2025-06-27"),
        *("prompt-caching-scope-2026-01-05", "effort-2025-11-24", "structured-outputs-2025-12-15"),
        *("mid-conversation-system-2026-04-07", "advanced-tool-use-2025-11-20", "extended-cache-ttl-2025-04-11"),
        *("redact-thinking-2026-02-12", "fine-grained-tool-streaming-2025-05-14", "context-1m-2025-08-07"),
    ]
)
CLIENT = {
    "anthropic-beta": BETAS,
    "anthropic-version": "2023-06-01",
    "anthropic-dangerous-direct-browser-access": "true",
    "x-app": "cli",
    "x-stainless-lang": "js",
    "x-claude-code-session-id": "0b6e2f5a",
}
FIELDS: Json = {
    "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
    "output_config": {"effort": "high", "task_budget": {"type": "tokens", "total": 50000}},
    "thinking": {"type": "adaptive", "display": "summarized"},
    "service_tier": "auto",
    "container": None,
    "metadata": {"user_id": "u"},
    "betas": ["x-2026-01-01"],
    "field_of_the_future": {"on": True},
}
EAGER = {**tool("Read"), "eager_input_streaming": True, "cache_control": {"type": "ephemeral", "ttl": "1h"}}


@over(*TRANSLATED)
def test_pa_4_nothing_of_anthropics_leaks(rig: Rig) -> None:
    rig.play(HELLO)
    assert rig.ask(headers=CLIENT, tools=[EAGER], **FIELDS).status == 200
    headers = {name for name in rig.sent.headers if name.startswith(("anthropic-", "x-stainless", "x-claude", "x-app"))}
    assert headers <= ({"anthropic-version"} if rig.wire.name == "repaired" else set())
    sent = text_of(rig.sent.json)
    for word in ("context_management", "task_budget", "service_tier", "betas", "future", "eager", "scope", "adaptive"):
        if not (rig.wire.name == "repaired" and word == "adaptive"):
            assert word not in sent


CHAT_MODELS = (
    *("deepseek/deepseek-v4-pro", "kimi/kimi-k2.6", "siliconflow/Qwen/Qwen3.5-397B-A17B", "fireworks/glm-5p3"),
    *("mimo/mimo-v2.5-pro", "openrouter/z-ai/glm-5.3", "nvidia/qwen/qwen3.5-397b-a17b", "xai/grok-4.6"),
    *("zai/glm-5.3", "minimax/MiniMax-M3", "mistral/mistral-large-latest", "groq/openai/gpt-oss-120b"),
)


@pytest.mark.parametrize("model", CHAT_MODELS)
@over("chat")
def test_pa_4_nothing_of_anthropics_leaks_to_any_vendor(rig: Rig, model: str) -> None:
    rig.play(HELLO)
    assert rig.ask(model=model, headers=CLIENT, tools=[EAGER], **FIELDS).status == 200
    assert not [
        name for name in rig.sent.headers if name.startswith(("anthropic-", "x-stainless", "x-claude", "x-app"))
    ]
    sent = text_of({key: value for key, value in rig.sent.json.items() if key != "thinking"})
    for word in ("context_management", "task_budget", "service_tier", "betas", "future", "eager", "output_config"):
        assert word not in sent


@over("passthrough")
def test_pa_4_anthropic_gets_all_of_it(rig: Rig) -> None:
    rig.play(HELLO)
    assert rig.ask(headers=CLIENT, tools=[EAGER], **FIELDS).status == 200
    assert rig.sent.headers["anthropic-beta"] == BETAS
    assert {name: rig.sent.json[name] for name in FIELDS} == FIELDS
    assert rig.sent.json["tools"] == [EAGER]


@over(*TRANSLATED)
def test_pa_4_an_unknown_field_is_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="rialto"):
        rig.says(HELLO, field_of_the_future={"secret": "value of the field"})
    assert "field_of_the_future" in caplog.text
    assert "value of the field" not in caplog.text


@over(*TRANSLATED)
def test_pa_4_an_unknown_block_of_the_models_is_logged(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    told = [{"type": "hologram", "text": "said"}, {"type": "block_of_the_future", "beam": "value of the block"}]
    talk = [user("go"), assistant(*told), user("on")]
    with caplog.at_level(logging.INFO, logger="rialto"):
        rig.says(HELLO, messages=talk)
    assert "block_of_the_future" in caplog.text and "hologram" not in caplog.text
    assert "value of the block" not in caplog.text
    assert "said" in str(rig.sent.json) and "beam" not in str(rig.sent.json)


#: Model -> (fields of the request, the parameter refused, the refusal).
EXTRAS: dict[str, tuple[Json, str, str]] = {
    "nvidia/qwen/qwen3.5-397b-a17b": (
        {"thinking": {"type": "enabled", "budget_tokens": 2000}},
        "chat_template_kwargs",
        "Validation: chat_template_kwargs: Extra inputs are not permitted",
    ),
    "openai_compatible/served-model": (
        {"output_config": {"effort": "high"}},
        "reasoning_effort",
        "Unsupported parameter: 'reasoning_effort' is not supported with this model.",
    ),
    "groq/openai/gpt-oss-120b": ({"temperature": 0.5}, "temperature", "Unrecognized request argument: temperature"),
}


@pytest.mark.parametrize("model", EXTRAS)
@over("chat")
def test_pa_5_a_refused_parameter_is_left_out_and_remembered(rig: Rig, model: str) -> None:
    fields, name, words_of_refusal = EXTRAS[model]
    rig.play(json_answer({"error": {"message": words_of_refusal}}, 400), HELLO, HELLO)
    for _ in range(2):
        assert rig.ask(model=model, tools=[tool()], **fields).brief == ["Hello."]
    assert [name in body for body in rig.vendor.bodies] == [True, False, False]


@over("responses", "gemini", "ollama", "repaired")
def test_pa_5_a_refused_parameter_elsewhere(rig: Rig) -> None:
    cases: dict[str, tuple[Json, str]] = {
        "responses": ({"output_config": {"effort": "high"}}, "reasoning"),
        "gemini": ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "generationConfig"),
        "ollama": ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "think"),
        "repaired": ({"output_config": {"effort": "high"}}, "output_config"),
    }
    fields, name = cases[rig.wire.name]
    rig.play(rig.wire.refusal(400, f"Unsupported parameter: '{name}' is not supported with this model."), HELLO)
    outcome = rig.ask(**fields)
    if rig.wire.name == "gemini":
        assert outcome.status == 400, "a field that the request cannot do without"
        return
    assert outcome.brief == ["Hello."]
    assert [name in body for body in rig.vendor.bodies] == [True, False]


@over("responses")
def test_pa_6_tools_and_effort_go_by_responses(rig: Rig) -> None:
    body = rig.body(tools=[tool()], output_config={"effort": "high"})
    assert rig.sent.path.endswith("/responses")
    assert body["reasoning"]["effort"] == "high"
    assert body["tools"][0]["type"] == "function"


@pytest.mark.parametrize("model", ["openai/gpt-5.4", "openai/gpt-5.5", "openai/gpt-5.6", "openai/gpt-6"])
@over("chat")
def test_pa_6_on_chat_no_effort_stands_beside_tools(on_chat: Rig, model: str) -> None:
    for effort in ({}, {"output_config": {"effort": "high"}}):
        body = on_chat.body(model=model, tools=[tool()], **effort)
        said = body.get("reasoning_effort")
        assert said == "none" if model in ("openai/gpt-5.6", "openai/gpt-6") else said in (None, "none")


PREFILL = [user("Count to five."), assistant("One, two,")]


@over("chat", "responses", "gemini")
def test_pa_7_a_prefill_is_continued(rig: Rig) -> None:
    """The vendor is told to go on, and what it repeats is taken out."""
    for stream in (True, False):
        rig.play(answer(words("One, ", "two, three, four, five.")))
        outcome = rig.ask(stream, messages=PREFILL)
        assert "".join(outcome.brief).strip() == "three, four, five."
        role, asked = rig.wire.said(rig.sent.json)[-1]
        assert role == "user"
        assert "continue" in asked.lower()
        assert ("assistant", "One, two,") in rig.wire.said(rig.sent.json)


@pytest.mark.parametrize("model", ["deepseek/deepseek-v4-pro", "mistral/mistral-large-latest", "kimi/kimi-k2.6"])
@over("chat")
def test_pa_7_vendors_that_continue_by_a_mark(rig: Rig, model: str) -> None:
    """The mark on the assistant's last message; while the model thinks the words instead."""
    body = rig.body(model=model, messages=PREFILL, thinking={"type": "disabled"})
    last = body["messages"][-1]
    assert (last["role"], last["content"]) == ("assistant", "One, two,")
    assert last.get("prefix") is True or last.get("partial") is True
    told = rig.body(model=model, messages=PREFILL, thinking={"type": "adaptive"})["messages"][-1]
    assert told["role"] == "user" and "continue" in told["content"].lower()


@over("ollama", "repaired")
def test_pa_7_ollama_continues_by_itself(rig: Rig) -> None:
    body = rig.body(messages=PREFILL)
    assert rig.wire.said(body)[-1] == ("assistant", "One, two,")


@over(*TRANSLATED)
def test_pa_7_an_answer_that_repeats_nothing_is_untouched(rig: Rig) -> None:
    rig.play(answer(words(" three", ", four.")))
    assert "".join(rig.ask(messages=PREFILL).brief) == " three, four."


SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}},
    "required": ["title"],
    "additionalProperties": False,
}
FORM: Json = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
TITLE = '{"title": "Kakapo"}'


def title(rig: Rig, said: str, stream: bool = True, **fields: Any) -> Any:
    """The object in the text of an answer."""
    outcome = rig.says(answer(words(said[:7], said[7:])), stream, **FORM, **fields)
    (found,) = outcome.brief
    return json.loads(found)


@over()
def test_pa_8_the_schema_reaches_the_vendor(rig: Rig) -> None:
    assert title(rig, TITLE) == {"title": "Kakapo"}
    assert text_of(SCHEMA["properties"]) in text_of(rig.sent.json)


@pytest.mark.parametrize("model", ["deepseek/deepseek-v4-pro", "kimi/kimi-k2.6", "minimax/MiniMax-M3"])
@over("chat")
def test_pa_8_vendors_without_schemas(rig: Rig, model: str) -> None:
    """A JSON mode or words; either way the schema is told."""
    assert title(rig, TITLE, model=model) == {"title": "Kakapo"}
    body = rig.sent.json
    assert body.get("response_format") in (None, {"type": "json_object"})
    assert '"title"' in json.loads(text_of(rig.wire.prompt(body)))


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@over(*TRANSLATED)
def test_pa_8_json_in_a_fence_is_taken_out(rig: Rig, stream: bool) -> None:
    assert title(rig, f"Here it is:\n```json\n{TITLE}\n```", stream) == {"title": "Kakapo"}


@over(*TRANSLATED)
def test_pa_8_another_form_is_an_error(rig: Rig) -> None:
    """It is asked for once more first."""
    rig.play(answer(words("No ", "title.")), answer(words("Still ", "none.")))
    outcome = rig.ask(**FORM)
    told = outcome.error
    assert len(rig.vendor.requests) == 2
    assert told["type"] == "api_error"
    assert outcome.status != 200 or "message_stop" not in outcome.text


@over("chat")
def test_pa_8_a_refused_form_gets_a_simpler_one(rig: Rig) -> None:
    """And nothing cools down: the next request goes through at once."""
    refusal = json_answer({"error": {"message": "This response_format type is unavailable now"}}, 400)
    rig.play(refusal, answer(TITLE), answer(TITLE))
    for _ in range(2):
        assert json.loads(rig.ask(**FORM).brief[0]) == {"title": "Kakapo"}
    kinds = [body.get("response_format", {}).get("type") for body in rig.vendor.bodies]
    assert kinds == ["json_schema", "json_object", "json_object"]
