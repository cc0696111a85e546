"""Who may do what with an account: one table, default deny, and a reason for every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from toolkit.accounts.account import Account
from toolkit.accounts.users import ROLE_TITLES, OfficeRole, OfficeUser
from toolkit.language import Text

__all__ = ["Action", "Relation", "Ruling", "may", "relations"]


class Action(StrEnum):
    """What can be done with an account."""

    SEE_MAIL = "see-mail"
    SEND = "send"
    CHANGE = "change"  #: settings, mapping, viewers, senders, activation, deletion


class Relation(StrEnum):
    """How a user stands to one account; seeing, sending and owning are separate."""

    OWNER = "owner"
    VIEWER = "viewer"
    SENDER = "sender"


#: The whole matrix. What is not here is denied, for administrators too: reading other people's
#: mail is nobody's privilege by office.
_BY_RELATION: Mapping[Action, frozenset[Relation]] = {
    Action.SEE_MAIL: frozenset({Relation.VIEWER}),
    Action.SEND: frozenset({Relation.SENDER}),
    Action.CHANGE: frozenset({Relation.OWNER}),
}
_BY_ROLE: Mapping[Action, frozenset[OfficeRole]] = {
    Action.CHANGE: frozenset({OfficeRole.ADMINISTRATOR, OfficeRole.MANAGER}),
}

_RELATION_WORDS = {
    Relation.OWNER: Text("Eigentümer des Kontos", "the account's owner"),
    Relation.VIEWER: Text(
        "unter „Im Kanzleipostfach einsehbar durch“ eingetragen", "entered as a viewer"
    ),
    Relation.SENDER: Text("unter „Zum Senden nutzbar durch“ eingetragen", "entered as a sender"),
}
_ACTION_WORDS = {
    Action.SEE_MAIL: Text("die E-Mails sehen", "see the mail"),
    Action.SEND: Text("von dieser Adresse senden", "send from this address"),
    Action.CHANGE: Text("die Einstellungen ändern", "change the settings"),
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether, and because of what."""

    allowed: bool
    because: Text

    def __bool__(self) -> bool:
        return self.allowed


def relations(user: OfficeUser, account: Account) -> frozenset[Relation]:
    """How a user stands to an account."""
    held = {
        Relation.OWNER: user.name == account.owner,
        Relation.VIEWER: user.name in account.viewers,
        Relation.SENDER: user.name in account.senders,
    }
    return frozenset(relation for relation, holds in held.items() if holds)


def may(user: OfficeUser, action: Action, account: Account) -> Ruling:
    """Whether a user may do something with an account, and why (not)."""
    who, what = user.name or "Administrator", _ACTION_WORDS[action]
    if action is Action.SEND and not account.active:
        return Ruling(
            allowed=False,
            because=Text(
                f"{who} darf nicht {what.de}, weil das Konto deaktiviert ist.",
                f"{who} may not {what.en} because the account is deactivated.",
            ),
        )
    granting = sorted(_BY_RELATION[action] & relations(user, account))
    if granting:
        words = _RELATION_WORDS[granting[0]]
    elif user.role in _BY_ROLE.get(action, frozenset()):
        words = ROLE_TITLES[user.role]
    else:
        needed = [_RELATION_WORDS[relation] for relation in sorted(_BY_RELATION[action])]
        needed += [ROLE_TITLES[role] for role in sorted(_BY_ROLE.get(action, frozenset()))]
        return Ruling(
            allowed=False,
            because=Text(
                f"{who} darf nicht {what.de}, weil nichts davon zutrifft: "
                + "; ".join(text.de for text in needed)
                + ".",
                f"{who} may not {what.en} because none of this holds: "
                + "; ".join(text.en for text in needed)
                + ".",
            ),
        )
    return Ruling(
        allowed=True,
        because=Text(
            f"{who} darf {what.de}, weil: {words.de}.", f"{who} may {what.en} because: {words.en}."
        ),
    )
