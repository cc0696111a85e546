"""The rights matrix, cell by cell, against a table written down here once more."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import pytest

from toolkit.accounts.account import Account
from toolkit.accounts.rights import Action, Relation, may, relations
from toolkit.accounts.users import ADMINISTRATOR_AT_KEYBOARD, OfficeRole, OfficeUser
from toolkit.mail.settings import Security, Server, ServerSettings

ACCOUNT = Account(
    id="a1",
    email="kanzlei@gmx.de",
    display_name="Kanzlei",
    servers=ServerSettings(
        Server("imap.gmx.net", 993, Security.SSL), Server("mail.gmx.net", 465, Security.SSL), "k"
    ),
    owner="Eigentümer",
    viewers=("Leser",),
    senders=("Absender",),
)

# Role × relation → what is allowed. Relations: - none, O owner, V viewer, S sender.
# Letters of the cell: m sees mail, s sends, c changes; "" nothing.
TABLE = """
                   -    O    V    S    OV   OS   VS   OVS
administrator      c    c    mc   sc   mc   sc   msc  msc
kanzleiverwaltung  c    c    mc   sc   mc   sc   msc  msc
user               .    c    m    s    mc   sc   ms   msc
"""
LETTERS = {"m": Action.SEE_MAIL, "s": Action.SEND, "c": Action.CHANGE}
RELATIONS = {"O": Relation.OWNER, "V": Relation.VIEWER, "S": Relation.SENDER}


def cells() -> list[tuple[OfficeRole, frozenset[Relation], Action, bool]]:
    """The table, read: one row a cell and action."""
    head, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return [
        (
            OfficeRole(role),
            frozenset(RELATIONS[letter] for letter in column if letter != "-"),
            action,
            letter in cell,
        )
        for role, *line in rows
        for column, cell in zip(head, line, strict=True)
        for letter, action in LETTERS.items()
    ]


def standing(held: frozenset[Relation]) -> Account:
    """The account, to which Anna has exactly these relations."""
    return replace(
        ACCOUNT,
        owner="Anna" if Relation.OWNER in held else ACCOUNT.owner,
        viewers=(*ACCOUNT.viewers, *(["Anna"] if Relation.VIEWER in held else [])),
        senders=(*ACCOUNT.senders, *(["Anna"] if Relation.SENDER in held else [])),
    )


def test_the_table_is_complete() -> None:
    """Every role meets every combination of relations and every action, once."""
    subsets = chain.from_iterable(combinations(Relation, size) for size in range(4))
    wanted = {
        (role, frozenset(held), action)
        for held in subsets
        for role in OfficeRole
        for action in Action
    }
    assert len(cells()) == len(wanted)
    assert {cell[:3] for cell in cells()} == wanted


@pytest.mark.parametrize(("role", "held", "action", "allowed"), cells())
def test_each_cell(
    role: OfficeRole, held: frozenset[Relation], action: Action, allowed: bool
) -> None:
    """The ruling is the table's, and it gives its reason in German and English."""
    user, account = OfficeUser("Anna", role), standing(held)
    assert relations(user, account) == held
    ruling = may(user, action, account)
    assert (ruling.allowed, bool(ruling)) == (allowed, allowed)
    verb = "darf" if allowed else "darf nicht"
    assert ruling.because.de.startswith(f"Anna {verb} ")
    assert ruling.because.en.startswith("Anna may " if allowed else "Anna may not ")
    assert ruling.because.de.endswith(".")


@pytest.mark.parametrize(("role", "held", "action", "allowed"), cells())
def test_an_inactive_account_sends_for_nobody(
    role: OfficeRole, held: frozenset[Relation], action: Action, allowed: bool
) -> None:
    """Deactivated: no one sends, everything else is as before, and the reason says so."""
    account = replace(standing(held), active=False)
    ruling = may(OfficeUser("Anna", role), action, account)
    if action is Action.SEND:
        assert not ruling
        assert "deaktiviert" in ruling.because.de
    else:
        assert ruling.allowed is allowed


def test_the_reasons_are_the_products_words() -> None:
    """An assistant recognises the labels of the form in the reason."""
    reader = may(OfficeUser("Leser"), Action.SEE_MAIL, ACCOUNT)
    assert reader.because.de == (
        "Leser darf die E-Mails sehen, weil: unter „Im Kanzleipostfach einsehbar durch“ eingetragen."
    )
    stranger = may(OfficeUser("Fremd"), Action.CHANGE, ACCOUNT)
    assert stranger.because.de == (
        "Fremd darf nicht die Einstellungen ändern, weil nichts davon zutrifft: "
        "Eigentümer des Kontos; Administrator; Recht „Kanzleiverwaltung“."
    )


def test_the_administrator_at_the_keyboard_reads_no_mail() -> None:
    """Whoever runs the command line may change everything, see and send nothing."""
    assert may(ADMINISTRATOR_AT_KEYBOARD, Action.CHANGE, ACCOUNT)
    assert not may(ADMINISTRATOR_AT_KEYBOARD, Action.SEE_MAIL, ACCOUNT)
    assert not may(ADMINISTRATOR_AT_KEYBOARD, Action.SEND, ACCOUNT)
    assert "Administrator darf" in may(ADMINISTRATOR_AT_KEYBOARD, Action.CHANGE, ACCOUNT).because.de


@pytest.mark.parametrize("name", ["eigentümer", "Eigentümer ", "Leserin", ""])
def test_a_name_alike_is_another_person(name: str) -> None:
    """Names are compared exactly; an empty name is in no list."""
    user = OfficeUser(name)
    assert not any(may(user, action, ACCOUNT) for action in Action)
