"""The running app before scripted vendors, and what every answer of it must be."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import responses
from flask.testing import FlaskClient
from requests import PreparedRequest

from app import create_app
from app.settings.settings import Settings
from tests.conformance.kit import Json, frame_events
from tests.conformance.targets import CHOICES, KEY
from tests.support.grammar import complaints
from translators import vendors

ANYWHERE = re.compile("https?://.*")
#: What an address contains -> the wire behind it.
PLACES = {
    "/chat/completions": "openai_chat",
    "/responses": "openai_responses",
    "enerateContent": "gemini",
    "/api/chat": "ollama_chat",
    "/v1/messages": "anthropic_messages",
}
UNFIT = "does not match the JSON schema"
MODELS = tuple(f"{name}/{model}" for name, vendor in sorted(vendors().items()) for model in vendor.models[:2] or ("m",))


@cache
def client(choice: int) -> FlaskClient:
    """A client of Rialto with a key for every vendor and one of the wires of those that have several. No address of a
    request is opened, and a failure is not tried again.
    """
    keys = {vendor.key_variable: KEY for vendor in vendors().values() if vendor.key_variable}
    homeless = [vendor for vendor in vendors().values() if not vendor.base_url]
    addresses = {vendor.address_variable: f"https://{vendor.name}.test/v1" for vendor in homeless}
    quiet = {"URL_FETCH": "off", "RETRY_BUDGET": "0"}
    return create_app(Settings.load({**keys, **addresses, **quiet, **CHOICES[choice]})).test_client()


@contextmanager
def scripted_vendors() -> Iterator[responses.RequestsMock]:
    """Every vendor says a few words to whatever it is asked."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in (responses.POST, responses.GET):
            mock.add_callback(method, ANYWHERE, callback=answered)
        yield mock


def answered(request: PreparedRequest) -> tuple[int, dict[str, str], bytes]:
    """A short answer on the wire of the address; 404 where there is none, counters included."""
    wire = next((name for part, name in PLACES.items() if part in str(request.url)), "")
    if not wire or request.method != "POST" or "count" in str(request.url) or "input_tokens" in str(request.url):
        return 404, {}, b'{"error": {"message": "nothing here"}}'
    streamed = "streamGenerateContent" in str(request.url) or bool(json.loads(request.body or b"").get("stream"))
    return 200, {}, spoken(wire)("Hello.", streamed)


@cache
def spoken(wire: str) -> Callable[[str, bool], bytes]:
    """What says a few words on a wire."""
    found: Callable[[str, bool], bytes] = importlib.import_module(f"tests.conformance.wires.{wire}").WIRE.spoken
    return found


def check(answer: Any) -> None:
    """The answer is a good one, or an error of the client's in the envelope; what the scripted vendors say fits no
    schema.
    """
    if not answer.data:
        assert answer.status_code < 500 and answer.request.method in ("HEAD", "OPTIONS"), f"nothing: {answer.status}"
    elif answer.status_code != 200:
        check_envelope(answer.json)
        assert 400 <= answer.status_code < 500 or UNFIT in answer.text, f"{answer.status}: {answer.text}"
    elif answer.mimetype == "text/event-stream":
        check_events(list(frame_events(answer.data)))
    else:
        assert isinstance(answer.json, dict) and answer.json.get("type") != "error", answer.json


def check_events(events: list[Json]) -> None:
    """The events make a message. Anthropic's own counts, which pass as they are, hold more than numbers."""
    wrong = [complaint for complaint in complaints(events) if not complaint.startswith("usage")]
    assert wrong == [], f"{wrong}: {events}"
    assert events[-1]["type"] == "message_stop" or UNFIT in str(events[-1]), events


def check_envelope(found: Json) -> None:
    """Anthropic's form of an error, with words in it."""
    assert found["type"] == "error" and found["request_id"], found
    error = found["error"]
    assert isinstance(error["type"], str) and error["type"].endswith("_error"), error
    assert isinstance(error["message"], str) and error["message"].strip(), error
