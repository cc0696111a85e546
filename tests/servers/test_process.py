"""Starting, waiting for and ending a server process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import trustme

from demo.servers import dovecot, dovecot_install
from demo.servers.dovecot import Dovecot, DovecotMissing, DovecotOptions
from demo.servers.process import ServerFailed, ServerProcess, answers, free_port

SLEEP = "import time; time.sleep(600)"


def test_a_process_that_ends_shows_its_last_words(tmp_path: Path) -> None:
    """The error carries the exit status and the end of the log."""
    command = [sys.executable, "-c", "print('kein Platz'); raise SystemExit(3)"]
    process = ServerProcess(command, log=tmp_path / "log")
    with pytest.raises(ServerFailed, match="status 3:\nkein Platz"):
        process.wait_until(lambda: False)


def test_a_process_that_never_answers_is_stopped(tmp_path: Path) -> None:
    """After the time given the process is gone, and the error says how long it had."""
    process = ServerProcess([sys.executable, "-c", SLEEP], log=tmp_path / "log")
    with pytest.raises(ServerFailed, match=r"not ready within 0\.2 seconds"):
        process.wait_until(lambda: False, seconds=0.2)
    assert not process.running


def test_children_go_with_their_parent(tmp_path: Path) -> None:
    """What a server started ends with it, also when the server does not see to it."""
    script = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {SLEEP!r}]).pid, flush=True); {SLEEP}"
    log = tmp_path / "log"
    process = ServerProcess([sys.executable, "-c", script], log=log)
    process.wait_until(lambda: log.read_bytes().endswith(b"\n"))
    child = Path(f"/proc/{int(log.read_text())}/stat")
    assert child.exists()
    process.stop()
    process.stop()
    assert not child.exists() or child.read_text().rsplit(")", 1)[1].split()[0] in "ZX"


def test_a_free_port_is_free() -> None:
    """Nobody answers on a port just found."""
    assert not answers("127.0.0.1", free_port())


@pytest.mark.dovecot
def test_a_dovecot_that_cannot_start_says_why(ca: trustme.CA, tmp_path: Path) -> None:
    """A wrong line of configuration is found in the error, in Dovecot's words."""
    with pytest.raises(ServerFailed, match="Unknown setting: no_such_setting"):
        Dovecot.start(tmp_path, ca=ca, options=DovecotOptions(extra="no_such_setting = 1\n"))


def test_missing_packages_are_named(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever lacks a Debian package reads what to install."""
    monkeypatch.setattr(dovecot_install, "_PACKAGES", {"/nonexistent/imap": "dovecot-imapd"})
    with pytest.raises(DovecotMissing, match="apt-get install dovecot-imapd"):
        Dovecot.start(tmp_path, ca=ca)


@pytest.mark.dovecot
def test_a_port_taken_in_between_is_no_failure(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else may take a free port first; another one is tried."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = [other.getsockname()[1]]

        def first_taken(address: str = "127.0.0.1") -> int:
            return taken.pop() if taken else free_port(address)

        monkeypatch.setattr(dovecot, "free_port", first_taken)
        with Dovecot.start(tmp_path, ca=ca) as server:
            assert answers("127.0.0.1", server.imap.port)
            assert "Address already in use" in server.log.read_text()
