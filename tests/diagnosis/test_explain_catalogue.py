"""The catalogue of causes is complete, sourced and checked at load."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from toolkit.diagnosis import causes as causes_module
from toolkit.diagnosis.causes import catalogue, load
from toolkit.diagnosis.phrases import MAX_TEXT, Phrase, normalise
from toolkit.errors import KnowledgeFileError, Stage
from toolkit.language import Text

_FOLDER = Path(causes_module.__file__).parent
_VOCABULARY = 68


def _texts(cause: causes_module.Cause) -> list[Text]:
    return [cause.definition, cause.remedy, *cause.at.values()]


def test_vocabulary_is_whole() -> None:
    """All causes of the contract's taxonomy are there."""
    assert len(catalogue().causes) == _VOCABULARY


@pytest.mark.parametrize("slug", sorted(catalogue().causes))
def test_cause_has_words_in_both_languages(slug: str) -> None:
    """Every cause has a definition and a remedy in German (formal) and English."""
    cause = catalogue().causes[slug]
    for text in _texts(cause):
        assert len(text.de) > 15
        assert len(text.en) > 15
        assert text.de != text.en
        assert not {"du", "dein", "deine", "deinem"} & set(text.de.lower().split())


@pytest.mark.parametrize("slug", sorted(catalogue().causes))
def test_cause_can_be_found(slug: str) -> None:
    """Every cause is pointed to by at least one sign that reads the error or the settings."""
    points = [sign.points.get(slug, 0) for sign in catalogue().signs]
    assert max(points) >= 2.4, "no sign points to it with any weight"


@pytest.mark.parametrize("slug", sorted(catalogue().causes))
def test_cause_is_told_apart_by_a_test(slug: str) -> None:
    """Every cause is in an outcome of at least one test an engineer can make."""
    assert any(slug in group for test in catalogue().tests for group in test.outcomes)


def test_signs_have_source_and_date() -> None:
    """Every sign names its source and when it was looked at."""
    for sign in catalogue().signs:
        assert sign.source, sign.where
        assert len(sign.date) == len("2026-11-24"), sign.where


def test_tags_asked_for_are_set_somewhere() -> None:
    """No sign waits for a tag that nothing sets, or for a provider that does not exist."""
    known = catalogue()
    tags = {tag for sign in known.signs for tag in sign.tags} | {causes_module.VAGUE}
    labels = {label for p in known.providers.values() for label in p.labels} | {"unknown"}
    for sign in known.signs:
        for conditions in (sign.when, sign.unless):
            assert conditions.get("tag", frozenset()) <= tags, sign.where
            assert conditions.get("provider", frozenset()) <= labels, sign.where
            assert conditions.get("stage", frozenset()) <= set(Stage), sign.where


def test_remedies_at_a_provider_name_one() -> None:
    """A remedy in a provider's words belongs to a provider or trait there is."""
    known = catalogue()
    labels = {label for provider in known.providers.values() for label in provider.labels}
    for cause in known.causes.values():
        assert set(cause.at) <= labels, cause.slug


def test_every_stage_has_likely_causes() -> None:
    """Each stage knows at least five likely causes."""
    assert all(len(row) >= 5 for row in catalogue().stages.values())


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("causes.yaml", "  is:\n", "  iss:\n", "iss"),
        ("causes_stages.yaml", "dns-typo: 40", "dns-tipo: 40", "dns-tipo"),
        ("causes_signs_oauth.yaml", "oauth-token-expired: 5.5", "oauth-token-expired: x", "points"),
        ("causes_signs_tls.yaml", "source: openssl\n", "source: nowhere\n", "source"),
        ("causes_tests.yaml", "cost: 0.5", "cost: cheap", "cost"),
        ("causes_providers.yaml", "  traits:", "  trades:", "trades"),
        ("causes_signs_smtp.yaml", "signs:\n", "signs: [\n", ""),
    ],
)
def test_wrong_file_is_named_with_line_and_key(
    tmp_path: Path, file: str, old: str, new: str, named: str
) -> None:
    """An error in a file of the catalogue names the file, a line and the key."""
    for path in _FOLDER.glob("causes*.yaml"):
        shutil.copy(path, tmp_path)
    broken = (tmp_path / file).read_text("utf-8").replace(old, new, 1)
    (tmp_path / file).write_text(broken, "utf-8")
    with pytest.raises(KnowledgeFileError) as caught:
        load(tmp_path)
    place = caught.value.message.en.split(" ")[0].rstrip(":")
    name, line = place.split(":")[:2]
    assert name == file
    assert int(line) >= 1
    assert named in caught.value.message.en


def test_missing_file_is_an_error_of_ours(tmp_path: Path) -> None:
    """A catalogue without its files is reported, not a bare OSError."""
    with pytest.raises(KnowledgeFileError):
        load(tmp_path)


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("login failed", "A1 NO LOGIN failed.", True),
        ("login fail", "LOGIN failed", False),
        ("login fail*", "LOGIN failed", True),
        ("self-signed certificate", "SELF_SIGNED certificate", True),
        ("doesn't exist", "Mailbox doesn’t exist: x", True),
        ("invalid grant", "{u'error': u'invalid_grant'}", True),
        ("command error. 12", "BAD [b'Command Error. 12']", True),
        ("imap .. deaktiviert", "Der IMAP-Zugriff ist leider deaktiviert", True),
        ("imap .. deaktiviert", "imap" + " x" * 200 + " deaktiviert", False),
        ("bad append$", "17847 BAD APPEND.", True),
        ("bad append$", "BAD APPEND date is invalid", False),
        ("line too long", "line\\r\\ntoo long", True),
    ],
)
def test_phrase(phrase: str, text: str, found: bool) -> None:
    """Phrases match whole words, whatever the case, quotes, hyphens and line ends."""
    assert Phrase.parse(phrase).within(normalise(text)) is found


def test_empty_phrase_is_refused() -> None:
    """A phrase that would match everything is no phrase."""
    for words in ("", "  ", "*", "a .. "):
        with pytest.raises(ValueError, match=r"^.*$"):
            Phrase.parse(words)


def test_normalised_text_is_bounded() -> None:
    """However long a text is, what is looked at is not."""
    assert len(normalise("ﷺ " * 100_000)) <= 40 * MAX_TEXT
