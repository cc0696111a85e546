"""What one user sees: the stored mail of exactly the accounts she is a viewer of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from toolkit.accounts import book
from toolkit.accounts.rights import Action, may
from toolkit.folders.roles import ROLE_NAMES, Role
from toolkit.language import Text
from toolkit.store import schema as s
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

    from toolkit.accounts.account import Account
    from toolkit.accounts.users import OfficeUser

__all__ = ["MailRow", "OfficeMailbox", "office_mailbox"]

#: As much of a message as its header may take, in octets.
_HEADER_OCTETS = 64 * 1024


@dataclass(frozen=True, slots=True)
class MailRow:
    """One message in the list; texts are as hostile as their senders."""

    account: str
    folder: str
    date: datetime | None
    sender: str
    subject: str
    unread: bool


@dataclass(frozen=True, slots=True)
class OfficeMailbox:
    """A user's view, newest first, and why it holds what it holds.

    ``total`` counts all messages of the role; ``rows`` are the newest of them.
    """

    user: OfficeUser
    role: Role
    rows: tuple[MailRow, ...]
    total: int
    accounts: tuple[Account, ...]
    reasons: tuple[Text, ...]

    def frame(self) -> pd.DataFrame:
        """The list as a DataFrame, headings in the reader's language."""
        import pandas as pd

        headings = {
            "date": Text("Datum", "Date"),
            "sender": Text("Von", "From"),
            "subject": Text("Betreff", "Subject"),
            "account": Text("Konto", "Account"),
            "unread": Text("Ungelesen", "Unread"),
        }
        return pd.DataFrame(
            [{str(h): getattr(row, key) for key, h in headings.items()} for row in self.rows],
            columns=[str(h) for h in headings.values()],
        )

    @property
    def title(self) -> Text:
        """``Posteingang von Frau Müller: 12 Nachrichten aus 1 Konto``."""
        name, user = ROLE_NAMES[self.role], self.user.name
        mail = _counted(self.total, Text("Nachricht", "message"), Text("Nachrichten", "messages"))
        of = _counted(len(self.accounts), Text("Konto", "account"), Text("Konten", "accounts"))
        return Text(
            f"{name.de} von {user}: {mail.de} aus {of.de}",
            f"{name.en} of {user}: {mail.en} of {of.en}",
        )


def office_mailbox(
    workspace: Workspace, user_name: str, *, role: Role = Role.INBOX, limit: int = 200
) -> OfficeMailbox:
    """One role's folder of a user's office mailbox.

    Args:
        workspace: the open office.
        user_name: whose view; decides which accounts are in it.
        role: which folder.
        limit: how many rows at most.

    Raises:
        UserNotFound: there is no such user.
    """
    with workspace.store.read() as connection:
        user = book.user_by_name(connection, user_name)
        rulings = [(a, may(user, Action.SEE_MAIL, a)) for a in book.accounts(connection)]
        seen = tuple(account for account, ruling in rulings if ruling)
        joined = s.messages.join(s.folders, s.folders.c.id == s.messages.c.folder_id)
        present = (
            s.folders.c.account_id.in_([account.id for account in seen])
            & _has_role(role)
            & s.folders.c.current
            & s.messages.c.vanished_at.is_(None)
        )
        total = connection.scalar(sa.select(sa.func.count()).select_from(joined).where(present))
        newest = (
            sa.select(
                s.messages.c.id,
                s.messages.c.sha256,
                s.messages.c.internaldate,
                s.messages.c.flags,
                s.folders.c.account_id,
                s.folders.c.name,
            )
            .select_from(joined)
            .where(present)
            .order_by(*_newest_first(s.messages.c))
            .limit(limit)
            .subquery()
        )
        # Contents come after the choice: sorting the heads of a whole mailbox would carry them all.
        found = connection.execute(
            sa.select(
                newest.c.account_id,
                newest.c.name,
                newest.c.internaldate,
                newest.c.flags,
                sa.func.substr(s.contents.c.raw, 1, _HEADER_OCTETS).label("head"),
            )
            .select_from(newest.join(s.contents, s.contents.c.sha256 == newest.c.sha256))
            .order_by(*_newest_first(newest.c))
        ).all()
    emails = {account.id: account.email for account in seen}
    rows = tuple(
        _row(emails[row.account_id], row.name, row.internaldate, row.flags, bytes(row.head))
        for row in found
    )
    return OfficeMailbox(
        user=user,
        role=role,
        rows=rows,
        total=int(total or 0),
        accounts=seen,
        reasons=tuple(
            Text(f"{a.email}: {r.because.de}", f"{a.email}: {r.because.en}") for a, r in rulings
        ),
    )


def _counted(count: int, one: Text, many: Text) -> Text:
    words = one if count == 1 else many
    return Text(f"{count} {words.de}", f"{count} {words.en}")


def _has_role(role: Role) -> sa.ColumnElement[bool]:
    """The folder is the one its account's mapping gives the role, or a twin of that one."""
    mapped, own = s.mapped_folders.alias(), s.mapped_folders.alias()
    return (
        sa.exists()
        .where(
            mapped.c.account_id == s.folders.c.account_id,
            mapped.c.role == str(role),
            mapped.c.raw == s.folders.c.raw,
            own.c.account_id == mapped.c.account_id,
            own.c.role == mapped.c.role,
            own.c.position == 0,
        )
        .correlate(s.folders)
    )


def _newest_first(columns: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """By date, what has none at the end, and within a moment by arrival."""
    return columns.internaldate.desc().nulls_last(), columns.id.desc()


def _row(account: str, folder: str, date: datetime | None, flags: str, head: bytes) -> MailRow:
    fields = dict(_first_fields(head))
    return MailRow(
        account=account,
        folder=folder,
        date=date.replace(tzinfo=UTC) if date is not None and date.tzinfo is None else date,
        sender=_decoded(fields.get("from", b"")),
        subject=_decoded(fields.get("subject", b"")),
        unread="\\Seen" not in flags.split(),
    )


def _first_fields(head: bytes) -> Iterator[tuple[str, bytes]]:
    """Field names in lower case and bodies as they came; of a repeated field the first is last."""
    for name, body in reversed(list(BytesHeaderParser().parsebytes(head).raw_items())):
        yield name.lower(), str(body).encode("utf-8", "surrogateescape")


def _decoded(body: bytes) -> str:
    """A field's body as text; what does not decode is shown as it came."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:  # no charset named: German senders mean this one
        text = body.decode("cp1252", "replace")
    if text.isascii():
        with suppress(ValueError, LookupError, MessageError):  # broken base64, unknown charset
            text = str(make_header(decode_header(text)))
    # Lone surrogates (UTF-7 brings them about) fit into no page and no file.
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
