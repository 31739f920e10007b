"""What `conf/models.toml` and `conf/vendors.toml` may hold; unknown fields are refused, misspelt ones must not pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from marshmallow import Schema, post_load, pre_load, validate
from marshmallow import fields as ma

from app.catalog.prices import Peak
from app.catalog.routing_rows import VENDOR_AND_MODEL, HoursSchema, RoutingSchema, hours
from app.settings.aids import COMPRESSIONS, Compression
from app.settings.variables import header_value, web_address
from translators.core.vendor import Profile

SERVER_NAME = validate.Regexp(r"^[a-z][a-z0-9_-]*$", error="A server's name is made of a-z, 0-9, - and _.")
TOKENS = validate.Range(min=1)
TIER_SETTINGS = validate.OneOf(["BIG_MODEL", "MIDDLE_MODEL", "SMALL_MODEL"])
HEADER_NAME = validate.Regexp(r"^[A-Za-z0-9-]+$", error="Not a header name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a model: tokens, USD per million tokens, abilities. None when unknown."""

    context_window: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    thinking: bool | None = None
    base_model: str | None = None
    """The model behind a name that does not tell it, such as an Azure deployment."""
    prices: Mapping[str, Any] = field(default_factory=dict)
    """With a `Peak` where they depend on the hour."""
    fallback: tuple[str, ...] | None = None
    """Names of models that answer when this one's vendor cannot, in order."""
    tool_search_over: int | None = None
    """Tools above which they are searched for; 0 is never."""
    midstream_continuation: bool | None = None
    """An answer that breaks off within its text is gone on with."""
    prompt_compression: Compression | None = None
    """What becomes of a system prompt that has more than the most tokens."""
    prompt_max_system_tokens: int | None = None

    @property
    def extra(self) -> dict[str, str]:
        """What routes carry in `Route.extra`."""
        names = ("base_model", "prompt_compression", "prompt_max_system_tokens")
        return {name: str(value) for name in names if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias(Facts):
    """A public name's target `vendor/model`; facts here win over those of the model."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A class of Claude names: the setting that moves it, its model, and the names that clients send today."""

    setting: str
    model: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A user's own server. `protocol` is a wire format that a vendor serves; without `key_variable` no key is sent."""

    base_url: str
    title: str = ""
    key_variable: str = ""
    protocol: str = "openai_chat"
    thinking: str = ""
    """The switch for thinking, see `translators/openai_compatible.py`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)


class Switch(ma.Boolean):
    """true or false, and no numbers or texts that look like them."""

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Names(ma.List[str]):
    """A list of texts, as a tuple."""

    def __init__(self, **options: Any) -> None:
        super().__init__(ma.String(validate=validate.Length(min=1)), **options)

    def _deserialize(self, *arguments: Any, **options: Any) -> Any:
        return tuple(super()._deserialize(*arguments, **options))


class OneOfMany(ma.List[str]):
    """A list of texts out of a few, as a frozenset."""

    def _deserialize(self, *arguments: Any, **options: Any) -> Any:
        return frozenset(super()._deserialize(*arguments, **options))


class Address(ma.String):
    """An http(s) address."""

    def _deserialize(self, *arguments: Any, **options: Any) -> str:
        return web_address(super()._deserialize(*arguments, **options) or "")


class PeakSchema(HoursSchema):
    """The hours of the full prices, and the part of them that counts outside."""

    hours = ma.String(required=True)
    zone = ma.String(required=True)
    otherwise = ma.Float(required=True, validate=validate.Range(min=0, max=1))

    @post_load
    def build(self, row: dict[str, Any], **_: Any) -> Peak:
        """The value."""
        return Peak(hours(row), row["otherwise"])


class PricesSchema(Schema):
    """USD per million tokens."""

    peak = ma.Nested(PeakSchema)

    input = ma.Float(validate=validate.Range(min=0))
    cached = ma.Float(validate=validate.Range(min=0))
    output = ma.Float(validate=validate.Range(min=0))
    cache_write = ma.Float(validate=validate.Range(min=0))


class FactsSchema(Schema):
    """A row of [models]."""

    context_window = ma.Integer(strict=True, validate=TOKENS)
    max_output = ma.Integer(strict=True, validate=TOKENS)
    vision = Switch()
    thinking = Switch()
    base_model = ma.String(validate=validate.Length(min=1))
    prices = ma.Nested(PricesSchema)
    fallback = Names()
    tool_search_over = ma.Integer(strict=True, validate=validate.Range(min=0))
    midstream_continuation = Switch()
    prompt_compression = ma.String(validate=validate.OneOf(COMPRESSIONS))
    prompt_max_system_tokens = ma.Integer(strict=True, validate=TOKENS)


class AliasSchema(FactsSchema):
    """A row of [aliases]: its target, and facts of its own."""

    model = ma.String(required=True, validate=VENDOR_AND_MODEL)


class TierSchema(Schema):
    """A row of [tiers]."""

    setting = ma.String(required=True, validate=TIER_SETTINGS)
    model = ma.String(required=True, validate=validate.Length(min=1))
    names = Names()

    @post_load
    def build(self, row: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Settings are called by their field's name."""
        return row | {"setting": row["setting"].lower()} if "setting" in row else row


class ModelsSchema(Schema):
    """`conf/models.toml`."""

    aliases = ma.Dict(ma.String(), ma.Nested(AliasSchema), load_default=dict)
    tiers = ma.Dict(ma.String(), ma.Nested(TierSchema), load_default=dict)
    models = ma.Dict(ma.String(validate=VENDOR_AND_MODEL), ma.Nested(FactsSchema), load_default=dict)
    families = ma.Dict(ma.String(), ma.String(), load_default=dict)
    substitutes = ma.Dict(
        ma.String(validate=TIER_SETTINGS), ma.List(ma.String(validate=VENDOR_AND_MODEL)), load_default=dict
    )
    responses = ma.Dict(
        ma.String(), ma.String(validate=validate.OneOf(["always", "tools", "never"])), load_default=dict
    )
    routing = ma.List(ma.Nested(RoutingSchema), load_default=list)


def _one_of(choices: tuple[str, ...]) -> validate.OneOf | None:
    return validate.OneOf(choices) if choices else None


def _profile_field(hint: Any) -> ma.Field[Any]:
    """The check for one profile field, from its type."""
    origin, choices = get_origin(hint), get_args(hint)
    if origin is Literal:
        return ma.String(validate=_one_of(choices))
    if origin is frozenset:
        return OneOfMany(ma.String(validate=_one_of(get_args(choices[0]))))
    if isinstance(hint, UnionType):
        return ma.String(allow_none=True)
    make = PLAIN_FIELDS.get(hint)
    return make() if make else ma.Dict(ma.String(), ma.String())


PLAIN_FIELDS: dict[Any, Callable[[], ma.Field[Any]]] = {
    bool: Switch,
    int: lambda: ma.Integer(strict=True, validate=validate.Range(min=0)),
    str: ma.String,
}
PROFILE_HINTS = get_type_hints(Profile)
ProfileSchema = Schema.from_dict(
    {entry.name: _profile_field(PROFILE_HINTS[entry.name]) for entry in fields(Profile)}, name="ProfileSchema"
)


class ServerSchema(Schema):
    """A table of `conf/vendors.toml`: one server."""

    base_url = Address(required=True)
    title = ma.String()
    key_variable = ma.String(validate=validate.Regexp(r"^[A-Z][A-Z0-9_]*$", error="Not the name of a variable."))
    protocol = ma.String()
    thinking = ma.String(validate=validate.OneOf([word for word in get_args(PROFILE_HINTS["thinking_switch"]) if word]))
    headers = ma.Dict(ma.String(validate=HEADER_NAME), ma.String(validate=header_value))
    query = ma.Dict(ma.String(), ma.String())
    models = Names()
    families = Names()
    profile = ma.Nested(ProfileSchema)


class VendorsSchema(Schema):
    """`conf/vendors.toml`, its servers gathered in one table."""

    servers = ma.Dict(ma.String(validate=SERVER_NAME), ma.Nested(ServerSchema), load_default=dict)
    models = ma.Dict(ma.String(validate=VENDOR_AND_MODEL), ma.Nested(ProfileSchema), load_default=dict)

    @pre_load
    def gather(self, file: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Every table but [models] is a server."""
        servers = {name: row for name, row in file.items() if name != "models"}
        return {"servers": servers, "models": file.get("models", {})}


def laid_over(below: Facts, above: Facts) -> Facts:
    """Facts with those of `above` wherever it knows any."""
    known = {entry.name: value for entry in fields(Facts) if (value := getattr(above, entry.name)) not in (None, {})}
    return Facts(**{entry.name: getattr(below, entry.name) for entry in fields(Facts)} | known)
