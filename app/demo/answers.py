"""What the demo says to a Chat Completions body; `app/demo/transport.py` puts it on the wire and lists the commands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from translators import vendors

Json = dict[str, Any]

TOOL = re.compile(r"demo:tool\s+([\w.-]+)[ \t]*")
ERROR = re.compile(r"demo:error\s+([45]\d\d)")
REMINDER = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
QUOTE_LENGTH = 120
RESULT_LENGTH = 300
REASONING = "The demo has no model. It reads the last message, looks for a command, and says how to reach a real model."


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; `arguments` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say, and how to send it."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    finish: str = "stop"
    slow: bool = False
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP error and its body."""

    status: int
    body: Json


def refusal(body: Mapping[str, Any]) -> Refusal | None:
    """The error that `demo:error STATUS` asks for."""
    found = ERROR.search(last_words(body))
    if not found:
        return None
    status = int(found.group(1))
    return Refusal(
        status, {"error": {"message": f"The demo was asked to refuse with {status}", "type": "demo", "code": None}}
    )


def answer(body: Mapping[str, Any]) -> Answer:
    """The answer to a body."""
    words = last_words(body)
    said = answer_to(body, words)
    said = replace(said, slow="demo:slow" in words, broken="demo:break" in words)
    if body.get("reasoning_effort"):
        said = replace(said, reasoning=REASONING)
    return limited(said, body.get("max_tokens"))


def answer_to(body: Mapping[str, Any], words: str) -> Answer:
    """The content: a summary of results, an object of the wanted schema, calls, or the greeting."""
    if results := new_results(body):
        return Answer(summary(results))
    if schema := wanted_schema(body):
        return Answer(json.dumps(sample(schema)))
    if TOOL.search(words):
        return called(body, words)
    return Answer(greeting(words))


def called(body: Mapping[str, Any], words: str) -> Answer:
    """The calls that the words ask for, or why they cannot be made."""
    offered = [tool["function"]["name"] for tool in body.get("tools") or ()]
    calls, excuses = [], []
    for found in TOOL.finditer(words):
        name, arguments = found.group(1), arguments_at(words, found.end())
        if name not in offered:
            excuses.append(f"The tool {name} is not offered. Offered are: {', '.join(offered) or 'none'}.")
        elif arguments is None:
            excuses.append(f"What follows demo:tool {name} is not a JSON object.")
        else:
            calls.append(Call(name, json.dumps(arguments, ensure_ascii=False)))
    if excuses:
        return Answer("The demo of Rialto cannot do that. " + " ".join(excuses))
    return Answer("The demo of Rialto calls what you asked for.", calls=tuple(calls), finish="tool_calls")


def arguments_at(words: str, start: int) -> Json | None:
    """The JSON object at a place of the text; {} when none begins there, None when it is broken."""
    if not words.startswith("{", start):
        return {}
    try:
        found = json.JSONDecoder().raw_decode(words, start)[0]
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def limited(said: Answer, limit: int | None) -> Answer:
    """The answer within the output limit, where a word is a token; calls are never cut."""
    room = (limit or 1_000_000) - len(said.reasoning.split())
    words = re.findall(r"\S+\s*", said.text)
    if said.calls or len(words) <= room:
        return said
    return replace(said, text="".join(words[: max(1, room)]).rstrip(), finish="length")


def greeting(words: str) -> str:
    """What this is and how to leave it."""
    heard = f' You wrote: "{quoted(words, QUOTE_LENGTH)}".' if words.strip() else ""
    return (
        f"This is the demo of Rialto: it works, but no model has answered you.{heard}\n\n"
        "To reach a real model set the key of a vendor in .env or the environment and start Rialto again: "
        f"{', '.join(key_variables())}. A server of your own is reached with PROVIDER_BASE_URL.\n\n"
        'To see a tool call, write: demo:tool NAME {"argument": "value"}'
    )


def key_variables() -> list[str]:
    """The variable of every vendor's key."""
    found = {vendor.key_variable for vendor in vendors().values() if vendor.key_variable and not vendor.keyless}
    return sorted(found)


def summary(results: list[str]) -> str:
    """What the tools gave."""
    listed = "\n".join(f"{number}. {quoted(result, RESULT_LENGTH)}" for number, result in enumerate(results, 1))
    return f"The demo of Rialto got {len(results)} tool result{'s' if len(results) > 1 else ''}:\n{listed}"


def quoted(text: str, length: int) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[:length]}…"


def last_words(body: Mapping[str, Any]) -> str:
    """The text of the last user message, without reminders that the client adds."""
    said = [message for message in body.get("messages") or () if message.get("role") == "user"]
    return REMINDER.sub("", text_of(said[-1])).strip() if said else ""


def new_results(body: Mapping[str, Any]) -> list[str]:
    """The tool results since the assistant's last message."""
    found: list[str] = []
    for message in body.get("messages") or ():
        if message.get("role") == "assistant":
            found = []
        elif message.get("role") == "tool":
            found.append(text_of(message))
    return found


def text_of(message: Mapping[str, Any]) -> str:
    """The text of one message, whether a string or parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text") or "") for part in content)


def wanted_schema(body: Mapping[str, Any]) -> Json | None:
    """The JSON schema that the answer must have."""
    form = body.get("response_format") or {}
    found = (form.get("json_schema") or {}).get("schema")
    return found if isinstance(found, dict) else None


def sample(schema: Mapping[str, Any]) -> Any:
    """The plainest value of a schema."""
    if choices := schema.get("enum"):
        return choices[0]
    match schema.get("type"):
        case "object":
            return {name: sample(inner) for name, inner in (schema.get("properties") or {}).items()}
        case "string":
            return "Demo of Rialto"
        case "integer" | "number":
            return 0
        case "boolean":
            return False
        case "array":
            return []
        case _:
            return None
