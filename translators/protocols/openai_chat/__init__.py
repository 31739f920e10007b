"""OpenAI Chat Completions: POST /chat/completions, streamed as SSE.

Reference: https://platform.openai.com/docs/api-reference/chat (read 2026-11-21). `request.py` and `messages.py` build
the body, `decode.py` reads chunks and whole answers. Deviations of compatible servers are survived here when several
share them; otherwise a vendor's `read` or `shape` hook deals with them.
"""

from translators.core.limits import Look, listed
from translators.core.vendor import Protocol
from translators.core.wishes import travels
from translators.protocols.openai_chat.decode import chunk, whole
from translators.protocols.openai_chat.request import DROPS, request

OPENAI_CHAT = Protocol(
    name="openai_chat",
    framing="sse",
    path="/chat/completions",
    request=request,
    chunk=chunk,
    whole=whole,
    drops=DROPS,
    carries=travels,
    looks=(Look(url=lambda base: f"{base}/models", read=listed),),
)

__all__ = ["OPENAI_CHAT"]
