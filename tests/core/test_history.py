"""History repair: any conversation becomes one that strict vendors take, and a longer one begins like the shorter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.core.blocks import content_text
from translators.core.history import EMPTY, NO_RESULT, ORPHAN, Turn, merge, split, turns, visible

Json = dict[str, Any]


def call(identifier: str = "a", name: str = "Read") -> Json:
    """A tool_use block."""
    return {"type": "tool_use", "id": identifier, "name": name, "input": {}}


def result(identifier: str = "a", content: Any = "done", **more: Any) -> Json:
    """A tool_result block."""
    return {"type": "tool_result", "tool_use_id": identifier, "content": content, **more}


def text(words: str) -> Json:
    """A text block."""
    return {"type": "text", "text": words}


def user(*blocks: Any) -> Json:
    """A user message; a single string stays one."""
    return {"role": "user", "content": blocks[0] if len(blocks) == 1 and isinstance(blocks[0], str) else list(blocks)}


def assistant(*blocks: Any) -> Json:
    """An assistant message."""
    return {**user(*blocks), "role": "assistant"}


def system(*blocks: Any) -> Json:
    """A system message."""
    return {**user(*blocks), "role": "system"}


def thought() -> Json:
    """A thinking block."""
    return {"type": "thinking", "thinking": "t", "signature": ""}


def brief(block: Json) -> str:
    """One block in short."""
    match block["type"]:
        case "text":
            return str(block["text"])
        case "tool_use":
            return f"call {block['id']}"
        case "tool_result":
            return f"{block['tool_use_id']}={block['content']}"
        case other:
            return str(other)


def short(*messages: Json, inline: bool = True) -> list[tuple[str, list[str]]]:
    """The repaired turns: (role, results and blocks in short)."""
    return [
        (turn.role, [brief(block) for block in turn.results + turn.blocks])
        for turn in turns(messages, inline_system=inline)
    ]


def reminder(words: str) -> str:
    """A system message in a user turn."""
    return f"<system-reminder>\n{words}\n</system-reminder>"


MISSING = f"a={NO_RESULT}"
#: What the ids become that hold a space, or 41 letters.
ODD, LONG = "call_00da817eb021caa67e9a5a88", "call_c0f8bd4dbc2b0c03107c1c37"

REPAIRS = {
    "plain": ([user("q"), assistant("a")], [("user", ["q"]), ("assistant", ["a"])]),
    "neighbours of one role": (
        [user("q"), user(text("r")), assistant("a"), assistant(call()), user(result())],
        [("user", ["q", "r"]), ("assistant", ["a", "call a"]), ("user", ["a=done"])],
    ),
    "blank text": (
        [user(text(""), text("q"), text(" \n")), assistant(text("")), user("r")],
        [("user", ["q", "r"])],
    ),
    "text without a text": ([user({"type": "text"}, text("q"))], [("user", ["q"])]),
    "nothing but reasoning": ([user("q"), assistant(thought()), user("r")], [("user", ["q", "r"])]),
    "nothing but hidden reasoning": (
        [user("q"), assistant({"type": "redacted_thinking", "data": "x"}), user("r")],
        [("user", ["q", "r"])],
    ),
    "reasoning in a message of its own": (
        [user("q"), assistant(thought()), assistant("a"), user("r")],
        [("user", ["q"]), ("assistant", ["thinking", "a"]), ("user", ["r"])],
    ),
    "no content": ([user("q"), {"role": "assistant", "content": None}, user()], [("user", ["q"])]),
    "results in another order, words between": (
        [user("q"), assistant(call("a"), call("b")), user(result("b"), text("and"), result("a"))],
        [("user", ["q"]), ("assistant", ["call a", "call b"]), ("user", ["a=done", "b=done", "and"])],
    ),
    "results in two messages": (
        [user("q"), assistant(call("a"), call("b")), user(result("a")), user(result("b"), text("and"))],
        [("user", ["q"]), ("assistant", ["call a", "call b"]), ("user", ["a=done", "b=done", "and"])],
    ),
    "a call without result": (
        [user("q"), assistant(call()), user("go on")],
        [("user", ["q"]), ("assistant", ["call a"]), ("user", [MISSING, "go on"])],
    ),
    "a call at the end": (
        [user("q"), assistant(call())],
        [("user", ["q"]), ("assistant", ["call a"]), ("user", [MISSING])],
    ),
    "a call whose answer is blank": (
        [user("q"), assistant(call()), user(""), assistant(call("b")), user(result("b"))],
        [("user", ["q"]), ("assistant", ["call a", "call b"]), ("user", [MISSING, "b=done"])],
    ),
    "one of two results": (
        [user("q"), assistant(call("a"), call("b")), user(result("b"))],
        [("user", ["q"]), ("assistant", ["call a", "call b"]), ("user", [MISSING, "b=done"])],
    ),
    "a result without call": ([user(result("z"), text("q"))], [("user", [ORPHAN, "done", "q"])]),
    "an empty result without call": ([user(result("z", ""), text("q"))], [("user", ["q"])]),
    "a result too late": (
        [user("q"), assistant(call()), user("stop"), assistant("ok"), user(result())],
        [
            *(("user", ["q"]), ("assistant", ["call a"]), ("user", [MISSING, "stop"]), ("assistant", ["ok"])),
            ("user", [ORPHAN, "done"]),
        ],
    ),
    "a result given twice": (
        [user("q"), assistant(call()), user(result("a", "one"), result("a", "two"))],
        [("user", ["q"]), ("assistant", ["call a"]), ("user", ["a=one", ORPHAN, "two"])],
    ),
    "an id that comes again": (
        [user("q"), assistant(call()), user(result()), assistant(call()), user(result("a", "two"))],
        [
            *(("user", ["q"]), ("assistant", ["call a"]), ("user", ["a=done"])),
            *(("assistant", ["call a_2"]), ("user", ["a_2=two"])),
        ],
    ),
    "an id twice in one turn": (
        [user("q"), assistant(call(), call()), user(result("a", "one"), result("a", "two"))],
        [("user", ["q"]), ("assistant", ["call a", "call a_2"]), ("user", ["a=one", "a_2=two"])],
    ),
    "an id three times": (
        [user("q"), assistant(call(), call(), call()), user(result(), result(), result())],
        [
            *(("user", ["q"]), ("assistant", ["call a", "call a_2", "call a_3"])),
            ("user", ["a=done", "a_2=done", "a_3=done"]),
        ],
    ),
    "an id twice in one turn, one result": (
        [user("q"), assistant(call(), call()), user(result("a", "one"))],
        [("user", ["q"]), ("assistant", ["call a", "call a_2"]), ("user", ["a=one", f"a_2={NO_RESULT}"])],
    ),
    "an id like a suffixed one": (
        [user("q"), assistant(call("a_2"), call("a"), call("a")), user(result("a_2", "0"), result(), result("a", "2"))],
        [("user", ["q"]), ("assistant", ["call a_2", "call a", "call a_3"]), ("user", ["a_2=0", "a=done", "a_3=2"])],
    ),
    "an id like a suffixed one, later": (
        [user("q"), assistant(call("a"), call("a"), call("a_2")), user(result("a_2", "x"))],
        [
            ("user", ["q"]),
            ("assistant", ["call a", "call a_2", "call a_2_2"]),
            ("user", [MISSING, f"a_2={NO_RESULT}", "a_2_2=x"]),
        ],
    ),
    "no id": (
        [user("q"), assistant(call("")), user(result(""))],
        [("user", ["q"]), ("assistant", ["call call"]), ("user", ["call=done"])],
    ),
    "an assistant first": ([assistant("a"), user("q")], [("user", [EMPTY]), ("assistant", ["a"]), ("user", ["q"])]),
    "a reminder first": (
        [system("s"), assistant("a"), user("q")],
        [("user", [reminder("s")]), ("assistant", ["a"]), ("user", ["q"])],
    ),
    "a block without words": (
        [user("q"), assistant({"type": "fallback", "from": {}, "to": {}}), user("r")],
        [("user", ["q", "r"])],
    ),
    "nothing at all": ([user("")], [("user", [EMPTY])]),
    "an assistant who says nothing": ([assistant(thought())], [("user", [EMPTY])]),
    "an answer to nothing": ([user(" "), assistant("a")], [("user", [EMPTY]), ("assistant", ["a"])]),
    "a blank word at the end": (
        [user("q"), assistant("a"), user(" ")],
        [("user", ["q"]), ("assistant", ["a"]), ("user", [EMPTY])],
    ),
    "a blank word in the middle": (
        [user("q"), assistant("a"), user(""), assistant("b"), user("r")],
        [("user", ["q"]), ("assistant", ["a"]), ("user", [EMPTY]), ("assistant", ["b"]), ("user", ["r"])],
    ),
    "a blank word behind results": (
        [user("q"), assistant(call()), user(result()), user("")],
        [("user", ["q"]), ("assistant", ["call a"]), ("user", ["a=done"])],
    ),
    "an id that no vendor takes": (
        [user("q"), assistant(call("é !")), user(result("é !"))],
        [("user", ["q"]), ("assistant", [f"call {ODD}"]), ("user", [f"{ODD}=done"])],
    ),
    "an id that is too long": (
        [user("q"), assistant(call("a" * 41), call("a" * 41)), user(result("a" * 41), result("a" * 41, "two"))],
        [
            ("user", ["q"]),
            ("assistant", [f"call {LONG}", f"call {LONG}_2"]),
            ("user", [f"{LONG}=done", f"{LONG}_2=two"]),
        ],
    ),
    "prefill": ([user("q"), assistant("{")], [("user", ["q"]), ("assistant", ["{"])]),
}


@pytest.mark.parametrize(("messages", "expected"), REPAIRS.values(), ids=REPAIRS.keys())
def test_repair(messages: list[Json], expected: Any) -> None:
    assert short(*messages) == expected


INLINE = {
    "after a user message": ([user("q"), system("s")], [("user", ["q", reminder("s")])]),
    "between results and answer": (
        [user("q"), assistant(call()), user(result()), system("s"), assistant("ok")],
        [("user", ["q"]), ("assistant", ["call a"]), ("user", ["a=done", reminder("s")]), ("assistant", ["ok"])],
    ),
    "between a call and its result": (
        [user("q"), assistant(call()), system("s"), user(result(), text("t"))],
        [("user", ["q"]), ("assistant", ["call a"]), ("user", ["a=done", reminder("s"), "t"])],
    ),
    "first": ([system("s"), user("q")], [("user", [reminder("s"), "q"])]),
    "without words": (
        [user("q"), system(), {"role": "system"}, assistant("a")],
        [("user", ["q"]), ("assistant", ["a"])],
    ),
}


@pytest.mark.parametrize(("messages", "expected"), INLINE.values(), ids=INLINE.keys())
def test_system_messages_become_reminders(messages: list[Json], expected: Any) -> None:
    assert short(*messages) == expected


APART = {
    "after a user message": (
        [user("q"), system("s"), assistant("a")],
        [("user", ["q"]), ("system", ["s"]), ("assistant", ["a"])],
    ),
    "two": ([user("q"), system("s"), system("t")], [("user", ["q"]), ("system", ["s", "t"])]),
    "between a call and its result": (
        [user("q"), assistant(call()), system("s"), user(result())],
        [("user", ["q"]), ("assistant", ["call a"]), ("user", ["a=done"]), ("system", ["s"])],
    ),
    "two between a call and its result": (
        [user("q"), assistant(call()), system("s"), system("t"), user(result()), assistant("ok")],
        [
            ("user", ["q"]),
            ("assistant", ["call a"]),
            ("user", ["a=done"]),
            ("system", ["s", "t"]),
            ("assistant", ["ok"]),
        ],
    ),
    "between a call and nothing": (
        [user("q"), assistant(call()), system("s")],
        [("user", ["q"]), ("assistant", ["call a"]), ("user", [MISSING]), ("system", ["s"])],
    ),
    "between a call and more words": (
        [user("q"), assistant(call()), system("s"), assistant("b"), user(result())],
        [("user", ["q"]), ("assistant", ["call a", "b"]), ("user", ["a=done"]), ("system", ["s"])],
    ),
}


@pytest.mark.parametrize(("messages", "expected"), APART.values(), ids=APART.keys())
def test_system_messages_as_turns(messages: list[Json], expected: Any) -> None:
    assert short(*messages, inline=False) == expected


def test_other_blocks_and_fields_of_a_result_are_kept() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "u"}}
    [_, _, last] = turns(
        [user("q"), assistant(call()), user(image, result("a", [image], is_error=True))], inline_system=True
    )
    assert last.results == [result("a", [image], is_error=True)]
    assert last.blocks == [image]


def test_a_missing_result_is_marked_as_an_error() -> None:
    last = turns([user("q"), assistant(call())], inline_system=True)[-1]
    assert last.results[0]["is_error"] is True


def test_an_orphan_keeps_its_pictures() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "u"}}
    [only] = turns([user(result("z", [image]))], inline_system=True)
    assert only.blocks == [text(ORPHAN), image]


@pytest.mark.parametrize("content", [None, "", " ", [], [{"type": "text", "text": ""}]])
def test_an_empty_orphan_keeps_its_turn(content: Any) -> None:
    orphaned = user({"type": "tool_result", "tool_use_id": "z", "content": content})
    found = short(user("q"), assistant("a"), orphaned, assistant("b"), user("c"))
    assert [role for role, _ in found] == ["user", "assistant", "user", "assistant", "user"]


def test_calls_of_server_tools_need_no_answer() -> None:
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    assert short(user("q"), assistant(search, text("a"))) == [("user", ["q"]), ("assistant", ["server_tool_use", "a"])]


def test_the_clients_messages_stay_as_they_are() -> None:
    messages = [user("q"), assistant(call(), call()), user(result()), user("r"), system("s")]
    before = repr(messages)
    turns(messages, inline_system=True)
    turns(messages, inline_system=False)
    assert repr(messages) == before


@pytest.mark.parametrize("content", ["", " ", [], None, [text("")], [{"type": "text", "text": None}]])
def test_nothing_visible(content: Any) -> None:
    assert visible(content) == []


# -- any conversation


IDS = st.sampled_from(["", "a", "b", "a_2", "call"])
BLOCKS = st.one_of(
    st.builds(text, st.sampled_from(["", " ", "apple", "berry"])),
    st.builds(call, IDS),
    st.builds(result, IDS, st.sampled_from(["", "cherry", [], [text("damson")], None])),
    st.just(thought()),
)
MESSAGES = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant", "system"]),
    st.sampled_from(["", "apple"]) | st.lists(BLOCKS, max_size=4),
)
CONVERSATIONS = st.lists(MESSAGES, max_size=9)


@given(CONVERSATIONS, st.booleans())
def test_every_call_is_answered_once_right_after(messages: list[Json], inline: bool) -> None:
    repaired = turns(messages, inline_system=inline)
    for position, turn in enumerate(repaired):
        following = repaired[position + 1] if position + 1 < len(repaired) else Turn("user")
        expected = [block["id"] for block in turn.calls]
        if expected or following.results:
            assert [block["tool_use_id"] for block in following.results] == expected


@given(CONVERSATIONS, st.booleans())
def test_call_ids_are_unique_and_never_empty(messages: list[Json], inline: bool) -> None:
    found = [block["id"] for turn in turns(messages, inline_system=inline) for block in turn.calls]
    assert all(found)
    assert len(set(found)) == len(found)


@given(CONVERSATIONS, st.booleans())
def test_roles_take_turns_and_no_turn_or_text_is_empty(messages: list[Json], inline: bool) -> None:
    repaired = turns(messages, inline_system=inline)
    roles = [turn.role for turn in repaired]
    assert all(one != other for one, other in zip(roles, roles[1:], strict=False))
    assert all(turn.blocks or turn.results for turn in repaired)
    assert all(block.get("text", "x").strip() for turn in repaired for block in turn.blocks if block["type"] == "text")
    assert not inline or "system" not in roles
    assert all(turn.role == "user" for turn in repaired if turn.results)
    assert not any(block["type"] == "tool_result" for turn in repaired for block in turn.blocks if turn.role == "user")


@given(CONVERSATIONS, st.booleans())
def test_every_word_is_kept(messages: list[Json], inline: bool) -> None:
    kept = "".join(
        brief(block) for turn in turns(messages, inline_system=inline) for block in turn.results + turn.blocks
    )
    said = [block for message in messages for block in visible(message["content"])]
    for word in ("apple", "berry", "cherry", "damson"):
        wanted = sum(word in str(block.get("text", block.get("content"))) for block in said)
        assert kept.count(word) >= wanted


def is_cut(messages: list[Json], at: int) -> bool:
    """A user message ends the prefix and an answer follows: where one request ends and the next goes on."""
    rest = [
        message
        for message in messages[at:]
        if any(block["type"] != "thinking" for block in visible(message["content"]))
    ]
    return rest[:1] == [messages[at]] and [message["role"] for message in rest[:2]] == ["user", "assistant"]


@given(CONVERSATIONS, st.booleans())
def test_a_longer_conversation_begins_like_the_shorter_one(messages: list[Json], inline: bool) -> None:
    whole = turns(messages, inline_system=inline)
    for at in range(len(messages)):
        if is_cut(messages, at):
            prefix = turns(messages[: at + 1], inline_system=inline)
            assert whole[: len(prefix)] == prefix


@given(CONVERSATIONS, st.booleans())
def test_what_is_merged_needs_no_second_merging(messages: list[Json], inline: bool) -> None:
    once = merge(split(messages, inline))
    assert merge(once) == once


#: A block of an assistant -> the words that remain of it.
STRANGE: dict[str, tuple[Json, str]] = {
    "with a text": ({"type": "connector_text", "text": "in between", "id": "c_1"}, "in between"),
    "with a blank text": ({"type": "connector_text", "text": " "}, ""),
    "with other things": ({"type": "connector_text", "links": [1], "text": None}, ""),
    "with content": ({"type": "new_tool_result", "content": [text("found")]}, "found"),
}


@pytest.mark.parametrize(("block", "words"), STRANGE.values(), ids=STRANGE.keys())
def test_json_is_never_put_into_the_models_mouth(block: Json, words: str) -> None:
    _, said, *_ = turns([user("q"), assistant(text("a"), block), user("b")], inline_system=True)
    assert content_text(said.blocks) == "\n".join(filter(None, ["a", words]))


def test_a_message_of_nothing_but_unknown_blocks_is_none() -> None:
    [said] = turns([user("q"), assistant({"type": "connector_text", "beam": 1}), user("b")], inline_system=True)
    assert said == Turn("user", [text("q"), text("b")])


def test_what_the_user_brings_is_told_whatever_it_is() -> None:
    [said] = turns([user({"type": "hologram", "beam": 1})], inline_system=True)
    assert "beam" in content_text(said.blocks)
