"""Reports: what is known of recorded answers, what Rialto makes of findings, captures without words, the page."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from app.capture.record import line_of, record
from app.capture.secrets import Secrets
from app.capture.shapes import shaped
from app.vendor_check.check import REPAIRS
from app.vendor_check.curl import command
from app.vendor_check.frames import form_of, frames_of
from app.vendor_check.judge import Report, judged
from app.vendor_check.page import page
from app.vendor_check.sources import NoAnswers, of_capture, of_folder
from app.vendor_check.text import document, table
from tests.app.vendor_check.judged_answers import answer, call, calls, chat, folder_of, recorded, refusal
from tests.conformance import kit
from tests.conformance.targets import targets
from tests.support.captures import run

#: (vendor, check, case) of what is known of the vendor -> what Rialto makes of it.
KNOWN = {
    ("minimax", "error in a 200", "error_in_200/response.json"): "reported as an error",
    ("minimax", "think tags", "think_tags/response.sse"): "repaired",
    ("kimi", "usage elsewhere", "coding_thinking/response.sse"): "repaired",
    ("kimi", "overflow in other words", "overflow/response.json"): "reported as an error",
    ("mistral", "index gaps", "thinking_text_calls/response.sse"): "repaired",
    ("mistral", "error envelope", "extra_forbidden/response.json"): "reported as an error",
    ("xai", "usage disagrees", "thinking_text_calls/response.sse"): "repaired",
    ("xai", "unknown finish reason", "empty_finish_reason/response.json"): "repaired",
    ("gemini", "stray bytes", "raw_error_in_stream/response.sse"): "reported as an error",
    ("gemini", "key under another status", "wrong_key/response.json"): "reported as an error",
    ("openrouter", "error in a 200", "error_in_200/response.json"): "reported as an error",
    ("openai_compatible", "stop with calls", "vllm_named_tool/response.sse"): "repaired",
    ("anthropic_endpoints", "several values as arguments", "vllm_joined_calls/response.sse"): "repaired",
    ("ollama", "cut off", "truncated/response.ndjson"): "reported as an error",
    ("deepseek", "empty answer", "empty_stop/response.sse"): "reported as an error",
}
FOLDERS = sorted(path.name for path in kit.FIXTURES.iterdir() if any(path.glob("*/request.json")))


def report_on(vendor: str) -> Report:
    return judged(vendor, targets()[vendor].title, folder_of(vendor))


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {vendor: report_on(vendor) for vendor in FOLDERS}


def test_every_recorded_answer_is_judged_and_played(reports: dict[str, Report]) -> None:
    assert set(reports) == set(FOLDERS)
    for vendor, report in reports.items():
        files = list((kit.FIXTURES / vendor).glob("*/response.*"))
        assert len(report.answers) == len(files) > 0
        assert page(report) and table(report) and json.dumps(document(report))


@pytest.mark.parametrize("vendor, check, place", KNOWN)
def test_what_is_known_is_found(reports: dict[str, Report], vendor: str, check: str, place: str) -> None:
    finding = next(found for found in reports[vendor].findings if found.check.name == check)
    seen = {one.answer.place.partition("/")[2]: REPAIRS[one.repair] for one in finding.sightings}
    assert seen[place] == KNOWN[vendor, check, place]


def test_a_vendor_without_faults_has_none(reports: dict[str, Report]) -> None:
    assert reports["siliconflow"].exit_status == 1
    assert reports["azure"].exit_status == 0 and reports["azure"].findings
    assert replace(reports["azure"], answers=()).exit_status == 2


def test_nothing_to_judge(tmp_path: Path) -> None:
    with pytest.raises(NoAnswers, match="holds no recorded answers"):
        list(of_folder(tmp_path, targets()["kimi"]))
    with pytest.raises(NoAnswers, match="cannot be read"):
        of_capture(tmp_path / "none.jsonl")


# -- captures


def captured(tmp_path: Path, shapes: bool, data: bytes | None = None) -> Path:
    """A capture of an answer whose call has odd arguments, with words that nobody else may read."""
    case = next(case for case in kit.cases() if str(case) == "deepseek/thinking_text_calls")
    said = chat({"content": "Zanzibar"}, calls(call(arguments="Zanzibar {'path': 'Zanzibar'}")))
    message = {**case.request, "stream": True, "messages": [{"role": "user", "content": "Where is Zanzibar?"}]}
    wire = kit.Wire(kit.Reply([data or said.data], headers={"content-type": "text/event-stream"}))
    kept = run(message, (case.route,), kit.means(wire))
    entry = record(kept.tapes[0], Secrets())
    path = tmp_path / "x.jsonl"
    path.write_bytes(line_of(shaped(entry) if shapes else entry))
    return path


@pytest.mark.parametrize("shapes", [False, True])
def test_a_capture_is_judged_and_its_words_are_not_told(tmp_path: Path, shapes: bool) -> None:
    answers, skipped = of_capture(captured(tmp_path, shapes), "deepseek")
    assert len(answers) == 1 and skipped == []
    report = judged("deepseek", "DeepSeek", answers)
    assert "arguments are no JSON" in {finding.check.name for finding in report.faults}
    for told in (page(report), table(report), json.dumps(document(report))):
        assert "anzibar" not in told
        assert "arguments of 'Read'" in told
    assert "curl" in page(report) and "replaced by x" in page(report) or shapes


def test_a_capture_of_another_vendor(tmp_path: Path) -> None:
    with pytest.raises(NoAnswers, match="no answer of kimi"):
        of_capture(captured(tmp_path, False), "kimi")


def test_an_answer_that_was_not_read_to_its_end_is_left_out(tmp_path: Path) -> None:
    path = captured(tmp_path, False)
    entry = json.loads(path.read_text())
    entry["tries"][0] |= {"end": "open", "pieces": entry["tries"][0]["pieces"][:1]}
    entry["tries"][0]["pieces"][0][1] = "data: {}\n\n"
    path.write_text(json.dumps(entry) + "\n")
    with pytest.raises(NoAnswers, match="not read to the end"):
        of_capture(path)


# -- the page


def test_the_page_shows_bytes_and_a_request_without_keys() -> None:
    key = "sk-abcdefghijklmnopqrstuv"
    found = refusal(429, {"message": f"too many requests for {key}"}, body={"model": "m", "note": f"it's {key}"})
    told = page(judged("deepseek", "DeepSeek", [found]))
    assert key not in told and told.count("[key]") >= 2
    assert (
        "ER-2 limit without a time" in told and '"message": "too many requests for [key]"' not in told.split("Asked")[1]
    )
    words = shlex.split(re.search(r"```sh\n(.*?)```", told, re.DOTALL)[1].replace("\\\n", " "))
    assert "authorization: Bearer $DEEPSEEK_API_KEY" in words
    assert json.loads(words[words.index("-d") + 1])["note"] == "it's [key]"


def test_keys_in_addresses_and_other_headers_are_variables() -> None:
    assert 'x-goog-api-key: $GEMINI_API_KEY"' in command(recorded("gemini/wrong_key")[0])
    found = replace(recorded("deepseek/overflow")[0], url="https://host.test/v1/chat?key=secret-of-mine")
    assert "key=$DEEPSEEK_API_KEY" in command(found) and "secret-of-mine" not in command(found)


def test_a_request_that_is_too_large_is_not_shown() -> None:
    assert command(answer("deepseek", b"{}", body={"messages": "x" * 10_000})) == ""


def test_a_page_names_all_answers_but_shows_some(reports: dict[str, Report]) -> None:
    told = page(reports["xai"])
    finding = next(found for found in reports["xai"].findings if found.check.name == "usage disagrees")
    assert len(finding.sightings) > 2
    assert all(one.answer.place in told for one in finding.sightings)
    assert told.count("### CA-3") == 1 and told.count("```") % 2 == 0


# -- frames


@pytest.mark.parametrize(
    "data, form, values",
    [
        (b'data: {"a":1}\r\rdata: {"a":2}\r\r', "sse", [{"a": 1}, {"a": 2}]),
        (b'\xef\xbb\xbf: hello\n\ndata: {"a":1}\n\n', "sse", [{"a": 1}]),
        (b'data: {"a":\ndata: 1}\n\n', "sse", [{"a": 1}]),
        (b'{"a":1}\n{"a":2}\n', "ndjson", [{"a": 1}, {"a": 2}]),
        (b'{"a":\n {"b":1}}', "json", [{"a": {"b": 1}}]),
        (b'data: {"a":1}\n\n{"a":\n2}', "sse", [{"a": 1}, {"a": 2}]),
        (b"  ", "empty", []),
    ],
)
def test_frames(data: bytes, form: str, values: list[object]) -> None:
    assert form_of(data) == form
    assert [frame.value for frame in frames_of(data, form_of(data))] == values


def test_what_no_frame_closes_and_what_is_none_is_told() -> None:
    open_one, stray = frames_of(b'data: {"a":1}\n{"error":1}', "sse")
    assert not open_one.closed and stray.stray and stray.at == 1
