"""The troubleshooting notebook in JupyterLab, for an account saved with a wrong port."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, TimeoutError, expect  # noqa: A004

from demo.servers.jupyter import Jupyter
from demo.servers.process import free_port
from toolkit.resources import notebooks_folder

if TYPE_CHECKING:
    from demo.servers.live import LiveMailbox
    from toolkit.accounts.account import Account

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.dovecot]


def run_all(page: Page) -> None:
    """Run every cell, again while nothing comes of it: JupyterLab drops a run without a kernel."""
    page.get_by_text("Python 3 | Leerlauf").wait_for(timeout=60_000)
    for _ in range(6):
        page.get_by_role("menuitem", name="Ausführen").click()
        page.get_by_role("menuitem", name="Alle Zellen ausführen", exact=True).click()
        with suppress(TimeoutError):
            page.locator(".tk-form").wait_for(timeout=10_000)
            return


def test_a_wrong_port_from_address_to_message(
    saved: Callable[..., Account], live_mailbox: LiveMailbox, tmp_path: Path, page: Page
) -> None:
    """Type the address, press Enter, read stage, cause and remedy, copy the message."""
    account = saved(live_mailbox, port=free_port())
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_viewport_size({"width": 1280, "height": 1600})
    with Jupyter.lab(notebooks_folder(), folder=tmp_path / "server") as server:
        page.goto(server.address("troubleshoot.ipynb"))
        run_all(page)
        page.get_by_label("E-Mail-Adresse").fill(account.email)
        page.get_by_label("E-Mail-Adresse").press("Enter")

        message = page.get_by_role("textbox", name="Nachricht an die Kundin oder den Kunden")
        expect(message).to_be_visible(timeout=60_000)
        expect(page.get_by_label("Gespeichertes Konto")).to_have_value(account.email)
        receiving = page.get_by_role("region", name="Empfang (IMAP)")
        sending = page.get_by_role("region", name="Versand (SMTP)")
        expect(receiving.locator("tr", has_text="Verbindung")).to_contain_text("✗ gescheitert")
        expect(receiving.locator("tr", has_text="Ordnerliste")).to_contain_text("nicht erreicht")
        expect(sending.locator("tr", has_text="Anmeldung zum Versand")).to_contain_text(
            "✓ in Ordnung"
        )
        expect(page.get_by_text("IMAP, Verbindung:")).to_be_visible()
        expect(page.get_by_role("heading", name="Was zu tun ist").first).to_be_visible()

        page.get_by_role("button", name="Text kopieren").click()
        expect(page.get_by_text("Kopiert.")).to_be_visible()
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert copied == message.input_value()
        assert account.email in copied
        assert "keine Verbindung" in copied
        assert live_mailbox.password not in page.content()
