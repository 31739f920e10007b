"""What refusals teach: asked once more at once, left out from then on, forgotten after a week, each model by itself."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.memory.learned import WEEK, Learned, place
from app.memory.store import Store
from app.settings.settings import Settings
from tests.support.media_samples import image
from tests.support.routes import route
from tests.support.scripted_server import Answer, ScriptedServer, json_answer
from translators.core.blocks import IMAGE_NOTE

ANSWER = json_answer({"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}]})


def refusal(message: str) -> Answer:
    return json_answer({"error": {"message": message, "type": "invalid_request_error"}}, 400)


NO_TEMPERATURE = refusal("Unsupported parameter: 'temperature' is not supported with this model.")


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def rialto(vendor: ScriptedServer) -> Flask:
    environment = {"GROQ_BASE_URL": f"{vendor.url}/v1", "GROQ_API_KEY": "key-of-groq", "LEARN_LIMITS": "0"}
    environment |= {"PROVIDER_BASE_URL": f"{vendor.url}/other/v1", "ANTHROPIC_API_BASE": f"{vendor.url}/anthropic"}
    return create_app(Settings.load({**environment, "ANTHROPIC_API_KEY": "key-of-anthropic"}))


@pytest.fixture
def client(rialto: Flask) -> FlaskClient:
    return rialto.test_client()


def ask(client: FlaskClient, model: str = "groq/model-one", **fields: Any) -> int:
    body = {"model": model, "max_tokens": 100_000, "messages": [{"role": "user", "content": "hi"}], **fields}
    return client.post("/v1/messages", json=body).status_code


def test_a_lesson_is_kept_for_the_model_alone(
    client: FlaskClient, vendor: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.play([NO_TEMPERATURE, *[ANSWER] * 4])
    with caplog.at_level(logging.INFO, "rialto"):
        wished = {"temperature": 0.5}
        assert [ask(client, **wished), ask(client, **wished)] == [200, 200]
        assert [ask(client, f"{vendor_name}/model-two", **wished) for vendor_name in ("groq", "openai_compatible")] == [
            200,
            200,
        ]
    assert ["temperature" in body for body in vendor.bodies] == [True, False, False, True, True]
    assert [record.getMessage() for record in caplog.records if "remembered" in record.message] == [
        "Groq does not take temperature for model-one; remembered for a week"
    ]


def test_several_lessons_one_after_the_other(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([NO_TEMPERATURE, refusal("Unsupported parameter: 'top_p'"), ANSWER, ANSWER])
    assert [ask(client, temperature=0.5, top_p=0.5) for _ in range(2)] == [200, 200]
    assert [{"temperature", "top_p"} & set(body) for body in vendor.bodies] == [
        {"temperature", "top_p"},
        {"top_p"},
        set(),
        set(),
    ]


def test_a_refusal_that_stays_teaches_nothing(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([NO_TEMPERATURE, refusal("the weather is bad"), ANSWER])
    assert [ask(client, temperature=0.5) for _ in range(2)] == [400, 200]
    assert ["temperature" in body for body in vendor.bodies] == [True, False, True]


def test_a_vendor_that_refuses_for_ever_is_not_asked_for_ever(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([NO_TEMPERATURE] * 9)
    assert ask(client, temperature=0.5) == 400
    assert len(vendor.bodies) == 2


def test_the_longest_output(client: FlaskClient, vendor: ScriptedServer) -> None:
    too_large = "max_tokens is too large: 65536. This model supports at most 16384 completion tokens"
    vendor.play([refusal(too_large), ANSWER, ANSWER])
    assert [ask(client), ask(client)] == [200, 200]
    limits = [body.get("max_completion_tokens") or body["max_tokens"] for body in vendor.bodies]
    assert limits[0] > 16_384 and limits[1:] == [16_384, 16_384]


def test_a_full_window_is_no_lesson(client: FlaskClient, vendor: ScriptedServer) -> None:
    full = (
        "This model's maximum context length is 20000 tokens. However, you requested 116000 tokens (16000 in the "
        "messages, 100000 in the completion)."
    )
    vendor.play([refusal(full), ANSWER, ANSWER])
    model = "openai_compatible/m"
    assert [ask(client, model), ask(client, model)] == [200, 200]
    assert [body["max_tokens"] for body in vendor.bodies] == [100_000, 4_000, 100_000]


KIMI_FULL = "Invalid request: Your request exceeded model token limit: {} (requested: {})"
NEEDLESS = "This model's maximum prompt length is 131072 but the request contains 136973 tokens."


@pytest.mark.parametrize(
    ("words", "status", "limits"),
    {
        "the wish alone": ((KIMI_FULL.format(262_144, 300_000),), 200, [100_000, 62_144]),
        "OpenAI's words": (
            ("maximum context length is 20000 tokens. However, you requested 116000 tokens.",),
            200,
            [100_000, 4_000],
        ),
        "the prompt as well": ((KIMI_FULL.format(262_144, 400_000),), 400, [100_000]),
        "hardly room": ((KIMI_FULL.format(262_144, 361_121),), 400, [100_000]),
        "not even then": (
            (KIMI_FULL.format(262_144, 300_000), KIMI_FULL.format(262_144, 362_144)),
            400,
            [100_000, 62_144],
        ),
        "of the prompt alone": ((NEEDLESS,), 400, [100_000]),
    }.values(),
    ids=str,
)
def test_a_full_window_that_counts_the_wish(
    client: FlaskClient, vendor: ScriptedServer, words: tuple[str, ...], status: int, limits: list[int]
) -> None:
    """Kimi says how much was requested with what it was to answer, but not how much of each."""
    vendor.play([*map(refusal, words), ANSWER])
    assert ask(client, "openai_compatible/m") == status
    assert [body["max_tokens"] for body in vendor.bodies] == limits


def test_simpler_forms_of_structured_output(client: FlaskClient, vendor: ScriptedServer) -> None:
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}}
    wish = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    vendor.play(
        [
            refusal("This model does not support response format `json_schema`."),
            refusal("Json mode is not supported for this model."),
            *[json_answer({"choices": [{"message": {"content": '{"answer": "a"}'}, "finish_reason": "stop"}]})] * 2,
        ]
    )
    assert [ask(client, "openai_compatible/m", **wish) for _ in range(2)] == [200, 200]
    forms = [(body.get("response_format") or {}).get("type") for body in vendor.bodies]
    assert forms == ["json_schema", "json_object", None, None]
    assert ['"answer"' in str(body["messages"]) for body in vendor.bodies] == [False, True, True, True]


BLIND = {
    "OpenRouter": (404, "No endpoints found that support image input"),
    "llama.cpp": (500, "image input is not supported - hint: you may need to provide the mmproj"),
    "DeepSeek": (400, "unknown variant `image_url`, expected `text`"),
}


def with_image(*later: str) -> list[Any]:
    """A conversation that began with an image."""
    talk: list[Any] = [{"role": "user", "content": [image(), {"type": "text", "text": "what is it?"}]}]
    for number, words in enumerate(later):
        talk.append({"role": "user" if number % 2 else "assistant", "content": words})
    return talk


@pytest.mark.parametrize(("status", "words"), BLIND.values(), ids=BLIND.keys())
def test_a_model_that_cannot_see_gets_a_note(
    client: FlaskClient, vendor: ScriptedServer, status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    vendor.play([json_answer({"error": {"message": words}}, status), *[ANSWER] * 3])
    model = "openai_compatible/m"
    with caplog.at_level(logging.INFO, "rialto"):
        assert [ask(client, model, messages=talk) for talk in (with_image(), with_image("a", "b"))] == [200, 200]
    assert ["image_url" in str(body) for body in vendor.bodies] == [True, False, False]
    assert [IMAGE_NOTE in str(body) for body in vendor.bodies] == [False, True, True]
    assert "does not take images for m; remembered for a week" in caplog.text
    assert client.get(f"/v1/models/{model}").get_json()["capabilities"]["image_input"] == {"supported": False}
    assert ask(client, "openai_compatible/other", messages=with_image()) == 200
    assert "image_url" in str(vendor.bodies[-1])


def test_an_image_that_is_refused_for_itself_teaches_nothing(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([refusal("Image type image/bmp is not supported"), ANSWER])
    assert ask(client, "openai_compatible/m", messages=with_image()) == 400
    assert ask(client, "openai_compatible/m", messages=with_image()) == 200
    assert ["image_url" in str(body) for body in vendor.bodies] == [True, True]


def test_a_request_without_images_teaches_nothing_of_them(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([refusal("this model does not support image input"), ANSWER])
    assert ask(client, "openai_compatible/m") == 400
    assert ask(client, "openai_compatible/m", messages=with_image()) == 200
    assert "image_url" in str(vendor.bodies[-1])


def test_anthropic_speaks_for_itself(client: FlaskClient, vendor: ScriptedServer) -> None:
    vendor.play([NO_TEMPERATURE])
    assert ask(client, "anthropic/claude-sonnet-5", temperature=0.5) == 400
    assert len(vendor.bodies) == 1


def test_a_lesson_is_forgotten() -> None:
    now = [0.0]
    learned = Learned(Store(clock=lambda: now[0]), clock=lambda: now[0])
    learned.remember(route(), {"think": None})
    now[0] = WEEK - 1
    learned.remember(route(), {"top_p": None})
    assert learned.lessons(route()) == {"think": None, "top_p": None}
    now[0] = WEEK + 1
    assert learned.lessons(route()) == {"top_p": None}
    now[0] = 2 * WEEK
    assert learned.lessons(route()) == {}


def test_places_differ_by_model_and_address_and_hold_no_password() -> None:
    routes = [route(), route(model="other"), route(key="another-key")]
    there = [place(one) for one in routes]
    assert there[0] == there[2] != there[1]
    assert "acme.test" not in there[0]
