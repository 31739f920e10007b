"""One answer of a vendor to one request, with all that its judgement needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.vendor_check.frames import Form, Frame, form_of, frames_of
from app.vendor_check.said import Call, Kind, Said, calls_of
from app.vendor_check.wires import WIRES, Wire
from translators.core.vendor import Json, Route

#: What comes of reading fields of other types.
MISSHAPEN = (AttributeError, TypeError, KeyError, IndexError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`place` names file and exchange. `body` is what the vendor got, `message` what the client asked; `headers` have
    lower-case names, `headers_known` is False where nobody noted them. `end` is "" for an answer that came to its end.
    """

    place: str
    route: Route
    body: Json
    message: Json
    data: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    headers_known: bool = False
    end: str = ""
    about: str = ""
    url: str = ""
    probe: str = ""
    """The question that was asked, for answers that were asked for to be judged."""
    twin: Answer | None = None
    """The same answer of filler, for all that is told of one in which somebody's words are."""

    @property
    def wire(self) -> Wire:
        """The wire that was spoken."""
        return WIRES[self.route.vendor.protocol.name]

    @property
    def streamed(self) -> bool:
        """A stream was asked for."""
        return bool(self.message.get("stream"))

    @property
    def went_well(self) -> bool:
        """The status is no error."""
        return self.status < 400

    @cached_property
    def form(self) -> Form:
        """What the bytes look like."""
        found = form_of(self.data)
        return "ndjson" if found == "json" and self.streamed and self.wire.form == "ndjson" else found

    @cached_property
    def frames(self) -> Sequence[Frame]:
        """The frames of the bytes."""
        return frames_of(self.data, self.form)

    @cached_property
    def said(self) -> Sequence[Said]:
        """What the frames say; nothing from a frame on that is not as the wire has them."""
        found: list[Said] = []
        try:
            found.extend(self.wire.read(self.frames))
        except MISSHAPEN:
            return tuple(found)
        return tuple(found)

    @cached_property
    def is_misshapen(self) -> bool:
        """Fields are of other types than the wire has."""
        try:
            return not all(True for _ in self.wire.read(self.frames))
        except MISSHAPEN:
            return True

    @cached_property
    def calls(self) -> Sequence[Call]:
        """The calls."""
        return calls_of(self.said)

    def all(self, kind: Kind) -> list[Said]:
        """Everything of a kind."""
        return [one for one in self.said if one.kind == kind]

    def text(self, kind: Kind = "text") -> str:
        """All texts of a kind, joined."""
        return "".join(one.value for one in self.all(kind))

    @property
    def stop(self) -> Said | None:
        """The last reason for the end."""
        return next(reversed(self.all("stop")), None)

    @property
    def failed(self) -> bool:
        """It is an error, by its status or by its words."""
        return not self.went_well or bool(self.all("error")) or self.form in ("html", "empty", "other")

    @property
    def is_complete(self) -> bool:
        """It was answered, in the form of a stream or whole, to an end of some kind."""
        return not self.failed and (self.form == "json" or self.stop is not None)

    @cached_property
    def tools(self) -> Sequence[str]:
        """The names of the tools that the vendor was offered."""
        return tuple(names_of_tools(self.body))


def names_of_tools(body: Mapping[str, Any]) -> list[str]:
    """The names in any wire's `tools`."""
    found: list[str] = []
    for tool in body.get("tools") or ():
        if isinstance(tool, dict):
            inner = tool.get("function") if isinstance(tool.get("function"), dict) else tool
            declared = tool.get("functionDeclarations") or [inner]
            found += [one["name"] for one in declared if isinstance(one.get("name"), str)]
    return found
