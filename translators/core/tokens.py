"""An estimate of tokens, for counting before a vendor has counted.

Tokenizers cut at spaces, punctuation and line ends, keep words nearly whole and digits nearly single. So characters are
counted by kind; the weights are a fit to the tokenizers of GPT-4o, Qwen, DeepSeek, Mistral and the older Claude over
code, logs, JSON, Markdown, prose and base64 (2026-11-21), a little on the high side. Images count as Anthropic counts
them (28 x 28 pixel patches of the downsized picture, https://platform.claude.com/docs/en/build-with-claude/vision, read
2026-11-21); a PDF page as text and picture together.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from translators.core import client_tools
from translators.core.json_text import loose
from translators.core.pictures import encoded_size

#: Characters of an answer per token.
LATIN_PER_TOKEN = 3.8
#: Tokens for each ASCII character, by its kind.
LETTER, DIGIT, PUNCTUATION, LINE = 0.13, 1.0, 0.64, 1.55
LETTERS = string.ascii_letters.encode()
"""Most of any text; they are counted by what is left without them."""
SIGNS = bytes.maketrans(
    (string.digits + string.punctuation).encode(), b"0" * len(string.digits) + b"." * len(string.punctuation)
)
"""A sign for each of the other kinds."""
#: Of a run of spaces every second one belongs to its neighbour.
ODD_SPACE, PAIR_OF_SPACES = 0.54, 0.14
#: Letters to a break above which a text with digits is base64 or the like; such letters for each digit; their tokens.
LONGEST_WORDS, LETTERS_PER_DIGIT, LOOSE_LETTER = 8, 4, 0.6
#: Characters beyond ASCII, tokens for each; the first kind that fits. Accents make the words around them dear.
SCRIPTS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(r"[\u0080-\u00ff]+"), 1.3),
    (re.compile(r"[\u0100-\u1fff]+"), 0.45),
    (re.compile(r"[\u2000-\u24ff\u2580-\u2bff]+"), 0.95),
    (re.compile(r"[\u2500-\u257f\u2c00-\uffff]+"), 0.68),
    (re.compile(r"[\U00010000-\U0010ffff]+"), 1.8),
)
#: An image of unknown size.
IMAGE_TOKENS = 1_500
#: The most that an image counts, and the pixels of its longer side after downsizing.
MAX_IMAGE_TOKENS, LONGEST_SIDE = 1_568, 1_568
PATCH = 28
PAGE_TOKENS = 2_250
#: Base64 characters of a PDF per token, where its pages cannot be counted; a page of 60 kB counts about 2,500.
PDF_CHARACTERS_PER_TOKEN = 32
PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
#: What stands around a request, a message, a tool.
START_TOKENS = 3
MESSAGE_TOKENS = 4
TOOL_TOKENS = 12


class Size(NamedTuple):
    """Tokens by what they are spent on, because vendors differ in each: ASCII text, the tools' definitions, characters
    beyond ASCII, pictures and pages.
    """

    text: float = 0.0
    tools: float = 0.0
    scripts: float = 0.0
    media: float = 0.0

    @property
    def tokens(self) -> int:
        """All of them."""
        return round(self.text + self.tools + self.scripts + self.media)


NOTHING = Size()

#: Characters from which on the size of a text is remembered, by its hash so that no words are kept; how many are.
LONG_TEXT, MOST_SIZES = 400, 20_000
SIZES: dict[tuple[int, int], Size] = {}


def total(sizes: Iterable[Size]) -> Size:
    """All of them together."""
    text = tools = scripts = media = 0.0
    for each in sizes:
        text += each[0]
        tools += each[1]
        scripts += each[2]
        media += each[3]
    return Size(text, tools, scripts, media)


def estimate(text: str) -> int:
    """Tokens of a text; 0 only for an empty one."""
    return max(1, text_size(text).tokens) if text else 0


def estimate_request(message: Mapping[str, Any]) -> int:
    """Tokens of a Messages request: system, tools and every block of every message."""
    return measure(message).tokens


def content_tokens(content: Any) -> int:
    """Tokens of a string or a list of blocks."""
    return content_size(content).tokens


def measure(message: Mapping[str, Any]) -> Size:
    """The size of a Messages request."""
    turns = message.get("messages") or ()
    tools = client_tools.weighing(message)
    frame = Size(text=START_TOKENS + MESSAGE_TOKENS * len(turns), tools=TOOL_TOKENS * len(tools))
    contents = [message.get("system"), *[turn.get("content") for turn in turns]]
    return total([frame, *map(content_size, contents), *map(tool_size, tools)])


def tool_size(tool: Any) -> Size:
    """The size of a tool's definition."""
    size = value_size(tool)
    return Size(tools=size.text, scripts=size.scripts)


def content_size(content: Any) -> Size:
    """The size of a string or a list of blocks."""
    if isinstance(content, str):
        return text_size(content)
    sizes = [block_size(block) for block in content or () if isinstance(block, dict)]
    return sizes[0] if len(sizes) == 1 else total(sizes)


def block_size(block: Mapping[str, Any]) -> Size:
    """The size of one content block."""
    match block.get("type"):
        case "text" | "thinking" as kind:
            return text_size(str(block.get(kind) or ""))
        case "image":
            return Size(media=image_tokens(block))
        case "document":
            return document_size(block)
        case "redacted_thinking":
            return NOTHING
        case "tool_result":
            return framed(content_size(block.get("content")))
        case _:
            return framed(value_size(block))


def framed(size: Size) -> Size:
    """The size of what stands in a block with fields of its own."""
    return Size(size.text + MESSAGE_TOKENS, size.tools, size.scripts, size.media)


def value_size(value: Any) -> Size:
    """The size of a JSON value, keys and punctuation included, cache marks left out."""
    if isinstance(value, Mapping) and "cache_control" in value:
        value = {name: item for name, item in value.items() if name != "cache_control"}
    return text_size(loose(value))


def text_size(text: str) -> Size:
    """The size of a text. Clients send the whole conversation with every turn, so that of a long one is remembered."""
    if len(text) < LONG_TEXT:
        return counted_size(text)
    key = (hash(text), len(text))
    if (size := SIZES.get(key)) is None:
        if len(SIZES) >= MOST_SIZES:
            SIZES.clear()
        size = SIZES[key] = counted_size(text)
    return size


def counted_size(text: str) -> Size:
    """The size of a text, counted."""
    if text.isascii():
        return Size(text=ascii_tokens(text.encode()))
    scripts = sum(weight * sum(map(len, script.findall(text))) for script, weight in SCRIPTS)
    return Size(text=ascii_tokens(text.encode("ascii", "ignore")), scripts=scripts)


def ascii_tokens(text: bytes) -> float:
    """Tokens of ASCII characters."""
    signs = text.translate(SIGNS, LETTERS)
    letters = len(text) - len(signs)
    digits, punctuation, lines = signs.count(b"0"), signs.count(b"."), signs.count(b"\n")
    spaces, pairs = signs.count(b" "), text.count(b"  ")
    breaks = punctuation + lines + spaces + 1
    loose = max(0, min(letters - LONGEST_WORDS * breaks, LETTERS_PER_DIGIT * digits))
    words = letters * LETTER + digits * DIGIT + punctuation * PUNCTUATION + lines * LINE
    return words + (spaces - 2 * pairs) * ODD_SPACE + pairs * PAIR_OF_SPACES + loose * LOOSE_LETTER


def image_tokens(block: Mapping[str, Any]) -> int:
    """Tokens of an image by its size in pixels."""
    source = block.get("source")
    data = source.get("data") if isinstance(source, Mapping) else None
    found = encoded_size(data) if isinstance(data, str) else None
    if found is None:
        return IMAGE_TOKENS
    scale = min(1.0, LONGEST_SIDE / max(1, *found))
    wide, high = (max(1, -(-round(side * scale) // PATCH)) for side in found)
    return min(MAX_IMAGE_TOKENS, wide * high)


def document_size(block: Mapping[str, Any]) -> Size:
    """The size of a document: its text, or its pages."""
    source = block.get("source") or {}
    heads = [text_size(str(block.get(name) or "")) for name in ("title", "context")]
    match source.get("type"):
        case "text":
            body = text_size(str(source.get("data") or ""))
        case "content":
            body = content_size(source.get("content"))
        case "base64":
            body = Size(media=pdf_tokens(str(source.get("data") or "")))
        case _:
            body = Size(media=IMAGE_TOKENS)
    return total([*heads, body])


def pdf_tokens(data: str) -> int:
    """Tokens of a PDF in base64: by its pages, or by its size where they are packed."""
    try:
        pages = len(PAGE.findall(base64.b64decode(data)))
    except ValueError:
        pages = 0
    return pages * PAGE_TOKENS or max(IMAGE_TOKENS, len(data) // PDF_CHARACTERS_PER_TOKEN)
