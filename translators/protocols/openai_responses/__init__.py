"""OpenAI Responses: POST /responses, streamed as SSE.

Reference: https://developers.openai.com/api/reference/responses (read 2026-11-21). `request.py` and `items.py` build
the body, `decode.py` reads events and whole answers, `answer.py` puts together what one event alone cannot tell,
`choice.py` says when a vendor that has both wires uses this one. Nothing is stored at the vendor: reasoning travels
encrypted in our signatures and comes back in its place.
"""

from translators.core.limits import Look, listed
from translators.core.vendor import Count, Protocol
from translators.protocols.openai_responses.answer import stream
from translators.protocols.openai_responses.decode import chunk, whole
from translators.protocols.openai_responses.items import is_seen
from translators.protocols.openai_responses.request import DROPS, count_request, count_url, request

OPENAI_RESPONSES = Protocol(
    name="openai_responses",
    framing="sse",
    path="/responses",
    request=request,
    chunk=chunk,
    whole=whole,
    drops=DROPS,
    stream=stream,
    looks=(Look(url=lambda base: f"{base}/models", read=listed),),
    count=Count(url=count_url, request=count_request, read=lambda answer: int(answer["input_tokens"])),
    carries=is_seen,
)

__all__ = ["OPENAI_RESPONSES"]
