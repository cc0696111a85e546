"""The tables. Every change here needs a migration beside it; a test compares the two.

Names people see are text; names servers gave (`raw`) are bytes, and they are the keys.
Secrets have no column: the vault keeps them under the account's id.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "accounts",
    "contents",
    "folders",
    "mapped_folders",
    "messages",
    "metadata",
    "senders",
    "sync_runs",
    "users",
    "viewers",
]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows up by itself only for INTEGER primary keys.
_Id = BigInteger().with_variant(Integer, "sqlite")

users = Table(
    "users",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("role", String(40), nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("smtp_username", Text),
    Column("imap", String(300), nullable=False),  # HOST:PORT:SECURITY, as typed on the command line
    Column("smtp", String(300), nullable=False),
    Column("owner", String(200), ForeignKey("users.name"), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("provider", String(80)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("mapped_at", DateTime(timezone=True)),  # NULL until a mapping was agreed on
)


def _grant_table(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column(
            "account_id",
            String(32),
            ForeignKey("accounts.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        Column("user_name", String(200), ForeignKey("users.name"), primary_key=True),
    )


viewers = _grant_table("viewers")
senders = _grant_table("senders")

mapped_folders = Table(
    "mapped_folders",
    metadata,
    Column(
        "account_id", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("role", String(20), primary_key=True),
    Column("position", Integer, primary_key=True),  # 0: the role's folder; 1…: its twins
    Column("raw", LargeBinary, nullable=False),
    Column("chosen", Boolean, nullable=False),  # a person set it by hand
)

# One row per folder and UIDVALIDITY: when the server starts a new numbering, a new row begins and
# the old one is kept as it was, so no body can be attributed to a wrong message (RFC 3501, 2.3.1.1).
folders = Table(
    "folders",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", String(32), ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("synced_at", DateTime(timezone=True)),
    UniqueConstraint("account_id", "raw", "uidvalidity"),
)

# Content is stored once, as received, under its SHA-256.
contents = Table(
    "contents",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("folder_id", _Id, ForeignKey("folders.id", ondelete="CASCADE"), nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("sha256", LargeBinary(32), ForeignKey("contents.sha256"), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("flags", Text, nullable=False),  # sorted, blank between
    Column("internaldate", DateTime(timezone=True)),
    Column("vanished_at", DateTime(timezone=True)),  # the server no longer has it; we still do
    UniqueConstraint("folder_id", "uid"),
)

sync_runs = Table(
    "sync_runs",
    metadata,
    Column("id", _Id, primary_key=True),
    Column(
        "account_id",
        String(32),
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("finished_at", DateTime(timezone=True), nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("report", Text, nullable=False),  # SyncReport as JSON
)
