"""The office mailbox as one user sees it, folder by folder, and why it shows these accounts.

::

    from toolkit.forms import office_mailbox_form

    office_mailbox_form()

Read-only, and from the store: no server is asked.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import ipywidgets as widgets

from toolkit import onboarding, render, views
from toolkit.folders.roles import ROLE_NAMES, Role
from toolkit.forms.frame import button_row, choice, form_of, in_office, offer
from toolkit.forms.parts import Slot, Work, any_notice, card, guarded
from toolkit.language import Text
from toolkit.mailbox import office_mailbox

if TYPE_CHECKING:
    from toolkit.mailbox import OfficeMailbox
    from toolkit.progress import ProgressCallback
    from toolkit.render import Html
    from toolkit.workspace import Workspace

__all__ = ["OfficeMailboxForm", "office_mailbox_form", "show_view"]

WHOSE = Text("Wessen Kanzleipostfach?", "Whose office mailbox?")
USER = Text("Benutzer", "User")
FOLDER = Text("Ordner", "Folder")
REFRESH = Text("Aktualisieren", "Refresh")
MAIL = Text("E-Mails", "Mail")
NO_USERS = Text("Es gibt noch keine Benutzer.", "There are no users yet.")
ADD_USERS = Text(
    "Beim Einrichten eines Kontos werden sie angelegt (onboarding.ipynb), oder mit „toolkit user add NAME“. Danach diese Zelle noch einmal ausführen.",
    "Connecting an account creates them (onboarding.ipynb), or “toolkit user add NAME”. Then run this cell once more.",
)
SEES_NOTHING = Text(
    "{user} ist bei keinem Konto unter „Im Kanzleipostfach einsehbar durch“ eingetragen und sieht deshalb nichts.",
    "{user} is entered as a viewer of no account and therefore sees nothing.",
)
NOTHING_HERE = Text(
    "In „{folder}“ liegt nichts. Neue Nachrichten kommen mit dem nächsten Abgleich (sync_report.ipynb).",
    "Nothing is in “{folder}”. New messages come with the next sync (sync_report.ipynb).",
)
NEWEST_ONLY = Text(
    "Gezeigt werden die neuesten {shown} von {total} Nachrichten.",
    "Shown are the newest {shown} of {total} messages.",
)


class OfficeMailboxForm:
    """The form with its state; ``view`` is the widget to display.

    Args:
        workspace: the open office; its users are offered.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self.user = choice(USER)
        self.role = choice(FOLDER)
        self.message = Slot()
        self.mail = Slot("tk-slot-wide", "tk-mail")
        self.work = Work(self._lock, self._failed, self._changed)
        self._refresh = widgets.Button(description=str(REFRESH))
        self._shown: tuple[str, str] | None = None
        offer(self.role, [(str(ROLE_NAMES[role]), str(role)) for role in Role])
        self._offer_users()
        safe = partial(guarded, self._failed)
        self._refresh.on_click(safe(lambda _button: self.load()))
        for one in (self.user, self.role):
            one.observe(safe(lambda _change: self.load()), names="value")
        row = button_row(self._refresh)
        self._whose = card(WHOSE, self.user, self.role, row)
        self._mail_card = card(MAIL, self.mail)
        self.view = form_of(self._whose, self.work.view, self.message, self._mail_card)
        self._mail_card.layout.display = "none"
        if self.user.options:
            self.load()
        else:
            self.message.show(render.notice("info", NO_USERS, ADD_USERS))
            self._whose.layout.display = "none"

    def load(self) -> None:
        """Show what the chosen user sees in the chosen folder, as it is stored now."""
        if self.work.running:
            return  # what is chosen meanwhile is loaded afterwards
        asked = (self.user.value, self.role.value)
        self._shown = asked

        def job(_progress: ProgressCallback, _cancel: threading.Event) -> OfficeMailbox:
            user, role = asked
            return office_mailbox(self._workspace, user, role=Role(role))

        self.message.clear()
        self.work.start(job, self._show, abandon=True)

    def _show(self, mailbox: OfficeMailbox) -> None:
        self.mail.show(*show_view(mailbox))
        self._mail_card.layout.display = ""
        if self._shown != (self.user.value, self.role.value):
            self.load()

    def _offer_users(self) -> None:
        users = onboarding.office_users(self._workspace)
        offer(self.user, [(render.plain(one.name), one.name) for one in users])

    def _failed(self, error: BaseException) -> None:
        with self._lock:
            self._mail_card.layout.display = "none"
            self.message.show(any_notice(error))

    def _changed(self) -> None:
        self._refresh.disabled = self.work.running


def show_view(mailbox: OfficeMailbox) -> tuple[Html, ...]:
    """A user's view as a table with its reasons, or why there is nothing to see."""
    shown = []
    if not mailbox.accounts:
        user = render.plain(mailbox.user.name)
        shown.append(render.notice("info", SEES_NOTHING.format(user=user)))
    elif not mailbox.total:
        words = NOTHING_HERE.format(folder=ROLE_NAMES[mailbox.role])
        shown.append(render.notice("info", words))
    elif mailbox.total > len(mailbox.rows):
        counts = {"shown": len(mailbox.rows), "total": mailbox.total}
        numbers = {name: render.number(count) for name, count in counts.items()}
        shown.append(render.notice("info", NEWEST_ONLY.format(**numbers)))
    return (*shown, views.show_mailbox(mailbox))


def office_mailbox_form() -> widgets.Widget:
    """The form to see what a user of the office sees, for the last line of a cell."""
    return in_office(lambda workspace: OfficeMailboxForm(workspace).view)
