"""Answers that break off: before, in and behind the head, and at any byte of the body."""

from __future__ import annotations

import gzip
import random
from dataclasses import replace

from tests.chaos.scenes import LAST, MEGABYTE, End, Performance, Scene, chunk, chunked, head, lengthy

#: Wire -> pieces of a stream behind the one with the stop reason.
BEHIND_STOP = {"chat": 2, "responses": 0, "gemini": 0, "ollama": 0, "repaired": 1, "passthrough": 1}
#: Bytes that a head must not hold.
BAD_HEADS = (b"\x16\x03\x01\x00\x05chaos", b"220 mail.test ESMTP\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 400)

# -- before and in the head


def reset_before_head(scene: Scene) -> Performance:
    return Performance([], End.RESET, "failed")


def close_before_head(scene: Scene) -> Performance:
    return Performance([], End.CLOSE, "failed")


def silent_before_head(scene: Scene) -> Performance:
    return Performance([], End.HANG, "failed")


def in_head(scene: Scene, end: End) -> Performance:
    """A part of the head."""
    whole = head(200, scene.media, transfer_encoding="chunked")
    return Performance([whole[: scene.dice.randrange(1, len(whole) - 1)]], end, "failed")


def reset_in_head(scene: Scene) -> Performance:
    return in_head(scene, End.RESET)


def close_in_head(scene: Scene) -> Performance:
    return in_head(scene, End.CLOSE)


def silent_in_head(scene: Scene) -> Performance:
    return in_head(scene, End.HANG)


def garbage_head(scene: Scene) -> Performance:
    """What is no HTTP."""
    return Performance([scene.dice.choice(BAD_HEADS)], End.CLOSE, "failed")


def huge_head(scene: Scene) -> Performance:
    """A header longer than any reader takes."""
    return Performance([head(200, scene.media, x_chaos="x" * MEGABYTE)], End.CLOSE, "failed")


# -- after the head


def after_head(scene: Scene, end: End) -> Performance:
    """The head alone."""
    return Performance(chunked([], scene.media), end, "failed")


def reset_after_head(scene: Scene) -> Performance:
    return after_head(scene, End.RESET)


def close_after_head(scene: Scene) -> Performance:
    return after_head(scene, End.CLOSE)


def silent_after_head(scene: Scene) -> Performance:
    return after_head(scene, End.HANG)


def nothing(scene: Scene) -> Performance:
    """A proper answer without a body."""
    if scene.dice.random() < 0.5:
        return Performance(lengthy(200, b"", scene.media), End.KEEP, "failed")
    return Performance([*chunked([], scene.media), LAST], End.KEEP, "failed")


def comments_forever(scene: Scene) -> Performance:
    """Signs of life without a word, until the peer has had enough."""
    blank = b": chaos\n\n" if scene.media == "text/event-stream" else b"\n"
    rest: list[bytes | float] = [chunk(blank), 0.3] * int(scene.patience * 30)
    return Performance([*chunked([], scene.media), *rest], End.HANG, "failed")


# -- in the body


def cut_at(scene: Scene, place: int, end: End, *more: bytes) -> Performance:
    """The answer up to a byte."""
    pieces = scene.pieces
    data = b"".join(pieces)
    behind = BEHIND_STOP[scene.wire.name] if scene.streaming else 0
    said = len(b"".join(pieces[: len(pieces) - behind]).rstrip())
    steps = [*chunked(split(data[:place], scene.dice), scene.media), *more]
    return Performance(steps, end, "failed" if place < said else "doubtful")


def split(data: bytes, dice: random.Random) -> list[bytes]:
    """Two parts, so that there is something before the damage."""
    place = dice.randrange(len(data) + 1)
    return [data[:place], data[place:]]


def anywhere(scene: Scene) -> int:
    """A place in the answer."""
    return scene.dice.randrange(1, len(b"".join(scene.pieces)))


def reset_anywhere(scene: Scene) -> Performance:
    return cut_at(scene, anywhere(scene), End.RESET)


def close_anywhere(scene: Scene) -> Performance:
    return cut_at(scene, anywhere(scene), End.CLOSE)


def silent_anywhere(scene: Scene) -> Performance:
    return cut_at(scene, anywhere(scene), End.HANG)


def clean_end_anywhere(scene: Scene) -> Performance:
    """The framing ends in good order, the answer does not."""
    return cut_at(scene, anywhere(scene), End.KEEP, LAST)


def cut_in_character(scene: Scene) -> Performance:
    """Between two bytes of one character."""
    data = b"".join(scene.pieces)
    inside = [place for place, byte in enumerate(data) if byte & 0xC0 == 0x80] or [1]
    end = scene.dice.choice((End.RESET, End.CLOSE, End.KEEP))
    return cut_at(scene, scene.dice.choice(inside), end, *([LAST] if end is End.KEEP else []))


def half_chunk(scene: Scene) -> Performance:
    """A chunk that is shorter than it says."""
    return cut_at(scene, anywhere(scene), End.CLOSE, b"ffff\r\nda")


def bad_chunk(scene: Scene) -> Performance:
    """A chunk whose size is no number."""
    return cut_at(scene, anywhere(scene), End.KEEP, b"chaos\r\n\r\n")


def short_body(scene: Scene) -> Performance:
    """Fewer bytes than the head has promised."""
    data = b"".join(scene.pieces)
    place = scene.dice.randrange(1, len(data))
    cut = cut_at(scene, place, End.CLOSE)
    return replace(cut, steps=[head(200, scene.media, content_length=str(len(data))), data[:place]])


def long_body(scene: Scene) -> Performance:
    """More bytes than the head has promised."""
    data = b"".join(scene.pieces)
    place = len(data) - scene.dice.randrange(1, 60)
    cut = cut_at(scene, place, End.KEEP)
    return replace(cut, steps=[head(200, scene.media, content_length=str(place)), data])


def cut_gzip(scene: Scene) -> Performance:
    """A compressed body that breaks off."""
    packed = gzip.compress(b"".join(scene.pieces))
    steps = chunked([packed[: scene.dice.randrange(1, len(packed) - 12)]], scene.media, content_encoding="gzip")
    return Performance([*steps, LAST], End.KEEP, "failed")


def unfinished(scene: Scene) -> Performance:
    """A stream that ends without a stop reason; a whole answer cannot, so it ends in its middle."""
    if not scene.streaming:
        return clean_end_anywhere(scene)
    pieces = replace(scene, told=replace(scene.told, ending="")).pieces
    return Performance([*chunked(pieces, scene.media), LAST], End.KEEP, "failed")


#: Name -> what it sends.
FAULTS = {
    found.__name__: found
    for found in (
        reset_before_head,
        close_before_head,
        silent_before_head,
        reset_in_head,
        close_in_head,
        silent_in_head,
        garbage_head,
        huge_head,
        reset_after_head,
        close_after_head,
        silent_after_head,
        nothing,
        comments_forever,
        reset_anywhere,
        close_anywhere,
        silent_anywhere,
        clean_end_anywhere,
        cut_in_character,
        half_chunk,
        bad_chunk,
        short_body,
        long_body,
        cut_gzip,
        unfinished,
    )
}
