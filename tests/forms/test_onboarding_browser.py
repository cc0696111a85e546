"""The onboarding form in Chromium, in JupyterLab and in Voilà, against a real Dovecot."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect  # noqa: A004

from demo.servers.jupyter import Jupyter
from toolkit.accounts import book
from toolkit.accounts.users import OfficeUser
from toolkit.folders.roles import Role
from toolkit.resources import notebook
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from demo.servers.live import LiveMailbox

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.dovecot]


@pytest.fixture
def office(home: Path) -> Path:
    """An office with two users."""
    with Workspace.open() as workspace, workspace.store.write() as connection:
        for name in ("Anna Amsel", "Bernd Bussard"):
            book.add_user(connection, OfficeUser(name))
    return home


@pytest.fixture(params=["lab", "voila"])
def form(
    request: pytest.FixtureRequest, office: Path, tmp_path: Path, page: Page
) -> Iterator[Page]:
    """The form, open in the browser; nothing but this machine is asked for anything."""
    outside: list[str] = []
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
            else outside.append(asked.url)
        ),
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    if request.param == "lab":
        # A copy: JupyterLab saves what it opens.
        copy = tmp_path / "notebooks"
        copy.mkdir()
        shutil.copy(notebook("onboarding"), copy)
        with Jupyter.lab(copy, folder=tmp_path / "server") as server:
            page.goto(server.address("onboarding.ipynb"))
            run_all(page)
            yield ready(page)
    else:
        with Jupyter.voila(notebook("onboarding"), folder=tmp_path / "server") as server:
            page.goto(server.address())
            yield ready(page)
    assert outside == []


def ready(page: Page) -> Page:
    page.locator(".tk-form .tk-secret input").wait_for(timeout=90_000)
    return page


def run_all(page: Page) -> None:
    """Run every cell, again while nothing comes of it: JupyterLab drops a run without a kernel."""
    page.get_by_text("Python 3 | Leerlauf").wait_for(timeout=60_000)
    for _ in range(6):
        page.get_by_role("menuitem", name="Ausführen").click()
        page.get_by_role("menuitem", name="Alle Zellen ausführen", exact=True).click()
        with suppress(TimeoutError):
            page.locator(".jp-OutputArea-output").first.wait_for(timeout=10_000)
            return


def fill(page: Page, mailbox: LiveMailbox, *, port: int | None = None) -> None:
    """What engineer and customer type; the servers by hand, for nobody publishes loopback."""
    server = mailbox.server
    page.get_by_label("Anzeigename *").fill("Kanzlei Amsel")
    page.get_by_label("E-Mail-Adresse *").fill(mailbox.login)
    page.get_by_label("Benutzername *").fill(mailbox.login)
    page.get_by_label("Passwort *").fill(mailbox.password)
    page.get_by_label("Anna Amsel").first.check()
    page.get_by_label("Benutzerzuordnung (Eigentümer) *").select_option("Bernd Bussard")
    page.get_by_label("IMAP-Server *").fill(server.imap.host)
    page.get_by_label("SMTP-Server *").fill(server.smtp.host)
    for place, number in enumerate((port or server.imap.port, server.smtp.port)):
        field = page.get_by_label("Port *").nth(place)
        field.fill(str(number))
        field.blur()


def test_an_account_from_form_to_table(
    form: Page, live_mailbox: LiveMailbox, tmp_path: Path
) -> None:
    """Fill, load folders, agree on the mapping, save, sync, read the table; no file has the secret."""
    fill(form, live_mailbox)
    form.get_by_role("button", name="IMAP-Ordner laden", exact=True).click()

    tree = form.locator(".tk-tree")
    expect(tree).to_contain_text("Gesendete Elemente", timeout=30_000)
    expect(form.get_by_label("Passwort *")).to_have_value("")
    expect(chosen(form, "Posteingang")).to_have_text("INBOX  (5)")
    expect(chosen(form, "Gesendet")).to_have_text("Gesendete Elemente  (3)")
    expect(chosen(form, "Papierkorb")).to_have_text("Gelöschte Elemente  (2)")
    form.get_by_label("Archiv", exact=True).select_option("(keiner)")
    expect(form.get_by_text("Für „Archiv“ ist kein Ordner zugewiesen.")).to_be_visible()

    form.get_by_role("button", name="Speichern", exact=True).click()
    table = form.locator(".tk-table")
    expect(table).to_contain_text("Gesendete Elemente", timeout=60_000)
    expect(form.get_by_text(f"{live_mailbox.login} ist gespeichert")).to_be_visible()
    expect(form.get_by_text("Vollständig: alle 11 Nachrichten")).to_be_visible()
    inbox = table.locator("tbody tr").filter(has_text="INBOX").locator("td")
    assert inbox.all_inner_texts()[:4] == ["INBOX", "Posteingang", "5", "5"]

    with Workspace.open() as workspace, workspace.store.read() as connection:
        (account,) = book.accounts(connection)
        mapping = book.load_mapping(connection, account.id)
    assert (account.email, account.owner, account.viewers) == (
        live_mailbox.login,
        "Bernd Bussard",
        ("Anna Amsel",),
    )
    assert mapping is not None
    assert mapping[Role.INBOX] == b"INBOX"
    assert mapping[Role.ARCHIVE] is None
    save_notebook(form, tmp_path / "notebooks" / "onboarding.ipynb")
    assert files_with(live_mailbox.password, tmp_path) == []


def save_notebook(page: Page, path: Path) -> None:
    """In JupyterLab, save what is open; its widgets' state stays out of it."""
    if not path.exists():
        return
    page.get_by_role("menuitem", name="Datei").click()
    page.locator("li[data-command='docmanager:save']").click()
    page.locator(".jp-mod-dirty").first.wait_for(state="detached")
    saved = json.loads(path.read_text(encoding="utf-8"))
    assert any(cell.get("outputs") for cell in saved["cells"])
    assert "widgets" not in saved["metadata"]


def files_with(secret: str, folder: Path) -> list[Path]:
    """Files below the folder that hold the secret, as it is or as JSON writes it."""
    spellings = (secret.encode(), json.dumps(secret)[1:-1].encode())
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(one in path.read_bytes() for one in spellings)]


def test_a_wrong_port_is_named_beside_the_port_and_nothing_is_saved(
    form: Page, live_mailbox: LiveMailbox, tmp_path: Path
) -> None:
    """A German message below the row of the IMAP server, its port marked, the database empty."""
    from demo.servers.process import free_port

    fill(form, live_mailbox, port=free_port())
    form.get_by_role("button", name="IMAP-Ordner laden", exact=True).click()
    port = form.get_by_label("Port *").first
    expect(form.locator(".tk-cell-field.tk-wrong")).to_have_count(1, timeout=60_000)
    expect(form.locator(".tk-cell-field.tk-wrong input")).to_have_value(port.input_value())
    message = form.locator(".tk-notice.tk-error")
    expect(message).to_have_count(1)
    expect(message).to_contain_text("Port")
    expect(form.get_by_text("Es wurde nichts gespeichert.")).to_be_visible()
    expect(form.get_by_role("button", name="Speichern", exact=True)).to_be_hidden()
    with Workspace.open() as workspace, workspace.store.read() as connection:
        assert book.accounts(connection) == ()
    assert files_with(live_mailbox.password, tmp_path) == []


def chosen(page: Page, role: str) -> Locator:
    return page.get_by_label(role, exact=True).locator("option:checked")
