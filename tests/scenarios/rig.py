"""Rialto in front of a scripted vendor: `rig.ask(...)` sends a Messages request and gives an `Outcome`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient

from tests.scenarios.answers import Answer, Json, words
from tests.scenarios.wires import Wire
from tests.support import scripted_server as server
from tests.support.grammar import blocks, complaints, joined
from tests.support.native_wires import native_environment
from tests.support.rialto_server import vendor_environment

#: Vendors by Chat Completions that have an address variable named after them.
CHAT_VENDORS = (
    *("deepseek", "fireworks", "groq", "kimi", "mimo", "minimax", "mistral", "nvidia", "openrouter"),
    *("siliconflow", "xai", "zai"),
)
REPAIRED = {"OLLAMA_MODE": "anthropic"}
SPOKEN = words("Hel", "lo.")


def environment(url: str) -> dict[str, str]:
    """What sends every wire and vendor to `url`, each with its own path and key."""
    own = {
        "PROVIDER_BASE_URL": f"{url}/openai_compatible/v1",
        "PROVIDER_API_KEY": "openai_compatible-upstream-key",
        "AZURE_API_KEY": "azure-upstream-key",
        "AZURE_API_BASE": f"{url}/azure",
        "LEARN_LIMITS": "0",
        "RETRY_BUDGET": "0",
    }
    return vendor_environment(url, *CHAT_VENDORS) | native_environment(url) | own


@dataclass(frozen=True)
class Outcome:
    """What the client got. `events` are those of a stream, `json` a whole answer or an error."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Json:
        """The parsed body."""
        found: Json = json.loads(self.text)
        return found

    @property
    def events(self) -> list[Json]:
        """The events; each frame must have both of its lines, and they must agree."""
        assert self.status == 200, self.text
        found = []
        for frame in self.text.split("\n\n")[:-1]:
            name, data = frame.split("\n")
            found.append(json.loads(data.removeprefix("data: ")))
            assert name == f"event: {found[-1]['type']}"
        assert self.text.endswith("\n\n"), "the last frame is cut off"
        return found

    @property
    def sound(self) -> list[Json]:
        """The events, which keep the grammar of Anthropic's streams."""
        found = self.events
        assert complaints(found) == []
        return found

    @property
    def blocks(self) -> list[Json]:
        """The content: blocks of a sound stream with the input of calls as text, or those of a whole message."""
        if self.headers["content-type"].startswith("application/json"):
            assert self.status == 200, self.text
            content: list[Json] = self.json["content"]
            return content
        return list(blocks(self.sound))

    @property
    def brief(self) -> list[Any]:
        """The content in short: text as itself, ("thinking", text), (name, parsed input). Thinking without words only
        carries a vendor's state and is left out.
        """
        return [brief(block) for block in self.blocks if block.get("thinking") != ""]

    @property
    def end(self) -> Json:
        """The last event."""
        return self.events[-1]

    @property
    def delta(self) -> Json:
        """The event with the stop reason of a sound stream."""
        return next(event for event in self.sound if event["type"] == "message_delta" and event["delta"]["stop_reason"])

    @property
    def stop(self) -> str:
        """The stop reason of either form."""
        whole = self.headers["content-type"].startswith("application/json")
        return str(self.json["stop_reason"] if whole else self.delta["delta"]["stop_reason"])

    @property
    def error(self) -> Json:
        """The error of an HTTP status or of the last event."""
        found: Json = self.json["error"] if self.status != 200 else self.end["error"]
        return found


def brief(block: Json) -> Any:
    """One block in short."""
    match block["type"]:
        case "text":
            return block["text"]
        case "thinking":
            return ("thinking", block["thinking"])
        case "tool_use":
            given = block["input"]
            return (block["name"], json.loads(given or "{}") if isinstance(given, str) else given)
        case other:
            return other


@dataclass
class Rig:
    """One wire, the vendor that speaks it, and the client."""

    wire: Wire
    vendor: server.ScriptedServer
    client: FlaskClient

    def ask(self, stream: bool | None = True, path: str = "/v1/messages", **fields: Any) -> Outcome:
        """Sends a request; `headers` go beside it. `stream` None leaves the field out."""
        headers = fields.pop("headers", {})
        asked = {} if stream is None else {"stream": stream}
        body = {"model": self.wire.model, "max_tokens": 4000, "messages": [user("hi")], **asked, **fields}
        return self.post(path, json.dumps(body).encode(), headers)

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Outcome:
        """Sends bytes."""
        given = {"content-type": "application/json", **(headers or {})}
        reply = self.client.post(path, data=body, headers=given)
        return Outcome(reply.status_code, {name.lower(): value for name, value in reply.headers.items()}, reply.text)

    def play(self, *answers: server.Answer | Answer) -> None:
        """The vendor's next answers; those in no vendor's words take the form that is asked for."""
        waiting = list(answers)

        def script(request: server.Request) -> server.Answer:
            if not waiting:
                return server.json_answer(self.wire.refused(400, "the script has no further answer"), 400)
            told = waiting.pop(0)
            return told if isinstance(told, server.Answer) else self.in_form(told, request)

        self.vendor.play(script)

    def in_form(self, told: Answer, request: server.Request) -> server.Answer:
        """The answer in the form that the request asks for."""
        return self.wire.answered(told, self.wire.wants_stream(request))

    def repeat(self, told: Answer) -> None:
        """The same answer to everybody."""
        self.vendor.play(lambda request: self.in_form(told, request))

    def repeat_answer(self, told: server.Answer) -> None:
        """The same bytes to everybody."""
        self.vendor.play(lambda request: told)

    def says(self, told: server.Answer | Answer, stream: bool | None = True, **fields: Any) -> Outcome:
        """What the client gets of one answer."""
        self.play(told)
        return self.ask(stream, **fields)

    def chunks(self, *pieces: Any, **fields: Any) -> Outcome:
        """What the client gets of a stream of these pieces."""
        return self.says(self.wire.streamed(pieces), **fields)

    def body(self, told: Answer | None = None, **fields: Any) -> Json:
        """The body that the vendor gets of a request, which must succeed."""
        self.play(told or Answer(parts=(SPOKEN,)))
        outcome = self.ask(**fields)
        assert outcome.status == 200, outcome.text
        assert len(self.vendor.bodies) == 1
        found: Json = self.vendor.bodies[0]
        return found

    @property
    def sent(self) -> server.Request:
        """The last request to the vendor."""
        return self.vendor.requests[-1]


def user(*content: Any) -> Json:
    """A user's message: one text, or blocks."""
    return {"role": "user", "content": content[0] if content and isinstance(content[0], str) else list(content)}


def assistant(*content: Any) -> Json:
    """A message of the model."""
    return {**user(*content), "role": "assistant"}


def text(words: str) -> Json:
    """A text block."""
    return {"type": "text", "text": words}


def use(id: str, name: str = "Read", **input: Any) -> Json:
    """A call in the history."""
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, content: Any = "done", **more: Any) -> Json:
    """A result in the history."""
    return {"type": "tool_result", "tool_use_id": id, "content": content, **more}


def tool(name: str = "Read", **properties: Any) -> Json:
    """A tool with text parameters unless they say otherwise."""
    schema = {"type": "object", "properties": properties or {"path": {"type": "string"}}}
    return {"name": name, "description": f"The tool {name}.", "input_schema": schema}


def anonymous(events: list[Json]) -> list[Json]:
    """The events without what differs every time: ids, and in how many pieces words came."""
    made = json.loads(json.dumps(events))
    for event in made:
        for holder in (event.get("message"), event.get("content_block")):
            if holder:
                holder.pop("id", None)
                holder.pop("signature", None)
    return joined(event for event in made if event.get("delta", {}).get("type") != "signature_delta")
