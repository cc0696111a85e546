"""The message to the customer: what it says, and what must never get into it."""

from __future__ import annotations

import re

import pytest

from toolkit.diagnosis.explain import RankedCause
from toolkit.diagnosis.findings import Diagnosis, Finding, Outcome
from toolkit.diagnosis.words import customer_message
from toolkit.errors import MailError, Stage
from toolkit.language import Text
from toolkit.mail.settings import Protocol

ADDRESS = "anna@kanzlei.example"
SAID = "NO [AUTHENTICATIONFAILED] 5.7.8 <script>"
#: Words a lawyer's assistant need not know; the remedy is the catalogue's own business.
JARGON = re.compile(
    r"\b(?:imap|smtp|tls|ssl|tcp|dns|port|host|zertifikat|certificate|protokoll|protocol|stufe|stage"
    r"|authenti\w*)\b|[%\[<\d]",
    re.IGNORECASE,
)


def finding(protocol: Protocol, stage: Stage, outcome: Outcome) -> Finding:
    error = None
    if outcome is Outcome.FAILED:
        error = MailError(Text("Fehler", "error"), stage=stage, evidence=SAID)
    return Finding(protocol, stage, outcome, tried="imap.kanzlei.example:993:ssl", error=error)


def diagnosis(*findings: Finding, confidence: float | None = 0.9) -> Diagnosis:
    causes = (
        ()
        if confidence is None
        else (
            RankedCause("wrong-password", confidence, (SAID,), Text("Bitte A tun.", "Do A.")),
            RankedCause("server-down", 0.05, (SAID,), Text("Bitte B tun.", "Do B.")),
        )
    )
    return Diagnosis(ADDRESS, "0" * 12, None, findings, causes, 0.5)


LOGGED_IN = (
    finding(Protocol.IMAP, Stage.AUTH, Outcome.OK),
    finding(Protocol.SMTP, Stage.SMTP_AUTH, Outcome.OK),
)


def test_a_refused_login_reads_like_this() -> None:
    """The whole message, as it is pasted into an e-mail."""
    found = diagnosis(finding(Protocol.IMAP, Stage.AUTH, Outcome.FAILED), LOGGED_IN[1])
    assert customer_message(found).de == (
        "Guten Tag,\n\n"
        "wir haben die Verbindung zum Postfach anna@kanzlei.example geprüft. Zurzeit können dort "
        "keine E-Mails abgerufen werden. Der Mailserver ist erreichbar, aber die Anmeldung mit den "
        "hinterlegten Zugangsdaten gelingt nicht.\n\n"
        "So lässt es sich beheben:\nBitte A tun.\n\n"
        "Bitte geben Sie uns danach kurz Bescheid, dann prüfen wir die Verbindung noch einmal. Ihr "
        "Passwort benötigen wir dafür nicht; bitte senden Sie es niemandem per E-Mail.\n\n"
        "Mit freundlichen Grüßen\nIhr Actaport-Support"
    )


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("language", ["de", "en"])
def test_no_stage_brings_jargon_or_a_servers_words(
    stage: Stage, protocol: Protocol, language: str
) -> None:
    """Whatever fails: no abbreviation, no number, nothing the server said, no second remedy."""
    found = diagnosis(finding(protocol, stage, Outcome.FAILED))
    words = getattr(customer_message(found), language).replace(ADDRESS, "")
    assert not JARGON.search(words)
    assert {"de": "A tun", "en": "Do A"}[language] in words
    assert {"de": "B tun", "en": "Do B"}[language] not in words


@pytest.mark.parametrize(
    ("failed", "says"),
    [
        ((Protocol.IMAP,), "keine E-Mails abgerufen"),
        ((Protocol.SMTP,), "keine E-Mails versendet"),
        ((Protocol.IMAP, Protocol.SMTP), "weder abgerufen noch versendet"),
    ],
)
def test_it_says_what_is_affected(failed: tuple[Protocol, ...], says: str) -> None:
    """Receiving, sending or both."""
    found = diagnosis(*(finding(one, Stage.TCP, Outcome.FAILED) for one in failed))
    assert says in customer_message(found).de


def test_an_unsure_remedy_is_called_the_likeliest() -> None:
    """Below one half nobody is promised that it helps."""
    found = diagnosis(finding(Protocol.IMAP, Stage.TCP, Outcome.FAILED), confidence=0.3)
    assert "Am wahrscheinlichsten hilft dieser Schritt:\nBitte A tun." in customer_message(found).de


def test_without_a_cause_the_work_is_ours() -> None:
    """Nothing is asked of the customer that nobody knows to help."""
    found = diagnosis(finding(Protocol.IMAP, Stage.TCP, Outcome.FAILED), confidence=None)
    assert "Wir gehen der Ursache nach" in customer_message(found).de
    assert "Bescheid" not in customer_message(found).de


def test_all_well_is_said_only_after_a_login() -> None:
    """Servers that answer are not yet a mailbox that works, in the verdict neither."""
    works, reached = (
        diagnosis(*LOGGED_IN),
        diagnosis(finding(Protocol.IMAP, Stage.GREETING, Outcome.OK)),
    )
    assert "funktionieren einwandfrei" in customer_message(works).de
    assert "funktionieren" in works.verdict.de
    assert "nicht geprüft" in customer_message(reached).de
    assert "nicht geprüft" in reached.verdict.de


def test_an_address_cannot_deceive() -> None:
    """Control and direction characters in what was typed become visible."""
    found = Diagnosis("a\u202eb@kanzlei.example", None, None, (), (), 0.1)
    assert "a[U+202E]b@kanzlei.example" in customer_message(found).de
