"""Anthropic, https://platform.claude.com/docs (read 2026-11-21). Nothing is translated.

* ANTHROPIC_API_BASE moves the address; ANTHROPIC_BASE_URL is what points the client at Rialto.
* ANTHROPIC_FORWARD_CLIENT_KEY=1 sends the client's own key or token instead of ANTHROPIC_API_KEY.
* Thinking blocks are bound to the model, the organization and the conversation before them
  (build-with-claude/thinking): the history passes as it is, but for the thinking of other vendors, which is taken out.
* An unknown beta is a 400; headers and fields pass all the same, because only Anthropic knows which are known.
* `max_tokens` 0 warms the cache.
"""

from __future__ import annotations

from translators.core.local import KeyDesk
from translators.core.variables import Variable, only_on
from translators.core.vendor import CLIENT_KEY, Profile, Vendor
from translators.protocols.anthropic_messages import ANTHROPIC_MESSAGES

VENDOR = Vendor(
    name="anthropic",
    title="Anthropic",
    protocol=ANTHROPIC_MESSAGES,
    base_url="https://api.anthropic.com",
    documentation="https://platform.claude.com/docs/en/api/messages",
    base_url_variable="ANTHROPIC_API_BASE",
    key_variable="ANTHROPIC_API_KEY",
    desk=KeyDesk("https://platform.claude.com/settings/keys", ("sk-ant-",)),
    variables=(
        Variable(
            "ANTHROPIC_FORWARD_CLIENT_KEY",
            "1 sends the client's own Anthropic key or token, where it sends one beside BRIDGE_API_KEY, "
            "instead of ANTHROPIC_API_KEY.",
            form=only_on,
            extra=CLIENT_KEY,
        ),
    ),
    # No models: a claude name that comes here must stay what it is.
    profile=Profile(genuine=True, tool_name_max=128, documents=True),
    forwards_user_agent=True,
    auth=lambda key: {"x-api-key": key},
)
