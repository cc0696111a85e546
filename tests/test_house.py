"""The house's own rules: who may import whom, who makes HTML, who opens sockets, what starts light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import toolkit

PACKAGE = Path(toolkit.__file__).parent

#: From the roof down; arrows point down only. A room is a folder or a module of the package.
FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"__init__", "__main__", "cli", "forms", "batch"}),  # faces
    frozenset({"views"}),  # a job's result as markup
    frozenset({"render"}),  # what only faces use
    frozenset({"onboarding", "diagnosis", "mailbox", "sync"}),  # jobs
    frozenset({"folders", "providers", "accounts"}),  # knowledge
    frozenset({"workspace"}),
    frozenset({"mail", "store", "vault"}),  # ground
    frozenset({"config", "formats", "progress", "resources"}),
    frozenset({"errors"}),
    frozenset({"language"}),
)

#: Room → rooms of its own floor it may use, and why.
SAME_FLOOR = {
    ("__main__", "cli"),  # `python -m toolkit` is the command line
    ("cli", "batch"),  # `toolkit batch` is a verb of the command line
    ("providers", "folders"),  # a preset names the folders of each Role
    ("accounts", "folders"),  # an account's book keeps its FolderMapping
}

MAX_LINES = 400
#: Lists to look things up in, not to read: the error tree is one page by design.
LONG = {"errors.py"}

#: Frames around what render made; they hold no data, so nothing in them needs escaping.
FRAMES = {"forms/parts.py": {'<div class="tk">', "</div>", "<style>", "</style>"}}

#: Modules that reach a server, or decide how it is trusted.
WIRE = {"socket", "ssl", "imaplib", "smtplib", "poplib", "imapclient"}
#: Module → what it may take of these all the same: types for annotations, a free port of loopback.
WIRE_OUTSIDE_MAIL = {
    "workspace.py": {"ssl"},  # the type of the one context, made by toolkit.mail.tls
    "providers/https.py": {"ssl"},  # the type in the signature of a network stream
}
#: DNS and HTTPS look-ups are the business of the live resolver.
LOOK_UPS = {"dns", "httpx", "httpcore", "urllib.request", "http.client"}
MAY_LOOK_UP = {"providers/live.py", "providers/https.py"}

#: `toolkit` itself, and what stands behind `discover`, `map-folders`, `explain` and `--help`.
QUICK = [
    "toolkit",
    "toolkit.providers.discovery",
    "toolkit.folders.proposal",
    "toolkit.diagnosis.explain",
    "toolkit.cli.main",
]

#: Too slow for a command that answers in 0.3 s.
HEAVY = {
    "pandas",
    "numpy",
    "sqlalchemy",
    "alembic",
    "imapclient",
    "ipywidgets",
    "anywidget",
    "papermill",
    "nbclient",
    "jupyter_client",
    "matplotlib",
    "httpx",
    "dns",
    "cryptography",
    "keyring",
    "pydantic",
}

_TAG = re.compile(
    r"</?(?:a|b|body|br|button|code|details|div|em|h[1-6]|head|html|i|img|input|li|ol|p|pre|script"
    r"|section|small|span|strong|style|summary|svg|table|tbody|td|th|thead|tr|ul)\b[^<]*>?",
    re.IGNORECASE,
)


@dataclass(frozen=True, order=True)
class Import:
    """One import of a room of the house by a module of the house."""

    module: str  # path below the package, for people
    line: int
    room: str  # where the module lives
    target: str  # the room imported


def modules(package: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every module of a package: its path below it, and its syntax tree."""
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(package).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def room_of(module: str) -> str:
    """``mail/imap.py`` → ``mail``; ``errors.py`` → ``errors``."""
    return module.split("/", 1)[0].removesuffix(".py")


def imported(tree: ast.Module, module: str) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of all imports, wherever they stand; relative ones resolved."""
    here = ["toolkit", *module.removesuffix(".py").split("/")][:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from toolkit import render` names the room only in the alias.
            if origin == "toolkit":
                yield from ((node.lineno, f"toolkit.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, origin


def inner_imports(package: Path) -> Iterator[Import]:
    """All imports of one room by another."""
    rooms = frozenset().union(*FLOORS)
    for module, tree in modules(package):
        for line, name in imported(tree, module):
            first, _, rest = name.partition(".")
            if first != "toolkit":
                continue
            target = rest.split(".", 1)[0] or "__init__"
            if target not in rooms and not (package / target).is_dir():
                target = "__init__"  # `from toolkit import __version__`, or a verb
            if target != room_of(module):
                yield Import(module, line, room_of(module), target)


def upward_imports(package: Path) -> list[Import]:
    """The imports that do not point down."""
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    return sorted(
        one
        for one in inner_imports(package)
        if (one.room, one.target) not in SAME_FLOOR
        and not floor.get(one.room, -1) < floor.get(one.target, -1)
    )


def made_markup(package: Path) -> list[str]:
    """String literals with HTML tags outside render, docstrings aside."""
    found = []
    for module, tree in modules(package):
        if room_of(module) == "render":
            continue
        docstrings = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        found += [
            f"{module}:{node.lineno}: {node.value.strip()[:60]}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and _TAG.search(node.value)
            and node.value.strip() not in FRAMES.get(module, set())
        ]
    return found


def widget_markup(package: Path) -> list[str]:
    """Calls of ``HTML(…)``/``HTMLMath(…)`` whose value is a literal or an f-string."""
    return [
        f"{module}:{node.lineno}"
        for module, tree in modules(package)
        if room_of(module) != "render"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"HTML", "HTMLMath"}
        and any(
            isinstance(given, ast.JoinedStr | ast.Constant | ast.BinOp)
            for given in [*node.args, *(k.value for k in node.keywords if k.arg == "value")]
        )
    ]


def unverified_tls(package: Path) -> list[str]:
    """Every way to a TLS context that does not verify, by name, and bare smtplib/imaplib ones."""
    banned = {
        "CERT_NONE",
        "CERT_OPTIONAL",
        "verify_mode",
        "check_hostname",
        "_create_unverified_context",
        "_create_stdlib_context",
        "IMAP4_SSL",
        "SMTP_SSL",
    }
    found = []
    for module, tree in modules(package):
        for node in ast.walk(tree):
            name = getattr(node, "attr", getattr(node, "id", getattr(node, "arg", "")))
            off = (
                isinstance(node, ast.keyword)
                and node.arg == "verify"
                and isinstance(node.value, ast.Constant)
                and node.value.value is False
            )
            if name in banned or off:
                line = getattr(node, "lineno", 0)
                found.append(f"{module}:{line}: {name}")
    return found


def reaching_out(package: Path) -> list[str]:
    """Imports of socket-opening modules outside toolkit.mail, and of look-ups outside their module."""
    found = []
    for module, tree in modules(package):
        for line, name in imported(tree, module):
            top = name.split(".", 1)[0]
            wire = top in WIRE - WIRE_OUTSIDE_MAIL.get(module, set())
            if wire and room_of(module) != "mail":
                found.append(f"{module}:{line}: {name}")
            if (top in LOOK_UPS or name in LOOK_UPS) and module not in MAY_LOOK_UP:
                found.append(f"{module}:{line}: {name}")
    return found


def test_every_room_has_a_floor() -> None:
    """A new room is drawn into the house before it is furnished."""
    known = frozenset().union(*FLOORS) | {"templates", "shipped", "py.typed"}
    rooms = {
        path.name.removesuffix(".py")
        for path in PACKAGE.iterdir()
        if not path.name.startswith((".", "__pycache__"))
    }
    assert rooms - known == set()


def test_imports_point_down() -> None:
    """Faces use jobs, jobs use knowledge, knowledge uses the ground; nobody looks up or sideways."""
    assert upward_imports(PACKAGE) == []


def test_only_render_makes_html() -> None:
    """No tag is written anywhere else, and no HTML widget gets hand-made text."""
    assert made_markup(PACKAGE) == []
    assert widget_markup(PACKAGE) == []


def test_there_is_no_way_around_verified_tls() -> None:
    """Nothing in the product can ask for an unverified context."""
    assert unverified_tls(PACKAGE) == []


def test_only_mail_opens_sockets_to_mail_servers() -> None:
    """The wire's modules are imported in toolkit.mail only; look-ups in the live resolver only."""
    assert reaching_out(PACKAGE) == []


def test_modules_can_be_read_in_a_sitting() -> None:
    """No module grows past the limit."""
    long = {
        path.relative_to(PACKAGE).as_posix(): lines
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).as_posix() not in LONG
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


@pytest.mark.parametrize("module", QUICK)
def test_the_quick_verbs_import_nothing_heavy(module: str) -> None:
    """What answers in 0.3 s brings no table, database, widget or HTTP library along."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()


# -- the checks themselves ----------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small house with one sin of each kind."""
    house = {
        "__init__.py": "",
        "errors.py": "from toolkit.language import Text\n",
        "language.py": "def late():\n    from toolkit import config\n",
        "config.py": "from . import errors\n",
        "mail/__init__.py": "",
        "mail/tls.py": "import ssl\ncontext = ssl._create_unverified_context()\n",
        "mail/imap.py": (
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from toolkit.accounts.account import Account\n"
        ),
        "accounts/__init__.py": "",
        "accounts/account.py": "from ..folders.roles import Role\nimport toolkit.providers\n",
        "folders/roles.py": "import toolkit.mail.imap\n",
        "providers/guess.py": "import httpx, socket\nhttpx.get('x', verify=False)\n",
        "providers/live.py": "import dns.resolver, httpx\n",
        "sync/sync.py": "from toolkit import forms, mail\nTEXT = '<div>' + 'a < b'\n",
        "forms/view.py": (
            '"""Makes no <div>."""\nfrom toolkit import render\nfrom ipywidgets import HTML\n'
            "def show(name):\n    return HTML(value=f'{name}'), f'<b>{name}</b>'\n"
        ),
        "render.py": "PAGE = '<html><body></body></html>'\n",
    }
    for name, source in house.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return tmp_path


def test_the_import_check_finds_what_points_up(tree: Path) -> None:
    """Inside functions, under TYPE_CHECKING, relative and by alias: upward imports are found."""
    assert [(one.module, one.target) for one in upward_imports(tree)] == [
        ("accounts/account.py", "providers"),
        ("language.py", "config"),
        ("mail/imap.py", "accounts"),
        ("sync/sync.py", "forms"),
    ]


def test_the_markup_check_finds_tags_and_widgets(tree: Path) -> None:
    """A literal and an f-string with a tag are found; a docstring and a comparison sign are not."""
    assert [found.split(":")[0] for found in made_markup(tree)] == ["forms/view.py"] * 2 + [
        "sync/sync.py"
    ]
    assert [found.split(":")[0] for found in widget_markup(tree)] == ["forms/view.py"]


def test_the_tls_check_finds_unverified_contexts(tree: Path) -> None:
    """The private constructor and ``verify=False`` are found."""
    assert [found.split(":")[0] for found in unverified_tls(tree)] == [
        "mail/tls.py",
        "providers/guess.py",
    ]


def test_the_socket_check_finds_who_reaches_out(tree: Path) -> None:
    """A socket or an HTTP client in the wrong module is found; the right ones pass."""
    assert reaching_out(tree) == ["providers/guess.py:1: httpx", "providers/guess.py:1: socket"]
