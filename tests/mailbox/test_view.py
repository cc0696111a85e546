"""The office mailbox shows a user the mail of exactly the accounts she is a viewer of."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolkit.accounts import book
from toolkit.accounts.rights import Action, may
from toolkit.accounts.users import OfficeRole, OfficeUser
from toolkit.errors import UserNotFound
from toolkit.folders.roles import FolderMapping, Role
from toolkit.mailbox import office_mailbox
from toolkit.mailbox.view import MailRow, OfficeMailbox, _row
from toolkit.store import schema as s
from toolkit.views import show_mailbox

if TYPE_CHECKING:
    from tests.mailbox.conftest import Office

USERS = ("Anna", "Bernd", "Carla")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SUBSETS = [c for size in range(4) for c in itertools.combinations(USERS, size)]


def mail(subject: str, sender: str = "Mandant <m@mandant.example>") -> bytes:
    return f"From: {sender}\r\nSubject: {subject}\r\n\r\nText\r\n".encode()


def subjects(view: OfficeMailbox) -> list[str]:
    return [row.subject for row in view.rows]


def set_viewers(office: Office, account: str, names: tuple[str, ...]) -> None:
    with office.workspace.store.write() as connection:
        connection.execute(s.viewers.delete().where(s.viewers.c.account_id == account))
        for name in names:
            connection.execute(s.viewers.insert().values(account_id=account, user_name=name))


def test_every_user_sees_exactly_the_accounts_she_is_a_viewer_of(office: Office) -> None:
    """Three users × three accounts × every set of viewers: owners, senders, offices add nothing."""
    with office.workspace.store.write() as connection:
        book.add_user(connection, OfficeUser("Anna", OfficeRole.ADMINISTRATOR))
        book.add_user(connection, OfficeUser("Bernd", OfficeRole.MANAGER))
        book.add_user(connection, OfficeUser("Carla"))
    for owner, sender in zip(USERS, ("Carla", "Anna", "Bernd"), strict=True):
        office.account(owner.lower(), owner=owner, senders=(sender,))
        office.deliver(office.folder(owner.lower(), b"INBOX"), 1, mail(owner.lower()))
    for turn in range(len(SUBSETS)):
        granted = {
            owner.lower(): SUBSETS[(turn + 3 * place) % len(SUBSETS)]
            for place, owner in enumerate(USERS)
        }
        for account, viewers in granted.items():
            set_viewers(office, account, viewers)
        for user in USERS:
            view = office_mailbox(office.workspace, user)
            expected = {account for account, viewers in granted.items() if user in viewers}
            assert set(subjects(view)) == expected == {a.id for a in view.accounts}
            assert (view.total, len(view.reasons)) == (len(expected), 3)


def test_an_unknown_user_sees_nothing_but_an_error(office: Office) -> None:
    """Nobody by that name: typed, not an empty view."""
    with pytest.raises(UserNotFound):
        office_mailbox(office.workspace, "Niemand")


def test_a_view_holds_one_role_with_its_twins(office: Office) -> None:
    """Sent mail of both folders, the inbox alone; folders without a role never appear."""
    office.account("a", viewers=("Anna",))
    for raw in (b"INBOX", b"Gesendet", b"Sent", b"Akten"):
        office.deliver(office.folder("a", raw), 1, mail(raw.decode()))
    by_role = {role: subjects(office_mailbox(office.workspace, "Anna", role=role)) for role in Role}
    assert by_role[Role.INBOX] == ["INBOX"]
    assert sorted(by_role[Role.SENT]) == ["Gesendet", "Sent"]
    assert not [
        role for role in (Role.DRAFTS, Role.TRASH, Role.JUNK, Role.ARCHIVE) if by_role[role]
    ]


def test_folders_are_mapped_account_by_account(office: Office) -> None:
    """One account's sent folder may bear the name of another's inbox; unmapped accounts are empty."""
    for name in ("a", "b", "c"):
        office.account(name, viewers=("Anna",))
        office.deliver(office.folder(name, b"Gesendet"), 1, mail(name))
    with office.workspace.store.write() as connection:
        book.save_mapping(connection, "b", FolderMapping({Role.INBOX: b"Gesendet"}))
        # A role emptied by hand shows nothing, twins left over or not.
        book.save_mapping(connection, "c", FolderMapping({}, twins={Role.SENT: (b"Gesendet",)}))
    assert subjects(office_mailbox(office.workspace, "Anna")) == ["b"]
    assert subjects(office_mailbox(office.workspace, "Anna", role=Role.SENT)) == ["a"]


def test_newest_come_first_and_the_rest_is_counted(office: Office) -> None:
    """Order across accounts and folders, what has no date last; the limit cuts, the total does not."""
    for name in ("a", "b"):
        office.account(name, viewers=("Anna",))
    a, b = (office.folder(name, b"INBOX") for name in ("a", "b"))
    office.deliver(a, 1, mail("alt"), date=NOON - timedelta(days=2))
    office.deliver(b, 9, mail("neu"), date=NOON)
    office.deliver(a, 2, mail("ohne Datum"), date=None)
    office.deliver(a, 3, mail("mittel"), date=NOON - timedelta(days=1))
    office.deliver(b, 1, mail("gleichzeitig, später da"), date=NOON)
    view = office_mailbox(office.workspace, "Anna")
    expected = ["gleichzeitig, später da", "neu", "mittel", "alt", "ohne Datum"]
    assert subjects(view) == expected
    assert view.rows[1].date == NOON
    assert [row.account for row in view.rows[:2]] == ["b@kanzlei.example"] * 2
    cut = office_mailbox(office.workspace, "Anna", limit=2)
    assert (subjects(cut), cut.total) == (expected[:2], 5)
    assert cut.title.de == "Posteingang von Anna: 5 Nachrichten aus 2 Konten"


def test_one_content_in_two_accounts_is_two_messages(office: Office) -> None:
    """Stored once, shown in each account that received it, and to nobody for the other's sake."""
    for name, viewer in (("a", "Anna"), ("b", "Bernd")):
        office.account(name, viewers=(viewer, "Carla"))
        office.deliver(office.folder(name, b"INBOX"), 1, mail("Rundschreiben"))
    assert [row.account for row in office_mailbox(office.workspace, "Anna").rows] == [
        "a@kanzlei.example"
    ]
    assert office_mailbox(office.workspace, "Carla").total == 2


def test_what_left_the_server_leaves_the_view(office: Office) -> None:
    """Expunged messages, and the numbering before a new UIDVALIDITY, are kept but not shown."""
    office.account("a", viewers=("Anna",))
    before = office.folder("a", b"INBOX", uidvalidity=1, current=False)
    now = office.folder("a", b"INBOX", uidvalidity=2)
    office.deliver(before, 1, mail("frühere Zählung"))
    office.deliver(now, 1, mail("weg"), gone=True)
    office.deliver(now, 2, mail("da"))
    view = office_mailbox(office.workspace, "Anna")
    assert (subjects(view), view.total) == (["da"], 1)


def test_a_deactivated_account_keeps_its_mail_in_view(office: Office) -> None:
    """It may not send any more, but what was stored stays visible to its viewers."""
    account = office.account("a", viewers=("Anna",), senders=("Anna",))
    office.deliver(office.folder("a", b"INBOX"), 1, mail("bleibt"))
    with office.workspace.store.write() as connection:
        book.set_active(connection, account.id, active=False)
    view = office_mailbox(office.workspace, "Anna")
    assert subjects(view) == ["bleibt"]
    assert not may(view.user, Action.SEND, view.accounts[0])


def test_unread_is_what_the_server_has_not_marked_seen(office: Office) -> None:
    """Flags are words: a keyword that contains \\Seen is another one."""
    office.account("a", viewers=("Anna",))
    inbox = office.folder("a", b"INBOX")
    for uid, flags in enumerate(["", "\\Seen", "\\Answered \\Seen", "$\\SeenNot"], start=1):
        office.deliver(inbox, uid, mail(flags or "keine"), flags=flags)
    unread = {row.subject for row in office_mailbox(office.workspace, "Anna").rows if row.unread}
    assert unread == {"keine", "$\\SeenNot"}


def test_thousands_of_accounts_are_one_view(office: Office) -> None:
    """A user may see more accounts than a database expression has levels."""
    office.account("a", viewers=("Anna",))
    office.deliver(office.folder("a", b"INBOX"), 1, mail("eine"))
    with office.workspace.store.write() as connection:
        (row,) = connection.execute(s.accounts.select()).mappings()
        many = [{**row, "id": f"k{n}", "email": f"k{n}@kanzlei.example"} for n in range(3000)]
        connection.execute(s.accounts.insert(), many)
        grants = [{"account_id": one["id"], "user_name": "Anna"} for one in many]
        connection.execute(s.viewers.insert(), grants)
    view = office_mailbox(office.workspace, "Anna")
    assert (len(view.accounts), view.total, subjects(view)) == (3001, 1, ["eine"])


def test_headers_are_read_as_people_mean_them() -> None:
    """Encoded words, folded lines, bare UTF-8, bare Latin-1; of a doubled field the first counts."""
    head = "=?iso-8859-1?q?J=FCrgen_M=F6ller?= <j@mandant.example>"
    shown = _row("a", "INBOX", None, "", mail("=?utf-8?b?R3LDtsOf?=\r\n =?utf-8?b?ZQ==?=", head))
    assert shown.sender == "Jürgen Möller <j@mandant.example>"
    assert shown.subject == "Größe"
    for charset in ("utf-8", "cp1252"):
        raw = "Subject: Rückfrage – 5 €\r\nSUBJECT: zweiter\r\nFrom: Müller\n\n".encode(charset)
        shown = _row("a", "INBOX", None, "", raw)
        assert (shown.subject, shown.sender) == ("Rückfrage – 5 €", "Müller")
    long = EmailMessage()
    long["Subject"] = "Kündigung " * 30
    assert _row("a", "I", None, "", bytes(long)).subject == ("Kündigung " * 30).strip()


#: Pieces broken headers are made of: bad base64, charsets that are none, surrogates by UTF-7.
PIECES = [
    b"=?utf-8?b?abcde?=", b"=?utf-8?q?=FF?=", b"=?x?b?YQ==?=", b"=?rot13?q?a?=", b"=?utf-7?q?+2AA-?=",
    b"=?\xff?q?a?=", b"=?utf-8\0?q?a?=", b"=?unicode_escape?q?=5Cud800?=", b"=?idna?q?xn--a?=",
    b"=?utf-8*de?q?a?=", b"\r\n ", b"\n", b"\r", b"\0", b"From: ", b"\xff\xfe", b"\xed\xa0\x80",
    b"<script>alert(1)</script>", "\u202e".encode(),
]  # fmt: skip
BROKEN = st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=10).map(b"".join)


@settings(deadline=None)  # the first example imports pandas
@given(BROKEN, BROKEN)
@example(b"", b"=?utf-8?b?abcde?=")
@example(b"=?utf-7?q?+2AA-?=", b"")
def test_no_header_can_break_the_view(sender: bytes, subject: bytes) -> None:
    """Whatever bytes stand there: a row whose texts fit into any file, and into the notebook's page."""
    for raw in (sender, b"From: " + sender + b"\r\nSubject: " + subject + b"\r\n\r\n"):
        row = _row("a@b.example", "INBOX", None, "", raw)
        (row.sender + row.subject).encode("utf-8")
        view = OfficeMailbox(OfficeUser("Anna"), Role.INBOX, (row,), 1, (), ())
        assert "<script" not in str(show_mailbox(view))


def test_only_the_beginning_of_a_message_is_read(office: Office) -> None:
    """A header without end is cut, and a body of megabytes is not carried along."""
    office.account("a", viewers=("Anna",))
    inbox = office.folder("a", b"INBOX")
    office.deliver(inbox, 1, mail("kurz") + b"x" * 3_000_000)
    office.deliver(inbox, 2, b"Subject: " + b"y" * 3_000_000)
    seen: dict[bool, MailRow] = {
        row.subject == "kurz": row for row in office_mailbox(office.workspace, "Anna").rows
    }
    assert len(seen[False].subject) < 70_000


def test_the_table_has_a_row_a_message_and_german_headings(office: Office) -> None:
    """An empty mailbox is a table with headings and no rows."""
    office.account("a", viewers=("Anna",))
    empty = office_mailbox(office.workspace, "Anna").frame()
    assert list(empty.columns) == ["Datum", "Von", "Betreff", "Konto", "Ungelesen"]
    assert len(empty) == 0
    office.deliver(office.folder("a", b"INBOX"), 1, mail("eine"))
    (row,) = office_mailbox(office.workspace, "Anna").frame().to_dict("records")
    assert (row["Betreff"], row["Ungelesen"]) == ("eine", True)
