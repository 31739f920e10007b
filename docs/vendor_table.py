"""Writes what the vendor values say into README.md (a table) and docs/vendors.md (a section each): `make docs`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a script, Python looks in docs/ only

from translators import vendors  # noqa: E402
from translators.core.variables import Variable  # noqa: E402
from translators.core.vendor import Protocol, Vendor  # noqa: E402

START, END = "<!-- vendors -->", "<!-- /vendors -->"
README, DETAILS = ROOT / "README.md", ROOT / "docs" / "vendors.md"
INTRODUCTION = """# The vendors

Written by `make docs` from the modules in `translators/`; change them, not this file. Where older tables of other
projects differ from a mapping here, the newer fact with a source wins. A vendor's own list says what it never sees
beside what its protocol cannot carry.
"""


def table(known: Mapping[str, Vendor]) -> str:
    """The README's table, one row for each vendor."""
    head = "| Vendor | Called as | Key | Address |\n|---|---|---|---|"
    return "\n".join([head, *map(row, known.values())])


def row(vendor: Vendor) -> str:
    """One row of the table."""
    call = f"`{vendor.name}/{vendor.models[0]}`" if vendor.models else f"`{vendor.name}/MODEL`"
    title = f"[{vendor.title}](docs/vendors.md#{anchor(vendor)})"
    return f"| {title} | {call} | {key_of(vendor)} | {address_of(vendor)} |"


def key_of(vendor: Vendor) -> str:
    """The key variable, or that none is needed."""
    if not vendor.key_variable:
        return "none"
    return f"`{vendor.key_variable}`" + (" (optional)" if vendor.keyless else "")


def address_of(vendor: Vendor) -> str:
    """The variable that moves the vendor, none for one inside the process."""
    return f"`{vendor.address_variable}`" if remote(vendor) else "built in"


def remote(vendor: Vendor) -> bool:
    """Whether the vendor is reached over the network."""
    return not vendor.base_url or vendor.base_url.startswith("http")


def details(known: Mapping[str, Vendor]) -> str:
    """The whole of docs/vendors.md."""
    protocols = {vendor.protocol.name: vendor.protocol for vendor in known.values()}
    return "\n".join([INTRODUCTION, *map(section, known.values()), *map(protocol_section, protocols.values())])


def protocol_section(protocol: Protocol) -> str:
    """What a wire format cannot carry."""
    return "\n".join([f"## Protocol {protocol.name}", *drops(protocol.drops), ""])


def section(vendor: Vendor) -> str:
    """What one vendor is, and what it never sees."""
    title = f'<a id="{anchor(vendor)}"></a>\n\n## {vendor.name}\n'
    return "\n".join([title, *facts(vendor), *notes(vendor), *drops(vendor.profile.drops), ""])


def facts(vendor: Vendor) -> Iterator[str]:
    """The list at the top of a section."""
    yield f"- {vendor.title}, [documentation]({vendor.documentation}), protocol `{vendor.protocol.name}`"
    default = f", default `{vendor.base_url}`" if vendor.base_url else ""
    yield f"- Key: {key_of(vendor)}. Address: {address_of(vendor)}{default}"
    yield from (f"- `{name}`: the key, where `{vendor.key_variable}` is not set" for name in vendor.other_key_variables)
    yield from (
        f"- `{name}`: the address, where `{vendor.address_variable}` is not set"
        for name in vendor.other_base_url_variables
    )
    yield from (f"- `{entry.name}`: {entry.meaning}" for entry in settings(vendor))
    if vendor.models:
        yield f"- Models, for example: {listed(vendor.models)}"
    if vendor.families:
        yield f"- Names that lead here by themselves: {listed([f'{prefix}*' for prefix in vendor.families])}"


def settings(vendor: Vendor) -> tuple[Variable, ...]:
    """Every setting of the vendor's own."""
    return (*vendor.variables, *([vendor.window] if vendor.window else []))


def notes(vendor: Vendor) -> Iterator[str]:
    """The vendor module's docstring."""
    yield "\n" + (inspect.getdoc(sys.modules[f"translators.{vendor.name}"]) or "")


def drops(dropped: Mapping[str, str]) -> Iterator[str]:
    """The request fields that are never sent, with the reasons."""
    if dropped:
        yield "\nNot sent:\n"
    yield from (f"- `{name}`: {reason}" for name, reason in sorted(dropped.items()))


def listed(words: Iterable[str]) -> str:
    """Words as code, with commas."""
    return ", ".join(f"`{word}`" for word in words)


def anchor(vendor: Vendor) -> str:
    """Where the vendor's section is found in docs/vendors.md."""
    return vendor.name.replace("_", "-")


def with_table(readme: str, known: Mapping[str, Vendor]) -> str:
    """The README with its table made new. Raises ValueError when the markers are missing."""
    before, found, rest = readme.partition(START)
    _, closed, after = rest.partition(END)
    if not (found and closed):
        raise ValueError(f"README.md must hold {START} and {END}")
    return f"{before}{START}\n{table(known)}\n{END}{after}"


def main() -> None:
    """Writes both files."""
    README.write_text(with_table(README.read_text("utf-8"), vendors()), "utf-8")
    DETAILS.write_text(details(vendors()), "utf-8")


if __name__ == "__main__":
    main()
