"""`make vendor`: what it begins passes the kit as it is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.new_vendor import begin, with_lines
from tests.sizes import ROOT

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "real", "node_modules", "usage.jsonl*", "*.sqlite*")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which the vendor has been begun."""
    copy = tmp_path_factory.mktemp("new_vendor") / "rialto"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    words = ["newcomer", "--title", "New Comer", "--address", "https://new.example.com/v1", "--model", "new-1"]
    run(copy, "-m", "tests.conformance.new_vendor", *words)
    return copy


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_passes_the_kit(project: Path) -> None:
    places = ["tests/conformance", "tests/test_docs.py"]
    wanted = "newcomer or readme_lists_the_vendors or vendor_page"
    words = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *places, "-k", wanted)
    assert int(re.findall(r"conformance checks: (\d+)", words)[0]) > 200, words
    assert "New Comer" in (project / "README.md").read_text("utf-8")


def test_a_name_that_is_taken_changes_nothing(tmp_path: Path) -> None:
    taken = tmp_path / "translators" / "kimi.py"
    taken.parent.mkdir()
    taken.write_text("mine")
    with pytest.raises(FileExistsError, match=r"kimi\.py is there already"):
        begin(tmp_path, {"name": "kimi"})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [taken]


@pytest.mark.parametrize(("variable", "before"), [("AAA", "ANTHROPIC_API_KEY"), ("KIMJ", "MIMO_API_KEY")])
def test_its_variables_stand_among_the_vendors(variable: str, before: str) -> None:
    text = "# Key of a search engine.\n# ZZZ_SEARCH_KEY=\n" + "".join(
        f"# Key of X.\n# {name}=\n" for name in ("ANTHROPIC_API_KEY", "KIMI_API_KEY", "MIMO_API_KEY")
    )
    found = with_lines(text, f"# Key of New.\n# {variable}_API_KEY=\n")
    names = [line.strip("# =") for line in found.splitlines() if line.endswith("=")]
    assert names.index(f"{variable}_API_KEY") == names.index(before) - 1
