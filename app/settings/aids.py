"""The settings of what Rialto does for models with little: that cannot see, have a small window, or break off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

from environs import validate

from app.settings.variables import Variables

Compression = Literal["none", "compact", "summarize"]
COMPRESSIONS: tuple[Compression, ...] = ("none", "compact", "summarize")
MEGABYTE = 1024 * 1024
SECONDS = validate.Range(min=0, min_inclusive=False)
POSITIVE = validate.Range(min=1)


@dataclass(frozen=True, slots=True)
class VisionSettings:
    """The model that describes images for blind ones, "" for none; the seconds that one request waits for it; the bytes
    of descriptions that are kept.
    """

    model: str = ""
    seconds: float = 60.0
    cache_bytes: int = 64 * MEGABYTE


@dataclass(frozen=True, slots=True)
class PromptSettings:
    """What becomes of system prompts of more than `most` tokens, and the model that summarises them, "" for the one
    that gets them. A row of `conf/models.toml` comes before the first two.
    """

    compression: Compression = "none"
    most: int = 4_000
    model: str = ""


def aid_values(variables: Variables) -> dict[str, Any]:
    """What the variables say."""
    chosen = variables.str("PROMPT_COMPRESSION", "none", validate=validate.OneOf(COMPRESSIONS))
    return {
        "midstream_continuation": variables.bool("MIDSTREAM_CONTINUATION", False),
        "vision": VisionSettings(
            variables.str("VISION_FALLBACK_MODEL", ""),
            variables.float("VISION_TIMEOUT", 60.0, validate=SECONDS),
            (variables.int("VISION_CACHE_MB", 64, validate=POSITIVE) or 0) * MEGABYTE,
        ),
        "prompt": PromptSettings(
            cast(Compression, chosen),
            variables.int("PROMPT_MAX_SYSTEM_TOKENS", 4_000, validate=POSITIVE),
            variables.str("PROMPT_SUMMARY_MODEL", ""),
        ),
    }
