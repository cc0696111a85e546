"""Step 4 of the help page: whose mailbox it is, how to log in, and who may see and send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from toolkit import render
from toolkit.forms.parts import Field, People, Slot, card, text_field
from toolkit.forms.secret_field import SecretField
from toolkit.language import Text

__all__ = ["AccountFields"]

HEADING = Text("E-Mail-Konto", "Mail account")
MANDATORY = Text("Mit * markierte Felder sind Pflichtfelder.", "Fields marked * are mandatory.")
DISPLAY_NAME = Text("Anzeigename", "Display name")
EMAIL = Text("E-Mail-Adresse", "E-mail address")
USERNAME = Text("Benutzername", "User name")
PASSWORD = Text("Passwort", "Password")
VIEWERS = Text("Im Kanzleipostfach einsehbar durch", "Visible in the office mailbox to")
SENDERS = Text("Zum Senden nutzbar durch", "Usable for sending by")
OWNER = Text("Benutzerzuordnung (Eigentümer)", "Assigned user (owner)")
CHOOSE = Text("– bitte wählen –", "– please choose –")
NEW_USER = Text("Weiterer Benutzer", "Another user")
ADD_USER = Text("Hinzufügen", "Add")
TAKE_OVER = Text("{address} übernehmen", "Use {address}")
PASSWORD_KEPT = Text(
    "Das Passwort ist übernommen; nach dem Speichern liegt es nur im Tresor.",
    "The password has been taken over; once saved it is in the vault only.",
)


class AccountFields:
    """The fields of the person's part; ``fields`` maps an error's ``field`` to its place."""

    def __init__(self) -> None:
        self.display_name = text_field(
            DISPLAY_NAME,
            required=True,
            placeholder=str(
                Text("So erscheint der Absender beim Empfänger", "As recipients see the sender")
            ),
        )
        self.email = text_field(EMAIL, required=True, placeholder="name@beispiel.de")
        self.username = text_field(USERNAME, required=True)
        self.note = Slot("tk-slot")
        self.hints = Slot("tk-slot")
        self._take = widgets.Button(layout=widgets.Layout(display="none"))
        self._take.on_click(lambda _button: self._take_over())
        self._meant = ""
        self.secret = SecretField(f"{PASSWORD} *", required=True)
        self.password = Field(self.secret)
        self.viewers = People(VIEWERS)
        self.senders = People(SENDERS)
        self.owner = Field(_owner_choice())
        self._names: tuple[str, ...] = ()
        self._new_user = _new_user_line(self._add_user)
        self.fields: Mapping[str, Field] = {
            "display_name": self.display_name,
            "email": self.email,
            "username": self.username,
            "password": self.password,
            "owner": self.owner,
            "user": self.owner,
        }
        note = Slot()
        note.show(render.paragraph(MANDATORY))
        note.add_class("tk-quietly")
        self.view = card(
            HEADING,
            note,
            *(self.display_name.widget, self.display_name.slot),
            *(self.email.widget, self.email.slot, self.note, _below(self._take)),
            *(self.username.widget, self.username.slot),
            self.hints,
            *(self.secret, self.password.slot),
            *(self.viewers.view, self.senders.view),
            *(self.owner.widget, self.owner.slot),
            self._new_user,
        )

    def offer_users(self, names: Sequence[str]) -> None:
        """Offer these office users as viewers, senders and owner; choices made stay."""
        self._names = tuple(dict.fromkeys(names))
        self.viewers.offer(self._names)
        self.senders.offer(self._names)
        chosen = self.owner.widget.value
        self.owner.widget.options = [
            (str(CHOOSE), ""),
            *((render.plain(name), name) for name in self._names),
        ]
        self.owner.widget.value = chosen if chosen in self._names else ""

    def password_kept(self, kept: bool) -> None:  # noqa: FBT001  # one fact, one meaning
        """Tell the person whether the program holds the password at the moment."""
        self.secret.state = str(PASSWORD_KEPT) if kept else ""

    def enable(self, on: bool) -> None:  # noqa: FBT001  # one fact, one meaning
        """Let a person change the fields, or not."""
        for field in (self.display_name, self.email, self.username, self.password, self.owner):
            field.widget.disabled = not on
        self.viewers.enable(on)
        self.senders.enable(on)
        self._new_user.layout.display = "" if on else "none"

    def suggest(self, address: str | None) -> None:
        """Offer another address; nothing is replaced before a person says so."""
        self._meant = address or ""
        self._take.description = str(TAKE_OVER.format(address=self._meant))
        self._take.layout.display = "" if address else "none"

    def _take_over(self) -> None:
        self.email.widget.value = self._meant

    def _add_user(self, name: str) -> None:
        self.offer_users((*self._names, name))


def _below(button: widgets.Button) -> widgets.HBox:
    """A button on the left edge of the fields."""
    row = widgets.HBox([button])
    row.add_class("tk-slot")
    return row


def _owner_choice() -> widgets.Dropdown:
    choice = widgets.Dropdown(
        options=[(str(CHOOSE), "")],
        value="",
        description=f"{OWNER} *",
        style={"description_width": "var(--tk-label-width)"},
        layout=widgets.Layout(width="100%"),
    )
    choice.add_class("tk-field")
    return choice


def _new_user_line(add: Callable[[str], None]) -> widgets.HBox:
    """A line to name a user the list lacks; the account's save creates them."""
    name = text_field(NEW_USER, placeholder=str(Text("Name", "Name"))).widget
    button = widgets.Button(description=str(ADD_USER))

    def clicked(_button: object) -> None:
        if name.value.strip():
            add(name.value.strip())
            name.value = ""

    button.on_click(clicked)
    line = widgets.HBox([name, button])
    line.add_class("tk-server")
    return line
