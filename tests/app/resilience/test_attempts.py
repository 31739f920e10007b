"""The tries of one exchange, over scripted calls: what is repeated, what moves on, what the client gets at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.resilience import attempts, policy
from app.resilience.attempts import Attempts
from app.resilience.breaker import FAILURES, OPEN_SECONDS
from app.resilience.policy import Policy
from app.resilience.traffic import HOME_SECONDS, Traffic
from app.upstream.upstream import Line
from translators import vendors
from translators.core.deltas import Stop, Text, Usage
from translators.core.errors import (
    Broke,
    Empty,
    InvalidRequest,
    Overloaded,
    PromptTooLong,
    RateLimited,
    Rejected,
    RialtoError,
    Unreachable,
)
from translators.core.vendor import Profile, Route

ANSWER = [Text("yes"), Stop("end_turn")]
EMPTY = [Usage(1, 0), Stop("end_turn")]


def route(vendor: str, **fields: Any) -> Route:
    return Route(
        alias="asked", vendor=vendors()[vendor], model="m", profile=Profile(), base_url=f"http://{vendor}", **fields
    )


class Script:
    """What each call gives, by vendor, in order: deltas or an error, or both one after the other."""

    def __init__(self, **plays: list[Any]) -> None:
        self.plays = {name: list(play) for name, play in plays.items()}
        self.asked: list[str] = []
        self.keys: list[str] = []

    def call(self, target: Route) -> ScriptedCall:
        """The next call of a vendor."""
        return ScriptedCall(self, target)


class ScriptedCall:
    """One call."""

    def __init__(self, script: Script, target: Route) -> None:
        self.script, self.route = script, target

    def deltas(self, line: Line) -> Iterator[list[Any]]:
        """The script."""
        name = self.route.vendor.name
        self.script.asked.append(name)
        self.script.keys.append(self.route.key)
        step = self.script.plays[name].pop(0)
        for item in step if isinstance(step, list) else [step]:
            if isinstance(item, RialtoError):
                raise item
            yield [item]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "FIRST_PAUSE", 0.0)


def traffic(budget: float = 30.0) -> Traffic:
    return Traffic(Policy(budget))


def run(script: Script, *routes: Route, through: Traffic | None = None) -> list[Any]:
    """All deltas of the exchange."""
    items = Attempts(routes, script.call, through or traffic(), Line()).run()
    return [delta for item in items if isinstance(item, list) for delta in item]


DEEPSEEK, KIMI, ZAI = route("deepseek"), route("kimi"), route("zai")


@pytest.mark.parametrize("error", [Unreachable("x"), Broke("x"), Overloaded("x"), RateLimited("x")])
def test_what_heals_is_tried_again(error: RialtoError) -> None:
    script = Script(deepseek=[error, ANSWER])
    assert run(script, DEEPSEEK) == ANSWER
    assert script.asked == ["deepseek"] * 2


@pytest.mark.parametrize("error", [Rejected("x"), InvalidRequest("x"), PromptTooLong(2, 1)])
def test_what_cannot_heal_is_the_clients_at_once(error: RialtoError) -> None:
    script = Script(deepseek=[error], kimi=[ANSWER])
    with pytest.raises(type(error)):
        run(script, DEEPSEEK, KIMI)
    assert script.asked == ["deepseek"]


def test_nothing_is_repeated_once_the_vendor_has_spoken() -> None:
    script = Script(deepseek=[[Text("ye"), Broke("cut")]], kimi=[ANSWER])
    with pytest.raises(Broke, match="cut"):
        run(script, DEEPSEEK, KIMI)
    assert script.asked == ["deepseek"]


@pytest.mark.parametrize("silence", [[Usage(3, 0), Broke("cut")], [Text(" "), Broke("cut")]])
def test_counts_and_blanks_are_no_words_yet(silence: list[Any]) -> None:
    script = Script(deepseek=[silence, ANSWER])
    assert run(script, DEEPSEEK)[-2:] == ANSWER


def test_an_empty_answer_is_a_failure_once() -> None:
    assert run(Script(deepseek=[EMPTY, ANSWER]), DEEPSEEK)[-2:] == ANSWER
    twice = Script(deepseek=[EMPTY, EMPTY])
    assert run(twice, DEEPSEEK) == [*EMPTY, *EMPTY]
    assert twice.asked == ["deepseek"] * 2


def test_an_empty_answer_that_a_call_finds_itself_is_a_failure_once() -> None:
    """Calls which make the events themselves tell it as an error."""
    last = Empty("empty", should_retry=False)
    assert run(Script(deepseek=[last, ANSWER]), DEEPSEEK) == ANSWER
    twice = Script(deepseek=[last] * 9)
    with pytest.raises(Empty):
        run(twice, DEEPSEEK)
    assert twice.asked == ["deepseek"] * 2


def test_empty_answers_do_not_open_the_breaker() -> None:
    """They are about one question; others would get an error in place of an answer."""
    script, shared = Script(deepseek=[EMPTY] * 20), traffic()
    for _ in range(10):
        run(script, DEEPSEEK, through=shared)
    assert shared.breaker(DEEPSEEK).state == "closed"


def test_a_limit_reached_without_a_word_is_no_empty_answer() -> None:
    script = Script(deepseek=[[Stop("max_tokens")]])
    assert run(script, DEEPSEEK) == [Stop("max_tokens")]


@pytest.mark.parametrize("error", [Unreachable("x"), RateLimited("x", retry_after=99), Rejected("x", status=402)])
def test_the_next_vendor_of_the_chain_answers(error: RialtoError) -> None:
    script = Script(deepseek=[error] * 9, kimi=[ANSWER])
    assert run(script, DEEPSEEK, KIMI) == ANSWER
    assert script.asked.count("deepseek") <= attempts.OUTAGE_TRIES


def test_when_all_fail_the_wished_vendors_error_is_told() -> None:
    dead = [Unreachable("dead")] * 9
    script = Script(deepseek=[Rejected("no money", status=402)], kimi=dead, zai=[PromptTooLong(2, 1)])
    with pytest.raises(Rejected, match="no money"):
        run(script, DEEPSEEK, KIMI, ZAI)
    assert set(script.asked) == {"deepseek", "kimi", "zai"}


def test_a_fallbacks_smaller_window_does_not_make_the_client_compact() -> None:
    script = Script(deepseek=[Unreachable("dead")] * 9, kimi=[PromptTooLong(2, 1)])
    with pytest.raises(Unreachable):
        run(script, DEEPSEEK, KIMI)


def test_another_key_takes_over_at_once_and_the_session_stays_with_it() -> None:
    shared = traffic(budget=0.0)
    target = replace(DEEPSEEK, key="one", keys=("one", "two"), session="talk")
    script = Script(deepseek=[RateLimited("x", retry_after=50), ANSWER, ANSWER])
    assert run(script, target, through=shared) == ANSWER
    assert run(script, target, through=shared) == ANSWER
    first, second, third = script.keys
    assert {first, second} == {"one", "two"}
    assert third == second


def test_every_key_limited_is_said_with_the_wait() -> None:
    shared = traffic()
    target = replace(DEEPSEEK, key="one", keys=("one", "two"))
    with pytest.raises(RateLimited, match="slow down"):
        run(Script(deepseek=[RateLimited("slow down", retry_after=50)] * 2), target, through=shared)
    with pytest.raises(RateLimited, match="every key") as caught:
        run(Script(deepseek=[]), target, through=shared)
    assert caught.value.retry_after == pytest.approx(50, abs=1)


def test_a_vendor_that_keeps_failing_rests_and_says_why() -> None:
    shared = traffic()
    with pytest.raises(Unreachable):
        run(Script(deepseek=[Unreachable("refused")] * 5), DEEPSEEK, through=shared)
    script = Script(deepseek=[])
    with pytest.raises(Overloaded, match=r"refused \(failed 5 times"):
        run(script, DEEPSEEK, through=shared)
    assert script.asked == []


def test_a_session_stays_with_its_fallback_for_a_while() -> None:
    now = [0.0]
    shared = Traffic(Policy(0.0), clock=lambda: now[0])
    first, second = replace(DEEPSEEK, session="talk"), replace(KIMI, session="talk")
    script = Script(deepseek=[Unreachable("x"), ANSWER, ANSWER], kimi=[ANSWER, ANSWER])
    run(script, first, second, through=shared)
    run(script, first, second, through=shared)
    assert script.asked == ["deepseek", "kimi", "kimi"]
    run(script, DEEPSEEK, KIMI, through=shared)
    assert script.asked[-1] == "deepseek"
    now[0] += HOME_SECONDS + 1
    run(script, first, second, through=shared)
    assert script.asked[-1] == "deepseek"


def test_a_vendor_out_of_money_is_passed_over_while_it_rests() -> None:
    shared = traffic()
    target = replace(DEEPSEEK, key="one", keys=("one",))
    script = Script(deepseek=[Rejected("no money", status=402)], kimi=[ANSWER, ANSWER])
    run(script, target, KIMI, through=shared)
    run(script, target, KIMI, through=shared)
    assert script.asked == ["deepseek", "kimi", "kimi"]


def test_a_cut_line_ends_the_tries() -> None:
    line = Line()
    script = Script(deepseek=[Broke("x")] * 9)
    items = Attempts([DEEPSEEK], script.call, traffic(), line).run()
    next(items)
    line.cut()
    with pytest.raises(Broke):
        list(items)
    assert script.asked == ["deepseek"]


def test_clients_that_leave_say_nothing_about_the_vendor() -> None:
    shared = traffic()
    for _ in range(FAILURES):
        line = Line()
        items = Attempts([DEEPSEEK], Script(deepseek=[Unreachable("shut")]).call, shared, line).run()
        next(items)
        line.cut()
        with pytest.raises(Unreachable, match="shut"):
            list(items)
    assert run(Script(deepseek=[ANSWER]), DEEPSEEK, through=shared) == ANSWER


def test_a_probe_that_cannot_begin_lets_the_next_one_try() -> None:
    clock = [0.0]
    shared = Traffic(Policy(0.0), clock=lambda: clock[0])
    for _ in range(FAILURES):
        shared.failed(DEEPSEEK, Unreachable("x"))
    clock[0] += OPEN_SECONDS
    with pytest.raises(ZeroDivisionError):
        list(Attempts([DEEPSEEK], lambda route: 1 / 0, shared, Line()).run())  # type: ignore[arg-type, return-value]
    assert run(Script(deepseek=[ANSWER]), DEEPSEEK, through=shared) == ANSWER


def test_a_try_that_was_cut_off_for_its_silence_moves_on() -> None:
    line = Line()
    script = Script(deepseek=[Broke("shut")], kimi=[ANSWER])
    items = Attempts([DEEPSEEK, KIMI], script.call, traffic(budget=0.0), line).run()
    next(items)
    line.expire()
    assert [delta for item in items if isinstance(item, list) for delta in item] == ANSWER


def test_a_genuine_anthropics_errors_are_the_clients_to_act_upon() -> None:
    genuine = route("anthropic")
    genuine = replace(genuine, profile=replace(genuine.profile, genuine=True))
    busy = Script(anthropic=[Overloaded("busy"), ANSWER])
    with pytest.raises(Overloaded):
        run(busy, genuine)
    assert run(Script(anthropic=[Overloaded("busy")], kimi=[ANSWER]), genuine, KIMI) == ANSWER
    assert run(Script(anthropic=[Unreachable("reset"), ANSWER]), genuine) == ANSWER
