"""What the smaller forms share: the open office around them, its accounts to choose from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import ipywidgets as widgets

from toolkit import render
from toolkit.accounts import book
from toolkit.forms.parts import Slot, any_notice, style_slot
from toolkit.language import Text
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from toolkit.accounts.account import Account

__all__ = [
    "NO_ACCOUNTS",
    "account_options",
    "button_row",
    "choice",
    "form_of",
    "in_office",
    "offer",
    "saved_accounts",
]

CONNECT_FIRST = Text(
    "Das geht mit dem Notebook „Postfach einrichten“ (onboarding.ipynb). Danach diese Zelle noch einmal ausführen.",
    "The notebook onboarding.ipynb does that. Then run this cell once more.",
)
NO_ACCOUNTS = render.notice(
    "info",
    Text("Es ist noch kein E-Mail-Konto eingerichtet.", "No mail account is connected yet."),
    CONNECT_FIRST,
)
_DEACTIVATED = Text("{email} (deaktiviert)", "{email} (deactivated)")


def in_office(build: Callable[[Workspace], widgets.Widget]) -> widgets.Widget:
    """A form over the open office, for the last line of a cell.

    An office that cannot be opened (a wrong variable, a newer database) ends in a message.
    """
    try:
        return build(Workspace.open())
    except Exception as error:  # noqa: BLE001  # shown to the person
        place = Slot()
        place.show(any_notice(error))
        return form_of(place)


def form_of(*children: widgets.Widget) -> widgets.VBox:
    """The parts of a form below each other, with the style sheets."""
    form = widgets.VBox([style_slot(), *children])
    form.add_class("tk-form")
    return form


def button_row(*buttons: widgets.Widget) -> widgets.HBox:
    """Buttons beside each other, below the fields."""
    row = widgets.HBox(buttons)
    row.add_class("tk-buttons")
    return row


def choice(label: Text) -> widgets.Dropdown:
    """A drop-down with its label before it; ``offer`` fills it."""
    made = widgets.Dropdown(
        description=str(label),
        style={"description_width": "var(--tk-label-width)"},
        layout=widgets.Layout(width="100%"),
    )
    made.add_class("tk-field")
    return made


def offer(dropdown: widgets.Dropdown, options: Sequence[tuple[str, str]]) -> None:
    """Replace what can be chosen; the choice stays if it is still there, else it is the first."""
    chosen = dropdown.value
    dropdown.options = options
    values = [value for _, value in options]
    if values:
        dropdown.value = chosen if chosen in values else values[0]


def saved_accounts(workspace: Workspace) -> tuple[Account, ...]:
    """All accounts of the office, by address."""
    with workspace.store.read() as connection:
        return book.accounts(connection)


def account_options(accounts: Iterable[Account]) -> list[tuple[str, str]]:
    """Label and id of each account, for a drop-down."""
    return [
        (
            str(_DEACTIVATED.format(email=render.plain(one.email)))
            if not one.active
            else render.plain(one.email),
            one.id,
        )
        for one in accounts
    ]
