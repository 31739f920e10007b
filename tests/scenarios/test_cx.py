"""CX: what does not fit into a model's window."""

from __future__ import annotations

from typing import Any

import pytest

from app import create_app
from app.settings.settings import Settings
from tests.scenarios.answers import Json, answer, words
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, user
from tests.scenarios.wires import EVERY, TRANSLATED, Chat
from tests.support.native_wires import event
from tests.support.scripted_server import json_answer

TOO_LONG = "prompt is too long"


def said(message: str, code: Any = None, kind: str = "invalid_request_error") -> Json:
    """An error in OpenAI's form."""
    return {"error": {"message": message, "type": kind, "param": "messages", "code": code}}


#: Vendor's model -> (status, body, the client's sentence).
WORDINGS: dict[str, tuple[str, int, Any, str]] = {
    "OpenAI": (
        "chat",
        400,
        said(
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 150001 tokens.",
            "context_length_exceeded",
        ),
        f"{TOO_LONG}: 150001 tokens > 128000 maximum",
    ),
    "OpenAI without numbers": (
        "chat",
        400,
        said(
            "Your input exceeds the context window of this model. Please adjust your input.", "context_length_exceeded"
        ),
        TOO_LONG,
    ),
    "Responses": (
        "responses",
        400,
        said(
            "Your input exceeds the context window of this model. Please adjust your input.", "context_length_exceeded"
        ),
        TOO_LONG,
    ),
    "SGLang": (
        "chat",
        400,
        {
            "object": "error",
            "message": "The input (300000 tokens) is longer than the model's context length (262144 tokens).",
            "code": 400,
        },
        f"{TOO_LONG}: 300000 tokens > 262144 maximum",
    ),
    "vLLM, input alone": (
        "chat",
        400,
        said(
            "This model's maximum context length is 262144 tokens. However, you requested 332462 tokens "
            "(300462 in the messages, 32000 in the completion). Please reduce the length of the messages.",
            400,
        ),
        f"{TOO_LONG}: 300462 tokens > 262144 maximum",
    ),
    "DeepSeek": (
        "deepseek/deepseek-v4-pro",
        400,
        said(
            "This model's maximum context length is 131072 tokens. However, you requested 190000 tokens "
            "(186000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion."
        ),
        f"{TOO_LONG}: 186000 tokens > 131072 maximum",
    ),
    "Kimi": (
        "kimi/kimi-k2.6",
        400,
        said("Invalid request: Your request exceeded model token limit: 262144 (requested: 300005)"),
        f"{TOO_LONG}: 300005 tokens > 262144 maximum",
    ),
    "Gemini": (
        "gemini",
        400,
        {
            "error": {
                "code": 400,
                "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                "status": "INVALID_ARGUMENT",
            }
        },
        f"{TOO_LONG}: 1200000 tokens > 1048576 maximum",
    ),
    "llama.cpp": (
        "chat",
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 9000,
                "n_ctx": 4096,
            }
        },
        f"{TOO_LONG}: 9000 tokens > 4096 maximum",
    ),
    "Ollama": (
        "ollama",
        400,
        {"error": "the prompt is too long: 70000, current length is 70000 while limit is 65536"},
        TOO_LONG,
    ),
    "an endpoint of Anthropic's kind": (
        "repaired",
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": f"{TOO_LONG}: 70000 tokens > 65536 maximum"},
        },
        f"{TOO_LONG}: 70000 tokens > 65536 maximum",
    ),
    "Anthropic": (
        "passthrough",
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": f"{TOO_LONG}: 210000 tokens > 200000 maximum"},
        },
        f"{TOO_LONG}: 210000 tokens > 200000 maximum",
    ),
}


@over()
def test_cx_1_every_wording_becomes_the_one_that_compacts(rig: Rig) -> None:
    tried = 0
    for name, (model, status, body, sentence) in WORDINGS.items():
        own = model == rig.wire.name
        if not own and not ("/" in model and rig.wire.name == "chat"):
            continue
        tried += 1
        for stream in (True, False):
            rig.vendor.play(lambda request, body=body, status=status: json_answer(body, status))
            outcome = rig.ask(stream, **({} if own else {"model": model}))
            assert (outcome.status, outcome.error["type"]) == (400, "invalid_request_error"), name
            assert outcome.error["message"].startswith(sentence), name
    assert tried


VLLM = (
    "Requested token count exceeds the model's maximum context length of 262144 tokens. You requested a total of "
    "262462 tokens: 230462 tokens from the input messages and 32000 tokens for the completion."
)


@over("chat", "responses", "repaired")
def test_cx_2_only_the_output_does_not_fit(rig: Rig) -> None:
    """A second try with what is left of the window, or the sentence that makes the client try that."""
    rig.play(rig.wire.refusal(400, VLLM), answer("Hello."))
    outcome = rig.ask(max_tokens=32000)
    if outcome.status == 200:
        assert outcome.brief == ["Hello."]
        first, second = rig.vendor.bodies
        field = next(name for name in ("max_tokens", "max_completion_tokens", "max_output_tokens") if name in first)
        assert (first[field], second[field]) == (32000, 262144 - 230462)
        assert {**first, field: 0} == {**second, field: 0}
    else:
        assert outcome.status == 400
        assert "input length and `max_tokens` exceed context limit: 230462 + 32000 > 262144" in outcome.error["message"]


@over("chat")
def test_cx_2_no_room_for_a_useful_answer(rig: Rig) -> None:
    """A second try would end after a few words; a shorter conversation helps more."""
    tight = VLLM.replace("262462", "294044").replace("230462", "262044")
    rig.vendor.play(lambda request: json_answer(said(tight), 400))
    outcome = rig.ask(max_tokens=32000)
    assert outcome.status == 400
    assert "262044 + 32000 > 262144" in outcome.error["message"]


@over()
def test_cx_4_too_large_a_body(rig: Rig) -> None:
    rig.vendor.play(lambda request: rig.wire.refusal(413, "Request body too large."))
    outcome = rig.ask()
    assert (outcome.status, outcome.error["type"]) == (413, "request_too_large")


@over(*TRANSLATED)
def test_cx_4_too_large_for_the_window(rig: Rig) -> None:
    rig.vendor.play(lambda request: rig.wire.refusal(413, "Input exceeds the model's context window of 128000 tokens."))
    outcome = rig.ask()
    assert (outcome.status, outcome.error["type"]) == (400, "invalid_request_error")
    assert outcome.error["message"].startswith(TOO_LONG)


FULL = "This model's maximum context length is 128000 tokens. However, your messages resulted in 150001 tokens."
BEGUN = answer(words("Hel"), ending="")


@over()
def test_cx_5_an_overflow_in_the_middle(rig: Rig) -> None:
    told = f"{TOO_LONG}: 150001 tokens > 128000 maximum" if rig.wire.name == "passthrough" else FULL
    code = "context_length_exceeded" if rig.wire.name in ("chat", "responses") else ""
    outcome = rig.chunks(*rig.wire.stream(BEGUN), rig.wire.fault(told, code))
    assert outcome.status == 200
    assert outcome.end["type"] == "error"
    assert outcome.error["message"].startswith(f"{TOO_LONG}: 150001 tokens > 128000 maximum")
    assert "message_stop" not in outcome.text


@over(*TRANSLATED)
def test_cx_5_an_overflow_before_the_first_word(rig: Rig) -> None:
    code = "context_length_exceeded" if rig.wire.name in ("chat", "responses") else ""
    outcome = rig.chunks(rig.wire.fault(FULL, code))
    assert (outcome.status, outcome.error["type"]) == (400, "invalid_request_error")
    assert outcome.error["message"].startswith(f"{TOO_LONG}: 150001 tokens > 128000 maximum")


FULL_WINDOW = {
    "type": "message_delta",
    "delta": {"stop_reason": "model_context_window_exceeded", "stop_sequence": None},
    "usage": {"input_tokens": 5, "output_tokens": 3},
}


@over("chat", "repaired", "passthrough")
def test_cx_5_the_window_is_full_behind_some_words(rig: Rig) -> None:
    """The stop reason of that name, which loses nothing that was said."""
    if rig.wire.name == "chat":
        pieces = [*rig.wire.stream(BEGUN), Chat.chunk({}, "model_context_window_exceeded")]
    else:
        *begun, _, end = rig.wire.stream(answer(words("Hel")))
        pieces = [*begun, event(FULL_WINDOW), end]
    outcome = rig.chunks(*pieces)
    assert outcome.brief == ["Hel"]
    assert outcome.stop == "model_context_window_exceeded"


LARGE = "[1m]"


@over()
def test_cx_7_the_mark_of_a_large_window_is_not_sent(rig: Rig) -> None:
    rig.play(answer("Hello."))
    outcome = rig.ask(model=rig.wire.model + LARGE)
    assert outcome.status == 200
    assert outcome.sound[0]["message"]["model"] == rig.wire.model + LARGE
    assert LARGE not in rig.sent.path + rig.sent.body.decode()
    beta = rig.sent.headers.get("anthropic-beta", "")
    assert ("context-1m" in beta) == (rig.wire.name == "passthrough")


@over("passthrough")
def test_cx_7_the_beta_stands_once_beside_others(rig: Rig) -> None:
    for given, expected in (
        ("context-1m-2025-08-07", ["context-1m-2025-08-07"]),
        ("a-2025-01-01", ["a-2025-01-01", "context-1m-2025-08-07"]),
    ):
        rig.play(answer("Hello."))
        rig.ask(model=rig.wire.model + LARGE, headers={"anthropic-beta": given})
        assert rig.sent.headers["anthropic-beta"].replace(" ", "").split(",") == expected


@over("chat")
def test_cx_7_large_models_are_listed_with_the_mark(rig: Rig) -> None:
    rows = rig.client.get("/v1/models?limit=1000").get_json()["data"]
    windows = {row["id"]: row["max_input_tokens"] for row in rows}
    large = {name: window for name, window in windows.items() if name.endswith(LARGE)}
    assert 1_048_576 in large.values()
    assert min(large.values()) >= 1_000_000
    assert all(windows[name.removesuffix(LARGE)] == window for name, window in large.items())


@over("ollama")
def test_cx_8_ollama_cuts_nothing_in_silence(rig: Rig) -> None:
    """The window is sent, cutting is forbidden, and the refusal that follows is the one that compacts."""
    refusal = {"error": "the prompt is longer than the context window, current length is 70000 while limit is 65536"}
    rig.vendor.play(lambda request: json_answer(refusal, 400))
    outcome = rig.ask(messages=[user("word " * 20000)])
    body = rig.vendor.bodies[0]
    assert (body["truncate"], body["shift"]) == (False, False)
    assert body["options"]["num_ctx"] >= 4096
    assert (outcome.status, outcome.error["type"]) == (400, "invalid_request_error")
    assert outcome.error["message"].startswith(TOO_LONG)


def test_cx_1_the_table_knows_every_wire() -> None:
    assert {model for model, *_ in WORDINGS.values() if "/" not in model} == set(EVERY)


@over("ollama")
def test_cx_8_a_prompt_that_cannot_fit(rig: Rig) -> None:
    """Whoever finds out first: the client hears it with numbers, and no shortened prompt is answered."""
    rig.vendor.play(lambda request: json_answer({"error": "the prompt is too long: limit is 65536"}, 400))
    outcome = rig.ask(messages=[user("word " * 400_000)])
    assert (outcome.status, outcome.error["type"]) == (400, "invalid_request_error")
    assert outcome.error["message"].startswith(TOO_LONG)


def advice(capsys: pytest.CaptureFixture[str], window: int) -> str:
    """What Rialto prints at its start for a model with that window."""
    given = {"OLLAMA_HOST": "http://127.0.0.1:9", "BIG_MODEL": "ollama-haiku", "MIDDLE_MODEL": "ollama-haiku"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.settings.settings.STATE_DIR", None)
        small = {"SMALL_MODEL": "ollama-haiku", "OLLAMA_HAIKU_CONTEXT_WINDOW": str(window)}
        create_app(Settings.load(given | small))
    return capsys.readouterr().err


def test_cx_6_the_client_is_told_the_window(capsys: pytest.CaptureFixture[str]) -> None:
    """It would assume 200,000; its own floor for the other variable is 100,000."""
    told = advice(capsys, 65_536)
    assert "CLAUDE_CODE_MAX_CONTEXT_TOKENS=65536" in told
    assert "CLAUDE_CODE_AUTO_COMPACT_WINDOW=100000" in told
    assert "claude-" in told
    assert "Warning" not in told


def test_cx_6_a_window_that_is_too_small(capsys: pytest.CaptureFixture[str]) -> None:
    told = advice(capsys, 40_000)
    assert "Warning" in told and "40,000" in told
    assert "CLAUDE_CODE_MAX_CONTEXT_TOKENS=40000" in told
