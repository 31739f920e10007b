"""What shorter prompts, described images and hidden tools save: the estimated tokens of each request, before and after.

    python -m tests.savings_figures [FOLDER]

FOLDER holds recorded requests as JSON, each a Messages body or an object with one as its `body`. The recorded requests
of `fixtures/requests` have the structure of real ones, but one sentence over and over in the place of their words, of
which the rules would leave nothing. Their long prompts are replaced by made-up ones of the same length, their images
have 16 x 16 pixels. So the figures of their prompts hold for text with a fifth of repetition, and those of their images
are less than what a screenshot saves.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app.vision.pictures import with_pictures
from app.vision.vision import put
from tests import tool_search_figures
from tests.support.media_samples import image, png
from tests.support.prompts import Filler, refilled, system_blocks
from tests.tool_search_figures import RECORDED, bodies
from translators.core.blocks import IMAGE_NOTE
from translators.core.prompt_rules import compacted
from translators.core.prompt_summary import named_tools
from translators.core.tokens import content_tokens, estimate, estimate_request

Json = dict[str, Any]
WANTED = (4_000, 2_000, 1_000)
#: Words of a description: of an icon, of a window with a dialogue, of a screen full of code.
WORDS = {"short": 60, "middle": 200, "long": 600}
PICTURES = {"icon, 64 x 64": (64, 64), "dialogue, 800 x 600": (800, 600), "screen, 1,500 x 1,500": (1_500, 1_500)}


def made_up_prompts() -> Iterator[tuple[str, Json]]:
    """Prompts of the lengths that were recorded."""
    for name, characters in (("long", 26_700), ("short", 5_900), ("subagent's", 2_700)):
        yield f"{name} prompt ({characters:,} characters)", {"system": system_blocks(characters)}


def prompts(folder: Path) -> Iterator[tuple[str, Json]]:
    """The requests of a folder with a long prompt."""
    for name, body in bodies(folder):
        if any(len(block.get("text") or "") > 1_000 for block in body.get("system") or () if isinstance(block, dict)):
            yield name, refilled(body) if folder == RECORDED else body


def prompt_figures(body: Json) -> list[int]:
    """Tokens of the system prompt as it came, and as the rules make it for each wish."""
    system, tools = body["system"], named_tools(body)
    return [content_tokens(system), *(content_tokens(compacted(system, tools, most)) for most in WANTED)]


def made_up_pictures() -> Iterator[tuple[str, Json]]:
    """Pictures of usual sizes."""
    for name, size in PICTURES.items():
        yield name, {"messages": [{"role": "user", "content": [image(png(*size))]}]}


def pictured(folder: Path) -> Iterator[tuple[str, Json]]:
    """The requests of a folder with a picture."""
    return ((name, body) for name, body in bodies(folder) if with_pictures(body, marked) != body)


def marked(block: Json) -> Json:
    """A picture that can be told from others."""
    return {**block, "seen": True}


def picture_figures(body: Json) -> list[int]:
    """Tokens of a request with its pictures, with notes in their places, with descriptions of so many words."""
    notes = with_pictures(body, lambda block: {"type": "text", "text": IMAGE_NOTE})
    said = [with_pictures(body, describing(words)) for words in WORDS.values()]
    return [estimate_request(each) for each in (body, notes, *said)]


def describing(words: int) -> Callable[[Json], Json]:
    """What puts a made-up description into the place of a picture."""
    filler, text = Filler(), ""
    while len(text.split()) < words:
        text += filler.reason() + " "
    return lambda block: put(block, " ".join(text.split()[:words]))


def row(name: str, figures: Iterable[int]) -> str:
    """A row of a table."""
    return f"{name:44} " + " ".join(f"{figure:9,}" for figure in figures)


def show(title: str, columns: Iterable[str], rows: Mapping[str, list[int]]) -> None:
    """Prints a table."""
    print(f"\n{title}\n{'':44} " + " ".join(f"{column:>9}" for column in columns))
    for name, figures in rows.items():
        print(row(name, figures))


def main() -> None:
    """Prints the three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=RECORDED)
    folder = parser.parse_args().folder
    found = {name: prompt_figures(body) for name, body in [*made_up_prompts(), *prompts(folder)]}
    show("Tokens of the system prompt, by the rules", ("as it came", *(f"{most:,}" for most in WANTED)), found)
    found = {name: picture_figures(body) for name, body in [*made_up_pictures(), *pictured(folder)]}
    words = (f"{count} words" for count in WORDS.values())
    show("Tokens of the request, with images and without", ("image", "note", *words), found)
    print(f"(the note alone: {estimate(IMAGE_NOTE)})\n\nTokens of the request, tools above the tenth hidden")
    tool_search_figures.show(folder, over=10)


if __name__ == "__main__":
    main()
