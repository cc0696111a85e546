"""One sentence why: what a proposal tells the engineer about each of its decisions."""

from __future__ import annotations

from toolkit.folders.claims import Choice, Source
from toolkit.folders.roles import ROLE_NAMES, Role
from toolkit.language import Text

__all__ = ["why_chosen", "why_gone", "why_inbox", "why_none", "why_person"]


def why_chosen(role: Role, choice: Choice) -> Text:
    """Why a folder got a role by itself."""
    place = choice.claim.place
    name, leaf = place.folder.name, place.leaf
    rival = choice.runner_up.place.folder.name if choice.runner_up else ""
    wanted = ROLE_NAMES[role]
    if choice.source is Source.FLAG:
        text = Text(
            f"Der Server kennzeichnet „{name}“ als „{wanted.de}“.",
            f"The server marks “{name}” as “{wanted.en}”.",
        )
    elif choice.source is Source.PRESET:
        text = Text(
            f"„{leaf}“ heißt der Ordner bei diesem Anbieter.",
            f"“{leaf}” is this provider's name for it.",
        )
    elif choice.source is Source.COUNT:
        text = Text(
            f"„{name}“ wird benutzt ({place.folder.messages} Nachrichten), „{rival}“ ist fast leer.",
            f"“{name}” is in use ({place.folder.messages} messages), “{rival}” is nearly empty.",
        )
    elif choice.source is Source.STRUCTURE:
        text = Text(
            f"„{place.path[0]}“ enthält die Ordner des Postfachs, darunter „{leaf}“.",
            f"“{place.path[0]}” holds the mailbox's folders, “{leaf}” among them.",
        )
    elif choice.source is Source.DECORATED_NAME:
        text = Text(
            f"„{leaf}“ enthält als einziger Name das Wort für „{wanted.de}“; bitte prüfen.",
            f"“{leaf}” is the only name with the word for “{wanted.en}”; please check.",
        )
    else:
        text = Text(
            f"„{leaf}“ ist ein üblicher Name für „{wanted.de}“.",
            f"“{leaf}” is a usual name for “{wanted.en}”.",
        )
    if choice.claim.doubtful:
        return Text(
            f"{text.de} Das Wort hat auch andere Bedeutungen; bitte prüfen.",
            f"{text.en} The word has other meanings too; please check.",
        )
    if rival and choice.source not in {Source.COUNT, Source.DECORATED_NAME}:
        return Text(
            f"{text.de} Es gibt auch „{rival}“.",
            f"{text.en} There is also “{rival}”.",
        )
    return text


def why_inbox(name: str, *, found: bool) -> Text:
    """Why a folder is the inbox, or why none is."""
    if not found:
        return Text(
            "Der Server hat keinen Posteingang aufgelistet.",
            "The server listed no inbox.",
        )
    return Text(f"„{name}“ ist der Posteingang.", f"“{name}” is the inbox.")


def why_none(role: Role) -> Text:
    """Why a role stays empty."""
    wanted = ROLE_NAMES[role]
    return Text(
        f"Kein Ordner ist eindeutig „{wanted.de}“; lieber keiner als ein falscher.",
        f"No folder is clearly “{wanted.en}”; none is better than a wrong one.",
    )


def why_person(name: str | None) -> Text:
    """A person decided, and the decision stands."""
    if name is None:
        return Text("Von Hand leer gelassen.", "Left empty by hand.")
    return Text(f"„{name}“ wurde von Hand gewählt.", f"“{name}” was chosen by hand.")


def why_gone(name: str, then: Text) -> Text:
    """A person's choice cannot stand any more."""
    return Text(
        f"Der von Hand gewählte Ordner „{name}“ ist nicht mehr da; bitte neu wählen. {then.de}",
        f"The folder “{name}” chosen by hand is gone; please choose again. {then.en}",
    )
