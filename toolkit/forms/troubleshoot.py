"""The troubleshooting form: an address in, the failing stage, its causes and a message out.

::

    from toolkit.forms import troubleshoot_form

    troubleshoot_form()

Nothing is decided here: what is probed, what it means and what to tell the customer are answers
of ``toolkit.diagnosis``. Nothing is changed, neither in the mailbox nor in the office.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from toolkit import render
from toolkit.diagnosis.probe import OPTIONAL, WAY, FindingWatch, diagnose
from toolkit.diagnosis.words import customer_message
from toolkit.errors import InputError
from toolkit.forms.copy_text import CopyText
from toolkit.forms.diagnosis_view import show_causes, show_details, show_stages, show_verdict
from toolkit.forms.frame import (
    account_options,
    button_row,
    choice,
    form_of,
    in_office,
    offer,
    saved_accounts,
)
from toolkit.forms.parts import Slot, Work, any_notice, card, guarded, text_field
from toolkit.language import Text
from toolkit.mail.settings import Protocol
from toolkit.progress import Progress

if TYPE_CHECKING:
    from toolkit.diagnosis.findings import Diagnosis, Finding
    from toolkit.progress import ProgressCallback
    from toolkit.workspace import Workspace

__all__ = ["TroubleshootForm", "troubleshoot_form"]

WHO = Text("Welches Postfach?", "Which mailbox?")
ADDRESS = Text("E-Mail-Adresse", "E-mail address")
ACCOUNT = Text("Gespeichertes Konto", "Saved account")
NONE_CHOSEN = Text("– keines: Adresse oben eingeben –", "– none: enter an address above –")
NONE_SAVED = Text("– noch keines eingerichtet –", "– none connected yet –")
START = Text("Diagnose starten", "Start diagnosis")
STAGES = Text("Stufe für Stufe", "Stage by stage")
RESULT = Text("Ergebnis", "Result")
MESSAGE = Text("Nachricht an die Kundin oder den Kunden", "Message to the customer")
MESSAGE_NOTE = Text(
    "Bitte lesen und anpassen, dann kopieren. Passwörter und Worte der Server stehen nicht darin.",
    "Please read and adapt it, then copy. No passwords and no servers' words are in it.",
)
UNSAVED = Text(
    "Diese Adresse ist nicht gespeichert: Die Server werden gesucht und ohne Anmeldung geprüft.",
    "This address is not saved: its servers are looked up and probed without logging in.",
)
SAVED = Text(
    "Gespeichertes Konto: Geprüft wird bis zum Lesen einer Nachricht, mit dem Passwort aus dem Tresor.",
    "Saved account: it is probed up to reading a message, with the password from the vault.",
)
SEARCHING = Text("Die Prüfung beginnt …", "The probe begins …")
EMPTY = Text(
    "Bitte eine E-Mail-Adresse eingeben oder ein Konto wählen.",
    "Please enter an e-mail address or choose an account.",
)
STOPPED = Text("Abgebrochen.", "Cancelled.")


#: What the form asks: workspace, account or address, and ``on_finding``, as `probe.diagnose` does.
Diagnose = Callable[..., "Diagnosis"]


class TroubleshootForm:
    """The form with its state; ``view`` is the widget to display.

    Args:
        workspace: the open office; its accounts are offered.
        diagnose: makes the diagnosis.
    """

    def __init__(self, workspace: Workspace, diagnose: Diagnose = diagnose) -> None:
        self._workspace = workspace
        self._diagnose = diagnose
        self._lock = threading.RLock()
        self._findings: list[Finding] = []
        self._cancel: threading.Event | None = None
        self._ids: dict[str, str] = {}
        self.address = text_field(ADDRESS, placeholder="name@beispiel.de")
        self.account = choice(ACCOUNT)
        self.note = Slot("tk-slot", "tk-quietly")
        self.message = Slot()
        self.stages = {protocol: Slot() for protocol in Protocol}
        self.result = Slot()
        self.letter = CopyText(MESSAGE)
        self.details = Slot()
        self.work = Work(self._lock, self._failed, self._changed)
        self._start = widgets.Button(description=str(START), button_style="primary")
        self._connect()
        self._parts = self._cards()
        self.view = form_of(self._who(), self.work.view, self.message, *self._parts)
        self._offer()
        self._clear()

    def _connect(self) -> None:
        safe = partial(guarded, self._failed)
        self._start.on_click(safe(lambda _button: self.start()))
        self.address.widget.on_msg(safe(self._entered))
        self.address.widget.observe(safe(lambda _change: self._typed()), names="value")
        self.account.observe(safe(lambda change: self._picked(change["new"])), names="value")

    def _who(self) -> widgets.VBox:
        row = button_row(self._start)
        line = widgets.VBox([self.address.widget, self.address.slot, self.note, self.account])
        return card(WHO, line, row)

    def _cards(self) -> tuple[widgets.VBox, ...]:
        beside = widgets.HBox(list(self.stages.values()))
        beside.add_class("tk-beside")
        note = Slot("tk-slot-wide", "tk-quietly")
        note.show(render.paragraph(MESSAGE_NOTE))
        self._stages_card = card(STAGES, beside)
        self._result_card = card(RESULT, self.result, self.details)
        self._letter_card = card(MESSAGE, note, self.letter)
        return (self._stages_card, self._result_card, self._letter_card)

    # --- what a person does ------------------------------------------------------------------

    def start(self) -> None:
        """Diagnose what is entered ("Diagnose starten")."""
        if self.work.running:
            return
        self._clear()
        self._offer()
        subject = self.account.value or self.address.widget.value.strip()
        if not subject:
            self.address.complain(InputError(EMPTY))
            return

        def job(progress: ProgressCallback, cancel: threading.Event) -> Diagnosis:
            self._cancel = cancel
            watch = self._watch(progress, cancel)
            return self._diagnose(self._workspace, subject, on_finding=watch)

        self.work.start(job, self._show, abandon=True)

    def _watch(self, progress: ProgressCallback, cancel: threading.Event) -> FindingWatch:
        """Draws each finding as it is made; both protocols' threads call it."""
        progress(Progress(0, _MOST_FINDINGS, SEARCHING))

        def watch(finding: Finding) -> None:
            with self._lock:
                if cancel.is_set():
                    return
                self._findings.append(finding)
                self._draw()
                done = len(self._findings)
            progress(Progress(done, max(done, _MOST_FINDINGS), Text(finding.tried, finding.tried)))

        return watch

    def _entered(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        """Enter in the address starts the diagnosis: the customer is on the phone."""
        if content.get("event") == "submit":
            self.start()

    def _typed(self) -> None:
        """The account follows the address, and the note says what will be done."""
        self.address.calm()
        typed = self.address.widget.value.strip()
        self.account.value = self._ids.get(typed.casefold(), "")
        self.note.clear()
        if self.account.value:
            self.note.show(render.paragraph(SAVED))
        elif "@" in typed.strip("@"):
            self.note.show(render.paragraph(UNSAVED))

    def _picked(self, account_id: str) -> None:
        """The address follows the account."""
        email = next((e for e, one in self._ids.items() if one == account_id), None)
        if email is not None and self.address.widget.value.strip().casefold() != email:
            self.address.widget.value = self._emails[account_id]

    def _offer(self) -> None:
        """The accounts of the office as they are now."""
        accounts = saved_accounts(self._workspace)
        self._ids = {one.email.casefold(): one.id for one in accounts}
        self._emails = {one.id: one.email for one in accounts}
        none = NONE_CHOSEN if accounts else NONE_SAVED
        offer(self.account, [(str(none), ""), *account_options(accounts)])
        self.account.disabled = not accounts

    # --- showing -----------------------------------------------------------------------------

    def _draw(self) -> None:
        self._stages_card.layout.display = ""
        for protocol, slot in self.stages.items():
            slot.show(*show_stages(protocol, self._findings, running=self.work.running))

    def _show(self, diagnosis: Diagnosis) -> None:
        self._findings = list(diagnosis.findings)
        self._draw()
        self.result.show(*show_verdict(diagnosis), *show_causes(diagnosis))
        self.details.show(show_details(diagnosis))
        self.letter.text = customer_message(diagnosis).de  # customers are written to in German
        self._result_card.layout.display = self._letter_card.layout.display = ""

    def _failed(self, error: BaseException) -> None:
        with self._lock:
            if not self._findings:
                self._stages_card.layout.display = "none"
            if isinstance(error, InputError):
                self.address.complain(error)
            else:
                self.message.show(any_notice(error))

    def _changed(self) -> None:
        self._start.disabled = self.work.running
        stopped = self._cancel is not None and self._cancel.is_set()
        if stopped:
            self.message.show(render.notice("info", STOPPED))
        if stopped or self.work.running:
            self._draw()

    def _clear(self) -> None:
        self._findings = []
        self._cancel = None
        self.address.calm()
        self.message.clear()
        self.letter.text = ""
        for part in self._parts:
            part.layout.display = "none"


#: As many findings as a healthy mailbox gives: the end of the progress bar.
_MOST_FINDINGS = sum(len(set(stages) - OPTIONAL) for stages in WAY.values())


def troubleshoot_form() -> widgets.Widget:
    """The form to find out why a mailbox does not work, for the last line of a cell."""
    return in_office(lambda workspace: TroubleshootForm(workspace).view)
