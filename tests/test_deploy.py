"""The files of conf/deploy agree with the program and with each other. That they work, tests/e2e/test_nginx.py, `make
scale-out` and their own tools tell.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.exchange.exchange import BLANK_EVERY
from app.exchange.patience import PING_EVERY
from app.settings.settings import Settings
from tests.sizes import ROOT

DEPLOY = ROOT / "conf" / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OBJECTS = {
    found["kind"]: found for found in yaml.safe_load_all((DEPLOY / "kubernetes" / "rialto.yaml").read_text("utf-8"))
}
UNIT = (DEPLOY / "systemd" / "rialto.service").read_text("utf-8")
NGINX = (DEPLOY / "nginx" / "rialto.conf").read_text("utf-8")
GUNICORN = (ROOT / "gunicorn.conf.py").read_text("utf-8")
DEFAULTS = Settings.load({})
#: Seconds beyond the streams' own grace that a stop may take.
SLACK = 5


def number(pattern: str, text: str) -> int:
    """The one number that a pattern finds."""
    (found,) = re.findall(pattern, text, flags=re.MULTILINE)
    return int(found)


def block(text: str, name: str) -> str:
    """What stands between the braces behind a name."""
    found = re.search(rf"^{name} [^{{]*{{(.*?)^}}", text, flags=re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


GRACE = DEFAULTS.graceful_timeout
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]


def test_nginx_is_the_one_to_close_idle_connections() -> None:
    assert number(r"keepalive_timeout (\d+)s", block(NGINX, "upstream")) < number(r"^keepalive = (\d+)", GUNICORN)


def test_nginx_outlasts_every_silence() -> None:
    """Streams and slow whole answers move now and then; everything else ends with the first byte's limit."""
    patience = number(r"proxy_read_timeout (\d+)s", NGINX)
    assert patience > max(PING_EVERY, BLANK_EVERY, DEFAULTS.first_byte_timeout)
    assert number(r"^ *send_timeout (\d+)s", NGINX) >= patience


def test_nginx_leaves_it_to_rialto_to_refuse_a_large_body() -> None:
    largest = number(r"client_max_body_size (\d+)m", NGINX) * 1024 * 1024
    assert largest > max(DEFAULTS.max_body_bytes, DEFAULTS.storage.batch_bytes, DEFAULTS.storage.file_bytes)


def test_nginx_repeats_nothing_that_was_read() -> None:
    (rule,) = re.findall(r"^ *proxy_next_upstream (.*);", NGINX, flags=re.MULTILINE)
    assert set(rule.split()) == {"error", "timeout"}


def test_everybody_gives_streams_their_time() -> None:
    pre_stop = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["terminationGracePeriodSeconds"] >= pre_stop + GRACE + SLACK
    assert (
        number(r"^\$\{RIALTO_STOP_SECONDS:-(\d+)\}s$", COMPOSE["services"]["rialto"]["stop_grace_period"])
        >= GRACE + SLACK
    )
    assert number(r"^TimeoutStopSec=(\d+)", UNIT) >= GRACE + SLACK


@pytest.mark.parametrize("name", ["compose.yaml", "kubernetes/rialto.yaml", "systemd/rialto.service"])
def test_everybody_names_the_setting_that_goes_with_it(name: str) -> None:
    assert "GRACEFUL_TIMEOUT" in (DEPLOY / name).read_text("utf-8")


def test_a_pod_that_finishes_its_streams_is_not_killed_for_its_503() -> None:
    probe = CONTAINER["livenessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] > GRACE
    ready = CONTAINER["readinessProbe"]
    assert ready["periodSeconds"] * ready["failureThreshold"] < GRACE


def test_every_probe_asks_for_the_health() -> None:
    probes = [CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")]
    assert {probe["path"] for probe in probes} == {"/health"}
    assert {probe["port"] for probe in probes} == {port["name"] for port in CONTAINER["ports"]}
    assert "/health" in json.loads(healthcheck())[2]


def healthcheck() -> str:
    found = re.search(r"^HEALTHCHECK .*\\\n +CMD (\[.*\])$", DOCKERFILE, flags=re.MULTILINE)
    assert found
    return found[1]


def test_nobody_is_root_and_nothing_is_written_but_volumes() -> None:
    user = number(r"^USER (\d+):\d+$", DOCKERFILE)
    assert user == number(r"useradd --uid (\d+)", DOCKERFILE) == POD["securityContext"]["runAsUser"] > 0
    assert POD["securityContext"]["runAsNonRoot"]
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] and COMPOSE["services"]["rialto"]["read_only"]
    (volumes,) = re.findall(r"^VOLUME (\[.*\])$", DOCKERFILE, flags=re.MULTILINE)
    mounts = {mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    assert set(json.loads(volumes)) == mounts - {"/tmp", "/dev/shm"}
    assert set(json.loads(volumes)) == {mount.partition(":")[2] for mount in COMPOSE["services"]["rialto"]["volumes"]}


def test_the_variables_are_known() -> None:
    known = {
        line.partition("=")[0].lstrip("# ") for line in (ROOT / "conf/env.example").read_text("utf-8").splitlines()
    }
    given = {entry["name"] for entry in CONTAINER["env"]} | set(COMPOSE["services"]["rialto"]["environment"])
    assert given <= known
    assert set(re.findall(r"(BRIDGE_[A-Z_]+)=", UNIT)) <= known


def test_the_image_holds_what_it_copies_and_no_secret() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*" and "**/*.local.toml" in rules
    let_in = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = {
        source
        for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, flags=re.MULTILINE)
        for source in sources.split()
    }
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)


def test_every_package_of_the_image_is_taken_by_its_hash() -> None:
    assert "--require-hashes" in DOCKERFILE and "--only-binary=:all:" in DOCKERFILE
    tested = (ROOT / "tests" / "requirements.lock").read_text("utf-8")
    for name, first in {"redis.lock": "redis", "s3.lock": "botocore"}.items():
        packages = re.split(r"\n(?=\S)", (DEPLOY / name).read_text("utf-8").strip())
        assert packages[0].startswith(f"{first}==") and all("--hash=sha256:" in package for package in packages)
        assert all(package in tested for package in packages), f"conf/deploy/{name} is not what is tested"


def test_the_objects_find_each_other() -> None:
    label = OBJECTS["Deployment"]["spec"]["selector"]["matchLabels"]
    assert OBJECTS["Deployment"]["spec"]["template"]["metadata"]["labels"] == label
    assert OBJECTS["Service"]["spec"]["selector"] == label
    assert OBJECTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == label
    target = OBJECTS["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", OBJECTS["Deployment"]["metadata"]["name"])
    assert OBJECTS["HorizontalPodAutoscaler"]["spec"]["minReplicas"] >= 2
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == {volume["name"] for volume in POD["volumes"]}


def test_compose_names_files_that_are_there() -> None:
    services: dict[str, Any] = COMPOSE["services"]
    build = services["rialto"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT and (ROOT / build["dockerfile"]).exists()
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())]
    files = [name for name in mounted if name.startswith(".")]
    assert len(files) == 2 and all((DEPLOY / name).exists() for name in files)
    assert {name for name in mounted if not name.startswith(".")} == set(COMPOSE["volumes"])
    written = {entry["source"] for service in services.values() for entry in service.get("configs", ())}
    assert written == set(COMPOSE["configs"])
    assert all(yaml.safe_load(config["content"]) for config in COMPOSE["configs"].values())


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd is installed")
    unit = tmp_path / "rialto.service"
    unit.write_text(UNIT.replace("/opt/rialto/.venv/bin/gunicorn", "/bin/true"))
    run = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stderr) == (0, "")
