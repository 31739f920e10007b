"""What a refusal teaches of a model, and a body that keeps to it: for a second try, and for every later request.

Wordings: NVIDIA NIM and vLLM "Extra inputs are not permitted", Mistral `extra_forbidden`, Groq "... is not supported
with this model" and "does not support response format", OpenAI "Unsupported parameter" and "Unrecognized request
argument", OpenRouter "Reasoning is mandatory for this endpoint and cannot be disabled", Ollama '"x" does not support
thinking' and 'think value "low" is not supported for this model', NIM "chat_template is not supported for Mistral
tokenizers", DeepSeek "This response_format type is unavailable now" (read 2026-11-21).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from translators.core.errors import OutputTooLong, PromptTooLong, RialtoError
from translators.core.overflow import output_cap
from translators.core.refusals import Words
from translators.core.vendor import Json, Route, refine

Lessons = Mapping[str, str | int | None]
"""What a model does not take. The keys are `field`, `field.part`, or `field=JSON` for one value of the field alone; the
values are None (it is left out), another name for the field, or the most that it may be. `STRUCTURED` -> the form of
structured output that is taken; `IMAGES` -> None where the model cannot see.
"""

#: Fields without which a request means the same to the client, or nearly so.
SPARE = (
    *(
        "chat_template_kwargs",
        "reasoning_budget",
        "reasoning_effort",
        "reasoning_format",
        "reasoning_split",
        "reasoning",
    ),
    *("thinking_budget", "enable_thinking", "thinking", "think", "tool_stream", "disable_tool_validation", "do_sample"),
    *("stream_options", "parallel_tool_calls", "prompt_cache_key", "session_id", "temperature", "top_p"),
    *("output_config", "include"),
)
#: Field -> what it is called in refusals, when that is not its name alone.
CALLED = {
    "think": "think(?:ing)?",
    "chat_template_kwargs": "chat_template(?:_kwargs)?",
    "include": r"""(?:["'`]include\\?["'`]|(?<=: )include|include(?= (?:is|was)))""",
}
LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
#: Tokens below which a shorter conversation helps more than a shorter answer.
ENOUGH_ROOM = 1024
UNKNOWN = re.compile(
    r"not permitted|extra_forbidden|unsupported|not support(?:ed)?|unrecognized|unknown (parameter|field)"
    r"|unexpected keyword|is mandatory",
    re.IGNORECASE,
)
#: The field is refused, whatever its value.
WHATEVER_VALUE = re.compile(
    r"not permitted|extra_forbidden|unrecognized|unknown (parameter|field)|unexpected keyword"
    r"|unsupported[ _]parameter",
    re.IGNORECASE,
)
ONE_VALUE = re.compile(r"is mandatory|cannot be disabled|\bvalues?\b|unsupported[ _]value", re.IGNORECASE)
#: Longest JSON of a value that is remembered; larger ones differ each time.
LONGEST_VALUE = 200

STRUCTURED = "structured"
#: Form of structured output -> the next simpler one.
SIMPLER: dict[str, Literal["json_object", "prompt"]] = {"json_schema": "json_object", "json_object": "prompt"}
ABOUT_FORM = re.compile(r"response[_ ]format|json_schema|json_object|json[ _-]mode|structured[ _]output", re.IGNORECASE)
NO_SUCH_FORM = re.compile(r"unsupported|not support(?:ed)?|unavailable|not available", re.IGNORECASE)
WRONG_SCHEMA = re.compile(r"invalid (json )?schema", re.IGNORECASE)

IMAGES = "images"

#: A summary may be refused alone: it needs a verified organisation.
SUMMARY = "reasoning.summary"


def taught(body: Json, status: int, words: Words, form: str = "") -> Lessons:
    """What a 400 or 422 says that the model does not take, of what the body has and can do without. `form` is how
    structured output travels. Empty when it names nothing of that kind, or is about something else.
    """
    if status not in (400, 422):
        return {}
    if cap := output_cap(words.message):
        field = next((field for field in LIMITS if field in body), "")
        return {field: cap} if field and ENOUGH_ROOM <= cap < body[field] else {}
    if form in SIMPLER and "response_format" in body and refuses_form(words.all):
        return {STRUCTURED: SIMPLER[form]}
    if not UNKNOWN.search(words.all):
        return {}
    if "max_tokens" in body and "max_completion_tokens" in words.all:
        return {"max_tokens": "max_completion_tokens"}
    if SUMMARY in words.all and len(body.get("reasoning") or ()) > 1:
        return {SUMMARY: None}
    named = [field for field in SPARE if field in body and names_field(field, words.all)]
    return {refused_part(field, body[field], words.all): None for field in named}


def obeyed(body: Json, lessons: Lessons) -> Json:
    """The body without what the model does not take, its fields in the same order."""
    for part, rule in lessons.items():
        name, _, value = part.partition("=")
        field, _, inner = name.partition(".")
        if field in body and (not value or value == written(body[field])):
            body = mended(body, field, inner, rule)
    return body


def mended(body: Json, field: str, inner: str, rule: str | int | None) -> Json:
    """The body with one of its fields limited, renamed, without its inner part, or left out."""
    value = body[field]
    if isinstance(rule, int):
        return {**body, field: min(value, rule)}
    if rule:
        return {(rule if name == field else name): body[name] for name in body}
    if inner and isinstance(value, Mapping):
        return {**body, field: {name: item for name, item in value.items() if name != inner}}
    return {name: body[name] for name in body if name != field}


def informed(route: Route, lessons: Lessons) -> Route:
    """The route with the form of structured output that the model takes, and without images for one that is blind."""
    changes: Json = {"structured": form} if (form := lessons.get(STRUCTURED)) else {}
    if IMAGES in lessons and route.profile.images:
        changes["images"] = False
    return replace(route, profile=refine(route.profile, **changes)) if changes else route


def fitted(body: Json, error: RialtoError) -> Json | None:
    """The body with an output limit that fits, when a refusal tells of enough room; it would end there anyway."""
    field = next((field for field in LIMITS if field in body), None)
    if field is None:
        return None
    match error:
        case OutputTooLong():
            room = error.limit - error.used
        case PromptTooLong(wish=True, used=int(used), limit=int(limit)):
            room = limit - (used - body[field])
        case _:
            return None
    return {**body, field: room} if ENOUGH_ROOM <= room < body[field] else None


def refuses_form(text: str) -> bool:
    """The text says that the model has no such form of structured output; the schema itself is another matter."""
    return bool(ABOUT_FORM.search(text) and NO_SUCH_FORM.search(text) and not WRONG_SCHEMA.search(text))


def names_field(field: str, text: str) -> bool:
    """The text speaks of the field."""
    return bool(re.search(rf"(?<!\w){CALLED.get(field, field)}(?!\w)", text, re.IGNORECASE))


def refused_part(field: str, value: Any, text: str) -> str:
    """The field, or its one value that the text is about."""
    if WHATEVER_VALUE.search(text) or len(written(value)) > LONGEST_VALUE:
        return field
    quoted = isinstance(value, str) and re.search(rf"""["'`]{re.escape(value)}[\\"'`]""", text)
    return f"{field}={written(value)}" if quoted or ONE_VALUE.search(text) else field


def written(value: Any) -> str:
    """A value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
