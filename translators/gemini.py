"""Google Gemini by its own API, https://ai.google.dev/gemini-api/docs (read 2026-11-21).

GEMINI_API_KEY, or GOOGLE_API_KEY without it; GEMINI_BASE_URL goes up to the version.

* Gemini 3 and newer always think; `thinkingLevel` is minimal, low, medium or high. Pro models and those from 3.7 on
  know no minimal, the first 3 Pro knows low and high only, hydrogen also xhigh. 2.5 has `thinkingBudget` in tokens: 0
  is off (not on Pro, at least 128), -1 leaves it to the model. Level and budget together are a 400. Older models do not
  think.
* Thoughts are shown with `includeThoughts`. Gemini 3 refuses a history whose calls lack their thought signatures; a
  lost one is replaced by the documented `skip_thought_signature_validator`
  (https://ai.google.dev/gemini-api/docs/thought-signatures).
* Answer and thoughts share `maxOutputTokens`, 65,536 at most.
* Models before 3 refuse JSON output beside functions; the schema then goes into the system instruction.
* Images are PNG, JPEG, WebP, HEIC or HEIF; a GIF becomes a note. Gemini 3 takes media inside function responses.
* More than 512 function declarations are a 400 (google-gemini/gemini-cli#19083).
* From 2.5 on it opens public https addresses itself, but wants to know the type (ai.google.dev/gemini-api/docs/
  file-input-methods); Rialto fetches those whose name does not tell.
* A wrong key is a 400 with reason API_KEY_INVALID. A 429 always speaks of the "current quota"; only one of a day does
  not heal by waiting. The delay is in RetryInfo, not in a header.
"""

from __future__ import annotations

import json
from typing import Any

from translators.core.errors import RateLimited, RialtoError
from translators.core.local import KeyDesk
from translators.core.lost_reasoning import UNSIGNED
from translators.core.refusals import retry_after, status_of, words_of
from translators.core.vendor import Json, Profile, Route, Vendor, refine
from translators.protocols.gemini import GEMINI
from translators.protocols.gemini.address import generate
from translators.protocols.gemini.search import google_search
from translators.protocols.gemini.thinking import thinking, version

MAX_OUTPUT = 65_536
JSON_RULE = "Answer with one JSON object and nothing else. It must match this JSON schema:"


def shape(body: Json, route: Route) -> Json:
    """The output limit, and the schema of the answer in words where it may not stand beside functions."""
    config = {**body["generationConfig"]}
    config["maxOutputTokens"] = min(config["maxOutputTokens"], MAX_OUTPUT)
    shaped = {**body, "generationConfig": config}
    if version(route.model) >= 3 or "tools" not in body or "responseJsonSchema" not in config:
        return shaped
    del config["responseMimeType"]
    words = f"{JSON_RULE}\n{json.dumps(config.pop('responseJsonSchema'), ensure_ascii=False)}"
    parts = [*(body.get("systemInstruction") or {"parts": []})["parts"], {"text": words}]
    return {"systemInstruction": {}} | shaped | {"systemInstruction": {"parts": parts}}


def error(status: int, body: Any) -> RialtoError | None:
    """A rate limit with its delay."""
    words = words_of(body)
    match status_of(status, body):
        case 429 if "PerDay" in words.all:
            return RateLimited(words.message, should_retry=False)
        case 429 if words.message:
            return RateLimited(words.message, retry_after=retry_after({}, body))
        case _:
            return None


def model_profile(model: str, profile: Profile) -> Profile:
    """What came with Gemini 2.5 and 3."""
    if version(model.lower()) >= 3:
        return refine(profile, tool_name_max=128, media_in_results=True, reasoning_placeholder=UNSIGNED)
    return profile if version(model.lower()) >= 2.5 else refine(profile, links=frozenset())


VENDOR = Vendor(
    name="gemini",
    title="Google Gemini",
    traced_as="gcp.gemini",
    protocol=GEMINI,
    base_url="https://generativelanguage.googleapis.com/v1beta",
    documentation="https://ai.google.dev/gemini-api/docs",
    key_variable="GEMINI_API_KEY",
    desk=KeyDesk("https://aistudio.google.com/apikey", ("AIza",)),
    other_key_variables=("GOOGLE_API_KEY",),
    serves=(GEMINI,),
    models=("gemini-3.8-flash", "gemini-3.1-pro-preview", "gemini-3.5-flash", "gemini-2.5-pro"),
    families=("gemini-",),
    profile=Profile(
        text_calls=False,
        sampling=frozenset({"temperature", "top_p", "top_k"}),
        max_stops=5,
        documents=True,
        links=frozenset({"image", "document"}),
        max_tools=512,
        tool_name_letter_first=True,
        schema="google",
    ),
    auth=lambda key: {"x-goog-api-key": key},
    url=generate,
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
    search=google_search,
)
