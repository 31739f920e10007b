"""The six wires: each tells an `Answer` in its vendor's bytes, streamed and whole, and reads a request's body back into
plain values. `WIRES` holds them by name.

Shapes: https://platform.openai.com/docs/api-reference/chat, https://developers.openai.com/api/reference/responses,
https://ai.google.dev/api/generate-content, https://docs.ollama.com/api/chat,
https://platform.claude.com/docs/en/build-with-claude/streaming (read 2026-11-21).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from tests.scenarios.answers import Answer, Call, Counts, Json, Part, Thought, Words
from tests.support import scripted_server as server
from tests.support.native_wires import NDJSON, SSE, event, line, packed, seal

#: The model that the client asks each wire for, without the vendor.
SERVED = "served-model"
DONE = b"data: [DONE]\n\n"


class Wire(ABC):
    """One wire. `vendor` names it in the client's model and for `vendor_histories`."""

    name: str
    vendor: str
    served: str = SERVED
    media: str = SSE
    path: str

    reader: str
    """Its name in `vendor_histories`."""

    @property
    def model(self) -> str:
        """What the client asks for."""
        return f"{self.vendor}/{self.served}"

    @abstractmethod
    def stream(self, told: Answer) -> list[bytes]:
        """The events, one piece each; none of an end when the answer has none."""

    @abstractmethod
    def whole(self, told: Answer) -> Json:
        """The complete answer."""

    @abstractmethod
    def fault(self, message: str, code: str = "") -> bytes:
        """An error inside a running answer."""

    def refused(self, status: int, message: str, code: str = "") -> Json:
        """The body of an error."""
        return {"error": {"message": message, "type": code or "error", "code": code or None}}

    def refusal(self, status: int, message: str, code: str = "", **headers: str) -> server.Answer:
        """An HTTP error."""
        return server.json_answer(self.refused(status, message, code), status, **headers)

    def streamed(self, pieces: Iterable[Any], **options: Any) -> server.Answer:
        """A streamed answer of these pieces."""
        return server.Answer(list(pieces), headers={"content-type": self.media}, **options)

    def answered(self, told: Answer, stream: bool = True) -> server.Answer:
        """The answer in one of its two forms."""
        return self.streamed(self.stream(told)) if stream else server.json_answer(self.whole(told))

    def wants_stream(self, request: server.Request) -> bool:
        """The request asks for a stream."""
        return bool(request.json.get("stream"))

    @abstractmethod
    def prompt(self, body: Json) -> str:
        """All text of the system prompt."""

    @abstractmethod
    def said(self, body: Json) -> list[tuple[str, str]]:
        """(role, text) of the conversation; results of tools have the role tool, calls are left out."""

    @abstractmethod
    def tools(self, body: Json) -> dict[str, Json]:
        """Name -> schema of the offered tools."""

    @abstractmethod
    def choice(self, body: Json) -> Any:
        """None, auto, none, required, or the name of the one tool that must be called."""


def placed(parts: Iterable[Part]) -> Iterator[tuple[int, Part]]:
    """The parts, each with the number of calls before it."""
    calls = 0
    for part in parts:
        yield calls, part
        calls += isinstance(part, Call)


def flat(content: Any) -> str:
    """The text of a string or a list of parts."""
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text") or "") for part in content or () if part.get("text"))


class Chat(Wire):
    """Chat Completions."""

    name, vendor, path = "chat", "openai_compatible", "/openai_compatible/v1/chat/completions"
    reader = "chat"
    finishes = {"length": "length", "filter": "content_filter", "odd": "moon_phase"}

    @staticmethod
    def chunk(delta: Json, finish: str | None = None, **more: Any) -> bytes:
        """One chunk with one choice."""
        return Chat.bare([{"index": 0, "delta": delta, "finish_reason": finish}], **more)

    @staticmethod
    def bare(choices: list[Json], **more: Any) -> bytes:
        """One chunk."""
        head = {"id": "gen-1", "object": "chat.completion.chunk", "created": 1, "model": SERVED}
        return line({**head, "choices": choices, **more})

    @staticmethod
    def called(index: Any, id: Any = None, name: Any = None, arguments: Any = None) -> Json:
        """One fragment of a call; what is None is left out."""
        function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
        given = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
        return {**given, "type": "function", "function": function}

    @staticmethod
    def usage(counts: Counts) -> Json:
        """The counts."""
        return {
            "prompt_tokens": counts.prompt,
            "completion_tokens": counts.output,
            "total_tokens": counts.prompt + counts.output,
            "prompt_tokens_details": {"cached_tokens": counts.cached},
            "completion_tokens_details": {"reasoning_tokens": counts.thought},
        }

    def finish(self, told: Answer) -> str:
        """The finish reason."""
        return self.finishes.get(told.ending, "tool_calls" if told.calls else "stop")

    def stream(self, told: Answer) -> list[bytes]:
        made = [self.chunk({"role": "assistant", "content": ""})]
        for place, part in placed(told.parts):
            if isinstance(part, Call):
                made.append(self.chunk({"tool_calls": [self.called(place, part.id, part.name, "")]}))
            made += [self.chunk(self.delta(place, part, piece)) for piece in part.pieces]
        if not told.ending:
            return made
        made.append(self.chunk({}, self.finish(told)))
        return [*made, *([self.bare([], usage=self.usage(told.counts))] if told.counts else []), DONE]

    def delta(self, place: int, part: Part, piece: str) -> Json:
        """One piece of a part."""
        if isinstance(part, Call):
            return {"tool_calls": [self.called(place, arguments=piece)]}
        return {"reasoning_content" if isinstance(part, Thought) else "content": piece}

    def whole(self, told: Answer) -> Json:
        kinds: dict[type, str] = {
            kind: "".join(part.text for part in told.parts if isinstance(part, kind))  # type: ignore[attr-defined]
            for kind in (Words, Thought)
        }
        message: Json = {"role": "assistant", "content": kinds[Words] or None}
        if kinds[Thought]:
            message["reasoning_content"] = kinds[Thought]
        if told.calls:
            message["tool_calls"] = [self.called(None, call.id, call.name, call.arguments) for call in told.calls]
        choice = {"index": 0, "message": message, "finish_reason": self.finish(told)}
        usage = {"usage": self.usage(told.counts)} if told.counts else {}
        return {"id": "gen-1", "object": "chat.completion", "created": 1, "model": SERVED, "choices": [choice], **usage}

    def fault(self, message: str, code: str = "") -> bytes:
        return line({"error": {"message": message, "code": code or 502}})

    def prompt(self, body: Json) -> str:
        return "\n".join(flat(told["content"]) for told in body["messages"] if told["role"] in ("system", "developer"))

    def said(self, body: Json) -> list[tuple[str, str]]:
        return [(told["role"], flat(told.get("content"))) for told in body["messages"] if told["role"] != "system"]

    def tools(self, body: Json) -> dict[str, Json]:
        return {tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools") or ()}

    def choice(self, body: Json) -> Any:
        found = body.get("tool_choice")
        return found["function"]["name"] if isinstance(found, dict) else found


class Responses(Wire):
    """OpenAI Responses."""

    name, vendor, served, path = "responses", "openai", "gpt-5.6", "/openai/v1/responses"
    reader = "openai"
    openings = {"reasoning": {"summary": []}, "message": {"content": []}, "function_call": {"arguments": ""}}

    @staticmethod
    def usage(counts: Counts) -> Json:
        """The counts."""
        return {
            "input_tokens": counts.prompt,
            "input_tokens_details": {"cached_tokens": counts.cached},
            "output_tokens": counts.output,
            "output_tokens_details": {"reasoning_tokens": counts.thought},
            "total_tokens": counts.prompt + counts.output,
        }

    @staticmethod
    def item(index: int, part: Part, finished: bool = True) -> Json:
        """One item."""
        status = "completed" if finished else "incomplete"
        match part:
            case Thought():
                summary = [{"type": "summary_text", "text": part.text}]
                return {"id": f"rs_{index}", "type": "reasoning", "summary": summary} | (
                    {"encrypted_content": seal(part.text)} if finished else {}
                )
            case Words():
                inner = {"type": "output_text", "text": part.text, "annotations": []}
                head = {"id": f"msg_{index}", "type": "message", "role": "assistant", "status": status}
                return {**head, "content": [inner]}
            case Call():
                named = {"call_id": part.id, "name": part.name, "arguments": part.arguments}
                return {"id": f"fc_{index}", "type": "function_call", "status": status, **named}

    @staticmethod
    def delta(index: int, part: Part, piece: str) -> Json:
        """One piece of a part."""
        place = {"output_index": index, "item_id": f"item_{index}", "delta": piece}
        match part:
            case Thought():
                return {"type": "response.reasoning_summary_text.delta", "summary_index": 0, **place}
            case Words():
                return {"type": "response.output_text.delta", "content_index": 0, **place}
            case Call():
                return {"type": "response.function_call_arguments.delta", **place}

    def stream(self, told: Answer) -> list[bytes]:
        done = self.whole(told)
        made = [
            event(
                {"type": "response.created", "response": {**done, "status": "in_progress", "output": [], "usage": None}}
            )
        ]
        for index, part in enumerate(told.parts):
            last = index == len(told.parts) - 1
            item = done["output"][index]
            opening = {**item, **self.openings[item["type"]], "status": "in_progress"}
            made.append(event({"type": "response.output_item.added", "output_index": index, "item": opening}))
            made += [event(self.delta(index, part, piece)) for piece in part.pieces]
            if told.ending == "end" or not last:
                made.append(event({"type": "response.output_item.done", "output_index": index, "item": item}))
        if told.ending:
            made.append(event({"type": f"response.{done['status']}", "response": done}))
        return made

    def whole(self, told: Answer) -> Json:
        reason = {"length": "max_output_tokens", "filter": "content_filter", "odd": "moon_phase"}.get(told.ending)
        last = len(told.parts) - 1
        return {
            **{"id": "resp_1", "object": "response", "created_at": 1, "model": self.served, "error": None},
            "status": "incomplete" if reason else "completed",
            "incomplete_details": {"reason": reason} if reason else None,
            "output": [self.item(index, part, not reason or index < last) for index, part in enumerate(told.parts)],
            "usage": self.usage(told.counts) if told.counts else None,
        }

    def fault(self, message: str, code: str = "") -> bytes:
        failed = {"id": "resp_1", "status": "failed", "error": {"code": code or "server_error", "message": message}}
        return event({"type": "response.failed", "response": failed})

    def prompt(self, body: Json) -> str:
        return str(body.get("instructions") or "")

    def said(self, body: Json) -> list[tuple[str, str]]:
        found = []
        for item in body["input"]:
            if item.get("type") == "function_call_output":
                found.append(("tool", flat(item["output"])))
            elif "role" in item:
                found.append((item["role"], flat(item["content"])))
        return found

    def tools(self, body: Json) -> dict[str, Json]:
        return {tool["name"]: tool["parameters"] for tool in body.get("tools") or ()}

    def choice(self, body: Json) -> Any:
        found = body.get("tool_choice")
        return found["name"] if isinstance(found, dict) else found


class Gemini(Wire):
    """Gemini's own API."""

    name, vendor, served = "gemini", "gemini", "gemini-3.1-pro-preview"
    path = "/gemini/v1beta/models/gemini-3.1-pro-preview:streamGenerateContent?alt=sse"
    reader = "gemini"
    finishes = {"end": "STOP", "length": "MAX_TOKENS", "filter": "SAFETY", "odd": "MOON_PHASE"}

    @staticmethod
    def usage(counts: Counts) -> Json:
        """The counts."""
        return {
            "promptTokenCount": counts.prompt,
            "cachedContentTokenCount": counts.cached,
            "candidatesTokenCount": counts.output - counts.thought,
            "thoughtsTokenCount": counts.thought,
            "totalTokenCount": counts.prompt + counts.output,
        }

    @staticmethod
    def chunk(*parts: Json, usage: Json | None = None, **candidate: Any) -> Json:
        """One chunk."""
        content = {"content": {"parts": list(parts), "role": "model"}} if parts else {}
        counted = {"usageMetadata": usage} if usage else {}
        return {"candidates": [{**content, **candidate, "index": 0}], **counted, "modelVersion": Gemini.served}

    @staticmethod
    def parts(told: Answer) -> Iterator[Json]:
        """The parts; the first call bears the signature of the thought."""
        mark = next((seal(part.text) for part in told.parts if isinstance(part, Thought)), "")
        for part in told.parts:
            if isinstance(part, Call):
                signed = {"thoughtSignature": mark} if mark else {}
                yield {"functionCall": {"id": part.id, "name": part.name, "args": part.input}, **signed}
                mark = ""
            else:
                for piece in part.pieces:
                    yield {"text": piece, **({"thought": True} if isinstance(part, Thought) else {})}

    def stream(self, told: Answer) -> list[bytes]:
        made = [line(self.chunk(part)) for part in self.parts(told)]
        usage = self.usage(told.counts) if told.counts else None
        end = line(self.chunk({"text": ""}, usage=usage, finishReason=self.finishes.get(told.ending)))
        return [*made, end] if told.ending else made

    def whole(self, told: Answer) -> Json:
        usage = self.usage(told.counts) if told.counts else None
        return self.chunk(*self.parts(told), usage=usage, finishReason=self.finishes.get(told.ending))

    def fault(self, message: str, code: str = "") -> bytes:
        return line({"error": {"code": 500, "message": message, "status": code or "INTERNAL"}})

    def refused(self, status: int, message: str, code: str = "") -> Json:
        return {"error": {"code": status, "message": message, "status": code or "FAILED"}}

    def wants_stream(self, request: server.Request) -> bool:
        return ":streamGenerateContent" in request.path

    def prompt(self, body: Json) -> str:
        return flat((body.get("systemInstruction") or {}).get("parts"))

    def said(self, body: Json) -> list[tuple[str, str]]:
        found = []
        for content in body["contents"]:
            for part in content["parts"]:
                if given := part.get("functionResponse"):
                    found.append(("tool", str(next(iter(given["response"].values())))))
                elif part.get("text"):
                    found.append(({"model": "assistant"}.get(content["role"], content["role"]), part["text"]))
        return found

    def tools(self, body: Json) -> dict[str, Json]:
        declared = [made for tool in body.get("tools") or () for made in tool.get("functionDeclarations") or ()]
        return {made["name"]: made.get("parametersJsonSchema") or made.get("parameters") or {} for made in declared}

    def choice(self, body: Json) -> Any:
        calling = (body.get("toolConfig") or {}).get("functionCallingConfig") or {}
        if names := calling.get("allowedFunctionNames"):
            return names[0]
        return {"ANY": "required"}.get(str(calling.get("mode")), calling["mode"].lower()) if calling else None


class Ollama(Wire):
    """Ollama's own API."""

    name, vendor, served, media, path = "ollama", "ollama", "qwen3.5:9b", NDJSON, "/ollama/api/chat"
    reader = "ollama"
    finishes = {"length": "length", "odd": "moon_phase", "filter": "stop"}

    @staticmethod
    def line(message: Json, **more: Any) -> bytes:
        """One line."""
        return packed(Ollama.said_line(message, **more)) + b"\n"

    @staticmethod
    def said_line(message: Json, **more: Any) -> Json:
        """One line's object."""
        said = {"role": "assistant", "content": "", **message}
        return {"model": Ollama.served, "created_at": "2026-11-21T10:00:00Z", "message": said, "done": False, **more}

    @staticmethod
    def called(place: int, call: Call) -> Json:
        """One call."""
        return {"id": call.id, "function": {"index": place, "name": call.name, "arguments": call.input}}

    def end(self, told: Answer) -> Json:
        """The fields of the last line."""
        counts = {"prompt_eval_count": told.counts.prompt, "eval_count": told.counts.output} if told.counts else {}
        return {"done": True, "done_reason": self.finishes.get(told.ending, "stop"), "total_duration": 5, **counts}

    def stream(self, told: Answer) -> list[bytes]:
        made = []
        for place, part in placed(told.parts):
            if isinstance(part, Call):
                made.append(self.line({"tool_calls": [self.called(place, part)]}))
            else:
                field = "thinking" if isinstance(part, Thought) else "content"
                made += [self.line({field: piece}) for piece in part.pieces]
        return [*made, self.line({}, **self.end(told))] if told.ending else made

    def whole(self, told: Answer) -> Json:
        message: Json = {"content": "".join(part.text for part in told.parts if isinstance(part, Words))}
        if thoughts := [part.text for part in told.parts if isinstance(part, Thought)]:
            message["thinking"] = "".join(thoughts)
        if told.calls:
            message["tool_calls"] = [self.called(place, call) for place, call in enumerate(told.calls)]
        return self.said_line(message, **self.end(told))

    def fault(self, message: str, code: str = "") -> bytes:
        return packed({"error": message}) + b"\n"

    def refused(self, status: int, message: str, code: str = "") -> Json:
        return {"error": message}

    def prompt(self, body: Json) -> str:
        return "\n".join(told["content"] for told in body["messages"] if told["role"] == "system")

    def said(self, body: Json) -> list[tuple[str, str]]:
        return [(told["role"], told.get("content") or "") for told in body["messages"] if told["role"] != "system"]

    def tools(self, body: Json) -> dict[str, Json]:
        return {tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools") or ()}

    def choice(self, body: Json) -> Any:
        """There is no such field: what is offered and a rule in the prompt stand for it."""
        names = list(self.tools(body))
        if not names:
            return "none"
        prompt = self.prompt(body)
        if "Answer with a call" not in prompt:
            return "auto"
        return names[0] if len(names) == 1 else "required"


class Anthropic(Wire):
    """The endpoint of another vendor that looks like Anthropic's."""

    name, vendor, served, path = "repaired", "ollama", "qwen3.5:9b", "/ollama/v1/messages"
    reader = "anthropic"
    finishes = {"length": "max_tokens", "filter": "refusal", "odd": "moon_phase"}
    kinds = {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        529: "overloaded_error",
    }

    @staticmethod
    def usage(counts: Counts) -> Json:
        """The counts; the input is what was not cached."""
        cache = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": counts.cached}
        return {"input_tokens": counts.prompt - counts.cached, **cache, "output_tokens": counts.output}

    @staticmethod
    def block(part: Part) -> Json:
        """A finished block."""
        match part:
            case Thought():
                return {"type": "thinking", "thinking": part.text, "signature": seal(part.text)}
            case Words():
                return {"type": "text", "text": part.text}
            case Call():
                return {"type": "tool_use", "id": part.id, "name": part.name, "input": part.input}

    @staticmethod
    def opening(part: Part) -> Json:
        """The block as it opens."""
        match part:
            case Thought():
                return {"type": "thinking", "thinking": "", "signature": ""}
            case Words():
                return {"type": "text", "text": ""}
            case Call():
                return {"type": "tool_use", "id": part.id, "name": part.name, "input": {}}

    @staticmethod
    def opened(index: int, block: Json) -> bytes:
        """The start of a block."""
        return event({"type": "content_block_start", "index": index, "content_block": block})

    @staticmethod
    def filled(index: int, part: Part, piece: str) -> bytes:
        """One piece of a block."""
        kind, field = {
            Thought: ("thinking_delta", "thinking"),
            Words: ("text_delta", "text"),
            Call: ("input_json_delta", "partial_json"),
        }[type(part)]
        return event({"type": "content_block_delta", "index": index, "delta": {"type": kind, field: piece}})

    @staticmethod
    def stopped(index: int) -> bytes:
        """The end of a block."""
        return event({"type": "content_block_stop", "index": index})

    def start(self, told: Answer) -> bytes:
        """`message_start`."""
        message = {**self.whole(told), "content": [], "stop_reason": None}
        return event({"type": "message_start", "message": message})

    def ended(self, told: Answer) -> list[bytes]:
        """The stop reason and the end."""
        message = self.whole(told)
        delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        return [
            event({"type": "message_delta", "delta": delta, "usage": message["usage"]}),
            event({"type": "message_stop"}),
        ]

    def stream(self, told: Answer) -> list[bytes]:
        made = [self.start(told)]
        for index, part in enumerate(told.parts):
            made.append(self.opened(index, self.opening(part)))
            made += [self.filled(index, part, piece) for piece in part.pieces]
            if isinstance(part, Thought):
                sealed = {"type": "signature_delta", "signature": seal(part.text)}
                made.append(event({"type": "content_block_delta", "index": index, "delta": sealed}))
            if told.ending or index < len(told.parts) - 1:
                made.append(self.stopped(index))
        return [*made, *self.ended(told)] if told.ending else made

    def whole(self, told: Answer) -> Json:
        head = {"id": "msg_01", "type": "message", "role": "assistant", "model": self.served}
        blocks = [self.block(part) for part in told.parts]
        stop = self.finishes.get(told.ending, "tool_use" if told.calls else "end_turn")
        usage = self.usage(told.counts) if told.counts else {"input_tokens": 0, "output_tokens": 0}
        return {**head, "content": blocks, "stop_reason": stop, "stop_sequence": None, "usage": usage}

    def fault(self, message: str, code: str = "") -> bytes:
        return event({"type": "error", "error": {"type": code or "api_error", "message": message}})

    def refused(self, status: int, message: str, code: str = "") -> Json:
        kind = code or self.kinds.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_vendor"}

    def prompt(self, body: Json) -> str:
        return flat(body.get("system"))

    def said(self, body: Json) -> list[tuple[str, str]]:
        found = []
        for message in body["messages"]:
            content = message["content"]
            for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
                if block["type"] == "tool_result":
                    found.append(("tool", flat(block.get("content"))))
                elif block["type"] == "text":
                    found.append((message["role"], block["text"]))
        return found

    def tools(self, body: Json) -> dict[str, Json]:
        return {tool["name"]: tool["input_schema"] for tool in body.get("tools") or ()}

    def choice(self, body: Json) -> Any:
        found = body.get("tool_choice")
        return {"any": "required", "tool": found.get("name")}.get(found["type"], found["type"]) if found else None


class Genuine(Anthropic):
    """Anthropic itself: nothing is translated."""

    name, vendor, served, path = "passthrough", "anthropic", "claude-sonnet-5", "/anthropic/v1/messages"


WIRES: dict[str, Wire] = {wire.name: wire for wire in (Chat(), Responses(), Gemini(), Ollama(), Anthropic(), Genuine())}
EVERY = tuple(WIRES)
#: Those whose requests and answers Rialto translates.
TRANSLATED = tuple(name for name in EVERY if name != "passthrough")


def frames(pieces: Iterable[bytes]) -> bytes:
    """All bytes of a stream."""
    return b"".join(pieces)


def text_of(body: Any) -> str:
    """Everything in a body as text, for what must not be in it."""
    return json.dumps(body, ensure_ascii=False)
