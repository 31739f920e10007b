"""Strategies for the small parts of a request: texts, JSON values, ids, names.

Everything is JSON that a client can send: halves of surrogate pairs too, as `\\ud800` inside a JSON text.
"""

from __future__ import annotations

from hypothesis import strategies as st

#: Texts that have been trouble somewhere: blank, half characters, control characters, tags, JSON, very long.
ODD_TEXTS = (
    *("", " ", "\n\n", "\u00a0", "\u200b", "\x00", "\x7f\u0085", "\u2028\u2029", "\ufeff", "\ufffe"),
    *("\ud800", "a\udc00b", "\udc00\ud800", "\ud83d", "é😀", "e\u0301", "\u202eabc", "日本語"),
    *("<think>", "</think>x", "<system-reminder>", "[DONE]", "data: {}\n\n", '{"a": 1}', "null", '"', "\\", "\\u0041"),
    *("$ref", "#/$defs/a", "%s {0} ${x}", "ok", "Error:", "(no output)"),
)
LONG = st.integers(2_000, 3_000).map(lambda count: "long " * count)
TEXTS = st.one_of(
    st.sampled_from(("Hello.", "Read the file a.txt.", "one\ntwo", "The answer is 42.")),
    st.sampled_from(ODD_TEXTS),
    st.text(st.characters(), max_size=20),
    st.integers(0, 19).flatmap(lambda number: LONG if number == 19 else st.just("")),
)
#: Texts that say something to a model.
WORDS = st.one_of(
    st.sampled_from(("Hello.", "Read the file a.txt.", "one\ntwo", "日本語 😀")),
    TEXTS.filter(lambda text: bool(text.strip())),
)
KEYS = st.one_of(
    st.sampled_from(
        (
            *("a", "path", "type", "properties", "items", "required", "$ref", "$defs", "enum", "const", "anyOf"),
            *("default", "description", "title", "format", "name", "input", "metadata", "input_schema", "signature"),
            *("cache_control", "", " ", "ä", "a.b", "\ud800", "0"),
        )
    ),
    st.text(st.characters(), max_size=6),
)
NUMBERS = st.one_of(
    st.integers(-3, 100), st.sampled_from((2**53 + 1, 2**64, -(10**30), 1e16, 1.5e-9, -0.0)), st.floats(0, 1)
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)

IDS = st.one_of(
    st.sampled_from(("toolu_1", "toolu_2", "call_a", "toolu_01AbCdEfGhIjKlMnOpQrSt")),
    st.sampled_from(
        (
            *("functions.Read:0", "call_1_2", "a" * 70, "a" * 300, "é", "id with spaces", "1", "-", "call"),
            *("toolu_1_2", "a\ud800", "a\ud801", "a\ufffd", "a?", "\n", "{}"),
        )
    ),
    st.text(st.characters(), min_size=1, max_size=8),
)
NAMES = st.one_of(
    st.sampled_from(("Read", "Bash", "Grep", "mcp__files__read_file")),
    st.sampled_from(
        (
            *("mcp__" + "server_" * 12 + "tool", "mcp__" + "server_" * 12 + "loot", "x" * 128, "a" * 65),
            *("a", "ab", "1st", "-dash", "_", "read", "READ", "a.b", "a b", "ä", "日本", "\ud800", "\ud801", "?", "�"),
            *("Read:0", "functions.Read", "multi_tool_use.parallel", "$ref", "t_1", "\n", " "),
        )
    ),
    st.text(st.characters(), min_size=1, max_size=8),
)
