"""What a program on the official `anthropic` package sees, as JSON. Runs in its own process: `sdk_client.py URL MODEL`.

Works with 0.x and with 2.x; PYTHONPATH says which.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import anthropic

TOOL = {
    "name": "Read",
    "description": "Reads a file.",
    "input_schema": {"type": "object", "properties": {"file_path": {"type": "string"}}, "required": ["file_path"]},
}


def main(url: str, model: str) -> dict[str, Any]:
    """One streamed message, one whole, one refusal, one count."""
    client = anthropic.Anthropic(base_url=url, api_key="dummy", max_retries=0, timeout=20)
    request: dict[str, Any] = {
        "model": model,
        "max_tokens": 4000,
        "tools": [TOOL],
        "messages": [{"role": "user", "content": "Read the notes"}],
    }
    thinking: dict[str, Any] = {"extra_body": {"thinking": {"type": "enabled", "budget_tokens": 2000}}}
    with client.messages.stream(**request, **thinking) as stream:
        events = [event.type for event in stream]
        streamed = stream.get_final_message()
    whole = client.messages.create(**request, **thinking)
    try:
        refusal: Any = client.messages.create(**{**request, "model": "nosuch/model"}).type
    except anthropic.APIStatusError as error:
        refusal = [type(error).__name__, error.status_code, error.request_id]
    return {
        "version": anthropic.__version__,
        "events": events,
        "streamed": streamed.model_dump(mode="json"),
        "whole": whole.model_dump(mode="json"),
        "refusal": refusal,
        "tokens": client.messages.count_tokens(model=model, messages=request["messages"]).input_tokens,
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
