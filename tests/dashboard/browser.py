"""A Chromium that is installed on this machine, driven by Playwright. Playwright's own browsers are not fetched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge")
#: The browser asks nobody but the page.
ARGUMENTS = (
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
    *("--disable-quic", "--disable-gpu"),
)
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


class Missing(Exception):
    """There is no browser; the text says what was looked for."""


def binary() -> str:
    """The path of a browser. Raises Missing."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise Missing(f"no browser: none of {', '.join(NAMES)} is installed (CHROMIUM names another)")
    return found


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """The browser. Raises Missing."""
    path = binary()
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def profile(browser: Browser, **settings: Any) -> BrowserContext:
    """A new profile, in English and in UTC+2, so that pictures and texts are the same everywhere."""
    usual = {"viewport": DESKTOP, "locale": "en-US", "timezone_id": "Africa/Johannesburg", "color_scheme": "light"}
    return browser.new_context(**{**usual, **settings})
