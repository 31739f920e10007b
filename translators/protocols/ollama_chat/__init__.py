"""Ollama's own API: POST /api/chat, streamed as JSON lines.

Reference: https://docs.ollama.com/api/chat and `api/types.go` of https://github.com/ollama/ollama (read 2026-11-21).
Only here `num_ctx` can be set, and only here an overflow can be made an error. `request.py` and `messages.py` build the
body, `decode.py` reads chunks and whole answers, `refuse.py` reads refusals.
"""

from translators.core.vendor import Protocol
from translators.protocols.ollama_chat.decode import chunk, whole
from translators.protocols.ollama_chat.messages import is_picture
from translators.protocols.ollama_chat.refuse import error
from translators.protocols.ollama_chat.request import DROPS, request

OLLAMA_CHAT = Protocol(
    name="ollama_chat",
    framing="ndjson",
    path="/api/chat",
    request=request,
    chunk=chunk,
    whole=whole,
    error=error,
    drops=DROPS,
    carries=is_picture,
)

__all__ = ["OLLAMA_CHAT"]
