"""The demonstration's data: reserved domains, readable mail, the same bytes every time."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from itertools import chain

import pytest

from demo.mailboxes import ACCOUNTS, DemoAccount, Fault
from demo.mails import Attachment, Person, mail, pdf

ANNA = Person("Müller, Anna", "anna@kanzlei.example")


def every_mail() -> list[EmailMessage]:
    raw = {one.raw for account in ACCOUNTS for one in chain(*account.folders.values())}
    return [
        email.message_from_bytes(one, _class=EmailMessage, policy=email.policy.default)
        for one in raw
    ]


def test_every_fault_is_shown_once_and_three_accounts_are_well() -> None:
    """The demonstration holds each kind of breakage and enough that works."""
    faults = [account.fault for account in ACCOUNTS]
    assert faults.count(Fault.NONE) == 3
    assert sorted(faults[3:]) == sorted(set(Fault) - {Fault.NONE})


def test_nobody_real_is_named() -> None:
    """Every address lies in a domain reserved for examples."""
    addresses = [account.address for account in ACCOUNTS]
    for message in every_mail():
        addresses += [one.addr_spec for name in ("From", "To") for one in message[name].addresses]
    assert [one for one in addresses if not one.endswith(".example")] == []
    assert len({account.address for account in ACCOUNTS}) == len(ACCOUNTS)


def test_mails_parse_without_defects_and_end_their_lines_by_crlf() -> None:
    """The standard parser finds nothing to complain about; umlauts arrive."""
    subjects = set()
    for message in every_mail():
        assert [part.defects for part in message.walk() if part.defects] == []
        subjects.add(message["Subject"])
    assert "Klageerwiderung in Sachen Meier ./. Schulze (4 O 217/25)" in subjects
    assert "Terminsladung 4 O 217/25 – mündliche Verhandlung" in subjects
    for account in ACCOUNTS:
        for one in chain(*account.folders.values()):
            assert one.raw.count(b"\n") == one.raw.count(b"\r\n")


def test_attachments_keep_their_names() -> None:
    """File names with umlauts, dots and blanks are found again, with valid PDFs in them."""
    found = {
        part.get_filename(): part.get_payload(decode=True)
        for message in every_mail()
        for part in message.iter_attachments()
    }
    assert set(found) == {
        "Klageerwiderung Meier ./. Schulze.pdf",
        "Vollmacht Möller – unterschrieben.pdf",
        "Rechnung_2026-0117.pdf",
    }
    assert all(isinstance(one, bytes) and one.startswith(b"%PDF-1.4") for one in found.values())


def test_the_same_call_gives_the_same_bytes() -> None:
    """Also where boundaries are involved, which the standard library draws at random."""

    def made() -> bytes:
        attachment = Attachment("Über.pdf", pdf("Über"))
        return mail(
            ANNA, ANNA, "Ü", "x\n", days_ago=1, html="<p>x</p>", attachments=(attachment,)
        ).raw

    assert made() == made()


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.address)
def test_an_account_is_told_in_both_languages(account: DemoAccount) -> None:
    """Every case has its story, an owner, and counts its messages."""
    assert account.story.de
    assert account.story.en
    assert account.owner
    assert account.messages == sum(len(one) for one in account.folders.values())
