"""The body for a second try, when a strict server names an extra of the first one that it does not know.

Wordings: NVIDIA NIM and vLLM "Extra inputs are not permitted", Mistral `extra_forbidden`, Groq "... is not supported
with this model", OpenAI "Unsupported parameter" and "Unrecognized request argument", OpenRouter "Reasoning is
mandatory for this endpoint and cannot be disabled" (read 2026-11-21).
"""

from __future__ import annotations

import re

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
    *("thinking_budget", "enable_thinking", "thinking", "tool_stream", "disable_tool_validation", "do_sample"),
    *("stream_options", "parallel_tool_calls", "prompt_cache_key", "session_id", "temperature", "top_p"),
)
UNKNOWN = re.compile(
    r"not permitted|extra_forbidden|unsupported|not supported|unrecognized|unknown (parameter|field)|unexpected keyword"
    r"|is mandatory",
    re.IGNORECASE,
)


def without_refused(body: Json, status: int, words: Words) -> Json | None:
    """The body without the spare fields that a 400 or 422 names, or with the token limit under its newer name.

    None when it names none or is about something else.
    """
    if status not in (400, 422) or not UNKNOWN.search(words.all):
        return None
    if "max_tokens" in body and "max_completion_tokens" in words.all:
        return {("max_completion_tokens" if field == "max_tokens" else field): body[field] for field in body}
    named = {
        field for field in SPARE if field in body and re.search(rf"(?<!\w){field}(?!\w)", words.all, re.IGNORECASE)
    }
    return {field: value for field, value in body.items() if field not in named} if named else None
