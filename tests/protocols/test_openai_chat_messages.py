"""The conversation as Chat Completions messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.routes import route
from translators.core.blocks import IMAGE_NOTE
from translators.core.history import NO_RESULT, turns
from translators.core.thinking import Signature, sign
from translators.core.tool_names import ToolNames
from translators.core.vendor import Profile
from translators.protocols.openai_chat.messages import call_id, messages, system_messages

Json = dict[str, Any]

PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}}
LINKED = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
FILED = {"type": "image", "source": {"type": "file", "file_id": "f"}}
PDF = {
    "type": "document",
    "title": "r.pdf",
    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
}
PNG_PART = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}
MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h", "scope": "global"}}
MARKED = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def text(words: str, **more: Any) -> Json:
    """A text block, and a text part too."""
    return {"type": "text", "text": words, **more}


def call(identifier: str = "a", name: str = "Read", given: Any = None) -> Json:
    """A tool_use block."""
    return {"type": "tool_use", "id": identifier, "name": name, "input": given if given is not None else {"p": 1}}


def result(identifier: str = "a", content: Any = "done", **more: Any) -> Json:
    """A tool_result block."""
    return {"type": "tool_result", "tool_use_id": identifier, "content": content, **more}


def sent(*conversation: tuple[str, Any], **fields: Any) -> list[Json]:
    """The messages of a conversation given as (role, content)."""
    target = route(**fields)
    given = [{"role": role, "content": content} for role, content in conversation]
    inline = target.profile.system_inside == "user"
    return messages(turns(given, inline_system=inline), target, ToolNames(["Read"]))


def after_call(*blocks: Json, calls: list[Json] | None = None, **fields: Any) -> list[Json]:
    """What follows an assistant's call."""
    return sent(("user", "q"), ("assistant", calls or [call()]), ("user", list(blocks)), **fields)[2:]


# -- system

SYSTEMS = {
    "nothing": (None, {}, []),
    "empty": ("", {}, []),
    "blank": ([text(" \n")], {}, []),
    "a string": ("be kind", {}, "be kind"),
    "blocks": ([text("a"), text("b")], {}, "a\nb"),
    "the billing line": ([text("x-anthropic-billing-header: v=1; cch=abc;"), text("a")], {}, "a"),
    "the billing line alone": ([text("x-anthropic-billing-header: v=1")], {}, []),
    "marks that nobody keeps": ([text("a", **MARK)], {}, "a"),
    "marks": ([text("a", **MARK), text("b")], {"cache_control": True}, [text("a", **MARKED), text("b")]),
}


@pytest.mark.parametrize(("system", "fields", "content"), SYSTEMS.values(), ids=SYSTEMS.keys())
def test_system_prompt(system: Any, fields: Json, content: Any) -> None:
    expected = [{"role": "system", "content": content}] if content else []
    assert system_messages(system, Profile(**fields)) == expected


# -- user

USERS: dict[str, tuple[Any, Json, Any]] = {
    "a string": ("q", {}, "q"),
    "texts": ([text("a"), text("b")], {}, "a\nb"),
    "an image": ([text("a"), PNG], {}, [text("a"), PNG_PART]),
    "an image by address": ([LINKED], {}, [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}]),
    "an image in Anthropic's files": ([FILED], {}, IMAGE_NOTE),
    "an image for the blind": ([text("a"), PNG], {"images": False}, f"a\n{IMAGE_NOTE}"),
    "a PDF": (
        [PDF],
        {"documents": True},
        [{"type": "file", "file": {"filename": "r.pdf", "file_data": "data:application/pdf;base64,JVBE"}}],
    ),
    "a PDF without a title": (
        [{**PDF, "title": None}],
        {"documents": True},
        [{"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBE"}}],
    ),
    "a text document": (
        [{"type": "document", "title": "T", "source": {"type": "text", "data": "body"}}],
        {"documents": True},
        "# T\nbody",
    ),
    "an image without a media type": (
        [{"type": "image", "source": {"type": "base64", "data": "iVBO"}}],
        {},
        [PNG_PART],
    ),
    "a PDF without a media type": (
        [{"type": "document", "source": {"type": "base64", "data": "JVBE"}}],
        {"documents": True},
        [{"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBE"}}],
    ),
    "marks": ([text("a", **MARK), PNG | MARK], {"cache_control": True}, [text("a", **MARKED), PNG_PART | MARKED]),
    "fields of the client": ([text("a", citations=[{"x": 1}])], {}, "a"),
}


@pytest.mark.parametrize(("content", "fields", "expected"), USERS.values(), ids=USERS.keys())
def test_user_message(content: Any, fields: Json, expected: Any) -> None:
    assert sent(("user", content), **fields) == [{"role": "user", "content": expected}]


def test_a_pdf_that_cannot_travel_leaves_a_note() -> None:
    [message] = sent(("user", [PDF]))
    assert "r.pdf" in message["content"]
    assert "JVBE" not in message["content"]


# -- results


def tool(content: Any, identifier: str = "a") -> Json:
    """A tool message."""
    return {"role": "tool", "tool_call_id": identifier, "content": content}


RESULTS: dict[str, tuple[Any, str]] = {
    "text": (result(), "done"),
    "texts": (result(content=[text("x"), text("y")]), "x\ny"),
    "nothing": (result(content=None), "(no output)"),
    "empty": (result(content=""), "(no output)"),
    "an empty list": (result(content=[]), "(no output)"),
    "a failure": (result(content="boom", is_error=True), "Error: boom"),
    "a failure in blocks": (result(content=[text("boom")], is_error=True), "Error: boom"),
    "a failure without a word": (result(content="", is_error=True), "Error: (no output)"),
    "no failure": (result(content="fine", is_error=False), "fine"),
    "a loaded tool": (result(content=[{"type": "tool_reference", "tool_name": "X"}]), "Tool X is now available."),
}


@pytest.mark.parametrize(("block", "content"), RESULTS.values(), ids=RESULTS.keys())
def test_tool_message(block: Json, content: str) -> None:
    assert after_call(block) == [tool(content)]


def test_results_come_in_the_order_of_their_calls_and_before_everything_else() -> None:
    blocks = [text("t"), result("b", "2"), PNG, result("a", "1")]
    assert after_call(*blocks, calls=[call("a"), call("b")]) == [
        *(tool("1", "a"), tool("2", "b"), {"role": "user", "content": [text("t"), PNG_PART]}),
    ]


def test_pictures_of_results_follow_all_results_and_name_their_call() -> None:
    blocks = [result("a", [PNG]), result("b", [text("see"), PNG]), text("t")]
    label = "Attachment of tool call {}:"
    assert after_call(*blocks, calls=[call("a"), call("b")]) == [
        tool("(see the attachment below)", "a"),
        tool("see", "b"),
        {"role": "user", "content": [text(label.format("a")), PNG_PART, text(label.format("b")), PNG_PART, text("t")]},
    ]


def test_a_picture_in_a_result_for_the_blind() -> None:
    assert after_call(result(content=[PNG]), images=False) == [tool(IMAGE_NOTE)]


def test_a_call_without_result_gets_one() -> None:
    assert after_call(text("go on")) == [tool(f"Error: {NO_RESULT}"), {"role": "user", "content": "go on"}]


@pytest.mark.parametrize(
    ("blocks", "bridged"),
    [([result(), text("t")], True), ([result()], False), ([result(content=[PNG])], True)],
    ids=["with text", "alone", "with a picture"],
)
def test_a_word_between_results_and_text_where_the_vendor_wants_it(blocks: list[Json], bridged: bool) -> None:
    assert ({"role": "assistant", "content": "ok"} in after_call(*blocks, user_after_tool=False)) is bridged


# -- assistant


def test_an_assistant_turn() -> None:
    [_, message, *_] = sent(("user", "q"), ("assistant", [text("a"), call(given={"é": [1]}), text("b")]))
    assert message == {
        "role": "assistant",
        "content": "a\nb",
        "tool_calls": [{"id": "a", "type": "function", "function": {"name": "Read", "arguments": '{"é":[1]}'}}],
    }


EMPTY = {"null": {"content": None}, "empty": {"content": ""}, "omit": {}}


@pytest.mark.parametrize(("how", "expected"), EMPTY.items())
def test_content_of_a_turn_that_only_calls(how: str, expected: Json) -> None:
    message = sent(("user", "q"), ("assistant", [call()]), empty_content=how)[1]
    assert {key: value for key, value in message.items() if key == "content"} == expected


@pytest.mark.parametrize("how", EMPTY)
def test_content_with_text_is_the_text(how: str) -> None:
    assert sent(("user", "q"), ("assistant", [text("a"), call()]), empty_content=how)[1]["content"] == "a"


@pytest.mark.parametrize(
    ("given", "arguments"), [({}, "{}"), (None, '{"p":1}'), ([], "{}"), ({"a": None}, '{"a":null}')]
)
def test_arguments_are_json_text(given: Any, arguments: str) -> None:
    message = sent(("user", "q"), ("assistant", [call(given=given)]))[1]
    assert message["tool_calls"][0]["function"]["arguments"] == arguments


def test_calls_of_server_tools_become_text() -> None:
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "content": [{"type": "web_search_result", "title": "T", "url": "u"}]}
    message = sent(("user", "q"), ("assistant", [search, found, text("a")]))[1]
    assert message == {"role": "assistant", "content": '[web_search was called with {"query": "q"}]\nT u\na'}


@pytest.mark.parametrize("content", [[{"type": "thinking", "thinking": "t", "signature": ""}], ""])
def test_a_turn_without_words_leaves_no_gap(content: Any) -> None:
    assert sent(("user", "q"), ("assistant", content), ("user", "r")) == [{"role": "user", "content": "q\nr"}]


# -- ids and names


def test_ids_of_a_fixed_length_agree_between_call_and_result() -> None:
    identifier = "toolu_01ABCDEFGHIJKLMNOP"
    _, message, answer = sent(
        ("user", "q"), ("assistant", [call(identifier)]), ("user", [result(identifier)]), call_id_length=9
    )
    made = message["tool_calls"][0]["id"]
    assert (len(made), made.isalnum(), made.isascii()) == (9, True, True)
    assert answer["tool_call_id"] == made


@pytest.mark.parametrize("length", [0, 9, 20])
def test_ids_are_stable_and_differ(length: int) -> None:
    profile = Profile(call_id_length=length)
    made = {call_id(f"toolu_{number}", profile) for number in range(500)}
    assert len(made) == 500
    assert made == {call_id(f"toolu_{number}", profile) for number in range(500)}


@pytest.mark.parametrize("original", [None, "", "\ud83d"])
def test_strange_ids_have_an_id(original: Any) -> None:
    assert len(call_id(original, Profile(call_id_length=9))) == 9
    assert call_id(original, Profile())


def test_long_names_in_the_history_are_the_short_ones() -> None:
    message = sent(("user", "q"), ("assistant", [call(name="mcp__" + "x" * 80)]))[1]
    assert len(message["tool_calls"][0]["function"]["name"]) == 64


# -- system messages inside

PLACES = {
    "user": [{"role": "user", "content": "q\n<system-reminder>\ns\n</system-reminder>"}],
    "system": [{"role": "user", "content": "q"}, {"role": "system", "content": "s"}],
    "developer": [{"role": "user", "content": "q"}, {"role": "developer", "content": "s"}],
}


@pytest.mark.parametrize(("role", "expected"), PLACES.items())
def test_system_messages_inside(role: str, expected: list[Json]) -> None:
    assert sent(("user", "q"), ("system", "s"), system_inside=role) == expected


# -- reasoning


def thought(words: str = "t", vendor: str = "acme", hidden: str = "", opaque: Any = ()) -> Json:
    """A thinking block that Rialto signed."""
    return {"type": "thinking", "thinking": words, "signature": sign(Signature(vendor, "m-1", hidden, opaque))}


def remembered(*blocks: Json, **fields: Any) -> Json:
    """What an assistant turn carries beside role, content and calls."""
    message = sent(("user", "q"), ("assistant", list(blocks)), **fields)[1]
    return {key: value for key, value in message.items() if key not in ("role", "content", "tool_calls")}


FIELD = {"reasoning_field": "reasoning_content"}
REASONING: dict[str, tuple[list[Json], Json, Json]] = {
    "no field": ([thought(), text("a")], {}, {}),
    "its own": ([thought(), text("a")], FIELD, {"reasoning_content": "t"}),
    "hidden": ([thought("", hidden="h"), text("a")], FIELD, {"reasoning_content": "h"}),
    "several": ([thought("t"), text("a"), thought("u"), call()], FIELD, {"reasoning_content": "t\nu"}),
    "another vendor's": ([thought(vendor="other"), text("a")], FIELD, {}),
    "Anthropic's": ([{"type": "thinking", "thinking": "t", "signature": "Eqk"}, text("a")], FIELD, {}),
    "redacted": ([{"type": "redacted_thinking", "data": "x"}, text("a")], FIELD, {}),
    "without calls, where only calls count": ([thought(), text("a")], {**FIELD, "reasoning_turns": "tools"}, {}),
    "with calls": ([thought(), call()], {**FIELD, "reasoning_turns": "tools"}, {"reasoning_content": "t"}),
    "lost": ([call()], FIELD, {}),
    "lost, with a placeholder": ([call()], {**FIELD, "reasoning_placeholder": " "}, {"reasoning_content": " "}),
    "lost, an empty placeholder": ([call()], {**FIELD, "reasoning_placeholder": ""}, {"reasoning_content": ""}),
    "kept, with a placeholder": (
        [thought(), call()],
        {**FIELD, "reasoning_placeholder": " "},
        {"reasoning_content": "t"},
    ),
    "lost without calls": ([text("a")], {**FIELD, "reasoning_placeholder": " "}, {}),
}


@pytest.mark.parametrize(("blocks", "fields", "expected"), REASONING.values(), ids=REASONING.keys())
def test_earlier_reasoning(blocks: list[Json], fields: Json, expected: Json) -> None:
    assert remembered(*blocks, **fields) == expected


def detail(**fields: Any) -> tuple[str, Json]:
    """An opaque fragment of reasoning details."""
    return ("reasoning_details", fields)


DETAILS: dict[str, tuple[list[Json], Json]] = {
    "fragments of one text": (
        [
            thought(
                opaque=(
                    detail(type="reasoning.text", index=0, text="a"),
                    detail(type="reasoning.text", index=0, text="b", signature="s"),
                )
            )
        ],
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "ab", "signature": "s"}]},
    ),
    "two kinds": (
        [
            thought(
                opaque=(
                    detail(type="reasoning.text", index=0, text="a"),
                    detail(type="reasoning.encrypted", index=0, data="x"),
                )
            )
        ],
        {
            "reasoning_details": [
                {"type": "reasoning.text", "index": 0, "text": "a"},
                {"type": "reasoning.encrypted", "index": 0, "data": "x"},
            ]
        },
    ),
    "two indexes": (
        [thought(opaque=(detail(type="x", index=0, data="a"), detail(type="x", index=1, data="b")))],
        {"reasoning_details": [{"type": "x", "index": 0, "data": "a"}, {"type": "x", "index": 1, "data": "b"}]},
    ),
    "a null that is filled later": (
        [thought(opaque=(detail(type="x", index=0, signature=None), detail(type="x", index=0, signature="s")))],
        {"reasoning_details": [{"type": "x", "index": 0, "signature": "s"}]},
    ),
    "a signature that is null later": (
        [thought(opaque=(detail(type="x", index=0, signature="s"), detail(type="x", index=0, signature=None)))],
        {"reasoning_details": [{"type": "x", "index": 0, "signature": "s"}]},
    ),
    "what is no detail": (
        [thought("t", opaque=(("reasoning_details", "x"), ("reasoning_details", [1]), ("reasoning_details", None)))],
        {"reasoning": "t"},
    ),
    "kinds that are no words": (
        [thought(opaque=(detail(type=["x"], index={}, text="a"), detail(type=["x"], index={}, text="b")))],
        {"reasoning_details": [{"type": ["x"], "index": {}, "text": "ab"}]},
    ),
    "text only": ([thought("t")], {"reasoning": "t"}),
    "another vendor's": ([thought("t", vendor="other", opaque=(detail(type="x"),))], {}),
}


@pytest.mark.parametrize(("blocks", "expected"), DETAILS.values(), ids=DETAILS.keys())
def test_reasoning_details_are_put_together(blocks: list[Json], expected: Json) -> None:
    assert remembered(*blocks, text("a"), reasoning_field="reasoning_details") == expected


def test_everything_is_json() -> None:
    json.dumps(sent(("user", [PNG, text("a")]), ("assistant", [thought(), call()]), ("user", [result(content=[PNG])])))


# -- cache marks


def kept_marks(*conversation: tuple[str, Any]) -> list[tuple[str, Json]]:
    """(role, part) of every part with a mark, where the vendor keeps them."""
    made = sent(*conversation, cache_control=True)
    parts = [(said["role"], part) for said in made if isinstance(said["content"], list) for part in said["content"]]
    return [(role, part) for role, part in parts if "cache_control" in part]


def test_the_assistants_mark_is_kept() -> None:
    said = [text("a"), text("b", **MARK)]
    assert kept_marks(("user", "q"), ("assistant", said), ("user", "sum up")) == [
        ("assistant", text("a\nb", **MARKED)),
    ]


def test_what_the_assistant_says_is_the_same_bytes_with_and_without_a_mark() -> None:
    plain = sent(("user", "q"), ("assistant", [text("a"), text("b")]), ("user", "sum up"), cache_control=True)
    assert plain[1] == {"role": "assistant", "content": "a\nb"}


@pytest.mark.parametrize("words", [[], [text("I read it.")]], ids=["a call alone", "words and a call"])
def test_the_mark_of_a_call_goes_to_its_result(words: list[Json]) -> None:
    said = [*words, call("a"), {**call("b"), **MARK}]
    given = [result("a", "one"), result("b", "two"), text("sum up")]
    assert kept_marks(("user", "q"), ("assistant", said), ("user", given)) == [("tool", text("two", **MARKED))]


def test_a_result_with_a_mark_keeps_its_own() -> None:
    theirs = {"cache_control": {"type": "ephemeral"}}
    marks = kept_marks(("user", "q"), ("assistant", [{**call(), **MARK}]), ("user", [result(**theirs)]))
    assert marks == [("tool", text("done", **theirs))]


def test_nobody_else_sees_marks_of_the_assistant() -> None:
    made = sent(("user", "q"), ("assistant", [text("a", **MARK), {**call(), **MARK}]), ("user", [result()]))
    assert "cache_control" not in str(made) and made[1]["content"] == "a"
