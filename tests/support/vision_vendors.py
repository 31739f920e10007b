"""A blind vendor and a seeing one behind one scripted server, and requests with pictures."""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import Any

from tests.support.messages import Json, ask
from tests.support.rialto_server import vendor_environment
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer
from tests.support.vendor_bytes import WIRES, Turn

BLIND, SEEING = "deepseek/deepseek-v4-pro", "kimi/kimi-k2.6"
PICTURE = re.compile(r"data:image/\w+;base64,([A-Za-z0-9+/=]+)")
NOTE = "this model cannot see images"


class Vendors:
    """What both say. The seeing one names the picture by its size; `gates` hold its answers back, `refuses` makes it
    fail.
    """

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.refuses = False
        self.gate: threading.Event | None = None
        self.pictures: dict[str, bytes] = {}
        """Path -> what a web server has there."""

    def answer(self, request: Request) -> Answer:
        """The answer of whoever is asked."""
        if request.method == "GET":
            return Answer([self.pictures[request.path]], headers={"content-type": "image/png"}, framing="length")
        if "/deepseek/" in request.path:
            return WIRES["deepseek"].answer(Turn("Thank you."), 1, request)
        if self.refuses:
            return json_answer({"error": {"message": "no eyes today", "type": "invalid_request_error"}}, 400)
        answer = WIRES["kimi"].answer(Turn(shown(request.json)), 1, request)
        if self.gate is not None:
            answer.pieces = [self.gate, *answer.pieces]
            answer.framing = "chunked"
        return answer

    def environment(self, **more: str) -> dict[str, str]:
        """The settings that lead to both."""
        vendors = vendor_environment(self.server.url, "deepseek", "kimi")
        return {**vendors, "VISION_FALLBACK_MODEL": SEEING, "LOG_LEVEL": "DEBUG", **more}

    def asked(self, vendor: str) -> list[Json]:
        """The bodies that a vendor got."""
        return [one.json for one in self.server.requests if f"/{vendor}/" in one.path and one.method == "POST"]


def shown(body: Any) -> str:
    """What a picture shows: its size in bytes."""
    found = PICTURE.search(json.dumps(body))
    assert found, "the seeing vendor got no picture"
    return words_for(base64.b64decode(found[1]))


def words_for(data: bytes) -> str:
    """The description of a picture."""
    return f"A window of {len(data)} bytes."


def turn(*content: Json, **fields: Any) -> Json:
    """A request to the blind model with one message."""
    return ask(model=BLIND, messages=[{"role": "user", "content": list(content)}], **fields)
