"""Records answers of a vendor as cases: asked for now, with the key of the settings, or out of a capture.

python -m tests.conformance.record VENDOR [--model NAME] [--case NAME]
python -m tests.conformance.record VENDOR --file logs/debug/x.jsonl --id req_... --case NAME
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.capture.__main__ import records
from app.capture.record import bytes_of
from app.capture.shapes import shaped
from app.rialto import build
from app.settings.settings import Settings, SettingsError
from app.vendor_check.frames import form_of
from app.vendor_check.live import interviewed, route_to
from app.vendor_check.probes import chosen
from app.vendor_check.sources import ALIAS, told_route
from app.vendor_check.wires.names import OLLAMA
from tests.conformance.kit import FIXTURES
from tests.conformance.scrub import Scrub
from translators.core.errors import RialtoError

Json = dict[str, Any]

#: Name of a case -> the probe that it records, and what it shows.
CASES = {
    "recorded_text": ("stream", "a streamed text"),
    "recorded_calls": ("parallel calls", "calls side by side"),
    "recorded_second_turn": ("second turn", "the turn behind the results of calls"),
    "recorded_error": ("unknown model", "a model that does not exist"),
}
#: Headers of an answer that say nothing about who has asked.
HEADERS = ("content-type", "retry-after", "retry-after-ms")
ENDINGS = {"sse": "sse", "ndjson": "ndjson"}
SECONDS = 120.0


class Unrecorded(Exception):
    """Nothing was written; the text says why."""


@dataclass(frozen=True)
class Recording:
    """The try of an exchange that becomes a case."""

    entry: Mapping[str, Any]
    one: Mapping[str, Any]

    @property
    def told(self) -> Json:
        """The route of the try."""
        return told_route(self.entry["routes"], self.one["url"])

    @property
    def data(self) -> bytes:
        """The vendor's bytes."""
        return b"".join(bytes_of(piece) for _, piece in self.one["pieces"])

    @property
    def request(self) -> Json:
        """The client's request, under the name that all cases use, without what says who asks."""
        body = {name: value for name, value in self.entry["request"]["body"].items() if name != "metadata"}
        return {**body, "model": ALIAS, "stream": bool(body.get("stream"))}

    @property
    def file(self) -> str:
        """Name of the file of the answer."""
        form = form_of(self.data)
        framing = "ndjson" if form == "json" and self.told["wire"] == OLLAMA and self.entry["stream"] else form
        return f"response.{ENDINGS.get(framing, 'json')}"

    @property
    def route(self) -> Json:
        """What of the route is not the first model's."""
        extra = {name: value for name, value in self.told["extra"].items() if name != "query"}
        return {"model": self.told["route"]["model"], **({"extra": extra} if extra else {})}

    @property
    def head(self) -> Json:
        """Status and headers."""
        kept = {name: value for name, value in self.one["answer_headers"].items() if name in HEADERS}
        return {"status": self.one["status"], "headers": kept}


def recording(entry: Mapping[str, Any], vendor: str) -> Recording:
    """The last answer of a vendor in an exchange. Raises `Unrecorded` when there is none."""
    for one in reversed(entry["tries"]):
        told = told_route(entry["routes"], one["url"]) if entry["routes"] else {"file": "", "vendor": {}}
        if one["status"] is not None and vendor in (told["file"], told["vendor"].get("name")):
            return Recording(entry, one)
    raise Unrecorded(f"{entry['request_id']} holds no answer of {vendor}")


def write_case(folder: Path, found: Recording, about: str, scrub: Scrub) -> list[Path]:
    """Writes a case, and names its files. Raises `Unrecorded` when there is something in its place."""
    if folder.exists():
        raise Unrecorded(f"{folder} is there already; nothing is overwritten")
    files = {
        "request.json": lines(scrub.value(found.request)),
        found.file: scrub.data(found.data),
        "status.json": lines(scrub.value(found.head)),
        "route.json": lines(scrub.value(found.route)),
        "about.txt": f"{about}\n".encode(),
    }
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def lines(value: Any) -> bytes:
    """A JSON value as the cases have it."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def asked(vendor: str, model: str, names: list[str], folder: Path) -> Iterator[Path]:
    """Asks the vendor and writes its cases. Raises `Unrecorded` and RialtoError."""
    for name in names:
        if (folder / name).exists():
            raise Unrecorded(f"{folder / name} is there already; nothing is overwritten")
    rialto = build(Settings.load())
    route = route_to(rialto, vendor, model)
    probes = chosen(True, False, None, [CASES[name][0] for name in names])
    found = interviewed(rialto, route, probes, SECONDS, lambda name: print(f"Asking: {name} ...", file=sys.stderr))
    for name in names:
        probe, shows = CASES[name]
        if not found.entries[probe]:
            raise Unrecorded(f"{name}: nothing was asked")
        one = recording(found.entries[probe][-1], route.vendor.name)
        about = f"Recorded from {route.vendor.title}, {one.route['model']}, on {one.entry['time'][:10]}: {shows}."
        yield from write_case(folder / name, one, about, Scrub(route.keys))


def kept(vendor: str, capture: Path, id: str, name: str, words: bool, folder: Path) -> list[Path]:
    """Writes an exchange of a capture as a case. Raises `Unrecorded`."""
    entries = [dict(entry) for entry in records(capture) if entry.get("request_id", "").startswith(id)]
    if len(entries) != 1:
        raise Unrecorded(f"{capture} holds {len(entries)} such exchanges; name one with --id")
    entry = entries[0] if words or entries[0]["contents"] != "all" else shaped(entries[0])
    found = recording(entry, vendor)
    about = f"Recorded from {vendor}, {found.route['model']}, on {entry['time'][:10]}, out of a capture."
    return write_case(folder / name, found, about, Scrub())


def written(chosen: argparse.Namespace, folder: Path) -> list[Path]:
    """Writes what was asked for. Raises `Unrecorded` and RialtoError."""
    if chosen.file:
        if not chosen.case:
            raise Unrecorded("a case out of a capture needs a name: CASE=name")
        return kept(chosen.vendor, chosen.file, chosen.id, chosen.case, chosen.words, folder)
    if chosen.case and chosen.case not in CASES:
        raise Unrecorded(f"no such case: {chosen.case}. There are: {', '.join(CASES)}")
    return list(asked(chosen.vendor, chosen.model, [chosen.case] if chosen.case else list(CASES), folder))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Records answers of a vendor as cases.")
    parser.add_argument("vendor")
    parser.add_argument("--model", default="")
    parser.add_argument("--case", default="", help=f"one of {', '.join(CASES)}; with --file the name of the new case")
    parser.add_argument("--file", type=Path, help="a capture")
    parser.add_argument("--id", default="", help="the request id of the exchange in it")
    parser.add_argument("--words", action="store_true", help="keep what is said in the capture")
    chosen = parser.parse_args()
    logging.disable()  # what fails is in the cases
    try:
        paths = written(chosen, FIXTURES / chosen.vendor)
    except (RialtoError, SettingsError, Unrecorded, OSError) as error:
        sys.exit(getattr(error, "message", str(error)))
    print("\n".join(str(path.relative_to(FIXTURES.parent.parent)) for path in paths), flush=True)
    subprocess.run([sys.executable, "-m", "tests.conformance.new_cases", chosen.vendor], check=True)
    print("Look for names, addresses and numbers of accounts in every file before you share it.")


if __name__ == "__main__":
    main()
