"""The checks of one model, in their order. A failure of the first ones leaves the others unchecked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from app.catalog.targets import Target
from app.doctor.asking import LIST_SECONDS, Asker
from app.doctor.findings import Finding, Report, State, arranged
from app.doctor.lists import Listed, better_address, listed, shown
from app.doctor.questions import ANSWER, COUNT, IMAGE, THINKING, TOOL, TOOL_NAME, text_of
from app.doctor.remedies import Case, larger_words, mistake, tool_words
from app.memory.limits import LearntLimits
from app.startup import LEAST_WINDOW
from app.upstream.proxies import proxy_of
from translators.core.errors import Broke, InvalidRequest, NotFound, RialtoError, TimedOut, Unreachable
from translators.core.limits import limits_for
from translators.core.local import LocalServer
from translators.core.vendor import Route, Vendor

#: Seconds for a look at what a local server has loaded.
LOOK_SECONDS = 3.0
#: Models that are named in the table.
NAMED = 4


@dataclass(frozen=True, slots=True)
class Met:
    """What a check found when nothing failed."""

    words: str = ""
    state: State = "ok"
    category: str = ""
    remedy: str = ""


class Examination:
    """Of one model of a configured vendor. `route` is the model's; its limits are asked for here."""

    def __init__(
        self,
        target: Target,
        route: Route,
        asker: Asker,
        vendors: dict[str, Vendor],
        claims_thinking: bool,
        claims_vision: bool | None,
    ) -> None:
        self._target = target
        self._route = replace(route, key=target.key, keys=target.keys[:1])
        self._asker = asker
        self._vendors = vendors
        self._thinks = claims_thinking
        self._sees = claims_vision
        self._list: Listed | None = None
        self._found: list[Finding] = []

    def report(self) -> Report:
        """All findings. Raises nothing."""
        self._found += [Finding(check="key", state="ok", words=self._key_words()), *self._reached()]
        if not self._failed:
            self._check("answer", self._answer)
        if not self._failed:
            self._found.append(Finding(check="address", state="ok", words=shown(self._route.base_url)))
            for name, check in self._others():
                self._check(name, check)
        return Report(
            vendor=self._route.vendor.name,
            title=self._route.vendor.title,
            model=self._route.model,
            address=shown(self._route.base_url),
            findings=arranged(self._found),
        )

    def _others(self) -> Iterator[tuple[str, Callable[[], Met]]]:
        yield "stream", self._stream
        yield "tools", self._tools
        yield "thinking", self._thinking
        yield "image", self._image
        yield "count", self._count
        yield "window", self._window

    @property
    def _failed(self) -> bool:
        return any(finding.state == "failed" for finding in self._found)

    def _check(self, name: str, check: Callable[[], Met]) -> None:
        began = time.monotonic()
        try:
            met = check()
        except RialtoError as error:
            self._found.append(self._failure(name, error))
            return
        took = round((time.monotonic() - began) * 1000)
        self._found.append(
            Finding(
                check=name,
                state=met.state,
                words=met.words,
                category=met.category,
                remedy=met.remedy,
                milliseconds=took,
            )
        )

    def _failure(self, name: str, error: RialtoError) -> Finding:
        """The finding of a failure, at the check that it is really about."""
        known = mistake(self._case(name, error))
        check = known.check if name == "answer" and known.check else name
        words = self._asker.means.redact(error.message)
        return Finding(
            check=check,
            state="failed",
            words=words,
            category=known.category,
            remedy=known.words(self._case(name, error)),
        )

    def _case(self, check: str, error: RialtoError) -> Case:
        return Case(
            route=self._route,
            error=error,
            check=check,
            vendors=self._vendors,
            models=self._names,
            better=self._better(check, error),
            proxy=proxy_of(self._route.base_url),
            local=self._local(),
            setting=self._setting(),
        )

    def _setting(self) -> str:
        tier = self._asker.rialto.catalog.names.tier_of(self._route.alias)
        return tier[1].setting.upper() if tier else ""

    def _better(self, check: str, error: RialtoError) -> str:
        """An address that answers in place of this one, tried once."""
        refused = error.status in (401, 403)
        strange = isinstance(error, (Unreachable, Broke)) or error.status in (400, 404, 405) or error.status >= 500
        if (
            isinstance(error, TimedOut)
            or check != "answer"
            or (self._names and not refused)
            or not (refused or strange)
        ):
            return ""
        return better_address(self._route, self._asker.means.upstream, refused=refused)

    @property
    def _names(self) -> tuple[str, ...]:
        return self._list.names if self._list else ()

    def _key_words(self) -> str:
        if not self._target.key:
            return "none needed"
        keys = len(self._target.keys)
        return self._route.vendor.key_variable + (f", {keys} keys" if keys > 1 else "")

    def _reached(self) -> Iterator[Finding]:
        """What the list of models tells. A refusal is left to the answer: a key may be for answers alone."""
        seconds = min(LIST_SECONDS, self._asker.seconds)
        self._list = listed(self._route, self._asker.means.upstream, seconds)
        if self._list is None:
            yield Finding(check="models", state="not checked", words="it has no list")
        elif self._list.error:
            yield Finding(check="models", state="not checked", words=self._asker.means.redact(self._list.error.message))
        elif not self._list.names:
            yield self._failure("models", NotFound(f"{self._route.vendor.title} lists no models"))
        else:
            names = ", ".join(self._names[:NAMED])
            words = f"{len(self._names)}: {names}{', ...' if len(self._names) > NAMED else ''}"
            yield Finding(check="models", state="ok", words=words)
            yield from self._other_keys(seconds)

    def _other_keys(self, seconds: float) -> Iterator[Finding]:
        """The keys behind the first one, which would be missed only when they are needed."""
        for number, key in enumerate(self._target.keys[1:], 2):
            route = replace(self._route, key=key, keys=(key,))
            found = listed(route, self._asker.means.upstream, seconds)
            if found and found.error and found.error.status in (401, 403):
                words = f"key {number} of {len(self._target.keys)}: {found.error.message}"
                remedy = f"Take that key out of {self._route.vendor.key_variable}, or replace it."
                yield Finding(check="key", state="failed", words=words, category="wrong key", remedy=remedy)

    def _answer(self) -> Met:
        reply = self._asker.message(self._route, **ANSWER)
        return Met(f"{text_of(reply).strip()[:40]!r}")

    def _stream(self) -> Met:
        events = self._asker.events(self._route, **ANSWER)
        pieces = sum(event["type"] == "content_block_delta" for event in events)
        if not events or events[-1]["type"] != "message_stop":
            raise Broke(f"{self._route.vendor.title}: the stream has no end")
        return Met(f"{pieces} pieces")

    def _tools(self) -> Met:
        if self._route.vendor.stand_in:
            return Met(state="not claimed")
        reply = self._asker.message(self._route, **TOOL)
        called = [block for block in reply["content"] if block["type"] == "tool_use"]
        if called and called[0]["name"] == TOOL_NAME:
            return Met(f"called with {called[0]['input']}")
        case = self._case("tools", RialtoError("no call"))
        words = f"it answered without the call: {text_of(reply).strip()[:60]!r}"
        return Met(words, "failed", "no tools", tool_words(case))

    def _thinking(self) -> Met:
        if not self._thinks:
            return Met(state="not claimed")
        reply = self._asker.message(self._route, **THINKING)
        thought = any(block["type"] in ("thinking", "redacted_thinking") for block in reply["content"])
        return Met("" if thought else "accepted, none shown")

    def _image(self) -> Met:
        if self._sees is False or not self._route.profile.images:
            return Met(state="not claimed")
        try:
            reply = self._asker.message(self._route, **IMAGE)
            if not self._asker.means.memory.known(self._route).profile.images:
                raise InvalidRequest(f"{self._route.model} has refused the image; it gets words in place of images now")
            return Met(f"{text_of(reply).strip()[:40]!r}")
        except RialtoError as error:
            failure = self._failure("image", error)
            if self._sees or failure.category != "no vision":
                raise
            return Met(failure.words, "not claimed", failure.category, failure.remedy)

    def _count(self) -> Met:
        estimate = self._asker.estimate(self._route, **COUNT)
        try:
            counted = self._asker.count(self._route, **COUNT)
        except (RialtoError, KeyError, TypeError, ValueError):
            counted = None
        return Met(f"{estimate} tokens, estimated" if counted is None else f"{counted} tokens, by its own counter")

    def _window(self) -> Met:
        window = self._true_window()
        if window is None:
            words = "unknown"
            name = f"{self._route.vendor.name}/{self._route.model}"
            return Met(words, remedy=f'To name it, conf/models.local.toml: [models."{name}"] context_window = 65536')
        if window < LEAST_WINDOW:
            remedy = f"Claude Code needs {LEAST_WINDOW:,} tokens or more. {larger_words(self._local())}"
            return Met(f"{window:,} tokens", "failed", "small window", remedy)
        return Met(f"{window:,} tokens")

    def _true_window(self) -> int | None:
        """The smaller one of what is known of the model and what its server has loaded it with."""
        limits: LearntLimits = self._asker.means.memory.limits
        known = [limits.awaited(self._route).context_window, self._served()]
        return min((window for window in known if window), default=None)

    def _served(self) -> int | None:
        for server in self._route.vendor.local_servers:
            if server.served:
                answer = self._asker.means.memory.limits.look(server.served, self._route)
                if window := limits_for(self._route.model, answer).context_window:
                    return window
        return None

    def _local(self) -> LocalServer | None:
        """The program behind the address: by what its list says, else by its port."""
        servers = self._route.vendor.local_servers
        owner = self._asker.means.memory.limits.server(self._route) if len(servers) > 1 and self._names else ""
        named = [server for server in servers if server.owner and server.owner == owner]
        port = self._route.base_url.partition("://")[2].partition("/")[0].rpartition(":")[2]
        here = [server for server in servers if str(server.port) == port]
        return next(iter([*named, *here, *(servers if len(servers) == 1 else ())]), None)


def unasked(target: Target) -> Report:
    """The report of a vendor that is not set up, or that only clients have keys of."""
    finding = Finding(check="key", state="not configured", words=f"{target.missing} is not set")
    if not target.missing:
        finding = Finding(
            check="key", state="not checked", words="the clients send their own, there is none to ask with"
        )
    return Report(vendor=target.vendor.name, title=target.vendor.title, findings=arranged([finding]))
