"""Rules of `conf/models.toml`: what is refused at the start, and what they do to requests, counts and the list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.api.listing import row_of
from app.catalog.catalog import Catalog
from app.catalog.detours import rerouted
from app.settings.settings import Settings, SettingsError
from app.startup import banner, client_variables
from tests.app.catalog.catalogs import REAL, catalog
from tests.scenarios.answers import answer, thought
from tests.scenarios.rig import environment
from tests.scenarios.wires import Chat
from tests.support.filler_tools import filler_tools
from tests.support.scripted_server import ScriptedServer
from translators import vendors

Json = dict[str, Any]
CHAT = Chat()
#: A picture of one point.
POINT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE: Json = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": POINT}}


def written(folder: Path, text: str) -> Path:
    (folder / "models.toml").write_text(text, "utf-8")
    return folder


WRONG = {
    "no model": ('kind = "image"', "[1] Write either model or cheapest."),
    "two": ('kind = "image"\nmodel = "kimi/a"\ncheapest = ["kimi/a", "kimi/b"]', "[1] Write either model or cheapest."),
    "an unknown kind": ('kind = "images"\nmodel = "kimi/a"', "[1][kind] Must be one of: background, thinking,"),
    "an unknown field": ('kind = "image"\nmodle = "kimi/a"', "[1][modle] Unknown field."),
    "no vendor": ('kind = "image"\nmodel = "gpt-5"', "[1][model] Write it as vendor/model."),
    "an unknown vendor": ('kind = "image"\nmodel = "nobody/a"', "[[routing]] 1: no vendor is known for nobody/a."),
    "no key": ('kind = "image"\nmodel = "kimi/a"', "[[routing]] 1: kimi/a needs KIMI_API_KEY to be set."),
    "no limit": ('kind = "long_context"\nmodel = "kimi/a"', "[1][over] long_context needs over, a number of tokens."),
    "no condition": ('model = "kimi/a"', "[1] The row says no kind, over, hours or cheapest"),
    "hours without a zone": ('hours = "09:00-18:00"\nmodel = "kimi/a"', "[1] hours and zone go together"),
    "a zone of nowhere": ('hours = "09:00-18:00"\nzone = "Mars/North"\nmodel = "kimi/a"', "[1][zone] Not the name of"),
    "a path as a zone": (
        'hours = "09:00-18:00"\nzone = "../etc"\nmodel = "kimi/a"',
        "[1][zone] Not the name of a zone",
    ),
    "no hours": ('hours = "9-18"\nzone = "UTC"\nmodel = "kimi/a"', "[1][hours] '9-18' is no span of time"),
    "an hour too many": (
        'hours = "09:00-24:00"\nzone = "UTC"\nmodel = "kimi/a"',
        "[1][hours] '09:00-24:00' is no span",
    ),
    "an empty span": ('hours = "09:00-09:00"\nzone = "UTC"\nmodel = "kimi/a"', "[1][hours] '09:00-09:00' is no span"),
    "days alone": ('days = ["mon"]\nkind = "image"\nmodel = "kimi/a"', "[1][days] days need hours."),
    "no day": ('days = ["Monday"]\nhours = "09:00-18:00"\nzone = "UTC"\nmodel = "kimi/a"', "[1][days][0] Must be one"),
    "one to choose from": ('cheapest = ["kimi/a"]', "[1][cheapest] Shorter than minimum length 2."),
    "tokens below one": ('over = 0\nmodel = "kimi/a"', "[1][over] Must be greater than or equal to 1."),
}


@pytest.mark.parametrize(("row", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_named_at_the_start(row: str, words: str, tmp_path: Path) -> None:
    good = '[[routing]]\nkind = "image"\nmodel = "deepseek/a"\n\n'
    text = f"[[routing]]\n{row}\n" if "[[routing]] 1" in words else f"{good}[[routing]]\n{row}\n"
    with pytest.raises(SettingsError) as caught:
        catalog(written(tmp_path, text), DEEPSEEK_API_KEY="k")
    (problem,) = caught.value.problems
    assert problem.startswith("conf/models.toml: ")
    assert words in problem


RULES = """
[aliases]
plain = "deepseek/a"

[models]
"deepseek/a" = { context_window = 100_000, vision = false }
"kimi/long" = { context_window = 1_000_000 }

[[routing]]
kind = "long_context"
over = 90_000
model = "kimi/long"

[[routing]]
kind = "image"
model = "kimi/eyes"
names = ["plain"]
"""


@pytest.fixture
def ruled(tmp_path: Path) -> Catalog:
    return catalog(written(tmp_path, RULES), DEEPSEEK_API_KEY="k", KIMI_API_KEY="k")


def test_the_list_tells_what_the_rules_make_possible(ruled: Catalog) -> None:
    row = row_of(ruled, "plain")
    assert (row.context_window, row.vision, row.display_name) == (1_000_000, True, "a (DeepSeek)")


def test_a_name_with_its_vendor_keeps_to_it(ruled: Catalog) -> None:
    for name in ("deepseek/a", "deepseek:a", "anthropic/deepseek/a"):
        assert ruled.detours(name) == []
        row = row_of(ruled, name)
        assert (row.context_window, row.vision) == (100_000, False)


def test_the_local_file_has_the_last_word(tmp_path: Path) -> None:
    written(tmp_path, RULES)
    (tmp_path / "models.local.toml").write_text("routing = []\n", "utf-8")
    assert catalog(tmp_path, DEEPSEEK_API_KEY="k").rules == ()


THRIFTY = """
[[routing]]
cheapest = ["deepseek/a", "kimi/b"]
[models]
"kimi/b" = { prices = { input = 3, output = 6 } }
[models."deepseek/a".prices]
input = 4
output = 8
[models."deepseek/a".prices.peak]
hours = "09:00-12:00"
zone = "Asia/Shanghai"
days = ["mon"]
otherwise = 0.5
[aliases]
main = "deepseek/a"
"""
MONDAY_TEN = datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "model", "price"),
    [(MONDAY_TEN, "b", 4), (MONDAY_TEN + timedelta(hours=2), "a", 2), (MONDAY_TEN + timedelta(days=1), "a", 2)],
    ids=["at the peak", "in the afternoon", "on another day"],
)
def test_prices_depend_on_the_hour(tmp_path: Path, moment: datetime, model: str, price: float) -> None:
    found = catalog(written(tmp_path, THRIFTY), DEEPSEEK_API_KEY="d", KIMI_API_KEY="k")
    found.now = lambda: moment
    route = found.resolve("main")
    assert route.prices["input"] == price
    message: Json = {"model": "main", "messages": []}
    assert rerouted(found, route, message, {}, moment, lambda *_: 1000).model == model


def test_deepseek_costs_half_outside_of_beijings_working_hours() -> None:
    found = catalog(vendors=REAL, DEEPSEEK_API_KEY="d")
    found.now = lambda: MONDAY_TEN
    assert found.resolve("deepseek/deepseek-v4-pro").prices == {"input": 1.32, "cached": 0.044, "output": 3.96}
    found.now = lambda: MONDAY_TEN - timedelta(days=1)
    assert found.resolve("deepseek/deepseek-v4-pro").prices == {"input": 0.66, "cached": 0.022, "output": 1.98}


SMALL = """
[models]
"deepseek/deepseek-v4-pro" = { context_window = 1_048_576 }
"ollama/small" = { context_window = 32_768 }
"ollama/middle" = { context_window = 131_072 }
[tiers.opus]
setting = "BIG_MODEL"
model = "ollama/small"
names = ["claude-opus-5-5"]
[tiers.sonnet]
setting = "MIDDLE_MODEL"
model = "ollama/small"
names = ["claude-sonnet-5-5"]
[tiers.haiku]
setting = "SMALL_MODEL"
model = "ollama/small"
names = ["claude-haiku-5-5"]
"""
LONG = '[[routing]]\nkind = "long_context"\nover = {over}\nmodel = "deepseek/deepseek-v4-pro"\n'
ASSUMES = "the client assumes 200,000 tokens"


def said_at_the_start(folder: Path, rows: str, *classes: str) -> str:
    """The text of the start; `classes` reach the middle model, the others the small one."""
    environ = {"DEEPSEEK_API_KEY": "d", "OLLAMA_HOST": "http://box", **dict.fromkeys(classes, "ollama/middle")}
    return banner(Settings.load(environ), catalog(written(folder, rows + SMALL), **environ))


def test_the_start_tells_the_window_that_a_rule_for_long_contexts_gives(tmp_path: Path) -> None:
    said = said_at_the_start(tmp_path, LONG.format(over=20_000))
    assert "ANTHROPIC_DEFAULT_OPUS_MODEL='claude-opus-5-5[1m]'" in said
    assert "CLAUDE_CODE_MAX_CONTEXT_TOKENS=1048576" in said and "CLAUDE_CODE_AUTO_COMPACT_WINDOW=1000000" in said
    assert ASSUMES not in said and "Warning" not in said


def test_the_start_warns_of_a_gap_below_a_rule_for_long_contexts(tmp_path: Path) -> None:
    said = said_at_the_start(tmp_path, LONG.format(over=200_000), "BIG_MODEL", "MIDDLE_MODEL", "SMALL_MODEL")
    gap = "has a window of 131,072 tokens, but only requests over 200,000 are led to a larger one"
    assert said.count(f"Warning: middle (Ollama) {gap}") == 1
    assert "ANTHROPIC_DEFAULT_OPUS_MODEL=claude-opus-5-5\n" in said, "a conversation never grows into the larger window"
    assert "CLAUDE_CODE_AUTO_COMPACT_WINDOW=131072" in said


def limits_at_the_start(folder: Path, rows: str, *classes: str) -> dict[str, str]:
    """What is to be pasted."""
    lines = said_at_the_start(folder, rows, *classes).splitlines()
    exports = (line.strip().removeprefix("export ") for line in lines if line.startswith("  export "))
    return {name: value for name, _, value in (line.partition("=") for line in exports)}


def test_a_large_window_beside_small_ones(tmp_path: Path) -> None:
    """Names that begin with claude- have the window of their mark; the others that of the variable. Both compact by the
    smaller one of their own and the second variable, which must not cut the large one short.
    """
    found = limits_at_the_start(tmp_path, LONG.format(over=20_000) + 'names = ["claude-opus-*"]\n')
    assert found["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "'claude-opus-5-5[1m]'"
    assert found["ANTHROPIC_DEFAULT_SONNET_MODEL"] == "anthropic/ollama/small"
    assert found["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "32768"
    assert found["CLAUDE_CODE_AUTO_COMPACT_WINDOW"] == "1000000"


def test_a_window_that_the_client_takes_for_larger(tmp_path: Path) -> None:
    """For a plain claude- name only compaction can keep to a smaller window, whatever else could take."""
    rule = '[[routing]]\nkind = "image"\nnames = ["claude-sonnet-*"]\nmodel = "ollama/middle"\n'
    long = LONG.format(over=20_000) + 'names = ["claude-opus-*"]\n'
    found = limits_at_the_start(tmp_path, rule + long, "MIDDLE_MODEL")
    assert found["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "'claude-opus-5-5[1m]'"
    assert found["ANTHROPIC_DEFAULT_SONNET_MODEL"] == "claude-sonnet-5-5"
    assert found["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "32768"
    assert found["CLAUDE_CODE_AUTO_COMPACT_WINDOW"] == "131072"


STEPS = [
    ('"kimi/long"\nover = 90_000', "", 400_000),
    ('"kimi/long"\nover = 110_000', "", 100_000),
    ('"kimi/long"\nover = 90_000', 'model = "kimi/longer"\nover = 300_000', 1_000_000),
    ('"kimi/long"\nover = 90_000', 'model = "kimi/longer"\nover = 500_000', 400_000),
]


@pytest.mark.parametrize(("first", "then", "window"), STEPS)
def test_the_list_tells_the_window_that_a_conversation_can_fill(
    first: str, then: str, window: int, tmp_path: Path
) -> None:
    """Above a gap nobody arrives who comes from below."""
    rules = f"[[routing]]\n{then}\n" * bool(then) + f"[[routing]]\nmodel = {first}\n"
    models = '"kimi/long" = { context_window = 400_000 }\n"kimi/longer" = { context_window = 1_000_000 }\n'
    text = f'{rules}[aliases]\nplain = "deepseek/a"\n[models]\n"deepseek/a" = {{ context_window = 100_000 }}\n{models}'
    found = catalog(written(tmp_path, text), DEEPSEEK_API_KEY="k", KIMI_API_KEY="k")
    assert row_of(found, "plain").context_window == window


def test_the_start_tells_which_names_the_client_knows_better(tmp_path: Path) -> None:
    rule = '[[routing]]\nkind = "image"\nnames = ["claude-opus-*"]\nmodel = "deepseek/deepseek-v4-pro"\n'
    said = said_at_the_start(tmp_path, rule, "MIDDLE_MODEL", "SMALL_MODEL")
    assert "ANTHROPIC_DEFAULT_OPUS_MODEL=claude-opus-5-5\n" in said
    assert "ANTHROPIC_DEFAULT_SONNET_MODEL=anthropic/ollama/middle\n" in said
    assert f"Use these names: for any other that begins with claude- {ASSUMES}." in said
    assert f"Warning: for claude-opus-5-5 {ASSUMES}, small (Ollama) has 32,768." in said


def test_the_start_pastes_names_for_which_rules_hold(tmp_path: Path) -> None:
    """A name that says its vendor would keep to it."""
    rule = '[[routing]]\nkind = "image"\nnames = ["claude-opus-*"]\nmodel = "kimi/eyes"\n'
    tiers = "".join(
        f'[tiers.{tier}]\nsetting = "BIG_MODEL"\nmodel = "deepseek/a"\nnames = ["claude-{tier}-5-5"]\n'
        for tier in ("opus", "haiku")
    )
    keys = {"DEEPSEEK_API_KEY": "k", "KIMI_API_KEY": "k"}
    found = client_variables(Settings.load(keys), catalog(written(tmp_path, rule + tiers), **keys))
    assert found["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "claude-opus-5-5"
    assert found["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "anthropic/deepseek/a"


# -- over HTTP

ROUTED = """
[aliases]
main = "mistral/big"

[models]
"mistral/big" = { tool_search_over = 20 }

[tiers.haiku]
setting = "SMALL_MODEL"
model = "main"

[[routing]]
kind = "background"
model = "groq/small"

[[routing]]
over = 5_000
model = "kimi/long"

[[routing]]
kind = "image"
model = "zai/eyes"

[[routing]]
hours = "00:00-12:00,12:00-00:00"
zone = "UTC"
names = ["timed"]
model = "xai/now"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


@pytest.fixture
def app(server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Five vendors at one scripted server."""
    monkeypatch.setattr("app.settings.settings.STATE_DIR", None)
    monkeypatch.setattr("app.settings.settings.LOG_DIR", tmp_path / "logs")
    folder = written(tmp_path, ROUTED)
    load = Catalog.load
    monkeypatch.setattr(Catalog, "load", lambda settings: load(settings, folder, vendors()))
    return create_app(Settings.load(environment(server.url) | {"DEFAULT_MODEL": "main"}))


def went(app: Flask, server: ScriptedServer, name: str = "main", path: str = "/v1/messages", **fields: Any) -> str:
    """The vendor and model that a request reached."""
    server.play(lambda request: CHAT.answered(answer("Hi."), CHAT.wants_stream(request)))
    body = {"model": name, "max_tokens": 900, "messages": [user("hi")], **fields}
    reply = app.test_client().post(path, json=body)
    assert reply.status_code == 200, reply.text
    assert reply.get_json()["model"] == name
    return f"{server.requests[-1].path.split('/')[1]}/{server.bodies[-1]['model']}"


def user(*content: Any) -> Json:
    return {"role": "user", "content": content[0] if isinstance(content[0], str) else list(content)}


TITLE = {"format": {"type": "json_schema", "schema": {"type": "object", "properties": {"title": {}}}}}
WAYS: dict[str, tuple[Json, str]] = {
    "usual": ({}, "mistral/big"),
    "small": ({"name": "claude-haiku-4-5"}, "groq/small"),
    "long": ({"messages": [user("word " * 30_000)]}, "kimi/long"),
    "picture": ({"messages": [user(IMAGE)]}, "zai/eyes"),
    "tools that are hidden": ({"tools": filler_tools()}, "mistral/big"),
    "long beside them": ({"tools": filler_tools(), "messages": [user("word " * 30_000)]}, "kimi/long"),
    "by the clock": ({"name": "timed"}, "xai/now"),
    "named": ({"name": "mistral/big", "messages": [user(IMAGE)]}, "mistral/big"),
    "in the path": ({"path": "/mistral:big/v1/messages", "messages": [user(IMAGE)]}, "mistral/big"),
}


@pytest.mark.parametrize(("fields", "where"), WAYS.values(), ids=WAYS.keys())
def test_requests_go_where_the_rules_say(app: Flask, server: ScriptedServer, fields: Json, where: str) -> None:
    assert went(app, server, **fields) == where


def test_the_log_tells_the_model_that_answered(app: Flask, server: ScriptedServer, tmp_path: Path) -> None:
    went(app, server, "claude-haiku-4-5")
    (line,) = (tmp_path / "logs" / "usage.jsonl").read_text("utf-8").splitlines()
    found = json.loads(line)
    assert (found["alias"], found["vendor"], found["model"]) == ("claude-haiku-4-5", "groq", "small")


def test_a_count_asks_where_the_request_would_go(
    app: Flask, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    def count(message: Json, route: Any, *rest: Any) -> Json:
        counted.append(f"{route.vendor.name}/{route.model}")
        return {"input_tokens": 1}

    monkeypatch.setattr("app.api.messages.count_answer", count)
    for content in ("hi", "word " * 30_000):
        body = {"model": "main", "messages": [user(content)]}
        assert app.test_client().post("/v1/messages/count_tokens", json=body).status_code == 200
    assert counted == ["mistral/big", "kimi/long"]


def test_a_conversation_stays_where_its_hours_began(app: Flask, server: ScriptedServer) -> None:
    """The clock's rule holds all day, but this conversation has thought at the usual model."""
    server.play(lambda request: CHAT.answered(answer(thought("Hm."), "Hi."), CHAT.wants_stream(request)))
    body = {"model": "main", "max_tokens": 900, "messages": [user("hi")]}
    content = app.test_client().post("/v1/messages", json=body).get_json()["content"]
    assert content[0]["type"] == "thinking"
    turns = [user("hi"), {"role": "assistant", "content": content}, user("on")]
    assert went(app, server, "timed", messages=turns) == "mistral/big"
    assert went(app, server, "timed") == "xai/now"


def test_small_jobs_do_not_move_the_conversation(app: Flask, server: ScriptedServer) -> None:
    """A title at the small model does not make it the home of the session, even where it is a fallback."""
    headers = {"x-claude-code-session-id": "s1", "user-agent": "claude-cli/2.1"}
    server.play(lambda request: CHAT.answered(answer('{"title":"T"}'), CHAT.wants_stream(request)))
    catalog = app.extensions["rialto"].catalog
    with pytest.MonkeyPatch.context() as patch:
        chain = catalog.chain
        small = catalog.resolve("groq/small")
        patch.setattr(catalog, "chain", lambda route: (*chain(route), small))
        for fields in ({"output_config": TITLE}, {"tools": [{"name": "Read", "input_schema": {"type": "object"}}]}):
            body = {"model": "main", "max_tokens": 900, "messages": [user("hi")], **fields}
            reply = app.test_client().post("/v1/messages", json=body, headers=headers)
            assert reply.status_code == 200, reply.text
    assert [request.path.split("/")[1] for request in server.requests] == ["groq", "mistral"]
