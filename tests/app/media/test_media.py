"""Images and documents on their way to each kind of vendor: what arrives there, and what is said in its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from app.media import Media
from app.media.links import Links
from app.upstream.fetch import Fetcher
from app.upstream.guard import checked
from tests.conformance.kit import route, upstream_body
from tests.support.media_samples import document, encoded, gif, image, jpeg, linked, locked_pdf, pdf, png, webp
from tests.support.scripted_server import Answer, ScriptedServer
from translators.core.blocks import IMAGE_NOTE
from translators.core.errors import InvalidRequest, TooLarge
from translators.core.vendor import Route, refine
from translators.protocols.anthropic_messages import ANTHROPIC_MESSAGES

Json = dict[str, Any]

PICTURE, PAPER = png(), pdf("Words of the first page", "Words of the second page")


def looks_like_anthropic(**profile: Any) -> Route:
    """Another vendor's endpoint of Anthropic's kind."""
    target = route("openai_compatible", "small")
    vendor = replace(target.vendor, protocol=ANTHROPIC_MESSAGES, select=lambda message, route: ANTHROPIC_MESSAGES)
    return replace(target, vendor=vendor, profile=refine(target.profile, **profile))


#: Each kind of vendor: what it is, and a route to it.
SEEING = {
    "chat": route("openai_compatible", "small"),
    "chat with PDFs": route("openai", "gpt-4.1"),
    "chat with documents": route("mistral", "mistral-large-4"),
    "chat with PDFs by address": route("openrouter"),
    "chat without addresses": route("kimi", "kimi-k2.6"),
    "responses": route("openai", "gpt-5.5", extra={"api": "responses"}),
    "gemini": route("gemini", "gemini-3.8-flash"),
    "gemini without addresses": route("gemini", "gemini-2.0-flash"),
    "ollama": route("ollama"),
    "ollama's anthropic endpoint": route("ollama", extra={"mode": "anthropic"}),
    "another anthropic endpoint": looks_like_anthropic(),
}
BLIND = {
    "chat": route("deepseek", "deepseek-v4-pro"),
    "gemini": replace(SEEING["gemini"], profile=refine(SEEING["gemini"].profile, images=False, documents=False)),
    "ollama": replace(SEEING["ollama"], profile=refine(SEEING["ollama"].profile, images=False)),
    "responses": replace(SEEING["responses"], profile=refine(SEEING["responses"].profile, images=False)),
    "another anthropic endpoint": looks_like_anthropic(images=False),
}
#: Those that open an address of an image, of a PDF, and those that take a PDF.
OPENS_IMAGES = {
    "chat",
    "chat with PDFs",
    "chat with documents",
    "chat with PDFs by address",
    "responses",
    "gemini",
    "another anthropic endpoint",
}
OPENS_PAPERS = {"chat with PDFs by address", "responses", "gemini"}
TAKES_PAPERS = OPENS_PAPERS | {"chat with PDFs", "chat with documents", "gemini without addresses"}

Ask = Callable[..., Json]


@pytest.fixture
def web() -> Iterator[ScriptedServer]:
    """A web server with a picture and a PDF."""
    with ScriptedServer(lambda request: FILES[request.path.partition("?")[0]]) as server:
        yield server


def file(data: bytes, kind: str) -> Answer:
    return Answer([data], headers={"content-type": kind}, framing="length")


FILES = {
    "/a.png": file(PICTURE, "image/png"),
    "/a.gif": file(gif(), "text/plain"),
    "/picture": file(PICTURE, "image/jpeg"),
    "/a.pdf": file(PAPER, "application/octet-stream"),
    "/page.png": file(b"<!doctype html>", "text/html"),
    "/gone.png": Answer([b"no"], 404),
}


@pytest.fixture
def media() -> Media:
    return Media(Links(Fetcher(partial(checked, reach="private"))))


def asking(*content: Json, **fields: Any) -> Json:
    """A request with one user turn."""
    return {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": list(content)}], **fields}


def in_the_past(*content: Json) -> Json:
    """The same, two turns ago."""
    later = [{"role": "assistant", "content": "Seen."}, {"role": "user", "content": "And now?"}]
    message = asking(*content)
    return {**message, "messages": [*message["messages"], *later]}


def in_a_result(*content: Json) -> Json:
    """The same, as what a tool has found."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": list(content)}
    turns = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": [call]}]
    tool = {"name": "Read", "input_schema": {"type": "object", "properties": {}}}
    return asking(tools=[tool]) | {"messages": [*turns, {"role": "user", "content": [result]}]}


def beside_a_result(*content: Json) -> Json:
    """The same, beside what a tool has found."""
    message = in_a_result({"type": "text", "text": "read"})
    message["messages"][-1]["content"] += content
    return message


PLACES = {"in a turn": asking, "in the past": in_the_past, "in a result": in_a_result, "beside": beside_a_result}


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def sent(media: Media, message: Json, target: Route) -> str:
    """The vendor's body as text."""
    return json.dumps(upstream_body(media.resolved(message, target), target), ensure_ascii=False)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("kind", SEEING)
def test_an_image_arrives(media: Media, kind: str, place: Ask) -> None:
    body = sent(media, place(text("What is it?"), image(PICTURE)), SEEING[kind])
    assert encoded(PICTURE) in body
    assert "What is it?" in body and "[An image" not in body


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("kind", BLIND)
def test_a_blind_model_gets_a_note(media: Media, kind: str, place: Ask) -> None:
    for source in (image(PICTURE), linked("image", "http://unknown.invalid/a.png")):
        body = sent(media, place(text("What is it?"), source), BLIND[kind])
        assert json.dumps(IMAGE_NOTE, ensure_ascii=False)[1:-1] in body
        assert encoded(PICTURE) not in body and "What is it?" in body


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("kind", SEEING)
def test_a_pdf_arrives_or_its_text(media: Media, kind: str, place: Ask) -> None:
    body = sent(media, place(text("Sum it up."), document(PAPER, title="report.pdf")), SEEING[kind])
    assert (encoded(PAPER) in body) == (kind in TAKES_PAPERS)
    words = r"[page 1]\nWords of the first page\n[page 2]\nWords of the second page"
    assert (words in body) == (kind not in TAKES_PAPERS)
    assert "Sum it up." in body


@pytest.mark.parametrize("kind", SEEING)
def test_an_address_of_an_image(media: Media, web: ScriptedServer, kind: str) -> None:
    url = f"{web.url}/a.png?x=1"
    body = sent(media, asking(text("See."), linked("image", url)), SEEING[kind])
    opened = kind in OPENS_IMAGES
    assert (url in body, encoded(PICTURE) in body) == (opened, not opened)
    assert len(web.requests) == (0 if opened else 1)


@pytest.mark.parametrize("kind", SEEING)
def test_an_address_of_a_pdf(media: Media, web: ScriptedServer, kind: str) -> None:
    url = f"{web.url}/a.pdf"
    body = sent(media, asking(text("Read."), linked("document", url)), SEEING[kind])
    opened, taken = kind in OPENS_PAPERS, kind in TAKES_PAPERS
    assert (url in body, encoded(PAPER) in body) == (opened, taken and not opened)
    assert ("Words of the second page" in body) == (not taken)
    assert len(web.requests) == (0 if opened else 1)


def test_a_name_that_does_not_tell_geminis_type(media: Media, web: ScriptedServer) -> None:
    body = upstream_body(
        media.resolved(asking(linked("image", f"{web.url}/picture")), SEEING["gemini"]), SEEING["gemini"]
    )
    assert body["contents"][0]["parts"] == [{"inlineData": {"mimeType": "image/png", "data": encoded(PICTURE)}}]


def test_a_gif_that_is_fetched_for_gemini(media: Media, web: ScriptedServer) -> None:
    assert "Convert it" in sent(media, asking(linked("image", f"{web.url}/a.gif")), SEEING["gemini"])


def test_a_genuine_endpoint_gets_everything_unseen(media: Media) -> None:
    blocks = [
        image(b"no picture"),
        document(b"no PDF"),
        linked("image", "http://10.0.0.1/a.png"),
        linked("document", "file:///etc/passwd"),
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "!"}},
    ]
    message = asking(*blocks)
    assert media.resolved(message, route("anthropic", "claude-sonnet-5")) is message


def test_a_message_without_media_is_left_alone(media: Media) -> None:
    message = in_a_result(text("words"))
    assert media.resolved(message, SEEING["chat"]) is message


def test_media_that_the_vendor_takes_are_left_alone(media: Media) -> None:
    message = asking(image(PICTURE), document(PAPER), text("words"))
    resolved = media.resolved(message, SEEING["responses"])
    assert resolved == message and resolved["messages"][0] is message["messages"][0]


# -- what is wrong: an error in the newest message, a note in an older one

FILE = {"type": "file", "file_id": "file_1"}
NO_BASE64 = {"type": "base64", "media_type": "image/png", "data": "iVBO!!"}
EMPTY = {"type": "base64", "media_type": "application/pdf", "data": ""}
BINARY = {"type": "base64", "media_type": "application/msword", "data": encoded(b"\xd0\xcf\x11\xe0\xff")}
WRONG = {
    "an image of the Files API": (
        "image",
        FILE,
        r"\.image\.source\.file_id: File not found: file_1",
        "not there any more",
    ),
    "a document of the Files API": (
        "document",
        FILE,
        r"\.document\.source\.file_id: File not found: file_1",
        "not there any more",
    ),
    "damaged base64": ("image", NO_BASE64, r"\.image\.source\.base64: invalid base64 data", "data is damaged"),
    "nothing": ("document", EMPTY, r"\.document\.source\.base64: invalid base64 data", "data is damaged"),
    "another type": ("document", BINARY, r"\.document\.source\.base64: .*application/msword", "application/msword"),
}


@pytest.mark.parametrize(("kind", "source", "error", "note"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_used(media: Media, kind: str, source: Json, error: str, note: str) -> None:
    block = {"type": kind, "source": source}
    with pytest.raises(InvalidRequest, match=rf"^messages\.0\.content\.1{error}"):
        media.resolved(asking(text("See."), block), SEEING["chat"])
    with pytest.raises(InvalidRequest, match=rf"^messages\.2\.content\.0\.tool_result\.content\.0{error}"):
        media.resolved(in_a_result(block), SEEING["chat"])
    body = sent(media, in_the_past(text("See."), block), SEEING["chat"])
    assert note in body and "See." in body


def test_a_system_message_behind_it_does_not_make_a_message_old(media: Media) -> None:
    message = asking({"type": "image", "source": FILE})
    message["messages"].append({"role": "system", "content": "A note."})
    with pytest.raises(InvalidRequest, match="File not found"):
        media.resolved(message, SEEING["chat"])


def test_the_users_next_message_makes_it_old(media: Media) -> None:
    message = asking({"type": "image", "source": FILE})
    message["messages"].append({"role": "user", "content": "Never mind."})
    assert "not there any more" in sent(media, message, SEEING["chat"])


UNREACHABLE = {
    "a private host": ("http://10.0.0.1/secret-name.png", "from 10.0.0.1: 10.0.0.1 is a private address"),
    "the cloud's keys": ("http://169.254.169.254/x.png", "a cloud's metadata service"),
    "no host": ("http://no-such-host.invalid/x.png", "no-such-host.invalid cannot be resolved"),
    "a file": ("file:///etc/passwd", "only http and https"),
}


@pytest.mark.parametrize(("url", "reason"), UNREACHABLE.values(), ids=UNREACHABLE)
@pytest.mark.parametrize("kind", ["image", "document"])
def test_an_address_that_is_refused(url: str, reason: str, kind: str) -> None:
    media, block = Media(Links(Fetcher())), linked(kind, url)
    with pytest.raises(InvalidRequest) as error:
        media.resolved(asking(block), SEEING["chat without addresses"])
    assert error.value.message.startswith(f"messages.0.content.0.{kind}.source.url: could not be fetched")
    assert reason in error.value.message and "secret-name" not in error.value.message
    assert f"The {kind} at {url} could not be opened." in sent(media, in_the_past(block), SEEING["ollama"])


@pytest.mark.parametrize(
    ("path", "reason"), [("/page.png", r"it is no image \(but text/html\)"), ("/gone.png", "HTTP 404")]
)
def test_an_address_with_something_else(media: Media, web: ScriptedServer, path: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=f"could not be fetched from 127.0.0.1: .*{reason}"):
        media.resolved(asking(linked("image", web.url + path)), SEEING["ollama"])


def test_fetching_can_be_switched_off(web: ScriptedServer) -> None:
    with pytest.raises(InvalidRequest, match="URL_FETCH=off"):
        Media(Links(None)).resolved(asking(linked("image", f"{web.url}/a.png")), SEEING["ollama"])
    assert not web.requests


# -- a conversation


def conversation(url: str, turns: int, session: str = "") -> tuple[Json, Route]:
    """A conversation with an address in its first message, and its route."""
    message = asking(linked("image", url), text("See."))
    for turn in range(turns):
        message["messages"] += [{"role": "assistant", "content": f"{turn}"}, {"role": "user", "content": "Go on."}]
    return message, replace(SEEING["ollama"], session=session)


@pytest.mark.parametrize("session", ["", "session-1"])
def test_an_address_is_opened_once_in_a_conversation(media: Media, web: ScriptedServer, session: str) -> None:
    """Its content may change meanwhile; the conversation's prefix must not."""
    url = f"{web.url}/changes.png"
    answers = iter([file(PICTURE, "image/png"), file(png(20, 20), "image/png")])
    web.play(lambda request: next(answers))
    bodies = [
        upstream_body(media.resolved(*conversation(url, turns, session)), SEEING["ollama"]) for turns in (0, 1, 2)
    ]
    assert len(web.requests) == 1
    assert bodies[0]["messages"] == bodies[1]["messages"][:1] == bodies[2]["messages"][:1]


def test_a_cache_mark_that_moves_on_changes_no_conversation(media: Media, web: ScriptedServer) -> None:
    """Clients mark the newest message; in the next turn the mark is gone from the first one."""
    for turns in (0, 1):
        message, target = conversation(f"{web.url}/a.png", turns)
        message["messages"][-1]["content"] = marked(message["messages"][-1]["content"])
        media.resolved(message, target)
    assert len(web.requests) == 1


def marked(content: Any) -> list[Json]:
    """Content whose last block has a cache mark."""
    blocks = [text(content)] if isinstance(content, str) else content
    return [*blocks[:-1], {**blocks[-1], "cache_control": {"type": "ephemeral"}}]


def test_another_conversation_sees_it_anew(media: Media, web: ScriptedServer) -> None:
    for session in ("one", "two"):
        media.resolved(*conversation(f"{web.url}/a.png", 0, session))
    assert len(web.requests) == 2


def test_a_failure_of_the_past_rests(media: Media, web: ScriptedServer) -> None:
    for turns in (1, 2, 3):
        assert "could not be opened" in sent(media, *conversation(f"{web.url}/gone.png", turns))
    assert len(web.requests) == 1


def test_a_failure_of_the_newest_message_is_tried_again(media: Media, web: ScriptedServer) -> None:
    answers = iter([Answer([], 503, framing="length"), file(PICTURE, "image/png")])
    web.play(lambda request: next(answers))
    message, target = conversation(f"{web.url}/a.png", 0)
    with pytest.raises(InvalidRequest, match="HTTP 503"):
        media.resolved(message, target)
    assert encoded(PICTURE) in sent(media, message, target)


def test_many_addresses(media: Media, web: ScriptedServer) -> None:
    web.play(lambda request: file(png(int(request.path[1:-4]), 1), "image/png"))
    blocks = [linked("image", f"{web.url}/{width}.png") for width in (*range(1, 12), 5)]
    sources = [
        block["source"]["data"] for block in media.resolved(asking(*blocks), SEEING["ollama"])["messages"][0]["content"]
    ]
    assert sources == [encoded(png(width, 1)) for width in (*range(1, 12), 5)]
    assert len(web.requests) == 11


# -- mending


@pytest.mark.parametrize("given", ["image/jpeg", "image/jpg", "application/octet-stream", None])
@pytest.mark.parametrize("data", [png(), gif(), jpeg()], ids=["png", "gif", "jpeg"])
def test_the_bytes_tell_the_type(media: Media, given: str | None, data: bytes) -> None:
    block = image(data, str(given))
    if given is None:
        del block["source"]["media_type"]
    resolved = media.resolved(asking(block), SEEING["chat"])["messages"][0]["content"][0]
    assert resolved == image(data, {b"\x89": "image/png", b"G": "image/gif", b"\xff": "image/jpeg"}[data[:1]])


def spoilt(data: bytes) -> dict[str, str]:
    """Base64 as some clients send it."""
    plain = encoded(data)
    lines = "\n".join(plain[place : place + 76] for place in range(0, len(plain), 76))
    return {
        "lines": lines,
        "without padding": plain.rstrip("="),
        "of the URL alphabet": plain.replace("+", "-").replace("/", "_"),
        "a data URL": f"data:image/png;base64,{plain}",
    }


@pytest.mark.parametrize("way", spoilt(b""))
def test_base64_is_mended(media: Media, way: str) -> None:
    data = png(7, 3)
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": spoilt(data)[way]}}
    assert media.resolved(asking(block), SEEING["chat"])["messages"][0]["content"] == [image(data)]


def test_a_data_url_is_no_address(media: Media) -> None:
    block = linked("image", f"data:image/png;base64,{encoded(PICTURE)}", cache_control={"type": "ephemeral"})
    resolved = media.resolved(asking(block), SEEING["ollama"])["messages"][0]["content"]
    assert resolved == [image(PICTURE, cache_control={"type": "ephemeral"})]


def test_a_data_url_without_base64(media: Media) -> None:
    body = sent(media, asking(linked("document", "data:,Some%20words")), SEEING["chat"])
    assert "Some words" in body


def test_what_is_sent_as_the_other_kind(media: Media) -> None:
    resolved = media.resolved(asking(document(PICTURE), image(PAPER, "application/pdf")), SEEING["responses"])
    assert resolved["messages"][0]["content"] == [image(PICTURE), document(PAPER)]


@pytest.mark.parametrize("form", ["text/plain", "text/markdown", "application/json", "application/x-unknown"])
@pytest.mark.parametrize("kind", ["chat", "chat with PDFs", "gemini", "ollama"])
def test_a_text_in_base64(media: Media, kind: str, form: str) -> None:
    body = sent(media, asking(document("Grüße. %PDF-".encode() if form == "text/plain" else b"Gr", form)), SEEING[kind])
    assert ("Grüße" if form == "text/plain" else "# document") in body
    assert encoded(b"Gr") not in body


def test_a_file_that_the_vendor_may_know(media: Media) -> None:
    block = document(b"PK\3\4\xff\xfe", "application/vnd.sample")
    assert encoded(b"PK\3\4\xff\xfe") in sent(media, asking(block), SEEING["responses"])


# -- sizes


def test_an_image_over_a_known_limit(media: Media) -> None:
    target = replace(SEEING["chat"], profile=refine(SEEING["chat"].profile, image_bytes=5 * 2**20))
    heavy = png(padding=6_521_204 - len(png()))
    with pytest.raises(InvalidRequest) as error:
        media.resolved(asking(image(heavy)), target)
    assert "image exceeds 5 MB maximum: 6521204 bytes > 5242880 bytes" in error.value.message
    assert "larger than the model's vendor takes" in sent(media, in_the_past(image(heavy)), target)
    assert encoded(heavy) in sent(media, asking(image(heavy)), SEEING["chat"])


@pytest.mark.parametrize(("vendor", "model", "megabytes"), [("groq", "qwen/qwen3.8-27b", 3), ("xai", "grok-4.7", 20)])
def test_vendors_with_a_known_limit(media: Media, vendor: str, model: str, megabytes: int) -> None:
    target, most = route(vendor, model), megabytes * 2**20
    with pytest.raises(InvalidRequest, match=f"image exceeds {megabytes} MB maximum: {most + 1} bytes > {most} bytes"):
        media.resolved(asking(image(png(padding=most + 1 - len(png())))), target)


def test_the_limit_itself_is_allowed(media: Media) -> None:
    target = replace(SEEING["chat"], profile=refine(SEEING["chat"].profile, image_bytes=len(PICTURE)))
    assert encoded(PICTURE) in sent(media, asking(image(PICTURE)), target)


def test_a_small_window_gets_less_of_a_pdf(media: Media) -> None:
    long = pdf(*("word " * 60 for _ in range(9)))
    target = replace(SEEING["chat"], context_window=300)
    body = sent(media, asking(document(long)), target)
    assert "[page 3]" in body and "[page 4]" not in body
    assert "what follows on page 3 and all later pages are left out" in body


# -- types

FOREIGN = "[An image of type image/{form} was here, but xAI takes JPEG and PNG only. Convert it.]"


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("ask", [asking, in_the_past])
@pytest.mark.parametrize(("form", "data"), [("gif", gif()), ("webp", webp())], ids=["gif", "webp"])
def test_images_that_the_vendor_cannot_read(media: Media, form: str, data: bytes, ask: Ask, api: str) -> None:
    """Whatever type they were said to have."""
    target = route("xai", "grok-4.7", extra={"api": api})
    for kind in ("image/png", f"image/{form}"):
        message = ask(image(data, kind))
        body = sent(media, message, target.carrying(message))
        assert FOREIGN.format(form=form) in body and encoded(data) not in body
    message = ask(image(PICTURE))
    assert encoded(PICTURE) in sent(media, message, target.carrying(message))


def test_only_addresses_that_tell_a_type_which_is_taken_are_the_vendors_to_open(
    media: Media, web: ScriptedServer
) -> None:
    target = route("xai", "grok-4.7")
    body = sent(
        media, asking(*(linked("image", f"{web.url}{name}") for name in ("/a.png", "/a.gif", "/picture"))), target
    )
    assert f"{web.url}/a.png" in body and FOREIGN.format(form="gif") in body and encoded(PICTURE) in body


# -- documents of other kinds


def made_of(*parts: Any, **more: Any) -> Json:
    """A document made of blocks."""
    return {"type": "document", "source": {"type": "content", "content": list(parts)}, **more}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("kind", SEEING)
def test_pictures_inside_a_document_are_seen(media: Media, kind: str, place: Ask) -> None:
    body = sent(media, place(made_of(text("Left."), image(PICTURE), text("Right."), title="T")), SEEING[kind])
    assert encoded(PICTURE) in body
    assert all(words in body for words in ("# T", "Left.", "Right."))


def test_the_cache_mark_of_such_a_document_stays_at_its_end(media: Media) -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    blocks = media.resolved(asking(made_of(image(PICTURE), text("End."), **mark)), SEEING["chat"])["messages"][0][
        "content"
    ]
    assert [block.get("cache_control") for block in blocks] == [None, None, {"type": "ephemeral"}]


OTHERS = {
    "text": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "The words."}},
    "blocks": made_of(text("The words.")),
    "a string": {"type": "document", "source": {"type": "content", "content": "The words."}},
    "a search result": {"type": "search_result", "source": "s", "title": "t", "content": [text("The words.")]},
    "citations": {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "The words."},
        "citations": {"enabled": True},
    },
    "a fetched page": {
        "type": "web_fetch_tool_result",
        "tool_use_id": "s",
        "content": {"type": "web_fetch_result", "url": "u", "content": document(pdf("The words."))},
    },
}


@pytest.mark.parametrize("block", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("kind", SEEING)
def test_words_arrive_as_words(media: Media, kind: str, block: Json) -> None:
    body = sent(media, asking(text("See."), block), SEEING[kind])
    assert "The words." in body and "citations" not in body


def test_a_container_upload_leaves_a_note(media: Media) -> None:
    assert "container" in sent(
        media, asking(text("See."), {"type": "container_upload", "file_id": "f"}), SEEING["chat"]
    )


def test_what_the_model_itself_was_shown_needs_words(media: Media, web: ScriptedServer) -> None:
    """Media in an assistant's turn cannot be sent to anybody."""
    message = asking(text("Go."))
    said = [document(PAPER), linked("image", f"{web.url}/a.png"), text("Done.")]
    message["messages"] += [{"role": "assistant", "content": said}, {"role": "user", "content": "On."}]
    for kind in ("responses", "gemini", "ollama"):
        body = sent(media, message, SEEING[kind])
        assert "Words of the first page" in body and "[An image" in body
    assert not web.requests


# -- counting


COUNTED = {
    "an address that fails": linked("image", "http://10.0.0.1/a.png"),
    "a document at an address": linked("document", "http://10.0.0.1/a.pdf"),
    "damaged base64": {"type": "image", "source": NO_BASE64},
    "a file": {"type": "document", "source": FILE},
    "an image": image(PICTURE),
    "a PDF": document(PAPER),
    "an encrypted PDF": document(locked_pdf("secret", "x")),
}


@pytest.mark.parametrize("block", COUNTED.values(), ids=COUNTED)
@pytest.mark.parametrize("kind", SEEING)
def test_counting_never_fails_and_never_fetches(kind: str, block: Json, web: ScriptedServer) -> None:
    media = Media(Links(Fetcher(partial(checked, reach="private"))))
    url = block["source"].get("url", "").replace("http://10.0.0.1", web.url)
    block = {**block, "source": {**block["source"], "url": url}} if url else block
    counted = media.countable(asking(text("See."), block), SEEING[kind])
    assert upstream_body(counted, SEEING[kind])
    assert not web.requests


def test_counting_knows_what_was_fetched(media: Media, web: ScriptedServer) -> None:
    message = asking(linked("document", f"{web.url}/a.pdf"))
    media.resolved(message, SEEING["chat"])
    assert "Words of the first page" in json.dumps(media.countable(message, SEEING["chat"]))


# -- odd input

ODD = {
    "no source": {"type": "image"},
    "a document without one": {"type": "document", "source": None},
    "a source of nothing": {"type": "image", "source": {}},
    "an unknown source": {"type": "document", "source": {"type": "cloud", "data": "x"}},
    "no data": {"type": "image", "source": {"type": "base64", "media_type": None, "data": None}},
    "no address": {"type": "document", "source": {"type": "url", "url": None}},
    "an address that is none": {"type": "image", "source": {"type": "url", "url": "http://[::1"}},
    "a document of nothing": {"type": "document", "source": {"type": "content", "content": None}},
    "a fetched page without one": {"type": "web_fetch_tool_result", "content": {"content": {"type": "document"}}},
    "a fetched page that is a list": {"type": "web_fetch_tool_result", "content": [image(PICTURE), 7, None]},
    "a result that is a text": {"type": "tool_result", "tool_use_id": "t", "content": "words"},
}


@pytest.mark.parametrize("block", ODD.values(), ids=ODD)
@pytest.mark.parametrize("kind", ["chat", "responses", "gemini", "ollama"])
def test_odd_blocks(media: Media, kind: str, block: Json) -> None:
    assert upstream_body(media.countable(asking(image(PICTURE), block), SEEING[kind]), SEEING[kind])
    try:
        media.resolved(asking(image(PICTURE), block), SEEING[kind])
    except InvalidRequest as error:
        assert error.message.startswith("messages.0.content.1.")


def test_half_a_character_in_the_first_message(media: Media, web: ScriptedServer) -> None:
    message = asking(text("\ud83d"), linked("image", f"{web.url}/a.png"))
    assert media.resolved(message, SEEING["ollama"])["messages"][0]["content"][1] == image(PICTURE)


# -- files that the client has left here


KEPT = {
    "file_picture": ("image/png", PICTURE),
    "file_paper": ("application/pdf", PAPER),
    "file_words": ("text/markdown", b"# Words of a file"),
    "file_odd": ("application/octet-stream", b"\xd0\xcf\x11\xe0\xff"),
}


#: Bytes of files that one message may name.
MOST = 1_000_000


def kept(id: str) -> Json | None:
    """The source of a file."""
    if id not in KEPT:
        return None
    kind, data = KEPT[id]
    return {"type": "base64", "media_type": kind, "data": encoded(data)}


def filed(kind: str, id: str, **more: Any) -> Json:
    return {"type": kind, "source": {"type": "file", "file_id": id}, **more}


@pytest.mark.parametrize("kind", SEEING)
def test_files_are_what_they_hold(media: Media, kind: str) -> None:
    target = SEEING[kind]
    files = asking(text("See."), filed("image", "file_picture"), filed("document", "file_paper", title="Paper"))
    inside = asking(text("See."), image(PICTURE), document(PAPER, title="Paper"))
    assert sent(media.reading(kept, MOST), files, target) == sent(media, inside, target)
    words = sent(media.reading(kept, MOST), asking(filed("document", "file_words")), target)
    assert "Words of a file" in words


def test_a_model_that_sees_nothing_is_told_so(media: Media) -> None:
    files = sent(media.reading(kept, MOST), asking(filed("image", "file_picture")), BLIND["chat"])
    assert files == sent(media, asking(image(PICTURE)), BLIND["chat"])


def test_a_file_that_no_model_can_read(media: Media) -> None:
    with pytest.raises(InvalidRequest, match=r"^messages\.0\.content\.0\.document.*octet-stream cannot be read"):
        media.reading(kept, MOST).resolved(asking(filed("document", "file_odd")), SEEING["chat"])


def test_a_file_that_is_not_there_is_not_found(media: Media) -> None:
    with pytest.raises(InvalidRequest, match="File not found: file_gone") as caught:
        media.reading(kept, MOST).resolved(asking(filed("document", "file_gone")), SEEING["chat"])
    assert (caught.value.status, caught.value.type) == (404, "not_found_error")


@pytest.mark.parametrize("target", [SEEING["chat"], route("anthropic", "claude-sonnet-5")], ids=["chat", "genuine"])
def test_files_that_are_named_again_and_again_do_not_fill_the_memory(media: Media, target: Route) -> None:
    reads: list[str] = []
    own = media.reading(lambda id: reads.append(id) or kept(id), 3 * len(PICTURE) + 6)
    for _ in range(2):
        assert own.resolved(asking(*[filed("image", "file_picture")] * 3), target)
    with pytest.raises(TooLarge, match="MAX_FILE_MB"):
        own.resolved(asking(*[filed("image", "file_picture")] * 1000), target)
    assert len(reads) == 3 + 3 + 4


def test_the_count_of_a_message_looks_into_files(media: Media) -> None:
    counted = media.reading(kept, MOST).countable(asking(filed("document", "file_words")), SEEING["chat"])
    assert "Words of a file" in json.dumps(counted)
    assert media.countable(asking(filed("document", "file_gone")), SEEING["chat"])


def test_a_genuine_endpoint_gets_our_files_inside_and_its_own_by_id(media: Media) -> None:
    target = route("anthropic", "claude-sonnet-5")
    theirs = filed("image", "file_theirs", cache_control={"type": "ephemeral"})
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [filed("image", "file_picture"), theirs]}
    folder = {"type": "document", "source": {"type": "content", "content": [filed("image", "file_picture")]}}
    message = asking(filed("document", "file_paper"), filed("document", "file_words"), theirs, result, folder)
    content = media.reading(kept, MOST).resolved(message, target)["messages"][0]["content"]
    assert content[:3] == [
        document(PAPER),
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "# Words of a file"}},
        theirs,
    ]
    assert content[3]["content"] == [image(PICTURE), theirs]
    assert content[4]["source"]["content"] == [image(PICTURE)]
    odd = asking(filed("document", "file_odd"))
    assert media.reading(kept, MOST).resolved(odd, target)["messages"][0]["content"] == [
        document(*KEPT["file_odd"][::-1])
    ]
    alone = asking(theirs, text("words"))
    assert media.reading(kept, MOST).resolved(alone, target) is alone
