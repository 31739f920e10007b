"""Begins a vendor that speaks Chat Completions: its file, its first cases and its lines in conf/env.example.

    python -m tests.conformance.new_vendor NAME --title "Example AI" --address https://api.example.com/v1 \
        --documentation https://docs.example.com/api --model example-large
"""

from __future__ import annotations

import argparse
import datetime
import keyword
import re
import subprocess
import sys
from pathlib import Path

from tests.conformance.kit import FIXTURES
from translators import vendors

ROOT = FIXTURES.parent.parent
TEMPLATE = Path(__file__).resolve().parent / "template"
NAME = re.compile(r"[a-z][a-z0-9_]*")
ENVIRONMENT = """# Key of {title}.
# {variable}_API_KEY=
# Address of {title}.
# {variable}_BASE_URL={address}
"""


def begin(root: Path, words: dict[str, str]) -> list[Path]:
    """Writes the new files below `root`, and names them. Raises `FileExistsError` before it touches anything."""
    module = root / "translators" / f"{words['name']}.py"
    fixtures = root / "tests" / "fixtures" / words["name"]
    for path in (module, fixtures):
        if path.exists():
            raise FileExistsError(f"{path} is there already")
    cases = TEMPLATE / "cases"
    written = [copied(TEMPLATE / "vendor.txt", module, words)]
    written += [copied(TEMPLATE / "rules.json", fixtures / "rules.json", words)]
    written += [copied(path, fixtures / path.relative_to(cases), words) for path in sorted(cases.glob("*/*"))]
    example = root / "conf" / "env.example"
    example.write_text(with_lines(example.read_text(encoding="utf-8"), filled(ENVIRONMENT, words)), encoding="utf-8")
    return written


def copied(source: Path, target: Path, words: dict[str, str]) -> Path:
    """A template's file with its words put in."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(filled(source.read_text(encoding="utf-8"), words), encoding="utf-8")
    return target


def filled(text: str, words: dict[str, str]) -> str:
    """The text with `{name}` and the other words put in; other braces stay."""
    return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), text)


def with_lines(text: str, lines: str) -> str:
    """The environment's example with the lines of a vendor in front of the first other one that is later by name."""
    others = {vendor.key_variable for vendor in vendors().values()}
    key = lines.splitlines()[1].strip("# =")
    for found in re.finditer(r"^# Key of .*\n# (\w+)=", text, re.MULTILINE):
        if found[1] in others and found[1] > key:
            return text[: found.start()] + lines + text[found.start() :]
    return text.rstrip("\n") + "\n" + lines


def name(text: str) -> str:
    """A vendor's name, which is a module too."""
    if not NAME.fullmatch(text) or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError("small letters, digits and _, such as example_ai")
    return text


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Begins a vendor that speaks Chat Completions.")
    parser.add_argument("name", type=name)
    parser.add_argument("--title")
    parser.add_argument("--address", default="https://api.example.com/v1")
    parser.add_argument("--documentation", default="https://docs.example.com/api")
    parser.add_argument("--model", default="sample-model")
    words = {key: value for key, value in vars(parser.parse_args()).items() if value}
    words = {"title": words["name"].replace("_", " ").title(), **words, "variable": words["name"].upper()}
    words["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    try:
        written = begin(ROOT, words)
    except FileExistsError as error:
        sys.exit(str(error))
    print("\n".join(str(path.relative_to(ROOT)) for path in written), flush=True)
    cases = ["-m", "tests.conformance.new_cases", words["name"]]
    for command in (cases, ["docs/vendor_table.py"], ["docs/settings_table.py"]):
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
    print("The tables of README.md and docs/vendors.md are written anew. Next: docs/add-a-vendor.md")


if __name__ == "__main__":
    main()
