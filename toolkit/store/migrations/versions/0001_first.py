"""The first schema: office users, accounts, mappings, folders, messages, sync runs.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "users",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("smtp_username", sa.Text),
        sa.Column("imap", sa.String(300), nullable=False),
        sa.Column("smtp", sa.String(300), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("provider", sa.String(80)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mapped_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
        sa.ForeignKeyConstraint(["owner"], ["users.name"], name="fk_accounts_owner_users"),
    )
    for grant in ("viewers", "senders"):
        op.create_table(
            grant,
            sa.Column("account_id", sa.String(32), nullable=False),
            sa.Column("user_name", sa.String(200), nullable=False),
            sa.PrimaryKeyConstraint("account_id", "user_name", name=f"pk_{grant}"),
            sa.ForeignKeyConstraint(
                ["account_id"],
                ["accounts.id"],
                name=f"fk_{grant}_account_id_accounts",
                ondelete="CASCADE",
            ),
            sa.ForeignKeyConstraint(
                ["user_name"], ["users.name"], name=f"fk_{grant}_user_name_users"
            ),
        )
    op.create_table(
        "mapped_folders",
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("chosen", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "role", "position", name="pk_mapped_folders"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_mapped_folders_account_id_accounts",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "folders",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger, nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.UniqueConstraint("account_id", "raw", "uidvalidity", name="uq_folders_account_id"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_folders_account_id_accounts",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "contents",
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_contents"),
    )
    op.create_table(
        "messages",
        sa.Column("id", _ID, nullable=False),
        sa.Column("folder_id", _ID, nullable=False),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("flags", sa.Text, nullable=False),
        sa.Column("internaldate", sa.DateTime(timezone=True)),
        sa.Column("vanished_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("folder_id", "uid", name="uq_messages_folder_id"),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folders.id"], name="fk_messages_folder_id_folders", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["contents.sha256"], name="fk_messages_sha256_contents"
        ),
    )
    op.create_index("ix_messages_sha256", "messages", ["sha256"])
    op.create_table(
        "sync_runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ok", sa.Boolean, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sync_runs"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_sync_runs_account_id_accounts",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_sync_runs_account_id", "sync_runs", ["account_id"])
