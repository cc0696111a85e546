"""Drafts: what is missing or unusable is named field by field, in the order of the form."""

from __future__ import annotations

import re
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.accounts.account import Account, AccountDraft, new_account_id
from toolkit.errors import InvalidAccount
from toolkit.language import Text
from toolkit.mail.settings import Protocol, Security, Server, ServerSettings

IMAP = Server("imap.gmx.net", 993, Security.SSL)
SMTP = Server("mail.gmx.net", 587, Security.STARTTLS)
DRAFT = AccountDraft(
    email="kanzlei@gmx.de",
    display_name="Kanzlei Meier",
    username="kanzlei@gmx.de",
    imap=IMAP,
    smtp=SMTP,
    owner="Anna",
    viewers=("Anna", "Bernd"),
    senders=("Bernd",),
    provider="gmx",
)


def named(draft: AccountDraft) -> list[str]:
    return [problem.field for problem in draft.problems()]


def test_a_complete_draft_has_no_problem() -> None:
    """What the form's mandatory fields ask for is enough."""
    assert DRAFT.problems() == ()
    assert replace(DRAFT, viewers=(), senders=(), provider=None).problems() == ()


def test_an_empty_draft_names_every_mandatory_field_in_the_forms_order() -> None:
    """Display name, address, username, both servers, owner: one error a field."""
    assert named(AccountDraft()) == [
        "display_name",
        "email",
        "username",
        "imap.host",
        "smtp.host",
        "owner",
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"display_name": " \t"}, "display_name"),
        ({"display_name": "Kanzlei\r\nBcc: x@y.de"}, "display_name"),
        ({"email": ""}, "email"),
        ({"email": "kanzlei"}, "email"),
        ({"email": "kanzlei@gmx"}, "email"),
        ({"email": "@gmx.de"}, "email"),
        ({"email": "kanzlei@@gmx.de"}, "email"),
        ({"email": "kanz lei@gmx.de"}, "email"),
        ({"email": "kanzlei@gmx..de"}, "email"),
        ({"email": "kanzlei@gmx.de\r\nx"}, "email"),
        ({"email": "kanz\x00lei@gmx.de"}, "email"),
        ({"email": "kanz\x1blei@gmx.de"}, "email"),
        ({"username": ""}, "username"),
        ({"username": "kanzlei\x00"}, "username"),
        ({"username": "kanz\nlei"}, "username"),
        ({"smtp_username": "kanz\x00lei"}, "smtp_username"),
        ({"imap": None}, "imap.host"),
        ({"smtp": None}, "smtp.host"),
        ({"owner": ""}, "owner"),
        ({"owner": "  "}, "owner"),
    ],
)
def test_each_field_is_checked_alone(change: dict[str, object], field: str) -> None:
    """A single bad field is the only one reported, in both languages, and stops the saving."""
    draft = replace(DRAFT, **change)  # type: ignore[arg-type]
    assert named(draft) == [field]
    (problem,) = draft.problems()
    assert problem.message.de
    assert problem.message.en != problem.message.de
    with pytest.raises(InvalidAccount) as caught:
        draft.account()
    assert caught.value.field == field


@pytest.mark.parametrize(
    "email",
    ["a@b.de", "anna.meier+akten@kanzlei-meier.co.uk", "müller@straße.de", " kanzlei@gmx.de "],
)
def test_usable_addresses_pass(email: str) -> None:
    """Unusual but real addresses are nobody's problem; blanks around are taken off."""
    assert replace(DRAFT, email=email).account().email == email.strip()


def test_connecting_needs_no_names() -> None:
    """Folders can be loaded before display name and owner are known."""
    draft = replace(DRAFT, display_name="", owner="")
    assert draft.connection_problems() == ()
    assert draft.settings() == ServerSettings(IMAP, SMTP, "kanzlei@gmx.de")
    assert named(draft) == ["display_name", "owner"]


@pytest.mark.parametrize("field", ["email", "username", "imap", "smtp"])
def test_connecting_needs_address_login_and_servers(field: str) -> None:
    """A draft that cannot connect says what for."""
    draft = replace(DRAFT, **{field: None if field in ("imap", "smtp") else ""})
    assert [p.field.split(".")[0] for p in draft.connection_problems()] == [field]
    with pytest.raises(InvalidAccount):
        draft.settings()


def test_a_draft_becomes_an_account() -> None:
    """Everything typed is kept, blanks around it are not; the id is new or the given one."""
    draft = replace(DRAFT, display_name=" Kanzlei ", username=" k ", smtp_username=" s ")
    account = draft.account("abc")
    assert account == Account(
        id="abc",
        email="kanzlei@gmx.de",
        display_name="Kanzlei",
        servers=ServerSettings(IMAP, SMTP, "k", "s"),
        owner="Anna",
        viewers=("Anna", "Bernd"),
        senders=("Bernd",),
        provider="gmx",
    )
    assert account.servers.login_name(Protocol.IMAP) == "k"
    assert account.servers.login_name(Protocol.SMTP) == "s"
    assert replace(DRAFT, smtp_username=" ").account().servers.smtp_username is None
    assert draft.account().id != draft.account().id


def test_ids_mean_nothing() -> None:
    """Twelve hexadecimal digits, every time others."""
    ids = {new_account_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"[0-9a-f]{12}", one) for one in ids)


def test_other_servers_leave_the_rest() -> None:
    """`with_servers` replaces the servers and nothing else."""
    assert DRAFT.with_servers(None, SMTP) == replace(DRAFT, imap=None)


def test_polling_needs_somebody() -> None:
    """An account without viewers and senders, or an inactive one, is not polled."""
    account = DRAFT.account()
    assert account.polled
    assert replace(account, viewers=()).polled
    assert replace(account, senders=()).polled
    assert not replace(account, viewers=(), senders=()).polled
    assert not replace(account, active=False).polled


def test_neither_draft_nor_account_has_room_for_a_secret() -> None:
    """The password is not among the fields, and `as_json` shows the fields."""
    for kind in (Account, AccountDraft):
        names = {field.name for field in fields(kind)}
        assert not {name for name in names if "pass" in name or "secret" in name}
    assert set(DRAFT.account("x").as_json()) == {
        *(field.name for field in fields(Account) if field.name != "servers"),
        "username",
        "smtp_username",
        "imap",
        "smtp",
    }


@given(st.builds(AccountDraft, email=st.text(), display_name=st.text(), username=st.text()))
def test_no_text_breaks_the_form(draft: AccountDraft) -> None:
    """Whatever is typed ends in problems that can be shown, never in another error."""
    for problem in draft.problems():
        assert isinstance(problem, InvalidAccount)
        assert isinstance(problem.message, Text)
        assert problem.field
