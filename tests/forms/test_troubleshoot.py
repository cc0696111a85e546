"""The troubleshooting form without a browser, against a real Dovecot."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from pydantic import SecretStr

from toolkit.diagnosis.explain import RankedCause
from toolkit.diagnosis.findings import Diagnosis, Finding, Outcome
from toolkit.diagnosis.probe import probe
from toolkit.errors import InvalidAccount, MailError, Stage
from toolkit.forms import troubleshoot_form
from toolkit.forms.diagnosis_view import show_causes, show_details, show_stages, show_verdict
from toolkit.forms.troubleshoot import TroubleshootForm
from toolkit.language import Text
from toolkit.mail.settings import Protocol
from toolkit.vault.vault import SecretRef

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from demo.servers.live import LiveMailbox
    from toolkit.accounts.account import Account
    from toolkit.workspace import Workspace

Finish = Callable[[Any], None]
Read = Callable[[widgets.Widget], str]


def failed(protocol: Protocol, stage: Stage, evidence: str = "") -> Finding:
    error = MailError(
        Text("Der Server lehnt ab.", "The server refuses."), stage=stage, evidence=evidence
    )
    return Finding(protocol, stage, Outcome.FAILED, 0.1, "imap.example:993:ssl", evidence, error)


def rows(protocol: Protocol, *findings: Finding, running: bool) -> list[str]:
    """The outcome of each stage shown, in order."""
    shown = str(show_stages(protocol, findings, running=running)[0])
    return [cell.split("</bdi>")[0] for cell in shown.split('<span class="tk-badge')[1:]]


def outcomes(protocol: Protocol, *findings: Finding, running: bool) -> list[str]:
    return [row.rpartition("<bdi>")[2] for row in rows(protocol, *findings, running=running)]


DNS_OK = Finding(Protocol.SMTP, Stage.DNS, Outcome.OK, 0.01)


def test_stages_wait_run_and_turn_green() -> None:
    """The first stage without a finding is under way; the other protocol's findings do not count."""
    expected = ["✓ in Ordnung", "läuft …", "wartet", "wartet", "wartet"]
    assert outcomes(Protocol.SMTP, DNS_OK, running=True) == expected
    assert outcomes(Protocol.IMAP, DNS_OK, running=True)[0] == "läuft …"


def test_after_a_failure_nothing_waits() -> None:
    """While the other protocol goes on, a failed one says where it ended."""
    shown = outcomes(Protocol.SMTP, DNS_OK, failed(Protocol.SMTP, Stage.TCP), running=True)
    assert shown == ["✓ in Ordnung", "✗ gescheitert"] + ["nicht erreicht"] * 3
    parts = show_stages(Protocol.SMTP, [failed(Protocol.SMTP, Stage.TCP)], running=False)
    assert "Der Server lehnt ab." in str(parts[-1])


def test_what_was_not_tried_is_not_called_well() -> None:
    """Without a login its stages are open; an empty inbox needs no message to be read."""
    assert outcomes(Protocol.SMTP, DNS_OK, running=False)[-1] == "nicht geprüft"
    selected = Finding(Protocol.IMAP, Stage.SELECT, Outcome.OK)
    assert outcomes(Protocol.IMAP, selected, running=False)[-1] == "nicht nötig"


def test_causes_are_ranked_and_servers_words_escaped() -> None:
    """The likeliest is open with its remedy, others are folded, noise is left out."""
    said = "NO <script>alert(1)</script>"
    causes = tuple(
        RankedCause(slug, confidence, (said,), Text(f"Rat {n}.", f"Advice {n}."))
        for n, (slug, confidence) in enumerate(
            [("wrong-password", 0.8), ("app-password-required", 0.15), ("server-down", 0.01)]
        )
    )
    diagnosis = Diagnosis(
        "a@b.example", "1", "gmx", (failed(Protocol.IMAP, Stage.AUTH, said),), causes, 0.2
    )
    shown = "".join(map(str, show_causes(diagnosis)))
    assert "80 % sicher" in shown
    assert shown.index("Rat 0.") < shown.index("<summary>15 % sicher") < shown.index("Rat 1.")
    assert "Rat 2." not in shown
    details = str(show_details(diagnosis))
    assert details.startswith("<details")
    assert "wrong-password 0.80" in details
    for markup in (shown, details):
        assert "&lt;script&gt;" in markup
        assert "<script" not in markup


def test_a_healthy_account_is_green_to_the_last_stage(
    workspace: Workspace,
    saved: Callable[..., Account],
    live_mailbox: LiveMailbox,
    finish: Finish,
    text_of: Read,
) -> None:
    """Every stage ends well, no cause is named, and the message says that all works."""
    account = saved(live_mailbox)
    form = TroubleshootForm(workspace)
    form.account.value = account.id
    assert form.address.widget.value == account.email
    form.start()
    finish(form)
    shown = text_of(form.view)
    assert "funktionieren" in form.result.value
    assert "✗" not in shown
    assert "nicht erreicht" not in shown
    assert "Ursache</h3>" not in shown
    assert "einwandfrei" in form.letter.text
    assert live_mailbox.password not in shown


def test_a_wrong_password_leads_to_cause_remedy_and_letter(
    workspace: Workspace,
    saved: Callable[..., Account],
    live_mailbox: LiveMailbox,
    finish: Finish,
    text_of: Read,
) -> None:
    """The stage that failed, what to do, what to write; nothing of what the server said in it."""
    account = saved(live_mailbox)
    workspace.vault.put(SecretRef(account.id), SecretStr("Abgelaufen 2024"))
    form = TroubleshootForm(workspace)
    form.address.widget.value = f" {account.email.upper()} "
    assert form.account.value == account.id  # the same address in other letters
    form.start()
    finish(form)
    assert "Anmeldung" in form.result.value
    assert "Wahrscheinlichste Ursache" in form.result.value
    assert "abgerufen" in form.letter.text
    assert "AUTHENTICATIONFAILED" in form.details.value
    assert "AUTHENTICATIONFAILED" not in form.letter.text
    assert "Abgelaufen 2024" not in text_of(form.view)


def test_an_unsaved_address_is_probed_without_logging_in(
    workspace: Workspace, live_mailbox: LiveMailbox, finish: Finish, text_of: Read
) -> None:
    """The form says so before and after, and promises nothing about the login."""

    def without_login(workspace: Workspace, subject: str, **watch: Any) -> Diagnosis:
        return probe(workspace, live_mailbox.settings, None, subject=subject, **watch)

    form = TroubleshootForm(workspace, without_login)
    form.address.widget.value = "neu@kanzlei.example"
    assert "ohne Anmeldung" in form.note.value
    form.start()
    finish(form)
    assert "ohne Anmeldung" in form.result.value
    assert "funktionieren" not in form.result.value
    assert "nicht geprüft" in form.letter.text
    assert "nicht geprüft" in text_of(form.view)


def test_an_address_that_leads_nowhere_is_told_at_the_field(
    workspace: Workspace, finish: Finish
) -> None:
    """No server known: the message stands below the address, and no stages are shown."""

    def nowhere(*_: object, **__: object) -> Diagnosis:
        raise InvalidAccount(Text("Kein Server bekannt.", "No server known."), field="email")

    form = TroubleshootForm(workspace, nowhere)
    form.start()
    assert "Bitte eine E-Mail-Adresse eingeben" in form.address.slot.value
    form.address.widget.value = "a@b.example"
    assert form.address.slot.value == ""
    form.start()
    finish(form)
    assert "Kein Server bekannt." in form.address.slot.value
    assert all(part.layout.display == "none" for part in form._parts)


def test_a_hanging_probe_is_left_alone(workspace: Workspace) -> None:
    """Abbrechen frees the form at once; what the old probe still finds is not shown."""
    go, told = threading.Event(), threading.Event()

    def hanging(_workspace: object, subject: str, *, on_finding: Any) -> Diagnosis:
        on_finding(DNS_OK)
        told.set()
        go.wait(30)
        on_finding(failed(Protocol.SMTP, Stage.TCP))
        return Diagnosis(subject, None, None, (), (), 1.0)

    form = TroubleshootForm(workspace, hanging)
    form.address.widget.value = "a@b.example"
    form.start()
    assert told.wait(30)
    threads = [one for one in threading.enumerate() if one.name == "toolkit-form"]
    form.work.stop()
    go.set()
    for thread in threads:
        thread.join(30)
    assert "Abgebrochen" in form.message.value
    assert form._findings == [DNS_OK]
    assert form.letter.text == ""
    assert "läuft" not in form.stages[Protocol.SMTP].value


def test_enter_in_the_address_starts(workspace: Workspace, finish: Finish) -> None:
    """The customer is on the phone: no mouse needed."""
    asked: list[str] = []

    def note(_workspace: object, subject: str, **_: object) -> Diagnosis:
        asked.append(subject)
        return Diagnosis(subject, None, None, (DNS_OK,), (), 0.1)

    form = TroubleshootForm(workspace, note)
    form.address.widget.value = "a@b.example"
    form.address.widget._handle_custom_msg({"event": "submit"}, [])
    finish(form)
    assert asked == ["a@b.example"]


def test_an_empty_office_gets_a_form(home: Path, text_of: Read) -> None:
    """Before the first account an address can be typed all the same."""
    shown = text_of(troubleshoot_form())
    assert "Welches Postfach?" in shown
    assert "tk-error" not in shown.split("</style>")[-1]


def test_an_office_that_cannot_be_opened_says_why(
    home: Path, text_of: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong variable is a message, not a traceback."""
    monkeypatch.setenv("TOOLKIT_DATABASE_URL", "unsinn")
    assert "Die Adresse der Datenbank ist unbrauchbar." in text_of(troubleshoot_form())


def test_a_vault_without_the_password_is_named(
    workspace: Workspace, saved: Callable[..., Account], live_mailbox: LiveMailbox, finish: Finish
) -> None:
    """The servers are probed all the same, and nobody is told that mail works."""
    account = saved(live_mailbox)
    workspace.vault.forget(SecretRef(account.id))
    form = TroubleshootForm(workspace)
    form.account.value = account.id
    form.start()
    finish(form)
    assert "tk-warning" in form.result.value
    assert "funktionieren" not in form.result.value


def test_the_verdict_of_an_unsaved_address_names_that(workspace: Workspace) -> None:
    """One notice more than for an account."""
    unsaved = Diagnosis("a@b.example", None, None, (DNS_OK,), (), 0.1)
    account = Diagnosis("a@b.example", "1", None, (DNS_OK,), (), 0.1)
    assert len(show_verdict(unsaved)) == len(show_verdict(account)) + 1
