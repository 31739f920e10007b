"""Takes the pictures of docs/dashboard.md: `python -m tests.dashboard.pictures`. With pngquant they are smaller."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Browser, Page

from app.settings.settings import ROOT
from tests.dashboard import generated
from tests.dashboard.browser import PHONE, opened_browser, profile
from tests.dashboard.servers import DashboardServer

FOLDER = ROOT / "docs" / "dashboard"
LINES = 60_000
TALL = {"width": 1440, "height": 1180}


def main() -> None:
    """All of them."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        generated.write(Path(name) / "logs", LINES, time.time())
        with DashboardServer(Path(name)) as server, opened_browser() as browser:
            home = f"{server.url}/dashboard"
            wait_until_read(home)
            shot(browser, f"{home}?range=7d", "desktop-light", viewport=TALL)
            shot(browser, f"{home}?range=7d", "desktop-dark", viewport=TALL, color_scheme="dark")
            shot(browser, f"{home}?range=24h", "phone-light", viewport=PHONE)
            shot(browser, f"{home}?range=24h", "phone-dark", viewport=PHONE, color_scheme="dark", down=True)
            shot(browser, f"{home}?range=30d&table=errors", "errors", viewport=TALL, down=True, unfold=True)
            shot(browser, f"{home}/session?session={a_session(home)}", "session", viewport=TALL, unfold=True)


def shot(browser: Browser, url: str, name: str, *, down: bool = False, unfold: bool = False, **settings: Any) -> None:
    """One picture; `down` shows the end of the page, `unfold` the details of a row."""
    context = profile(browser, **settings)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#panel tbody tr")
    page.wait_for_selector("[data-state=live]")
    if unfold:
        page.locator(".unfold").nth(1).click()
    if down:
        scroll(page)
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(400)  # the charts and the bar of the page come to rest
    page.screenshot(path=FOLDER / f"{name}.png")
    context.close()
    if program := shutil.which("pngquant"):
        subprocess.run([program, "--force", "--strip", "--ext", ".png", "128", FOLDER / f"{name}.png"], check=True)


def scroll(page: Page) -> None:
    """To the tables."""
    page.locator(".tables").evaluate("one => window.scrollTo(0, one.offsetTop - 70)")


def a_session(home: str) -> str:
    """A session with an error in it, and not too long."""
    rows = requests.get(f"{home}/data/table?table=sessions&range=7d&sort=errors", timeout=20).json()["rows"]
    return str(min(rows[:20], key=lambda row: row["requests"])["session_id"])


def wait_until_read(home: str) -> None:
    """Until all lines are in the index."""
    reading = {"done": 0, "size": 1}
    while reading["done"] < reading["size"]:
        reading = requests.get(f"{home}/data/overview?range=all", timeout=20).json()["reading"]


if __name__ == "__main__":
    main()
