"""Values that a model wrote as bare text get the types of the tool's schema."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.written_calls import END, written


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("content", "5", "5"),
        ("content", "true", "true"),
        ("content", '{"a": 1}', '{"a": 1}'),
        ("content", "null", "null"),
        ("content", "  two  ", "  two  "),
        ("content", "a &lt; b", "a &lt; b"),
        ("content", "", ""),
        ("force", "true", True),
        ("force", " False ", False),
        ("force", "maybe", "maybe"),
        ("tags", '["a", "b"]', ["a", "b"]),
        ("tags", "['a', 'b',]", ["a", "b"]),
        ("tags", '["a", ', '["a", '),
        ("more", '{"a": {"b": 2}}', {"a": {"b": 2}}),
        ("more", "text", "text"),
        ("unknown", "7", 7),
        ("unknown", "seven", "seven"),
    ],
)
def test_values_have_the_types_of_the_schema(name: str, text: str, value: Any) -> None:
    forms = (
        f"<function=Write><parameter={name}>{text}</parameter></function>",
        f"<tool_call>Write<arg_key>{name}</arg_key><arg_value>{text}</arg_value></tool_call>",
        f'<invoke name="Write"><parameter name="{name}">{text}</parameter></invoke>',
    )
    for form in forms:
        assert written(form) == [("Write", {name: value})]


def test_qwen_values_stand_on_lines_of_their_own() -> None:
    wrapped = "<function=Write><parameter=content>\n\n  a\n\n</parameter></function>"
    assert written(wrapped) == [("Write", {"content": "\n  a\n"})]


def test_invoked_values_lose_only_a_pair_of_line_breaks() -> None:
    assert written('<invoke name="Write"><parameter name="content">\na\n</parameter></invoke>') == [
        ("Write", {"content": "a"})
    ]
    assert written('<invoke name="Write"><parameter name="content">a\n</parameter></invoke>') == [
        ("Write", {"content": "a\n"})
    ]


MIXED = {
    "name": "Mixed",
    "input_schema": {
        "type": "object",
        "properties": {
            "either": {"type": ["string", "integer"]},
            "some": {"anyOf": [{"type": "string"}, {"type": "array"}]},
            "maybe": {"anyOf": [{"$ref": "#/$defs/count"}, {"type": "null"}]},
            "word": {"enum": ["1", "2"]},
            "any": {},
            "share": {"type": "number"},
        },
        "$defs": {"count": {"type": "integer"}},
    },
}


@pytest.mark.parametrize(
    ("name", "said", "text", "value"),
    [
        ("either", "", "5", "5"),
        ("either", 'string="false"', "5", 5),
        ("either", 'string="true"', "5", "5"),
        ("word", 'string="false"', '"1"', "1"),
        ("word", "", '"1"', '"1"'),
        ("some", "", '["a"]', ["a"]),
        ("some", "", "a", "a"),
        ("some", 'string="true"', '["a"]', '["a"]'),
        ("maybe", "", "5", 5),
        ("maybe", "", "5.0", 5),
        ("maybe", "", "null", None),
        ("maybe", "", "None", None),
        ("maybe", 'string="true"', "5", 5),
        ("word", "", "1", "1"),
        ("word", 'string="false"', "1", "1"),
        ("any", "", "5", 5),
        ("any", 'string="true"', "5", "5"),
        ("share", "", "0.5", 0.5),
        ("share", "", "NaN", "NaN"),
        ("share", "", "[" * 5000, "[" * 5000),
    ],
)
def test_the_schema_and_what_dsml_says_of_the_type(name: str, said: str, text: str, value: Any) -> None:
    parameter = f'<｜DSML｜parameter name="{name}" {said}>{text}</｜DSML｜parameter>'
    form = f'<｜DSML｜invoke name="Mixed">{parameter}</｜DSML｜invoke>'
    assert written(form, END, MIXED) == [("Mixed", {name: value})]
