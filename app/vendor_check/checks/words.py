"""What is said: text, thinking, roles, and what stands in the text but belongs elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.vendor_check.answer import Answer
from app.vendor_check.check import Check, Evidence
from app.vendor_check.wires.names import CHAT, MESSAGES, OLLAMA

THINK = re.compile(r"</?(?:think|thinking|thought)>")
#: How calls begin in models' own markup.
MARKUP = re.compile(
    r"<tool_call>|<function=\w|<function_calls?>|<invoke name=|<\w+:tool_call>|\[TOOL_CALLS\]|<\|python_tag\|>|"
    r"<｜tool▁calls?▁begin｜>|<｜DSML｜|<\|tool_calls?_(?:section_)?begin\|>|<tool_calls>"
)
CONTROL = re.compile(r"<\|(?:channel|message|start|end|return|call|constrain|im_start|im_end|eot_id|eom_id)\|>")
FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
ROLES = {CHAT: ("assistant",), OLLAMA: ("assistant",), MESSAGES: ("assistant",)}


def seen(answer: Answer, pattern: re.Pattern[str]) -> Iterator[Evidence]:
    """Where a pattern stands in the text, outside of Markdown code; also when it is spread over pieces."""
    text = FENCED.sub(lambda found: " " * len(found[0]), answer.text())
    found = pattern.search(text)
    if not found:
        return
    place = 0
    for one in answer.all("text"):
        place += len(one.value)
        if place > found.start():
            yield Evidence(one.at, f"{found[0]!r} in the text")
            return


def think_tags(answer: Answer) -> Iterator[Evidence]:
    """Reasoning in the text."""
    yield from seen(answer, THINK)


def written_calls(answer: Answer) -> Iterator[Evidence]:
    """Calls in the text."""
    if answer.tools:
        yield from seen(answer, MARKUP)


def bare_calls(answer: Answer) -> Iterator[Evidence]:
    """A text that is nothing but the JSON of a call of an offered tool."""
    text = answer.text().strip()
    named = re.match(r'\[?\{\s*"(?:name|function)"\s*:\s*"([^"]+)"', text)
    if named and named[1] in answer.tools and not answer.calls:
        yield Evidence(answer.all("text")[0].at, f"the text is a call of {named[1]!r}")


def control_tokens(answer: Answer) -> Iterator[Evidence]:
    """Tokens of the model's own format in the text."""
    yield from seen(answer, CONTROL)


def reasoning_field(answer: Answer) -> Iterator[Evidence]:
    """Reasoning in another field than `reasoning_content`."""
    for one in answer.all("thinking"):
        if one.place != "reasoning_content":
            yield Evidence(one.at, f"reasoning stands in `{one.place}`")
            return


def two_fields(answer: Answer) -> Iterator[Evidence]:
    """The same reasoning in two fields of one frame."""
    places: dict[int, set[str]] = {}
    for one in answer.all("thinking"):
        places.setdefault(one.at, set()).add(one.place)
        if len(places[one.at]) > 1:
            yield Evidence(one.at, f"reasoning stands in {' and '.join(sorted(places[one.at]))}")
            return


def empty(answer: Answer) -> Iterator[Evidence]:
    """Neither text nor call, and a plain end."""
    stop = answer.stop
    plain = stop is not None and stop.value in ("stop", "STOP", "end_turn", "completed", "")
    if plain and not answer.failed and not answer.text().strip() and not answer.calls:
        words = "reasoning and nothing else" if answer.all("thinking") else "no text, no call"
        yield Evidence(stop.at if stop else None, words)


def nothing_at_all(answer: Answer) -> Iterator[Evidence]:
    """A 200 without a byte."""
    if answer.went_well and answer.form == "empty":
        yield Evidence(None, f"status {answer.status}, no byte")


def odd_role(answer: Answer) -> Iterator[Evidence]:
    """A role that is not the assistant's."""
    known = (*ROLES[answer.route.vendor.protocol.name], None, "")
    for one in answer.all("role"):
        if one.value not in known:
            yield Evidence(one.at, f"role {one.value!r}")
            return


def no_role(answer: Answer) -> Iterator[Evidence]:
    """No role where the answer begins."""
    roles = answer.all("role")
    if answer.is_complete and roles and not roles[0].value:
        yield Evidence(roles[0].at, "the first piece has no role")


def no_content(answer: Answer) -> Iterator[Evidence]:
    """A whole message without the field `content`."""
    if answer.form != "json":
        return
    for choice in answer.frames[0].object.get("choices") or ():
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(message, dict) and "content" not in message:
            yield Evidence(0, "the message has no `content`")


CHECKS = (
    Check(
        name="think tags",
        scenario="TX-5",
        says="The model's reasoning stands in the text, in tags.",
        expects="Reasoning has a field of its own; users read the tags, and histories grow by them.",
        repair="repaired",
        remedy="tagged reasoning becomes thinking",
        find=think_tags,
    ),
    Check(
        name="calls as text",
        scenario="TX-1",
        says="Tool calls stand in the text, in the markup of the model.",
        expects="The server parses its model's calls into the field for them.",
        repair="repaired",
        remedy="a complete call of an offered tool is taken out of the text",
        find=written_calls,
    ),
    Check(
        name="calls as bare JSON",
        scenario="TX-1",
        says="The text is the JSON of a tool call.",
        expects="The server parses its model's calls into the field for them.",
        repair="repaired",
        remedy="a complete call of an offered tool is taken out of the text",
        find=bare_calls,
    ),
    Check(
        name="control tokens",
        scenario="TX-3",
        says="The text holds tokens of the model's own format.",
        expects="The server's parser removes them.",
        repair="repaired",
        remedy="they are removed",
        find=control_tokens,
    ),
    Check(
        name="reasoning in another field",
        scenario="TH-9",
        says="Reasoning stands in a field of another name than reasoning_content.",
        expects="Chat Completions has no field for it; most vendors and clients have agreed on reasoning_content.",
        repair="repaired",
        remedy="all known names are read",
        find=reasoning_field,
        wires=(CHAT,),
        note=True,
    ),
    Check(
        name="reasoning twice",
        scenario="TH-9",
        says="One chunk says the same reasoning in two fields.",
        expects="It is said once; clients that read both show it twice.",
        repair="repaired",
        remedy="one of the fields is read",
        find=two_fields,
        wires=(CHAT,),
        note=True,
    ),
    Check(
        name="empty answer",
        scenario="ST-14",
        says="The answer has neither text nor call, and ends as if it were complete.",
        expects="An answer says something, or is an error.",
        repair="reported",
        remedy="it is asked for once more, then an error",
        find=empty,
    ),
    Check(
        name="no byte",
        scenario="ST-14",
        says="The status is 200 and the body is empty.",
        expects="A 200 has an answer; what failed has a status of its own.",
        repair="reported",
        remedy="it is asked for once more, then an error",
        find=nothing_at_all,
    ),
    Check(
        name="role",
        scenario="ST-10",
        says="The answer has a role that is not the assistant's.",
        expects="The role of an answer is assistant.",
        repair="repaired",
        remedy="the role is not read",
        find=odd_role,
        wires=tuple(ROLES),
    ),
    Check(
        name="no role",
        scenario="ST-10",
        says="The answer begins without a role.",
        expects="The first chunk, or the message, has the role assistant.",
        repair="repaired",
        remedy="the role is not read",
        find=no_role,
        wires=tuple(ROLES),
    ),
    Check(
        name="no content",
        scenario="ST-10",
        says="A message lacks the field `content`.",
        expects="`content` is there and null when the message only calls tools; typed clients fail without it.",
        repair="repaired",
        remedy="a missing field is none",
        find=no_content,
        wires=(CHAT,),
    ),
)
