"""Step 7 of the help page: one drop-down a folder of the office mailbox, set to the proposal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets

from toolkit import render
from toolkit.folders.roles import ROLE_NAMES, FolderMapping, Role
from toolkit.forms.parts import Slot, card
from toolkit.language import Text
from toolkit.render import Html, folder_order

if TYPE_CHECKING:
    from toolkit.mail.folder import Folder
    from toolkit.onboarding import FolderListing

__all__ = ["MappingView"]

HEADING = Text("Ordner zuweisen", "Assign folders")
EXPLAIN = Text(
    "Welcher Ordner des E-Mail-Kontos gehört zu welchem Ordner im Kanzleipostfach? Der Vorschlag steht schon da; bitte prüfen Sie ihn gemeinsam.",
    "Which folder of the account belongs to which folder of the office mailbox? The proposal is filled in; please check it together.",
)
NONE = Text("(keiner)", "(none)")
EMPTY = Text(
    "Für „{role}“ ist kein Ordner zugewiesen.",
    "No folder is assigned to “{role}”.",
)
# No server has a folder without a name; None would leave a drop-down blank.
_NO_FOLDER = b""
VIEW = Text("Ansicht, wird nicht abgeglichen", "view, not synced")
TWINS = Text(
    "Wird ebenfalls abgeglichen, weil es derselben Sache dient: {names}",
    "Synced too, because it serves the same purpose: {names}",
)
BY_HAND = Text("Von Hand gewählt.", "Chosen by hand.")


class MappingView:
    """The folder tree beside the drop-downs; hidden until folders were loaded."""

    def __init__(self) -> None:
        self._listing: FolderListing | None = None
        self._tree = Slot("tk-mapping-tree")
        self._notes = {role: Slot("tk-slot", "tk-quietly") for role in Role}
        self.choices = {role: _choice(role) for role in Role}
        rows: list[widgets.Widget] = []
        for role, choice in self.choices.items():
            choice.observe(lambda _change: self._explain(), names="value")
            rows += [choice, self._notes[role]]
        roles = widgets.VBox(rows)
        roles.add_class("tk-mapping-roles")
        both = widgets.HBox([self._tree, roles])
        both.add_class("tk-mapping")
        intro = Slot()
        intro.show(render.paragraph(EXPLAIN))
        self.view = card(HEADING, intro, both)
        self.close()

    def show(self, listing: FolderListing) -> None:
        """Offer these folders, each role set to its proposal."""
        self._listing = None  # the drop-downs change one by one: explain them all at the end
        offered = [
            (str(NONE), _NO_FOLDER),
            *(
                (_label(folder), folder.raw)
                for folder in sorted(listing.folders, key=folder_order)
                if folder.selectable
            ),
        ]
        for role, choice in self.choices.items():
            choice.options = offered
            choice.value = listing.proposal.mapping[role] or _NO_FOLDER
        self._listing = listing
        self._explain()
        self.view.layout.display = ""

    def close(self) -> None:
        """Hide everything: no folders are known."""
        self._listing = None
        self.view.layout.display = "none"

    def enable(self, on: bool) -> None:  # noqa: FBT001  # one fact, one meaning
        """Let a person change the choices, or not."""
        for choice in self.choices.values():
            choice.disabled = not on

    def chosen(self) -> FolderMapping:
        """The mapping on the form; what differs from the proposal was chosen by hand."""
        assert self._listing is not None
        return self._listing.proposal.adjusted(self._folders())

    def _folders(self) -> Mapping[Role, bytes | None]:
        return {role: choice.value or None for role, choice in self.choices.items()}

    def _explain(self) -> None:
        """Reasons below the drop-downs, roles in the tree."""
        if self._listing is None:
            return
        proposal = self._listing.proposal
        badges = {raw: [str(VIEW)] for raw in proposal.duplicates}
        for role, raw in self._folders().items():
            self._notes[role].show(self._reason(role, raw))
            for one in (raw, *proposal.twins.get(role, ())):
                if one is not None:
                    badges.setdefault(one, []).append(str(ROLE_NAMES[role]))
        roles = {raw: ", ".join(dict.fromkeys(words)) for raw, words in badges.items()}
        self._tree.show(render.folder_tree(self._listing.folders, roles=roles))

    def _reason(self, role: Role, raw: bytes | None) -> Html:
        assert self._listing is not None
        proposal = self._listing.proposal
        as_proposed = raw == proposal.mapping[role]
        why = proposal.reasons[role].why if as_proposed else None
        if raw is None:
            return render.notice("warning", EMPTY.format(role=ROLE_NAMES[role]), why)
        shown = [render.paragraph(why or BY_HAND)]
        twins = [proposal.names[one] for one in proposal.twins.get(role, ()) if one != raw]
        if twins:
            shown.append(render.paragraph(TWINS.format(names=render.plain(twins))))
        return render.join(*shown)


def _choice(role: Role) -> widgets.Dropdown:
    choice = widgets.Dropdown(
        options=[(str(NONE), _NO_FOLDER)],
        description=str(ROLE_NAMES[role]),
        style={"description_width": "var(--tk-label-width)"},
        layout=widgets.Layout(width="100%"),
    )
    choice.add_class("tk-field")
    return choice


def _label(folder: Folder) -> str:
    name = render.plain(folder.name)
    return name if folder.messages is None else f"{name}  ({render.number(folder.messages)})"
