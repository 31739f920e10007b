"""What Rialto says when it starts: its vendors, what each class of models reaches, what to paste for Claude Code."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.api.listing import LARGE, LARGE_WINDOW, display_name, is_long, public_id, row_of
from app.settings.settings import Settings
from translators.core.errors import RialtoError
from translators.core.vendor import Route

if TYPE_CHECKING:
    from app.catalog.catalog import Catalog

VERSION = "0.1.0"

#: What captures hold -> what is said of them at the start.
CAPTURED = {
    "all": "BRIDGE_DEBUG: every exchange is kept with all that is said, see docs/debugging.md",
    "shapes": "BRIDGE_DEBUG: every exchange is kept without what is said, see docs/debugging.md",
}
TIERS = ("opus", "sonnet", "haiku")
EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}
#: What the client's own settings allow (contract of Claude Code 2.1, tried 2026-11-21), in tokens.
LEAST_COMPACT_WINDOW = 100_000
MOST_COMPACT_WINDOW = 1_000_000
MOST_OUTPUT = 128_000
#: The window that the client assumes for its own models, and the one below which a session has no room to work.
ASSUMED_WINDOW, LEAST_WINDOW = 200_000, 48_000
ASSUMES = f"the client assumes {ASSUMED_WINDOW:,} tokens"
#: The window of all names but those that the client knows, and the one up to which it compacts, whatever the name.
MAX_CONTEXT, AUTO_COMPACT = "CLAUDE_CODE_MAX_CONTEXT_TOKENS", "CLAUDE_CODE_AUTO_COMPACT_WINDOW"
#: Names of which the client knows all by itself begin like this.
KNOWN_BETTER = "claude-"


def banner(settings: Settings, catalog: Catalog) -> str:
    """The whole text. It holds no secret."""
    lines = [
        f"Rialto {VERSION} on {address(settings)}",
        *([f"Dashboard: {address(settings)}/dashboard"] if settings.dashboard.shown else []),
        *_vendor_lines(catalog),
        *(f"  {tier:<7} -> {reach(catalog, tier)}" for tier in TIERS),
        "To connect Claude Code, paste:",
        *(f"  export {name}={value}" for name, value in client_variables(settings, catalog).items()),
        *_warnings(catalog, shown(catalog)),
        *([f"Files: {settings.storage.bucket.address}"] if settings.storage.bucket else []),
        *([CAPTURED[settings.capture.contents]] if settings.capture.contents else []),
    ]
    return "\n".join(lines)


def address(settings: Settings) -> str:
    """The address that clients of this machine use."""
    host = EVERY_ADDRESS.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    return f"http://{host}:{settings.port}"


def reach(catalog: Catalog, name: str) -> str:
    """The model that a name leads to, or why it leads nowhere."""
    try:
        return display_name(catalog.resolve(name))
    except RialtoError as error:
        return f"nothing: {error.message}"


def client_variables(settings: Settings, catalog: Catalog) -> dict[str, str]:
    """The environment of Claude Code, in the order in which it is shown.

    Names that do not begin with "claude-" make the client believe CLAUDE_CODE_MAX_CONTEXT_TOKENS.
    """
    classes = shown(catalog)
    return {
        "ANTHROPIC_BASE_URL": address(settings),
        "ANTHROPIC_AUTH_TOKEN": _shown_key(settings),
        **{f"ANTHROPIC_DEFAULT_{tier.upper()}_MODEL": shlex.quote(one.name) for tier, one in classes.items()},
        **shown_limits(classes.values()),
        "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1",
    }


def _shown_key(settings: Settings) -> str:
    """What stands for the client's key."""
    if settings.bridge_api_key:
        return '"$BRIDGE_API_KEY"'
    return "a-key-of-conf/clients.toml" if settings.is_keyed else "rialto"


def _vendor_lines(catalog: Catalog) -> Iterator[str]:
    ready = [target.vendor.title for target in catalog.configured]
    waiting = sorted({target.missing for target in catalog.targets.values() if target.missing})
    if not ready:
        yield "No vendor is set up: the built-in demo answers. Set one of these in .env: " + ", ".join(waiting)
        return
    yield "Vendors: " + ", ".join(ready)
    if waiting:
        yield "Not set: " + ", ".join(waiting)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the client calls a class of models, and its route, with the window that rules for long contexts give it."""

    name: str
    route: Route


def shown(catalog: Catalog) -> dict[str, Shown]:
    """The classes that reach something."""
    found: dict[str, Shown] = {}
    for tier in TIERS:
        try:
            found[tier] = _shown(catalog, tier, catalog.resolve(tier))
        except RialtoError:
            continue
    return found


def _shown(catalog: Catalog, tier: str, route: Route) -> Shown:
    """A plain name where rules hold for it, because one with its vendor keeps to that."""
    known = catalog.conf.tiers.get(tier)
    plain = next((name for name in (known.names if known else ()) if catalog.detours(name)), "")
    if not plain:
        return Shown(client_name(route), route)
    window = row_of(catalog, plain).context_window
    return Shown(plain + (LARGE if (window or 0) >= LARGE_WINDOW else ""), replace(route, context_window=window))


def client_name(route: Route) -> str:
    """What the client must call a model, so that it uses its window."""
    large = (route.context_window or 0) >= LARGE_WINDOW
    return public_id(route.vendor.name, route.model) + (LARGE if large else "")


def _warnings(catalog: Catalog, classes: Mapping[str, Shown]) -> Iterator[str]:
    """What a small window means for the client."""
    small = {
        one.name: one.route for one in classes.values() if (one.route.context_window or ASSUMED_WINDOW) < ASSUMED_WINDOW
    }
    if any(not name.startswith(KNOWN_BETTER) for name in small):
        yield f"Use these names: for any other that begins with claude- {ASSUMES}."
    for name, route in small.items():
        if name.startswith(KNOWN_BETTER) and (route.context_window or 0) < LEAST_COMPACT_WINDOW:
            yield f"Warning: for {name} {ASSUMES}, {display_name(route)} has {route.context_window:,}."
    windows = {display_name(route): route.context_window or 0 for route in small.values()}
    for model, window in windows.items():
        if window < LEAST_WINDOW:
            yield f"Warning: {model} has a window of {window:,} tokens; Claude Code needs {LEAST_WINDOW:,} or more."
    yield from dict.fromkeys(gap for one in classes.values() for gap in _gaps(catalog, one.name))


def _gaps(catalog: Catalog, name: str) -> Iterator[str]:
    """Requests that are too long for a model, and too short for the rule that leads long ones to another."""
    route, rules = catalog.resolve(name), [rule for rule, _ in catalog.detours(name) if is_long(rule)]
    least = min((rule.over for rule in rules), default=0)
    if route.context_window and route.context_window < least:
        yield (
            f"Warning: {display_name(route)} has a window of {route.context_window:,} tokens, but only requests over "
            f"{least:,} are led to a larger one: lower `over` in [[routing]]."
        )


def shown_limits(classes: Collection[Shown]) -> dict[str, str]:
    """The limits for names as they are shown. Of those that begin with "claude-" the client takes the window from the
    name: all that can keep it to a smaller one is to compact earlier.
    """
    own = [one.route for one in classes if one.name.startswith(KNOWN_BETTER)]
    others = [one.route for one in classes if not one.name.startswith(KNOWN_BETTER)]
    limits = client_limits([*own, *others])
    if windows := windows_of(others):
        limits[MAX_CONTEXT] = str(min(windows))
    if windows := windows_of(own):
        least = min(windows)
        limits[AUTO_COMPACT] = str(compact_window(least if least < ASSUMED_WINDOW else max(windows)))
    return limits


def client_limits(routes: list[Route]) -> dict[str, str]:
    """The limits that hold for all of the models; none when they are not known."""
    windows = windows_of(routes)
    outputs = [route.max_output for route in routes if route.max_output]
    limits: dict[str, int] = {}
    if windows:
        limits[MAX_CONTEXT] = min(windows)
        limits[AUTO_COMPACT] = compact_window(min(windows))
    if outputs and min(outputs) < MOST_OUTPUT:
        limits["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] = min(outputs)
    return {name: str(value) for name, value in limits.items()}


def windows_of(routes: Iterable[Route]) -> list[int]:
    """The windows that are known."""
    return [route.context_window for route in routes if route.context_window]


def compact_window(window: int) -> int:
    """The nearest that the client accepts."""
    return min(max(window, LEAST_COMPACT_WINDOW), MOST_COMPACT_WINDOW)
