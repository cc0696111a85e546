"""The onboarding form: steps 4 to 8 of the help page, then the first sync.

::

    from toolkit.forms import onboarding_form

    onboarding_form()

The form decides nothing: what to suggest, what is missing, which folder plays which role and what
is saved are answers of ``toolkit.onboarding`` and ``toolkit.sync``. Nothing is saved before
"Speichern", and a password is only kept between "IMAP-Ordner laden" and "Speichern".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets

from toolkit import onboarding, render
from toolkit.accounts.account import Account, AccountDraft
from toolkit.errors import Cancelled, InvalidServer, ToolkitError
from toolkit.forms.account_fields import AccountFields
from toolkit.forms.mapping_view import MappingView
from toolkit.forms.parts import (
    Field,
    Slot,
    Work,
    any_notice,
    guarded,
    style_slot,
)
from toolkit.forms.server_fields import ServerFields
from toolkit.forms.suggestion import Suggestion
from toolkit.forms.sync_view import SyncView
from toolkit.language import Text
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from pydantic import SecretStr

    from toolkit.onboarding import FolderListing
    from toolkit.progress import ProgressCallback

__all__ = ["OnboardingForm", "onboarding_form"]

LOAD = Text("IMAP-Ordner laden", "Load IMAP folders")
SAVE = Text("Speichern", "Save")
ANOTHER = Text("Weiteres Konto einrichten", "Connect another account")
NOT_SHOWN = Text(
    "Der Browser hat das Passwortfeld nicht beantwortet.",
    "The browser did not answer for the password field.",
)
RUN_AGAIN = Text(
    "Bitte die Zelle noch einmal ausführen und das Passwort neu eingeben.",
    "Please run the cell again and enter the password once more.",
)
LOOK_ABOVE = Text(
    "Bitte die markierten Felder prüfen. Es wurde nichts gespeichert.",
    "Please check the marked fields. Nothing was saved.",
)
LOADED = Text(
    "{count} Ordner geladen. Bitte weisen Sie sie unten zu.",
    "{count} folders loaded. Please assign them below.",
)
STOPPED = Text("Abgebrochen. Es wurde nichts gespeichert.", "Cancelled. Nothing was saved.")
CHANGED_SINCE = Text(
    "Die Zugangsdaten wurden seit dem Laden geändert.", "The login data changed since loading."
)
LOAD_AGAIN = Text(
    "Bitte noch einmal „IMAP-Ordner laden“ wählen.", "Please choose “Load IMAP folders” again."
)
#: Seconds a password typed once is kept for "Speichern".
KEPT_FOR = 900.0


class OnboardingForm:
    """The form with its state; ``view`` is the widget to display.

    Args:
        workspace: the open office; its users are offered, its store and vault are saved to.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self._secret: SecretStr | None = None
        self._forget: threading.Timer | None = None
        self._loaded_with: AccountDraft | None = None
        self.account = AccountFields()
        self.servers = ServerFields()
        self.mapping = MappingView()
        self.sync = SyncView(workspace, self._lock)
        self.suggestion = Suggestion(self.account, self.servers, self._lock, self._failed)
        self.message = Slot()
        self.work = Work(self._lock, self._failed, self._changed)
        self._load = widgets.Button(description=str(LOAD), button_style="primary")
        self._save = widgets.Button(description=str(SAVE), button_style="primary")
        self._another = widgets.Button(description=str(ANOTHER))
        self._fields: Mapping[str, Field] = {**self.account.fields, **self.servers.fields}
        self._connect()
        self.view = self._assemble()
        self._start_over()

    def _connect(self) -> None:
        press = {self._load: self.load, self._save: self.save, self._another: self._start_over}
        for button, handler in press.items():
            button.on_click(guarded(self._failed, lambda _button, do=handler: do()))
        self.account.secret.on_enter(guarded(self._failed, self.load))
        for field in self._fields.values():
            if field.widget is not self.account.secret:
                field.widget.observe(lambda _change, touched=field: touched.calm(), names="value")

    def _assemble(self) -> widgets.VBox:
        buttons = widgets.HBox([self._load])
        save = widgets.HBox([self._save])
        again = widgets.HBox([self._another])
        for row in (buttons, save, again):
            row.add_class("tk-buttons")
        self.servers.view.children = (*self.servers.view.children, buttons)
        self.mapping.view.children = (*self.mapping.view.children, save)
        self.sync.view.children = (*self.sync.view.children, again)
        form = widgets.VBox(
            [
                style_slot(),
                self.account.view,
                self.servers.view,
                self.work.view,
                self.message,
                self.mapping.view,
                self.sync.view,
            ]
        )
        form.add_class("tk-form")
        return form

    # --- what the buttons do -----------------------------------------------------------------

    def load(self) -> None:
        """Fetch the password from the browser, connect, show the folders ("IMAP-Ordner laden")."""
        if self.work.running:
            return
        self._calm()
        self._ask_password(self._load_with)

    def save(self) -> None:
        """Save account, mapping and password, then start the first sync ("Speichern")."""
        if self.work.running:
            return
        self._calm()
        self._ask_password(self._save_with)

    def _load_with(self, secret: SecretStr) -> None:
        draft = self._draft(AccountDraft.connection_problems)
        if draft is None:
            return

        def job(progress: ProgressCallback, cancel: threading.Event) -> FolderListing:
            return onboarding.load_folders(
                self._workspace, draft, secret, progress=progress, cancel=cancel
            )

        def show(listing: FolderListing) -> None:
            self._loaded_with = draft
            self.mapping.show(listing)
            count = render.number(len(listing.folders))
            self.message.show(render.notice("success", LOADED.format(count=count)))

        self.mapping.close()
        self._loaded_with = None
        self._keep(secret if secret.get_secret_value() else None)
        self.work.start(job, show, abandon=True)

    def _save_with(self, secret: SecretStr) -> None:
        draft = self._draft(AccountDraft.problems)
        if draft is None:
            return
        if secret != self._secret or not _same_login(draft, self._loaded_with):
            self.message.show(render.notice("warning", CHANGED_SINCE, LOAD_AGAIN))
            self._loaded_with = None
            self._keep(secret)
            return
        mapping = self.mapping.chosen()

        def job(_progress: ProgressCallback, _cancel: threading.Event) -> Account:
            return onboarding.save_account(
                self._workspace, draft, secret, mapping, create_users=True
            )

        self.work.start(job, self._saved, abandon=False)

    def _saved(self, account: Account) -> None:
        self._keep(None)
        self._enable(on=False)
        self.sync.open(account)

    def _start_over(self) -> None:
        """Empty the form for another account; the users stay."""
        self._keep(None)
        self._calm()
        self._loaded_with = None
        for field in (*self.account.fields.values(), self.servers.smtp_username):
            if isinstance(field.widget, widgets.Text):
                field.widget.value = ""
        self.account.secret.wipe()
        self.suggestion.forget()
        self.mapping.close()
        self.sync.close()
        self._enable(on=True)
        self.account.offer_users([one.name for one in onboarding.office_users(self._workspace)])

    # --- reading the form --------------------------------------------------------------------

    def _draft(
        self, problems: Callable[[AccountDraft], tuple[ToolkitError, ...]]
    ) -> AccountDraft | None:
        """What was entered; None if something is wrong, which is then shown."""
        wrong: list[ToolkitError] = []
        read = {}
        for line in (self.servers.imap, self.servers.smtp):
            try:
                read[line.protocol] = line.server()
            except InvalidServer as error:
                read[line.protocol] = None
                wrong.append(error)
        account = self.account
        draft = AccountDraft(
            email=account.email.widget.value,
            display_name=account.display_name.widget.value,
            username=account.username.widget.value,
            imap=read["imap"],
            smtp=read["smtp"],
            owner=account.owner.widget.value,
            viewers=account.viewers.chosen,
            senders=account.senders.chosen,
            smtp_username=self.servers.smtp_username.widget.value or None,
            provider=self.suggestion.provider,
        )
        unusable = {one.field.split(".")[0] for one in wrong}
        wrong += [one for one in problems(draft) if one.field.split(".")[0] not in unusable]
        for one in wrong:
            self._complain(one)
        return None if wrong else draft

    def _ask_password(self, use: Callable[[SecretStr], None]) -> None:
        """The password typed since, else the one kept."""

        def answered(secret: SecretStr | None) -> None:
            with self._lock:
                if secret is None:
                    self.message.show(render.notice("error", NOT_SHOWN, RUN_AGAIN))
                elif secret.get_secret_value() or self._secret is None:
                    use(secret)
                else:
                    use(self._secret)

        self.account.secret.request(guarded(self._failed, answered))

    def _keep(self, secret: SecretStr | None) -> None:
        """Hold the password until "Speichern", but not for ever."""
        if self._forget is not None:
            self._forget.cancel()
        self._secret = secret
        self.account.password_kept(secret is not None)
        if secret is not None:
            self._forget = threading.Timer(KEPT_FOR, guarded(self._failed, self._keep), (None,))
            self._forget.daemon = True
            self._forget.start()

    # --- showing -----------------------------------------------------------------------------

    def _failed(self, error: BaseException) -> None:
        """Whatever went wrong: beside its field, or as a message below the buttons."""
        with self._lock:
            if isinstance(error, Cancelled):
                self.message.show(render.notice("info", STOPPED))
            elif isinstance(error, ToolkitError):
                self._complain(error)
            else:
                self.message.show(any_notice(error))

    def _complain(self, error: ToolkitError) -> None:
        if error.field == "password":
            self._keep(None)  # it is wrong or missing: ask for it again
        field = self._fields.get(error.field) or self._fields.get(f"imap.{error.field}")
        if field is None:
            self.message.show(any_notice(error))
            return
        field.complain(error)
        self.message.show(render.notice("warning", LOOK_ABOVE))

    def _calm(self) -> None:
        for field in self._fields.values():
            field.calm()
        self.message.clear()

    def _changed(self) -> None:
        """Buttons follow what can be done now."""
        self._load.disabled = self._save.disabled = self.work.running
        self._another.disabled = self.sync.work.running

    def _enable(self, *, on: bool) -> None:
        self.account.enable(on)
        self.servers.enable(on)
        self.mapping.enable(on)
        self._load.layout.display = self._save.layout.display = "" if on else "none"


def _same_login(draft: AccountDraft, loaded: AccountDraft | None) -> bool:
    """Whether the folders on the form are those of the account about to be saved."""
    return loaded is not None and (draft.email, draft.username, draft.imap) == (
        loaded.email,
        loaded.username,
        loaded.imap,
    )


def onboarding_form() -> widgets.Widget:
    """The form to connect an account, for the last line of a cell.

    An office that cannot be opened (a wrong variable, a newer database) ends in a message.
    """
    try:
        return OnboardingForm(Workspace.open()).view
    except Exception as error:  # noqa: BLE001  # shown to the person
        place = Slot()
        place.show(any_notice(error))
        return widgets.VBox([style_slot(), place])
