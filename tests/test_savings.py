"""The figures in the documentation are those of `make savings`; and what is shortened loses nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.asides.fitting import fitting_for
from app.asides.shelf import Shelf
from app.catalog.catalog import Catalog
from app.media import Media
from app.media.inline import decoded
from app.media.links import links_for
from app.settings.settings import Settings
from app.vision.pictures import with_pictures
from app.vision.vision import FILE, Picture
from tests import savings_figures, tool_search_figures
from tests.support.prompts import PROTECTED, system_blocks
from tests.support.rialto_server import ROOT

Json = dict[str, Any]
EYES = "deepseek/deepseek-flash"
RECORDED = dict(tool_search_figures.bodies(tool_search_figures.RECORDED))


def rows(page: str) -> dict[str, list[int]]:
    """First cell of a table's row -> the numbers in the others."""
    found = re.findall(r"^\| (.+?) \|(.*\d.*)\|$", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE)
    return {name: [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", rest)] for name, rest in found}


def told() -> Iterator[Any]:
    """Each row of the documents that `make savings` prints, with its figures."""
    prompts = [*savings_figures.made_up_prompts(), *savings_figures.prompts(savings_figures.RECORDED)]
    pictures = [*savings_figures.made_up_pictures(), *savings_figures.pictured(savings_figures.RECORDED)]
    for page, requests, figures in (
        ("prompt-compression.md", prompts, savings_figures.prompt_figures),
        ("vision.md", pictures, savings_figures.picture_figures),
    ):
        known = rows(page)
        yield from (pytest.param(known[name], figures, body, id=name) for name, body in requests if name in known)


TOLD = list(told())


def test_the_tables_have_rows() -> None:
    assert len(TOLD) == 10


@pytest.mark.parametrize(("figures", "measure", "body"), TOLD)
def test_the_figures_of_the_documents(figures: list[int], measure: Callable[[Json], list[int]], body: Json) -> None:
    assert measure(body) == figures


def test_the_figures_of_the_tool_search() -> None:
    """They are rounded."""
    known = [(name, numbers) for name, numbers in rows("tool-search.md").items() if name.endswith("_first)")]
    assert len(known) == 2
    for name, numbers in known:
        body = RECORDED[re.findall(r"\w+", name)[-1]]
        *tools, before, after = tool_search_figures.figures(body, 10)
        assert numbers[:2] == tools
        assert numbers[2:] == pytest.approx([before, after, 100 * after / before], rel=0.02)


@pytest.mark.parametrize("body", RECORDED.values(), ids=RECORDED.keys())
def test_nothing_but_the_prompt_and_the_pictures_is_touched(body: Json, tmp_path: Path) -> None:
    """A recorded request with a long prompt, on its way to a model with little room that cannot see."""
    variables = {"PROMPT_COMPRESSION": "compact", "VISION_FALLBACK_MODEL": EYES, "BRIDGE_STATE_DIR": str(tmp_path)}
    settings = Settings.load({"DEEPSEEK_API_KEY": "k", **variables})
    catalog = Catalog.load(settings)
    fitting = fitting_for(settings, catalog)
    for block in pictures_of(body):
        known = decoded(block["source"]["data"])
        assert known
        Shelf(tmp_path, FILE, 1_000_000).keep(Picture(known, fresh=False).key(EYES), "A window.")
    long = {**body, "system": [*(body.get("system") or ())[:2], *system_blocks()[2:]]}
    fitted = fitting.countable(long, catalog.resolve("deepseek/deepseek-v4-pro"), Media(links_for("off")))
    assert {**fitted, "system": 0, "messages": 0} == {**long, "system": 0, "messages": 0}
    assert blank(fitted)["messages"] == blank(long)["messages"]
    assert fitted["system"][:-1] == long["system"][:-1]
    assert {**fitted["system"][-1], "text": ""} == {**long["system"][-1], "text": ""}
    assert len(fitted["system"][-1]["text"]) < 0.75 * len(long["system"][-1]["text"])
    assert all(words in fitted["system"][-1]["text"] for words in PROTECTED)
    assert pictures_of(fitted) == []
    assert str(fitted["messages"]).count("A window.") == len(pictures_of(long))


def pictures_of(message: Json) -> list[Json]:
    """The pictures of a message."""
    found: list[Json] = []
    with_pictures(message, lambda block: found.append(block) or block)  # type: ignore[func-returns-value]
    return found


def blank(message: Json) -> Json:
    """The message without pictures and descriptions."""
    return with_pictures(without_descriptions(message), lambda block: {})


def without_descriptions(value: Any) -> Any:
    """A value with nothing in the place of each description."""
    if isinstance(value, dict):
        is_one = "A window." in str(value.get("text"))
        return {} if is_one else {key: without_descriptions(item) for key, item in value.items()}
    return [without_descriptions(item) for item in value] if isinstance(value, list) else value
