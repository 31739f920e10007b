"""What the first bytes of a file say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.media_samples import encoded, gif, jpeg, pdf, png, webp
from translators.core.pictures import PDF, encoded_size, media_type, size

WIDE = (640, 48)
PICTURES = {
    "png": (png(*WIDE), "image/png"),
    "gif": (gif(*WIDE), "image/gif"),
    "jpeg": (jpeg(*WIDE), "image/jpeg"),
    "jpeg with a thumbnail": (jpeg(*WIDE, thumbnail=60_000), "image/jpeg"),
    "extended webp": (webp(*WIDE), "image/webp"),
    "lossy webp": (webp(*WIDE, b"VP8 "), "image/webp"),
    "lossless webp": (webp(*WIDE, b"VP8L"), "image/webp"),
}


@pytest.mark.parametrize(("data", "kind"), PICTURES.values(), ids=PICTURES.keys())
def test_a_picture_tells_its_type_and_size(data: bytes, kind: str) -> None:
    assert (media_type(data), size(data), encoded_size(encoded(data))) == (kind, WIDE, WIDE)


OTHERS = {
    "a PDF": (pdf("x"), PDF),
    "a PDF behind other bytes": (b"\xef\xbb\xbf\n" + pdf("x"), PDF),
    "HEIC": (b"\0\0\0\x18ftypheic", "image/heic"),
    "TIFF": (b"II*\0rest", "image/tiff"),
    "a page": (b"<!doctype html>", ""),
    "another ISO file": (b"\0\0\0\x18ftypisom", ""),
    "nothing": (b"", ""),
    "RIFF alone": (b"RIFF0000WAVE", ""),
}


@pytest.mark.parametrize(("data", "kind"), OTHERS.values(), ids=OTHERS.keys())
def test_other_files_have_no_size(data: bytes, kind: str) -> None:
    assert (media_type(data), size(data)) == (kind, None)


@pytest.mark.parametrize("data", [data for data, _ in PICTURES.values()], ids=PICTURES.keys())
def test_a_picture_that_is_cut_off_has_no_size_or_the_right_one(data: bytes) -> None:
    assert {size(data[:length]) for length in range(min(len(data), 200))} <= {None, WIDE}


def test_a_jpeg_without_a_frame() -> None:
    assert size(b"\xff\xd8\xff\xe0\x00\x04abxxxx") is None


@pytest.mark.parametrize("text", ["", "!", "AAAA", "ä" * 8, "iVBORw0KGgo"])
def test_a_text_that_is_no_picture(text: str) -> None:
    assert encoded_size(text) is None


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF0000WEBPVP8X", b""]), st.binary())
def test_no_bytes_break_it(start: bytes, rest: bytes) -> None:
    found = size(start + rest)
    assert found is None or min(found) >= 0
