"""What to do about a failure: a table of the common mistakes, the first that fits.

A category never changes its name: scripts read it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.doctor.lists import is_here, shown
from app.upstream.proxies import Proxy
from translators.core.errors import Broke, NotFound, PromptTooLong, RialtoError, TimedOut, Unreachable
from translators.core.local import LocalServer
from translators.core.vendor import Route, Vendor

REFUSED = re.compile(r"connection refused|actively refused", re.IGNORECASE)
NO_HOST = re.compile(
    r"name or service not known|nodename nor servname|temporary failure in name|resolve", re.IGNORECASE
)
CERTIFICATE = re.compile(r"certificate", re.IGNORECASE)
NO_TOOLS = re.compile(r"\btools?\b|tool_choice|function", re.IGNORECASE)
#: Statuses by which a proxy says that it cannot, or will not.
PROXY_STATUSES = frozenset({403, 407, 502, 503, 504})
#: The most models that a remedy names.
NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of a failure. `better` is an address that answers where the given one does not."""

    route: Route
    error: RialtoError
    check: str = "answer"
    vendors: Mapping[str, Vendor]
    models: tuple[str, ...] = ()
    better: str = ""
    proxy: Proxy | None = None
    local: LocalServer | None = None
    setting: str = ""
    """The variable that chooses the model, where the client's own name led here."""

    @property
    def key_name(self) -> str:
        """The variable with the key."""
        return self.route.vendor.key_variable or "the key"

    @property
    def address_name(self) -> str:
        """The variable with the address."""
        return self.route.vendor.address_variable

    @property
    def refused(self) -> bool:
        """The vendor knows the key not, or lets it not do this."""
        return self.error.status in (401, 403)

    @property
    def unreachable(self) -> bool:
        """There was no answer, or none of the vendor's own."""
        return isinstance(self.error, (Unreachable, Broke, TimedOut))


@dataclass(frozen=True, slots=True)
class Mistake:
    """A kind of failure: what it is called, which check it is a failure of ("" for the one that met it), when it is
    one, and what to do.
    """

    category: str
    check: str
    fits: Callable[[Case], bool]
    words: Callable[[Case], str]


def owner_of(key: str, vendors: Mapping[str, Vendor]) -> Vendor | None:
    """The vendor whose keys begin as this one does."""
    return next((vendor for vendor in vendors.values() if key.startswith(vendor.desk.prefixes or ("\0",))), None)


def is_foreign(case: Case) -> bool:
    """The refused key looks like another vendor's."""
    owner = owner_of(case.route.key, case.vendors)
    return case.refused and owner is not None and owner.key_variable != case.route.vendor.key_variable


def foreign_words(case: Case) -> str:
    """Whose key it is."""
    owner = owner_of(case.route.key, case.vendors)
    assert owner
    return (
        f"Check {case.key_name}: its value begins like a key of {owner.title}. Put that one into {owner.key_variable}"
        f"{f', and a key of {case.route.vendor.title} here{desk(case)}' if case.route.vendor.desk.page else ''}."
    )


def key_words(case: Case) -> str:
    """Where the right key is to be had."""
    quoted = case.route.key[:1] in "'\"" and case.route.key
    extra = " It has quotes around it: take them away." if quoted else ""
    prefixes = case.route.vendor.desk.prefixes
    if case.route.key and prefixes and not case.route.moved and not case.route.key.startswith(prefixes):
        extra += f" Its keys usually begin with {' or '.join(prefixes)}; this one does not."
    if not case.route.key:
        return f"Check {case.key_name}: the server wants a key, and none is set."
    if case.error.status == 403:
        extra += " A key may also lack the right to use this model."
    return f"Check {case.key_name}: the key is refused.{extra}{sentence(desk(case))}"


def desk(case: Case) -> str:
    """Where keys are handed out."""
    page = case.route.vendor.desk.page
    return f" (from {page})" if page else ""


def sentence(place: str) -> str:
    """The same as a sentence of its own."""
    return f" Keys: {place.strip(' ()').removeprefix('from ')}." if place else ""


def scheme_of(url: str) -> str:
    """http or https."""
    return urlsplit(url).scheme


def model_words(case: Case) -> str:
    """The models that there are, and how the missing one is had."""
    title, model = case.route.vendor.title, case.route.model
    pull = case.local.pull.format(model=model) if case.local and case.local.pull else ""
    near = difflib.get_close_matches(model, case.models, NAMED, 0.5) or sorted(case.models)[:NAMED]
    words = f"Check the model's name {model!r}: {title} does not have it"
    if near:
        words += f"; it has {', '.join(near)}{', ...' if len(case.models) > len(near) else ''}"
    if case.setting and near:
        return f"{words}. Set {case.setting}={case.route.vendor.name}/{near[0]}, or another one."
    return f"{words}.{f' To fetch it: {pull}.' if pull else ''}"


def start_words(case: Case) -> str:
    """How the server is started."""
    start = f" Start it: {case.local.start}." if case.local else " Start the server."
    return (
        f"Nothing listens at {shown(case.route.base_url)}.{start} If it listens elsewhere, check {case.address_name}."
    )


def larger_words(local: LocalServer | None) -> str:
    """How a window grows."""
    return f"To have more: {local.larger}." if local else "Choose a model, or settings of the server, with more."


def tool_words(case: Case) -> str:
    """What the server needs for tool calls."""
    need = f"{case.local.tools[:1].upper()}{case.local.tools[1:]}." if case.local and case.local.tools else ""
    return f"{case.route.model} cannot call tools, and Claude Code works by tools. {need or 'Choose another model.'}"


def vision_words(case: Case) -> str:
    """How the claim is taken back."""
    name = f"{case.route.vendor.name}/{case.route.model}"
    return f'{case.route.model} takes no images. Say so in conf/models.local.toml: [models."{name}"] vision = false'


def address_words(case: Case) -> str:
    """What an address must be."""
    path = case.local.path if case.local else ""
    usual = case.route.vendor.base_url if not case.route.vendor.keyless else ""
    hint = f" Its own address is {usual}." if usual and case.route.moved else ""
    hint += f" It usually ends in {path}." if path and not case.route.base_url.endswith(path) else ""
    return (
        f"Check {case.address_name} and the network: {shown(case.route.base_url)} does not answer as "
        f"{case.route.vendor.title} does.{hint}"
    )


MISTAKES = (
    Mistake(
        "proxy catches this machine",
        "address",
        lambda case: bool(
            case.proxy and is_here(case.route.base_url) and (case.unreachable or case.error.status in PROXY_STATUSES)
        ),
        lambda case: (
            f"{case.proxy.variable if case.proxy else ''} sends calls to this machine through the proxy "
            f"{case.proxy.address if case.proxy else ''}. Set NO_PROXY=localhost,127.0.0.1,::1 and start again."
        ),
    ),
    Mistake(
        "http or https",
        "address",
        lambda case: bool(case.better) and scheme_of(case.better) != scheme_of(case.route.base_url),
        lambda case: (
            f"Check {case.address_name}: the server speaks {scheme_of(case.better)}, not "
            f"{scheme_of(case.route.base_url)}. Set {case.address_name}={shown(case.better)}"
        ),
    ),
    Mistake(
        "another region or plan",
        "address",
        lambda case: bool(case.better) and case.refused,
        lambda case: (
            f"Check {case.address_name}: the key belongs to another address of {case.route.vendor.title}. "
            f"Set {case.address_name}={shown(case.better)}"
        ),
    ),
    Mistake(
        "wrong path",
        "address",
        lambda case: bool(case.better),
        lambda case: (
            f"Check {case.address_name}: {shown(case.route.base_url)} is not the API, {shown(case.better)} is. "
            f"Set {case.address_name}={shown(case.better)}"
        ),
    ),
    Mistake("another vendor's key", "key", is_foreign, foreign_words),
    Mistake("wrong key", "key", lambda case: case.refused, key_words),
    Mistake(
        "no balance",
        "",
        lambda case: case.error.status == 402 or (case.error.status == 429 and case.error.should_retry is False),
        lambda case: f"Check the balance of the account behind {case.key_name}{desk(case)}.",
    ),
    Mistake("unknown model", "models", lambda case: isinstance(case.error, NotFound), model_words),
    Mistake(
        "server not running",
        "address",
        lambda case: bool(REFUSED.search(case.error.message)) and is_here(case.route.base_url),
        start_words,
    ),
    Mistake(
        "unknown host",
        "address",
        lambda case: bool(NO_HOST.search(case.error.message)) and isinstance(case.error, Unreachable),
        lambda case: (
            f"Check {case.address_name}: no machine is called {urlsplit(case.route.base_url).hostname}, "
            "or there is no network."
        ),
    ),
    Mistake(
        "proxy",
        "address",
        lambda case: bool(case.proxy) and case.unreachable,
        lambda case: (
            f"{case.proxy.variable if case.proxy else ''} sends this through the proxy "
            f"{case.proxy.address if case.proxy else ''}, which does not get there. Correct it, or name the host in "
            "NO_PROXY."
        ),
    ),
    Mistake(
        "certificate",
        "address",
        lambda case: bool(CERTIFICATE.search(case.error.message)) and isinstance(case.error, Unreachable),
        lambda case: (
            f"This machine does not trust the certificate of {shown(case.route.base_url)}. Check "
            f"{case.address_name}, the clock, and whether a proxy of your company opens TLS."
        ),
    ),
    Mistake(
        "too slow",
        "",
        lambda case: isinstance(case.error, TimedOut),
        lambda case: (
            f"Check {case.address_name} and the network, or give it more time: --timeout for the doctor, "
            "FIRST_BYTE_TIMEOUT for Rialto. A local model may still be loading: try again."
        ),
    ),
    Mistake(
        "small window",
        "window",
        lambda case: isinstance(case.error, PromptTooLong),
        lambda case: f"The model's window is too small for a tiny question. {larger_words(case.local)}",
    ),
    Mistake("wrong address", "address", lambda case: case.unreachable, address_words),
    Mistake(
        "no tools",
        "tools",
        lambda case: case.check == "tools" and bool(NO_TOOLS.search(case.error.message)),
        tool_words,
    ),
    Mistake("no vision", "image", lambda case: case.check == "image", vision_words),
    Mistake("limit", "", lambda case: case.error.status == 429, lambda case: "Wait, or raise the account's limits."),
    Mistake("busy", "", lambda case: case.error.status in (503, 529), lambda case: "It is busy: try again later."),
    Mistake(
        "server error",
        "",
        lambda case: case.error.status >= 500,
        lambda case: "The fault is at its side: try again later, or look into its log.",
    ),
    Mistake(
        "refused request",
        "",
        lambda case: True,
        lambda case: "Check the model's name and the vendor's notes in docs/vendors.md.",
    ),
)


def mistake(case: Case) -> Mistake:
    """The first mistake that fits."""
    return next(known for known in MISTAKES if known.fits(case))
