"""What a vendor module declares: `Vendor`, `Profile`; and what a request needs to know about its target: `Route`.

A vendor is data plus a few plain functions. The preferred place of a quirk is a profile field, then an existing hook,
then a new profile field when a third vendor needs it; never a test of a vendor's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from typing import Protocol as TypingProtocol

from translators.core.deltas import Usage
from translators.core.errors import RialtoError
from translators.core.intent import Intent
from translators.core.limits import Look
from translators.core.local import NO_DESK, KeyDesk, LocalServer
from translators.core.prefill import native
from translators.core.search import OwnSearch
from translators.core.variables import Form, Variable, web_address

Json = dict[str, Any]
#: Characters of a session's id, https://developers.openai.com/api/reference/chat (`prompt_cache_key`, read 2026-11-21).
SESSION_MAX = 64
Switch = Callable[[Intent], Json]
"""The body fields that switch thinking, for models that are switched alike."""

ALL_CHOICES: frozenset[str] = frozenset({"auto", "none", "required", "named"})
AUTO_OR_NONE: frozenset[str] = frozenset({"auto", "none"})

CLIENT_KEY = "forward_client_key"
"""Key in `Route.extra`: the client's own key goes to the vendor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a vendor accepts. Any field can be overridden for one model in `conf/`."""

    token_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    min_output: int = 1
    """The smallest output limit the vendor takes; smaller wishes are raised to it."""
    sampling: frozenset[str] = frozenset({"temperature", "top_p"})
    """Sampling fields that are passed on."""
    max_stops: int = 4
    """Stop sequences the vendor takes; the rest, or all with 0, are applied by Rialto alone."""

    images: bool = True
    documents: bool = False
    """PDFs go as `file` parts; otherwise the model gets the text or a note."""
    links: frozenset[Literal["image", "document"]] = frozenset({"image"})
    """What the vendor opens by its address; anything else is fetched by Rialto and sent inside the request."""
    image_bytes: int = 0
    """The largest image, in bytes before base64; larger ones are refused in Anthropic's words. 0 = unknown."""
    image_types: frozenset[str] = frozenset()
    """Media types of the images that are taken; any other becomes a note. Empty = all, or unknown."""
    media_in_results: bool = False
    """Images and PDFs may stand inside a tool result; otherwise they follow the results."""
    system_inside: Literal["system", "developer", "user"] = "user"
    """Role of system messages inside the conversation; "user" wraps them as a reminder in the user turn."""
    empty_content: Literal["null", "empty", "omit"] = "null"
    """`content` of an assistant message that only calls tools."""
    user_after_tool: bool = True
    """False: a user message may not follow a tool message directly."""
    cache_control: bool = False
    """`cache_control` marks are kept on content blocks."""

    thinking_switch: Literal["", "effort", "template", "flag", "object", "nothing"] = ""
    """What switches thinking on a compatible server, see `translators/openai_compatible.py`; "" is the default."""
    reasoning_field: str = ""
    """Assistant field that carries earlier reasoning; "" sends none."""
    reasoning_turns: Literal["all", "tools"] = "all"
    """Which assistant turns carry it."""
    reasoning_placeholder: str | None = None
    """Sent on turns with tool calls whose reasoning is lost; None sends nothing."""
    reasoning_opened: bool = False
    """The prompt opens the reasoning and nobody takes it out of the text: answers start with it, without `<think>`."""

    text_calls: bool = True
    """A model's calls and control tokens in its text are recovered; False: needless, at the vendor's own address."""
    max_tools: int = 0
    """The most tools of one request; of more, some are searched for, see `core/tool_search.py`. 0 = unknown."""
    tools_strict: bool = False
    """`strict` may be sent inside a tool."""
    tool_name_max: int = 64
    tool_name_min: int = 1
    tool_name_letter_first: bool = False
    """Tool names must start with a letter or an underscore."""
    call_id_length: int = 0
    """Call ids must have exactly this many alphanumerics; 0 = free."""
    plain_call_ids: bool = False
    """Call ids may hold letters, digits, underscores and hyphens only, as at Anthropic."""
    tool_choices: frozenset[str] = ALL_CHOICES
    tool_choices_thinking: frozenset[str] = ALL_CHOICES
    """Choices taken while thinking is on. When the wished one is not among them thinking is switched off."""
    parallel_tool_calls: bool = True
    """`parallel_tool_calls` may be sent; otherwise words ask for one call at a time."""
    schema: Literal["plain", "closed", "moonshot", "google", "openapi", "ollama"] = "plain"
    """Tool-schema dialect, see `core/json_schema.py`."""

    structured: Literal["json_schema", "json_object", "tool", "prompt"] = "json_schema"
    """How `output_config.format` travels. "json_object" and "prompt" come with the schema in words, as does "tool" (a
    tool that must be called with the answer) beside other tools.
    """
    prefill: Literal["", "last", "partial", "prefix"] = ""
    """How the vendor goes on with a last assistant message: by itself, or by a flag of this name on it; "" cannot."""
    stream_usage: bool = True
    """`stream_options.include_usage` is understood."""
    cache_key_field: str = ""
    """Body field for a stable key of the session (prompt caches); "" sends none."""

    tells_overflow: bool = True
    """A prompt over the window is refused. False: it is cut without a word, so Rialto must see it first."""
    genuine: bool = False
    """Anthropic's own API, or a gateway to it: bodies and events pass as they are. Those of others are repaired."""
    betas: frozenset[str] = frozenset()
    """Values of `anthropic-beta` that an endpoint which is not genuine understands."""

    drops: Mapping[str, str] = field(default_factory=dict)
    """Request field -> why this vendor never sees it. Shown in the docs, proven by the coverage law."""


class AnswerStream(TypingProtocol):
    """What builds the events of one answer: `MessageStream`, or a passthrough that hands events on."""

    error: RialtoError | None

    @property
    def usage(self) -> Usage | None:
        """What the vendor has reported; None before it has, or when its events are handed on unread."""

    def start(self) -> list[Json]:
        """The events before the vendor's first word."""

    def feed(self, delta: Any) -> list[Json]:
        """The events of one delta."""

    def close(self) -> list[Json]:
        """The events at the vendor's end."""

    def fail(self, error: RialtoError) -> list[Json]:
        """The events of a bad end."""

    def again(self) -> bool:
        """At the vendor's end, before `close`: whether the answer is of no use, nothing of it has been sent, and this
        stream is ready for a second one.
        """

    def pulse(self) -> Json:
        """A sign of life."""

    def whole(self, events: list[Json]) -> Json:
        """The whole message of all events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A vendor's own token counter: where it is, what it is sent, and the number of input tokens in its answer."""

    url: Callable[[str, Route], str]
    request: Callable[[Json, Route], Json]
    read: Callable[[Json], int]
    more: Callable[[Json], Json] = lambda answer: {}
    """Further fields of its answer that the client knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The models that a vendor says it has: (its address) -> where it lists them, (parsed answer) -> their names."""

    url: Callable[[str], str]
    names: Callable[[Any], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A wire format. `chunk` reads one streamed object, `whole` a complete answer."""

    name: str
    framing: Literal["sse", "ndjson"]
    path: str
    request: Callable[[Json, Route], Json]
    chunk: Callable[[Json], Iterator[Any]]
    whole: Callable[[Json], Iterator[Any]]
    drops: Mapping[str, str]
    stream: Callable[[Mapping[str, Any], Route, Callable[[str], str]], AnswerStream] | None = None
    """Builds the answer from what `chunk` and `whole` yield; None means deltas and a `MessageStream`."""
    headers: Callable[[Mapping[str, str], Route], Mapping[str, str]] = lambda client, route: {}
    """(the client's headers in lower case, route) -> headers of the request to the vendor."""
    error: Callable[[Route, int, Any, Mapping[str, str]], RialtoError | None] = lambda *refusal: None
    """(route, HTTP status or 200, parsed body or text, headers) -> the client's error, or None for the usual reader."""
    verbatim: bool = False
    """`request` gets the client's body as it came, without a `stream` that it does not have."""
    count: Count | None = None
    """The vendor's token counter, where it has one."""
    looks: tuple[Look, ...] = ()
    """Where vendors of this wire list the limits of their models."""
    carries: Callable[[Mapping[str, Any], Profile], bool] = lambda block, profile: False
    """The image or document goes to the vendor as it is; everything else becomes words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """Who is called, and everything that the shell must know of it: no name of a vendor is written there."""

    name: str
    title: str
    """What messages call it."""
    traced_as: str = ""
    """What OpenTelemetry's conventions call it, where that is not its name."""
    protocol: Protocol
    base_url: str
    documentation: str
    base_url_variable: str = ""
    """Defaults to `<NAME>_BASE_URL`. The vendor with PROVIDER_BASE_URL is the one behind the settings PROVIDER_*."""
    other_base_url_variables: tuple[str, ...] = ()
    """Other common names of that variable, read in their order when it is not set."""
    base_url_form: Form = web_address
    """What its address looks like."""
    lends_address: bool = False
    """Moved to another address without a key it is a server of the user's own, as if PROVIDER_BASE_URL named it."""
    key_variable: str = ""
    """"" means that there is no key."""
    other_key_variables: tuple[str, ...] = ()
    """Other variables that many users keep the key in, read in their order when its own is not set."""
    desk: KeyDesk = NO_DESK
    keyless: bool = False
    """The vendor works without a key (local servers)."""
    local_servers: tuple[LocalServer, ...] = ()
    """Programs at usual ports of this machine that are called by this vendor."""
    variables: tuple[Variable, ...] = ()
    """Its further settings."""
    window: Variable | None = None
    """The variable with the context window, in tokens, of those of its models that have none of their own."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Alias in `conf/models.toml` -> beginning of the variables that change it: `<BEGINNING>_MODEL` and
    `<BEGINNING>_CONTEXT_WINDOW`.
    """
    listing: Listing | None = None
    """Where the vendor says which models it has, for local servers whose models differ."""
    looks: tuple[Look, ...] | None = None
    """Where the limits of its models are told, in this order until the window is known; None: where its wire has it."""
    counters: Mapping[str, tuple[Count, ...]] = field(default_factory=dict)
    """`owned_by` in the list of its models -> the token counters of such a server, the best first."""
    serves: tuple[Protocol, ...] = ()
    """Wire formats for which a server out of `conf/vendors.toml` takes this vendor's hooks and profile."""
    stand_in: bool = False
    """It answers with the first of its `models` while nothing at all is configured."""
    models: tuple[str, ...] = ()
    """A few model names for the documentation."""
    families: tuple[str, ...] = ()
    """Prefixes of model names that lead here when nothing else says so. With `<name>/` its own models keep its name."""
    profile: Profile = Profile()
    headers: Mapping[str, str] = field(default_factory=dict)
    forwards_user_agent: bool = False
    """The vendor admits only some clients and wants to know which one asks."""

    auth: Callable[[str], Mapping[str, str]] = lambda key: {"authorization": f"Bearer {key}"}
    url: Callable[[str, Route], str] = lambda base, route: joined(base, route.vendor.protocol.path)
    thinking: Callable[[Intent, Route], Json] = lambda intent, route: {}
    """The body fields that switch thinking and effort."""
    shape: Callable[[Json, Route], Json] = lambda body, route: body
    """The last word on the request body."""
    read: Callable[[Json], Json] = lambda chunk: chunk
    """Brings an odd chunk or whole answer to the protocol's form."""
    error: Callable[[int, Any], RialtoError | None] = lambda status, body: None
    """(HTTP status, parsed body or text) -> a better error than the protocol's reader makes, or None. Its message is
    what the vendor says: the vendor's title comes before it, and a `NotFound`, which means that the model is unknown,
    gets the client's name of the model.
    """
    model_profile: Callable[[str, Profile], Profile] = lambda model, profile: profile
    """Facts that differ by model family."""
    select: Callable[[Json, Route], Protocol] = lambda message, route: route.vendor.protocol
    """The protocol of one request, for vendors that have several."""
    counts_by: Callable[[Route], Protocol] = lambda route: route.vendor.protocol
    """The protocol whose token counter is asked."""
    search: Callable[[Json, Route], OwnSearch | None] = lambda message, route: None
    """How the vendor itself searches the web for a request that offers `web_search`; None when it cannot."""

    @property
    def address_variable(self) -> str:
        """The environment variable that moves the vendor to another address."""
        return self.base_url_variable or f"{self.name.upper()}_BASE_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where one request goes.

    `alias` is the client's model name byte for byte, `model` the vendor's. `context_window` and `max_output` are
    tokens, None when unknown. `prices` are USD per million tokens. `session` is a stable id of the conversation or "".
    """

    alias: str
    vendor: Vendor
    model: str
    profile: Profile
    base_url: str
    key: str = ""
    keys: tuple[str, ...] = ()
    """All keys of the vendor; `key` is the one in use."""
    context_window: int | None = None
    max_output: int | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    fallbacks: tuple[str, ...] = ()
    """Names of models that answer when this vendor cannot."""
    session: str = ""
    tools_over: int = 0
    """More tools than so many are searched for, see `core/tool_search.py`; 0 = however many."""
    continues: bool = False
    """An answer that breaks off within its text is gone on with, see `core/continuation.py`."""
    input_tokens: int = 0
    """An estimate of this request's input; 0 when nobody has made one."""
    stream: bool = False
    """The answer is streamed; some vendors have another address for that."""
    prefilled: bool = False
    """The vendor itself goes on with the last message; some have another address for that."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Vendor settings from the environment, e.g. an API version."""
    mismatch: Callable[[Any, Any], str] = lambda value, schema: ""
    """What keeps a JSON value from matching a schema, "" when it matches; the shell knows how to tell."""

    @property
    def moved(self) -> bool:
        """The vendor is not at its own address: this may be any server that speaks as it does."""
        return bool(self.vendor.base_url) and self.base_url.rstrip("/") != self.vendor.base_url

    def within(self, session: str) -> Route:
        """The same route for one conversation. A long id is digested: vendors take 64 characters as a cache key."""
        if len(session) > SESSION_MAX:
            session = hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()
        return replace(self, session=session) if session != self.session else self

    def carrying(self, message: Json, input_tokens: int = 0) -> Route:
        """The same route for one request: with the protocol that the vendor wants for it and its estimated input."""
        protocol = self.vendor.select(message, self)
        vendor = self.vendor if protocol is self.vendor.protocol else replace(self.vendor, protocol=protocol)
        prefilled, stream = bool(native(message, self.profile.prefill)), bool(message.get("stream"))
        return replace(self, vendor=vendor, stream=stream, prefilled=prefilled, input_tokens=input_tokens)


def joined(base: str, path: str) -> str:
    """Address and path, with one /v1 when both have it."""
    return base.removesuffix("/v1") + path if path.startswith("/v1/") else base + path


def refine(profile: Profile, **changes: Any) -> Profile:
    """A profile with some fields changed."""
    return replace(profile, **changes)
