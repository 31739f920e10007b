"""Clients' limits on real servers: two machines that share a Redis, and several workers of one machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import pytest
import requests

from app.clients.keys import hash_of
from tests.support.claude_code import run_client
from tests.support.redis_server import redis_server
from tests.support.rialto_server import RialtoServer, vendor_environment
from tests.support.scripted_server import Answer, Request, ScriptedServer, json_answer

pytestmark = pytest.mark.e2e

KEYS = {name: f"rialto-key-of-{name}" for name in ("rated", "tokens", "day", "free")}
ROWS = {
    "rated": "requests_per_minute = 5",
    "tokens": "tokens_per_minute = 2500",
    "day": "daily_tokens = 3000",
    "free": "",
}
#: Seconds until all servers must have heard what one of them has counted.
DEADLINE = 20.0


def vendor_says(request: Request) -> Answer:
    """A thousand tokens."""
    choice = {"index": 0, "message": {"content": "word"}, "finish_reason": "stop"}
    return json_answer({"choices": [choice], "usage": {"prompt_tokens": 900, "completion_tokens": 100}})


@pytest.fixture
def vendor() -> Iterator[ScriptedServer]:
    with ScriptedServer(vendor_says) as server:
        yield server


def environment(folder: Path, vendor: ScriptedServer, **more: str) -> dict[str, str]:
    """What every server of a test is started with."""
    rows = [f'[{name}]\nkey_hash = "{hash_of(key)}"\n{ROWS[name]}\n' for name, key in KEYS.items()]
    (folder / "clients.toml").write_text("\n".join(rows))
    return {**vendor_environment(vendor.url, "groq"), "CLIENTS_FILE": str(folder / "clients.toml"), **more}


def status(server: RialtoServer, client: str) -> int:
    """What one request is answered."""
    body = {"model": "groq/m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"x-api-key": KEYS[client]}
    return requests.post(f"{server.url}/v1/messages", json=body, headers=headers, timeout=30).status_code


def let_in(servers: list[RialtoServer], client: str) -> int:
    """How many requests are let in, by turns, until every server refuses."""
    count, refused = 0, dict[str, bool]()
    end = time.monotonic() + DEADLINE
    for server in cycle(servers):
        assert time.monotonic() < end, f"after {count} requests the client is still let in"
        found = status(server, client)
        assert found in (200, 429)
        count += found == 200
        refused[server.url] = found == 429
        if len(refused) == len(servers) and all(refused.values()):
            return count
    raise AssertionError("unreachable")


def test_two_machines_hold_one_clients_limits(tmp_path: Path, vendor: ScriptedServer) -> None:
    """They share nothing but Redis. Rates are exact; a budget may be passed by what one had not heard of the other."""
    with redis_server(tmp_path) as url, ExitStack() as stack:
        given = environment(tmp_path, vendor, REDIS_URL=url)
        machines = [stack.enter_context(RialtoServer(tmp_path / name, **given)) for name in ("one", "other")]
        assert let_in(machines, "rated") == 5
        assert let_in(machines, "tokens") == 3
        assert 3 <= let_in(machines, "day") <= 6
        assert [status(machine, "free") for machine in machines * 4] == [200] * 8
        third = stack.enter_context(RialtoServer(tmp_path / "third", **given))
        assert [status(third, client) for client in ("rated", "day")] == [429, 429]
        assert "counted in this process only" not in "".join(machine.log for machine in machines)


def test_rates_may_have_a_redis_of_their_own(tmp_path: Path, vendor: ScriptedServer) -> None:
    with redis_server(tmp_path) as url, ExitStack() as stack:
        given = environment(tmp_path, vendor, RATELIMIT_STORAGE_URI=url)
        machines = [stack.enter_context(RialtoServer(tmp_path / name, **given)) for name in ("one", "other")]
        assert let_in(machines, "rated") == 5


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_workers_of_one_machine_share_a_budget_and_a_restart_keeps_it(
    tmp_path: Path, vendor: ScriptedServer, kind: str
) -> None:
    given = environment(tmp_path, vendor, WEB_CONCURRENCY="3")
    with RialtoServer(tmp_path, kind, **given) as server:
        count, refusals, end = 0, 0, time.monotonic() + DEADLINE
        while refusals < 20:
            assert time.monotonic() < end, f"after {count} requests the client is still let in"
            found = status(server, "day")
            count, refusals = count + (found == 200), refusals + 1 if found == 429 else 0
        assert 3 <= count <= 9
        server.stop()
    with RialtoServer(tmp_path, kind, **given) as server:
        assert status(server, "day") == 429
        assert status(server, "free") == 200


def test_the_real_client_shows_an_empty_budget_at_once(tmp_path: Path, vendor: ScriptedServer, claude: Path) -> None:
    """It does not try again, although it may, and says which budget it is."""
    with RialtoServer(tmp_path / "rialto", **environment(tmp_path, vendor)) as server:
        assert [status(server, "day") for _ in range(4)] == [200, 200, 200, 429]
        run = run_client(
            "Say hello",
            server.url,
            tmp_path / "client",
            model="groq/m",
            ANTHROPIC_API_KEY=KEYS["day"],
            CLAUDE_CODE_MAX_RETRIES="10",
        )
        said = run.output + run.errors
        assert "client day has used up its daily budget of 3,000 tokens (daily_tokens)" in said
        assert "it begins anew at" in said
        tried = [line for line in server.log.splitlines() if "POST /v1/messages 429" in line]
        assert 2 <= len(tried) <= 4, "one for each question of the client, and the one before it"
    assert len(vendor.bodies) == 3
