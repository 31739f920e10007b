"""Writes docs/configuration.md from conf/env.example: `make docs`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE, PAGE = ROOT / "conf" / "env.example", ROOT / "docs" / "configuration.md"
INTRODUCTION = """# Configuration

Written by `make docs` from [conf/env.example](../conf/env.example); change that, not this file.

Rialto reads its settings once, at the start: from the environment, and from `.env` in the project's folder for what the
environment does not set. A variable that is set but empty counts as not set. Every mistake is reported at the start,
all of them together, and nothing is served until they are mended. `make setup` writes keys into `.env`; by hand:

    install -m 600 conf/env.example .env

Tables live in files of their own, each with a `*.local.toml` beside it whose rows win and which git ignores:
[conf/models.toml](../conf/models.toml) (aliases, limits, prices, fallbacks: [models.md](models.md)),
[conf/vendors.toml](../conf/vendors.toml) (servers of your own, profiles), [conf/clients.toml](../conf/clients.toml)
(keys and limits of clients: [clients.md](clients.md)), [conf/search.toml](../conf/search.toml)
(search engines: [web-search.md](web-search.md)).
"""
HEADING = re.compile(r"^# --- (.+) ---$")
VARIABLE = re.compile(r"^#? ?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$")


def page(example: str) -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION.rstrip(), *rows(example), ""])


def rows(example: str) -> Iterator[str]:
    """A heading and a table for each part of the example."""
    comment: list[str] = []
    for line in example.splitlines():
        if heading := HEADING.match(line):
            name, _, note = heading[1].partition("; ")
            yield f"\n## {name}\n"
            if note:
                yield f"{linked(note)}\n"
            yield "| Variable | Default, or an example | Meaning |\n|---|---|---|"
            comment = []
        elif found := VARIABLE.match(line):
            value, _, behind = found["value"].partition("  # ")
            shown = f"`{value.strip()}`" if value.strip() else ""
            yield f"| `{found['name']}` | {cell(shown)} | {cell(linked(' '.join(comment) or behind))} |"
            comment = []
        elif line.startswith("#"):
            comment.append(line.lstrip("# "))


def cell(text: str) -> str:
    """The text, fit for a table."""
    return text.replace("|", "\\|").strip()


def linked(text: str) -> str:
    """The text with the names of pages and files as links."""
    text = re.sub(r"(?<![\w/])docs/([\w-]+\.md)", r"[\1](\1)", text)
    return re.sub(r"(?<![\w/])(conf/[\w-]+\.toml)", r"[\1](../\1)", text)


if __name__ == "__main__":
    PAGE.write_text(page(EXAMPLE.read_text("utf-8")), "utf-8")
    print("wrote docs/configuration.md")
