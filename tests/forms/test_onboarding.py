"""The onboarding form without a browser: what the buttons do, and what stays secret."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest
from pydantic import SecretStr

from toolkit import onboarding
from toolkit.accounts import book
from toolkit.accounts.users import OfficeUser
from toolkit.errors import ConnectRefused, LoginRefused, Stage
from toolkit.folders.proposal import propose_mapping
from toolkit.folders.roles import Role
from toolkit.forms import onboarding_form
from toolkit.forms.onboarding import OnboardingForm
from toolkit.language import Text
from toolkit.mail.folder import Folder
from toolkit.mail.settings import Security, Server
from toolkit.onboarding import FolderListing
from toolkit.providers.result import Discovery, Outcome
from toolkit.sync import FolderResult, SyncReport
from toolkit.vault.vault import SecretRef
from toolkit.workspace import Workspace

SECRET = "Kanarienvogel-5d1e-ß"
FOLDERS = (
    Folder(b"INBOX", "INBOX", "/", messages=5),
    Folder(b"Gesendet", "Gesendet", "/", messages=3),
    Folder(b"Papierkorb", "Papierkorb", "/", messages=1),
    Folder(b"<b>Akten", "<b>Akten", "/", messages=9),
)


class Driver:
    """A person at the form: types, clicks, and waits until the form has settled."""

    def __init__(self, form: OnboardingForm, monkeypatch: pytest.MonkeyPatch) -> None:
        self.form = form
        self.typed = ""
        monkeypatch.setattr(form.account.secret, "send", self._browser)

    def _browser(self, content: dict[str, Any], buffers: object = None) -> None:
        if content["kind"] == "request":
            answer = {"kind": "secret", "ticket": content["ticket"]}
            typed, self.typed = self.typed, ""
            self.form.account.secret._handle_custom_msg(answer, [typed.encode()])

    def fill(self) -> None:
        account, servers = self.form.account, self.form.servers
        account.display_name.widget.value = "Kanzlei Amsel"
        account.email.widget.value = "post@kanzlei.example"
        account.username.widget.value = "post@kanzlei.example"
        account.owner.widget.value = "Anna Amsel"
        account.viewers._ticks["Bernd Bussard"].value = True
        servers.imap.fill(Server("imap.kanzlei.example", 993, Security.SSL))
        servers.smtp.fill(Server("smtp.kanzlei.example", 465, Security.SSL))
        self.typed = SECRET

    def load(self) -> None:
        self.form._load.click()
        self.settle()

    def save(self) -> None:
        self.form._save.click()
        self.settle()

    def settle(self) -> None:
        def settled() -> bool:
            with self.form._lock:  # between saving and syncing neither runs for a moment
                return not self.form.work.running and not self.form.sync.work.running

        wait_until(settled)

    def complaints(self) -> dict[str, str]:
        return {
            name: field.slot.value for name, field in self.form._fields.items() if marked(field)
        }

    @property
    def message(self) -> str:
        return str(self.form.message.value)


def marked(field: Any) -> bool:
    return getattr(field.widget, "invalid", False) or "tk-wrong" in field.widget._dom_classes


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "the form does not settle"
        time.sleep(0.005)


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    with Workspace.open() as opened:
        with opened.store.write() as connection:
            for name in ("Anna Amsel", "Bernd Bussard"):
                book.add_user(connection, OfficeUser(name))
        yield opened


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here asks the network for servers."""
    monkeypatch.setattr(
        onboarding, "suggest_settings", lambda address, online=True: Discovery(Outcome.UNKNOWN)
    )


@pytest.fixture
def driver(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Driver:
    return Driver(OnboardingForm(workspace), monkeypatch)


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> list[SecretStr]:
    """The first connection succeeds; the secrets it was given are written down."""
    given: list[SecretStr] = []

    def load(_workspace: object, _draft: object, secret: SecretStr, **_: object) -> FolderListing:
        given.append(secret)
        return FolderListing(FOLDERS, propose_mapping(FOLDERS))

    monkeypatch.setattr(onboarding, "load_folders", load)
    return given


@pytest.fixture
def syncing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (FolderResult("INBOX", Role.INBOX, on_server=5, new=5, bytes=2048, seconds=0.2),)
    monkeypatch.setattr(
        "toolkit.sync.sync_account",
        lambda _workspace, account_id, **_: SyncReport(
            account_id, "post@kanzlei.example", rows, 1.5
        ),
    )


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def load(*_: object, **__: object) -> FolderListing:
        raise error

    monkeypatch.setattr(onboarding, "load_folders", load)


def accounts(workspace: Workspace) -> int:
    with workspace.store.read() as connection:
        return len(book.accounts(connection))


def test_missing_fields_are_all_named_at_once(driver: Driver, workspace: Workspace) -> None:
    """Loading with an empty form marks every field a connection needs, and only those."""
    driver.load()
    assert set(driver.complaints()) == {"email", "username", "imap.host", "smtp.host"}
    assert "E-Mail-Adresse fehlt." in driver.complaints()["email"]
    assert "Es wurde nichts gespeichert." in driver.message
    assert accounts(workspace) == 0


def test_a_missing_password_is_asked_for(driver: Driver) -> None:
    """Everything else is there: the password field is marked."""
    driver.fill()
    driver.typed = ""
    driver.load()
    assert set(driver.complaints()) == {"password"}
    assert "Passwort fehlt." in driver.complaints()["password"]


def test_an_unusable_port_is_marked(driver: Driver) -> None:
    """What Server itself refuses is shown beside the part it refuses."""
    driver.fill()
    driver.form.servers.imap.port.widget.value = 0
    driver.load()
    assert set(driver.complaints()) == {"imap.port"}
    assert "0 ist kein Port." in driver.complaints()["imap.port"]


def test_a_refused_port_is_shown_beside_it_and_the_password_is_kept(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, loading: list[SecretStr]
) -> None:
    """A wrong port does not cost the password; once the port is right, loading goes on with it."""
    error = ConnectRefused(Text("Kein Dienst.", "None."), stage=Stage.TCP, field="port")
    succeeds = onboarding.load_folders
    failing(monkeypatch, error)
    driver.fill()
    driver.load()
    assert set(driver.complaints()) == {"imap.port"}
    monkeypatch.setattr(onboarding, "load_folders", succeeds)
    driver.form.servers.imap.port.widget.value = 1993
    assert driver.complaints() == {}
    driver.load()
    assert loading == [SecretStr(SECRET)]


def test_a_refused_login_is_shown_beside_the_password_which_is_dropped(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password the server refused is not used a second time."""
    refused = LoginRefused(Text("Abgelehnt.", "Refused."), stage=Stage.AUTH, field="password")
    failing(monkeypatch, refused)
    driver.fill()
    driver.load()
    assert set(driver.complaints()) == {"password"}
    assert driver.form._secret is None
    assert driver.form.account.secret.state == ""


def test_an_unexpected_error_is_a_notice_without_the_secret(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in a job ends on the form, and does not quote what it choked on."""
    failing(monkeypatch, ValueError(SECRET))
    driver.fill()
    driver.load()
    assert "Unerwarteter Fehler" in driver.message
    assert "ValueError" in driver.message
    assert SECRET not in driver.message


def test_a_browser_that_does_not_answer_is_told(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an answer from the password field nothing is tried."""
    monkeypatch.setattr(driver.form.account.secret, "request", lambda answer: answer(None))
    driver.load()
    assert "nicht beantwortet" in driver.message


def test_loading_shows_tree_and_proposal(driver: Driver, loading: list[SecretStr]) -> None:
    """Each role is set to its proposal with the reason below; an empty role is warned about."""
    driver.fill()
    driver.load()
    mapping = driver.form.mapping
    assert mapping.view.layout.display == ""
    assert mapping.choices[Role.SENT].value == b"Gesendet"
    assert "Gesendet" in mapping._notes[Role.SENT].value
    assert "kein Ordner zugewiesen" in mapping._notes[Role.DRAFTS].value
    assert "&lt;b&gt;Akten" in mapping._tree.value
    assert ("(keiner)", b"") in mapping.choices[Role.DRAFTS].options
    mapping.choices[Role.ARCHIVE].value = b"<b>Akten"
    assert "Von Hand gewählt." in mapping._notes[Role.ARCHIVE].value
    assert mapping.chosen()[Role.ARCHIVE] == b"<b>Akten"
    assert mapping.chosen().chosen == {Role.ARCHIVE}


def test_saving_stores_the_account_and_syncs(
    driver: Driver, workspace: Workspace, loading: list[SecretStr], syncing: None
) -> None:
    """Account, mapping and secret are where they belong, the table is shown, the form lets go."""
    driver.fill()
    driver.load()
    driver.form.mapping.choices[Role.TRASH].value = b""
    driver.save()
    with workspace.store.read() as connection:
        (account,) = book.accounts(connection)
        mapping = book.load_mapping(connection, account.id)
    assert (account.email, account.owner, account.viewers) == (
        "post@kanzlei.example",
        "Anna Amsel",
        ("Bernd Bussard",),
    )
    assert mapping is not None
    assert dict(mapping) == {Role.INBOX: b"INBOX", Role.SENT: b"Gesendet"}
    assert workspace.vault.get(SecretRef(account.id)) == SecretStr(SECRET)
    assert driver.form._secret is None
    result = driver.form.sync._result.value
    assert "Vollständig: alle 5 Nachrichten" in result
    assert "2,0 kB" in result
    assert "ist gespeichert" in driver.form.sync._saved.value


def test_a_user_added_on_the_form_is_created_by_saving(
    driver: Driver, workspace: Workspace, loading: list[SecretStr], syncing: None
) -> None:
    """A new name is offered at once and becomes an office user with the account."""
    driver.fill()
    driver.form.account._add_user("Carla Corvus")
    driver.form.account.owner.widget.value = "Carla Corvus"
    driver.load()
    with workspace.store.read() as connection:
        assert "Carla Corvus" not in {user.name for user in book.users(connection)}
    driver.save()
    with workspace.store.read() as connection:
        assert "Carla Corvus" in {user.name for user in book.users(connection)}


def test_another_login_needs_another_loading(
    driver: Driver, workspace: Workspace, loading: list[SecretStr]
) -> None:
    """Folders of one mailbox are never saved with the login of another."""
    driver.fill()
    driver.load()
    driver.form.account.username.widget.value = "andere@kanzlei.example"
    driver.save()
    assert "IMAP-Ordner laden" in driver.message
    assert accounts(workspace) == 0
    driver.load()
    driver.typed = "anderes Passwort"
    driver.save()
    assert "IMAP-Ordner laden" in driver.message
    assert accounts(workspace) == 0


def test_an_address_that_is_taken_is_named_beside_the_address(
    driver: Driver, workspace: Workspace, loading: list[SecretStr], syncing: None
) -> None:
    """What saving refuses appears beside its field; the first account stays as it is."""
    driver.fill()
    driver.load()
    driver.save()
    driver.form._another.click()
    assert driver.form.account.email.widget.value == ""
    assert driver.form.sync.view.layout.display == "none"
    driver.fill()
    driver.load()
    driver.save()
    assert "ist bereits eingebunden" in driver.complaints()["email"]
    assert accounts(workspace) == 1


def test_a_sync_that_fails_leaves_the_account_saved(
    driver: Driver,
    workspace: Workspace,
    loading: list[SecretStr],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error appears in the sync's part, with a way to try again."""

    def sync(*_: object, **__: object) -> SyncReport:
        raise ConnectRefused(Text("Kein Dienst.", "None."), stage=Stage.TCP, field="port")

    monkeypatch.setattr("toolkit.sync.sync_account", sync)
    driver.fill()
    driver.load()
    driver.save()
    assert "Kein Dienst." in driver.form.sync._result.value
    assert driver.form.sync._again.layout.display == ""
    assert accounts(workspace) == 1


def test_the_secret_is_in_no_widget(
    driver: Driver, loading: list[SecretStr], syncing: None
) -> None:
    """Neither while it is held nor after saving does any widget's state contain it."""
    driver.fill()
    driver.load()
    assert SECRET not in states()
    driver.save()
    assert SECRET not in states()


def states() -> str:
    """The state of every widget there is, as a notebook would save it."""
    manager = widgets.Widget.get_manager_state()
    return json.dumps(manager, default=repr, ensure_ascii=False)


def gmx(**changes: Any) -> Discovery:
    from toolkit.providers.discovery import discover

    return discover("anna@gmx.de", resolver=None)


def test_servers_are_filled_from_the_address(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preset fills servers and login name, says where they come from and what to prepare."""
    monkeypatch.setattr("toolkit.forms.suggestion.PAUSE", 0.0)
    monkeypatch.setattr(onboarding, "suggest_settings", lambda address, online=True: gmx())
    form = driver.form
    form.account.email.widget.value = "anna@gmx.de"
    wait_until(lambda: form.servers.imap.host.widget.value != "")
    with form._lock:
        assert form.servers.imap.host.widget.value == "imap.gmx.net"
        assert form.account.username.widget.value == "anna@gmx.de"
        assert "Voreinstellung für GMX, Stand" in form.servers.imap.origin.value
        assert "IMAP" in form.account.hints.value
        assert form.suggestion.provider == "gmx"


def test_what_was_typed_by_hand_is_not_replaced(driver: Driver) -> None:
    """A suggestion fills only what nobody has filled; an emptied field may be filled again."""
    form = driver.form
    form.servers.imap.host.widget.value = "imap.eigener.example"
    assert "von Hand eingetragen" in form.servers.imap.origin.value
    form.suggestion._show(gmx())
    assert form.servers.imap.host.widget.value == "imap.eigener.example"
    assert form.servers.smtp.host.widget.value == "mail.gmx.net"
    form.servers.imap.host.widget.value = ""
    form.suggestion._show(gmx())
    assert form.servers.imap.host.widget.value == "imap.gmx.net"


def test_a_late_answer_for_an_older_address_is_ignored(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the network thinks, the person types another address: its answer counts."""
    monkeypatch.setattr(onboarding, "suggest_settings", lambda address, online=True: gmx())
    driver.form.suggestion._asked = "neu@kanzlei.example"
    driver.form.suggestion._ask("anna@gmx.de")
    assert driver.form.servers.imap.host.widget.value == ""


def test_a_provider_goes_with_its_address(driver: Driver) -> None:
    """Another address is not connected as a mailbox of the former one's provider."""
    driver.form.suggestion._show(gmx())
    assert driver.form.suggestion.provider == "gmx"
    driver.form.account.email.widget.value = "post@kanzlei.example"
    assert driver.form.suggestion.provider is None


def test_a_slip_is_offered_and_never_replaced_silently(driver: Driver) -> None:
    """The likely address is a button; the field keeps what was typed until it is pressed."""
    form = driver.form
    form.account.email.widget.value = "anna@gmx.dee"
    found = Discovery(
        Outcome.SUGGEST_TYPO, domain="gmx.dee", suggest="anna@gmx.de", suggestions=("anna@gmx.de",)
    )
    form.suggestion._show(found)
    assert form.account.email.widget.value == "anna@gmx.dee"
    assert "anna@gmx.de" in form.account.note.value
    form.account._take.click()
    assert form.account.email.widget.value == "anna@gmx.de"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_can_be_shown(driver: Driver, outcome: Outcome) -> None:
    """No answer of discovery leaves the form without words or breaks it."""
    from toolkit.providers.catalogue import load_providers

    for provider in (None, *list(load_providers())[:3]):
        found = Discovery(
            outcome, domain="kanzlei.example", provider=provider, suggest="a@b.example"
        )
        driver.form.suggestion._show(found)


def test_an_office_that_cannot_be_opened_ends_in_a_message(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong variable is explained instead of a traceback."""
    monkeypatch.setenv("TOOLKIT_VAULT", "schublade")
    shown = onboarding_form()
    assert "TOOLKIT_VAULT=schublade" in shown.children[1].value


def test_the_form_is_what_the_notebook_shows(home: Path) -> None:
    """The notebook's one call gives the form."""
    form = onboarding_form()
    assert "tk-form" in form._dom_classes
