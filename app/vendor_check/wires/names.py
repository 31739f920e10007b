"""The wires by name, as the protocols have them."""

from __future__ import annotations

from translators.protocols.anthropic_messages import ANTHROPIC_MESSAGES
from translators.protocols.gemini import GEMINI as GOOGLE
from translators.protocols.ollama_chat import OLLAMA_CHAT
from translators.protocols.openai_chat import OPENAI_CHAT
from translators.protocols.openai_responses import OPENAI_RESPONSES

CHAT, RESPONSES, GEMINI = OPENAI_CHAT.name, OPENAI_RESPONSES.name, GOOGLE.name
OLLAMA, MESSAGES = OLLAMA_CHAT.name, ANTHROPIC_MESSAGES.name
