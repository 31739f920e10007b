"""The forms of settings, and what the vendors declare by them."""

from __future__ import annotations

import pytest

from translators import vendors
from translators.core.variables import Form, Variable, header_value, on_or_off, one_of, only_on, positive, web_address


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (header_value, "a b", "a b"),
        (web_address, "https://x/v1/?a=/", "https://x/v1?a=/"),
        (positive, "07", "7"),
        (on_or_off, "Yes", "true"),
        (on_or_off, "off", "false"),
        (only_on, "1", "true"),
        (only_on, "0", ""),
        (one_of("a", "b"), "b", "b"),
    ],
)
def test_forms(form: Form, text: str, value: str) -> None:
    assert form(text) == value


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (header_value, "é"),
        (header_value, "a\nb"),
        *((web_address, text) for text in ("x", "ftp://x", "http://", "http://a b", "http://x:99999", "http://x:y")),
        *((positive, text) for text in ("0", "-1", "1.5", "many")),
        (on_or_off, "perhaps"),
        (only_on, "perhaps"),
        (one_of("a", "b"), "B"),
    ],
)
def test_refused(form: Form, text: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Za-z].*\.$"):
        form(text)


def declared() -> list[Variable]:
    return [
        entry
        for vendor in vendors().values()
        for entry in (*vendor.variables, *([vendor.window] if vendor.window else []))
    ]


def test_vendors_share_a_variable_by_the_same_value() -> None:
    entries = declared()
    assert len({entry.name for entry in entries}) == len(set(entries)) < len(entries)


def test_a_variable_of_a_vendor_goes_to_one_place() -> None:
    placed = [entry for vendor in vendors().values() for entry in vendor.variables]
    assert placed and all(bool(entry.extra) != bool(entry.header) for entry in placed)


def test_a_default_has_the_form() -> None:
    entries = [entry for entry in declared() if entry.default]
    assert entries and all(entry.form(entry.default) == entry.default for entry in entries)
