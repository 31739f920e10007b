"""Captures play to the same bytes, over every wire and whatever happened; what is done otherwise shows."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

import app.exchange.exchange
import app.exchange.patience
from app.capture.__main__ import main
from app.capture.difference import answer_of, verdict
from app.capture.record import line_of
from app.capture.replay import replayed
from app.capture.routes import Unplayable
from app.memory.memory import Memory
from app.resilience.policy import Policy
from app.resilience.traffic import Traffic
from app.upstream import upstream
from tests.conformance import kit
from tests.conformance.targets import route
from tests.support.captures import Kept, captured, capturing, run
from translators.core.errors import Broke, RialtoError, TimedOut
from translators.core.vendor import refine
from translators.core.writer import Writer
from translators.protocols.openai_chat import OPENAI_CHAT

MESSAGE: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 50,
    "stream": True,
    "messages": [{"role": "user", "content": "how many birds?"}],
}
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"seven "}}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
WIRES = {"openai_chat", "openai_responses", "gemini", "ollama_chat", "anthropic_messages"}


def same(entry: dict[str, Any]) -> bool:
    """Its replay gives the same bytes."""
    found = verdict(entry, replayed(entry))
    assert found.lines == (), "\n".join(found.lines)
    return answer_of(entry) != b"" and not found.shape


@pytest.mark.parametrize("case", kit.cases(), ids=str)
def test_recorded_answers_play_to_the_same_bytes(case: kit.Case) -> None:
    pieces = kit.single_bytes(case.answer) if len(case.answer) < 4000 else kit.lines(case.answer)
    assert same(captured(case, pieces, stream=True))
    assert same(captured(case, [case.answer], stream=False))


def test_every_wire_is_among_them() -> None:
    spoken = {captured(case, [case.answer], True)["routes"][0]["wire"] for case in kit.cases()}
    genuine = {case.route.profile.genuine for case in kit.cases() if "anthropic" in case.route.vendor.protocol.name}
    assert spoken == WIRES and genuine == {True, False}


# -- tries and ends


class Script:
    """Vendors that answer in turn: pieces, an HTTP status, or an error of the wire."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def send(self, route: Any, url: str, headers: Any, body: bytes, line: Any) -> upstream.Reply:
        answer = self.answers.pop(0)
        if isinstance(answer, RialtoError):
            raise answer
        if isinstance(answer, int):
            answer = kit.Reply([b'{"error":{"message":"busy"}}'], answer, {"retry-after": "0.001"})
        return Spoken(answer if isinstance(answer, kit.Reply) else kit.Reply(answer))


class Spoken(upstream.Reply):
    """An answer whose pieces may be errors."""

    def __init__(self, reply: kit.Reply) -> None:
        super().__init__(reply.received(), "Vendor")
        self._pieces = reply.bytes

    def pieces(self) -> Any:
        for piece in self._pieces:
            if isinstance(piece, RialtoError):
                raise piece
            yield piece


def ran(*answers: Any, budget: float = 0.0, routes: tuple[Any, ...] = (), **fields: Any) -> dict[str, Any]:
    script: Any = Script(*answers)
    means = replace(kit.means(script), traffic=Traffic(Policy(budget)))
    return run({**MESSAGE, **fields}, routes or (route("deepseek"),), means).entry()


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_breaks(stream: bool) -> None:
    entry = ran([WORD, Broke("the connection broke")], stream=stream)
    assert same(entry) and b"the connection broke" in answer_of(entry)


def test_tries_and_fallbacks() -> None:
    entry = ran(
        503,
        [b"<html>", TimedOut("stopped")],
        [WORD[:30], WORD[30:], END],
        budget=9.0,
        routes=(route("deepseek"), route("groq")),
    )
    assert same(entry)
    assert [one["status"] for one in entry["tries"]] == [503, 200, 200]
    assert {name: len(entry["notes"][name]) for name in ("place", "order")} == {"place": 3, "order": 1}


def test_a_field_that_is_refused() -> None:
    refusal = kit.Reply([b'{"error":{"message":"Unsupported parameter: temperature","param":"temperature"}}'], 400)
    entry = ran(refusal, [WORD, END], temperature=0.5)
    assert same(entry) and "temperature" not in entry["tries"][-1]["body"]


def test_no_connection() -> None:
    assert same(ran(Broke("no connection")))


def test_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """They depend on the clock, and are played all the same."""
    monkeypatch.setattr(app.exchange.exchange, "COMMIT_AFTER", 0.0)
    monkeypatch.setattr(app.exchange.exchange, "TICK", 0.001)
    monkeypatch.setattr(app.exchange.patience, "PING_EVERY", 0.0)

    def slow() -> Any:
        for piece in (WORD, WORD, END):
            time.sleep(0.01)
            yield piece

    entry = ran(slow(), 503)
    signs = [piece["sign"] for piece in entry["answer"]["sent"] if "sign" in piece]
    monkeypatch.undo()
    assert same(entry) and {1, 2} <= set(signs)


def test_blanks_before_a_whole_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.exchange.exchange, "BLANK_EVERY", 0.0)
    entry = ran([WORD, WORD, END], stream=False)
    monkeypatch.undo()
    assert same(entry) and answer_of(entry).startswith(b"   ")


def test_a_client_that_leaves() -> None:
    script: Any = Script([WORD, WORD, END])
    means, kept = capturing(kit.means(script))
    exchange = app.exchange.exchange.Exchange(MESSAGE, (route("deepseek"),), means, kit.CALLER)
    frames = exchange.stream()
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    entry = kept.entry()
    assert entry["answer"]["status"] == 499 and same(entry)


def test_settings_are_not_needed() -> None:
    """A server of the user's own, with another address, profile and key, is out of the capture."""
    vendor = replace(route("openai_compatible").vendor, name="mine", title="Mine", key_variable="MINE_KEY")
    profile = refine(vendor.profile, token_field="max_completion_tokens", sampling=frozenset())
    own = replace(
        route("openai_compatible", "tiny"), vendor=vendor, profile=profile, base_url="http://10.1.2.3:8000/v1"
    )
    entry = ran([WORD, END], routes=(own,), temperature=0.5)
    assert same(entry)
    assert entry["tries"][0]["body"].keys() & {"max_completion_tokens", "temperature"} == {"max_completion_tokens"}


def test_half_surrogate_pairs_come_back_as_they_were() -> None:
    assert same(ran([WORD, END], messages=[{"role": "user", "content": "\ud83d and 😀"}]))


# -- what differs is shown


def lines(entry: dict[str, Any]) -> str:
    return "\n".join(verdict(entry, replayed(entry)).lines)


def test_another_request_is_shown_by_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ran([WORD, END])
    entry["tries"][0]["body"]["max_tokens"] = 49
    entry["tries"][0]["headers"]["user-agent"] = "other"
    assert "request 1: body.max_tokens: 49 -> 50" in lines(entry)
    assert 'request 1: headers.user-agent: "other" -> "rialto"' in lines(entry)


def test_another_answer_is_shown_by_its_event(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ran([WORD, END])
    changed = Writer.add
    monkeypatch.setattr(Writer, "add", lambda self, text: changed(self, text.upper()))
    shown = lines(entry)
    assert '-event: content_block_delta data: {"type":"content_block_delta"' in shown
    assert "SEVEN" in shown and "message_stop" not in shown


def test_a_request_more_or_less_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = kit.Reply([b'{"error":{"message":"Unsupported parameter: temperature","param":"temperature"}}'], 400)
    entry = ran(refusal, [WORD, END], temperature=0.5)
    more = {**entry, "tries": entry["tries"][:1]}
    assert "a vendor is asked once more" in lines(more)
    monkeypatch.setattr("app.exchange.call.second_try", lambda *asked: None)
    assert "request 2: is no longer made" in lines(entry)


def test_another_end_of_the_bytes_is_shown() -> None:
    entry = ran([WORD, END])
    entry["tries"][0]["pieces"].pop()
    assert "answer:" in lines(entry)


# -- the command


def test_the_command(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = ran([WORD, END]), ran([WORD, END])
    good["request_id"], bad["request_id"] = "req_good", "req_bad"
    bad["tries"][0]["body"]["max_tokens"] = 1
    foreign = {**ran([WORD, END]), "request_id": "req_foreign", "unplayable": "no file has the hooks of x"}
    file = tmp_path / "x.jsonl"
    file.write_bytes(line_of(good) + b"no JSON\n" + line_of(bad) + line_of({**good, "form": 99}))
    numbers = count()
    assert main([str(file), "--id", "req_good"]) == next(numbers) and main([str(file)]) == next(numbers)
    shown = capsys.readouterr()
    assert shown.out.count("the same bytes") == 2 and "body.max_tokens: 1 -> 50" in shown.out
    assert "line 2: no exchange" in shown.err and "line 4: no exchange" in shown.err
    file.write_bytes(line_of(foreign))
    assert main([str(file)]) == main([str(file), "--id", "x"]) == main([str(tmp_path / "none")]) == next(numbers)
    with pytest.raises(Unplayable):
        replayed(foreign)


def test_nothing_is_kept_when_it_is_off() -> None:
    script: Any = Script([WORD, END])
    exchange = app.exchange.exchange.Exchange(MESSAGE, (route("deepseek"),), kit.means(script), kit.CALLER)
    assert list(exchange.stream()) and exchange._tape is None
    assert type(exchange._means.memory) is Memory and Kept().tapes == [] and OPENAI_CHAT.name in WIRES
