"""What messages call a vendor and a model: the vendor by its title, the model as the client named it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.bodies import refused, route
from translators import vendors
from translators.core.answer import message_stream
from translators.core.errors import NotFound

QUESTION = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("name", vendors())
def test_an_answer_without_an_end_is_the_fault_of_the_title(name: str) -> None:
    target = route(vendors()[name], "m")
    stream = (target.vendor.protocol.stream or message_stream)(QUESTION, target, lambda prefix: f"{prefix}1")
    events = [*stream.start(), *stream.close()]
    assert events[-1]["type"] == "error"
    assert events[-1]["error"]["message"].startswith(f"{target.vendor.title}: ")


@pytest.mark.parametrize("status", [400, 401, 402, 403, 429, 500, 503])
@pytest.mark.parametrize("name", sorted(set(vendors()) - {"anthropic"}))
def test_a_refusal_begins_with_the_title_once(name: str, status: int) -> None:
    vendor = vendors()[name]
    message = refused(vendor, "m", status, {"error": {"message": "the words", "code": "1113", "param": "p"}}).message
    assert message.startswith(f"{vendor.title}: the words")
    assert message.count(vendor.title) == 1


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("nvidia", 404, {"title": "Not Found", "detail": "Function 'x': Not found for account 'y'"}),
        ("zai", 400, {"error": {"code": "1211", "message": "Unknown Model, please check the model code."}}),
        ("openrouter", 404, {"error": {"code": 404, "message": "No endpoints found for nobody/none."}}),
    ],
)
def test_an_unknown_model_is_named_as_the_client_named_it(name: str, status: int, body: Any) -> None:
    vendor = vendors()[name]
    error = refused(vendor, "nobody/none", status, body)
    assert (type(error), error.status) == (NotFound, 404)
    assert error.message.startswith(f"model: {name}/nobody/none ({vendor.title}: ")
