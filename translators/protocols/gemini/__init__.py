"""Gemini's own API: POST /models/MODEL:generateContent, :streamGenerateContent (SSE), :countTokens.

Reference: https://ai.google.dev/api/generate-content (read 2026-11-21). `request.py`, `declarations.py` and
`messages.py` build the body, `decode.py` reads answers, `count.py` counts, `search.py` shapes Google Search for Web
Search.
"""

from translators.core.limits import Look, listed
from translators.core.vendor import Protocol
from translators.protocols.gemini.count import COUNT
from translators.protocols.gemini.decode import chunk, whole
from translators.protocols.gemini.messages import travels
from translators.protocols.gemini.request import DROPS, request

GEMINI = Protocol(
    name="gemini",
    framing="sse",
    path="",
    request=request,
    chunk=chunk,
    whole=whole,
    drops=DROPS,
    count=COUNT,
    carries=travels,
    looks=(Look(url=lambda base: f"{base}/models?pageSize=1000", read=listed),),
)

__all__ = ["GEMINI"]
