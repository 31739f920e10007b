"""What the doctor asks. Small questions: each costs a few tokens."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

from translators.core.vendor import Json

TOOL_NAME = "report_number"


def user(content: Any) -> list[Json]:
    """A conversation of one message."""
    return [{"role": "user", "content": content}]


def red_square() -> str:
    """A PNG picture of 32 by 32 red points, as base64."""
    side = 32
    rows = (b"\0" + b"\xff\0\0" * side) * side
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        data += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return base64.b64encode(data).decode()


def text_of(message: Json) -> str:
    """The visible text of a message."""
    blocks: list[Any] = message.get("content") or []
    return "".join(block.get("text", "") for block in blocks if block.get("type") == "text")


ANSWER: Json = {"messages": user("Reply with the word ok.")}
TOOL: Json = {
    "max_tokens": 1024,
    "system": "You work by calling tools.",
    "messages": user(f"Call the tool {TOOL_NAME} with the number 7. Say nothing else."),
    "tools": [
        {
            "name": TOOL_NAME,
            "description": "Takes note of a number.",
            "input_schema": {
                "type": "object",
                "properties": {"number": {"type": "integer"}},
                "required": ["number"],
            },
        }
    ],
}
THINKING: Json = {
    "max_tokens": 4096,
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "messages": user("Is 91 a prime number? Think first, then answer with one word."),
}
IMAGE: Json = {
    "messages": user(
        [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": red_square()}},
            {"type": "text", "text": "Which colour is this? One word."},
        ]
    )
}
COUNT: Json = {**ANSWER, "tools": TOOL["tools"]}
