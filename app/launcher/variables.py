"""The environment of Claude Code for one model, or for what its own names reach."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.api.listing import LARGE_WINDOW, display_name
from app.catalog.catalog import Catalog
from app.doctor.lists import is_near
from app.settings.settings import Settings, SettingsError
from app.startup import LEAST_WINDOW, TIERS, address, client_limits, client_name
from translators.core.errors import RialtoError
from translators.core.vendor import Route

#: What makes the client wait for a slow model: no limit for a socket, half an hour for an event. In milliseconds; tried
#: with Claude Code 2.1, 2026-11-21.
PATIENT = {"API_FORCE_IDLE_TIMEOUT": "0", "CLAUDE_STREAM_IDLE_TIMEOUT_MS": "1800000"}
#: Seconds: the same patience for Rialto.
PATIENCE = 1800
DISCOVERY = {"CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY": "1"}
#: Any token does where Rialto asks for none.
NO_TOKEN = "rialto"
TOKEN = "ANTHROPIC_AUTH_TOKEN"


@dataclass(frozen=True, slots=True)
class Choice:
    """The models of one start. `main` is the one that was asked for, None for the client's own choice."""

    main: Route | None
    tiers: Mapping[str, Route]

    @property
    def routes(self) -> list[Route]:
        """The models whose limits the client must keep: the chosen one, or all."""
        return [self.main] if self.main else list(self.tiers.values())


def choice(settings: Settings, catalog: Catalog, name: str, known: Callable[[Route], Route]) -> Choice:
    """The models for a name; "" leaves them to BIG_MODEL, MIDDLE_MODEL and SMALL_MODEL. A chosen model stands for all
    three, but for what SMALL_MODEL names. `known` adds limits. Raises RialtoError for a name that leads nowhere.
    """
    if not name:
        return Choice(None, {tier: known(route) for tier, route in reached(catalog)})
    main = known(catalog.resolve(name))
    small = known(catalog.resolve(TIERS[-1])) if settings.small_model else main
    return Choice(main, {**dict.fromkeys(TIERS, main), TIERS[-1]: small})


def reached(catalog: Catalog) -> Iterator[tuple[str, Route]]:
    """The classes that lead somewhere. Raises the RialtoError of the first when none does."""
    failures: list[RialtoError] = []
    for tier in TIERS:
        try:
            yield tier, catalog.resolve(tier)
        except RialtoError as error:
            failures.append(error)
    if len(failures) == len(TIERS):
        raise failures[0]


def variables(settings: Settings, chosen: Choice, given: Mapping[str, str]) -> dict[str, str]:
    """The variables to set. `given` is the environment of the user. Raises SettingsError without a key that Rialto
    takes.
    """
    slow = any(is_slow(route) for route in chosen.tiers.values())
    return {
        "ANTHROPIC_BASE_URL": address(settings),
        TOKEN: token(settings, given),
        **started_with(chosen, given),
        **{f"ANTHROPIC_DEFAULT_{tier.upper()}_MODEL": client_name(route) for tier, route in chosen.tiers.items()},
        **client_limits(chosen.routes),
        **(PATIENT if slow else {}),
        **DISCOVERY,
        **around_proxies(settings, given),
    }


def started_with(chosen: Choice, given: Mapping[str, str]) -> dict[str, str]:
    """The model to begin with. Left to itself the client takes that of opus, with a window of a million tokens
    (2.1.329, tried 2026-11-21), so a smaller one is named.
    """
    first = chosen.main or next(iter(chosen.tiers.values()))
    own = given.get("ANTHROPIC_MODEL") or (first.context_window or 0) >= LARGE_WINDOW
    return {} if own and not chosen.main else {"ANTHROPIC_MODEL": client_name(first)}


def token(settings: Settings, given: Mapping[str, str]) -> str:
    """What Rialto lets in. Raises SettingsError."""
    if settings.bridge_api_key or not settings.is_keyed:
        return settings.bridge_api_key or NO_TOKEN
    if given.get(TOKEN):
        return given[TOKEN]
    raise SettingsError([f"{TOKEN}: set it to your key of conf/clients.toml, BRIDGE_API_KEY is not set"])


def is_slow(route: Route) -> bool:
    """The model runs on this machine or in its network: it may load and think for minutes before it says a word."""
    host = route.base_url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    name = host.partition("]")[0].strip("[") if host.startswith("[") else host.partition(":")[0]
    return route.base_url.startswith("http") and is_near(name)


def around_proxies(settings: Settings, given: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY with Rialto's own host, where a proxy would catch it."""
    named = {name.lower(): value for name, value in given.items()}
    host = address(settings).partition("://")[2].rpartition(":")[0].strip("[]")
    spared = [name.strip() for name in named.get("no_proxy", "").split(",") if name.strip()]
    if not (named.get("http_proxy") or named.get("all_proxy")) or {host, "*"} & set(spared):
        return {}
    joined = ",".join([*spared, host])
    return {"NO_PROXY": joined, "no_proxy": joined}


def warnings(settings: Settings, chosen: Choice, given: Mapping[str, str]) -> Iterator[str]:
    """What the user should know before the start."""
    if settings.first_byte_timeout < PATIENCE and any(is_slow(route) for route in chosen.tiers.values()):
        yield (
            f"Rialto waits {settings.first_byte_timeout:g} seconds for a model's first word; "
            f"FIRST_BYTE_TIMEOUT={PATIENCE} in .env gives a slow one more."
        )
    told: set[str] = set()
    for route in chosen.tiers.values():
        name = display_name(route)
        window = route.context_window
        if window and window < LEAST_WINDOW and name not in told:
            told.add(name)
            yield f"Warning: {name} has a window of {window:,} tokens; Claude Code needs {LEAST_WINDOW:,} or more."
    if chosen.main and not chosen.main.context_window:
        yield f"The window of {display_name(chosen.main)} is not known; conf/models.local.toml can name it."
    if given.get("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"):
        yield "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC is set: the client does not list Rialto's models."


def lines(values: Mapping[str, str], settings: Settings, *, show_key: bool) -> Iterator[str]:
    """The variables as a shell reads them. The key is left to the shell's own variable unless it is asked for."""
    for name, value in values.items():
        hide = name == TOKEN and value != NO_TOKEN and not show_key
        shown = ('"$BRIDGE_API_KEY"' if settings.bridge_api_key else f'"${TOKEN}"') if hide else shlex.quote(value)
        yield f"export {name}={shown}"
