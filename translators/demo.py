"""The demo: answers without a model, a key or a network (see docs/architecture.md and `app/demo/transport.py`).

It speaks Chat Completions bytes inside the process, so that a request takes the whole way through Rialto. It reasons
when thinking is on, and understands what is written in `app/demo/transport.py`: `demo:tool NAME {json}`,
`demo:error STATUS`, `demo:slow` and `demo:break`.
"""

from __future__ import annotations

from translators.core.intent import Intent
from translators.core.vendor import Json, Profile, Route, Vendor
from translators.protocols.openai_chat import OPENAI_CHAT


def thinking(intent: Intent, route: Route) -> Json:
    """An effort when thinking is on: the demo reasons only when it was asked to."""
    return {"reasoning_effort": intent.level or "medium"} if intent.on else {}


VENDOR = Vendor(
    name="demo",
    title="Demo",
    protocol=OPENAI_CHAT,
    base_url="demo://rialto/v1",
    documentation="https://platform.openai.com/docs/api-reference/chat",
    keyless=True,
    models=("demo",),
    stand_in=True,
    looks=(),
    profile=Profile(
        empty_content="empty",
        reasoning_field="reasoning_content",
        drops={"output_config.effort": "the demo reasons about nothing, at every level alike"},
    ),
    thinking=thinking,
)
