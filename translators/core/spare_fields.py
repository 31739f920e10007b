"""The body for a second try, when a strict server names an extra of the first one that it does not know.

Wordings: NVIDIA NIM and vLLM "Extra inputs are not permitted", Mistral `extra_forbidden`, Groq "... is not supported
with this model", OpenAI "Unsupported parameter" and "Unrecognized request argument", OpenRouter "Reasoning is
mandatory for this endpoint and cannot be disabled", Ollama '"x" does not support thinking' and 'think value "low" is
not supported for this model' (read 2026-11-21). OpenAI answers encrypted reasoning of another key or model, or out of
its place, with a 400 `invalid_encrypted_content` or one about a missing item.
"""

from __future__ import annotations

import re

from translators.core.errors import OutputTooLong, RialtoError
from translators.core.refusals import Words
from translators.core.vendor import Json

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
CALLED = {"think": "think(?:ing)?"}
LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
#: Tokens below which a shorter conversation helps more than a shorter answer.
ENOUGH_ROOM = 1024
UNKNOWN = re.compile(
    r"not permitted|extra_forbidden|unsupported|not support(?:ed)?|unrecognized|unknown (parameter|field)"
    r"|unexpected keyword|is mandatory",
    re.IGNORECASE,
)

#: A summary may be refused alone: it needs a verified organisation.
SUMMARY = "reasoning.summary"
LOST_REASONING = re.compile(
    r"invalid_encrypted_content|encrypted content .{0,200}could not be|without its required|Item with id 'rs_",
    re.IGNORECASE,
)


def without_refused(body: Json, status: int, words: Words) -> Json | None:
    """The body without the spare fields that a 400 or 422 names, or with the token limit under its newer name, or
    without the encrypted reasoning that a 400 or 404 is about.

    None when it names none or is about something else.
    """
    if status in (400, 404) and LOST_REASONING.search(words.all):
        return without_reasoning(body)
    if status not in (400, 422) or not UNKNOWN.search(words.all):
        return None
    if "max_tokens" in body and "max_completion_tokens" in words.all:
        return {("max_completion_tokens" if field == "max_tokens" else field): body[field] for field in body}
    if SUMMARY in words.all and len(body.get("reasoning") or ()) > 1:
        return body | {"reasoning": {name: value for name, value in body["reasoning"].items() if name != "summary"}}
    named = {field for field in SPARE if field in body and names_field(field, words.all)}
    return {field: value for field, value in body.items() if field not in named} if named else None


def fitted(body: Json, error: RialtoError) -> Json | None:
    """The body with an output limit that fits, when a refusal tells of enough room; it would end there anyway."""
    field = next((field for field in LIMITS if field in body), None)
    if field is None or not isinstance(error, OutputTooLong):
        return None
    room = error.limit - error.used
    return {**body, field: room} if ENOUGH_ROOM <= room < body[field] else None


def names_field(field: str, text: str) -> bool:
    """The text speaks of the field."""
    return bool(re.search(rf"(?<!\w){CALLED.get(field, field)}(?!\w)", text, re.IGNORECASE))


def without_reasoning(body: Json) -> Json | None:
    """The body without the reasoning items of a Responses input; None when it has none."""
    items = body.get("input")
    if not isinstance(items, list):
        return None
    kept = [item for item in items if item.get("type") != "reasoning"]
    return {**body, "input": kept} if len(kept) < len(items) else None
