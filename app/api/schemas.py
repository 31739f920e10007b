"""Marshmallow schemas of requests: shallow on purpose. Validating every block of a long conversation would hold up all
streams of a worker.

Unknown fields and block types are kept: clients and betas move faster than any list. What is checked is what a
translator relies on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import orjson
from marshmallow import INCLUDE, Schema, ValidationError, fields, validate, validates_schema

from app.api import shapes
from app.digits import exact
from translators.core.errors import InvalidRequest

ROLES = ("user", "assistant", "system")
#: Levels of objects and lists inside one another. The JSON writer ends at 254, and vendors' bodies wrap some around it.
MAX_DEPTH = 200
#: Fields whose numbers keep every digit; `params` is the message of a batch. No setting is so large.
EXACT = ("messages", "system", "tools", "params")
#: Combinations of fields that are remembered.
MOST_FORMS = 256


class Conversation(fields.Field[list[Any]]):
    """The list of messages: roles, content types and block types."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValidationError("Input should be a valid list")
        if not value:
            raise ValidationError("at least one message is required")
        for position, message in enumerate(value):
            problem = message_problem(message)
            if problem:
                raise ValidationError({f"{position}{problem[0]}": [problem[1]]})
        return value


def message_problem(message: Any) -> tuple[str, str] | None:
    """(path below the message, what is wrong) or None."""
    if not isinstance(message, dict):
        return "", "Input should be an object with role and content"
    role = message.get("role")
    if role not in ROLES:
        return ".role", f'Unexpected role "{role}". Allowed roles are "user", "assistant" and "system"'
    content = message.get("content")
    if isinstance(content, str) or (content is None and role == "system"):
        return None
    if not isinstance(content, list):
        return ".content", "Input should be a string or a list of content blocks"
    return shapes.below(".content", content)


class Number(fields.Float):
    """A number as it was sent: a 1 stays a 1, because the body may be handed on as it is."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        number = super()._deserialize(value, attr, data, **kwargs)
        return value if isinstance(value, (int, float)) and not isinstance(value, bool) else number


class Shaped(fields.Dict):
    """An object whose known fields have the right types; `check` finds a problem."""

    def __init__(self, check: Callable[[dict[str, Any]], shapes.Problem | None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("Input should be an object")
        if problem := self.check(value):
            raise ValidationError({problem[0].removeprefix("."): [problem[1]]})
        return value


def shaped(shape: shapes.Shape) -> Shaped:
    """An optional object of a shape."""
    return Shaped(lambda value: shapes.shape_problem(value, shape), allow_none=True)


class CountRequest(Schema):
    """POST /v1/messages/count_tokens. https://platform.claude.com/docs/en/api/messages-count-tokens, read
    2026-11-21.
    """

    class Meta:
        unknown = INCLUDE

    model = fields.String(required=True, validate=validate.Length(min=1))
    messages = Conversation(required=True)
    system = fields.Raw(allow_none=True)
    tools = fields.List(Shaped(shapes.tool_problem), allow_none=True)
    tool_choice = shaped(shapes.TOOL_CHOICE)
    thinking = shaped(shapes.THINKING)
    output_config = Shaped(shapes.output_problem, allow_none=True)
    metadata = fields.Dict(allow_none=True)
    max_tokens = fields.Integer(strict=True, allow_none=True, validate=validate.Range(min=0))
    stop_sequences = fields.List(fields.String(), allow_none=True)
    temperature = Number(allow_none=True)
    top_p = Number(allow_none=True)
    top_k = fields.Integer(allow_none=True)

    @validates_schema
    def check_system(self, data: dict[str, Any], **kwargs: Any) -> None:
        """`system` is text or a list of text blocks."""
        system = data.get("system")
        if system is None or isinstance(system, str):
            return
        if not isinstance(system, list) or not all(isinstance(block, dict) for block in system):
            raise ValidationError("Input should be a string or a list of text blocks", "system")
        for position, block in enumerate(system):
            if problem := shapes.shape_problem(block, shapes.BLOCKS["text"]):
                raise ValidationError({f"system.{position}{problem[0]}": [problem[1]]})


class MessageRequest(CountRequest):
    """POST /v1/messages. https://platform.claude.com/docs/en/api/messages, read 2026-11-21."""

    max_tokens = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    stream = fields.Boolean(allow_none=True, truthy={True}, falsy={False})


MESSAGE_REQUEST = MessageRequest()
COUNT_REQUEST = CountRequest()
#: Fields that are known and may hold anything.
UNCHECKED = (
    *("context_management", "container", "mcp_servers", "service_tier", "inference_geo", "speed", "diagnostics"),
    *("cache_control", "compaction", "fallbacks", "fallback_credit_token", "billing_policy", "thread", "output_format"),
)
KNOWN = frozenset([*MESSAGE_REQUEST.fields, *UNCHECKED])


def parse(data: bytes, schema: Schema) -> dict[str, Any]:
    """The validated body. Raises `InvalidRequest` that names the field and what it should be."""
    body = json_value(data)
    if not isinstance(body, dict):
        raise InvalidRequest("The request body should be a JSON object")
    if shapes.too_deep(body, MAX_DEPTH):
        raise InvalidRequest(f"The request body is nested too deeply; {MAX_DEPTH} levels are the limit")
    try:
        loaded: dict[str, Any] = narrowed(schema, wanted(schema, body)).load(body)
    except ValidationError as error:
        raise InvalidRequest("; ".join(sentences(error.messages_dict))) from None
    return loaded


def wanted(schema: Schema, body: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that a body has or must have."""
    return tuple([name for name, field in schema.fields.items() if name in body or field.required])


@lru_cache(MOST_FORMS)
def narrowed(schema: Schema, names: tuple[str, ...]) -> Schema:
    """The schema without the fields that a body does not have: going through each of them takes half of its time."""
    return type(schema)(only=names)


def json_value(data: bytes) -> Any:
    """JSON of any form. Raises `InvalidRequest`."""
    try:
        return exact(orjson.loads(data), data, EXACT)
    except orjson.JSONDecodeError as error:
        return surrogates(data, error)


def surrogates(data: bytes, error: ValueError) -> Any:
    """JSON with half surrogate pairs, which orjson refuses and some clients send. They become question marks, as on
    their way out: so ids are compared as the vendor sees them, and numbers are read as in any other body.
    """
    try:
        value = json.loads(data, parse_constant=no_number)
        text = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return exact(orjson.loads(text), text, EXACT)
    except RecursionError:
        raise InvalidRequest("The request body is nested too deeply") from None
    except ValueError:
        raise InvalidRequest(f"The request body is not valid JSON: {error}") from None


def no_number(word: str) -> Any:
    """NaN and the infinities, which Python reads and JSON does not know."""
    raise ValueError(word)


def sentences(problems: Mapping[Any, Any], path: str = "") -> list[str]:
    """Marshmallow's tree of problems as `path: sentence`, in Anthropic's wording."""
    found = []
    for key, value in problems.items():
        where = f"{path}.{key}".strip(".").replace("._schema", "")
        if isinstance(value, Mapping):
            found += sentences(value, where)
        else:
            found += [f"{where}: {wording(str(item))}" for item in value]
    return found


def wording(sentence: str) -> str:
    """Marshmallow's sentence in the API's own words, where clients know one."""
    return {"Missing data for required field.": "Field required"}.get(sentence, sentence.rstrip("."))
