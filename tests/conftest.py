"""Fixtures every room's tests share: a home, a certification authority, real servers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import trustme

    from demo.servers.content import Delivery
    from demo.servers.dovecot import Dovecot
    from demo.servers.live import LiveMailbox

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    """A throw-away certification authority; the servers' certificates are signed by it."""
    import trustme

    return trustme.CA(organization_name="Toolkit-Prüfstelle")


@pytest.fixture(scope="session")
def ca_file(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CA's certificate, PEM: the value of TOOLKIT_CA_FILE."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def home(tmp_path: Path, ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TOOLKIT_HOME with a file vault, German, trusting the tests' CA.

    The environment is set for the test's own process and for those it starts.
    """
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    key_file = tmp_path / "vault.key"
    key_file.touch(mode=0o600)
    key_file.write_text(secrets.token_urlsafe(24), encoding="ascii")
    monkeypatch.setenv("TOOLKIT_HOME", str(place))
    monkeypatch.setenv("TOOLKIT_CA_FILE", str(ca_file))
    monkeypatch.setenv("TOOLKIT_VAULT", "file")
    monkeypatch.setenv("TOOLKIT_VAULT_KEY_FILE", str(key_file))
    monkeypatch.setenv("TOOLKIT_LANG", "de")
    monkeypatch.delenv("TOOLKIT_DATABASE_URL", raising=False)
    return place


@pytest.fixture(scope="session")
def dovecot(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    """One Dovecot for the whole run, without users: every test adds its own.

    A missing Debian package fails the test and is named; nothing is skipped.
    """
    from demo.servers.dovecot import Dovecot, DovecotMissing

    try:
        server = Dovecot.start(tmp_path_factory.mktemp("dovecot"), ca=ca)
    except DovecotMissing as missing:
        pytest.fail(str(missing), pytrace=False)
    with server:
        yield server


@pytest.fixture
def make_mailbox(
    dovecot: Dovecot,
) -> Callable[[Mapping[str, Sequence[Delivery]] | None], LiveMailbox]:
    """A factory of fresh mailboxes on the shared Dovecot: ``make_mailbox({"INBOX": …})``."""
    from functools import partial

    from demo.servers.live import new_mailbox

    return partial(new_mailbox, dovecot)


@pytest.fixture
def live_mailbox(dovecot: Dovecot) -> LiveMailbox:
    """A fresh mailbox with German folder names and a few messages on the shared Dovecot."""
    from demo.servers.live import new_mailbox

    return new_mailbox(dovecot)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium for pytest-playwright; it downloads nothing and talks to nobody."""
    if not CHROMIUM.exists():
        pytest.fail("Debian package is missing: apt-get install chromium", pytrace=False)
    return {
        "executable_path": str(CHROMIUM),
        "headless": True,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }
