"""Earlier reasoning goes back to the vendor that made it, in its field, and to nobody else."""

from __future__ import annotations

import pytest

from tests.vendors.bodies import TOOLS, assistants, sent, tool_history
from translators import deepseek, fireworks, kimi, mimo, openai, siliconflow
from translators.core.thinking import Signature, sign
from translators.core.vendor import Json, Vendor

MAKERS = [
    (deepseek.VENDOR, "deepseek-v4-pro"),
    (kimi.VENDOR, "kimi-k2.6"),
    (siliconflow.VENDOR, "moonshotai/Kimi-K2.6"),
    (fireworks.VENDOR, "accounts/fireworks/models/kimi-k2p6"),
    (mimo.VENDOR, "mimo-v2.5-pro"),
]
IDS = [vendor.name for vendor, _ in MAKERS]


def thought(maker: str, model: str) -> Json:
    """A thinking block as the client keeps it."""
    return {"type": "thinking", "thinking": "the reason", "signature": sign(Signature(maker, model))}


def called(vendor: Vendor, model: str, block: Json) -> Json:
    """The assistant message with the call, in a body whose history starts with the block."""
    body = sent(vendor, model, messages=tool_history(block), tools=TOOLS, thinking={"type": "adaptive"})
    return assistants(body)[0]


@pytest.mark.parametrize(("vendor", "model"), MAKERS, ids=IDS)
def test_own_reasoning_comes_back(vendor: Vendor, model: str) -> None:
    assert called(vendor, model, thought(vendor.name, model))["reasoning_content"] == "the reason"


@pytest.mark.parametrize(("vendor", "model"), MAKERS, ids=IDS)
def test_foreign_reasoning_stays_away(vendor: Vendor, model: str) -> None:
    message = called(vendor, model, thought("someone", model))
    assert message.get("reasoning_content") == vendor.model_profile(model, vendor.profile).reasoning_placeholder


def test_openai_takes_no_reasoning() -> None:
    message = called(openai.VENDOR, "gpt-5.2", thought("openai", "gpt-5.2"))
    assert not {"reasoning", "reasoning_content"} & set(message)
