"""The architecture, checked on the syntax tree: who imports whom, purity, sizes, names, no vendor known by its name.

Every rule is a function `(path, tree) -> complaints`; the second half of the file shows each of them complain.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import pytest

from tests.sizes import ROOT, functions, percentile, sources
from translators import vendors

Complaints = Iterator[str]
Rule = Callable[[str, ast.Module], Complaints]

FILES = [str(path) for path in sources()] + ["wsgi.py"]

#: Layer -> the layers it may import. A vendor is in no list: vendors do not know each other, the shell finds them.
MAY_IMPORT = {
    "wsgi": {"app"},
    "app": {"app", "discovery", "protocols", "core"},
    "discovery": {"core"},
    "vendor": {"protocols", "core"},
    "protocols": {"protocols", "core"},
    "core": {"core"},
}
PURE = {"vendor", "protocols", "core", "discovery"}
#: Package -> the beginnings of the paths that may import it.
NETWORK = {
    "requests": ("app/upstream/", "app/demo/"),
    "urllib3": ("app/upstream/", "app/demo/"),
    "sseclient": ("app/upstream/framing",),
    "redis": ("app/memory/store_redis", "app/batches/store_redis"),
    "duckdb": ("app/dashboard/engine",),
    "botocore": ("app/files/s3",),
}
WEB = {"flask", "werkzeug", "jinja2", "marshmallow", "environs", "gevent", "gunicorn"}
IMPURE = {
    *("os", "time", "uuid", "random", "secrets", "logging", "io", "pathlib", "shutil", "tempfile", "subprocess"),
    *("socket", "ssl", "http", "threading", "multiprocessing", "asyncio", "concurrent", "sqlite3", "signal", "ctypes"),
}
IMPURE_EXCEPT_DISCOVERY = {"importlib", "pkgutil"}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}
CLOCK_CALLS = {"now", "utcnow", "today"}
FORBIDDEN_PREFIXES = ("get_", "handle_", "process_")
#: Methods that a library calls by these names.
OVERRIDES = {"_get_value", "get_connection_with_tls_context", "handle_starttag", "handle_endtag", "handle_data"}
FORBIDDEN_CLASS_WORDS = ("Manager", "Helper")
FORBIDDEN_FILES = {"utils.py", "util.py", "helpers.py", "helper.py", "misc.py", "common.py"}


def layer(path: str) -> str:
    """The layer of a file."""
    parts = PurePosixPath(path).parts
    if parts[0] != "translators":
        return "wsgi" if parts[0] == "wsgi.py" else "app"
    if len(parts) > 2:
        return parts[1]
    return "discovery" if parts[1] == "__init__.py" else "vendor"


def imports(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything imported, anywhere in the file, relative imports resolved.

    `from a import b` yields `a.b`: b may be a module.
    """
    package = PurePosixPath(path).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def imported_layer(name: str) -> str | None:
    """The layer of an imported name, None when it is not ours."""
    match name.split("."):
        case ["wsgi" | "app" as top, *_]:
            return top
        case ["translators", "protocols" | "core" as folder, *_]:
            return folder
        case ["translators", module, *_] if (ROOT / "translators" / f"{module}.py").exists():
            return "vendor"
        case ["translators", *_]:
            return "discovery"
        case _:
            return None


def layering(path: str, tree: ast.Module) -> Complaints:
    """Imports go downwards only, and a vendor never imports another one."""
    own = layer(path)
    for line, name in imports(path, tree):
        target = imported_layer(name)
        if target and target not in MAY_IMPORT[own]:
            yield f"{path}:{line} {own} imports {target}: {name}"


def network(path: str, tree: ast.Module) -> Complaints:
    """Only `app/upstream/` and the demo, a transport adapter, know how bytes travel."""
    for line, name in imports(path, tree):
        top = name.split(".")[0]
        if top in NETWORK and not path.startswith(NETWORK[top]):
            yield f"{path}:{line} imports {name}; only {', '.join(NETWORK[top])} may"


def web(path: str, tree: ast.Module) -> Complaints:
    """Only the shell knows the web framework."""
    for line, name in imports(path, tree):
        if name.split(".")[0] in WEB and layer(path) != "app":
            yield f"{path}:{line} imports {name}; only app/ may"


def purity(path: str, tree: ast.Module) -> Complaints:
    """No I/O, no clock, no chance and nothing but the standard library under translators/."""
    own = layer(path)
    if own not in PURE:
        return
    forbidden = IMPURE if own == "discovery" else IMPURE | IMPURE_EXCEPT_DISCOVERY
    for line, name in imports(path, tree):
        top = name.split(".")[0]
        if (
            top in forbidden
            or name.startswith("urllib.request")
            or top not in {*sys.stdlib_module_names, "translators"}
        ):
            yield f"{path}:{line} imports {name}"
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=called)) if called in IMPURE_CALLS:
                yield f"{path}:{node.lineno} calls {called}()"
            case ast.Call(func=ast.Attribute(attr=called)) if called in CLOCK_CALLS:
                yield f"{path}:{node.lineno} reads the clock: .{called}()"


def vendor_names(path: str, tree: ast.Module) -> Complaints:
    """No comparison with a vendor's name: a quirk is a profile field or a hook."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others) if any(is_vendor_name(side) for side in (left, *others)):
                yield f"{path}:{node.lineno} compares a vendor's name"
            case ast.Match(subject=subject) if is_vendor_name(subject):
                yield f"{path}:{node.lineno} matches a vendor's name"
            case ast.Call(func=ast.Attribute(value=owner, attr="startswith" | "endswith")) if is_vendor_name(owner):
                yield f"{path}:{node.lineno} tests a vendor's name"


def is_vendor_name(node: ast.expr) -> bool:
    """`vendor.name`, `route.vendor.name`, `VENDOR.name`, also inside a method call such as `.lower()`."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr="name"):
            return owner.lower() == "vendor"
        case ast.Call(func=ast.Attribute(value=inner)):
            return is_vendor_name(inner)
        case _:
            return False


#: The client's own variables and the beginning of the names that it lists; both are part of the API that Rialto speaks.
CLIENT_WORDS = re.compile(r"ANTHROPIC_(?:BASE_URL|AUTH_TOKEN|DEFAULT_|MODEL\b)|^anthropic/$")
#: The demo is a piece of the shell: its transport, and the sentence that announces it.
DEMO_WORDS = re.compile(r"^demo://$|the built-in demo")
DEMO_FILES = "app/demo/"


def words_for(name: str, title: str) -> str:
    """A pattern for a vendor's name in both spellings, the beginning of its variables, and its title."""
    spellings = "|".join(sorted({name, name.replace("_", "-")}))
    return rf"(?<![\w-])(?:{spellings})(?![\w-])|(?<![A-Z0-9_]){name.upper()}_|(?<!\w){re.escape(title)}(?!\w)"


VENDOR_WORDS = re.compile("|".join(words_for(vendor.name, vendor.title) for vendor in vendors().values()))


def named_vendors(path: str, tree: ast.Module) -> Complaints:
    """The shell names no vendor: what it must know of one, the vendor's own file declares."""
    if layer(path) not in ("app", "wsgi") or path.startswith(DEMO_FILES):
        return
    for node in texts(tree):
        rest = DEMO_WORDS.sub("", CLIENT_WORDS.sub("", str(node.value)))
        if found := VENDOR_WORDS.search(rest):
            yield f"{path}:{node.lineno} names a vendor: {found[0]}"


def texts(tree: ast.Module) -> Iterator[ast.Constant]:
    """Every literal text but the docstrings."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def sizes(path: str, tree: ast.Module) -> Complaints:
    """A function holds 50 lines at most, a file 350, a vendor 150."""
    source = getattr(tree, "source", "")
    limit = 150 if layer(path) == "vendor" else 350
    length = len(source.splitlines())
    if length > limit:
        yield f"{path} has {length} lines, limit {limit}"
    for function in functions(path, source):
        if function.length > 50:
            yield f"{path}:{function.line} {function.name} has {function.length} lines, limit 50"


def names(path: str, tree: ast.Module) -> Complaints:
    """Names that say nothing, and files without a docstring."""
    if PurePosixPath(path).name in FORBIDDEN_FILES:
        yield f"{path}: a file is named after its concern"
    if not ast.get_docstring(tree):
        yield f"{path} has no docstring"
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) if says_nothing(name):
                yield f"{path}:{node.lineno} {name}: say what it does"
            case ast.ClassDef(name=name) if any(word in name for word in FORBIDDEN_CLASS_WORDS):
                yield f"{path}:{node.lineno} {name}: say what it is"


def says_nothing(function: str) -> bool:
    """Whether the name begins with a word that fits every function."""
    return function not in OVERRIDES and function.lstrip("_").startswith(FORBIDDEN_PREFIXES)


RULES: list[Rule] = [layering, network, web, purity, vendor_names, named_vendors, sizes, names]


def parsed(source: str) -> ast.Module:
    """The tree, carrying its source for the rules that count lines."""
    tree = ast.parse(source)
    tree.source = source  # type: ignore[attr-defined]
    return tree


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps(rule: Rule) -> None:
    complaints = [
        complaint for path in FILES for complaint in rule(path, parsed((ROOT / path).read_text(encoding="utf-8")))
    ]
    assert not complaints, "\n".join(complaints)


def test_most_functions_are_small() -> None:
    lengths = [
        function.length
        for path in sources()
        for function in functions(str(path), (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert percentile(lengths, 0.5) <= 10
    assert percentile(lengths, 0.9) <= 35


def test_something_is_checked() -> None:
    assert {layer(path) for path in FILES} == set(MAY_IMPORT)


LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 50

BAD = [
    (layering, "translators/core/stream.py", "from translators.protocols import openai_chat"),
    (layering, "translators/core/stream.py", "from ..protocols.openai_chat import chunk"),
    (layering, "translators/core/stream.py", "import translators"),
    (layering, "translators/protocols/openai_chat.py", "from translators import deepseek"),
    (layering, "translators/protocols/openai_chat.py", "def f():\n    import translators.deepseek"),
    (layering, "translators/protocols/openai_chat.py", "from app.api.errors import envelope"),
    (layering, "translators/kimi.py", "from translators import deepseek"),
    (layering, "translators/kimi.py", "from .deepseek import VENDOR"),
    (layering, "translators/kimi.py", "from app import settings"),
    (layering, "translators/__init__.py", "from translators.deepseek import VENDOR"),
    (layering, "wsgi.py", "from translators.core import stream"),
    (network, "app/api/messages.py", "import requests"),
    (network, "app/catalog/catalog.py", "from urllib3.exceptions import ProtocolError"),
    (network, "app/memory/learned.py", "import redis"),
    (network, "app/exchange/exchange.py", "import sseclient"),
    (network, "translators/core/stream.py", "from sseclient import SSEClient"),
    (web, "translators/kimi.py", "from flask import request"),
    (web, "wsgi.py", "import werkzeug.serving"),
    (purity, "translators/kimi.py", "import os"),
    (purity, "translators/kimi.py", "from os import environ"),
    (purity, "translators/kimi.py", "def f():\n    import time"),
    (purity, "translators/core/calls.py", "import uuid"),
    (purity, "translators/core/calls.py", "from random import choice"),
    (purity, "translators/core/calls.py", "import logging"),
    (purity, "translators/core/calls.py", "from urllib.request import urlopen"),
    (purity, "translators/core/calls.py", "import importlib"),
    (purity, "translators/core/calls.py", "import orjson"),
    (purity, "translators/protocols/openai_chat.py", "from requests import post"),
    (purity, "translators/protocols/openai_chat.py", "created = datetime.now()"),
    (purity, "translators/protocols/openai_chat.py", "created = datetime.datetime.now(UTC)"),
    (purity, "translators/protocols/openai_chat.py", "text = open('table.json').read()"),
    (purity, "translators/protocols/openai_chat.py", "print('here')"),
    (vendor_names, "app/exchange/exchange.py", "if vendor.name == 'kimi': pass"),
    (vendor_names, "app/exchange/exchange.py", "if 'kimi' == route.vendor.name: pass"),
    (vendor_names, "app/exchange/exchange.py", "x = 1 if self.route.vendor.name in ('kimi', 'zai') else 2"),
    (vendor_names, "app/exchange/exchange.py", "if vendor.name.lower() == 'kimi': pass"),
    (vendor_names, "app/exchange/exchange.py", "if vendor.name.startswith('open'): pass"),
    (vendor_names, "app/exchange/exchange.py", "match route.vendor.name:\n    case 'kimi': pass"),
    (layering, "app/settings/settings.py", "from translators.ollama import models_url"),
    (named_vendors, "app/catalog/targets.py", "ORIGINAL = 'openai'"),
    (named_vendors, "app/catalog/targets.py", "base = vendors['openai_compatible']"),
    (named_vendors, "app/catalog/catalog.py", "targets.get('openai-compatible')"),
    (named_vendors, "app/catalog/own_models.py", "route = resolve(f'ollama/{model}')"),
    (named_vendors, "app/settings/settings.py", "key = variables.str('OLLAMA_API_KEY')"),
    (named_vendors, "app/settings/settings.py", "raise Error('set OPENAI_API too')"),
    (named_vendors, "app/api/status.py", "words = 'Azure OpenAI says no'"),
    (named_vendors, "app/api/listing.py", "shown = targets['demo']"),
    (named_vendors, "app/api/listing.py", "shown = targets['anthropic']"),
    (sizes, "app/exchange/exchange.py", LONG_FUNCTION),
    (sizes, "app/exchange/exchange.py", "class A:\n" + "".join(f"    {line}\n" for line in LONG_FUNCTION.splitlines())),
    (sizes, "app/exchange/exchange.py", "x = 1\n" * 351),
    (sizes, "translators/kimi.py", "x = 1\n" * 151),
    (names, "app/exchange/exchange.py", "x = 1"),
    (names, "app/utils.py", "'''Things.'''"),
    (names, "app/exchange/exchange.py", "'''Doc.'''\ndef get_model(): pass"),
    (names, "app/exchange/exchange.py", "'''Doc.'''\nclass A:\n    def _process_chunk(self): pass"),
    (names, "app/exchange/exchange.py", "'''Doc.'''\nclass StreamManager: pass"),
]

GOOD = [
    (layering, "translators/kimi.py", "from translators.protocols.openai_chat import OPENAI_CHAT"),
    (layering, "app/catalog/catalog.py", "from translators import vendors\nfrom translators.core.vendor import Route"),
    (network, "app/upstream/engine.py", "import urllib3"),
    (network, "app/demo/transport.py", "from requests.adapters import BaseAdapter"),
    (network, "app/upstream/framing.py", "from sseclient import SSEClient"),
    (web, "app/api/messages.py", "from flask import Blueprint"),
    (purity, "app/usage/record.py", "import time"),
    (purity, "translators/__init__.py", "import importlib\nimport pkgutil"),
    (purity, "translators/core/thinking.py", "import base64\nimport hashlib\nimport json"),
    (vendor_names, "app/catalog/catalog.py", "if tool.name == name and vendor.keyless: pass"),
    (named_vendors, "app/api/status.py", "def f():\n    'As ollama does.'\n"),
    (
        named_vendors,
        "app/api/status.py",
        "x = ['openai_chat', 'anthropic-version', 'claude', 'ANTHROPIC_BASE_URL']",
    ),
    (named_vendors, "app/demo/transport.py", "model = 'demo'"),
    (sizes, "app/exchange/exchange.py", "def f():\n" + "    x = 1\n" * 49),
    (sizes, "app/exchange/exchange.py", "x = 1\n" * 350),
    (names, "app/exchange/exchange.py", "'''Doc.'''\ndef targets(): pass"),
]


def case_name(value: object) -> str:
    """A short name of a snippet or a rule in the list of tests."""
    return value.__name__ if callable(value) else str(value).strip().splitlines()[0][:60]


@pytest.mark.parametrize(("rule", "path", "source"), BAD, ids=case_name)
def test_a_breach_is_found(rule: Rule, path: str, source: str) -> None:
    assert list(rule(path, parsed(source)))


@pytest.mark.parametrize(("rule", "path", "source"), GOOD, ids=case_name)
def test_honest_code_passes(rule: Rule, path: str, source: str) -> None:
    assert not list(rule(path, parsed(source)))
