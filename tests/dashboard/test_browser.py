"""The pages in a real browser, served by a real server: what people see, click and type."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from tests.dashboard.browser import PHONE, Missing, opened_browser, profile
from tests.dashboard.logs import Record, sample, written
from tests.dashboard.servers import DashboardServer
from tests.support.rialto_server import RialtoServer

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

KEY = "bridge-key-of-the-operator"
NOW = time.time()
LINES = sample(1500, now=NOW)
QUESTION = {"model": "demo", "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}
#: Milliseconds: what a page may need on a busy machine.
PATIENCE = 20_000
Opener = Callable[..., Page]
Starter = Callable[[RialtoServer], Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    try:
        with opened_browser() as browser:
            yield browser
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardServer]:
    """The dashboard alone, with a month of exchanges that no test changes."""
    folder = tmp_path_factory.mktemp("browser")
    written(folder / "logs", LINES)
    with DashboardServer(folder) as server:
        yield server


@pytest.fixture
def started() -> Iterator[Starter]:
    """Starts a server that ends with the test, after its pages."""
    with ExitStack() as stack:
        yield stack.enter_context


@pytest.fixture
def rialto(tmp_path: Path, started: Starter) -> RialtoServer:
    """The whole server, its log empty."""
    return started(RialtoServer(tmp_path))


@pytest.fixture
def opened(browser: Browser, started: Starter) -> Iterator[Opener]:
    """Opens an address in a new profile. No page may ask another host, or have an error of its own."""
    asked: list[str] = []
    errors: list[str] = []
    contexts = []
    homes: set[str] = set()
    expected: list[str] = []

    def opened(url: str, *fine: str, **settings: Any) -> Page:
        contexts.append(context := profile(browser, **settings))
        context.set_default_timeout(PATIENCE)
        expected.extend(fine)
        homes.add("/".join(url.split("/")[:3]))
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(tuple(homes))] == []
    assert [error for error in errors if not any(words in error for words in expected)] == []


def card(page: Page, name: str) -> Locator:
    return page.locator(f"[data-card={name}] .value")


def rows(page: Page) -> Locator:
    return page.locator("#panel tbody tr:not(.details)")


def column(page: Page, place: int) -> list[str]:
    """The words of a column of the table."""
    return [row.locator("th, td").nth(place).inner_text().strip() for row in rows(page).all()]


def of(field: str, value: Any) -> list[Record]:
    return [line for line in LINES if line[field] == value]


@pytest.mark.parametrize(("asked", "words"), [(3, "3 a day"), (36, "1.5 an hour"), (288, "12 an hour")])
def test_a_rate_is_told_in_a_unit_that_fits(
    asked: int, words: str, tmp_path: Path, started: Starter, opened: Opener
) -> None:
    written(tmp_path / "logs", [LINES[-1]] * asked)
    server = started(DashboardServer(tmp_path))
    page = opened(f"{server.url}/dashboard?range=24h")
    expect(page.locator("[data-card=requests]")).to_contain_text(words)


def test_it_opens_with_everything(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all")
    expect(card(page, "requests")).to_have_text(f"{len(LINES):,}")
    expect(card(page, "cost")).to_have_text(f"${sum(line['cost_usd'] or 0 for line in LINES):,.2f}")
    expect(card(page, "errors")).to_have_text(str(sum(line["error_type"] is not None for line in LINES)))
    assert page.locator("#cards .card dt").all_inner_texts() == [
        *("Requests", "Tokens in", "Tokens out", "Cost", "Cache hit rate", "Errors", "First token", "Total latency")
    ]
    assert len(re.findall(r"p50|p95", page.locator("#cards").inner_text())) == 4
    charts = page.locator("#charts figure")
    assert charts.locator("b").all_inner_texts()[:3] == ["Requests", "Tokens", "Cost"]
    expect(charts.locator("canvas")).to_have_count(6)
    assert all("at most" in one.get_attribute("aria-label") for one in charts.locator(".plot").all())
    expect(rows(page)).to_have_count(len({(line["vendor"], line["model"]) for line in LINES}))
    expect(page.locator("#live-word")).to_have_text("Live")
    expect(page.locator("#footer")).to_have_text(f"{len(LINES):,} exchanges in the log files")


def test_the_charts_are_drawn(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all")
    expect(page.locator("#charts canvas")).to_have_count(6)
    drawn = """all => all.map(one => {
        const data = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
        const colours = new Set();
        for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) colours.add(data.slice(at, at + 3).join());
        return colours.size;
    })"""
    assert min(page.locator("#charts canvas").evaluate_all(drawn)) > 3


def test_the_period_is_chosen(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all")
    expect(card(page, "requests")).to_have_text(f"{len(LINES):,}")
    page.get_by_role("radio", name="7 d").click()
    expect(page.get_by_role("radio", name="7 d")).to_be_checked()
    expect(card(page, "requests")).not_to_have_text(f"{len(LINES):,}")
    assert "range=7d" in page.url
    page.go_back()
    expect(card(page, "requests")).to_have_text(f"{len(LINES):,}")
    expect(page.get_by_role("radio", name="All")).to_be_checked()


def test_a_period_of_ones_own(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all")
    expect(card(page, "requests")).to_have_text(f"{len(LINES):,}")
    page.get_by_text("Custom").click()
    local = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(NOW - 10 * 86400 + 7200))
    page.get_by_label("From").fill(local)
    page.get_by_role("button", name="Show", exact=True).click()
    begin = int(NOW - 10 * 86400)
    wanted = [line for line in LINES if line["time"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(begin))]
    expect(card(page, "requests")).to_have_text(f"{len(wanted):,}")
    assert f"from={begin}000" in page.url


def test_dragging_over_a_chart_chooses_its_period(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=30d")
    plot = page.locator("#charts .u-over").first
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 40)
    expect(page.locator(".tip").first).to_contain_text("Answered")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 50, steps=5)
    page.mouse.up()
    page.wait_for_url(re.compile(r"from=\d+&to=\d+"))
    expect(page.locator("#custom-words")).to_contain_text("–")
    expect(page.get_by_role("radio", name="30 d")).not_to_be_checked()


def test_it_filters(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all")
    page.get_by_label("Vendor").select_option("kimi")
    expect(card(page, "requests")).to_have_text(f"{len(of('vendor', 'kimi')):,}")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("tab", name="Kinds").click()
    page.get_by_role("button", name="subagent").click()
    both = [line for line in of("vendor", "kimi") if line["kind"] == "subagent"]
    expect(card(page, "requests")).to_have_text(f"{len(both):,}")
    expect(page.get_by_role("combobox", name="Kind")).to_have_value("=subagent")
    page.reload()
    expect(card(page, "requests")).to_have_text(f"{len(both):,}")
    expect(page.get_by_label("Vendor")).to_have_value("=kimi")
    page.get_by_role("button", name="Clear filters").click()
    expect(card(page, "requests")).to_have_text(f"{len(LINES):,}")


def test_it_filters_for_those_without_a_key(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all")
    page.get_by_label("Client key").select_option("none")
    expect(card(page, "requests")).to_have_text(f"{len(of('client', None)):,}")


def test_it_searches(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all&table=exchanges")
    expect(card(page, "requests")).to_have_text(f"{len(LINES):,}")
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type(LINES[40]["request_id"])
    expect(rows(page)).to_have_count(1)
    expect(card(page, "requests")).to_have_text("1")


def test_it_sorts(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all")
    head = page.locator("th[data-key=model]")
    expect(head).to_have_attribute("aria-sort", "none")
    expect(page.locator("th[data-key=requests]")).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.wait_for_function("document.querySelector('#panel tbody th').innerText.startsWith('deepseek-v4-flash')")
    assert column(page, 0) == sorted({line["model"] for line in LINES})
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    page.wait_for_function("document.querySelector('#panel tbody th').innerText.startsWith('qwen')")
    assert column(page, 0) == sorted({line["model"] for line in LINES}, reverse=True)
    expect(head.get_by_role("button")).to_be_focused()


def test_it_turns_pages(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all&table=exchanges")
    expect(page.locator("#pager span")).to_have_text(f"1 – 50 of {len(LINES):,}")
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()
    first = column(page, 1)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#pager span")).to_have_text(f"51 – 100 of {len(LINES):,}")
    assert column(page, 1) != first
    expect(page.get_by_role("button", name="Next")).to_be_focused()


def test_tabs_by_keyboard(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all")
    expect(rows(page).first).to_be_visible()
    page.get_by_role("tab", name="Models").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Vendors")).to_be_focused()
    expect(page.get_by_role("tab", name="Vendors")).to_have_attribute("aria-selected", "true")
    expect(rows(page)).to_have_count(len({line["vendor"] for line in LINES}))
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Over time")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Models")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("tabpanel")).to_be_focused()


def test_the_first_key_leads_to_the_content(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_errors_have_details(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all&table=errors")
    failures = [line for line in LINES if line["error_type"]]
    expect(page.locator("#pager span")).to_contain_text(f"of {len(failures)}")
    cause = page.locator("#causes button").first
    count = cause.locator("b").inner_text()
    unfold = page.locator(".unfold").first
    unfold.focus()
    page.keyboard.press("Enter")
    expect(unfold).to_have_attribute("aria-expanded", "true")
    expect(unfold).to_be_focused()
    details = page.locator("tr.details:not([hidden])")
    expect(details.locator("blockquote")).not_to_be_empty()
    expect(details).to_contain_text("request_id")
    cause.click()
    expect(card(page, "errors")).to_have_text(count)
    assert "error=" in page.url
    page.get_by_role("button", name="Take the filter").click()
    expect(page.locator("#pager span")).to_contain_text("of ")


def test_a_session_page_shows_its_exchanges_in_order(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all&table=sessions")
    link = page.locator("#panel tbody a").first
    session = link.get_attribute("title")
    assert session
    link.click()
    wanted = of("session_id", session)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Session {session}")
    expect(card(page, "requests")).to_have_text(str(len(wanted)))
    assert column(page, 2) == [line["kind"] for line in wanted][:50]
    assert [row.get_attribute("id") for row in page.locator("tr.details").all()] == [
        f"details-{line['request_id']}" for line in wanted[:50]
    ]
    expect(page.locator("th[data-key=time]")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("link", name="← Dashboard").click()
    expect(page.get_by_role("tab", name="Models")).to_be_visible()


def test_an_unknown_session_is_told(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard/session?session=nobody")
    expect(page.get_by_role("heading", name="No such exchange")).to_be_visible()


def ask(server: RialtoServer, **headers: str) -> None:
    requests.post(f"{server.url}/v1/messages", json=QUESTION, headers=headers, timeout=20).raise_for_status()


def test_a_new_exchange_appears_by_itself(rialto: RialtoServer, opened: Opener) -> None:
    page = opened(f"{rialto.url}/dashboard")
    expect(page.get_by_role("heading", name="No exchange yet")).to_be_visible()
    expect(page.locator("#live-word")).to_have_text("Live")
    ask(rialto)
    expect(card(page, "requests")).to_have_text("1")
    expect(page.get_by_role("heading", name="No exchange yet")).to_be_hidden()
    ask(rialto)
    expect(card(page, "requests")).to_have_text("2")
    requests.post(f"{rialto.url}/v1/messages", json={}, timeout=20)
    expect(card(page, "errors")).to_have_text("1")
    page.get_by_role("tab", name="Errors").click()
    expect(page.locator("#panel tbody")).to_contain_text("invalid_request_error")


def test_an_update_keeps_what_one_is_doing(rialto: RialtoServer, opened: Opener) -> None:
    ask(rialto)
    page = opened(f"{rialto.url}/dashboard?table=exchanges")
    expect(rows(page)).to_have_count(1)
    unfold = page.locator(".unfold").first
    unfold.click()
    name = unfold.get_attribute("aria-label")
    ask(rialto)
    expect(rows(page)).to_have_count(2)
    same = page.get_by_role("button", name=name or "")
    expect(same).to_have_attribute("aria-expanded", "true")
    expect(same).to_be_focused()


def test_it_pauses(rialto: RialtoServer, opened: Opener) -> None:
    ask(rialto)
    page = opened(f"{rialto.url}/dashboard")
    expect(card(page, "requests")).to_have_text("1")
    page.get_by_role("button", name="Live").click()
    expect(page.locator("#live")).to_have_attribute("aria-pressed", "true")
    ask(rialto)
    expect(card(opened(f"{rialto.url}/dashboard"), "requests")).to_have_text("2")
    ask(rialto)
    expect(card(opened(f"{rialto.url}/dashboard"), "requests")).to_have_text("3")
    assert card(page, "requests").inner_text() == "1"
    page.get_by_role("button", name="Paused").click()
    expect(card(page, "requests")).to_have_text("3")


def test_it_says_when_the_server_is_gone_and_goes_on_when_it_is_back(
    tmp_path: Path, started: Starter, opened: Opener
) -> None:
    written(tmp_path / "logs", LINES[:20])
    server = started(DashboardServer(tmp_path))
    gone = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE", "503")
    page = opened(f"{server.url}/dashboard?range=all", *gone)
    expect(page.locator("#live-word")).to_have_text("Live")
    server.stop()
    expect(page.locator("#live-word")).to_have_text("Connecting")
    page.get_by_role("tab", name="Kinds").click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    server.launch()
    expect(page.locator("#live-word")).to_have_text("Live")
    expect(page.get_by_role("alert")).to_be_hidden()
    written(tmp_path / "logs", LINES[20:25])
    expect(card(page, "requests")).to_have_text("25")


def test_a_failure_is_told_and_can_be_tried_again(tmp_path: Path, started: Starter, opened: Opener) -> None:
    (tmp_path / "logs" / "usage.jsonl").mkdir(parents=True)
    server = started(DashboardServer(tmp_path))
    page = opened(f"{server.url}/dashboard?range=all", "500 (INTERNAL SERVER ERROR)")
    expect(page.get_by_role("alert")).to_contain_text("IsADirectoryError")
    (tmp_path / "logs" / "usage.jsonl").rmdir()
    written(tmp_path / "logs", LINES[:3])
    page.get_by_role("button", name="Try again").click()
    expect(card(page, "requests")).to_have_text("3")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_nothing_found(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard?range=all&vendor=kimi&kind=nothing")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    expect(page.locator("#data")).to_be_hidden()
    page.get_by_role("button", name="Show everything").click()
    expect(card(page, "requests")).to_have_text(f"{len(LINES):,}")


def test_the_key_is_asked_for(tmp_path: Path, started: Starter, opened: Opener) -> None:
    written(tmp_path / "logs", LINES[:5])
    server = started(RialtoServer(tmp_path, BRIDGE_API_KEY=KEY))
    page = opened(f"{server.url}/dashboard?range=all", "401 (UNAUTHORIZED)", "403 (FORBIDDEN)")
    expect(page.get_by_label("Key")).to_be_focused()
    page.keyboard.type("not the key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is not the key.")
    expect(page.get_by_label("Key")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Open").click()
    expect(card(page, "requests")).to_have_text("5")
    assert page.url.endswith("range=all")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Key")).to_be_visible()


def ground(page: Page) -> str:
    found = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return str(found)


def test_colours_follow_the_system_until_they_are_chosen(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard", color_scheme="dark")
    dark = ground(page)
    page.emulate_media(color_scheme="light")
    light = ground(page)
    assert dark != light
    button = page.locator("#theme")
    expect(button).to_have_attribute("aria-label", "Colours: as the system")
    button.click()
    button.click()
    expect(button).to_have_attribute("aria-label", "Colours: dark")
    assert ground(page) == dark
    page.reload()
    assert ground(page) == dark


@pytest.mark.parametrize(
    "path", ["dashboard?range=all", "dashboard?range=all&table=errors", "dashboard/session?session={}"]
)
def test_a_phone_is_wide_enough(server: DashboardServer, opened: Opener, path: str) -> None:
    page = opened(
        f"{server.url}/{path.format(LINES[700]['session_id'])}", viewport=PHONE, is_mobile=True, has_touch=True
    )
    expect(rows(page).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(page.get_by_label("Vendor")).to_be_hidden()
    page.get_by_role("button", name="Filters").tap()
    expect(page.get_by_label("Vendor")).to_be_visible()


def test_nothing_moves_for_those_who_want_that(server: DashboardServer, opened: Opener) -> None:
    page = opened(f"{server.url}/dashboard", reduced_motion="reduce")
    expect(page.locator("#live-word")).to_have_text("Live")
    moving = "[...document.querySelectorAll('*')].filter(one => getComputedStyle(one).animationName !== 'none').length"
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) == 1


def test_what_clients_send_is_shown_as_text(tmp_path: Path, started: Starter, opened: Opener) -> None:
    evil = "<img src=x onerror=alert(1)>"
    names = {"model": evil, "vendor": evil, "client": evil, "kind": evil, "alias": evil, "session_id": f"{evil}&x=1#?"}
    written(tmp_path / "logs", [{**LINES[0], **names, "error_type": None}])
    server = started(DashboardServer(tmp_path))
    page = opened(f"{server.url}/dashboard?range=all&table=sessions")
    page.locator("#panel tbody a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Session {names['session_id']}")
    page.locator(".unfold").click()
    expect(page.locator("tr.details")).to_contain_text(evil)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("page_of", ["dashboard?range=all&table=exchanges", "dashboard/session?session={}"])
def test_everything_has_a_name(server: DashboardServer, opened: Opener, page_of: str) -> None:
    page = opened(f"{server.url}/{page_of.format(LINES[700]['session_id'])}")
    expect(rows(page).first).to_be_visible()
    assert page.locator("main").count() == page.locator("header").count() == page.locator("h1").count() == 1
    nameless = """[...document.querySelectorAll("button, a, input, select, section, table")].filter(one => !(
        one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.labels?.length
        || one.caption || one.textContent.trim())).map(one => one.outerHTML)"""
    assert page.evaluate(nameless) == []
    assert page.evaluate("document.querySelectorAll('thead th:not([scope=col])').length") == 0
    names = page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(names) == len(set(names))
