"""Whole accounts, nasty ones among them: which folder takes which role, and which stay empty."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from toolkit.folders.proposal import (
    Capabilities,
    Namespaces,
    Proposal,
    Source,
    propose_mapping,
)
from toolkit.folders.roles import FolderMapping, Role
from toolkit.mail.folder import Folder
from toolkit.mail.utf7 import encode_name

ORDER = (Role.SENT, Role.DRAFTS, Role.TRASH, Role.JUNK, Role.ARCHIVE)


def folder(row: str, delimiter: str | None = "/") -> Folder:
    r"""``Name \Flag 12``: a folder with its flags and its message count."""
    name, *rest = row.split("|")
    flags = tuple(word for word in " ".join(rest).split() if word.startswith("\\"))
    counts = [int(word) for word in " ".join(rest).split() if word.isdigit()]
    return Folder(encode_name(name), name, delimiter, flags, counts[0] if counts else None)


def account(*rows: str, delimiter: str | None = "/") -> list[Folder]:
    """An account's folders; the inbox comes by itself."""
    return [folder(row, delimiter) for row in ("INBOX", *rows)]


def names(proposal: Proposal) -> list[str | None]:
    """Sent, drafts, trash, junk, archive by display name."""
    decisions = (proposal.reasons[role] for role in ORDER)
    return [decision.folder.name if decision.folder else None for decision in decisions]


GERMAN = ["Gesendet", "Entwürfe", "Papierkorb", "Spam", None]
ENGLISH = ["Sent", "Drafts", "Trash", "Junk", None]

CASES: dict[str, tuple[Sequence[str], list[str | None]]] = {
    "flags win over names": (
        [r"Raus|\Sent", "Sent", r"Neu|\DRAFTS", r"Weg|\trash", r"Müll|\Spam", r"Alt|\Archive"],
        ["Raus", "Neu", "Weg", "Müll", "Alt"],
    ),
    "containers never win": (
        [r"Sent|\Noselect", "Sent/2020", "Gesendet", r"Trash|\NonExistent \Trash", "Papierkorb"],
        ["Gesendet", None, "Papierkorb", None, None],
    ),
    "nested names never win": (
        ["Projekte/Gesendet", "Gesendet", "Projekte/Archiv", "Projekte/Papierkorb"],
        ["Gesendet", None, None, None, None],
    ),
    "a nested flag loses to one at the top": (
        [r"Firma/Sent|\Sent", r"Sent|\Sent"],
        ["Sent", None, None, None, None],
    ),
    "a single nested flag is believed": (
        [r"Mail/Ausgang|\Sent", "Mail"],
        ["Mail/Ausgang", None, None, None, None],
    ),
    "what lies below the trash was thrown away": (
        [r"Trash|\Trash", r"Trash/Archive|\Archive", "Trash/Sent"],
        [None, None, "Trash", None, None],
    ),
    "a view is no archive": (
        [r"Archive|\All \Archive", r"Sent|\Sent"],
        ["Sent", None, None, None, None],
    ),
    "one folder takes one role": (
        [r"Alles|\Sent \Archive", r"Weg|\Trash \Junk"],
        ["Alles", None, "Weg", None, None],
    ),
    "counts break ties": (
        ["Sent|0", "Gesendete Elemente|5000", "Trash|0", "Papierkorb|12", "Drafts|0", "Entwürfe|0"],
        ["Gesendete Elemente", "Entwürfe", "Papierkorb", None, None],
    ),
    "without counts the account's language does": (
        ["Gesendet", "Sent", "Entwürfe", "Papierkorb", "Spam"],
        GERMAN,
    ),
    "an international word suits any language": (
        ["Gesendet", "Entwürfe", "Papierkorb", "Spam", "Junk"],
        GERMAN,
    ),
    "a server's names go before a client's": (
        ["Sent", "Sent Messages", "Drafts", "Trash", "Deleted Messages", "Junk"],
        ENGLISH,
    ),
    "unless more of the client's set is there": (
        ["Sent", "Sent Items", "Drafts", "Deleted Items", "Junk E-mail"],
        ["Sent Items", "Drafts", "Deleted Items", "Junk E-mail", None],
    ),
    "everything below INBOX": (
        ["INBOX/Gesendet", "INBOX/Entwürfe", "INBOX/Papierkorb", "INBOX/Spam", "INBOX/Archiv"],
        ["INBOX/Gesendet", "INBOX/Entwürfe", "INBOX/Papierkorb", "INBOX/Spam", "INBOX/Archiv"],
    ),
    "an owner's archive below INBOX": (
        ["INBOX/Archiv", "Sent", "Drafts", "Trash", "Junk"],
        ENGLISH,
    ),
    "a law firm's own folders": (
        [
            *("Gesendet", "Entwürfe", "Papierkorb", "Spam", "Entwürfe Klageschrift", "Archiv 2020"),
            *("Gesendet an Gericht", "Papierkorb alt", "Ablage", "Postausgang", "Mandanten/Archiv"),
        ],
        GERMAN,
    ),
    "only decorated names": (
        ["IMAP Gesendet", "Mail Papierkorb"],
        ["IMAP Gesendet", None, "Mail Papierkorb", None, None],
    ),
    "two decorated names are one too many": (
        ["IMAP Gesendet", "Mein Gesendet"],
        [None, None, None, None, None],
    ),
    "nothing special at all": (
        ["Presentations", "Consent forms", "Junkyard invoices", "Draftsmen", "Outgoing copies"],
        [None, None, None, None, None],
    ),
    "Gmail": (
        [
            *(r"[Gmail]|\Noselect", r"[Gmail]/Gesendet|\Sent", r"[Gmail]/Alle Nachrichten|\All"),
            *(r"[Gmail]/Entwürfe|\Drafts", r"[Gmail]/Papierkorb|\Trash", r"[Gmail]/Spam|\Junk"),
            *("Sent", "Archiv", "Papierkorb"),
        ],
        ["[Gmail]/Gesendet", "[Gmail]/Entwürfe", "[Gmail]/Papierkorb", "[Gmail]/Spam", None],
    ),
    "Gmail with its folders hidden": (
        [r"[Gmail]|\Noselect", r"[Gmail]/All Mail|\All", "Sent", "Archive"],
        [None, None, None, None, None],
    ),
    "a tree copied from Gmail": (
        ["[Gmail]/Sent Mail|8000", "[Gmail]/Drafts", "Sent|20", "Drafts", "Trash", "Junk"],
        ENGLISH,
    ),
    "a mailbox mounted into this one": (
        [
            *("Sent", "Drafts", "Trash", "Junk", "anna", "anna/Sent", "anna/Trash"),
            r"anna/Archive|\Archive",
        ],
        ENGLISH,
    ),
    "a directory that is the mailbox": (
        [r"mail|\Noselect", "mail/sent-mail", "mail/postponed-msgs", "mail/TRASH", "thesis.tex"],
        ["mail/sent-mail", "mail/postponed-msgs", "mail/TRASH", None, None],
    ),
    "an owner's folder that looks like a mailbox": (
        ["Alt", "Alt/Gesendet", "Alt/Papierkorb"],
        [None, None, None, None, None],
    ),
    "two directories that look like one": (
        [r"a|\Noselect", "a/Sent", "a/Trash", r"b|\Noselect", "b/Sent", "b/Trash"],
        [None, None, None, None, None],
    ),
    "a word decided by the other role's folder": (
        ["Enviados", "Rascunhos", "Lixo", "Spam"],
        ["Enviados", "Rascunhos", "Lixo", "Spam", None],
    ),
    "the same word beside the other": (
        ["Enviados", "Rascunhos", "Lixo", "Lixeira"],
        ["Enviados", "Rascunhos", "Lixeira", "Lixo", None],
    ),
    "the same word alone": (["Enviados", "Lixo"], ["Enviados", None, None, None, None]),
    "OUTBOX and QUARANTAINE": (
        ["DRAFT", "OUTBOX", "QUARANTAINE", "TRASH"],
        ["OUTBOX", "DRAFT", "TRASH", "QUARANTAINE", None],
    ),
    "an outbox is not sent mail": (
        ["Postausgang", "Entwürfe"],
        [None, "Entwürfe", None, None, None],
    ),
    "names encoded twice, and without umlauts": (
        ["Gesendet ", "EntwÃ¼rfe", "Gel&APY-schte Elemente", "Unerw?nscht"],
        ["Gesendet ", "EntwÃ¼rfe", "Gel&APY-schte Elemente", "Unerw?nscht", None],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_accounts(case: str) -> None:
    """Each account's roles go to the right folders, or to none."""
    rows, expected = CASES[case]
    proposal = propose_mapping(account(*rows))
    assert names(proposal) == expected
    assert proposal.mapping[Role.INBOX] == b"INBOX"


def test_dots_and_prefixes() -> None:
    """A personal namespace is not a level."""
    spaces = Capabilities(namespaces=Namespaces(("INBOX.",)))
    rows = ("INBOX.Sent", "INBOX.INBOX.Sent", "INBOX.Trash", "INBOX.Archiv")
    proposal = propose_mapping(account(*rows, delimiter="."), capabilities=spaces)
    assert names(proposal) == ["INBOX.Sent", None, "INBOX.Trash", None, "INBOX.Archiv"]


def test_nil_delimiter_on_names_that_have_one() -> None:
    """A server that answers NIL although its names have levels is understood."""
    rows = ("INBOX.Sent", "INBOX.Trash")
    assert names(propose_mapping(account(*rows, delimiter=None)))[:3] == [
        "INBOX.Sent",
        None,
        "INBOX.Trash",
    ]


@pytest.mark.parametrize(
    "spaces",
    [
        Namespaces(("",), ("Other Users/",), ("Shared Folders/",)),
        Namespaces(("INBOX/",), (), ("",)),
        None,
    ],
)
def test_other_people_keep_their_folders(spaces: Namespaces | None) -> None:
    """Shared and other users' folders take no role, whatever flag they carry."""
    rows = ("Shared Folders/info/Sent", r"Other Users/bob/Archive|\Archive", "INBOX/Drafts")
    proposal = propose_mapping(account(*rows), capabilities=Capabilities(namespaces=spaces))
    assert names(proposal) == [None, "INBOX/Drafts", None, None, None]
    assert len(proposal.foreign) == 2


@pytest.mark.parametrize("inbox", ["INBOX", "Inbox", "inbox"])
def test_inbox_in_any_case(inbox: str) -> None:
    """The reserved name counts in any case, also where LSUB shows it as a container."""
    listed = [folder("Posteingang"), folder(rf"{inbox}|\Noselect")]
    assert propose_mapping(listed).mapping[Role.INBOX] == inbox.encode()


def test_xlist_inbox_by_flag() -> None:
    r"""XLIST shows the inbox under a localized name, flagged \Inbox."""
    listed = [folder(r"Posteingang|\Inbox"), folder(r"Papierkorb|\Trash")]
    proposal = propose_mapping(listed)
    assert proposal.mapping[Role.INBOX] == b"Posteingang"
    assert proposal.reasons[Role.INBOX].source is Source.FLAG


def test_twins_and_views_are_reported() -> None:
    """Doubles of a role are twins; views are named, by kind, and not to be synced."""
    rows = (r"Sent|\Sent", "Gesendete Elemente", r"Alles|\AllMail", r"Stern|\Starred")
    rows += (r"Virtual|\Noselect", "Virtual/Unread")
    proposal = propose_mapping(account(*rows))
    assert proposal.twins == {Role.SENT: (b"Gesendete Elemente",)}
    assert proposal.virtual == {"all": b"Alles", "flagged": b"Stern"}
    assert proposal.duplicates == {b"Alles", b"Stern", b"Virtual/Unread"}
    assert proposal.containers == (b"Virtual",)
    assert proposal.as_json()["also"] == {"sent": ["Gesendete Elemente"]}


def test_views_by_name_inside_a_providers_container() -> None:
    """Where Gmail's flags were lost on the way, its views are known by name."""
    rows = ("[Google Mail]/Gesendet", "[Google Mail]/Papierkorb", "[Google Mail]/Alle Nachrichten")
    proposal = propose_mapping(account(*rows))
    assert proposal.virtual == {"all": b"[Google Mail]/Alle Nachrichten"}
    assert names(proposal)[0] == "[Google Mail]/Gesendet"


def test_ordinary_folders_with_names_of_views() -> None:
    """ "Wichtig" and "Starred" outside a provider's container are ordinary folders."""
    proposal = propose_mapping(account("Wichtig", "Starred", "Sent"))
    assert proposal.virtual == {}
    assert proposal.duplicates == frozenset()


def test_sources_and_confidence() -> None:
    """What a decision rests on is told, with what would come next."""
    rows = (r"Raus|\Sent", "Entwürfe", "Trash|0", "Papierkorb|90", "Ordner Spam")
    reasons = propose_mapping(account(*rows)).reasons
    assert [reasons[role].source for role in ORDER] == [
        Source.FLAG,
        Source.EXACT_NAME,
        Source.COUNT,
        Source.DECORATED_NAME,
        None,
    ]
    assert reasons[Role.SENT].confidence > reasons[Role.TRASH].confidence
    assert reasons[Role.TRASH].confidence > reasons[Role.JUNK].confidence > 0
    assert reasons[Role.ARCHIVE].confidence == 0
    runner_up = reasons[Role.TRASH].runner_up
    assert runner_up is not None
    assert runner_up.name == "Trash"
    assert "„Papierkorb“" in reasons[Role.TRASH].why.de
    assert all(reasons[role].why.de and reasons[role].why.en for role in Role)


def test_a_preset_settles_twins() -> None:
    """What the provider calls its folder goes before other usual names, paths included."""
    listed = account("Sent", "Sent Messages", "Papierkorb", "Trash")
    known = {Role.SENT: ["Sent Messages"], Role.TRASH: ["INBOX/Trash"]}
    proposal = propose_mapping(listed, known_names=known)
    assert names(proposal)[::2] == ["Sent Messages", "Trash", None]
    assert proposal.reasons[Role.SENT].source is Source.PRESET


def test_provider_dialects() -> None:
    """A provider known by one of its names brings its own folder names."""
    listed = account("Sent Messages", "Sent", "Deleted Messages", "Trash")
    assert names(propose_mapping(listed, provider="iCloud"))[::2] == [
        "Sent Messages",
        "Deleted Messages",
        None,
    ]


class TestChangesOverTime:
    """A saved mapping meets a later listing."""

    def test_a_persons_choice_stands(self) -> None:
        """What a person chose stands, whatever the server flags; nothing else takes the folder."""
        saved = FolderMapping({Role.SENT: b"Papierkorb"}, frozenset({Role.SENT}))
        listed = account(r"Sent|\Sent", "Papierkorb", "Trash")
        proposal = propose_mapping(listed, previous=saved)
        assert proposal.mapping[Role.SENT] == b"Papierkorb"
        assert proposal.mapping[Role.TRASH] == b"Trash"
        assert proposal.reasons[Role.SENT].source is Source.PERSON
        assert proposal.twins[Role.SENT] == (b"Sent",)
        assert proposal.mapping.chosen == {Role.SENT}

    def test_an_empty_choice_stands(self) -> None:
        """A role left empty by hand stays empty."""
        saved = FolderMapping({}, frozenset({Role.JUNK}))
        proposal = propose_mapping(account("Spam"), previous=saved)
        assert proposal.mapping[Role.JUNK] is None
        assert proposal.reasons[Role.JUNK].source is Source.PERSON
        assert Role.JUNK not in proposal.twins

    @pytest.mark.parametrize("now", ["Anderes", r"Versand|\NonExistent"])
    def test_a_choice_whose_folder_is_gone_asks(self, now: str) -> None:
        """Once its folder is gone, a choice is replaced by a proposal that says so."""
        saved = FolderMapping({Role.SENT: b"Versand"}, frozenset({Role.SENT}))
        proposal = propose_mapping(account(now, "Gesendet"), previous=saved)
        reason = proposal.reasons[Role.SENT]
        assert proposal.mapping[Role.SENT] == b"Gesendet"
        assert "Versand" in reason.why.de
        assert reason.confidence < 0.5
        assert proposal.mapping.chosen == frozenset()

    def test_a_proposal_agreed_on_is_kept(self) -> None:
        """Between equals, the folder of the saved mapping stays."""
        listed = account("Sent", "Gesendet")
        for raw in (b"Sent", b"Gesendet"):
            saved = FolderMapping({Role.SENT: raw})
            assert propose_mapping(listed, previous=saved).mapping[Role.SENT] == raw

    def test_only_differences_are_choices(self) -> None:
        """A form that leaves the proposal alone chooses nothing."""
        proposal = propose_mapping(account("Sent", "Trash", "Alt"))
        same = {role: proposal.mapping[role] for role in Role}
        assert proposal.adjusted(same) == proposal.mapping
        changed = proposal.adjusted({**same, Role.ARCHIVE: b"Alt"})
        assert changed.chosen == {Role.ARCHIVE}
        assert changed[Role.ARCHIVE] == b"Alt"


@pytest.mark.parametrize("listed", [[], [folder("")], [folder("/", "/")], [folder("INBOX/", "/")]])
def test_odd_listings(listed: list[Folder]) -> None:
    """An empty listing, empty names and bare delimiters end in an empty proposal."""
    proposal = propose_mapping(listed)
    assert set(proposal.reasons) == set(Role)
    assert names(proposal) == [None] * 5


def test_hostile_names() -> None:
    """Long, deep, undecodable and marked-up names do no harm."""
    deep = "/".join(["x"] * 100)
    rows = ("x" * 10_000, deep, "<script>alert(1)</script>", "..", "\x00\x07", "a" + "̈" * 5000)
    proposal = propose_mapping(account(*rows, "Gesendet"))
    assert names(proposal) == ["Gesendet", None, None, None, None]


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_large_accounts(count: int) -> None:
    """Thousands of an owner's folders change nothing."""
    own = [folder(f"Mandanten/{n % 997} Müller/Akte {n}/Gesendet") for n in range(count)]
    proposal = propose_mapping([*own, *account("Gesendet", "Papierkorb")])
    assert names(proposal) == ["Gesendet", None, "Papierkorb", None, None]
