"""The dashboard's settings: the folders it reads, and where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.catalog.catalog import Catalog
from app.settings.settings import Settings, SettingsError
from app.startup import banner


def test_the_first_folder_is_the_servers_own() -> None:
    settings = Settings.load({"BRIDGE_LOG_DIR": "logs, /mnt/other/logs,"})
    assert settings.log_dir == Path("logs")
    assert settings.other_log_dirs == (Path("/mnt/other/logs"),)


def test_a_list_without_a_folder_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match="BRIDGE_LOG_DIR: must name a folder"):
        Settings.load({"BRIDGE_LOG_DIR": " , "})


def test_the_one_alone_has_an_address_of_its_own() -> None:
    found = Settings.load({"PORT": "80", "DASHBOARD_HOST": "::1", "DASHBOARD_PORT": "4010"}).dashboard
    assert (found.host, found.port, found.shown) == ("::1", 4010, True)
    with pytest.raises(SettingsError, match="DASHBOARD_PORT"):
        Settings.load({"DASHBOARD_PORT": "99999"})


@pytest.mark.parametrize(("shown", "lines"), [("1", 1), ("0", 0)])
def test_the_server_says_where_it_is(shown: str, lines: int) -> None:
    settings = Settings.load({"PORT": "4123", "DASHBOARD": shown})
    assert banner(settings, Catalog.load(settings)).count("Dashboard: http://127.0.0.1:4123/dashboard") == lines
