"""Which engines search: the file, the user's own beside it, the variables; and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.search.conf import FILE, SearchConf, load_search
from app.settings.settings import Settings, SettingsError


def loaded(folder: Path, own: str = "", shipped: str | None = None, **environment: str) -> SearchConf:
    """The settings of a folder with the shipped file, or another one, and the user's own."""
    (folder / "search.toml").write_text(FILE.read_text("utf-8") if shipped is None else shipped, "utf-8")
    if own:
        (folder / "search.local.toml").write_text(own, "utf-8")
    return load_search(Settings(environment=environment), folder / "search.toml")


def names(conf: SearchConf) -> list[str]:
    return [engine.kind.name for engine in conf.engines]


def problems(folder: Path, own: str, **environment: str) -> str:
    with pytest.raises(SettingsError) as failure:
        loaded(folder, own, **environment)
    return "\n".join(failure.value.problems)


def test_the_shipped_file_says_what_holds_without_it(tmp_path: Path) -> None:
    assert loaded(tmp_path) == SearchConf()
    assert load_search(Settings(), tmp_path / "none.toml") == SearchConf()


def test_engines_are_those_whose_variable_is_set_in_order(tmp_path: Path) -> None:
    conf = loaded(tmp_path, EXA_API_KEY="k-exa", BRAVE_API_KEY="k-brave", SEARXNG_URL="http://localhost:8888/")
    assert names(conf) == ["searxng", "brave", "exa"]
    searxng, brave, _ = conf.engines
    assert (searxng.base_url, searxng.key) == ("http://localhost:8888", "")
    assert (brave.base_url, brave.key) == ("https://api.search.brave.com", "k-brave")
    assert "k-brave" not in repr(conf)


def test_the_users_own_file(tmp_path: Path) -> None:
    own = 'first = "engine"\nengines = ["exa", "brave"]\nresults = 3\nseconds = 2\n[addresses]\nexa = "http://e.test/"'
    conf = loaded(tmp_path, own, EXA_API_KEY="a", BRAVE_API_KEY="b", TAVILY_API_KEY="c")
    assert names(conf) == ["exa", "brave"]
    assert (conf.first, conf.results, conf.seconds, conf.max_uses) == ("engine", 3, 2.0, 8)
    assert conf.engines[0].base_url == "http://e.test"


#: A file of the user's -> what is said of it.
MISTAKES = {
    'engines = ["exa", "bing"]': "conf/search.local.toml: [engines] No engine is called bing. Known: searxng, brave",
    'engines = ["exa", "exa"]': "[engines] An engine is named twice.",
    'engines = ["exa", "brave"]': "conf/search.local.toml: [engines] brave needs BRAVE_API_KEY to be set.",
    'first = "model"': "[first] Must be one of: vendor, engine.",
    "results = 0": "[results] Must be greater than or equal to 1",
    "seconds = 0": "[seconds] Must be greater than 0",
    "secnds = 3": "[secnds] Unknown field.",
    "[addresses]\nbing = 'http://x.test'": "[addresses][bing] Must be one of: searxng",
    "[addresses]\nexa = 'x.test'": "[addresses][exa]",
    "first = ": "conf/search.local.toml:",
}


@pytest.mark.parametrize("own", MISTAKES)
def test_a_mistake_is_named(tmp_path: Path, own: str) -> None:
    assert MISTAKES[own] in problems(tmp_path, own, EXA_API_KEY="a")


@pytest.mark.parametrize(("name", "value"), [("SEARXNG_URL", "localhost"), ("TAVILY_API_KEY", "a\nb")])
def test_a_variable_that_cannot_be_used(tmp_path: Path, name: str, value: str) -> None:
    assert problems(tmp_path, "", **{name: value}).startswith(f"{name}: ")
