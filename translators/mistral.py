"""Mistral, https://docs.mistral.ai/api (read 2026-11-21).

* Every field that is not in the schema is a 422 with {"detail": [{"type": "extra_forbidden", "loc": [...], ...}]}: no
  `stream_options`, `strict`, `user`, `reasoning_content`. Usage always comes, on the last chunk.
* Call ids have exactly 9 letters or digits, 400 code 3280 otherwise (zed-industries/zed#53034).
* A user message may not follow a tool message, 400 code 3230; a short assistant message goes between
  (datapizza-ai#98).
* `reasoning_effort` is none or high on Small 4, Medium 3.5 and Large 4; Magistral always thinks; the others never do
  (docs.mistral.ai/studio/conversations/reasoning).
* Reasoning comes as content parts of type thinking, and goes back in the same form.
* PDFs are parts of type `document_url`, which may hold the file itself (ai-sdk `convert-to-mistral-chat-messages.ts`,
  docs.mistral.ai/capabilities/document_ai/document_qna); models that see no images get their text.
* `prefix` on a last assistant message goes on with it, and repeats it in the answer (docs.mistral.ai/capabilities).
* 429 "Requests rate limit exceeded" and 401 "Unauthorized" are flat objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from translators.core.errors import Rejected, RialtoError
from translators.core.intent import Intent
from translators.core.local import KeyDesk
from translators.core.overflow import OVERFLOW
from translators.core.vendor import Json, Profile, Route, Vendor, refine
from translators.protocols.openai_chat import OPENAI_CHAT

ADJUSTABLE = (
    *("mistral-small-latest", "mistral-small-26", "mistral-small-4"),
    *("mistral-medium-latest", "mistral-medium-26", "mistral-medium-3.5", "mistral-medium-3-5"),
    "mistral-large-4",
)
ALWAYS_THINKING = ("magistral-",)
BLIND = ("codestral", "devstral", "mistral-code", "open-")
#: Efforts from this level on are worth Mistral's only one, when the client did not ask for thinking itself.
HIGH = frozenset({"high", "xhigh", "max"})


def thinking(intent: Intent, route: Route) -> Json:
    """On or off, where that can be chosen."""
    if not route.model.lower().startswith(ADJUSTABLE):
        return {}
    if intent.on is False:
        return {"reasoning_effort": "none"}
    return {"reasoning_effort": "high"} if intent.on or intent.level in HIGH else {}


def shape(body: Json, route: Route) -> Json:
    """Puts earlier reasoning into the form in which it came, and PDFs into Mistral's own."""
    return {**body, "messages": [with_parts(message) for message in body["messages"]]}


def with_parts(message: Json) -> Json:
    """The message, its reasoning as a content part, its files as documents."""
    if isinstance(content := message.get("content"), list):
        message = {**message, "content": [document(part) for part in content]}
    rest = dict(message)
    reasoning = rest.pop("reasoning_content", None)
    if not reasoning:
        return message
    parts: list[Json] = [{"type": "thinking", "thinking": [{"type": "text", "text": reasoning}], "closed": True}]
    if text := rest.get("content"):
        parts.append({"type": "text", "text": text})
    return {**rest, "content": parts}


def document(part: Json) -> Json:
    """A content part; a file by its address, which may hold it."""
    return {"type": "document_url", "document_url": part["file"]["file_data"]} if part["type"] == "file" else part


def error(status: int, body: Any) -> RialtoError | None:
    """The list of a 422, one line for each field."""
    detail = body.get("detail") if isinstance(body, Mapping) else None
    if status != 422 or not isinstance(detail, list):
        return None
    message = "; ".join(complaint(item) for item in detail if isinstance(item, Mapping))
    return None if OVERFLOW.search(message) else Rejected(message, status=400, should_retry=False)


def complaint(item: Mapping[str, Any]) -> str:
    """Field and reason of one entry."""
    where = ".".join(str(part) for part in item.get("loc") or () if part != "body")
    return f"{where}: {item.get('msg') or item.get('type')}"


def model_profile(model: str, profile: Profile) -> Profile:
    """Sight, and the replay of reasoning for models that reason."""
    name, sees = model.lower(), not model.lower().startswith(BLIND)
    field = "reasoning_content" if name.startswith((*ADJUSTABLE, *ALWAYS_THINKING)) else ""
    way: Literal["", "prefix"] = "" if name.startswith(ALWAYS_THINKING) else "prefix"
    return refine(profile, images=sees, documents=sees, reasoning_field=field, prefill=way)


VENDOR = Vendor(
    name="mistral",
    title="Mistral",
    traced_as="mistral_ai",
    protocol=OPENAI_CHAT,
    base_url="https://api.mistral.ai/v1",
    documentation="https://docs.mistral.ai/api",
    key_variable="MISTRAL_API_KEY",
    desk=KeyDesk("https://console.mistral.ai/api-keys"),
    models=("mistral-large-4", "mistral-medium-3.5", "mistral-small-latest", "codestral-latest"),
    families=("mistral-", "codestral-", "devstral-", "magistral-", "ministral-", "pixtral-"),
    profile=Profile(
        empty_content="empty",
        user_after_tool=False,
        call_id_length=9,
        stream_usage=False,
        drops={
            "thinking.budget_tokens": "reasoning is on or off",
            "thinking.type": "models that never or always reason have no switch",
            "output_config.effort": "models that never or always reason have no switch",
        },
    ),
    thinking=thinking,
    shape=shape,
    error=error,
    model_profile=model_profile,
)
