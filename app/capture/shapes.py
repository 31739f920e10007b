"""Shapes: a record without what was said. Filler stands for it, so that the record still plays to the same events."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from app.capture.filler import Filler, property_names
from app.capture.record import bytes_of, text_of
from app.logs.redaction import texts
from translators import vendors
from translators.core import client_tools
from translators.core.structured import wanted_schema
from translators.core.thinking import Signature, read, sign
from translators.core.vendor import Json

#: Keys whose texts are no content but kinds, names and ids, and what these look like.
NAME = re.compile(r"[\w.:/+@-]{0,128}")
NAMES = (
    "type role object event status model id name finish_reason native_finish_reason stop_reason "
    "done_reason finishReason call_id tool_call_id tool_use_id item_id response_id message_id media_type "
    "mimeType mime_type code effort ttl responseId modelVersion created_at reason blockReason "
    "stop_sequence required ref $ref kind tool_name error_code error_type param service_tier "
    "system_fingerprint version anthropic_version citation_type @type retryDelay request_id "
    "stop_sequences previous_response_id"
)
KEPT = frozenset(NAMES.split())
#: Keys below which everything is content, and the keys of an error's words.
CONTENT = frozenset({"input", "args", "arguments", "metadata"})
WORDS = frozenset({"message", "error", "detail", "msg", "raw"})
#: A string, what opens and closes, a line's end with the field of server-sent events behind it, any other word.
LEXEME = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[{}\[\]:,]|\n|[^\W_][\w.+-]*')
FIELD = re.compile(r"(?:event|id|retry|data)?:")
#: What stands for one character of a string in JSON.
CHARACTER = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)
HOST = "host.invalid"
#: By these words Claude Code's note about billing is known, which goes to no other vendor.
BILLING = "x-anthropic-billing-header"

Path = tuple[str, ...]
Span = tuple[int, int]


def shaped(entry: Json) -> Json:
    """The record, made of filler."""
    body = entry["request"]["body"]
    whole = [BILLING, *(body.get("stop_sequences") or ())]
    filler = Filler(names_of(body), whole, "\n".join(texts(body)))
    return {
        **entry,
        "contents": "shapes",
        "session_id": filler.text(entry["session_id"]),
        "request": {**entry["request"], "body": valued(body, filler)},
        "routes": [routed(route, filler) for route in entry["routes"]],
        "tries": [tried(one, filler) for one in entry["tries"]],
        "answer": answered(entry["answer"], filler),
        "notes": {name: [noted(name, note, filler) for note in notes] for name, notes in entry["notes"].items()},
    }


def names_of(body: Json) -> Iterator[str]:
    """The names of the tools and of the fields that are asked for: an answer's form hangs on them."""
    tools = client_tools.known(body)
    yield from (str(tool["name"]) for tool in [*tools, *(body.get("tools") or ())] if tool.get("name"))
    yield from property_names([*tools, body.get("tools"), wanted_schema(body)])
    yield from vendors()


def routed(route: Json, filler: Filler) -> Json:
    """A route without the user's host."""
    vendor = {name: unhosted(value) if name == "base_url" else value for name, value in route["vendor"].items()}
    own = {name: filler.text(value) for name, value in route["headers"].items()}
    place = unhosted(route["base_url"])
    facts = {**route["route"], "session": filler.text(route["route"]["session"])}
    made = {"route": facts, "vendor": vendor, "headers": own, "base_url": place}
    return {**route, **made, "hidden": place != route["base_url"]}


def tried(one: Json, filler: Filler) -> Json:
    """A request to a vendor and its answer."""
    raw = b"".join(bytes_of(piece) for _, piece in one["pieces"])
    made, pieces, place = unread(raw, filler), [], 0
    for at, piece in one["pieces"]:
        size = len(bytes_of(piece))
        pieces.append([at, text_of(made[place : place + size])])
        place += size
    return {**one, "url": unhosted(one["url"]), "body": valued(one["body"], filler), "pieces": pieces}


def answered(answer: Json, filler: Filler) -> Json:
    """What went to the client."""
    raw = b"".join(bytes_of(piece["data"]) for piece in answer["sent"])
    made, sent, place = unread(raw, filler), [], 0
    for piece in answer["sent"]:
        size = len(bytes_of(piece["data"]))
        sent.append({**piece, "data": text_of(made[place : place + size])})
        place += size
    refusal = answer["refusal"] and unread(answer["refusal"].encode(), filler).decode()
    return {**answer, "sent": sent, "refusal": refusal, "error": valued(answer["error"], filler)}


def noted(name: str, note: Json, filler: Filler) -> Json:
    """What somebody else has answered; most of it are numbers and names."""
    return valued(note, filler) if "error" in note or name in ("media", "fitting", "search") else note


def unhosted(url: str) -> str:
    """An address without its host, unless that is a vendor's."""
    parts = urlsplit(url)
    return url if not parts.netloc or domain(url) in known_domains() else urlunsplit(parts._replace(netloc=HOST))


@cache
def known_domains() -> frozenset[str]:
    """The domains of all vendors, which are nobody's secret."""
    return frozenset(domain(url) for vendor in vendors().values() for url in (vendor.base_url, vendor.documentation))


def domain(url: str) -> str:
    """The last two names of an address's host."""
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


# -- values


def rule(path: Path, filler: Filler) -> Callable[[str], str]:
    """What is done with a text at a path. Below an error its words decide, below what is content all is."""
    outer = next((name for name in path if name in CONTENT or name == "error"), "")
    if outer in CONTENT:
        return filler.text
    return filler.error if outer or (path and path[-1] in WORDS) else filler.text


def stays(path: Path, text: str) -> bool:
    """The text is a name."""
    return bool(path) and path[-1] in KEPT and not CONTENT & set(path) and NAME.fullmatch(text) is not None


def valued(value: Any, filler: Filler, path: Path = ()) -> Any:
    """A JSON value of filler."""
    if isinstance(value, Mapping):
        return {name: valued(inner, filler, (*path, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [valued(inner, filler, path) for inner in value]
    if not isinstance(value, str):
        return value
    if path and path[-1] == "signature" and (signature := read(value)):
        return resigned(signature, filler)
    return value if stays(path, value) else rule(path, filler)(value)


def resigned(signature: Signature, filler: Filler) -> str:
    """A signature of Rialto's that remembers filler."""
    opaque = tuple((name, valued(value, filler)) for name, value in signature.opaque)
    return sign(Signature(signature.vendor, signature.model, filler.text(signature.text), opaque))


# -- bytes


def unread(data: bytes, filler: Filler) -> bytes:
    """Bytes of an answer, whole or broken, of filler. What belongs together, as the pieces of one text do, is looked at
    together, because a word may be spread over several events.
    """
    text = data.decode("utf-8", "surrogateescape")
    made = list(text)
    spread: dict[tuple[Path, Path], list[Span]] = {}
    for path, places, span in strings(text):
        value = text[slice(*span)]
        if not stays(path, value):
            found = [(span[0] + one.start(), span[0] + one.end()) for one in CHARACTER.finditer(value)]
            spread.setdefault((path, places), []).extend(found)
    for (path, _), spans in spread.items():
        old = [unescaped(text[start:end]) for start, end in spans]
        new = rule(path, filler)("".join(old))
        for (start, end), was, now in zip(spans, old, new, strict=True):
            if was != now:
                made[start:end] = [now] if end == start + 1 else list(f"\\u{ord(now):04x}")
    return "".join(made).encode("utf-8", "surrogateescape")


def unescaped(text: str) -> str:
    """The character that an escape in JSON stands for."""
    if len(text) == 1:
        return text
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return "?"


def strings(text: str) -> Iterator[tuple[Path, Path, Span]]:
    """(path, its places in lists, place in the text) of every string value in JSON that may be cut off, in events or in
    lines; words outside of JSON have the path of an error.
    """
    reader = Reader()
    for found in LEXEME.finditer(text):
        path = reader.feed(found.group(), text, found.start())
        if path is not None:
            start, end = found.span()
            quoted = text[start] == '"'
            closed = quoted and end > start + 1 and text[end - 1] == '"'
            yield path, reader.places, (start + quoted, end - closed)


class Reader:
    """Knows where in a JSON value a lexeme stands."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._names: list[str] = []
        self._counts: list[int] = []
        self._waits = False
        """A name has been read and its value has not."""
        self._plain = True
        """The line is no field of an event."""

    def feed(self, lexeme: str, text: str, start: int) -> Path | None:
        """The path of a value that is content; None for everything else."""
        if start == 0 or text[start - 1] == "\n" or lexeme == "\n":
            self._line(text, start + (lexeme == "\n"))
        match lexeme[0]:
            case "{" | "[":
                self._open.append(lexeme)
                self._names.append("")
                self._counts.append(0)
                self._waits = False
            case "}" | "]":
                if self._open:
                    self._open.pop()
                    self._names.pop()
                    self._counts.pop()
                self._waits = False
            case ":":
                self._waits = True
            case ",":
                self._waits = False
                if self._open and self._open[-1] == "[":
                    self._counts[-1] += 1
            case '"':
                return self._string(lexeme)
            case _:
                return ("error",) if not self._open and self._plain and lexeme != "\n" else None
        return None

    @property
    def places(self) -> Path:
        """The number of the element in every list that is open."""
        return tuple(map(str, self._counts))

    def _line(self, text: str, start: int) -> None:
        field = FIELD.match(text, start)
        self._plain = field is None
        if field:
            self._open.clear()
            self._names.clear()
            self._counts.clear()

    def _string(self, lexeme: str) -> Path | None:
        if self._open and self._open[-1] == "{" and not self._waits:
            self._names[-1] = lexeme.strip('"')
            return None
        return tuple(filter(None, self._names)) or ("error",)
