"""Tool arguments, piece by piece and whole."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translators.core.arguments import Arguments, object_text, repair

SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "limit": {"type": "integer"},
        "kind": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "mode": {"enum": ["a", None]},
        "free": {},
        "either": {"type": ["string", "null"]},
        "named": {"$ref": "#/$defs/Named"},
    },
    "required": ["path"],
    "additionalProperties": False,
    "$defs": {"Named": {"type": "string"}},
}


def run(*pieces: str, complete: bool = True, schema: dict[str, Any] | None = None) -> str:
    """Everything that the client gets."""
    arguments = Arguments(schema)
    return "".join([*map(arguments.feed, pieces), arguments.close(complete)])


def split(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, *(cut for cut in cuts if cut < len(text)), len(text)})
    return [text[start:end] for start, end in pairwise(places)]


def everywhere(text: str, complete: bool = True, schema: dict[str, Any] | None = None) -> str:
    """What the client gets, after making sure that it is the same for every split."""
    whole = run(text, complete=complete, schema=schema)
    assert run(*text, complete=complete, schema=schema) == whole
    for cut in range(len(text) + 1):
        assert run(text[:cut], text[cut:], complete=complete, schema=schema) == whole
    return whole


leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
objects = st.dictionaries(st.text(), values, max_size=5)
cut_lists = st.lists(st.integers(0, 200), max_size=12)


@settings(deadline=None)
@given(objects, cut_lists, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_valid_json_keeps_its_meaning(value: dict[str, Any], cuts: list[int], ascii_only: bool, indent: Any) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert json.loads(run(*split(text, cuts))) == value
    assert json.loads(run(*split(text, cuts), complete=False)) == value


@settings(deadline=None)
@given(st.text(alphabet="{}[]:,\"'\\abtrue0-1. \n`NoeTu\ud83d\ude00", max_size=40), cut_lists, st.booleans())
def test_no_split_changes_anything(text: str, cuts: list[int], complete: bool) -> None:
    assert run(*split(text, cuts), complete=complete) == run(text, complete=complete)


@settings(deadline=None)
@given(objects, st.integers(0, 400))
def test_a_cut_call_never_looks_complete(value: dict[str, Any], size: int) -> None:
    text = json.dumps(value)
    sent = run(text[: min(size, len(text) - 1)], complete=False)
    if sent:
        with pytest.raises(ValueError):
            json.loads(sent)


REPAIRED = [
    ('{"path": "/a", "limit": 5,}', {"path": "/a", "limit": 5}),
    ("{'path': '/a', 'limit': 5}", {"path": "/a", "limit": 5}),
    ('{path: "/a", limit: 5}', {"path": "/a", "limit": 5}),
    ('{"path": "/a", "limit": 5', {"path": "/a", "limit": 5}),
    ('{"path": "/a"', {"path": "/a"}),
    ('{"path": "/a",', {"path": "/a"}),
    ('{"list": [1, {"x": 2', {"list": [1, {"x": 2}]}),
    ('{"list": [1, 2,], "x": {"y": 1,},}', {"list": [1, 2], "x": {"y": 1}}),
    ('{"a": True, "b": False, "c": None}', {"a": True, "b": False, "c": None}),
    ("{'a': [True, {'b': None}]}", {"a": [True, {"b": None}]}),
    ('{"a": "kept", b: True}', {"a": "kept", "b": True}),
    ('```json\n{"path": "/a"}\n```', {"path": "/a"}),
    ('```\n{"path": "/a"}', {"path": "/a"}),
    ("```json\n{'text': 'a ` b'}\n``` done", {"text": "a ` b"}),
    ('```json\n{"text": "```sh\\nls\\n```"}\n```', {"text": "```sh\nls\n```"}),
    ('{"path": "/a"} and more', {"path": "/a"}),
    ('{"path": "/a"}{"path": "/b"}', {"path": "/a"}),
    ("{'path': '/a'}{'path': '/b'}", {"path": "/a"}),
    ('{}{"path": "/a"}', {"path": "/a"}),
    ("{} {'path': '/a'}", {"path": "/a"}),
    ("{} rest", {}),
    ('"{\\"path\\": \\"/a\\"}"', {"path": "/a"}),
    (json.dumps(json.dumps('{"path": "/a",}')), {"path": "/a"}),
    ('{"text": "one\ntwo\tthree\x01"}', {"text": "one\ntwo\tthree\x01"}),
    ('{"list": ["one\ntwo"]}', {"list": ["one\ntwo"]}),
    ('{"path": "C:\\Users\\new \\d \\$"}', {"path": "C:\\Users\new \\d \\$"}),
    ('{"text": "it\\\'s"}', {"text": "it's"}),
    ("{'text': 'say \"hi\" it\\'s'}", {"text": 'say "hi" it\'s'}),
    ('{"text": "\\u12 \\u00e9 \\ud83d\\ude00 \\ud83d \\ude00"}', {"text": "\\u12 é 😀 \ufffd \ufffd"}),
    ('{"list": ["\\ud83d"]}', {"list": ["\ufffd"]}),
    ('\ufeff{"path": "/a"}', {"path": "/a"}),
    ("", {}),
    (" \n", {}),
    ("null", {}),
    ("None", {}),
    ('""', {}),
    ("{}", {}),
    ("{", {}),
]
HOPELESS = [
    "path is slash a",
    "[1, 2]",
    "5",
    '"text"',
    '{"path": }',
    '{"path" "/a"}',
    '{"path": "/a" "limit": 5}',
    '{"path": "say "hi""}',
    '{"path": /a}',
    '{"a": NaN}',
    '{"a": 01}',
    '{"path": "/a',
    "{'path': '/a",
    "{'it's': 1}",
    "[" * 3000,
    '{"a": ' + "[" * 3000,
    '{"a": ' * 3000,
]


@pytest.mark.parametrize(("text", "value"), REPAIRED)
def test_repair(text: str, value: dict[str, Any]) -> None:
    assert json.loads(everywhere(text)) == value
    assert repair(text) == value


@pytest.mark.parametrize("text", HOPELESS)
def test_hopeless_text_goes_through_and_nothing_is_invented(text: str) -> None:
    assert repair(text) is None
    sent = run(text)
    assert sent.replace(" ", "") == text.replace(" ", "")
    assert run(*text) == sent


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('{"path":"/a', '{"path":"/a'),
        ('{"path":"/a"', '{"path":"/a"'),
        ('{"a":1,"b":[1,2', '{"a":1,"b":[1,2'),
        ('{"a":1,"b":12', '{"a":1,"b":12'),
        ('{"a":1,"b', '{"a":1,"b'),
        ('{"a":1,', '{"a":1,'),
        ("{'a': 1", "{'a': 1"),
        ("{'a': 1}", '{"a":1}'),
        ('{"a":1}', '{"a":1}'),
        ('{"a":"\\u00', '{"a":"\\u00'),
        ("{}", "{}"),
        ("", ""),
        ("hm", "hm"),
    ],
)
def test_a_cut_call_gets_nothing_added(text: str, sent: str) -> None:
    assert everywhere(text, complete=False) == sent


def test_top_level_strings_are_sent_live() -> None:
    arguments = Arguments()
    pieces = ['{"path"', ': "/', "a", '", "text": "one\\', "n", 'two\\ud83d"', "}"]
    sent = ["", '{"path":"/', "a", '","text":"one', "\\n", "two\\ufffd", '"}']
    assert [arguments.feed(piece) for piece in pieces] == sent
    assert arguments.close() == ""


def test_other_values_wait_and_a_comma_goes_with_its_property() -> None:
    arguments = Arguments()
    pieces = ['{"n": 1', "2", ", ", '"list": [1, "x]', '"', "]", ",", "}", "ignored"]
    sent = ["", "", '{"n":12', "", "", ',"list":[1, "x]"]', "", "}", ""]
    assert [arguments.feed(piece) for piece in pieces] == sent


def test_empty_arguments_come_at_the_end() -> None:
    for pieces in ([], [""], ["null"], ["{", "}"], ["{}"]):
        arguments = Arguments()
        assert [arguments.feed(piece) for piece in pieces] == [""] * len(pieces)
        assert arguments.close() == "{}"


@pytest.mark.parametrize("text", ['{"a":1}', "{}", '{"a":1} x'])
def test_complete_tells_that_an_object_is_whole(text: str) -> None:
    arguments = Arguments()
    arguments.feed(text[:2] if text != "{}" else "{")
    assert not arguments.complete
    arguments.feed(text[2:] if text != "{}" else "}")
    assert arguments.complete


def test_broken_and_empty_arguments_are_not_complete() -> None:
    arguments = Arguments()
    assert not arguments.complete
    arguments.feed("{'a': 1}")
    assert not arguments.complete
    arguments.close()
    assert arguments.complete
    assert arguments.close() == arguments.feed("x") == ""


def test_halves_of_a_character_meet_across_pieces() -> None:
    assert json.loads(run('{"a":"\ud83d', '\ude00"}')) == {"a": "😀"}
    assert json.loads(run('{"a":"\ud83d"}')) == {"a": "\ufffd"}
    assert json.loads(run('{"a":["\\ud83d\\ude00 \ud83d"]}')) == {"a": ["😀 \ufffd"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"path":"/a","limit":null}', {"path": "/a"}),
        ('{"limit":null,"path":"/a"}', {"path": "/a"}),
        ('{"path":null}', {"path": None}),
        ('{"path":"/a","kind":null,"mode":null,"free":null,"either":null}', "same"),
        ('{"path":"/a","named":null}', {"path": "/a"}),
        ('{"wrong":"long text","path":"/a","other":[1,{"x":2}],"more":3}', {"path": "/a"}),
        ('{"path":"/a","wrong":"text"}', {"path": "/a"}),
        ('{"wrong":1}', {}),
        ('{"wrong":"x"}', {}),
        ('{"limit":null}', {}),
        ("{'path':'/a','limit':None,'wrong':1}", {"path": "/a"}),
        ('{"path":"/a","limit":null,"wrong":"x",', {"path": "/a"}),
        ('{"free":{"limit":null}}', {"free": {"limit": None}}),
    ],
)
def test_the_schema_drops_nulls_and_unknown_properties(text: str, value: Any) -> None:
    assert json.loads(everywhere(text, schema=SCHEMA)) == (json.loads(text) if value == "same" else value)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": {"limit": {"type": "integer"}}},
        {"additionalProperties": False, "patternProperties": {"x": {}}},
        {"additionalProperties": False, "anyOf": [{}]},
    ],
)
def test_unknown_properties_stay_unless_forbidden(schema: dict[str, Any]) -> None:
    assert json.loads(everywhere('{"x":"1","y":null}', schema=schema)) == {"x": "1", "y": None}


def test_object_text() -> None:
    assert object_text({"a": "é", "b": [1, None]}) == '{"a":"é","b":[1,null]}'
    assert object_text({"a": "\ud83d"}).encode() == b'{"a":"\xef\xbf\xbd"}'


BIG = json.dumps({"path": "/a", "text": 'line of "code"\n\té ' * 9000, "list": [{"a": 1, "b": "x"}] * 3000})


@pytest.mark.parametrize("size", [len(BIG), 30])
def test_large_arguments(size: int) -> None:
    pieces = [BIG[start : start + size] for start in range(0, len(BIG), size)]
    assert json.loads(run(*pieces)) == json.loads(BIG)


def steps(text: str, size: int) -> int:
    """How many Python calls it takes to pass the text on in pieces."""
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    sys.setprofile(profile)
    try:
        run(*pieces)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("unit", ['line \\"x\\"\\n', "\n", "\\x"])
def test_work_grows_with_the_text(unit: str) -> None:
    once, twice = ('{"text":"' + unit * (300 * factor) + '"}' for factor in (1, 2))
    assert steps(twice, 20) < 2.2 * steps(once, 20)
    nested = [value.replace('{"text":', '{"list":[').replace('"}', '"]}') for value in (once, twice)]
    assert steps(nested[1], 20) < 2.5 * steps(nested[0], 20)
