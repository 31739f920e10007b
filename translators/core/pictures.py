"""What the first bytes of a file say: its media type, and the size of a picture in pixels.

Signatures: PNG (https://www.w3.org/TR/png-3/), GIF89a, JPEG (ITU-T T.81, JFIF), WebP
(https://developers.google.com/speed/webp/docs/riff_container), ISO media files (HEIC, AVIF), PDF 2.0; read 2026-11-21.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable

Size = tuple[int, int]

PDF = "application/pdf"
#: First bytes -> media type.
STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
#: Brand of an ISO media file -> media type.
BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}
#: A PDF may have this many bytes in front of its mark.
PDF_WINDOW = 1024
#: Bytes that are searched for the size of a picture; in a JPEG thumbnails and colour profiles may come before it.
FIRST, HEAD = 768, 512 * 1024
#: JPEG segments that carry the size: start of frame, but for the tables DHT, JPG and DAC among them.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def media_type(data: bytes) -> str:
    """The media type of an image or a PDF by its first bytes, "" for anything else."""
    for start, kind in STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return BRANDS.get(data[8:12], "")
    return PDF if b"%PDF-" in data[:PDF_WINDOW] else ""


def size(data: bytes) -> Size | None:
    """Width and height in pixels of a PNG, GIF, JPEG or WebP; None when its head does not tell."""
    reader = READERS.get(media_type(data))
    try:
        return reader(data) if reader else None
    except (struct.error, IndexError):
        return None


def encoded_size(data: str) -> Size | None:
    """The same of an image in base64. Only a JPEG needs more than its first bytes."""
    for length in (FIRST, HEAD):
        try:
            found = size(base64.b64decode(data[: length // 3 * 4]))
        except ValueError:
            return None
        if found:
            return found
    return None


def png(data: bytes) -> Size:
    """The first chunk is the header."""
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def gif(data: bytes) -> Size:
    """The logical screen."""
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def jpeg(data: bytes) -> Size | None:
    """The first start of frame."""
    position = 2
    while position < min(len(data), HEAD):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        (length,) = struct.unpack_from(">H", data, position + 2)
        position += 1 if marker == 0xFF else 2 + length
    return None


def webp(data: bytes) -> Size | None:
    """Lossy, lossless and extended files each keep the size elsewhere."""
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
        case b"VP8X":
            low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", data, 24)
            return (high_width << 16 | low_width) + 1, (high_height << 16 | low_height) + 1
        case _:
            return None


READERS: dict[str, Callable[[bytes], Size | None]] = {
    "image/png": png,
    "image/gif": gif,
    "image/jpeg": jpeg,
    "image/webp": webp,
}
