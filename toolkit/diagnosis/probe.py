"""Walk the way to a mailbox stage by stage, IMAP and SMTP side by side, and say what was met.

Read-only: folders are opened with EXAMINE, one header field is read with PEEK, nothing is sent.
The password is used at most once per protocol.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.accounts import book
from toolkit.diagnosis.explain import Failure, RankedCause, explain
from toolkit.diagnosis.findings import Diagnosis, Finding, Outcome
from toolkit.errors import AccountNotFound, InvalidAccount, MailError, Stage, VaultError
from toolkit.language import Text
from toolkit.mail.deadline import Deadline
from toolkit.mail.settings import Protocol, Security, Server, ServerSettings
from toolkit.vault.vault import SecretRef
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from pydantic import SecretStr

    from toolkit.accounts.account import Account

__all__ = ["OPTIONAL", "WAY", "FindingWatch", "diagnose", "diagnose_account", "probe"]

#: Told about every finding as it is made.
FindingWatch = Callable[[Finding], None]

#: The whole probe's clock, in seconds.
PROBE_SECONDS = 30.0

#: The stages of the way, in their order; those of `OPTIONAL` not every server takes.
WAY: Mapping[Protocol, tuple[Stage, ...]] = {
    Protocol.IMAP: (
        Stage.DNS, Stage.TCP, Stage.TLS, Stage.GREETING, Stage.STARTTLS, Stage.CAPABILITY,
        Stage.AUTH, Stage.LIST, Stage.SELECT, Stage.FETCH,
    ),
    Protocol.SMTP: (
        Stage.DNS, Stage.TCP, Stage.TLS, Stage.STARTTLS, Stage.SMTP_CONNECT, Stage.SMTP_AUTH,
    ),
}  # fmt: skip
OPTIONAL = frozenset({Stage.STARTTLS, Stage.CAPABILITY})

#: Where encryption begins after the greeting, the way has another order.
_STARTTLS_WAY: Mapping[Protocol, tuple[Stage, ...]] = {
    Protocol.IMAP: (
        Stage.DNS, Stage.TCP, Stage.GREETING, Stage.STARTTLS, Stage.TLS, Stage.CAPABILITY,
        Stage.AUTH, Stage.LIST, Stage.SELECT, Stage.FETCH,
    ),
    Protocol.SMTP: (
        Stage.DNS, Stage.TCP, Stage.SMTP_CONNECT, Stage.STARTTLS, Stage.TLS, Stage.SMTP_AUTH,
    ),
}  # fmt: skip


def diagnose(
    workspace: Workspace,
    subject: str,
    *,
    on_finding: FindingWatch = lambda _: None,
    online: bool = True,
) -> Diagnosis:
    """Diagnose a saved account (by id or address), or an address nobody has saved yet.

    An unsaved address is discovered and probed without logging in.

    Raises:
        InvalidAccount: the address leads to no server.
    """
    try:
        with workspace.store.read() as connection:
            account = book.account_by_id(connection, subject)
    except AccountNotFound:
        if "@" not in subject:
            raise
        return _diagnose_address(workspace, subject, on_finding, online=online)
    return diagnose_account(workspace, account, on_finding=on_finding)


def diagnose_account(
    workspace: Workspace, account: Account, *, on_finding: FindingWatch = lambda _: None
) -> Diagnosis:
    """Diagnose a saved account with the password the vault keeps for it.

    Without one the servers are looked at all the same, and the diagnosis says why it ends there.
    """
    secret, without = None, None
    try:
        secret = workspace.vault.get(SecretRef(account.id))
    except VaultError as error:
        without = error
    diagnosis = probe(
        workspace,
        account.servers,
        secret,
        subject=account.email,
        account_id=account.id,
        provider=account.provider,
        on_finding=on_finding,
    )
    return replace(diagnosis, vault=without)


def probe(
    workspace: Workspace,
    settings: ServerSettings,
    secret: SecretStr | None,
    *,
    subject: str,
    account_id: str | None = None,
    provider: str | None = None,
    on_finding: FindingWatch = lambda _: None,
    seconds: float = PROBE_SECONDS,
) -> Diagnosis:
    """Probe both servers; without a secret, up to what they announce.

    Never raises for what a server does: that is a finding.

    Args:
        workspace: the open office, for its trusted certificates.
        settings: the servers and login names.
        secret: the password; None to stop before logging in.
        subject: what was asked about, an address.
        account_id: the saved account's id, if it is one.
        provider: the provider's id, where it is known: it weighs the causes.
        on_finding: told about every finding as it is made, one at a time.
        seconds: the whole probe's clock.
    """
    started = time.monotonic()
    lock = threading.Lock()

    def watch(finding: Finding) -> None:
        with lock:  # the two walks are threads
            on_finding(finding)

    with ThreadPoolExecutor(2, thread_name_prefix="probe") as pool:
        walks = [
            pool.submit(walk, workspace, settings, secret, watch, seconds)
            for walk in (_walk_imap, _walk_smtp)
        ]
        findings = tuple(finding for walk in walks for finding in walk.result())
    return Diagnosis(
        subject=subject,
        account_id=account_id,
        provider=provider,
        findings=findings,
        causes=_causes(findings, settings, subject, provider),
        seconds=time.monotonic() - started,
    )


class _Walk:
    """Turns the stages a session enters, and the error that ends it, into findings."""

    def __init__(self, protocol: Protocol, server: Server, watch: FindingWatch) -> None:
        self.protocol = protocol
        self.server = server
        self.watch = watch
        self.findings: list[Finding] = []
        self._current: Stage | None = None
        self._since = time.monotonic()

    def enter(self, stage: Stage) -> None:
        """A stage begins, so the one before went well."""
        # Leaving is no stage of the way: a login that failed has not gone well because of it.
        if stage in (self._current, Stage.LOGOUT):
            return
        self._finish(Outcome.OK)
        self._current, self._since = stage, time.monotonic()

    def saw(self, evidence: str) -> None:
        """What the stage at hand brought to light; ends it."""
        self._finish(Outcome.OK, evidence=evidence)

    def failed(self, error: MailError) -> None:
        """The walk ends here."""
        if self._current is not error.stage:
            self.enter(error.stage)
        self._finish(Outcome.FAILED, evidence=error.evidence, error=error)

    def done(self) -> list[Finding]:
        """All findings, the stages never reached as skipped, in the order of the way."""
        self._finish(Outcome.OK)
        starttls = self.server.security is Security.STARTTLS
        stages = (_STARTTLS_WAY if starttls else WAY)[self.protocol]
        met = {finding.stage: finding for finding in self.findings}
        failed_at = next((f.stage for f in self.findings if f.outcome is Outcome.FAILED), None)
        ordered = [met[stage] for stage in stages if stage in met]
        ordered += [finding for finding in self.findings if finding.stage not in stages]
        if failed_at in stages:
            ordered += [
                Finding(self.protocol, stage, Outcome.SKIPPED, tried=str(self.server))
                for stage in stages[stages.index(failed_at) + 1 :]
                if stage not in met and (starttls or stage not in OPTIONAL)
            ]
        return ordered

    def _finish(
        self, outcome: Outcome, *, evidence: str = "", error: MailError | None = None
    ) -> None:
        if self._current is None:
            return
        finding = Finding(
            protocol=self.protocol,
            stage=self._current,
            outcome=outcome,
            seconds=time.monotonic() - self._since,
            tried=str(self.server),
            evidence=evidence,
            error=error,
        )
        self._current = None
        self.findings.append(finding)
        self.watch(finding)


def _walk_imap(
    workspace: Workspace,
    settings: ServerSettings,
    secret: SecretStr | None,
    watch: FindingWatch,
    seconds: float,
) -> list[Finding]:
    from toolkit.mail.imap import ImapSession

    walk = _Walk(Protocol.IMAP, settings.imap, watch)
    until = Deadline(seconds)
    try:
        with ImapSession.open(
            settings.imap, tls=workspace.tls, seconds=seconds, on_stage=walk.enter
        ) as session:
            session.until = until
            greeted = settings.imap.security is Security.SSL
            # What was said before STARTTLS anybody on the way could have said.
            walk.saw(session.greeting if greeted else " ".join(sorted(session.capabilities)))
            if secret is not None:
                session.login(settings.login_name(Protocol.IMAP), secret)
                walk.saw(" ".join(sorted(session.capabilities)))
                folders = session.folders(counts=False)
                walk.saw(f"LIST {len(folders)}")
                state = session.examine(b"INBOX")
                walk.saw(f"EXISTS {state.exists}, UIDVALIDITY {state.uidvalidity}")
                if state.exists:
                    session.first_header()
                    walk.saw("")
    except MailError as error:
        walk.failed(error)
    return walk.done()


def _walk_smtp(
    workspace: Workspace,
    settings: ServerSettings,
    secret: SecretStr | None,
    watch: FindingWatch,
    seconds: float,
) -> list[Finding]:
    from toolkit.mail.smtp import SmtpSession

    walk = _Walk(Protocol.SMTP, settings.smtp, watch)
    until = Deadline(seconds)
    try:
        with SmtpSession.open(
            settings.smtp, tls=workspace.tls, seconds=seconds, on_stage=walk.enter
        ) as session:
            session.until = until
            walk.saw(" ".join(sorted(session.capabilities)))
            if secret is not None:
                walk.enter(Stage.SMTP_AUTH)
                session.login(settings.login_name(Protocol.SMTP), secret)
    except MailError as error:
        walk.failed(error)
    return walk.done()


def _causes(
    findings: tuple[Finding, ...], settings: ServerSettings, subject: str, provider: str | None
) -> tuple[RankedCause, ...]:
    failed = next((f for f in findings if f.outcome is Outcome.FAILED), None)
    if failed is None or failed.error is None:
        return ()
    server = settings.imap if failed.protocol is Protocol.IMAP else settings.smtp
    login = settings.login_name(failed.protocol)
    return explain(
        Failure.from_error(
            failed.error,
            provider=provider or "",
            host=server.host,
            port=server.port,
            security=str(server.security),
            username_form=_username_form(login, subject),
        )
    )


def _username_form(login: str, address: str) -> str:
    if login.lower() == address.lower():
        return "email"
    return "localpart" if login.lower() == address.partition("@")[0].lower() else "other"


def _diagnose_address(
    workspace: Workspace, address: str, watch: FindingWatch, *, online: bool
) -> Diagnosis:
    from toolkit.providers.discovery import discover

    if online:
        from toolkit.providers.live import LiveResolver

        found = discover(address, resolver=LiveResolver())
    else:
        found = discover(address, resolver=None)
    if found.imap is None or found.smtp is None:
        raise InvalidAccount(
            Text(
                f"Zu „{address}“ ist kein Server bekannt ({found.outcome}).",
                f"No server is known for “{address}” ({found.outcome}).",
            ),
            field="email",
            hint=Text(
                "Die Server beim Kunden oder beim Anbieter erfragen und das Konto mit ihnen anlegen.",
                "Ask the customer or the provider for the servers and add the account with them.",
            ),
        )
    settings = ServerSettings(found.imap, found.smtp, found.login_username or address)
    return probe(
        workspace, settings, None, subject=address, provider=found.provider_id, on_finding=watch
    )
