"""Tries that go well, but oddly."""

from __future__ import annotations

from dataclasses import replace

from tests.chaos.scenes import LAST, MEGABYTE, End, Performance, Scene, chunk, chunked, good, head
from tests.scenarios.answers import Answer, Call, Words


def cut_anyhow(scene: Scene) -> Performance:
    """Chunks that end in the middle of events and characters."""
    data = b"".join(scene.pieces)
    places = sorted(scene.dice.randrange(len(data)) for _ in range(20))
    parts = [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True)]
    return Performance([*chunked(parts, scene.media), LAST], End.KEEP, "sound")


def drip(scene: Scene) -> Performance:
    """Byte by byte, each in a chunk of its own, with breaths."""
    data = b"".join(scene.pieces)
    if len(data) > 4000:
        return pauses(scene)
    steps = [chunk(data[place : place + 1]) for place in range(len(data))]
    breaths: list[bytes | float] = []
    for place, step in enumerate(steps):
        breaths += [step, 0.02] if place % 50 == 0 else [step]
    return Performance([head(200, scene.media, transfer_encoding="chunked"), *breaths, LAST], End.KEEP, "sound")


def pauses(scene: Scene) -> Performance:
    """Pauses at a few places, none of them too long."""
    steps = [*chunked(scene.pieces, scene.media), LAST]
    for _ in range(4):
        steps.insert(scene.dice.randrange(len(steps)), scene.patience * scene.dice.random() / 6)
    return Performance(steps, End.KEEP, "sound")


def huge_text(scene: Scene) -> Performance:
    """One event of several megabytes."""
    parts = list(scene.told.parts)
    place = next(place for place, part in enumerate(parts) if isinstance(part, Words))
    parts[place] = large(parts[place].pieces)
    return good(replace(scene, told=replace(scene.told, parts=tuple(parts))))


def large(pieces: tuple[str, ...]) -> Words:
    """The same text with one huge piece, which any reader of the plan can compute."""
    return Words((*pieces[:-1], " größer" * 400_000, pieces[-1]))


def huge_comment(scene: Scene) -> Performance:
    """A line of several megabytes that says nothing."""
    blank = b": " + b"x" * (3 * MEGABYTE) + b"\n\n" if scene.media == "text/event-stream" else b" " * MEGABYTE + b"\n"
    return Performance([*chunked([blank, *scene.pieces], scene.media), LAST], End.KEEP, "sound")


def wrong_form(scene: Scene) -> Performance:
    """A whole answer for a stream, and the other way round."""
    return good(replace(scene, streaming=not scene.streaming))


def wrong_type(scene: Scene) -> Performance:
    """The right bytes under a wrong name."""
    media = scene.dice.choice(("text/html", "application/octet-stream", "text/plain; charset=latin-1", ""))
    return Performance([*chunked(scene.pieces, media), LAST], End.KEEP, "sound")


def length(scene: Scene) -> Performance:
    """The model has reached its limit: a complete message that says so."""
    parts = tuple(part for part in scene.told.parts if not isinstance(part, Call))
    return good(replace(scene, told=replace(scene.told, parts=parts, ending="length")))


def informed(scene: Scene) -> Performance:
    """Interim answers before the answer."""
    plain = good(scene)
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n"
    return replace(plain, steps=[(b"HTTP/1.1 100 Continue\r\n\r\n" + hints) * 2, *plain.steps])


def close_delimited(scene: Scene) -> Performance:
    """No framing: the end of the connection is the end of the body."""
    return Performance([head(200, scene.media, connection="close"), *scene.pieces], End.CLOSE, "sound")


def held_open(scene: Scene) -> Performance:
    """Everything is said, but the connection stays open."""
    ends = scene.streaming and scene.wire.name == "chat"
    return Performance(chunked(scene.pieces, scene.media), End.HANG, "sound" if ends else "doubtful")


def chatty(scene: Scene) -> Performance:
    """A second answer behind the first, which nobody has asked for; nobody else may get it."""
    plain = good(scene)
    other = good(replace(scene, told=Answer((Words(("Nobody asked for this.",)),))))
    return replace(plain, steps=[b"".join(step for step in (*plain.steps, *other.steps) if isinstance(step, bytes))])


def false_gzip(scene: Scene) -> Performance:
    """Said to be compressed, and is not."""
    plain = good(scene)
    steps = [*chunked(scene.pieces, scene.media, content_encoding="gzip"), LAST]
    return replace(plain, steps=steps, verdict="doubtful")


#: Name -> what it sends.
FAULTS = {
    found.__name__: found
    for found in (
        good,
        cut_anyhow,
        drip,
        pauses,
        huge_text,
        huge_comment,
        wrong_form,
        wrong_type,
        length,
        informed,
        close_delimited,
        held_open,
        chatty,
        false_gzip,
    )
}
