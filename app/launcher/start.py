"""`conf/claude [--print] [--show-key] [--start] [MODEL] [arguments of claude]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.catalog.catalog import Catalog
from app.launcher import server
from app.launcher.variables import Choice, choice, lines, variables, warnings
from app.memory.memory import remembered
from app.settings.settings import ROOT, Settings, SettingsError
from app.startup import address
from app.upstream.upstream import Upstream
from translators.core.errors import RialtoError

USAGE = """\
usage: conf/claude [--print] [--show-key] [--start] [MODEL] [arguments of claude]

Starts Claude Code on MODEL (any name that Rialto knows: vendor/model, or an alias of conf/models.toml), with its
window and limits. Without MODEL it is what opus, sonnet and haiku reach.

  --print       only print the variables, for a shell
  --show-key    print the key too
  --start       start Rialto in the background when none answers
  --model NAME  the same as MODEL
  --            everything behind it is for claude
"""
INSTALL = "npm install -g @anthropic-ai/claude-code"
#: Modes of the client in which it does not call ANTHROPIC_BASE_URL.
OTHER_MODES = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
#: Seconds for a vendor to tell a model's window.
CONNECT_SECONDS, LOOK_SECONDS = 3.0, 5.0


@dataclass(slots=True)
class Wish:
    """The command line. `rest` is for claude."""

    model: str = ""
    rest: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)


def wish(arguments: Sequence[str]) -> Wish:
    """The command line, read up to the first word that is not the launcher's own. Raises ValueError."""
    found, rest = Wish(), list(arguments)
    while rest and rest[0] in ("--print", "--show-key", "--start", "--help", "-h", "--model"):
        flag = rest.pop(0)
        if flag == "--model":
            if not rest:
                raise ValueError("--model needs a name")
            found.model = rest.pop(0)
        found.flags.add(flag)
    if rest and not found.model and not rest[0].startswith("-"):
        found.model = rest.pop(0)
    found.rest = rest[1:] if rest[:1] == ["--"] else rest
    return found


def main(arguments: Sequence[str]) -> int:
    """The exit status; returns only when claude was not started."""
    try:
        wanted = wish(arguments)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if wanted.flags & {"--help", "-h"}:
        print(USAGE, end="")
        return 0
    try:
        settings, chosen = read(wanted.model)
        values = variables(settings, chosen, os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except RialtoError as error:
        print(error.message, file=sys.stderr)
        return 2
    for line in warnings(settings, chosen, os.environ):
        print(line, file=sys.stderr)
    if "--print" in wanted.flags:
        print("\n".join(lines(values, settings, show_key="--show-key" in wanted.flags)))
        return 0
    return started(wanted, settings, values)


def read(model: str) -> tuple[Settings, Choice]:
    """The settings and the models of a start. Relative paths in them are relative to Rialto's folder."""
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        settings = Settings.load()
        catalog = Catalog.load(settings)
        upstream = Upstream(CONNECT_SECONDS, LOOK_SECONDS, settings.custom_headers) if settings.learn_limits else None
        return settings, choice(settings, catalog, model, remembered(settings, upstream))
    finally:
        os.chdir(here)


def started(wanted: Wish, settings: Settings, values: Mapping[str, str]) -> int:
    """Becomes claude; the exit status when it cannot."""
    program = client(os.environ.get("PATH", ""))
    if program is None:
        print(f"claude is not installed, or not on PATH. To install it: {INSTALL}", file=sys.stderr)
        return 127
    url = address(settings)
    who = server.answers(url)
    if not who and "--start" in wanted.flags and server.start():
        who = server.answers(url)
    if who != server.NAME:
        print(nobody(url, who), file=sys.stderr)
        return 1
    environment = {name: value for name, value in os.environ.items() if name not in OTHER_MODES} | dict(values)
    sys.stdout.flush()
    os.execve(program, [str(program), *wanted.rest], environment)


def nobody(url: str, who: str) -> str:
    """Says that no Rialto is there."""
    if who:
        return f"At {url} answers {who}, not Rialto. Set PORT in .env to a free port, and start Rialto there."
    return f"No Rialto answers at {url}. Start it with make run, or let this do it: conf/claude --start"


def client(path: str) -> Path | None:
    """The program `claude` on PATH, without this launcher by that name."""
    own = ROOT / "conf" / "claude"
    for folder in path.split(os.pathsep):
        found = Path(folder or ".") / "claude"
        if found.is_file() and os.access(found, os.X_OK) and not (own.exists() and found.samefile(own)):
            return found
    return None
