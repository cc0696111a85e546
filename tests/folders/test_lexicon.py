"""The lexicon: its data agrees with itself, and names mean what their owners mean."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
import yaml

from toolkit.errors import KnowledgeFileError
from toolkit.folders import lexicon as module
from toolkit.folders.lexicon import Meaning, lexicon
from toolkit.folders.roles import Role
from toolkit.folders.words import normalise

ROLES = ("sent", "drafts", "trash", "junk", "archive")


@cache
def data() -> dict[str, dict[str, dict[str, str]]]:
    tree = yaml.load(module._FILE.read_bytes(), Loader=yaml.CBaseLoader)
    assert isinstance(tree, dict)
    return tree


def spelled_out() -> Iterator[tuple[str, str, str]]:
    """Every name the lexicon stands for, as (language, meaning, name)."""
    for language, entries in data()["languages"].items():
        items = [item.strip() for item in entries.get("items", "").split(",") if item.strip()]
        for meaning, names in entries.items():
            if meaning == "items":
                continue
            for name in names.split(","):
                chosen = [""] if "<items" not in name else items + [""] * ("<items?>" in name)
                for item in chosen:
                    spelt = name.replace("<items?>", item).replace("<items>", item).strip()
                    yield language, meaning, spelt


def test_no_name_means_two_things() -> None:
    """A key with two meanings is declared ambiguous, with exactly one order of preference."""
    meanings: dict[str, set[str]] = defaultdict(set)
    for _, meaning, name in spelled_out():
        meanings[normalise(name)].add(meaning)
    declared = set(lexicon().ambiguous)
    assert {key: m for key, m in meanings.items() if len(m) > 1 and key not in declared} == {}


def test_every_name_is_found() -> None:
    """What is written in the file is what a look-up answers, patterns included."""
    words = lexicon()
    for _, meaning, name in spelled_out():
        word = words.word(name)
        assert word is not None, name
        assert Meaning(meaning) in word.meanings, name


def test_no_key_is_empty() -> None:
    """A name without letters would match everything that is decoration."""
    assert all(normalise(name) for _, _, name in spelled_out())


def test_at_least_sixty_languages_name_every_role() -> None:
    """Sixty languages and more have names for sent, drafts, trash and junk."""
    complete = [
        language
        for language, entries in data()["languages"].items()
        if {"sent", "drafts", "trash", "junk", "archive"} <= set(entries)
    ]
    assert len(complete) >= 60


def test_client_names_are_known_names() -> None:
    """A client's own set consists of names the lexicon knows as roles."""
    words = lexicon()
    for names in data()["clients"].values():
        for name in str(names).split(","):
            word = words.word(name.strip())
            assert word is not None, name
            assert word.meanings[0].role is not None, name


def test_ambiguous_words_have_meanings_to_choose_from() -> None:
    """An ambiguous word has at least two meanings, none twice."""
    for word, meanings in lexicon().ambiguous.items():
        assert len(set(meanings)) == len(meanings) >= 2, word


@pytest.mark.parametrize(
    ("name", "role"),
    [
        # Exchange and Outlook
        ("Gesendete Elemente", "sent"), ("Gelöschte Elemente", "trash"), ("Junk-E-Mail", "junk"),
        # Open-Xchange, Zimbra, Apple, Thunderbird
        ("Gesendete Objekte", "sent"), ("Gesendete Nachrichten", "sent"), ("Gelöscht", "trash"),
        # GMX, WEB.DE, T-Online, freenet
        ("Gesendet", "sent"), ("Entwürfe", "drafts"), ("Entwurf", "drafts"), ("Papierkorb", "trash"),
        ("Spamverdacht", "junk"), ("Spam", "junk"),
        # Notes, Kerio, KMail, Pine, Horde, UW-IMAP
        ("($Sent)", "sent"), ("Junk Mail", "junk"), ("wastebin", "trash"), ("sent-mail", "sent"),
        ("postponed-msgs", "drafts"),
        # without umlauts
        ("Entwuerfe", "drafts"), ("Geloeschte Elemente", "trash"), ("Archiv", "archive"),
        # other languages
        ("Éléments envoyés", "sent"), ("Posta eliminata", "trash"), ("Correo no deseado", "junk"),
        ("Wersje robocze", "drafts"), ("Odstraněná pošta", "trash"), ("Arkisto", "archive"),
        ("Отправленные", "sent"), ("送信済みアイテム", "sent"), ("已删除邮件", "trash"),
        ("보낸편지함", "sent"), ("المسودات", "drafts"), ("Çöp Kutusu", "trash"),
    ],
)  # fmt: skip
def test_known_names(name: str, role: str) -> None:
    """Names of well-known servers and clients are recognised."""
    word = lexicon().word(name)
    assert word is not None
    assert word.meanings[0] == role


@pytest.mark.parametrize(
    "name",
    [
        "Postausgang", "Outbox", "Vorlagen", "Templates", "Unbekannt", "Notizen", "Kalender",
        "Kontakte", "Synchronisierungsprobleme", "NO-SPAM", "Presentations", "Consent forms",
        "Draftsmen", "Junkyard", "Undeleted", "Absentees", "Entwürfe Verträge", "Papierkorb alt",
        "Sent to court", "Archivierte Akten", "Archiv 2019", "Gesendet an Gericht", "Projekte",
        "Rechnungen", "Mandanten", "Ablage", "Erledigt", "Wiedervorlage", "Concepts", "Para", "Mes",
        "\\Sent", "", "???", "0",
    ],
)  # fmt: skip
def test_other_names_have_no_role(name: str) -> None:
    """Outboxes, templates and owners' folders are no role, whatever words they contain."""
    for word in (lexicon().word(name), lexicon().decorated(name)):
        assert word is None or word.meanings[0].role is None


@pytest.mark.parametrize(
    ("name", "role"),
    [("Ordner Gesendet", "sent"), ("Mail Papierkorb", "trash"), ("IMAP Spam", "junk")],
)
def test_generic_words_around_a_known_one(name: str, role: str) -> None:
    """Generic words decorate a name without changing what it means."""
    word = lexicon().decorated(name)
    assert word is not None
    assert word.meaning == role


@pytest.mark.parametrize("name", ["Entw?rfe", "Entw\ufffdrfe", "Entw??rfe", "Gel?schte Elemente"])
def test_names_that_lost_their_umlauts(name: str) -> None:
    """A migration that could not write an umlaut leaves a name that can still be read."""
    word = lexicon().word(name)
    assert word is not None
    assert word.repaired


def test_dialects_are_found_by_any_name() -> None:
    """A provider is known by its id and by the other names people use."""
    words = lexicon()
    assert words.dialect("Google Mail") is words.dialect("gmail")
    assert words.dialect("GMX") is not None
    assert words.dialect("never heard of") is None
    assert words.dialect(None) is None


def test_dialect_names_belong_to_roles() -> None:
    """A dialect names folders for roles of the office mailbox only."""
    for dialect in lexicon().dialects:
        assert set(dialect.names) <= set(Role)


@pytest.mark.parametrize(
    "languages",
    [
        {"de": {"nonsense": "Wort"}},
        {"de": {"items": "Dinge", "sent": "a <items> b"}},
        {"de": {"sent": ["a", "list"]}},
        {"de": "Wort"},
    ],
)
def test_a_broken_file_says_where(languages: dict[str, object]) -> None:
    """An entry of another form is a typed error naming it."""
    with pytest.raises(KnowledgeFileError, match=r"lexicon\.yaml"):
        module._Builder({**data(), "languages": languages}).build()


def test_the_lexicon_is_read_once() -> None:
    """The tables are built once a process."""
    assert all(one is other for one, other in itertools.pairwise([lexicon(), lexicon()]))
