"""The life of an account in the database: saved, found, granted, mapped, deactivated, deleted."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from toolkit.accounts import book
from toolkit.accounts.account import Account
from toolkit.accounts.users import OfficeRole, OfficeUser
from toolkit.errors import AccountNotFound, InvalidAccount, StoreError, UserNotFound
from toolkit.folders.roles import FolderMapping, Role
from toolkit.mail.settings import Security, Server, ServerSettings
from toolkit.store import schema as s
from toolkit.store.store import Store

ACCOUNT = Account(
    id="a1b2c3d4e5f6",
    email="Kanzlei@gmx.de",
    display_name="Kanzlei „Meier“ <&>",
    servers=ServerSettings(
        Server("imap.gmx.net", 993, Security.SSL),
        Server("::1", 587, Security.STARTTLS),
        "kanzlei",
        "versand",
    ),
    owner="Anna",
    viewers=("Anna", "Bernd"),
    senders=("Bernd",),
    provider="gmx",
)
OTHER = replace(ACCOUNT, id="ffffffffffff", email="zweit@gmx.de", viewers=(), senders=())


@pytest.fixture
def saved(store: Store) -> Store:
    """The database with both accounts in it."""
    with store.write() as connection:
        book.add_account(connection, OTHER)
        book.add_account(connection, ACCOUNT)
    return store


def add_message(store: Store, account_id: str, folder: bytes, uid: int, body: bytes) -> None:
    """What a sync leaves behind for one message."""
    digest = hashlib.sha256(body).digest()
    with store.write() as connection:
        known = connection.scalar(sa.select(s.contents.c.size).where(s.contents.c.sha256 == digest))
        if known is None:
            connection.execute(s.contents.insert().values(sha256=digest, size=len(body), raw=body))
        where = (s.folders.c.account_id == account_id) & (s.folders.c.raw == folder)
        folder_id = connection.scalar(sa.select(s.folders.c.id).where(where))
        if folder_id is None:
            folder_id = connection.execute(
                s.folders.insert().values(
                    account_id=account_id, raw=folder, name="x", uidvalidity=1, current=True
                )
            ).inserted_primary_key[0]  # type: ignore[index]
        connection.execute(
            s.messages.insert().values(
                folder_id=folder_id, uid=uid, sha256=digest, size=len(body), flags=""
            )
        )


def test_users_are_kept_by_name(store: Store) -> None:
    """Added, listed by name, given another role, found or reported missing."""
    with store.write() as connection:
        book.add_user(connection, OfficeUser("Ärmel", OfficeRole.MANAGER))
        book.add_user(connection, OfficeUser("Bernd", OfficeRole.MANAGER))
    with store.read() as connection:
        assert book.users(connection) == (
            OfficeUser("Anna", OfficeRole.ADMINISTRATOR),
            OfficeUser("Bernd", OfficeRole.MANAGER),
            OfficeUser("Ärmel", OfficeRole.MANAGER),
        )
        assert book.user_by_name(connection, "Ärmel").role is OfficeRole.MANAGER
        with pytest.raises(UserNotFound) as caught:
            book.user_by_name(connection, "anna")
    assert caught.value.field == "user"


def test_a_user_needs_a_name(store: Store) -> None:
    """The empty name is the administrator at the keyboard and cannot be added."""
    with store.write() as connection, pytest.raises(InvalidAccount):
        book.add_user(connection, OfficeUser("  "))


def test_missing_users_are_made_ordinary_ones(store: Store) -> None:
    """Unknown names are created once, known ones keep their role."""
    with store.write() as connection:
        book.ensure_users(connection, ["Clara", "Anna", "Clara"])
    with store.read() as connection:
        roles = {user.name: user.role for user in book.users(connection)}
    assert roles == {
        "Anna": OfficeRole.ADMINISTRATOR,
        "Bernd": OfficeRole.USER,
        "Clara": OfficeRole.USER,
    }


def test_an_account_comes_back_as_it_was(saved: Store) -> None:
    """By id, by address and in the list: every field, grants in order of names."""
    with saved.read() as connection:
        assert book.account_by_id(connection, ACCOUNT.id) == ACCOUNT
        assert book.account_by_id(connection, "Kanzlei@gmx.de") == ACCOUNT
        assert book.accounts(connection) == (ACCOUNT, OTHER)


@pytest.mark.parametrize("wanted", ["", "nix", "kanzlei", "%", "a1b2c3d4e5f", "' OR 1=1 --"])
def test_an_unknown_account_is_named(saved: Store, wanted: str) -> None:
    """Nothing alike is taken for it."""
    with saved.read() as connection, pytest.raises(AccountNotFound) as caught:
        book.account_by_id(connection, wanted)
    assert f"„{wanted}“" in caught.value.message.de


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("Kanzlei@gmx.de", "Kanzlei@gmx.de"),
        ("Kanzlei@gmx.de", "kanzlei@GMX.de"),
        ("info@müller.de", "INFO@MÜLLER.de"),
        ("INFO@MÜLLER.de", "info@müller.de"),
    ],
)
def test_an_address_is_connected_once(store: Store, first: str, again: str) -> None:
    """The same address in other letters is refused, and the account that has it is named."""
    with store.write() as connection:
        book.add_account(connection, replace(ACCOUNT, email=first))
    with store.write() as connection, pytest.raises(InvalidAccount, match=ACCOUNT.id) as caught:
        book.add_account(connection, replace(ACCOUNT, id="b", email=again))
    assert caught.value.field == "email"


def test_an_owner_must_exist(store: Store) -> None:
    """An account of nobody is not saved, nor is one that grants a right to nobody."""
    for account in (replace(ACCOUNT, owner="Niemand"), replace(ACCOUNT, viewers=("Niemand",))):
        with pytest.raises(StoreError), store.write() as connection:
            book.add_account(connection, account)
    with store.read() as connection:
        assert book.accounts(connection) == ()


def test_a_name_entered_twice_is_one_grant(store: Store) -> None:
    """Viewers and senders are sets of people."""
    with store.write() as connection:
        book.add_account(connection, replace(ACCOUNT, viewers=("Bernd", "Anna", "Bernd")))
    with store.read() as connection:
        assert book.account_by_id(connection, ACCOUNT.id).viewers == ("Anna", "Bernd")


def test_activation_is_switched_alone(saved: Store) -> None:
    """Deactivating and reactivating changes nothing else, and no other account."""
    for active in (False, True):
        with saved.write() as connection:
            book.set_active(connection, ACCOUNT.id, active=active)
        with saved.read() as connection:
            assert book.accounts(connection) == (replace(ACCOUNT, active=active), OTHER)


MAPPING = FolderMapping(
    folders={
        Role.INBOX: b"INBOX",
        Role.SENT: b'Gesendet & Co "alt" \\ \xff\xfe',  # raw bytes no encoding explains
        Role.TRASH: b"Gel&APY-scht",
        Role.JUNK: b"",
    },
    chosen=frozenset({Role.SENT}),
    twins={Role.SENT: (b"Sent", b"Gesendete Objekte", b"\x00"), Role.ARCHIVE: (b"2019",)},
)


def test_a_mapping_comes_back_byte_for_byte(saved: Store) -> None:
    """Raw names, roles chosen by hand and twins in their order."""
    with saved.write() as connection:
        book.save_mapping(connection, ACCOUNT.id, MAPPING)
    with saved.read() as connection:
        assert book.load_mapping(connection, ACCOUNT.id) == MAPPING
        assert book.load_mapping(connection, OTHER.id) is None


def test_no_mapping_is_not_an_empty_one(saved: Store) -> None:
    """Until one was agreed on there is none; an agreed one may map nothing."""
    with saved.read() as connection:
        assert book.load_mapping(connection, ACCOUNT.id) is None
        assert book.load_mapping(connection, "unknown") is None
    with saved.write() as connection:
        book.save_mapping(connection, ACCOUNT.id, FolderMapping())
    with saved.read() as connection:
        assert book.load_mapping(connection, ACCOUNT.id) == FolderMapping()


def test_a_new_mapping_replaces_the_old(saved: Store) -> None:
    """Nothing of the earlier one is left."""
    smaller = FolderMapping({Role.INBOX: b"INBOX"}, frozenset({Role.INBOX}))
    for mapping in (MAPPING, smaller):
        with saved.write() as connection:
            book.save_mapping(connection, ACCOUNT.id, mapping)
    with saved.read() as connection:
        assert book.load_mapping(connection, ACCOUNT.id) == smaller


def test_deleting_takes_everything_of_the_account(saved: Store) -> None:
    """Grants, mapping, folders, messages, runs and contents nobody else has; the rest stays."""
    add_message(saved, ACCOUNT.id, b"INBOX", 1, b"only here")
    add_message(saved, ACCOUNT.id, b"INBOX", 2, b"in both")
    add_message(saved, OTHER.id, b"INBOX", 1, b"in both")
    with saved.write() as connection:
        for account in (ACCOUNT, OTHER):
            book.save_mapping(connection, account.id, MAPPING)
            connection.execute(
                s.sync_runs.insert().values(
                    account_id=account.id, finished_at=datetime.now(UTC), ok=True, report="{}"
                )
            )
    with saved.write() as connection:
        book.delete_account(connection, ACCOUNT.id)
    with saved.read() as connection:
        assert book.accounts(connection) == (OTHER,)
        assert book.load_mapping(connection, OTHER.id) == MAPPING
        assert connection.execute(sa.select(s.contents.c.raw)).scalars().all() == [b"in both"]
        for table in (s.viewers, s.senders, s.mapped_folders, s.folders, s.sync_runs):
            owners = set(connection.execute(sa.select(table.c.account_id)).scalars())
            assert owners <= {OTHER.id}, table.name
        assert len(connection.execute(sa.select(s.messages)).all()) == 1
        assert len(book.users(connection)) == 2


def test_an_address_is_free_again_after_deleting(saved: Store) -> None:
    """A deleted account can be connected anew."""
    with saved.write() as connection:
        book.delete_account(connection, ACCOUNT.id)
        book.add_account(connection, replace(ACCOUNT, id="again"))
    with saved.read() as connection:
        assert book.account_by_id(connection, "Kanzlei@gmx.de").id == "again"
