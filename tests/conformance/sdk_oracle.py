"""The answer oracle: the official `anthropic` SDK talks to the running app and rebuilds the expected message."""

from __future__ import annotations

from typing import Any

import anthropic
import httpx2
from flask import Flask

from tests.conformance.answer_laws import ESTIMATE, difference, same_error
from tests.conformance.kit import Case, Json
from tests.conformance.mocked import Answer, mocked_vendors, new_app, running_app
from tests.conformance.readable import normalised
from tests.conformance.targets import choice_of
from translators.core.message import UNPARSED

TYPED = ("model", "max_tokens", "messages")


def client(app: Flask) -> anthropic.Anthropic:
    """The SDK, wired to the app without a network."""
    transport = httpx2.WSGITransport(app=app)
    http = httpx2.Client(transport=transport)
    return anthropic.Anthropic(base_url="http://localhost", api_key="test-key", max_retries=0, http_client=http)


def asked(case: Case) -> dict[str, Any]:
    """The request as arguments of the SDK; what its types lack goes as it is."""
    message = {**case.request, "model": model(case)}
    rest = {key: value for key, value in message.items() if key not in (*TYPED, "stream")}
    return {**{key: message[key] for key in TYPED}, "extra_body": rest}


def model(case: Case) -> str:
    """The name that reaches the case's model."""
    return f"{case.vendor}/{case.route.model}"


def answer_of(case: Case) -> Answer:
    """The vendor's answer."""
    return case.head["status"], case.head["headers"], case.answer


def rebuilt(case: Case, app: Flask) -> Json:
    """The message as the SDK hands it out."""
    with mocked_vendors(lambda body: answer_of(case)):
        if not case.request["stream"]:
            return client(app).messages.create(**asked(case)).model_dump()
        with client(app).messages.stream(**asked(case)) as stream:
            return stream.get_final_message().model_dump()


def trimmed(found: Any, expected: Any) -> Any:
    """What was found, without the optional fields that the SDK adds as null."""
    if isinstance(found, dict) and isinstance(expected, dict):
        if UNPARSED in expected:  # the SDK keeps what can be read of arguments that were cut off
            return expected
        return {
            key: trimmed(value, expected.get(key))
            for key, value in found.items()
            if value is not None or key in expected
        }
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        return [trimmed(one, other) for one, other in zip(found, expected, strict=True)]
    return found


def rebuilds(case: Case) -> None:
    """The SDK's message is the expected one."""
    expected = {**case.expected, "model": model(case)}
    found = trimmed(normalised(rebuilt(case, running_app(choice_of(case.route)))), expected)
    if expected["usage"] == ESTIMATE:
        found["usage"] = ESTIMATE
    assert found == expected, difference(found, expected)


def raises(case: Case) -> None:
    """The SDK raises the expected error. The app is a new one: one that has seen a vendor fail may not ask it again."""
    expected = case.expected["error"]
    words = str(expected["message_contains"]).replace(case.request["model"], model(case))
    try:
        message = rebuilt(case, new_app(choice_of(case.route)))
    except anthropic.APIStatusError as error:
        assert isinstance(error.body, dict)
        same_error(error.body["error"], {**expected, "message_contains": words})
        assert error.status_code in (200, expected.get("status")), f"HTTP {error.status_code}"
    else:
        raise AssertionError(f"no error but {message}")
