"""The documentation says what the code says: the vendor tables, the settings, the links, the commands."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app import create_app
from app.settings import settings
from app.settings.variables import Variables
from docs import settings_table, vendor_table
from tests.sizes import ROOT
from tests.support.project import own_rows
from translators import vendors

README, MAKEFILE = ROOT / "README.md", ROOT / "Makefile"
EXAMPLE = ROOT / "conf" / "env.example"
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "conf").rglob("*.md")]
    if path.is_file()
)
FOLDERS = ("app", "translators", "translators/protocols", "translators/core")
REMEDY = "run `make docs`"
LOCKS = ("requirements.lock", "tests/requirements.lock")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

#: Where somebody who looks for something reads.
BOOK = "\n".join(path.read_text("utf-8") for path in [README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
#: What the pages and probes of Rialto itself ask, and the second spelling for base URLs that end in /v1.
OWN_ENDPOINTS = re.compile(r"/dashboard/.*|.*/v1/v1/.*|/<path:target>/.*")
READERS = {"json": json.loads, "toml": tomllib.loads, "python": ast.parse}

VARIABLE = re.compile(r"^#? ?(?P<name>[A-Z][A-Z0-9_]*)=(?P<rest>.*)$")
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def undocumented(example: str) -> Iterator[str]:
    """The variables of an env.example that no comment explains: neither above them nor behind them."""
    above = ""
    for line in example.splitlines():
        found = VARIABLE.match(line)
        if found and not re.search(r"#\s*\w", found["rest"]) and not re.match(r"#+\s*\w", above):
            yield found["name"]
        if not found:
            above = line


def listed(example: str) -> set[str]:
    """The variables of an env.example, commented out or not."""
    return {found["name"] for line in example.splitlines() if (found := VARIABLE.match(line))}


def unknown_fields(text: str, fields: set[str]) -> set[str]:
    """The names in lines about the usage log that are fields of neither of its files; names have an underscore."""
    about = [line for line in text.splitlines() if re.search(r"usage\.jsonl|usage[ -]log", line)]
    named = {name for line in about for name in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", line)}
    return {name for name in named if not name.startswith("rialto_")} - fields


def broken_links(page: Path, text: str) -> Iterator[str]:
    """The relative links of a page that lead to no file."""
    for found in LINK.finditer(text):
        target = found["target"].partition("#")[0]
        if target and "://" not in target and not (page.parent / target).exists():
            yield target


def undescribed_targets(readme: str, makefile: str) -> set[str]:
    """The `make` commands that a text names and the Makefile does not have."""
    return named_targets(readme) - targets(makefile)


def targets(makefile: str) -> set[str]:
    """The commands that `make` lists."""
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, flags=re.MULTILINE))


def named_targets(text: str) -> set[str]:
    """The `make` commands of a text: on a line of their own, or as code in a sentence."""
    lines = re.findall(r"^ +(?:[A-Z_]+=\S+ )*make (.*)$", text, flags=re.MULTILINE)
    return {word for line in [*lines, *re.findall(r"`make ([^`]*)`", text)] for word in words(line)}


def named_paths(text: str) -> set[str]:
    """The paths of endpoints that a text has as code."""
    return {path for code in re.findall(r"`([^`\n]+)`", text) for path in re.findall(r"(?:^|[ ,])(/[^ ,?]*)", code)}


def words(command: str) -> list[str]:
    """The targets in the rest of a `make` line."""
    return re.findall(r"^[a-z-]+|(?<= )[a-z-]+(?= |$)", command.partition("#")[0].partition("ARGS")[0].strip())


@pytest.fixture
def variables_read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every variable that the settings ask for."""
    asked: list[Variables] = []

    class Recorded(Variables):
        def __init__(self, values: Mapping[str, str]) -> None:
            super().__init__(values)
            asked.append(self)

    monkeypatch.setattr(settings, "Variables", Recorded)
    settings.Settings.load({})
    return {name for variables in asked for name in variables.names}


def test_the_readme_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) < 150


def test_the_readme_lists_the_vendors_as_they_are() -> None:
    readme = README.read_text("utf-8")
    assert vendor_table.with_table(readme, vendors()) == readme, REMEDY


def test_the_vendor_page_is_what_the_vendors_say() -> None:
    assert vendor_table.DETAILS.read_text("utf-8") == vendor_table.details(vendors()), REMEDY


def test_the_configuration_page_is_what_the_example_says() -> None:
    assert settings_table.PAGE.read_text("utf-8") == settings_table.page(EXAMPLE.read_text("utf-8")), REMEDY


def test_every_variable_has_a_row_of_the_configuration_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", settings_table.page(EXAMPLE.read_text("utf-8")), re.MULTILINE)
    assert {name for name, _ in rows} == listed(EXAMPLE.read_text("utf-8"))


def test_a_stale_table_is_noticed() -> None:
    known = dict(vendors())
    known.pop("deepseek")
    readme = README.read_text("utf-8")
    assert vendor_table.with_table(readme, known) != readme
    with pytest.raises(ValueError, match="must hold"):
        vendor_table.with_table("no markers", known)


def test_every_variable_is_explained() -> None:
    assert list(undocumented(EXAMPLE.read_text("utf-8"))) == []


def test_an_unexplained_variable_is_noticed() -> None:
    assert list(undocumented("# The port.\nPORT=4001\n\nHOST=\n# X_Y=\nZ= # what it is\n")) == ["HOST", "X_Y"]


def test_every_variable_is_listed(variables_read: set[str]) -> None:
    assert sorted(variables_read - listed(EXAMPLE.read_text("utf-8"))) == []


def test_every_vendor_has_its_variables_listed() -> None:
    wanted = {name for vendor in vendors().values() if vendor_table.remote(vendor) for name in variables_of(vendor)}
    assert sorted(wanted - listed(EXAMPLE.read_text("utf-8"))) == []


def test_a_vendors_settings_are_explained_in_its_own_words() -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    above = {found["name"]: lines[place - 1] for place, line in enumerate(lines) if (found := VARIABLE.match(line))}
    entries = [entry for vendor in vendors().values() for entry in vendor_table.settings(vendor)]
    assert entries
    assert {entry.name: above.get(entry.name) for entry in entries} == {
        entry.name: f"# {entry.meaning}" for entry in entries
    }


def variables_of(vendor: vendor_table.Vendor) -> set[str]:
    """The variables that may hold a vendor's key and address."""
    named = (vendor.key_variable, vendor.address_variable)
    return {name for name in (*named, *vendor.other_key_variables, *vendor.other_base_url_variables) if name}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert list(broken_links(page, page.read_text("utf-8"))) == []


def test_a_broken_link_is_noticed() -> None:
    text = "[a](LICENSE) [b](nowhere.md) [c](https://example.com/x) [d](docs/gone.md#part)"
    assert list(broken_links(README, text)) == ["nowhere.md", "docs/gone.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_fields_of_the_usage_log_have_its_names(page: Path) -> None:
    fields = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "usage-log.md").read_text("utf-8"), re.MULTILINE))
    assert "first_token_ms" in fields
    assert unknown_fields(page.read_text("utf-8"), fields) == set()


def test_a_field_that_the_usage_log_lacks_is_noticed() -> None:
    text = "`a_b` and `c_d` in `logs/usage.jsonl`, `plain`\nthe usage log counts `e_f` in `rialto_x`\n`g_h` elsewhere"
    assert unknown_fields(text, {"a_b"}) == {"c_d", "e_f"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_exist(page: Path) -> None:
    assert undescribed_targets(page.read_text("utf-8"), MAKEFILE.read_text("utf-8")) == set()


def test_every_command_is_named_on_a_page() -> None:
    assert targets(MAKEFILE.read_text("utf-8")) - set(re.findall(r"\bmake ([a-z-]+)", BOOK)) == {"help"}


def test_commands_in_a_text() -> None:
    text = "    X_Y=1 make test check # all\n`make docs` and make lint, `make client NAME=a`\n"
    assert named_targets(text) == {"test", "check", "docs", "client"}


def test_every_endpoint_is_named_on_a_page() -> None:
    rules = {rule.rule for rule in create_app(settings.Settings.load({})).url_map.iter_rules()}
    public = {re.sub("<.*?>", "{id}", rule) for rule in rules if not OWN_ENDPOINTS.fullmatch(rule)}
    assert "/v1/models/{id}" in public
    assert public - named_paths(BOOK) == set()


def test_an_endpoint_is_named_as_code() -> None:
    text = "`POST /a/b`, `/c/{id}`, `/d?x=1` and `GET /e, /f`, but /g and `https://x/h`"
    assert named_paths(text) == {"/a/b", "/c/{id}", "/d", "/e", "/f"}


def test_every_alias_has_its_row() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", (ROOT / "docs" / "models.md").read_text("utf-8"), re.MULTILINE)
    aliases = tomllib.loads((ROOT / "conf" / "models.toml").read_text("utf-8"))["aliases"]
    assert dict(rows) == {name: row if isinstance(row, str) else row["model"] for name, row in aliases.items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_can_be_read(page: Path) -> None:
    for language, example in re.findall(r"^```(json|toml|python)\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S):
        assert READERS[language](example) is not None


def test_a_developers_own_rows_are_noticed(tmp_path: Path) -> None:
    for name in ("models.toml", "models.local.toml", "claude"):
        (tmp_path / name).touch()
    assert own_rows(tmp_path) == ["models.local.toml"]


def test_a_command_that_is_gone_is_noticed() -> None:
    assert undescribed_targets("    make test frob # go\n", "test: x ## Run\n") == {"frob"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_says_what_belongs_there(folder: str) -> None:
    assert 3 <= len((ROOT / folder / "README.md").read_text("utf-8").splitlines()) <= 7


def test_versions_are_pinned() -> None:
    for path in (ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"):
        lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith(("#", "-r"))]
        assert [
            line for line in lines if not re.fullmatch(r'[a-z0-9.-]+==[0-9.]+(; python_version < "[0-9.]+")?', line)
        ] == []


def pins(text: str) -> set[str]:
    """Package and version of every line that holds them, names in one spelling."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\\n]+)", text, flags=re.MULTILINE)
    return {f"{re.sub('[._-]+', '-', name).lower()}=={version}" for name, version in found}


def unlocked(lock: str) -> Iterator[str]:
    """The packages of a lock without a hash, and lines that are neither."""
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        package, *rest = entry.split(" \\\n")
        hashes = [line for line in "\n".join(rest).splitlines() if not line.lstrip().startswith("#")]
        if not pins(package) or not hashes or not all(HASH.fullmatch(line.strip(" \\")) for line in hashes):
            yield package


@pytest.mark.parametrize("folder", ["", "tests"])
def test_every_package_is_locked_by_hash(folder: str) -> None:
    """`make lock` after a change of a requirements.txt."""
    listed, lock = ((ROOT / folder / f"requirements.{form}").read_text("utf-8") for form in ("txt", "lock"))
    assert pins(listed) <= pins(lock)
    assert list(unlocked(lock)) == []


def test_both_locks_agree() -> None:
    one, other = (dict(pin.split("==") for pin in pins((ROOT / path).read_text("utf-8"))) for path in LOCKS)
    assert {name: one[name] for name in one.keys() & other.keys()} == {
        name: other[name] for name in one.keys() & other.keys()
    }


def test_a_package_without_a_hash_is_noticed() -> None:
    good = f"a-b==1.0 \\\n    --hash=sha256:{'0' * 64}\n    # via c\n"
    assert list(unlocked(good)) == []
    assert list(unlocked(good + "d==2.0\n")) == ["d==2.0"]
    assert list(unlocked(good + "d==2.0 \\\n    --hash=md5:00\n")) == ["d==2.0"]
    assert list(unlocked(good + "https://example.com/d.whl\n")) == ["https://example.com/d.whl"]
    assert pins(good + "D.e==2.0 ; python_version < '3.14'\n") == {"a-b==1.0", "d-e==2.0"}
