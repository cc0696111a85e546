"""The probe walks to a real mailbox stage by stage, tells what it met, and leaves no trace."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from demo.servers.certificates import GOOD, OTHER_HOST, Certificate, issue
from demo.servers.scripted import Close, ScriptedServer, Send, Serve, Step
from demo.servers.scripts import BYE, LOGIN_DISABLED, PREAUTH, SILENT, imap
from toolkit.accounts.account import Account, AccountDraft
from toolkit.diagnosis.findings import Diagnosis, Finding, Outcome
from toolkit.diagnosis.probe import diagnose, diagnose_account, probe
from toolkit.errors import AccountNotFound, InvalidAccount, Stage
from toolkit.mail.deadline import Deadline
from toolkit.mail.settings import Protocol, Security, Server, ServerSettings
from toolkit.onboarding import save_account
from toolkit.vault.vault import SecretRef
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    import trustme

    from demo.servers.live import LiveMailbox

IMAP_WAY = ["dns", "tcp", "tls", "greeting", "auth", "list", "select", "fetch"]
SMTP_WAY = ["dns", "tcp", "tls", "smtp-connect", "smtp-auth"]

#: A scripted IMAP server that takes every login and answers what a probe asks.
WELL: dict[bytes, bytes] = {
    rb"^\S+ CAPABILITY$": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n",
    rb"^\S+ AUTHENTICATE \S+$": b"+ \r\n",
    rb"^[A-Za-z0-9+/]+=*$": b"{tag} OK in\r\n",
    rb"^\S+ LOGOUT$": b"* BYE see you\r\n{tag} OK done\r\n",
}
SMTP_EHLO = b"250-mail.example\r\n250 AUTH PLAIN\r\n"

Scripted = Callable[..., ScriptedServer]


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    """An open office in an empty home."""
    with Workspace.open() as opened:
        yield opened


@pytest.fixture
def scripted(ca: trustme.CA, tmp_path: Path) -> Iterator[Scripted]:
    """Starts scripted servers, with TLS from the first byte unless told otherwise."""
    with ExitStack() as running:

        def start(
            script: Sequence[Step], *, certificate: Certificate = GOOD, encrypted: bool = True
        ) -> ScriptedServer:
            context = issue(ca, certificate).server_context(tmp_path) if encrypted else None
            return running.enter_context(ScriptedServer(script, context=context))

        yield start


@pytest.fixture
def refused() -> Iterator[Server]:
    """A port that is ours and accepts nobody."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Server("127.0.0.1", held.getsockname()[1], Security.SSL)


def at(server: ScriptedServer, security: Security = Security.SSL) -> Server:
    return Server("127.0.0.1", server.port, security)


def smtp_saying(*, ehlo: bytes = SMTP_EHLO, auth: bytes = b"235 2.7.0 in\r\n") -> tuple[Step, ...]:
    rules = {rb"^EHLO ": ehlo, rb"^AUTH ": auth, rb"^QUIT": b"221 bye\r\n"}
    return Send(b"220 mail.example ESMTP\r\n"), Serve(rules, otherwise=b"502 what?\r\n")


def look(
    workspace: Workspace, settings: ServerSettings, password: str | None, *, seconds: float = 30
) -> Diagnosis:
    secret = None if password is None else SecretStr(password)
    return probe(workspace, settings, secret, subject=settings.username, seconds=seconds)


def way(diagnosis: Diagnosis, protocol: Protocol) -> list[tuple[str, str]]:
    return [(f.stage, f.outcome) for f in diagnosis.findings if f.protocol is protocol]


def passed(*stages: str) -> list[tuple[str, str]]:
    return [(stage, "ok") for stage in stages]


def ended(way_: Sequence[str], at_stage: str) -> list[tuple[str, str]]:
    """The way with a failure at one stage: well before, not reached behind."""
    place = way_.index(at_stage)
    return [
        *passed(*way_[:place]),
        (at_stage, "failed"),
        *((stage, "skipped") for stage in way_[place + 1 :]),
    ]


@pytest.mark.dovecot
def test_a_healthy_mailbox_is_well_at_every_stage(
    workspace: Workspace, live_mailbox: LiveMailbox
) -> None:
    """All stages of both protocols, in the order of the way, with times and what was seen."""
    found = look(workspace, live_mailbox.settings, live_mailbox.password)
    assert way(found, Protocol.IMAP) == passed(*IMAP_WAY)
    assert way(found, Protocol.SMTP) == passed(*SMTP_WAY)
    assert (found.ok, found.failure, found.causes) == (True, None, ())
    assert found.stage_reached is Stage.FETCH
    assert found.verdict.de == "Empfang und Versand funktionieren."
    seen = {f.stage: f.evidence for f in found.findings if f.protocol is Protocol.IMAP}
    assert seen[Stage.GREETING].startswith("* OK")
    assert "IMAP4REV1" in seen[Stage.AUTH]
    # One more than can be opened: "Akten" only holds another folder.
    assert seen[Stage.LIST] == f"LIST {len(live_mailbox.status()) + 1}"
    assert "EXISTS 5" in seen[Stage.SELECT]
    assert {f.tried for f in found.findings} == {
        str(live_mailbox.settings.imap),
        str(live_mailbox.settings.smtp),
    }
    assert 0 < sum(f.seconds for f in found.findings if f.protocol is Protocol.IMAP) < found.seconds


@pytest.mark.dovecot
def test_starttls_is_a_way_of_its_own(workspace: Workspace, live_mailbox: LiveMailbox) -> None:
    """Greeting, STARTTLS, encryption: in the order they happen; nothing said before it is shown."""
    server = live_mailbox.server
    settings = ServerSettings(server.imap_starttls, server.smtp_starttls, live_mailbox.login)
    found = look(workspace, settings, live_mailbox.password)
    assert way(found, Protocol.IMAP) == passed(
        "dns", "tcp", "greeting", "starttls", "tls", "capability", *IMAP_WAY[4:]
    )
    assert way(found, Protocol.SMTP) == passed(
        "dns", "tcp", "smtp-connect", "starttls", "smtp-auth"
    )
    seen = {f.stage: f.evidence for f in found.findings if f.protocol is Protocol.IMAP}
    assert seen[Stage.GREETING] == ""
    assert "AUTH=PLAIN" in seen[Stage.CAPABILITY]


@pytest.mark.dovecot
def test_an_empty_inbox_is_well_without_a_message_to_read(
    workspace: Workspace, make_mailbox: Callable[..., LiveMailbox]
) -> None:
    """The way ends at the open inbox; that is no failure."""
    mailbox = make_mailbox({"INBOX": ()})
    found = look(workspace, mailbox.settings, mailbox.password)
    assert way(found, Protocol.IMAP) == passed(*IMAP_WAY[:-1])
    assert found.ok


@pytest.mark.dovecot
def test_the_mailbox_is_as_it_was(workspace: Workspace, live_mailbox: LiveMailbox) -> None:
    r"""Messages, \Seen and \Recent, folders, UIDs and counts: the server's own tool sees no change."""
    names = list(live_mailbox.status())
    before = live_mailbox.status(), {name: live_mailbox.stored(name) for name in names}
    assert any("\\Seen" not in message.flags for message in before[1]["INBOX"])
    for _ in range(2):
        assert look(workspace, live_mailbox.settings, live_mailbox.password).ok
    assert (live_mailbox.status(), {name: live_mailbox.stored(name) for name in names}) == before
    assert not [one for one in live_mailbox.server.arrived if one.login == live_mailbox.login]


@pytest.mark.dovecot
def test_a_wrong_password_is_tried_once_a_protocol(
    workspace: Workspace, live_mailbox: LiveMailbox
) -> None:
    """Both logins fail with the server's words; the log shows one attempt each, so nobody is locked."""
    found = look(workspace, live_mailbox.settings, "falsch")
    assert way(found, Protocol.IMAP) == ended(IMAP_WAY, "auth")
    assert way(found, Protocol.SMTP) == ended(SMTP_WAY, "smtp-auth")
    assert (found.ok, found.stage_reached) == (False, Stage.AUTH)
    assert found.failure is not None
    assert "AUTHENTICATIONFAILED" in found.failure.evidence
    assert "IMAP, Anmeldung: 127.0.0.1 lehnt" in found.verdict.de
    assert found.causes[0].cause == "wrong-password"
    tried: list[str] = []
    until = Deadline(10)
    while len(tried) < 2 and until.remaining():  # Dovecot writes its log after its farewell
        log = live_mailbox.server.log.read_text(encoding="utf-8")
        tried = [line for line in log.splitlines() if f"user=<{live_mailbox.login}>" in line]
        time.sleep(0.02)
    assert len([line for line in tried if "imap-login" in line]) == 1
    assert len([line for line in tried if "submission-login" in line]) == 1
    assert all("1 attempts" in line for line in tried)


@pytest.mark.slow  # five pairs of servers, and farewells that are waited for
def test_the_password_goes_out_once_a_protocol(workspace: Workspace, scripted: Scripted) -> None:
    """Servers that refuse, ask again or hang up get it once, and never in another form."""
    password = "Geheim-ß-1"
    plain = base64.b64encode(f"\0ra@kanzlei.example\0{password}".encode())
    refusals = {
        "refused": (b"{tag} NO [AUTHENTICATIONFAILED] no\r\n", b"535 5.7.8 no\r\n"),
        "later": (b"{tag} NO [UNAVAILABLE] later\r\n", b"454 4.7.0 later\r\n"),
        "again": (b"+ \r\n", b"535 5.7.8 no\r\n"),
        "bad": (b"{tag} BAD what?\r\n", b"503 no\r\n"),
        "bye": (b"* BYE too many\r\n", b"421 4.7.0 too many\r\n"),
    }
    for name, (over_imap, over_smtp) in refusals.items():
        rules = {**WELL, rb"^[A-Za-z0-9+/]+=*$": over_imap}
        reading = scripted((Send(b"* OK ready\r\n"), Serve(rules)))
        sending = scripted(smtp_saying(auth=over_smtp))
        settings = ServerSettings(at(reading), at(sending), "ra@kanzlei.example")
        found = look(workspace, settings, password, seconds=5)
        assert not found.ok, name
        assert found.stage_reached is Stage.AUTH, name
        for server in (reading, sending):
            assert b"\n".join(server.received).count(plain) == 1, name
            assert password.encode() not in b"\n".join(server.received)


@pytest.mark.dovecot
def test_sending_may_fail_while_reading_works(
    workspace: Workspace, live_mailbox: LiveMailbox, scripted: Scripted
) -> None:
    """One protocol's failure stops the other's walk at no stage; the verdict names the one."""
    closed = scripted(smtp_saying(auth=b"535 5.7.139 SmtpClientAuthentication is disabled\r\n"))
    settings = replace(live_mailbox.settings, smtp=at(closed))
    found = look(workspace, settings, live_mailbox.password)
    assert way(found, Protocol.IMAP) == passed(*IMAP_WAY)
    assert way(found, Protocol.SMTP) == ended(SMTP_WAY, "smtp-auth")
    assert found.stage_reached is Stage.SMTP_AUTH
    assert found.verdict.de.startswith("SMTP, Anmeldung zum Versand:")
    assert found.causes


def test_a_refused_port_ends_at_the_connection(workspace: Workspace, refused: Server) -> None:
    """Name found, nothing listening; what lies behind is told as not reached."""
    found = look(workspace, ServerSettings(refused, refused, "ra@kanzlei.example"), "x")
    assert way(found, Protocol.IMAP) == ended(IMAP_WAY, "tcp")
    assert way(found, Protocol.SMTP) == ended(SMTP_WAY, "tcp")
    assert found.causes[0].cause in {"server-down", "wrong-host-or-port", "port-blocked"}
    names = ServerSettings(replace(refused, host="imap.kanzlei.invalid"), refused, "ra")
    assert way(look(workspace, names, "x"), Protocol.IMAP) == ended(IMAP_WAY, "dns")


def test_a_certificate_for_another_host_ends_before_any_password(
    workspace: Workspace, scripted: Scripted
) -> None:
    """The handshake fails, the server's certificate is the reason, and nothing was said to it."""
    strange = scripted(PREAUTH, certificate=OTHER_HOST)
    found = look(workspace, ServerSettings(at(strange), at(strange), "ra@kanzlei.example"), "x")
    assert way(found, Protocol.IMAP) == ended(IMAP_WAY, "tls")
    assert way(found, Protocol.SMTP) == ended(SMTP_WAY, "tls")
    assert found.failure is not None
    assert found.failure.error is not None
    assert found.failure.error.code == "certificate-host-mismatch"
    assert found.causes[0].cause == "tls-hostname-mismatch"
    assert strange.received == []


@pytest.mark.parametrize("said", ["nothing", "greeting", "capabilities"])
def test_a_server_that_falls_silent_ends_with_the_clock(
    workspace: Workspace, scripted: Scripted, said: str
) -> None:
    """Before the greeting, before the capabilities, after the password: the probe's clock is one."""
    scripts: dict[str, tuple[Step, ...]] = {
        "nothing": SILENT,
        "greeting": (Send(b"* OK ready\r\n"), *SILENT),
        "capabilities": (
            Send(b"* OK ready\r\n"),
            Serve({**WELL, rb"^[A-Za-z0-9+/]+=*$": b""}, otherwise=b""),
        ),
    }
    silent = scripted(scripts[said])
    mute = scripted(smtp_saying(auth=b"") if said == "capabilities" else SILENT)
    began = time.monotonic()
    found = look(workspace, ServerSettings(at(silent), at(mute), "ra"), "x", seconds=1.5)
    # Far below any command's own clock, which is a minute.
    assert time.monotonic() - began < 15
    stages = {"nothing": Stage.GREETING, "greeting": Stage.GREETING, "capabilities": Stage.AUTH}
    for protocol in Protocol:
        failed = [
            f for f in found.findings if f.protocol is protocol and f.outcome is Outcome.FAILED
        ]
        assert [f.error.code for f in failed if f.error] == ["deadline-exceeded"]
    assert found.stage_reached is stages[said]


def test_a_dripping_server_gains_no_time(workspace: Workspace, scripted: Scripted) -> None:
    """Bytes that keep coming do not stretch the clock."""
    from demo.servers.scripted import Pause

    drip = tuple(step for _ in range(200) for step in (Send(b"* "), Pause(0.1)))
    server = scripted(drip)
    began = time.monotonic()
    found = look(workspace, ServerSettings(at(server), at(server), "ra"), "x", seconds=1)
    assert time.monotonic() - began < 10
    assert not found.ok


def test_stripped_starttls_ends_without_a_password(
    workspace: Workspace, scripted: Scripted
) -> None:
    """A server that no longer offers STARTTLS, or claims a login, is left in clear text and silence."""
    for script in (imap(capability=b"IMAP4rev1 AUTH=PLAIN", login=b"{tag} OK in\r\n"), PREAUTH):
        reading = scripted(script, encrypted=False)
        sending = scripted(smtp_saying(), encrypted=False)
        settings = ServerSettings(
            at(reading, Security.STARTTLS), at(sending, Security.STARTTLS), "ra@kanzlei.example"
        )
        found = look(workspace, settings, "x")
        smtp = way(found, Protocol.SMTP)
        assert smtp == [
            *passed("dns", "tcp", "smtp-connect"),
            ("starttls", "failed"),
            ("tls", "skipped"),
            ("smtp-auth", "skipped"),
        ]
        imap_way = way(found, Protocol.IMAP)
        assert imap_way[:2] == passed("dns", "tcp")
        failed_at = [stage for stage, outcome in imap_way if outcome == "failed"]
        assert failed_at == ["greeting" if script is PREAUTH else "starttls"]
        assert imap_way[-1] == ("fetch", "skipped")
        sent = b"\n".join(reading.received + sending.received).upper()
        assert b"AUTH PLAIN" not in sent
        assert b"AUTHENTICATE" not in sent
        assert b" LOGIN" not in sent


@pytest.mark.parametrize(
    ("script", "stage"),
    [
        (BYE, "greeting"),
        ((Send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Close()), "greeting"),
        ((Close(reset=True),), "greeting"),
        (LOGIN_DISABLED, "auth"),
        ((Send(b"* OK ready\r\n"), Serve(WELL, otherwise=b"{tag} NO no\r\n")), "list"),
        (
            (
                Send(b"* OK ready\r\n"),
                Serve({**WELL, rb"^\S+ LIST ": b"{tag} OK\r\n", rb"^\S+ EXAMINE": b"{tag} OK\r\n"}),
            ),
            "select",
        ),
        (
            (
                Send(b"* OK ready\r\n"),
                Serve(
                    {
                        **WELL,
                        rb"^\S+ LIST ": b'* LIST () "/" INBOX\r\n{tag} OK done\r\n',
                        rb"^\S+ EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n{tag} OK done\r\n",
                    },
                    otherwise=b"* BYE enough\r\n",
                ),
            ),
            "fetch",
        ),
    ],
)
def test_every_stage_can_be_the_one_that_fails(
    workspace: Workspace, scripted: Scripted, refused: Server, script: tuple[Step, ...], stage: str
) -> None:
    """Farewells, other protocols, resets and refusals are findings of the stage they happen in."""
    told: list[tuple[Protocol, str, str]] = []
    found = probe(
        workspace,
        ServerSettings(at(scripted(script)), refused, "ra@kanzlei.example"),
        SecretStr("x"),
        subject="ra@kanzlei.example",
        on_finding=lambda f: told.append((f.protocol, f.stage, f.outcome)),
        seconds=5,
    )
    expected = ended(IMAP_WAY, stage)
    assert way(found, Protocol.IMAP) == expected
    # What was told on the way is what the diagnosis holds: no stage well first and failed later.
    assert [(s, o) for p, s, o in told if p is Protocol.IMAP] == [
        one for one in expected if one[1] != "skipped"
    ]
    assert found.as_json()["stage"] == stage


def test_findings_are_told_as_they_happen(workspace: Workspace, scripted: Scripted) -> None:
    """The connection is told while the server still keeps silent about its greeting."""
    from demo.servers.scripted import Pause

    hanging = scripted((Pause(30),))
    told: list[Finding] = []
    three = threading.Event()

    def watch(finding: Finding) -> None:
        told.append(finding)
        if {(f.protocol, f.stage) for f in told} >= {(p, Stage.TLS) for p in Protocol}:
            three.set()

    settings = ServerSettings(at(hanging), at(hanging), "ra")
    thread = threading.Thread(
        target=lambda: probe(workspace, settings, None, subject="ra", on_finding=watch, seconds=20)
    )
    thread.start()
    assert three.wait(15)
    assert thread.is_alive()
    assert {f.outcome for f in told} == {Outcome.OK}
    hanging.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert [f.outcome for f in told].count(Outcome.FAILED) == 2


def test_watchers_are_called_one_at_a_time(workspace: Workspace, refused: Server) -> None:
    """The two walks are threads, but whoever watches need not know."""
    inside = threading.Lock()
    overlaps: list[Finding] = []

    def watch(finding: Finding) -> None:
        if not inside.acquire(blocking=False):
            overlaps.append(finding)
            return
        time.sleep(0.02)
        inside.release()

    settings = ServerSettings(refused, refused, "ra")
    probe(workspace, settings, None, subject="ra", on_finding=watch)
    assert overlaps == []


@pytest.fixture
def account(workspace: Workspace, live_mailbox: LiveMailbox) -> Account:
    """The live mailbox, saved."""
    draft = AccountDraft(
        email=live_mailbox.login,
        display_name="Kanzlei",
        username=live_mailbox.login,
        imap=live_mailbox.settings.imap,
        smtp=live_mailbox.settings.smtp,
        owner="Müller",
    )
    return save_account(workspace, draft, SecretStr(live_mailbox.password), None, create_users=True)


@pytest.mark.dovecot
def test_a_saved_account_is_diagnosed_by_id_or_address(
    workspace: Workspace, account: Account
) -> None:
    """Either names it; the password comes from the vault."""
    for subject in (account.id, account.email):
        found = diagnose(workspace, subject)
        assert (found.ok, found.account_id, found.subject) == (True, account.id, account.email)


@pytest.mark.dovecot
def test_without_a_secret_the_servers_are_looked_at_and_it_is_not_called_well(
    workspace: Workspace, account: Account, live_mailbox: LiveMailbox
) -> None:
    """No login is tried, and an account that cannot log in is no account in order."""
    workspace.vault.forget(SecretRef(account.id))
    found = diagnose_account(workspace, account)
    assert way(found, Protocol.IMAP) == passed(*IMAP_WAY[:4])
    assert way(found, Protocol.SMTP) == passed(*SMTP_WAY[:4])
    assert (found.ok, found.failure, found.logged_in) == (False, None, False)
    assert "kein Passwort hinterlegt" in found.verdict.de
    told = found.as_json()["vault"]
    assert isinstance(told, dict)
    assert told["code"] == "secret-missing"
    assert live_mailbox.login not in live_mailbox.server.log.read_text(encoding="utf-8")


@pytest.mark.dovecot
def test_a_locked_vault_is_said_too(
    workspace: Workspace, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nightly run without the vault's key reports every account, none of them green."""
    key = tmp_path / "other.key"
    key.touch(mode=0o600)
    key.write_text("eine andere Passphrase", encoding="utf-8")
    monkeypatch.setenv("TOOLKIT_VAULT_KEY_FILE", str(key))
    with Workspace.open() as locked:
        found = diagnose(locked, account.id)
    assert not found.ok
    assert found.vault is not None
    assert found.vault.code == "vault-locked"
    assert way(found, Protocol.IMAP) == passed(*IMAP_WAY[:4])


def test_what_leads_nowhere_is_said(workspace: Workspace) -> None:
    """An unknown id is no account; an address without servers is told to be asked for."""
    with pytest.raises(AccountNotFound):
        diagnose(workspace, "0123456789ab", online=False)
    with pytest.raises(InvalidAccount) as raised:
        diagnose(workspace, "ra@kanzlei.example", online=False)
    assert raised.value.field == "email"
