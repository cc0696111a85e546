"""What one user sees: the stored mail of exactly the accounts she is a viewer of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

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
        """``Posteingang von Frau Müller: 12 Nachrichten``."""
        name = ROLE_NAMES[self.role]
        return Text(
            f"{name.de} von {self.user.name}: {self.total} Nachrichten aus {len(self.accounts)} Konten",
            f"{name.en} of {self.user.name}: {self.total} messages of {len(self.accounts)} accounts",
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
        raws = {account.id: _raws(connection, account, role) for account in seen}
        in_view = sa.or_(
            sa.false(),
            *(
                (s.folders.c.account_id == account_id) & s.folders.c.raw.in_(list(names))
                for account_id, names in raws.items()
                if names
            ),
        )
        joined = s.messages.join(s.folders, s.folders.c.id == s.messages.c.folder_id).join(
            s.contents, s.contents.c.sha256 == s.messages.c.sha256
        )
        present = in_view & s.folders.c.current & s.messages.c.vanished_at.is_(None)
        total = connection.scalar(sa.select(sa.func.count()).select_from(joined).where(present))
        found = connection.execute(
            sa.select(
                s.folders.c.account_id,
                s.folders.c.name,
                s.messages.c.internaldate,
                s.messages.c.flags,
                sa.func.substr(s.contents.c.raw, 1, _HEADER_OCTETS).label("head"),
            )
            .select_from(joined)
            .where(present)
            .order_by(s.messages.c.internaldate.desc(), s.messages.c.id.desc())
            .limit(limit)
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


def _raws(connection: sa.Connection, account: Account, role: Role) -> tuple[bytes, ...]:
    mapping = book.load_mapping(connection, account.id)
    own = mapping[role] if mapping is not None else None
    if mapping is None or own is None:
        return ()
    return (own, *mapping.twins.get(role, ()))


def _row(account: str, folder: str, date: datetime | None, flags: str, head: bytes) -> MailRow:
    header = BytesHeaderParser().parsebytes(head)
    return MailRow(
        account=account,
        folder=folder,
        date=date.replace(tzinfo=UTC) if date is not None and date.tzinfo is None else date,
        sender=_decoded(header.get("From")),
        subject=_decoded(header.get("Subject")),
        unread="\\Seen" not in flags.split(),
    )


def _decoded(value: object) -> str:
    """A header as text; what does not decode is shown as it came."""
    if value is None:
        return ""
    text = str(value)
    try:
        return " ".join(str(make_header(decode_header(text))).split())
    except (ValueError, LookupError):  # broken base64, unknown charset
        return " ".join(text.split())
