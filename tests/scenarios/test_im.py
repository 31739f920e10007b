"""IM: images and documents."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.scenarios.answers import Json, answer
from tests.scenarios.over import over
from tests.scenarios.rig import Rig, assistant, result, text, tool, use, user
from tests.scenarios.wires import EVERY, TRANSLATED, text_of

#: One red pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
READ = [tool()]


@over("chat")
def test_im_1_a_text_model_gets_a_note(rig: Rig) -> None:
    """The image stays in the client's history for ever: every later turn must go on."""
    old = [user(text("look"), IMAGE), assistant("nice"), user("and now?")]
    inside = [user("read"), assistant(use("a", path="/a.png")), user(result("a", [IMAGE]))]
    for messages in (old, inside, [user(IMAGE)]):
        body = rig.body(model="deepseek/deepseek-v4-pro", messages=messages, tools=READ)
        sent = text_of(body["messages"])
        assert PIXEL not in sent and "image_url" not in sent
        assert "image" in sent.lower()
        assert all(isinstance(told["content"], str) for told in body["messages"])


def shown(wire: str, body: Json) -> Any:
    """What the vendor sees of the image of a result."""
    match wire:
        case "chat":
            return body["messages"][-1]["content"][-1]["image_url"]["url"]
        case "responses":
            return body["input"][-1]["output"][-1]["image_url"]
        case "gemini":
            return body["contents"][-1]["parts"][0]["functionResponse"]["parts"][-1]["inlineData"]
        case "ollama":
            return next(told["images"] for told in body["messages"] if told.get("images"))
        case _:
            return body["messages"][-1]["content"][0]["content"][-1]["source"]


SEEN = {
    "chat": f"data:image/png;base64,{PIXEL}",
    "responses": f"data:image/png;base64,{PIXEL}",
    "gemini": {"mimeType": "image/png", "data": PIXEL},
    "ollama": [PIXEL],
    "repaired": IMAGE["source"],
    "passthrough": IMAGE["source"],
}


@over()
def test_im_3_an_image_in_a_result(rig: Rig) -> None:
    messages = [
        user("read"),
        assistant(use("call_a", path="/a.png")),
        user(result("call_a", [text("A pixel:"), IMAGE])),
    ]
    body = rig.body(messages=messages, tools=READ)
    assert shown(rig.wire.name, body) == SEEN[rig.wire.name]
    assert "A pixel:" in text_of(body)


@over("chat")
def test_im_3_the_image_is_linked_to_its_call(rig: Rig) -> None:
    """Behind the results of the turn, in a user message that names the call."""
    calls = [use("call_a", path="/a.png"), use("call_b", path="/b.txt")]
    messages = [user("read"), assistant(*calls), user(result("call_a", [IMAGE]), result("call_b", "B"))]
    told = rig.body(messages=messages, tools=READ)["messages"]
    assert [message["role"] for message in told] == ["user", "assistant", "tool", "tool", "user"]
    assert "call_a" in told[-1]["content"][0]["text"]
    assert told[-1]["content"][1]["type"] == "image_url"
    assert told[2]["content"]


LARGE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 8_200_000).decode()


@over(*TRANSLATED)
def test_im_4_an_image_that_is_too_large(rig: Rig) -> None:
    """Made smaller, or refused in the words at which the client takes the image out of the conversation."""
    for said in ("Image size is too large, the limit is 10 MB", "Payload exceeds the limit of 10 MB for one image"):
        rig.repeat_answer(rig.wire.refusal(400, said))
        source = {"type": "base64", "media_type": "image/png", "data": LARGE}
        outcome = rig.ask(messages=[user({"type": "image", "source": source})])
        if outcome.status == 200:
            assert len(rig.sent.body) < len(LARGE)
        else:
            assert (outcome.status, outcome.error["type"]) == (400, "invalid_request_error")
            assert "image exceeds" in outcome.error["message"]
            assert "10 MB" in outcome.error["message"]


@over("passthrough")
def test_im_4_anthropics_own_words_pass(rig: Rig) -> None:
    said = "messages.0.content.0.image.source.base64: image exceeds 10 MB maximum: 10933336 bytes > 10485760 bytes"
    rig.repeat_answer(rig.wire.refusal(400, said))
    assert rig.ask(messages=[user(IMAGE)]).error["message"] == said


def pdf(words: str) -> str:
    """A PDF of one page with these words, as base64."""
    stream = f"BT /F1 24 Tf 72 700 Td ({words}) Tj ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"xref\n0 6\n0000000000 65535 f \n" + table
    made += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % made.index(b"xref")
    return base64.b64encode(made).decode()


PDF = pdf("Kakapo census")
DOCUMENT = {"type": "document", "title": "census.pdf"}
SOURCES: dict[str, Json] = {
    "base64": {"type": "base64", "media_type": "application/pdf", "data": PDF},
    "text": {"type": "text", "media_type": "text/plain", "data": "Kakapo census"},
    "content": {"type": "content", "content": [text("Kakapo census")]},
}


@pytest.mark.parametrize("place", ["in the question", "beside a result", "inside a result"])
@pytest.mark.parametrize("form", SOURCES)
@over()
def test_im_5_a_document_is_not_dropped(rig: Rig, form: str, place: str) -> None:
    """The file itself where the vendor reads PDFs, else its text, or a note that says what was there."""
    block = {**DOCUMENT, "source": SOURCES[form]}
    calls = [user("read"), assistant(use("a"))]
    messages = {
        "in the question": [user(text("sum it up"), block)],
        "beside a result": [*calls, user(result("a", "PDF file read"), block)],
        "inside a result": [*calls, user(result("a", [block]))],
    }[place]
    sent = text_of(rig.body(messages=messages, tools=READ))
    assert PDF in sent or "Kakapo census" in sent


@over("chat", "ollama", "repaired")
def test_im_5_a_pdf_becomes_text_where_none_is_read(rig: Rig) -> None:
    sent = text_of(rig.body(messages=[user({**DOCUMENT, "source": SOURCES["base64"]})]))
    assert PDF not in sent
    assert "Kakapo census" in sent


@over(*EVERY)
def test_im_5_a_document_by_its_address(rig: Rig) -> None:
    """Sent on as an address where the vendor opens addresses, else a note: nothing vanishes."""
    source = {"type": "url", "url": "https://example.invalid/census.pdf"}
    rig.play(answer("Hello."))
    outcome = rig.ask(messages=[user(text("sum it up"), {**DOCUMENT, "source": source})])
    if outcome.status == 200:
        assert "census.pdf" in json.dumps(rig.sent.json)
    else:
        assert outcome.status == 400
        assert "example.invalid" in outcome.error["message"]
