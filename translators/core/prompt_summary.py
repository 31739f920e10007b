"""A summary in the place of what a system prompt says at length: what may be summarised, and the prompt with the
summary in it. The summary itself is a model's; protected parts, headings above them and the order of everything stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from translators.core.prompt_parts import joined, parts_of, system_texts, with_texts
from translators.core.prompt_rules import Parts, is_free, tidied, unblanked


def outline(system: Any, tools: Iterable[str] = ()) -> str:
    """What may be summarised: the free parts of all blocks, with their headings; "" when there are none."""
    lines: list[str] = []
    section = ""
    for part in tidied(parts_of(system_texts(system), tools)):
        if is_free(part):
            if part.section != section:
                section = part.section
                lines.append(f"## {section}")
            lines.append(part.text)
    return "\n".join(lines)


def summarised(system: Any, tools: Iterable[str], summary: str) -> Any:
    """The field with a summary in the place of the first free part, and without all the others."""
    texts = system_texts(system)
    parts = tidied(parts_of(texts, tools))
    first = next((place for place, part in enumerate(parts) if is_free(part)), None)
    if first is None:
        return system
    kept = [
        replace(part, text=summary.strip(), protected=True) if place == first else part
        for place, part in enumerate(parts)
        if place == first or not is_free(part)
    ]
    kept = unblanked(without_bare_headings(kept))
    made = [joined(kept, block) for block in range(len(texts))]
    return without_empty(with_texts(system, made), made)


def without_empty(system: Any, texts: Sequence[str]) -> Any:
    """Without the blocks of which nothing is left; a cache mark of theirs goes to the block in front."""
    if isinstance(system, str):
        return system
    kept: list[Any] = []
    for block, text in zip(system, texts, strict=True):
        if text or not block.get("text"):
            kept.append(block)
        elif kept and block.get("cache_control"):
            kept[-1] = {"cache_control": block["cache_control"], **kept[-1]}
    return kept


def without_bare_headings(parts: Parts) -> Parts:
    """Without headings under which nothing is left."""
    filled = {part.section for part in parts if part.kind not in ("blank", "heading")}
    return [part for part in parts if part.kind != "heading" or any(is_above(part.section, other) for other in filled)]


def is_above(section: str, other: str) -> bool:
    """A section is another one, or holds it."""
    return other == section or other.startswith(f"{section} / ")


def named_tools(message: Mapping[str, Any]) -> tuple[str, ...]:
    """The tools of a request that its system prompt names, in alphabetical order."""
    text = "\n".join(system_texts(message.get("system")))
    names = {str(tool.get("name") or "") for tool in message.get("tools") or () if isinstance(tool, Mapping)}
    return tuple(sorted(name for name in names if name and name in text))
