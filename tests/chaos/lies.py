"""Answers that are none: garbage, pages, errors, refusals, silence."""

from __future__ import annotations

import json
from dataclasses import replace

from tests.chaos.cuts import BEHIND_STOP, reset_anywhere
from tests.chaos.scenes import LAST, End, Performance, Scene, Verdict, chunked, good, head, lengthy
from tests.scenarios.answers import Answer

HTML = b"<!DOCTYPE html><html><head><title>Bad gateway</title></head><body><h1>chaos</h1></body></html>"
GARBAGE = (b"\x00\xff\xfe\x80garbage", b"}{][", b"\xc3\x28 data: {", b"HTTP/1.1 200 OK\r\n\r\n", b"%PDF-1.7\xe2\xe3")


def garbage_body(scene: Scene) -> Performance:
    """No answer at all."""
    return Performance([*chunked([scene.dice.randbytes(300)], scene.media), LAST], End.KEEP, "failed")


def garbage_between(scene: Scene) -> Performance:
    """Garbage between two events; it may hide the next one, or be no more than an unknown field."""
    pieces = scene.pieces
    place = scene.dice.randrange(len(pieces))
    pieces.insert(place, scene.dice.choice(GARBAGE) + b"\n")
    return Performance([*chunked(pieces, scene.media), LAST], End.KEEP, "doubtful" if scene.streaming else "failed")


def garbage_inside(scene: Scene) -> Performance:
    """Bytes that are no text inside the text."""
    data = b"".join(scene.pieces)
    place = data.index(b"Answer") + 2
    return Performance([*chunked([data[:place] + b"\xff\xfe" + data[place:]], scene.media), LAST], End.KEEP, "failed")


def huge_garbage(scene: Scene) -> Performance:
    """Megabytes without a line end."""
    return Performance([*chunked([b"chaos " * 500_000], scene.media), LAST], End.KEEP, "failed")


def error_first(scene: Scene) -> Performance:
    """An error in place of the first event."""
    return Performance([*chunked([scene.wire.fault("chaos struck")], scene.media), LAST], End.KEEP, "failed")


def error_midway(scene: Scene) -> Performance:
    """An error behind some events."""
    if not scene.streaming:
        return error_first(scene)
    pieces = scene.pieces[: scene.dice.randrange(1, len(scene.pieces) - BEHIND_STOP[scene.wire.name])]
    return Performance([*chunked([*pieces, scene.wire.fault("chaos struck")], scene.media), LAST], End.KEEP, "failed")


# -- other answers


def html(scene: Scene) -> Performance:
    """A gateway's page with status 200."""
    return Performance(lengthy(200, HTML, "text/html"), End.KEEP, "failed")


def json_error(scene: Scene) -> Performance:
    """An error with status 200."""
    return Performance(lengthy(200, json.dumps(scene.wire.refused(500, "chaos")).encode()), End.KEEP, "failed")


def not_an_object(scene: Scene) -> Performance:
    """JSON that is no answer."""
    body = scene.dice.choice((b"[]", b'"chaos"', b"null", b"42", b"{}", b'[{"chaos": 1}]'))
    return Performance(lengthy(200, body, scene.media), End.KEEP, "failed")


def empty(scene: Scene) -> Performance:
    """A complete answer that says nothing. Anthropic itself may mean it."""
    verdict: Verdict = "doubtful" if scene.wire.name == "passthrough" else "failed"
    return replace(good(replace(scene, told=Answer())), verdict=verdict)


def refusal(scene: Scene, status: int, **headers: str) -> Performance:
    """An error status with a body of some kind."""
    told = json.dumps(scene.wire.refused(status, "chaos refuses")).encode()
    body, media = scene.dice.choice(
        ((told, "application/json"), (HTML, "text/html"), (b"", ""), (b"chaos", "text/plain"))
    )
    return Performance(lengthy(status, body, media, **headers), End.KEEP, "failed")


def limited(scene: Scene) -> Performance:
    """429, with and without a time."""
    wait = scene.dice.choice(("", "", "0", "1", "1", "2", "0.4", "3600", "-5", "soon", "Fri, 21 Nov 2025 10:00:00 GMT"))
    return refusal(scene, 429, **({"retry_after": wait} if wait else {}))


def busy(scene: Scene) -> Performance:
    return refusal(scene, scene.dice.choice((503, 529)), **scene.dice.choice(({}, {"retry_after": "1"})))


def failed(scene: Scene) -> Performance:
    return refusal(scene, scene.dice.choice((500, 502, 504, 408, 520, 599)))


def refused(scene: Scene) -> Performance:
    return refusal(scene, scene.dice.choice((400, 401, 402, 403, 404, 405, 413, 418, 422)))


def odd_status(scene: Scene) -> Performance:
    """Statuses that no API gives."""
    status = scene.dice.choice((201, 204, 206, 301, 302, 304))
    if status in (204, 304):
        return Performance([head(status)], End.KEEP, "failed")
    return refusal(scene, status, location="http://127.0.0.1:1/")


def cut_refusal(scene: Scene) -> Performance:
    """An error whose body breaks off."""
    whole = head(scene.dice.choice((400, 429, 500)), content_length="500")
    return Performance([whole, b'{"error": {"mess'], scene.dice.choice((End.CLOSE, End.RESET)), "failed")


def silent_refusal(scene: Scene) -> Performance:
    """An error whose body never comes."""
    return Performance([head(scene.dice.choice((400, 429, 500)), content_length="500")], End.HANG, "failed")


def huge_refusal(scene: Scene) -> Performance:
    """Megabytes of error."""
    body = b"<html>" + b"chaos " * 500_000
    return Performance(lengthy(scene.dice.choice((400, 429, 500)), body, "text/html"), End.KEEP, "failed")


# -- silence beyond the moment at which the stream starts by itself


def late(performance: Performance) -> Performance:
    """The same after eleven seconds."""
    return replace(performance, steps=[11.0, *performance.steps])


def late_answer(scene: Scene) -> Performance:
    return late(good(scene))


def late_reset(scene: Scene) -> Performance:
    return late(reset_anywhere(scene))


def late_refusal(scene: Scene) -> Performance:
    return late(refused(scene))


def late_limit(scene: Scene) -> Performance:
    return late(limited(scene))


#: Name -> what it sends.


#: Name -> what it sends.
FAULTS = {
    found.__name__: found
    for found in (
        garbage_body,
        garbage_between,
        garbage_inside,
        huge_garbage,
        error_first,
        error_midway,
        html,
        json_error,
        not_an_object,
        empty,
        limited,
        busy,
        failed,
        refused,
        odd_status,
        cut_refusal,
        silent_refusal,
        huge_refusal,
        late_answer,
        late_reset,
        late_refusal,
        late_limit,
    )
}
