"""Strategies that spoil things: a JSON value with something else at a random place, bytes with garbage among them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.words import VALUES

Path = tuple[Any, ...]

GARBAGE = st.one_of(
    st.sampled_from(
        (
            *(
                b"\n",
                b"\n\n",
                b"\r\n",
                b"\r",
                b"\xef\xbb\xbf",
                b"\xff\xfe",
                b"\x00",
                b"\x1f\x8b\x08",
                b"data:",
                b"data: ",
            ),
            *(b"data: [DONE]\n\n", b"data: null\n\n", b"data: []\n\n", b'data: "x"\n\n', b"event: error\ndata: no\n\n"),
            *(
                b": comment\n\n",
                b"<html>",
                b"{}",
                b'{"error": {"message": "no", "code": 500}}',
                b"]",
                b'"',
                b"\\u",
                b",",
            ),
            *(b'data: {"error": "no"}\n\n', b'data: {"error": {"code": 429}}\n\n', b"id: 1\n", b"retry: 1\n"),
        )
    ),
    st.binary(max_size=8),
)


def paths(value: Any, above: Path = ()) -> Iterator[Path]:
    """The places inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*above, key)
        yield from paths(item, (*above, key))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy of the value with another one at the place."""
    made = copy.deepcopy(value)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = new
    return made


def removed(value: Any, path: Path) -> Any:
    """A copy of the value without the place."""
    made = copy.deepcopy(value)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    return made


def item(value: Any, path: Path) -> Any:
    """What is at the place."""
    for key in path:
        value = value[key]
    return value


@st.composite
def spoiled(draw: st.DrawFn, value: Any, most: int = 3) -> Any:
    """The value with one or a few of its places replaced, removed or wrapped."""
    for _ in range(draw(st.integers(1, most))):
        known = list(paths(value))
        if not known:
            return value
        path = draw(st.sampled_from(known))
        match draw(st.sampled_from(("replace", "remove", "list", "object", "text"))):
            case "remove":
                value = removed(value, path)
            case "list":
                value = replaced(value, path, [item(value, path)])
            case "object":
                value = replaced(value, path, {"type": item(value, path)})
            case "text":
                value = replaced(value, path, str(item(value, path)))
            case _:
                value = replaced(value, path, draw(VALUES))
    return value


@st.composite
def pieces(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The bytes in pieces, cut anywhere."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True) if start < end]


@st.composite
def littered(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with garbage in them, with a part missing, or with a part twice."""
    for _ in range(draw(st.integers(1, 3))):
        start, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        middle = draw(st.sampled_from(("insert", "replace", "cut", "repeat")))
        match middle:
            case "insert":
                data = data[:start] + draw(GARBAGE) + data[start:]
            case "replace":
                data = data[:start] + draw(GARBAGE) + data[min(end, start + 5) :]
            case "cut":
                data = data[:start] + data[end:]
            case _:
                data = data[:end] + data[start:]
    return data
