"""Vendors that take so many tools only: the others are searched for, whether the user asked for that or not."""

from __future__ import annotations

from typing import Any

import pytest

from app.search.call import shown
from tests.vendors.bodies import route
from translators import vendors

Json = dict[str, Any]
VENDORS = vendors()
#: Vendor -> one of its models, how many tools it takes.
CEILINGS = {
    "kimi": ("kimi-k2.6", 128),
    "openai": ("gpt-5.5", 128),
    "azure": ("my-deployment", 128),
    "groq": ("openai/gpt-oss-120b", 128),
    "xai": ("grok-4.7", 200),
    "gemini": ("gemini-3.8-flash", 512),
}


def asking(count: int) -> Json:
    """A request with so many tools."""
    tools = [{"name": f"tool_{number}", "input_schema": {"type": "object"}} for number in range(count)]
    return {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "go"}], "tools": tools}


def sent(vendor: str, model: str, count: int) -> int:
    """How many of so many tools the vendor gets."""
    target = route(VENDORS[vendor], model)
    tools = target.vendor.protocol.request(shown(asking(count), target), target)["tools"]
    return len(tools[0].get("functionDeclarations") or tools)


@pytest.mark.parametrize(("vendor", "model", "most"), [(name, *row) for name, row in CEILINGS.items()])
def test_no_more_tools_than_the_vendor_takes(vendor: str, model: str, most: int) -> None:
    assert sent(vendor, model, most) == most
    assert most // 2 < sent(vendor, model, most + 1) < most
    assert most // 2 < sent(vendor, model, 3 * most) < most


def test_others_get_them_all() -> None:
    assert sent("deepseek", "deepseek-v4-pro", 900) == 900
    assert sent("openai", "a-model-of-another-server", 900) == 900
