"""The README's screenshots, taken from the running program: ``python -m demo.screenshots``.

The form and the mapping come from Voilà on the onboarding notebook, against the demonstration's
mail server; the overview is the one ``python -m demo`` leaves behind.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from demo.server import Kind, ServedAccount, start_demo_servers
from demo.servers.jupyter import Jupyter
from toolkit.accounts import book
from toolkit.accounts.users import OfficeUser
from toolkit.resources import notebook
from toolkit.workspace import Workspace

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
SIZE = ViewportSize(width=1280, height=900)
USERS = ("Anna Meier", "Björn Özdemir", "Katrin Vogt", "Sekretariat")


def main() -> int:
    """Take all three; prints their paths."""
    parser = argparse.ArgumentParser(prog="python -m demo.screenshots", description=__doc__)
    parser.add_argument("--server", choices=("embedded", "dovecot"), default="embedded")
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play, tempfile.TemporaryDirectory(prefix="toolkit-shots-") as scratch:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        _form_and_mapping(browser, Path(scratch), given.server, given.out)
        _overview(browser, given.server, given.out)
    return 0


def _form_and_mapping(browser: Browser, scratch: Path, kind: Kind, out: Path) -> None:
    home = _office(scratch)
    with start_demo_servers(scratch / "mail", kind=kind) as servers:
        served = next(one for one in servers.accounts if one.account.fault == "none")
        environment = home | {"TOOLKIT_CA_FILE": str(servers.ca_file)}
        with (
            Jupyter.voila(
                notebook("onboarding"), folder=scratch / "voila", environment=environment
            ) as voila,
            _page(browser, voila.address()) as page,
        ):
            page.locator(".tk-form .tk-secret input").wait_for(timeout=60_000)
            page.get_by_label("Anzeigename *").fill("Kanzlei Meier & Kollegen")
            page.get_by_label("E-Mail-Adresse *").fill("kanzlei.meier@gmx.de")
            page.get_by_text("Voreinstellung für GMX").first.wait_for()
            _take(page, ".tk-form", out / "form.png")
            _fill(page, served, servers.password(served.account.address))
            page.get_by_role("button", name="IMAP-Ordner laden", exact=True).click()
            page.locator(".tk-tree").wait_for(timeout=30_000)
            _take(page, ".tk-card:has(.tk-tree)", out / "mapping.png")


def _fill(page: Page, served: ServedAccount, password: str) -> None:
    settings = served.settings
    page.get_by_label("E-Mail-Adresse *").fill(served.account.address)
    page.get_by_label("Benutzername *").fill(settings.username)
    page.get_by_label("Passwort *").fill(password)
    page.get_by_label("Benutzerzuordnung (Eigentümer) *").select_option(USERS[0])
    for place, (name, server) in enumerate((("IMAP", settings.imap), ("SMTP", settings.smtp))):
        page.get_by_label(f"{name}-Server *").fill(server.host)
        page.get_by_label("Port *").nth(place).fill(str(server.port))
        page.get_by_label("Port *").nth(place).blur()
        page.get_by_label("Sicherheit *").nth(place).select_option(
            {"ssl": "SSL/TLS", "starttls": "STARTTLS"}[server.security]
        )


def _overview(browser: Browser, kind: Kind, out: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "demo", "--server", kind],
        capture_output=True,
        text=True,
        check=False,
    )
    overview = Path(ran.stdout.rstrip().rpartition("\n")[2])
    if not overview.is_file():
        raise SystemExit(f"python -m demo made no overview:\n{ran.stdout}\n{ran.stderr}")
    with _page(browser, overview.as_uri()) as page:
        _take(page, "body", out / "overview.png")


def _office(scratch: Path) -> dict[str, str]:
    """An office of its own with a few users; returns the variables that describe it."""
    key_file = scratch / "vault.key"
    key_file.touch(mode=0o600)
    key_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
    home = {
        "TOOLKIT_HOME": str(scratch / "home"),
        "TOOLKIT_VAULT": "file",
        "TOOLKIT_VAULT_KEY_FILE": str(key_file),
        "TOOLKIT_LANG": "de",
    }
    os.environ |= home
    os.environ.pop("TOOLKIT_DATABASE_URL", None)
    with Workspace.open() as workspace, workspace.store.write() as connection:
        for name in USERS:
            book.add_user(connection, OfficeUser(name))
    return home


@contextmanager
def _page(browser: Browser, address: str) -> Iterator[Page]:
    # Tall, so that nothing has to scroll inside Voilà's frame.
    page = browser.new_page(viewport=SIZE | {"height": 2200}, locale="de-DE")
    try:
        page.goto(address)
        yield page
    finally:
        page.close()


def _take(page: Page, selector: str, path: Path) -> None:
    page.wait_for_timeout(500)  # widgets settle one by one
    page.locator(selector).first.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    sys.exit(main())
