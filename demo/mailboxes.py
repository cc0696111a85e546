"""The demonstration's law firms and their mailboxes: data only.

All firms, people and cases are invented; all domains are reserved (RFC 2606, ``.example``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from demo.mails import Attachment, Person, mail, pdf
from demo.servers.content import Delivery, letters
from toolkit.language import Text

__all__ = ["ACCOUNTS", "DemoAccount", "Fault"]


class Fault(StrEnum):
    """What is wrong with an account, on purpose."""

    NONE = "none"
    WRONG_PASSWORD = "wrong-password"
    WRONG_PORT = "wrong-port"
    OTHER_HOST = "certificate-for-another-host"
    APP_PASSWORD = "app-password"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One mailbox of the demonstration, without servers and password.

    Attributes:
        address: e-mail address and login name.
        display_name: what recipients see.
        owner: the office user it belongs to.
        fault: what is wrong with it.
        story: the case in one sentence.
        folders: folder → messages; ``/`` between levels.
        viewers: who sees its mail in the office mailbox.
        senders: who may write from it.
    """

    address: str
    display_name: str
    owner: str
    fault: Fault
    story: Text
    folders: Mapping[str, tuple[Delivery, ...]] = field(repr=False)
    viewers: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()

    @property
    def messages(self) -> int:
        """How many messages lie in all its folders."""
        return sum(map(len, self.folders.values()))


_ANNA = Person("Rechtsanwältin Anna Meier", "anna.meier@kanzlei-meier.example")
_OFFICE = Person("Sekretariat Kanzlei Meier & Kollegen", "sekretariat@kanzlei-meier.example")
_OEZDEMIR = Person("RA Björn Özdemir", "oezdemir@oezdemir-partner.example")
_LENZ = Person("Strafverteidigung Lenz", "post@strafrecht-lenz.example")
_HUBER = Person("Kanzlei Huber", "info@ra-huber.example")
_NOTARY = Person("Notariat Süd", "kontakt@notariat-sued.example")
_VOGT = Person("Katrin Vogt", "ra.vogt@gmail-konto.example")

_COURT = Person("Landgericht Musterstadt – Geschäftsstelle", "poststelle@lg-musterstadt.example")
_OPPONENT = Person("Schulze & Partner mbB", "kanzlei@schulze-partner.example")
_CLIENT = Person("Jürgen Möller", "j.moeller@mandant.example")
_INSURER = Person("Rechtsschutz Nord AG", "schaden@rechtsschutz-nord.example")
_ADVERT = Person('Gewinnspiel <b>"Kanzlei"</b>', "gewinn@werbung.example")

_PLEADING = Attachment(
    "Klageerwiderung Meier ./. Schulze.pdf", pdf("Klageerwiderung in Sachen Meier ./. Schulze")
)
_MANDATE = Attachment("Vollmacht Möller – unterschrieben.pdf", pdf("Vollmacht in Sachen Möller"))
_INVOICE = Attachment("Rechnung_2026-0117.pdf", pdf("Rechnung 2026-0117"))

_GREETING = "\n\nMit freundlichen kollegialen Grüßen\n\nSchulze\nRechtsanwalt\n"


def _received(to: Person) -> tuple[Delivery, ...]:
    """What lies in a firm's inbox this morning."""
    return (
        mail(
            _OPPONENT,
            to,
            "Klageerwiderung in Sachen Meier ./. Schulze (4 O 217/25)",
            "Sehr geehrte Frau Kollegin,\n\nanbei übersende ich Ihnen die Klageerwiderung vorab per E-Mail. "
            "Das Original ist heute an das Gericht gegangen." + _GREETING,
            days_ago=0.1,
            flags=(),
            attachments=(_PLEADING,),
        ),
        mail(
            _COURT,
            to,
            "Terminsladung 4 O 217/25 – mündliche Verhandlung",
            "In dem Rechtsstreit Meier ./. Schulze wird Termin zur mündlichen Verhandlung bestimmt auf "
            "Dienstag, den 21. April 2026, 10:30 Uhr, Sitzungssaal 112.\n\nDie Geschäftsstelle\n",
            days_ago=0.4,
            flags=("\\Flagged",),
        ),
        mail(
            _CLIENT,
            to,
            "Rückfrage zu meiner Vollmacht",
            "Guten Tag,\n\nich habe die Vollmacht unterschrieben und hänge sie an. Müssen Sie sie auch im "
            "Original haben? Außerdem: Läuft die Frist schon?\n\nViele Grüße\nJürgen Möller\n",
            days_ago=1.2,
            attachments=(_MANDATE,),
        ),
        mail(
            _INSURER,
            to,
            "Deckungszusage – Schaden-Nr. RS-88 1203 / Möller",
            "Sehr geehrte Damen und Herren,\n\nfür die erste Instanz erteilen wir Kostenschutz. Die "
            "Selbstbeteiligung beträgt 250,00 €.\n",
            html="<p>Sehr geehrte Damen und Herren,</p><p>für die <b>erste Instanz</b> erteilen wir "
            "Kostenschutz. Die Selbstbeteiligung beträgt 250,00&nbsp;€.</p>",
            days_ago=2,
        ),
        mail(
            _CLIENT,
            to,
            "AW: Rückfrage zu meiner Vollmacht",
            "Vielen Dank für die schnelle Auskunft. Grüße, Möller\n",
            days_ago=2.5,
            flags=("\\Seen", "\\Answered"),
            charset="iso-8859-1",
        ),
        *letters(14, 2_600, seed=len(to.email), to=to.email),
    )


def _sent(sender: Person) -> tuple[Delivery, ...]:
    return (
        mail(
            sender,
            _CLIENT,
            "Ihre Vollmacht",
            "Sehr geehrter Herr Möller,\n\ndas Original genügt uns bei der nächsten Besprechung.\n",
            days_ago=1,
        ),
        mail(
            sender,
            _COURT,
            "Fristverlängerung in 4 O 217/25",
            "In pp. wird um Verlängerung der Frist zur Replik um zwei Wochen gebeten.\n",
            days_ago=3,
        ),
        mail(
            sender,
            _CLIENT,
            "Rechnung 2026-0117",
            "Sehr geehrter Herr Möller,\n\nbeiliegend unsere Kostennote.\n",
            days_ago=6,
            attachments=(_INVOICE,),
        ),
    )


def _drafts(sender: Person) -> tuple[Delivery, ...]:
    return (
        mail(
            sender,
            _OPPONENT,
            "Vergleichsvorschlag Meier ./. Schulze (ENTWURF)",
            "Sehr geehrter Herr Kollege,\n\nzur Vermeidung weiterer Kosten schlagen wir vor: …\n",
            days_ago=0.3,
            flags=("\\Seen", "\\Draft"),
        ),
    )


def _junk(to: Person) -> tuple[Delivery, ...]:
    return (
        mail(
            _ADVERT,
            to,
            "Sie haben gewonnen! <script>alert('Kanzlei')</script>",
            "Klicken Sie hier.\n",
            html="<script>alert(1)</script><p>Klicken Sie <a href='http://werbung.example'>hier</a>.</p>",
            days_ago=4,
            flags=(),
        ),
    )


def _archive(to: Person, seed: int) -> tuple[Delivery, ...]:
    return tuple(letters(40, 4_000, seed=seed, to=to.email))


def _english(person: Person) -> dict[str, tuple[Delivery, ...]]:
    """Folders as a server or Thunderbird makes them."""
    return {
        "INBOX": _received(person),
        "Sent": _sent(person),
        "Drafts": _drafts(person),
        "Trash": (),
        "Junk": _junk(person),
        "Archive": _archive(person, 11),
        "Akten/2026/Meier gegen Schulze": _sent(person)[:1],
        "Akten/2026/Möller": (),
    }


def _german(person: Person) -> dict[str, tuple[Delivery, ...]]:
    """Folders as German Outlook makes them: nothing but their names tells what they are for."""
    return {
        "INBOX": _received(person),
        "Gesendete Elemente": _sent(person),
        "Entwürfe": _drafts(person),
        "Gelöscht": _junk(person),
        "Junk-E-Mail": _junk(person),
        "Archiv": _archive(person, 12),
        "Postausgang": (),
        "Vorlagen": _drafts(person),
    }


def _twins(person: Person) -> dict[str, tuple[Delivery, ...]]:
    """Two programs over the years, each with folders of its own: the full ones are in use."""
    return {
        "INBOX": _received(person),
        "Sent": (),
        "Gesendet": _sent(person),
        "Drafts": (),
        "Entwürfe": _drafts(person),
        "Trash": (),
        "Papierkorb": _junk(person),
        "Spam": _junk(person),
        "Archiv/2024": _archive(person, 13),
        "Archiv/2025": _archive(person, 14),
        "Mandate/Müller, Lüdenscheid": _sent(person)[:2],
    }


ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount(
        _ANNA.email,
        "Rechtsanwältin Anna Meier",
        "Anna Meier",
        Fault.NONE,
        Text(
            "Alles in Ordnung, Ordnernamen wie vom Server angelegt.",
            "All well, the server's own folder names.",
        ),
        _english(_ANNA),
        viewers=("Anna Meier", "Sekretariat"),
        senders=("Anna Meier",),
    ),
    DemoAccount(
        _OFFICE.email,
        "Kanzlei Meier & Kollegen",
        "Sekretariat",
        Fault.NONE,
        Text(
            "Nur deutsche Ordnernamen; der Server sagt nicht, wofür sie da sind.",
            "Only German folder names; the server does not say what they are for.",
        ),
        _german(_OFFICE),
        viewers=("Anna Meier", "Sekretariat"),
        senders=("Sekretariat",),
    ),
    DemoAccount(
        _OEZDEMIR.email,
        "RA Björn Özdemir",
        "Björn Özdemir",
        Fault.NONE,
        Text(
            "Doppelte Ordner aus zwei Programmen, einer davon jeweils leer.",
            "Double folders of two programs, one of each pair empty.",
        ),
        _twins(_OEZDEMIR),
        viewers=("Björn Özdemir",),
        senders=("Björn Özdemir",),
    ),
    DemoAccount(
        _NOTARY.email,
        "Notariat Süd",
        "Sekretariat",
        Fault.WRONG_PASSWORD,
        Text("Das Passwort ist falsch.", "The password is wrong."),
        _german(_NOTARY),
        viewers=("Sekretariat",),
    ),
    DemoAccount(
        _HUBER.email,
        "Kanzlei Huber",
        "Sekretariat",
        Fault.WRONG_PORT,
        Text("Der IMAP-Port ist falsch eingetragen.", "The IMAP port is wrong."),
        _english(_HUBER),
        viewers=("Sekretariat",),
    ),
    DemoAccount(
        _LENZ.email,
        "Strafverteidigung Lenz",
        "Anna Meier",
        Fault.OTHER_HOST,
        Text(
            "Das Zertifikat des Servers gehört zu einem anderen Namen.",
            "The server's certificate belongs to another name.",
        ),
        _english(_LENZ),
        viewers=("Anna Meier",),
    ),
    DemoAccount(
        _VOGT.email,
        "Rechtsanwältin Katrin Vogt",
        "Anna Meier",
        Fault.APP_PASSWORD,
        Text(
            "Der Anbieter verlangt ein App-Passwort statt des Kontopassworts.",
            "The provider wants an app password instead of the account's own.",
        ),
        {},
        viewers=("Anna Meier",),
    ),
)
