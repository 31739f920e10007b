"""A vendor's refusal as the client's error: overflow numbers, unknown models, quotas, throttles, secrets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.errors import (
    NotFound,
    OutputTooLong,
    Overloaded,
    PromptTooLong,
    RateLimited,
    Rejected,
    RialtoError,
    TimedOut,
    TooLarge,
    Unreachable,
    UpstreamError,
)
from translators.core.refusals import MAX_WORDS, redact, refusal, retry_after
from translators.core.vendor import Profile, Route, Vendor
from translators.protocols.openai_chat import OPENAI_CHAT

KEY = "acme-0123456789-secret"
VENDOR = Vendor(
    name="acme",
    title="Acme",
    protocol=OPENAI_CHAT,
    base_url="https://api.acme.test/v1",
    documentation="",
    key_variable="ACME_API_KEY",
)
ROUTE = Route(alias="my-model", vendor=VENDOR, model="m-1", profile=Profile(), base_url=VENDOR.base_url, key=KEY)


def refused(status: int, body: Any, **headers: str) -> RialtoError:
    """The error for a refusal; header names with underscores."""
    return refusal(ROUTE, status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def openai(message: str, **fields: Any) -> dict[str, Any]:
    """The envelope of OpenAI and many others."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **fields}}


def mistral(message: str, code: Any = "3051") -> dict[str, Any]:
    """The flat envelope of Mistral, old vLLM and SGLang."""
    return {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": code}


def openrouter(raw: Any) -> dict[str, Any]:
    """OpenRouter's envelope around a provider's words."""
    return {
        "error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": raw, "provider_name": "P"}}
    }


# -- overflow

OPENAI = "This model's maximum context length is 128000 tokens. However, your messages resulted in 130512 tokens"

#: wording -> (status, body, tokens used, window)
PROMPTS: dict[str, tuple[int, Any, int | None, int | None]] = {
    "OpenAI": (
        400,
        openai(f"{OPENAI}. Please reduce the length of the messages.", code="context_length_exceeded"),
        130512,
        128000,
    ),
    "OpenAI with functions": (
        400,
        openai(f"{OPENAI} (120512 in the messages, 10000 in the functions). Please reduce the length."),
        130512,
        128000,
    ),
    "OpenAI, configured limit": (
        400,
        openai("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 280123 tokens."),
        280123,
        272000,
    ),
    "OpenAI Responses": (
        400,
        openai("Your input exceeds the context window of this model. Please adjust your input and try again."),
        None,
        None,
    ),
    "OpenAI, code only": (400, openai("Too much.", code="context_length_exceeded"), None, None),
    "DeepSeek, the messages alone": (
        400,
        openai(
            "This model's maximum context length is 131072 tokens. However, you requested 148000 tokens (140000 in the "
            "messages, 8000 in the completion). Please reduce the length of the messages or completion."
        ),
        140000,
        131072,
    ),
    "Kimi": (
        400,
        openai("Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)"),
        269030,
        262144,
    ),
    "vLLM": (
        400,
        openai(
            "This model's maximum context length is 20000 tokens. However, your request has 25614 input tokens. Please "
            "reduce the length of the input messages.",
            type="BadRequestError",
            code=400,
        ),
        25614,
        20000,
    ),
    "SGLang": (
        400,
        mistral("The input (233864 tokens) is longer than the model's context length (202752 tokens).", 400),
        233864,
        202752,
    ),
    "NVIDIA": (
        400,
        openai(
            "This model's maximum context length is 196608 tokens. However, your messages resulted in 199906 tokens. "
            "Please reduce the length of the messages.",
            type="Bad Request",
            code=400,
        ),
        199906,
        196608,
    ),
    "Gemini": (
        400,
        {
            "error": {
                "code": 400,
                "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                "status": "INVALID_ARGUMENT",
            }
        },
        1200000,
        1048576,
    ),
    "Gemini in a list": (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "The input token count exceeds the maximum number of tokens allowed 1048576.",
                }
            }
        ],
        None,
        None,
    ),
    "xAI": (
        400,
        {
            "code": "Client specified an invalid argument",
            "error": "This model's maximum prompt length is 131072 but the request contains 136973 tokens.",
        },
        136973,
        131072,
    ),
    "Mistral": (
        400,
        mistral(
            "Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length"
        ),
        140000,
        131072,
    ),
    "Mistral, the model named": (
        400,
        mistral(
            "Prompt contains 40000 tokens, too large for model mistral-large-2411 with 32768 maximum context length"
        ),
        40000,
        32768,
    ),
    "a model name with a date": (
        400,
        openai("Model acme-20261005: maximum context length is 32768 tokens, your messages resulted in 40000 tokens."),
        40000,
        32768,
    ),
    "llama.cpp": (
        400,
        openai(
            "the request exceeds the available context size, try increasing it",
            type="exceed_context_size_error",
            n_prompt_tokens=9120,
            n_ctx=8192,
        ),
        9120,
        8192,
    ),
    "llama.cpp, the fields the other way round": (
        400,
        {
            "error": {
                "n_ctx": 8192,
                "n_prompt_tokens": 9120,
                "message": "the request exceeds the available context size",
            }
        },
        9120,
        8192,
    ),
    "llama.cpp, newer": (
        400,
        openai(
            "request (9120 tokens) exceeds the available context size (8192 tokens), try increasing it",
            n_prompt_tokens=9120,
            n_ctx=8192,
            code=400,
        ),
        9120,
        8192,
    ),
    "llama.cpp, type and fields alone": (
        400,
        {"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 9120, "n_ctx": 8192}},
        9120,
        8192,
    ),
    "Ollama": (
        400,
        {"error": "the prompt is longer than the context length currently available to the model; shorten the prompt"},
        None,
        None,
    ),
    "LM Studio": (
        400,
        {
            "error": "Trying to keep the first 9000 tokens when context the overflows. However, the model is loaded "
            "with context length of only 4096 tokens, which is not enough."
        },
        9000,
        4096,
    ),
    "LM Studio without numbers": (
        400,
        {"error": "The number of tokens to keep from the initial prompt is greater than the context length."},
        None,
        None,
    ),
    "OpenRouter, its provider's words": (
        400,
        openrouter(json.dumps(openai(f"{OPENAI}.", code="context_length_exceeded"))),
        130512,
        128000,
    ),
    "OpenRouter, an Anthropic provider": (
        400,
        openrouter('{"type":"error","error":{"message":"prompt is too long: 205000 tokens > 200000 maximum"}}'),
        205000,
        200000,
    ),
    "OpenRouter, a provider's status code": (
        400,
        openrouter(
            '{"error":{"code":400,"message":"request (9120 tokens) exceeds the available context size (8192 tokens)"}}'
        ),
        9120,
        8192,
    ),
    "OpenRouter, an object": (400, openrouter(openai(f"{OPENAI}.")), 130512, 128000),
    "Fireworks": (
        400,
        openai("The prompt is too long: 140000, model maximum context length: 131071"),
        140000,
        131071,
    ),
    "SiliconFlow": (
        400,
        {
            "code": 20015,
            "message": "length of prompt_tokens (98423) must be less than max_seq_len (98304).",
            "data": None,
        },
        98423,
        98304,
    ),
    "Z.ai": (400, openai("Prompt exceeds max length", code="1261"), None, None),
    "MiniMax": (200, openai("invalid params, context window exceeds limit (2013)", code=2013), None, None),
    "current length": (400, openai("Your current length is 40000 while limit is 32768"), 40000, 32768),
    "Copilot": (400, openai("prompt token count of 140000 exceeds the limit of 128000"), 140000, 128000),
    "Bedrock": (400, openai("Input is too long for requested model."), None, None),
    "DashScope": (400, openai("Range of input length should be [1, 129024]"), None, None),
    "too many tokens": (422, openai("Too many tokens in the prompt: 9000, the limit is 8192"), 9000, 8192),
    "numbers with commas": (
        400,
        openai("maximum context length is 131,072 tokens, your messages resulted in 140,000 tokens"),
        140000,
        131072,
    ),
    "Vertex": (413, openai("Prompt is too long"), None, None),
    "inside a running answer": (200, openai(f"{OPENAI}."), 130512, 128000),
    "as plain text": (400, f"{OPENAI}.", 130512, 128000),
    "as a server error": (500, openai(f"{OPENAI}."), 130512, 128000),
}


@pytest.mark.parametrize(("status", "body", "used", "limit"), PROMPTS.values(), ids=PROMPTS.keys())
def test_a_long_prompt(status: int, body: Any, used: int | None, limit: int | None) -> None:
    error = refused(status, body)
    assert isinstance(error, PromptTooLong), error
    assert (error.used, error.limit) == (used, limit)
    assert error.message == (
        "prompt is too long" if used is None else f"prompt is too long: {used} tokens > {limit} maximum"
    )
    assert (error.status, error.type) == (400, "invalid_request_error")


@pytest.mark.parametrize("status", [200, 400, 402, 403, 413, 422, 500, 502])
def test_a_long_prompt_is_told_by_its_words_and_not_by_the_status(status: int) -> None:
    assert isinstance(refused(status, openai(OPENAI)), PromptTooLong)


#: wording -> (status, body, tokens used, tokens wished, window); 0 used when the vendor names the wish alone
OUTPUTS: dict[str, tuple[int, Any, int, int, int]] = {
    "OpenAI": (
        400,
        openai(
            "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (8000 in the "
            "messages, 1000 in the completion). Please reduce the length of the messages or completion."
        ),
        8000,
        1000,
        8192,
    ),
    "OpenAI with functions": (
        400,
        openai(
            "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (6000 in the "
            "messages, 1500 in the functions, and 1500 in the completion)."
        ),
        7500,
        1500,
        8192,
    ),
    "vLLM, max_tokens above the window": (
        400,
        openai(
            "'max_tokens' or 'max_completion_tokens' is too large: 64000. This model's maximum context length is 20000 "
            "tokens and your request has 16614 input tokens (64000 > 20000 - 16614)."
        ),
        16614,
        64000,
        20000,
    ),
    "vLLM, max_tokens within the window": (
        400,
        openai(
            "'max_tokens' or 'max_completion_tokens' is too large: 8000. This model's maximum context length is 20000 "
            "tokens and your request has 16614 input tokens (8000 > 20000 - 16614)."
        ),
        16614,
        8000,
        20000,
    ),
    "vLLM, totals": (
        400,
        openai(
            "This model's maximum context length is 262144 tokens. However, you requested 262462 tokens (230462 in the "
            "messages, 32000 in the completion)."
        ),
        230462,
        32000,
        262144,
    ),
    "vLLM, newest": (
        400,
        openai(
            "This model's maximum context length is 131072 tokens. However, you requested 32000 output tokens and your "
            "prompt contains at least 99073 input tokens, for a total of at least 131073 tokens."
        ),
        99073,
        32000,
        131072,
    ),
    "vLLM, the wish alone": (
        400,
        openai("max_tokens=64000 cannot be greater than max_model_len=max_total_tokens=20000. Request fewer."),
        0,
        64000,
        20000,
    ),
    "SGLang": (
        400,
        mistral(
            "Requested token count exceeds the model's maximum context length of 262144 tokens. You requested a total "
            "of 262462 tokens: 230462 tokens from the input messages and 32000 tokens for the completion.."
        ),
        230462,
        32000,
        262144,
    ),
    "OpenRouter": (
        400,
        openai(
            "This endpoint's maximum context length is 131072 tokens. However, you requested about 150000 tokens "
            "(100000 of text input, 18000 of tool input, 32000 in the output). Please reduce the length of either one."
        ),
        118000,
        32000,
        131072,
    ),
    "Anthropic's own words": (
        400,
        openrouter(
            "input length and `max_tokens` exceed context limit: 180000 + 32000 > 200000, decrease input length"
        ),
        180000,
        32000,
        200000,
    ),
    "Ollama Cloud": (
        400,
        {"error": "max_tokens (384000) exceeds model's maximum output tokens (65536) for model x"},
        0,
        384000,
        65536,
    ),
    "OpenAI, output alone": (
        400,
        openai(
            "max_tokens is too large: 64000. This model supports at most 16384 completion tokens, whereas you provided "
            "64000."
        ),
        0,
        64000,
        16384,
    ),
}


@pytest.mark.parametrize(("status", "body", "used", "output", "limit"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_too_much_output_wished(status: int, body: Any, used: int, output: int, limit: int) -> None:
    error = refused(status, body)
    assert isinstance(error, OutputTooLong), error
    assert error.message.startswith(
        f"input length and `max_tokens` exceed context limit: {used} + {output} > {limit}, decrease input length"
    )
    assert error.status == 400


PLAIN_PROMPTS = {
    "Input exceeds the maximum tokens": "prompt is too long",
    "Request exceeds max tokens": "prompt is too long",
    "Rejected: exceeding maximum token": "prompt is too long",
    "Your prompt exceeded max tokens 131072": "prompt is too long",
    "Input length 200000 exceeds the maximum length 131072": "prompt is too long: 200000 tokens > 131072 maximum",
    "Prompt (200000 tokens) exceeds the maximum allowed size (131072)": (
        "prompt is too long: 200000 tokens > 131072 maximum"
    ),
    "The prompt is too large": "prompt is too long",
    "Input too large. Shorten the messages or raise max_tokens": "prompt is too long",
    "Input exceeds the maximum tokens per request, send fewer tools": "prompt is too long",
    "Input and output exceed the maximum tokens": "prompt is too long",
    "The model's maximum context limit is 131072": "prompt is too long",
    "It is longer than the model's context length": "prompt is too long",
    "It exceeds the available context size": "prompt is too long",
    "The context window of m-1 was exceeded": "prompt is too long",
    "This exceeds the context window": "prompt is too long",
    "Too many tokens in the prompt": "prompt is too long",
    "Prompt is too long": "prompt is too long",
    "The input token count exceeds the maximum number of tokens": "prompt is too long",
    "The request exceeds the model token limit": "prompt is too long",
    "Input tokens exceed the configured limit": "prompt is too long",
    "The maximum prompt length is 131072": "prompt is too long",
    "The current length is 200000 while limit is 131072": "prompt is too long: 200000 tokens > 131072 maximum",
}


@pytest.mark.parametrize(("words", "told"), PLAIN_PROMPTS.items(), ids=PLAIN_PROMPTS.keys())
@pytest.mark.parametrize("status", [400, 413, 422])
def test_plain_words_say_it_too(status: int, words: str, told: str) -> None:
    error = refused(status, openai(words))
    assert isinstance(error, PromptTooLong), error
    assert error.message == told


NO_OVERFLOW = {
    "a throttle": (429, openai("Request too large: maximum context length per minute is 30000 tokens")),
    "a body limit": (413, openai("Request exceeds the maximum size")),
    "credits": (402, openai("This request requires more credits, or fewer max_tokens.")),
    "another field": (400, openai("Invalid value for temperature: 1000")),
    "max_tokens of a wrong kind": (400, openai("max_tokens must be an integer")),
    "a wrong key": (401, openai("context_length is none of your business")),
    "an output cap": (400, openai("max_tokens exceeds maximum tokens 8192")),
    "an output cap with figures": (400, openai("max_completion_tokens (64000) exceeds the maximum tokens (8192)")),
    "an output cap in words": (400, openai("The output exceeds the maximum tokens")),
    "a thinking budget": (400, openai("thinking.budget_tokens exceeds max tokens")),
    "a throttle with another status": (400, openai("Input exceeds the maximum tokens per minute")),
    "a throttle by its name": (413, openai("Request too large for m-1 on tokens per minute (TPM): Limit 6000")),
    "an image": (400, openai("The image input is too large")),
    "a file": (413, openai("file input exceeds the maximum size")),
    "a tool's text": (400, openai("tools.0: tool input exceeds the maximum length 1024")),
    "a tool's description": (400, openai("tools.0.description is too long, maximum length 1024")),
    "a text field": (400, openai("string too long. Expected a string with maximum length 10485760")),
    "words of the conversation": (400, {**openai("Bad role"), "input": [{"text": "say: the prompt is too large"}]}),
}


@pytest.mark.parametrize(("status", "body"), NO_OVERFLOW.values(), ids=NO_OVERFLOW.keys())
def test_other_refusals_are_no_overflow(status: int, body: Any) -> None:
    assert not isinstance(refused(status, body), PromptTooLong | OutputTooLong)


@given(st.integers(1000, 2_000_000), st.integers(1, 500_000))
def test_numbers_are_told_apart_at_any_size(limit: int, above: int) -> None:
    used = limit + above
    for words in (
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {used} tokens.",
        f"The input ({used} tokens) is longer than the model's context length ({limit} tokens).",
        f"Your request exceeded model token limit: {limit} (requested: {used})",
        f"The input token count ({used}) exceeds the maximum number of tokens allowed ({limit}).",
    ):
        error = refused(400, openai(words))
        assert isinstance(error, PromptTooLong)
        assert (error.used, error.limit) == (used, limit)


@given(st.integers(1000, 1_000_000), st.integers(1000, 1_000_000), st.floats(0.1, 0.99))
def test_parts_are_told_apart_at_any_size(used: int, output: int, share: float) -> None:
    limit = max(used, int((used + output) * share))
    if limit >= used + output:
        return
    error = refused(
        400,
        openai(
            f"This model's maximum context length is {limit} tokens. However, you requested {used + output} tokens "
            f"({used} in the messages, {output} in the completion)."
        ),
    )
    assert isinstance(error, OutputTooLong)
    assert (error.used, error.output, error.limit) == (used, output, limit)


# -- models

UNKNOWN_MODELS = {
    "OpenAI": (404, openai("The model `m-1` does not exist or you do not have access to it.", code="model_not_found")),
    "DeepSeek": (400, openai("Model Not Exist")),
    "SiliconFlow": (400, {"code": 20012, "message": "Model does not exist. Please check it carefully.", "data": None}),
    "Kimi": (404, openai("Not found the model m-1 or Permission denied", type="resource_not_found_error")),
    "Fireworks": (404, openai("Model not found, inaccessible, and/or not deployed")),
    "Ollama": (404, {"error": "model 'm-1' not found"}),
    "Ollama, long": (404, {"error": 'model "m-1:7b" not found, try pulling it first'}),
    "Azure": (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}),
    "OpenRouter": (400, {"error": {"code": 400, "message": "m-1 is not a valid model ID"}}),
    "Mistral": (400, mistral("Invalid model: m-1", "1500")),
    "Groq": (404, openai("The model `m-1` does not exist or you do not have access to it.")),
    "Groq, a retired one": (400, openai("The model `m-1` has been decommissioned", code="model_decommissioned")),
    "Gemini": (404, openai("models/m-1 is not found for API version v1main, or is not supported", code=404)),
    "vLLM": (404, mistral("The model `org/m-1` does not exist.", 404)),
    "as an invalid entity": (422, openai("The model `m-1` does not exist.")),
    "xAI": (400, {"code": "x", "error": "The model m-1 does not exist or your team does not have access to it."}),
}


@pytest.mark.parametrize(("status", "body"), UNKNOWN_MODELS.values(), ids=UNKNOWN_MODELS.keys())
def test_an_unknown_model_is_named_as_the_client_named_it(status: int, body: Any) -> None:
    error = refused(status, body)
    assert isinstance(error, NotFound), error
    assert error.message.startswith("model: my-model (Acme: ")
    assert (error.status, error.type) == (404, "not_found_error")


KNOWN_MODELS = {
    "a parameter": (400, openai("For model `m-1`, the parameter top_p is not supported")),
    "a parameter of this model": (400, openai("Unsupported parameter: 'max_tokens' is not supported with this model.")),
    "pictures": (400, openai("This model does not support image input")),
    "a value": (400, openai("model `m-1`: the value of reasoning_effort is not valid, a file was not found")),
    "a wrong key": (401, openai("The model does not exist for this key")),
    "a forbidden one": (403, openai("The model does not exist for you")),
}


@pytest.mark.parametrize(("status", "body"), KNOWN_MODELS.values(), ids=KNOWN_MODELS.keys())
def test_other_refusals_do_not_hide_behind_the_model(status: int, body: Any) -> None:
    error = refused(status, body)
    assert isinstance(error, Rejected), error
    assert error.status == status


# -- statuses

STATUSES: dict[int, tuple[type[RialtoError], int, str, bool | None]] = {
    400: (Rejected, 400, "invalid_request_error", None),
    401: (Rejected, 401, "authentication_error", False),
    402: (Rejected, 402, "billing_error", False),
    403: (Rejected, 403, "permission_error", False),
    404: (Unreachable, 502, "api_error", False),
    405: (Unreachable, 502, "api_error", False),
    408: (TimedOut, 504, "timeout_error", None),
    409: (UpstreamError, 409, "conflict_error", None),
    413: (TooLarge, 413, "request_too_large", None),
    422: (Rejected, 400, "invalid_request_error", None),
    429: (RateLimited, 429, "rate_limit_error", None),
    499: (TimedOut, 504, "timeout_error", None),
    500: (UpstreamError, 500, "api_error", None),
    501: (UpstreamError, 502, "api_error", None),
    502: (UpstreamError, 502, "api_error", None),
    503: (Overloaded, 529, "overloaded_error", None),
    504: (TimedOut, 504, "timeout_error", None),
    524: (UpstreamError, 502, "api_error", None),
    529: (Overloaded, 529, "overloaded_error", None),
}


@pytest.mark.parametrize("body", ["", None, {}, openai("Something."), "<html><title>Oops</title></html>"], ids=str)
@pytest.mark.parametrize(("status", "expected"), STATUSES.items())
def test_status(status: int, expected: Any, body: Any) -> None:
    error = refused(status, body)
    assert (type(error), error.status, error.type, error.should_retry) == expected
    assert error.message.startswith("Acme: ")


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "ACME_API_KEY"), (403, "ACME_API_KEY"), (404, "https://api.acme.test/v1")]
)
def test_the_message_says_what_to_check(status: int, hint: str) -> None:
    assert hint in refused(status, openai("No.")).message


POLICIES = {
    "xAI": {
        "code": "The caller does not have permission to execute the specified operation",
        "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
    },
    "OpenRouter": {"error": {"code": 403, "message": "The model requires moderation and your input was flagged."}},
}


@pytest.mark.parametrize("body", POLICIES.values(), ids=POLICIES.keys())
def test_content_against_the_rules_is_no_matter_of_the_key(body: Any) -> None:
    error = refused(403, body)
    assert (error.status, error.type, error.should_retry) == (400, "invalid_request_error", False)
    assert "ACME_API_KEY" not in error.message


BARRED = ["Your account violates our usage policies", "The organization was disabled, see our usage policy"]


@pytest.mark.parametrize("words", BARRED)
def test_an_account_against_the_rules_is_a_matter_of_the_key(words: str) -> None:
    assert refused(403, openai(words)).status == 403


WRONG_KEYS = {
    "xAI": {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: ab***yz."},
    "Gemini": {"error": {"code": 400, "message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}},
}


@pytest.mark.parametrize("body", WRONG_KEYS.values(), ids=WRONG_KEYS.keys())
def test_a_wrong_key_is_a_401_whatever_its_status(body: Any) -> None:
    error = refused(400, body)
    assert (error.status, error.type, error.should_retry) == (401, "authentication_error", False)
    assert "ACME_API_KEY" in error.message


QUOTAS = {
    "OpenAI": (429, openai("You exceeded your current quota, please check your plan.", code="insufficient_quota"), 429),
    "OpenAI, credits": (429, openai("No credits.", code="credit_balance_exhausted"), 429),
    "OpenAI inside an answer": (200, openai("You exceeded your current quota", code="insufficient_quota"), 429),
    "Kimi": (429, openai("please check your account balance", type="exceeded_current_quota_error"), 429),
    "Kimi, the period": (429, openai("You've reached your usage limit for this period"), 429),
    "Z.ai, the plan": (429, openai("Usage limit reached for 5 hour. Your limit will reset at 10:00", code="1308"), 429),
    "Gemini, a day": (
        429,
        {
            "error": {
                "code": 429,
                "message": "Quota",
                "details": [{"violations": [{"quotaId": "RequestsPerDayPerProject"}]}],
            }
        },
        429,
    ),
    "OpenRouter, a day": (429, openai("Rate limit exceeded: free-models-per-day"), 429),
    "Groq, a day": (429, openai("Rate limit reached on tokens per day (TPD): Limit 100000. Try again in 7m12s."), 429),
    "DeepSeek": (402, openai("Insufficient Balance"), 402),
    "SiliconFlow": (403, {"code": 30001, "message": "Sorry, your account balance is insufficient", "data": None}, 402),
    "OpenRouter": (402, openai("This request requires more credits", code=402), 402),
    "Azure": (400, openai("billing_hard_limit_reached"), 402),
}


@pytest.mark.parametrize(("status", "body", "expected"), QUOTAS.values(), ids=QUOTAS.keys())
def test_an_empty_account_is_not_retried(status: int, body: Any, expected: int) -> None:
    error = refused(status, body, retry_after="30")
    assert (error.status, error.should_retry, error.retry_after) == (expected, False, None)


def test_a_tool_that_is_named_like_a_limit_is_none() -> None:
    error = refused(400, openai("Invalid schema for function 'rates_per_day': no type"))
    assert (type(error), error.status) == (Rejected, 400)


def google(quota: str, status: str = "RESOURCE_EXHAUSTED") -> dict[str, Any]:
    """Gemini's refusal: every limit is the current quota, and only the details tell which one."""
    violations = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": quota}]}
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.4s"}
    message = "You exceeded your current quota, please check your plan and billing details."
    return {"error": {"code": 429, "message": message, "status": status, "details": [violations, delay]}}


def behind_openrouter(raw: str) -> dict[str, Any]:
    """The same as OpenRouter hands it on."""
    metadata = {"raw": raw, "provider_name": "Google AI Studio"}
    return {"error": {"code": 429, "message": "Provider returned error", "metadata": metadata}}


MINUTE, DAY = "GenerateRequestsPerMinutePerProjectPerModel", "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
GOOGLE_BODIES: dict[str, Any] = {
    "its OpenAI endpoint": lambda quota: [google(quota)],
    "OpenRouter": lambda quota: behind_openrouter(json.dumps(google(quota))),
    "OpenRouter, in lines": lambda quota: behind_openrouter(json.dumps([google(quota)], indent=2)),
}


@pytest.mark.parametrize("body", GOOGLE_BODIES.values(), ids=GOOGLE_BODIES.keys())
def test_only_googles_quota_of_a_day_is_used_up(body: Any) -> None:
    error = refused(429, body(MINUTE))
    assert (type(error), error.should_retry, error.retry_after) == (RateLimited, None, 35)
    error = refused(429, body(DAY))
    assert (type(error), error.should_retry, error.retry_after) == (RateLimited, False, None)


def test_googles_words_alone_say_nothing_of_the_day() -> None:
    words = "You exceeded your current quota, see https://ai.google.dev/gemini-api/docs/rate-limits."
    assert refused(429, behind_openrouter(words)).should_retry is None
    others = {"raw": '{"error":{"code":"insufficient_quota"}}', "provider_name": "OpenAI"}
    assert refused(429, {"error": {"code": 429, "message": "no", "metadata": others}}).should_retry is False


THROTTLES = {
    "requests": (429, openai("Rate limit reached for requests", code="rate_limit_exceeded"), RateLimited),
    "Mistral": (429, {"message": "Requests rate limit exceeded"}, RateLimited),
    "nothing said": (429, "", RateLimited),
    "Gemini, a minute": (
        429,
        {"error": {"code": 429, "message": "RequestsPerMinute", "status": "RESOURCE_EXHAUSTED"}},
        RateLimited,
    ),
    "inside an answer": (200, {"error": {"code": 429, "message": "slow"}}, RateLimited),
    "inside an answer, by name": (200, openai("Too fast", code="rate_limit_exceeded"), RateLimited),
    "OpenAI slows down": (429, openai("Slow down.", code="slow_down"), Overloaded),
    "Kimi": (429, openai("The engine is currently overloaded, please try again later"), Overloaded),
    "OpenRouter": (
        200,
        {"error": {"code": 502, "message": "Provider returned error", "metadata": {"provider_code": "overloaded"}}},
        Overloaded,
    ),
    "Ollama": (503, {"error": "server busy, please try again. maximum pending requests exceeded"}, Overloaded),
    "OpenAI": (503, openai("busy", code="server_is_overloaded"), Overloaded),
    "DeepSeek breaks off": (200, {"error": {"message": "x", "code": "insufficient_system_resource"}}, Overloaded),
}


@pytest.mark.parametrize(("status", "body", "kind"), THROTTLES.values(), ids=THROTTLES.keys())
def test_a_throttle_may_be_retried(status: int, body: Any, kind: type[RialtoError]) -> None:
    error = refused(status, body, retry_after="7")
    assert type(error) is kind
    assert (error.should_retry, error.retry_after) == (None, 7)


INSIDE = {
    "a status": ({"error": {"code": 503, "message": "x"}}, 529),
    "a status as text": ({"error": {"code": "401", "message": "x"}}, 401),
    "a flat status": ({"status": 403, "title": "Forbidden"}, 403),
    "a word": ({"error": {"code": "server_error", "message": "x"}}, 502),
    "a number that is no status": ({"error": {"code": 20015, "message": "x"}}, 502),
    "text": ("boom", 502),
    "nothing": (None, 502),
    "a wrong key": ({"error": {"type": "authentication_error", "message": "x"}}, 401),
    "a bad request by name": ({"error": {"type": "invalid_request_error", "message": "x"}}, 400),
    "a bad request": ({"object": "error", "message": "bad", "code": 400}, 400),
}


@pytest.mark.parametrize(("body", "status"), INSIDE.values(), ids=INSIDE.keys())
def test_the_status_of_an_error_inside_an_answer(body: Any, status: int) -> None:
    assert refused(200, body).status == status


# -- waiting

WAITS: dict[str, tuple[dict[str, str], Any, int | None]] = {
    "seconds": ({"retry-after": "30"}, None, 30),
    "a fraction": ({"retry-after": "1.2"}, None, 2),
    "milliseconds first": ({"retry-after-ms": "2500", "retry-after": "30"}, None, 3),
    "too long": ({"retry-after": "3600"}, None, 3600),
    "nothing": ({}, None, None),
    "zero": ({"retry-after": "0"}, None, None),
    "negative": ({"retry-after": "-5"}, None, None),
    "a date": ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None, None),
    "no number": ({"retry-after": "nan"}, None, None),
    "no end": ({"retry-after": "inf"}, None, None),
    "broken": ({"retry-after-ms": "soon", "retry-after": "9"}, None, 9),
    "Google": ({}, {"error": {"details": [{"@type": "x.RetryInfo", "retryDelay": "34.4s"}]}}, 35),
    "Google behind OpenRouter": ({}, {"error": {"metadata": {"raw": '{"details": [{"retryDelay": "2.5s"}]}'}}}, 3),
    "Google in a list": ({}, [{"error": {"details": [{"retryDelay": "3s"}]}}], 3),
    "a broken body": ({}, "retryDelay", None),
}


@pytest.mark.parametrize(("headers", "body", "seconds"), WAITS.values(), ids=WAITS.keys())
def test_retry_after(headers: dict[str, str], body: Any, seconds: int | None) -> None:
    assert retry_after(headers, body) == seconds


# -- words

MESSAGES = {
    "OpenAI": (openai("words"), "words"),
    "Mistral": (mistral("words"), "words"),
    "text in error": ({"error": "words"}, "words"),
    "problem+json": ({"type": "urn:x", "title": "Forbidden", "status": 400, "detail": "words"}, "words"),
    "a list": ([openai("words")], "words"),
    "plain text": ("words\n", "words"),
    "a type only": ({"error": {"type": "words", "message": ""}}, "words"),
    "a code only": ({"error": {"code": "words"}}, "words"),
    "the provider's words": ({"error": {"message": "P", "metadata": {"raw": "words"}}}, "P: words"),
    "FastAPI": (
        {"detail": [{"loc": ["body", 0], "msg": "words", "input": "q"}, {"msg": "more"}, 7]},
        "body.0: words; more",
    ),
    "details as texts": ({"detail": ["words", "more"]}, "words; more"),
    "Mistral's list": (
        {"object": "error", "message": {"detail": [{"loc": ["body", "n"], "msg": "words"}]}},
        "body.n: words",
    ),
    "FastAPI's own object": ({"detail": {"error": "words"}}, "words"),
    "a message in an object": ({"message": {"message": "words", "content": "q"}}, "words"),
    "empty": ("", "HTTP 400 without a message"),
    "an empty list": ([], "HTTP 400 without a message"),
    "html": ("<!DOCTYPE html><html><head><title> 400 Bad </title></head></html>", "400 Bad"),
    "html without a title": ("<html><body>x</body></html>", "an HTML page instead of an answer"),
}


SECRETS = {
    "an object": ({"id": "1", "said": "what somebody said"}, "an answer of unknown form (its keys: id, said)"),
    "an answer of another wire": (
        {"model": "m", "message": {"role": "assistant", "content": "what somebody said"}},
        "an answer of unknown form (its keys: model, message)",
    ),
    "a list of parts": ({"detail": [{"input": "what somebody said"}]}, "an answer of unknown form (its keys: detail)"),
    "a long key": ({"k" * 9000: 1}, f"an answer of unknown form (its keys: {'k' * 40})"),
    "many keys": (
        {f"k{number}": 1 for number in range(500)},
        f"an answer of unknown form (its keys: {', '.join(f'k{number}' for number in range(12))})",
    ),
}


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(("body", "words"), SECRETS.values(), ids=SECRETS.keys())
def test_what_is_no_error_is_not_quoted(status: int, body: Any, words: str) -> None:
    assert refused(status, body).message == f"Acme: {words}"


SPOKEN = {"role": "user", "content": "account balance, invalid api key, context length, model not found"}
ITEM: dict[str, Any] = {"type": "extra_forbidden", "loc": ["body", "n"], "msg": "Extra inputs", "input": SPOKEN}
QUOTED = {
    "FastAPI": ({"detail": [ITEM]}, "body.n: Extra inputs"),
    "FastAPI, a long text": ({"detail": [{**ITEM, "input": SPOKEN["content"]}]}, "body.n: Extra inputs"),
    "Mistral": ({"object": "error", "message": {"detail": [ITEM]}}, "body.n: Extra inputs"),
    "vLLM": (
        openai("[{'msg': 'Extra inputs', 'input': {'content': 'account balance'}}]"),
        "[{'msg': 'Extra inputs', 'input': …",
    ),
    "in a provider's words": (
        {"error": {"message": "no", "metadata": {"raw": json.dumps({"detail": [ITEM]})}}},
        'no: {"detail": [{"type": "extra_forbidden", "loc": ["body", "n"], "msg": "Extra inputs", "input": …',
    ),
}


@pytest.mark.parametrize(("body", "words"), QUOTED.values(), ids=QUOTED.keys())
def test_words_of_the_conversation_that_a_refusal_quotes_decide_nothing(body: Any, words: str) -> None:
    error = refused(400, body)
    assert (type(error), error.status, error.message) == (Rejected, 400, f"Acme: {words}")


@pytest.mark.parametrize("text", ['{"said": "what somebody said', '[{"said": "what somebody said'])
def test_broken_json_in_a_running_answer_is_not_quoted(text: str) -> None:
    assert refused(200, text).message == "Acme: an answer that is no JSON, though it begins so"
    assert "somebody" in refused(400, text).message


@pytest.mark.parametrize("body", ["", "<html><title>301 Moved Permanently</title></html>"])
def test_a_redirect_is_named_with_its_target(body: str) -> None:
    error = refusal(ROUTE, 301, body, {"location": "https://api.acme.test/v2"})
    assert error.status == 502
    assert error.message.startswith("Acme: HTTP 301, a redirect to https://api.acme.test/v2")


def test_a_status_without_words_is_the_vendors_own() -> None:
    assert refusal(ROUTE, 204, "", {}).message == "Acme: HTTP 204 without a message"


@pytest.mark.parametrize(("body", "words"), MESSAGES.values(), ids=MESSAGES.keys())
def test_the_vendors_words_are_kept(body: Any, words: str) -> None:
    assert refused(400, body).message == f"Acme: {words}"


def test_words_have_an_end() -> None:
    assert len(refused(400, openai("a" * 100_000)).message) < MAX_WORDS + 50
    assert len(refused(400, "a" * 100_000).message) < MAX_WORDS + 50


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "detail", "status", "metadata", "raw"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(JSON, st.sampled_from([200, *STATUSES]))
def test_any_body_makes_an_error(body: Any, status: int) -> None:
    error = refused(status, body)
    assert isinstance(error, RialtoError)
    assert 400 <= error.status <= 599


# -- secrets

TAIL = "0123456789abc_DEF-ghij"
PREFIXES = ("sk-", "sk-proj-", "sk-or-v1-", "sk-kimi-", "gsk_", "nvapi-", "fw_", "xai-", "AIza", "tp-")
SECRETS = [KEY, *(prefix + TAIL for prefix in PREFIXES), f"rialto-{TAIL * 2}"]
PLACES = [
    lambda secret: openai(f"Incorrect API key provided: {secret}. Find yours at https://x"),
    lambda secret: {"error": f"bad header 'Authorization: Bearer {secret}'"},
    lambda secret: f"key={secret}",
    lambda secret: openai(f"Model does not exist for {secret}"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_no_key_in_any_message(status: int, secret: str, place: Any) -> None:
    message = refused(status, place(secret)).message
    assert secret not in message
    assert secret[6:] not in message
    assert "[key]" in message


def test_a_bearer_token_of_any_form_is_hidden() -> None:
    assert redact("Bearer eyJhbGciOi.J9.x", "") == "Bearer [key]"


@pytest.mark.parametrize("words", ["ask-for-help-about-things", "the task sk-1", "Bearer of news"])
def test_ordinary_words_stay(words: str) -> None:
    assert redact(words, "").startswith(words[:6])


@pytest.mark.parametrize("key", ["", "ollama"[:5]])
def test_a_short_key_is_no_secret(key: str) -> None:
    assert redact("the ollama server", key) == "the ollama server"


# -- the vendor's own reader


def test_a_vendors_own_error_comes_first_and_without_the_key() -> None:
    vendor = replace(VENDOR, error=lambda status, body: Rejected(f"{status}: {body} {KEY}"))
    error = refusal(replace(ROUTE, vendor=vendor), 429, "x", {})
    assert (type(error), error.message) == (Rejected, "Acme: 429: x [key]")


def test_a_model_that_the_vendors_own_reader_finds_unknown_is_named_as_the_client_named_it() -> None:
    vendor = replace(VENDOR, error=lambda status, body: NotFound(f"{body} is unknown"))
    error = refusal(replace(ROUTE, vendor=vendor), 400, "m-1", {})
    assert (type(error), error.message) == (NotFound, "model: my-model (Acme: m-1 is unknown)")


def test_a_prompt_that_the_vendors_own_reader_finds_too_long_keeps_the_words_that_the_client_knows() -> None:
    vendor = replace(VENDOR, error=lambda status, body: PromptTooLong(9, 8))
    assert refusal(replace(ROUTE, vendor=vendor), 400, "x", {}).message == "prompt is too long: 9 tokens > 8 maximum"


def test_a_vendor_that_says_nothing_leaves_it_to_the_rest() -> None:
    assert isinstance(refused(429, "x"), RateLimited)


def test_without_a_key_variable_the_key_is_named() -> None:
    route = replace(ROUTE, vendor=replace(VENDOR, key_variable=""))
    assert "(check the key)" in refusal(route, 401, "", {}).message


STEERED = {
    "a terminal's colour": ("\x1b[31mred\x1b[0m", "[31mred[0m"),
    "a bell and a null": ("a\x07b\x00c", "abc"),
    "a carriage return": ("all well\rfailed", "all wellfailed"),
    "C1": ("a\x9b2Jb\x85c", "a2Jbc"),
    "writing turned round": ("a\u202etxt.exe\u2066b", "atxt.exeb"),
    "lines and tabs stay": ("a\n\tb", "a\n\tb"),
    "letters stay": ("naïve 漢字 🙂", "naïve 漢字 🙂"),
    "a key that is broken by them": ("sk-AbCdEf\x000123456789ijkl", "[key]"),
    "our key that is broken by them": (f"{KEY[:8]}\x1b{KEY[8:]}", "[key]"),
}


@pytest.mark.parametrize(("said", "told"), STEERED.values(), ids=STEERED.keys())
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 200])
def test_nothing_that_steers_a_terminal_passes(said: str, told: str, status: int) -> None:
    assert told in refusal(ROUTE, status, {"error": {"message": said}}, {}).message
