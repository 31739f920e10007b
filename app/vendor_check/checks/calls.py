"""Tool calls: their reasons, ids, indexes and names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from app.vendor_check.answer import Answer
from app.vendor_check.check import Check, Evidence
from app.vendor_check.said import Fragment
from app.vendor_check.wires.names import CHAT, MESSAGES, RESPONSES

ON_CHAT = (CHAT,)
WITH_IDS = (CHAT, RESPONSES, MESSAGES)
WITH_REASONS = (CHAT, MESSAGES)
PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
CONTROL = re.compile(r"<\|[^|]{1,40}\|>|<[｜|]")


def stop_with_calls(answer: Answer) -> Iterator[Evidence]:
    """Calls, and a reason that means a plain end."""
    stop = answer.stop
    if stop and answer.calls and stop.value in ("stop", "end_turn"):
        yield Evidence(stop.at, f"{len(answer.calls)} call(s), {stop.place} {stop.value!r}")


def calls_missing(answer: Answer) -> Iterator[Evidence]:
    """The reason of a turn with calls, and no call."""
    stop = answer.stop
    if stop and not answer.calls and stop.value in answer.wire.calling:
        yield Evidence(stop.at, f"{stop.place} {stop.value!r}, no call")


def odd_reason(answer: Answer) -> Iterator[Evidence]:
    """A reason that the wire does not know."""
    stop = answer.stop
    if stop and stop.value not in answer.wire.stops:
        yield Evidence(stop.at, f"{stop.place} {stop.value!r}")


def missing_ids(answer: Answer) -> Iterator[Evidence]:
    """Calls without an id."""
    yield from (Evidence(call.at, f"the call of {call.name!r} has no id") for call in answer.calls if not call.ids)


def repeated_ids(answer: Answer) -> Iterator[Evidence]:
    """An id of two calls, here or in the history that was sent."""
    counts = Counter(call.ids[0] for call in answer.calls if call.ids)
    for call in answer.calls:
        if call.ids and counts[call.ids[0]] > 1:
            yield Evidence(call.at, f"{counts[call.ids[0]]} calls have the id {call.ids[0]!r}")
            return


def changing_ids(answer: Answer) -> Iterator[Evidence]:
    """A call whose pieces have different ids under one index."""
    seen: dict[object, str] = {}
    for one in answer.all("call"):
        fragment: Fragment = one.value
        if fragment.slot is None or not isinstance(fragment.id, str) or not fragment.id:
            continue
        if seen.setdefault(fragment.slot, fragment.id) != fragment.id:
            yield Evidence(one.at, f"index {fragment.slot} has the ids {seen[fragment.slot]!r} and {fragment.id!r}")
            return


def odd_ids(answer: Answer) -> Iterator[Evidence]:
    """Ids with characters that other APIs refuse."""
    for call in answer.calls:
        if call.ids and not PLAIN_ID.fullmatch(call.ids[0]):
            yield Evidence(call.at, f"id {call.ids[0]!r}")
            return


def index_gaps(answer: Answer) -> Iterator[Evidence]:
    """Indexes of streamed calls that are missing or not 0, 1, 2, ..."""
    if answer.form != "sse":
        return
    for one in answer.all("call"):
        if one.value.slot is None:
            yield Evidence(one.at, "a call has no index")
            return
    slots = list(dict.fromkeys(call.slot for call in answer.calls))
    if slots != list(range(len(slots))):
        yield Evidence(answer.calls[0].at, f"indexes {slots}")


def shared_index(answer: Answer) -> Iterator[Evidence]:
    """Two calls with one index."""
    counts = Counter(call.slot for call in answer.calls if isinstance(call.slot, int))
    for call in answer.calls:
        if answer.form == "sse" and counts[call.slot] > 1:
            yield Evidence(call.at, f"{counts[call.slot]} calls have the index {call.slot}")
            return


def late_name(answer: Answer) -> Iterator[Evidence]:
    """Arguments before the name, or no name at all."""
    for call in answer.calls:
        if call.unnamed or not call.name:
            yield Evidence(call.at, "arguments come before the name" if call.name else "the call has no name")


def empty_names(answer: Answer) -> Iterator[Evidence]:
    """Empty names on later pieces."""
    for call in answer.calls:
        if call.name and "" in call.names:
            yield Evidence(call.at, f"a piece of the call of {call.name!r} has the name ''")
            return


def unknown_names(answer: Answer) -> Iterator[Evidence]:
    """Names of tools that were not offered."""
    for call in answer.calls:
        if call.name and answer.tools and call.name not in answer.tools:
            near = next((name for name in answer.tools if name.lower() == call.name.lower()), "")
            yield Evidence(
                call.at, f"{call.name!r}, offered was {near!r}" if near else f"{call.name!r} was not offered"
            )


def control_names(answer: Answer) -> Iterator[Evidence]:
    """Tokens of the model's own format in a name."""
    yield from (Evidence(call.at, f"name {call.name!r}") for call in answer.calls if CONTROL.search(call.name))


def forced_in_vain(answer: Answer) -> Iterator[Evidence]:
    """A call was demanded and none came."""
    choice = answer.body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else choice
    if kind in ("required", "any", "function", "tool") and answer.is_complete and not answer.calls:
        yield Evidence(None, f"tool_choice {kind!r}, no call")


def several_for_one(answer: Answer) -> Iterator[Evidence]:
    """More calls than one, where one at most was wanted."""
    if answer.body.get("parallel_tool_calls") is False and len(answer.calls) > 1:
        yield Evidence(answer.calls[1].at, f"parallel_tool_calls is false, {len(answer.calls)} calls")


CHECKS = (
    Check(
        name="stop with calls",
        scenario="TC-8",
        says="A turn with tool calls ends in the reason of a plain answer.",
        expects="finish_reason is tool_calls (Messages: tool_use); clients that look at it never run the calls.",
        repair="repaired",
        remedy="a turn with calls ends in tool_use",
        find=stop_with_calls,
        wires=WITH_REASONS,
    ),
    Check(
        name="calls missing",
        scenario="TC-8",
        says="The finish reason announces tool calls and there is none.",
        expects="tool_calls as a reason comes with at least one call.",
        repair="repaired",
        remedy="it is a plain end, or a call is found in the text",
        find=calls_missing,
        wires=WITH_REASONS,
    ),
    Check(
        name="unknown finish reason",
        scenario="ER-6",
        says="The reason for the end is none that the contract lists.",
        expects="Clients know the listed reasons only; an empty one is none.",
        repair="repaired",
        remedy="it is mapped to the nearest one or reported by its name",
        find=odd_reason,
    ),
    Check(
        name="call without id",
        scenario="TC-14",
        says="A tool call has no id.",
        expects="Each call has an id, by which its result returns.",
        repair="repaired",
        remedy="an id is made up",
        find=missing_ids,
        wires=WITH_IDS,
    ),
    Check(
        name="repeated id",
        scenario="TC-14",
        says="Several calls of one answer have the same id.",
        expects="Ids are unique: results cannot be told apart otherwise.",
        repair="repaired",
        remedy="each call gets a fresh id",
        find=repeated_ids,
        wires=WITH_IDS,
    ),
    Check(
        name="changing id",
        scenario="TC-3",
        says="The pieces under one index have different ids.",
        expects="An index belongs to one call.",
        repair="repaired",
        remedy="a new id begins a new call",
        find=changing_ids,
        wires=ON_CHAT,
    ),
    Check(
        name="odd id",
        scenario="TC-14",
        says="Ids of calls hold more than letters, digits, _ and -.",
        expects="The contract does not say which characters; histories with such ids are refused by other APIs.",
        repair="repaired",
        remedy="the client gets an id of its own, the vendor its own again",
        find=odd_ids,
        wires=WITH_IDS,
        note=True,
    ),
    Check(
        name="index gaps",
        scenario="TC-3",
        says="Indexes of streamed calls are missing or do not run 0, 1, 2, ...",
        expects="Each piece has the index of its call, the first call has 0.",
        repair="repaired",
        remedy="ids and names tell the calls apart",
        find=index_gaps,
        wires=ON_CHAT,
    ),
    Check(
        name="shared index",
        scenario="TC-3",
        says="Several calls have one index.",
        expects="Each call has an index of its own; clients join the arguments otherwise.",
        repair="repaired",
        remedy="ids and names tell the calls apart",
        find=shared_index,
        wires=ON_CHAT,
    ),
    Check(
        name="late name",
        scenario="TC-4",
        says="A call's name comes behind its arguments, or never.",
        expects="The first piece of a call has its id and its name.",
        repair="repaired",
        remedy="arguments wait for the name",
        find=late_name,
    ),
    Check(
        name="empty name",
        scenario="TC-4",
        says="Later pieces of a call repeat its name as an empty text.",
        expects="The name is in the first piece only; clients that assign it lose it.",
        repair="repaired",
        remedy="an empty name changes nothing",
        find=empty_names,
        wires=ON_CHAT,
    ),
    Check(
        name="unknown tool",
        scenario="TC-16",
        says="A call names a tool that was not offered, or in another spelling.",
        expects="Calls name the tools of the request, byte for byte.",
        repair="repaired",
        remedy="another spelling is corrected; other names reach the client, which answers the model",
        find=unknown_names,
    ),
    Check(
        name="control tokens in a name",
        scenario="TX-3",
        says="The name of a call holds tokens of the model's own format.",
        expects="The server's parser removes them.",
        repair="repaired",
        remedy="they are cut off",
        find=control_names,
    ),
    Check(
        name="forced call missing",
        scenario="TC-16",
        says="A call was demanded by tool_choice and none came.",
        expects="With required, any or a named tool the answer is a call.",
        repair="lost",
        remedy="the client gets the answer that came",
        find=forced_in_vain,
    ),
    Check(
        name="parallel calls not asked for",
        scenario="TC-16",
        says="Several calls came though parallel_tool_calls is false.",
        expects="At most one call comes then.",
        repair="lost",
        remedy="the client gets all of them",
        find=several_for_one,
    ),
)
