"""Spans of exchanges, as a collector gets them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.semconv._incubating.attributes.gen_ai_attributes import GenAiProviderNameValues

from app import create_app
from app.settings.settings import Settings
from app.startup import VERSION
from tests.support.otlp import accepted, attributes, exports, spans
from tests.support.rialto_server import ROOT, server_environment
from tests.support.scripted_server import CUT, ScriptedServer, json_answer, sse_answer
from tests.support.usage_lines import usage_lines
from translators import vendors

MODEL = "deepseek/deepseek-v4-pro"
WORD = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
END = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {
    **{"prompt_tokens": 1000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 600}},
    "completion_tokens_details": {"reasoning_tokens": 30},
}
ANSWER = {"choices": [{"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}], "usage": USAGE}
DOWN = json_answer({"error": {"message": "down"}}, 503)
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def collector() -> Iterator[ScriptedServer]:
    with ScriptedServer(accepted) as server:
        yield server


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test's settings put into the environment goes with it."""
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME", "OTEL_EXPORTER_OTLP_HEADERS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@contextmanager
def rialto(folder: Path, vendor: ScriptedServer, collector: ScriptedServer, **more: str) -> Iterator[FlaskClient]:
    """Rialto; at the end it has sent everything."""
    environ = {
        **{"DEEPSEEK_API_KEY": "k", "DEEPSEEK_BASE_URL": f"{vendor.url}/deepseek/v1", "BRIDGE_LOG_DIR": str(folder)},
        **{"KIMI_API_KEY": "k", "KIMI_BASE_URL": f"{vendor.url}/kimi/v1", "LEARN_LIMITS": "0", "RETRY_BUDGET": "0"},
        **{"FALLBACK_MODELS": "kimi/kimi-k2.6", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url},
    }
    app = create_app(Settings.load(environ | more))
    yield app.test_client()
    app.extensions["rialto"].books.close()


def ask(client: FlaskClient, headers: dict[str, str] | None = None, **fields: Any) -> int:
    message = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "doormat"}], **fields}
    answer = client.post("/v1/messages", json=message, headers=headers)
    answer.get_data()
    return answer.status_code


def test_a_span_says_what_the_usage_line_says(
    vendor: ScriptedServer, collector: ScriptedServer, tmp_path: Path
) -> None:
    vendor.play([sse_answer([WORD, END, {"choices": [], "usage": USAGE}])])
    with rialto(tmp_path, vendor, collector) as client:
        headers = {"x-claude-code-session-id": "session-1"}
        assert ask(client, headers, stream=True, temperature=0.5, stop_sequences=["x"]) == 200
    (span,) = spans(collector)
    (line,) = usage_lines(tmp_path)
    told = attributes(span)
    assert 0 < told.pop("gen_ai.response.time_to_first_chunk") < 60
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "deepseek",
        "gen_ai.request.model": "deepseek-v4-pro",
        "gen_ai.response.model": "deepseek-v4-pro",
        "gen_ai.request.stream": True,
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.stop_sequences": ["x"],
        "gen_ai.response.finish_reasons": ["end_turn"],
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.cache_read.input_tokens": 600,
        "gen_ai.usage.cache_creation.input_tokens": 0,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.reasoning.output_tokens": 30,
        "gen_ai.conversation.id": "session-1",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": int(vendor.url.rpartition(":")[2]),
        "rialto.request_id": line["request_id"],
        "rialto.kind": line["kind"],
        "rialto.alias": MODEL,
        "rialto.cost_usd": line["cost_usd"],
        "rialto.retries": 0,
        "rialto.fallbacks": 0,
    }
    assert (span.name, span.kind) == ("chat deepseek-v4-pro", Span.SPAN_KIND_CLIENT)
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert abs((span.end_time_unix_nano - span.start_time_unix_nano) / 1e6 - line["latency_ms"]) <= 1
    assert "doormat" not in str(span)


def test_a_failure(vendor: ScriptedServer, collector: ScriptedServer, tmp_path: Path) -> None:
    vendor.play([sse_answer([WORD, CUT]), json_answer({"error": {"message": "no"}}, 400)])
    with rialto(tmp_path, vendor, collector) as client:
        statuses = [ask(client, stream=True), ask(client), ask(client, model="nobody/knows")]
    assert statuses == [200, 400, 404]
    found = spans(collector)
    assert {span.status.code for span in found} == {Status.STATUS_CODE_ERROR}
    told = [attributes(span) for span in found]
    assert [entry["error.type"] for entry in told] == ["api_error", "invalid_request_error", "not_found_error"]
    assert [entry["http.response.status_code"] for entry in told] == statuses
    assert [entry["gen_ai.provider.name"] for entry in told] == ["deepseek", "deepseek", "rialto"]
    assert ["gen_ai.response.model" in entry for entry in told] == [True, False, False]
    assert found[2].name == "chat"


def test_who_answered_instead(vendor: ScriptedServer, collector: ScriptedServer, tmp_path: Path) -> None:
    vendor.play([DOWN, json_answer(ANSWER)])
    with rialto(tmp_path, vendor, collector) as client:
        assert ask(client) == 200
    (told,) = map(attributes, spans(collector))
    assert (told["gen_ai.request.model"], told["gen_ai.response.model"]) == ("deepseek-v4-pro", "kimi-k2.6")
    assert (told["gen_ai.provider.name"], told["rialto.fallbacks"]) == ("kimi", 1)


@pytest.mark.parametrize("given", [f"00-{TRACE}-{PARENT}-01", None, "no trace at all"])
def test_the_trace_goes_through(
    given: str | None, vendor: ScriptedServer, collector: ScriptedServer, tmp_path: Path
) -> None:
    vendor.play([DOWN, json_answer(ANSWER)])
    headers = {"traceparent": given, "tracestate": "theirs=1"} if given else {}
    with rialto(tmp_path, vendor, collector) as client:
        assert ask(client, headers) == 200
    (span,) = spans(collector)
    sent = {request.headers["traceparent"].rpartition("-") for request in vendor.requests}
    ((ids, _, flags),) = sent
    assert ids == f"00-{span.trace_id.hex()}-{span.span_id.hex()}"
    assert int(flags, 16) & 1
    belongs = given == f"00-{TRACE}-{PARENT}-01"
    assert (span.trace_id.hex() == TRACE) == belongs
    assert span.parent_span_id.hex() == (PARENT if belongs else "")
    assert vendor.requests[0].headers.get("tracestate") == ("theirs=1" if belongs else None)


def test_a_trace_that_is_not_recorded(vendor: ScriptedServer, collector: ScriptedServer, tmp_path: Path) -> None:
    vendor.play([json_answer(ANSWER)])
    with rialto(tmp_path, vendor, collector) as client:
        assert ask(client, {"traceparent": f"00-{TRACE}-{PARENT}-00"}) == 200
    assert spans(collector) == []
    (request,) = vendor.requests
    assert request.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert request.headers["traceparent"].endswith("-00")


def test_the_other_variables(vendor: ScriptedServer, collector: ScriptedServer, tmp_path: Path) -> None:
    vendor.play([json_answer(ANSWER)])
    more = {"OTEL_SERVICE_NAME": "our-rialto", "OTEL_EXPORTER_OTLP_HEADERS": "x-team=blue"}
    with rialto(tmp_path, vendor, collector, **more) as client:
        assert ask(client) == 200
    (export,) = exports(collector)
    told = attributes(export.resource_spans[0].resource)
    assert (told["service.name"], told["service.version"]) == ("our-rialto", VERSION)
    assert collector.requests[0].headers["x-team"] == "blue"


def test_a_collector_that_refuses_breaks_no_exchange(vendor: ScriptedServer, tmp_path: Path) -> None:
    vendor.play([json_answer(ANSWER)])
    with ScriptedServer(lambda request: json_answer({}, 400)) as broken:
        with rialto(tmp_path, vendor, broken) as client:
            assert ask(client) == 200
        assert len(broken.requests) == 1
    assert [line["status"] for line in usage_lines(tmp_path)] == [200]


PROGRAM = """
import sys
{before}
from app import create_app
client = create_app().test_client()
body = {{"model": "demo", "max_tokens": 9, "messages": [{{"role": "user", "content": "hi"}}]}}
assert client.post("/v1/messages", json=body).status_code == 200
print("LOADED", sorted(name for name in sys.modules if name.startswith("opentelemetry.")))
"""
MISSING = """
class Nowhere:
    def find_spec(self, name, *_):
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nowhere())
"""


def run(folder: Path, before: str = "", **environment: str) -> tuple[str, str]:
    """(what it prints, what it says) of a Rialto that answers once."""
    environ = server_environment(folder, environment)
    program = [sys.executable, "-c", PROGRAM.format(before=before)]
    done = subprocess.run(program, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout, done.stderr


def test_nothing_is_loaded_without_a_collector(tmp_path: Path) -> None:
    told, said = run(tmp_path)
    assert told == "LOADED []\n"
    assert "collector" not in said


def test_it_is_loaded_with_one(collector: ScriptedServer, tmp_path: Path) -> None:
    told, _ = run(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert "opentelemetry.sdk" in told
    assert [span.name for span in spans(collector)] == ["chat demo"]


def test_a_collector_of_traces_alone_is_named_with_its_whole_path(collector: ScriptedServer, tmp_path: Path) -> None:
    told, _ = run(tmp_path, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{collector.url}/own/path")
    assert "opentelemetry.sdk" in told
    assert [request.path for request in collector.requests] == ["/own/path"]


def test_missing_packages_are_named_and_stop_nothing(tmp_path: Path) -> None:
    told, said = run(tmp_path, MISSING, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert told == "LOADED []\n"
    assert "pip install -r requirements-otel.txt" in said


def test_the_vendors_have_the_names_of_the_conventions() -> None:
    known = {name: vendor.traced_as or name for name, vendor in vendors().items()}
    values = {str(value.value) for value in GenAiProviderNameValues}
    ours = {"deepseek", "groq", "openai", "anthropic", "azure", "gemini", "mistral", "xai"}
    assert {name for name, told in known.items() if told in values} == ours
