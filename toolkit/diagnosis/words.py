"""A diagnosis in the customer's words: a message to copy into an e-mail or a ticket. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolkit.diagnosis.findings import Outcome
from toolkit.errors import Stage
from toolkit.formats import visible
from toolkit.language import Text
from toolkit.mail.settings import Protocol

if TYPE_CHECKING:
    from toolkit.diagnosis.findings import Diagnosis

__all__ = ["customer_message"]

#: From this confidence on a remedy is named as the way, below it as the likeliest one.
SURE = 0.5

_GREETING = Text("Guten Tag,", "Hello,")
_CLOSING = Text(
    "Mit freundlichen Grüßen\nIhr Actaport-Support", "Kind regards\nYour Actaport support"
)
_WORKS = Text(
    "wir haben die Verbindung zum Postfach {address} geprüft: Empfang und Versand funktionieren einwandfrei. Sie müssen nichts ändern.",
    "We have checked the connection to the mailbox {address}: receiving and sending work. There is nothing you need to change.",
)
_REACHED = Text(
    "wir haben die Mailserver zur Adresse {address} geprüft: Beide sind erreichbar und antworten, wie sie sollen. Ob Benutzername und Passwort stimmen, haben wir dabei nicht geprüft.",
    "We have checked the mail servers of the address {address}: both can be reached and answer as they should. We did not check whether user name and password are right.",
)
_BROKEN = Text(
    "wir haben die Verbindung zum Postfach {address} geprüft. {affected} {happened}",
    "We have checked the connection to the mailbox {address}. {affected} {happened}",
)
_AFFECTED: Mapping[frozenset[Protocol], Text] = {
    frozenset({Protocol.IMAP}): Text(
        "Zurzeit können dort keine E-Mails abgerufen werden.",
        "At present no mail can be fetched from it.",
    ),
    frozenset({Protocol.SMTP}): Text(
        "Zurzeit können von dort keine E-Mails versendet werden.",
        "At present no mail can be sent from it.",
    ),
    frozenset(Protocol): Text(
        "Zurzeit können dort E-Mails weder abgerufen noch versendet werden.",
        "At present mail can neither be fetched from it nor sent.",
    ),
}
_STRANGE = Text(
    "Der eingetragene Server antwortet nicht so, wie es ein Mailserver tun sollte.",
    "The server that was entered does not answer as a mail server should.",
)
_UNSAFE = Text(
    "Mit dem eingetragenen Mailserver kam keine gesicherte Verbindung zustande. Ihr Passwort wurde deshalb nicht an ihn übertragen.",
    "No secure connection to the mail server that was entered came about. Your password was therefore not sent to it.",
)
_NO_LOGIN = Text(
    "Der Mailserver ist erreichbar, aber die Anmeldung mit den hinterlegten Zugangsdaten gelingt nicht.",
    "The mail server can be reached, but logging in with the saved login data does not succeed.",
)
_NO_READING = Text(
    "Die Anmeldung gelingt, aber die Ordner und Nachrichten lassen sich nicht lesen.",
    "Logging in succeeds, but folders and messages cannot be read.",
)
_UNFINISHED = Text(
    "Die Prüfung ist nicht bis zum Ende gekommen.", "The check did not come to its end."
)
_HAPPENED: Mapping[Stage, Text] = {
    Stage.DNS: Text(
        "Der eingetragene Mailserver ist unter diesem Namen nicht zu finden.",
        "The mail server that was entered cannot be found under that name.",
    ),
    Stage.TCP: Text(
        "Der eingetragene Mailserver nimmt keine Verbindung an.",
        "The mail server that was entered accepts no connection.",
    ),
    Stage.TLS: _UNSAFE,
    Stage.STARTTLS: _UNSAFE,
    Stage.GREETING: _STRANGE,
    Stage.CAPABILITY: _STRANGE,
    Stage.SMTP_CONNECT: _STRANGE,
    Stage.AUTH: _NO_LOGIN,
    Stage.SMTP_AUTH: _NO_LOGIN,
    Stage.LIST: _NO_READING,
    Stage.SELECT: _NO_READING,
    Stage.FETCH: _NO_READING,
}
_DO_THIS = Text("So lässt es sich beheben:", "This is how to solve it:")
_TRY_THIS = Text(
    "Am wahrscheinlichsten hilft dieser Schritt:", "This step is the likeliest to help:"
)
_WE_LOOK = Text(
    "Wir gehen der Ursache nach und melden uns bei Ihnen.",
    "We are looking into the cause and will come back to you.",
)
_TELL_US = Text(
    "Bitte geben Sie uns danach kurz Bescheid, dann prüfen wir die Verbindung noch einmal. Ihr Passwort benötigen wir dafür nicht; bitte senden Sie es niemandem per E-Mail.",
    "Please let us know afterwards, and we will check the connection again. We do not need your password for that; please send it to nobody by mail.",
)


def customer_message(diagnosis: Diagnosis) -> Text:
    """What to write to the customer: what is affected, what happened, what to do.

    Plain and polite, paragraphs with an empty line between. Only the address, our own sentences
    and the likeliest cause's remedy go into it: nothing a server said, no numbers, no slugs.
    """
    address = visible(diagnosis.subject)
    failure = diagnosis.failure
    if failure is None:
        result = _WORKS if diagnosis.logged_in else _REACHED
        return _letter(result.format(address=address))
    failed = frozenset(f.protocol for f in diagnosis.findings if f.outcome is Outcome.FAILED)
    happened = _HAPPENED.get(failure.stage, _UNFINISHED)
    result = Text(
        _BROKEN.de.format(address=address, affected=_AFFECTED[failed].de, happened=happened.de),
        _BROKEN.en.format(address=address, affected=_AFFECTED[failed].en, happened=happened.en),
    )
    if not diagnosis.causes:
        return _letter(result, _WE_LOOK)
    best = diagnosis.causes[0]
    heading = _DO_THIS if best.confidence >= SURE else _TRY_THIS
    steps = Text(f"{heading.de}\n{best.remedy.de}", f"{heading.en}\n{best.remedy.en}")
    return _letter(result, steps, _TELL_US)


def _letter(*paragraphs: Text) -> Text:
    whole = (_GREETING, *paragraphs, _CLOSING)
    return Text("\n\n".join(one.de for one in whole), "\n\n".join(one.en for one in whole))
