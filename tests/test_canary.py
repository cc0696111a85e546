"""One password goes through everything the toolkit does, and is then found nowhere.

Memory is out of scope: the password has to be there while it is used.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from pydantic import SecretStr

from demo.servers.certificates import issue
from demo.servers.content import Mailbox, letters
from demo.servers.live import GERMAN_FOLDERS
from demo.servers.scripted import ScriptedServer, Send, Serve, Step
from tests.canary import Canary, LogWatch, ProcessWatch, told
from toolkit.accounts.account import Account, AccountDraft
from toolkit.errors import ToolkitError
from toolkit.mail.settings import Security, Server, ServerSettings
from toolkit.resources import notebook
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    import trustme

    from demo.servers.dovecot import Dovecot
    from toolkit.forms.onboarding import OnboardingForm

RIGHT, WRONG, ECHO, FORM, BOOK = (
    f"{name}@kanarie.example" for name in ("richtig", "falsch", "echo", "formular", "notebook")
)
REPOSITORY = Path(__file__).parent.parent
SOMETHING_ELSE = "Ein ganz anderes Passwort"

# --- the searcher can fail ---------------------------------------------------------------------


def test_every_form_is_found_where_it_is_planted(tmp_path: Path) -> None:
    """Each form, amid other bytes, in a file; and nothing is found where nothing was planted."""
    canary = Canary.new([RIGHT])
    for number, form in enumerate(canary.forms):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(os.urandom(999) + b"\n" + canary.written(form) + b"\0" + os.urandom(99))
        assert form in canary.found_below(path)[str(path)], form
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "zufall.bin").write_bytes(os.urandom(1 << 20))
    (tmp_path / "clean" / "anderes.txt").write_text(Canary.new([RIGHT]).secret.get_secret_value())
    assert canary.found_below(tmp_path / "clean") == {}


def test_the_forms_are_those_programs_write() -> None:
    """What libraries make of the password is found, in whatever alignment base64 has it."""
    canary = Canary.new([RIGHT])
    password = canary.secret.get_secret_value()
    plain = f"\0{RIGHT}\0{password}".encode()
    for before in (b"", b"x", b"xy", b"xyz"):
        for behind in (b"", b"q", b"qr"):
            assert canary.found(base64.b64encode(before + password.encode() + behind))
            assert canary.found(base64.urlsafe_b64encode(before + password.encode() + behind))
    lined = base64.encodebytes(b"v" * 50 + plain)
    assert any(name.startswith("base64 PLAIN") for name in canary.found(lined))
    document = json.dumps({"metadata": {"parameters": {"password": password}}})
    assert "JSON" in canary.found(document.encode())
    assert "JSON in JSON" in canary.found(json.dumps([document]).encode())
    assert "repr" in canary.found(repr({"p": password}).encode())
    assert canary.found(f"imap://a:{password}@x".encode())
    assert canary.found(password.encode().hex().upper().encode())
    assert password not in f"{canary!r} {canary.secret!r} {vars(canary)['secret']}"


def test_a_file_name_can_give_it_away(tmp_path: Path) -> None:
    """The name of a file is searched like its content."""
    canary = Canary.new()
    (tmp_path / f"{canary.written('middle').decode()}.log").touch()
    assert len(canary.found_below(tmp_path)) == 1


def test_a_place_that_is_not_there_is_no_proof(tmp_path: Path) -> None:
    """Searching a folder that does not exist fails instead of finding nothing."""
    with pytest.raises(AssertionError):
        Canary.new().found_below(tmp_path / "fehlt")


def test_arguments_and_environment_of_children_are_seen() -> None:
    """A child, a grandchild in a session of its own, and one that was told by its environment."""
    canary = Canary.new()
    password = canary.secret.get_secret_value()
    sleep = "import time; time.sleep(0.5)"
    grandchild = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.stdin.read(),"
        " 'enkel', sys.argv[1]], start_new_session=True)"
    )
    hidden = base64.b64encode(canary.secret.get_secret_value().encode()).decode()
    with ProcessWatch(canary) as watch:
        subprocess.run([sys.executable, "-c", sleep, "argument", password], check=True)
        subprocess.run(
            [sys.executable, "-c", grandchild, hidden], check=True, input=sleep, text=True
        )
        subprocess.run([sys.executable, "-c", sleep, "umgebung"], check=True,
                       env={**os.environ, "TOOLKIT_PASSWORD": password})  # fmt: skip
        subprocess.run([sys.executable, "-c", sleep, "harmlos"], check=True, env={"PATH": "/bin"})
    met = {(name.rsplit("sleep(0.5) ")[-1].split()[0], place) for name, place, _ in watch.hits
           if "sleep" in name}  # fmt: skip
    assert met == {("argument", "arguments"), ("enkel", "arguments"), ("umgebung", "environment")}
    assert any("harmlos" in name for name in watch.seen)


def test_logs_and_tracebacks_are_seen_whole() -> None:
    """Arguments of records below the usual level, locals of frames, causes of exceptions."""
    canary = Canary.new()

    def fails(password: str) -> None:
        try:
            int("x" * len(password))
        except ValueError as exc:
            raise RuntimeError("harmlos") from exc

    with LogWatch() as logs:
        logging.getLogger("kanarie").debug("sent %s", canary.secret.get_secret_value())
    assert canary.found("\n".join(logs.lines).encode())
    with pytest.raises(RuntimeError) as raised:
        fails(canary.secret.get_secret_value())
    assert canary.found(told(raised.value).encode())
    assert not canary.found(repr(raised.value).encode())


# --- one day in the toolkit's life -------------------------------------------------------------


@dataclass
class Day:
    """What one day left behind, in the order things were done."""

    canary: Canary
    home: Path
    places: tuple[Path, ...]
    output: list[bytes] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    watch: ProcessWatch | None = None
    done: list[str] = field(default_factory=list)

    def cli(self, *arguments: str, given: bytes = b"", status: int = 0) -> Any:
        """One command in a process of its own; what it printed as JSON, if that was asked for."""
        done = subprocess.run(
            [sys.executable, "-m", "toolkit", *arguments],
            input=given,
            capture_output=True,
            check=False,
        )
        self.output += [done.stdout, done.stderr]
        self.done.append(f"{arguments[0]} {done.returncode}")
        assert done.returncode == status, (arguments, done.stderr.decode()[-2000:])
        return json.loads(done.stdout.splitlines()[0]) if "--json" in arguments else None

    def fails(self, work: Callable[[], object]) -> None:
        """Something that must end in a typed error, kept with all its frames."""
        try:
            work()
        except ToolkitError as error:
            self.errors += [told(error), json.dumps(error.as_json(), default=repr)]
        else:
            pytest.fail("this should have failed")


def echoing(canary: Canary) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """IMAP and SMTP servers that refuse a login and repeat the password in every way they know."""
    password = canary.secret.get_secret_value().encode()
    plain = f"\0{ECHO}\0".encode() + password
    words = b" ".join(
        [
            b"wrong password", password, b'"' + password.replace(b'"', b'\\"') + b'"',
            base64.b64encode(password), base64.b64encode(plain),
            password.decode().encode("latin-1"),
        ]
    )  # fmt: skip
    imap = (
        Send(b"* OK ready\r\n"),
        Serve(
            {
                rb"^\S+ CAPABILITY$": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n",
                rb"^\S+ AUTHENTICATE \S+$": b"+ \r\n",
                rb"^[A-Za-z0-9+/]+=*$": b"{tag} NO [AUTHENTICATIONFAILED] " + words + b"\r\n",
                rb"LOGOUT": b"* BYE " + words + b"\r\n{tag} OK bye\r\n",
            }
        ),
    )
    smtp = (
        Send(b"220 echo.example ESMTP\r\n"),
        Serve(
            {
                rb"^EHLO ": b"250-echo.example\r\n250 AUTH PLAIN LOGIN\r\n",
                rb"^AUTH ": b"535-5.7.8 " + words + b"\r\n535 5.7.8 " + words + b"\r\n",
                rb"^QUIT": b"221 " + words + b"\r\n",
            },
            otherwise=b"502 what?\r\n",
        ),
    )
    return imap, smtp


#: Loaded by every Python the day starts: all log records at every level go into a file.
LOGGING = """
import logging, os
handler = logging.FileHandler(f"{os.environ['CANARY_LOGS']}/{os.getpid()}.log", encoding="utf-8")
handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
logging.root.addHandler(handler)
logging.root.setLevel(1)
"""


@pytest.fixture(scope="module")
def surroundings(
    tmp_path_factory: pytest.TempPathFactory, ca_file: Path, dovecot: Dovecot
) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """TOOLKIT_HOME, and every folder programs write into of their own accord, all of them empty."""
    top = tmp_path_factory.mktemp("tag")
    names = {
        "HOME": "user", "IPYTHONDIR": "ipython", "JUPYTER_CONFIG_DIR": "jc", "JUPYTER_DATA_DIR": "jd",
        "JUPYTER_RUNTIME_DIR": "jr", "XDG_CACHE_HOME": "cache", "TMPDIR": "t", "CANARY_LOGS": "logs",
        "TOOLKIT_HOME": "home",
    }  # fmt: skip
    key, custom = top / "key", top / "python"
    custom.mkdir()
    (custom / "sitecustomize.py").write_text(LOGGING, encoding="utf-8")
    key.touch(mode=0o600)
    key.write_text("Passphrase des Tresors", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for variable, name in names.items():
            (top / name).mkdir(mode=0o700)
            patch.setenv(variable, str(top / name))
        patch.setattr(tempfile, "tempdir", str(top / "t"))
        patch.setenv("PYTHONPATH", os.pathsep.join([str(custom), str(REPOSITORY)]))
        patch.setenv("TOOLKIT_CA_FILE", str(ca_file))
        patch.setenv("TOOLKIT_VAULT", "file")
        patch.setenv("TOOLKIT_VAULT_KEY_FILE", str(key))
        patch.setenv("TOOLKIT_LANG", "de")
        patch.delenv("TOOLKIT_DATABASE_URL", raising=False)
        yield top / "home", tuple(top / name for name in names.values())


@pytest.fixture(scope="module")
def day(
    surroundings: tuple[Path, tuple[Path, ...]],
    dovecot: Dovecot,
    ca: trustme.CA,
    tmp_path_factory: pytest.TempPathFactory,
) -> Day:
    """Everything the toolkit does with a password, once, on real servers."""
    home, places = surroundings
    reports = tmp_path_factory.mktemp("berichte")
    canary = Canary.new([RIGHT, WRONG, ECHO, FORM, BOOK])
    for login in (RIGHT, FORM, BOOK):
        dovecot.add(login, Mailbox(canary.secret.get_secret_value(), GERMAN_FOLDERS))
    dovecot.add(WRONG, Mailbox(SOMETHING_ELSE, {"INBOX": tuple(letters(1))}))
    context = issue(ca).server_context(tmp_path_factory.mktemp("echo"))
    today = Day(canary, home, (*places, reports))
    reading, sending = (ScriptedServer(script, context=context) for script in echoing(canary))
    with reading, sending, LogWatch() as logs, ProcessWatch(canary) as today.watch:
        echo = tuple(
            Server("127.0.0.1", server.port, Security.SSL) for server in (reading, sending)
        )
        servers = {RIGHT: (dovecot.imap, dovecot.smtp), WRONG: (dovecot.imap, dovecot.smtp)}
        ids = by_command_line(today, servers | {ECHO: (echo[0], echo[1])}, reports)
        in_this_process(today, ids, ServerSettings(*servers[RIGHT], FORM))
        in_a_notebook(today, dovecot, ids, reports)
    today.logs = logs.lines
    # Otherwise nothing was proved: the servers did get it, and did say it back.
    for server in (reading, sending):
        assert canary.found(b"\n".join(server.received))
    return today


def by_command_line(
    day: Day, servers: dict[str, tuple[Server, Server]], reports: Path
) -> dict[str, str]:
    """Add, look, sync, diagnose, batch: as tables and as JSON, with success and without; the ids."""
    given = day.canary.secret.get_secret_value().encode() + b"\n"
    ids = {}
    for login, (imap, smtp) in servers.items():
        add = (
            "account", "add", login, "--imap", str(imap), "--smtp", str(smtp), "--username", login,
            "--owner", "Müller", "--viewer", "Müller", "--password-stdin", "--json",
        )  # fmt: skip
        if login == ECHO:
            day.cli(*add, "--check", given=given, status=1)
        ids[login] = day.cli(*add, given=given)["id"]
    day.cli(*add, given=given, status=2)  # connected already
    day.cli("account", "add", "kein-at", "--owner", "M", "--password-stdin", given=given, status=2)
    day.cli("account", "show", ids[RIGHT])
    day.cli("folders", ids[RIGHT])
    day.cli("mapping", ids[RIGHT], "--accept", "--json")
    day.cli("sync", *ids.values(), "--all-folders", status=3)
    day.cli("messages", ids[RIGHT])
    day.cli("diagnose", ids[RIGHT])
    day.cli("diagnose", ids[WRONG], status=1)
    day.cli("diagnose", ids[ECHO], status=1)
    day.cli("diagnose", ids[ECHO], "--json", status=1)
    day.cli("folders", ids[ECHO], "--json", status=3)
    day.cli("batch", "--all", "--out", str(reports / "batch"), status=1)
    return ids


def in_this_process(day: Day, ids: dict[str, str], settings: ServerSettings) -> None:
    """Failures with all their frames, and the onboarding form from typing to the first sync."""
    from toolkit.accounts import book
    from toolkit.diagnosis.probe import diagnose
    from toolkit.forms.onboarding import OnboardingForm
    from toolkit.onboarding import check_servers, list_folders, load_folders, save_account
    from toolkit.sync import sync_account
    from toolkit.vault import file_vault

    secret = day.canary.secret
    with Workspace.open() as workspace:
        with workspace.store.read() as connection:
            accounts = {name: book.account_by_id(connection, one) for name, one in ids.items()}
        echo = accounts[ECHO]
        draft = replaced(echo)
        day.fails(lambda: list_folders(workspace, echo))
        day.fails(lambda: list_folders(workspace, accounts[WRONG]))
        day.fails(lambda: load_folders(workspace, draft, secret))
        day.fails(lambda: check_servers(workspace, echo.servers, secret))
        sending = ServerSettings(settings.imap, echo.servers.smtp, RIGHT)
        day.fails(lambda: check_servers(workspace, sending, secret))
        day.fails(lambda: save_account(workspace, draft, secret, None, create_users=True))
        new = AccountDraft(
            "neu@kanarie.example", "K", "neu", settings.imap, settings.smtp, "Müller"
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(file_vault, "_replace", full_disk)
            day.fails(lambda: save_account(workspace, new, secret, None))
        day.fails(lambda: sync_account(workspace, echo.id, all_folders=True))
        diagnosis = diagnose(workspace, echo.id)
        day.states += [repr(diagnosis), *(told(found.error) for found in diagnosis.findings)]

        form = OnboardingForm(workspace)
        with pytest.MonkeyPatch.context() as patch:
            typed = Browser(form, patch)
            fill(form, settings, login=WRONG)
            typed.types(secret)
            form._load.click()
            settle(form)
            day.states.append(widget_states())
            assert "password" in {n for n, f in form._fields.items() if f.slot.value}
            fill(form, settings, login=FORM)
            typed.types(secret)
            form._load.click()
            settle(form)
            day.states.append(widget_states())  # while the form keeps the password for saving
            form._save.click()
            settle(form)
            day.states += [widget_states(), repr(vars(form))]
        assert form.sync._account is not None
        day.done.append("form saved")


def in_a_notebook(day: Day, dovecot: Dovecot, ids: dict[str, str], reports: Path) -> None:
    """The onboarding notebook in a kernel, the password sent as the browser sends it; then failures
    with verbose tracebacks, which show the variables of every frame."""
    book = nbformat.read(notebook("onboarding"), as_version=4)
    settings = ServerSettings(dovecot.imap, dovecot.smtp, BOOK)
    cells = [
        "from tests.test_canary import *",
        f"form = the_form(); fill(form, {settings_code(settings)}, login={BOOK!r}); form._load.click()",
        "settle(form); form._save.click()",
        "settle(form); print(form.sync._saved.value); print(form.message.value)",
        "%xmode Verbose",
        "from toolkit.onboarding import check_servers, list_folders",
        "from toolkit.accounts import book; from toolkit.vault.vault import SecretRef",
        "workspace = Workspace.open()",
        f"with workspace.store.read() as c: account = book.account_by_id(c, {ids[ECHO]!r})",
        "list_folders(workspace, account)",
        "secret = workspace.vault.get(SecretRef(account.id)); secret",
        "check_servers(workspace, account.servers, secret)",
        "from toolkit.vault import file_vault; file_vault._replace = full_disk",
        "workspace.vault.put(SecretRef('neu'), secret)",
        "workspace, workspace.vault, vars(workspace.vault).keys(), account",
    ]
    book.cells += [nbformat.v4.new_code_cell(source) for source in cells]
    client = frontend(book, day.canary)
    client.execute()
    out = reports / "onboarding.ipynb"
    nbformat.write(book, out)
    from toolkit.batch.export import export_html

    export_html(out, out.with_suffix(".html"))
    shown = out.read_text(encoding="utf-8")
    assert f"{BOOK} ist gespeichert" in shown
    assert book.metadata["widgets"], "widget state was not saved, so nothing was proved of it"
    failed = [o.ename for c in book.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert failed == ["LoginRefused", "LoginRefused", "VaultError"], failed
    day.done.append("notebook saved")


# --- driving the form, here and in the kernel --------------------------------------------------


class Browser:
    """Answers the password field in the browser's place."""

    def __init__(self, form: OnboardingForm, patch: pytest.MonkeyPatch) -> None:
        self._field = form.account.secret
        self._secret = SecretStr("")
        patch.setattr(self._field, "send", self._asked)

    def types(self, secret: SecretStr) -> None:
        """What the next request is answered with."""
        self._secret = secret

    def _asked(self, content: dict[str, Any], buffers: object = None) -> None:
        if content["kind"] == "request":
            answer = {"kind": "secret", "ticket": content["ticket"]}
            given, self._secret = self._secret, SecretStr("")
            self._field._handle_custom_msg(answer, [given.get_secret_value().encode()])


def fill(form: OnboardingForm, settings: ServerSettings, *, login: str) -> None:
    """What a person enters beside the password."""
    account = form.account
    account.offer_users(["Müller"])
    account.display_name.widget.value = "Kanzlei"
    account.email.widget.value = login
    account.username.widget.value = login
    account.owner.widget.value = "Müller"
    settle(form)
    form.servers.imap.fill(settings.imap)
    form.servers.smtp.fill(settings.smtp)


def settle(form: OnboardingForm) -> None:
    """Wait until the form has finished what was begun."""
    end = time.monotonic() + 60
    while True:
        with form._lock:
            if not (form.work.running or form.sync.work.running):
                return
        assert time.monotonic() < end, "the form does not settle"
        time.sleep(0.02)


def the_form() -> OnboardingForm:
    """The form a notebook's cell has shown."""
    import gc

    from toolkit.forms.onboarding import OnboardingForm

    (form,) = (one for one in gc.get_objects() if isinstance(one, OnboardingForm))
    return form


def full_disk(*_: object) -> None:
    """A vault's file that cannot be written."""
    raise OSError(28, "No space left on device")


def replaced(account: Account) -> AccountDraft:
    """A saved account as somebody would enter it again."""
    servers = account.servers
    return AccountDraft(
        account.email, "K", servers.username, servers.imap, servers.smtp, account.owner
    )


def settings_code(settings: ServerSettings) -> str:
    """An expression for the same settings in another process."""
    servers = (f"Server.parse({str(one)!r})" for one in (settings.imap, settings.smtp))
    return f"ServerSettings({', '.join(servers)}, {settings.username!r})"


def widget_states() -> str:
    """What would be saved with a notebook: the state of every widget there is."""
    from ipywidgets import Widget

    manager = Widget.get_manager_state()
    assert manager["state"], "no widget is there, so nothing was proved"
    return json.dumps(manager, default=repr)


def frontend(book: Any, canary: Canary) -> Any:
    """nbclient with a browser's manners: it answers the password field by a message of its own."""
    from nbclient import NotebookClient

    class Frontend(NotebookClient):
        def handle_comm_msg(self, outs: Any, msg: Any, cell_index: int) -> None:
            super().handle_comm_msg(outs, msg, cell_index)
            data = msg["content"].get("data", {})
            if data.get("method") != "custom" or data["content"].get("kind") != "request":
                return
            answer = {"kind": "secret", "ticket": data["content"]["ticket"]}
            content = {
                "comm_id": msg["content"]["comm_id"],
                "data": {"method": "custom", "content": answer},
            }
            assert self.kc is not None
            session = self.kc.session
            session.send(
                self.kc.shell_channel.socket,
                session.msg("comm_msg", content),
                buffers=[canary.secret.get_secret_value().encode()],
            )

    return Frontend(
        book, kernel_name="python3", timeout=120, allow_errors=True, store_widget_state=True,
        resources={"metadata": {"path": str(REPOSITORY)}},
    )  # fmt: skip


# --- what the day left behind ------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.dovecot
class TestNowhere:
    """After the day the password is in no place a program writes to or can be looked into."""

    def test_in_no_file(self, day: Day) -> None:
        """Home, database with its journal, vault, reports, notebooks, Jupyter, IPython, logs, temp."""
        assert day.canary.found_below(*day.places) == {}
        names = {path.name for place in day.places for path in place.rglob("*")}
        assert {"toolkit.db", "vault.bin", "overview.html", "onboarding.html"} <= names
        assert [name for name in names if name.endswith(".ipynb")]
        assert [path for path in Path(os.environ["CANARY_LOGS"]).iterdir() if path.stat().st_size]

    def test_in_no_process(self, day: Day) -> None:
        """Neither arguments nor environment of any process, kernels included, ever held it."""
        assert day.watch is not None
        assert day.watch.hits == []
        assert any("toolkit batch" in name for name in day.watch.seen)
        assert any("ipykernel" in name for name in day.watch.seen)
        assert not day.canary.found(repr(dict(os.environ)).encode())

    def test_in_no_output(self, day: Day) -> None:
        """Tables, JSON and error messages; the server that repeats the password is quoted without it."""
        assert day.canary.leaks(*day.output) == []
        everything = b"\n".join(day.output)
        assert b"AUTHENTICATIONFAILED" in everything
        assert b"****" in everything

    def test_in_no_log_record(self, day: Day) -> None:
        """Whatever the libraries log at whatever level, arguments and tracebacks included."""
        assert day.canary.leaks(*day.logs) == []
        assert day.logs

    def test_in_no_traceback_and_no_repr(self, day: Day) -> None:
        """No frame between the caller and the server keeps it in a variable an error would show."""
        assert day.canary.leaks(*day.errors) == []
        assert len(day.errors) == 16

    def test_in_no_widget(self, day: Day) -> None:
        """Neither while the form keeps it for saving nor afterwards."""
        assert day.canary.leaks(*day.states) == []
        assert day.done[-2:] == ["form saved", "notebook saved"]
