"""Ollama: switch and levels by model, addresses, the list of models."""

from __future__ import annotations

from typing import Any

import pytest

from app.catalog.targets import endpoint
from tests.vendors.bodies import WISHES, route, sent
from translators.core.refusals import words_of
from translators.core.spare_fields import obeyed, taught
from translators.core.vendor import Json
from translators.ollama import VENDOR, models_in, models_url

OFF_WISHES = ("off", "off with effort", "between tools")
SWITCHED: dict[str, Json] = {
    "silent": {},
    **{wish: {"think": False} for wish in OFF_WISHES},
    "adaptive": {"think": True},
    "budget 2000": {"think": "medium"},
    "effort alone": {"think": "high"},
    "low": {"think": "low"},
    "medium": {"think": "medium"},
    "high": {"think": "high"},
    "xhigh": {"think": "max"},
    "max": {"think": "max"},
}
GPT_OSS = {
    **SWITCHED,
    **{wish: {"think": "low"} for wish in OFF_WISHES},
    "xhigh": {"think": "high"},
    "max": {"think": "high"},
}


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize(("model", "expected"), [("qwen3.5:9b", SWITCHED), ("gpt-oss:120b-cloud", GPT_OSS)])
def test_thinking(model: str, expected: dict[str, Json], wish: str) -> None:
    body = sent(VENDOR, model, **WISHES[wish])
    assert {name: body[name] for name in ("think",) if name in body} == expected[wish]


@pytest.mark.parametrize(
    "words", ['"tiny:latest" does not support thinking', 'think value "low" is not supported for this model']
)
def test_a_model_that_does_not_think_is_asked_again(words: str) -> None:
    body = sent(VENDOR, "tiny", **WISHES["low"])
    lesser = obeyed(body, taught(body, 400, words_of({"error": words})))
    assert lesser == {name: value for name, value in body.items() if name != "think"}


def test_other_refusals_are_final() -> None:
    body = sent(VENDOR, "tiny", **WISHES["low"])
    assert taught(body, 400, words_of({"error": '"tiny" does not support tools'})) == {}


@pytest.mark.parametrize("base", ["http://box:11434", "http://box:11434/v1", "http://box:11434/api"])
def test_addresses(base: str) -> None:
    assert endpoint(route(VENDOR, "x", base_url=base)) == "http://box:11434/api/chat"
    assert models_url(base) == "http://box:11434/api/tags"


@pytest.mark.parametrize(
    ("listing", "names"),
    [
        (
            {
                "models": [
                    {"name": "qwen3:latest", "details": {"family": "qwen3"}},
                    {"name": "nomic-embed-text:latest", "details": {"family": "nomic-bert"}},
                    {"name": "hf.co/a/b:Q4"},
                    {"details": None},
                    {"name": "odd", "details": "x"},
                    "x",
                ]
            },
            ("qwen3:latest", "hf.co/a/b:Q4", "odd"),
        ),
        ({"models": None}, ()),
        ({}, ()),
        ("<html>", ()),
    ],
)
def test_the_list_of_models(listing: Any, names: tuple[str, ...]) -> None:
    assert models_in(listing) == names
