"""An estimate of tokens, for counting before a vendor has counted.

Characters per token differ by script: about four for Latin text, about one and a half for others. Images count as
Anthropic counts them at full size (28 x 28 pixel patches, https://platform.claude.com/docs/en/build-with-claude/vision,
read 2026-11-21); a PDF page as text and picture together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

LATIN_PER_TOKEN = 3.8
OTHER_PER_TOKEN = 1.4
IMAGE_TOKENS = 1_500
#: Base64 characters of a PDF per token; a page of 60 kB counts about 2,500.
PDF_CHARACTERS_PER_TOKEN = 32
MESSAGE_TOKENS = 4
TOOL_TOKENS = 12
OTHER_SCRIPTS = re.compile(r"[^\x00-\u02ff\u2000-\u206f]+")


def estimate(text: str) -> int:
    """Tokens of a text; 0 only for an empty one."""
    if not text:
        return 0
    other = 0 if text.isascii() else sum(len(run) for run in OTHER_SCRIPTS.findall(text))
    return max(1, round((len(text) - other) / LATIN_PER_TOKEN + other / OTHER_PER_TOKEN))


def estimate_request(message: Mapping[str, Any]) -> int:
    """Tokens of a Messages request: system, tools and every block of every message."""
    total = content_tokens(message.get("system"))
    total += sum(TOOL_TOKENS + value_tokens(tool) for tool in message.get("tools") or ())
    for turn in message.get("messages") or ():
        total += MESSAGE_TOKENS + content_tokens(turn.get("content"))
    return max(1, total)


def content_tokens(content: Any) -> int:
    """Tokens of a string or a list of blocks."""
    if isinstance(content, str):
        return estimate(content)
    return sum(block_tokens(block) for block in content or () if isinstance(block, Mapping))


def block_tokens(block: Mapping[str, Any]) -> int:
    """Tokens of one content block."""
    match block.get("type"):
        case "text":
            return estimate(str(block.get("text") or ""))
        case "image":
            return IMAGE_TOKENS
        case "document":
            return document_tokens(block)
        case "thinking":
            return estimate(str(block.get("thinking") or ""))
        case "redacted_thinking":
            return 0
        case "tool_result":
            return MESSAGE_TOKENS + content_tokens(block.get("content"))
        case _:
            return MESSAGE_TOKENS + value_tokens(block)


def document_tokens(block: Mapping[str, Any]) -> int:
    """Tokens of a document: its text, or a guess by size for a PDF."""
    source = block.get("source") or {}
    head = estimate(str(block.get("title") or "")) + estimate(str(block.get("context") or ""))
    match source.get("type"):
        case "text":
            return head + estimate(str(source.get("data") or ""))
        case "content":
            return head + content_tokens(source.get("content"))
        case "base64":
            return head + max(IMAGE_TOKENS, len(str(source.get("data") or "")) // PDF_CHARACTERS_PER_TOKEN)
        case _:
            return head + IMAGE_TOKENS


def value_tokens(value: Any) -> int:
    """Tokens of any JSON value, keys and punctuation included."""
    if isinstance(value, str):
        return estimate(value) + 1
    if isinstance(value, Mapping):
        return sum(2 + value_tokens(key) + value_tokens(item) for key, item in value.items() if key != "cache_control")
    if isinstance(value, Iterable):
        return 1 + sum(1 + value_tokens(item) for item in value)
    return 1
