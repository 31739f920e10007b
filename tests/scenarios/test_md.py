"""MD: models and paths."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.answers import answer
from tests.scenarios.over import over
from tests.scenarios.rig import Rig
from tests.scenarios.wires import EVERY

#: What the client keeps of a list of models.
USABLE = re.compile(r"(claude|anthropic)", re.IGNORECASE)


@over("chat")
def test_md_1_discovery(rig: Rig) -> None:
    """Every id passes the client's filter, every name tells the real model; no vendor is asked for it."""
    reply = rig.client.get("/v1/models?limit=1000", headers={"anthropic-version": "2023-06-01"})
    assert reply.status_code == 200
    body = reply.get_json()
    rows = body["data"]
    assert len(rows) > 20
    assert body["has_more"] is False
    assert [row["id"] for row in rows if not USABLE.match(row["id"])] == []
    assert all(row["type"] == "model" for row in rows)
    own = {row["id"]: row["display_name"] for row in rows}
    for row, name in own.items():
        if row.startswith("anthropic/"):
            model = row.removeprefix("anthropic/").partition("/")[2].removesuffix("[1m]")
            assert model in name, row
    assert [
        request.path for request in rig.vendor.requests if "models" not in request.path and "tags" not in request.path
    ] == []


@over("chat")
def test_md_1_names_of_claude_tell_what_is_behind_them(rig: Rig) -> None:
    rows = rig.client.get("/v1/models?limit=1000").get_json()["data"]
    named = {row["id"]: row["display_name"] for row in rows if row["id"].startswith("claude")}
    assert named
    assert all(re.search(r"\(.+\)$", name) for name in named.values())


@over("chat")
def test_md_1_every_listed_id_can_be_asked(rig: Rig) -> None:
    rows = rig.client.get("/v1/models?limit=1000").get_json()["data"]
    for row in rows:
        assert rig.client.get(f"/v1/models/{row['id']}").status_code == 200


PATHS = ["/v1/messages?beta=true", "/v1/v1/messages", "/v1/v1/messages?beta=true", "/prefix/v1/messages?beta=true"]


@pytest.mark.parametrize("path", PATHS)
@over()
def test_md_2_queries_and_doubled_prefixes(rig: Rig, path: str) -> None:
    rig.play(answer("Hello."))
    assert rig.ask(path=path).brief == ["Hello."]
    assert "beta=true" not in rig.sent.path or rig.wire.name == "passthrough"


@over(*EVERY)
def test_md_2_the_model_in_the_path(rig: Rig) -> None:
    rig.play(answer("Hello."))
    outcome = rig.ask(path=f"/{rig.wire.vendor}:{rig.wire.served}/v1/messages?beta=true", model="claude-sonnet-5-5")
    assert outcome.brief == ["Hello."]
    assert outcome.sound[0]["message"]["model"] == "claude-sonnet-5-5"


@pytest.mark.parametrize("path", ["/", "/v1/messages", "/v1", "/api/hello", "/anything", "/v1/models?limit=1000"])
@over("chat")
def test_md_2_head(rig: Rig, path: str) -> None:
    reply = rig.client.head(path)
    assert (reply.status_code, reply.data) == (200, b"")
    assert rig.vendor.requests == []
