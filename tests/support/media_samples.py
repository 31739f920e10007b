"""Small pictures and PDFs, made on the spot."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

from pypdf import PdfWriter

Json = dict[str, Any]


def png(width: int = 10, height: int = 10, padding: int = 0) -> bytes:
    """A PNG; `padding` bytes make it heavier."""
    rows = zlib.compress((b"\0" + b"\x10\x20\x30" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"tEXt", b"x\0" + b"y" * padding), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def gif(width: int = 10, height: int = 10) -> bytes:
    """The head of a GIF."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def jpeg(width: int = 10, height: int = 10, thumbnail: int = 0) -> bytes:
    """The head of a JPEG, with `thumbnail` bytes in front of its size."""
    before = b"\xff\xe1" + struct.pack(">H", thumbnail + 2) + b"\xff\xc0" * (thumbnail // 2) if thumbnail else b""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9 + before + frame + b"\xff\xd9"


def webp(width: int = 10, height: int = 10, form: bytes = b"VP8X") -> bytes:
    """The head of a WebP: extended, lossy (VP8 with a space) or lossless (VP8L)."""
    body = {
        b"VP8X": b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        b"VP8 ": b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height),
        b"VP8L": b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14),
    }[form]
    return b"RIFF" + struct.pack("<I", len(body) + 12) + b"WEBP" + form + struct.pack("<I", len(body)) + body


def pdf(*pages: str) -> bytes:
    """A PDF with a line of text on each page; "" leaves a page empty."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    leaves = []
    for words in pages:
        stream = f"BT /F1 12 Tf 20 100 Td ({words}) Tj ET".encode() if words else b""
        leaves.append(len(objects) + 1)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
            % (len(objects) + 2)
        )
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(stream), stream))
    kids = b" ".join(b"%d 0 R" % leaf for leaf in leaves)
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(leaves), kids)
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    return body + b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        count,
        table,
        count,
        len(body),
    )


def locked_pdf(password: str, *pages: str) -> bytes:
    """An encrypted PDF; "" opens by itself, as files do whose printing alone is forbidden."""
    writer = PdfWriter(io.BytesIO(pdf(*pages)))
    writer.encrypt(password, owner_password="owner", algorithm="RC4-128")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def encoded(data: bytes) -> str:
    """Base64."""
    return base64.b64encode(data).decode()


def image(data: bytes | None = None, media_type: str = "image/png", **more: Any) -> Json:
    """An image block with its data inside."""
    source = {"type": "base64", "media_type": media_type, "data": encoded(png() if data is None else data)}
    return {"type": "image", "source": source, **more}


def document(data: bytes, media_type: str = "application/pdf", **more: Any) -> Json:
    """A document block with its data inside."""
    source = {"type": "base64", "media_type": media_type, "data": encoded(data)}
    return {"type": "document", "source": source, **more}


def linked(kind: str, url: str, **more: Any) -> Json:
    """An image or document block with an address."""
    return {"type": kind, "source": {"type": "url", "url": url}, **more}
