"""Where answers come from: folders of recorded ones, and captures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.capture.__main__ import records
from app.capture.record import bytes_of
from app.capture.routes import Unplayable, route_of
from app.capture.shapes import shaped
from app.exchange.conformity import mismatch
from app.vendor_check.answer import Answer
from translators.core.vendor import Json, Route, Vendor

ALIAS = "claude-sonnet-4-6"
#: File of a case -> whether it is a stream; None: as the request wants it.
FILES = {"response.sse": True, "response.ndjson": True, "response.json": False}


class NoAnswers(Exception):
    """There is nothing to judge; the text says why."""


def of_folder(folder: Path, vendor: Vendor) -> Iterator[Answer]:
    """The recorded answers of a vendor: `folder` holds a folder for each case, see docs/add-a-vendor.md. Raises
    `NoAnswers` where there is no case.
    """
    cases = sorted(path.parent for path in folder.glob("*/request.json"))
    if not cases:
        raise NoAnswers(f"{folder} holds no recorded answers")
    for case in cases:
        yield from of_case(case, vendor)


def of_case(case: Path, vendor: Vendor) -> Iterator[Answer]:
    """The answers of a case: streamed, whole or both."""
    request, head = unsigned(load(case / "request.json")), load(case / "status.json")
    files = [name for name in FILES if (case / name).exists()]
    about = case / "about.txt"
    for name in files:
        streamed = FILES[name] if len(files) > 1 or FILES[name] else bool(request.get("stream"))
        message = {**request, "stream": streamed}
        headers = {key.lower(): value for key, value in head.get("headers", {}).items()}
        yield Answer(
            place=f"{case.parent.name}/{case.name}/{name}",
            route=route(vendor, message, load(case / "route.json")),
            body=body_of(load(case / "upstream.json"), streamed),
            message=message,
            data=(case / name).read_bytes(),
            status=head.get("status", 200),
            headers=headers,
            headers_known="content-type" in headers or "retry-after" in headers,
            about=about.read_text("utf-8").strip() if about.exists() else "",
        )


def body_of(body: Json, streamed: bool) -> Json:
    """The body that asks for this form of the answer."""
    if "stream" not in body:
        return body
    kept = {name: value for name, value in body.items() if streamed or name != "stream_options"}
    return {**kept, "stream": streamed}


def load(path: Path) -> Json:
    """The JSON object of a file, {} when there is no such file."""
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def unsigned(value: Any) -> Any:
    """A request without the signatures that its file tells in words: no answer hangs on them."""
    if isinstance(value, list):
        return [unsigned(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {name: inner if name != "signature" else "" for name, inner in map(pair, value.items())}


def pair(item: tuple[str, Any]) -> tuple[str, Any]:
    """A field and its value without signatures."""
    return item[0], unsigned(item[1])


def route(vendor: Vendor, message: Json, facts: Mapping[str, Any]) -> Route:
    """The route that a recorded request took."""
    model = facts.get("model") or next(iter(vendor.models), "any")
    found = Route(
        alias=str(message.get("model", ALIAS)),
        vendor=vendor,
        model=model,
        profile=vendor.model_profile(model, vendor.profile),
        base_url=str(facts.get("base_url") or vendor.base_url or f"https://{vendor.name}.invalid"),
        mismatch=mismatch,
        **{name: value for name, value in facts.items() if name not in ("model", "base_url")},
    )
    return found.carrying(message)


def of_capture(path: Path, vendor: str = "", id: str = "") -> tuple[list[Answer], list[str]]:
    """The answers in a file of captures, those of one vendor or all, and why others were left out. Raises `NoAnswers`
    when none is left.
    """
    try:
        entries = [entry for entry in records(path) if entry.get("request_id", "").startswith(id)]
    except OSError as error:
        raise NoAnswers(f"{path} cannot be read ({error.strerror})") from None
    found: list[Answer] = []
    skipped: list[str] = []
    for entry in entries:
        try:
            found += of_entry(entry, path.name, vendor, skipped)
        except Unplayable as reason:
            skipped.append(f"{entry['request_id']}: {reason}")
    if not found:
        raise NoAnswers("; ".join(skipped) or f"{path} holds no answer{f' of {vendor}' if vendor else ''}")
    return found, skipped


def of_entry(entry: Mapping[str, Any], file: str, vendor: str, skipped: list[str]) -> Iterator[Answer]:
    """The answers of one exchange, each with a twin that says nothing where the conversation is in the capture."""
    if entry.get("unplayable") or not entry["routes"]:
        raise Unplayable(entry.get("unplayable") or "no route was taken")
    twin = shaped(dict(entry)) if entry["contents"] == "all" else None
    for number, one in enumerate(entry["tries"]):
        told = told_route(entry["routes"], one["url"])
        place = f"{file} {entry['request_id']} try {number + 1}"
        if vendor and vendor not in (told["file"], told["vendor"].get("name")):
            continue
        answer = of_try(entry, one, told, place)
        if one["status"] is None or (one["end"] == "open" and not any(map(answer.wire.ends, answer.frames))):
            skipped.append(f"{place}: its answer was not read to the end")
            continue
        yield replace(answer, twin=of_try(twin, twin["tries"][number], told, place)) if twin else answer


def told_route(routes: Sequence[Json], url: str) -> Json:
    """The route that a request took, by the address."""
    return next((one for one in routes if one["base_url"] and url.startswith(one["base_url"])), routes[0])


def of_try(entry: Mapping[str, Any], one: Mapping[str, Any], told: Json, place: str) -> Answer:
    """One answer."""
    message = dict(entry["request"]["body"])
    return Answer(
        place=place,
        route=route_of(told).carrying(message),
        body=dict(one["body"]),
        message=message,
        data=b"".join(bytes_of(piece) for _, piece in one["pieces"]),
        status=one["status"] or 0,
        headers=dict(one["answer_headers"]),
        headers_known=True,
        end="" if one["end"] in ("end", "open") else "the connection broke",
        url=one["url"],
    )
