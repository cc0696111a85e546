"""The filing folder: where a message goes once it is filed or assigned in Actaport.

It is named exactly ``Actaport`` and found wherever its owner moved it; where there is none, one is
created at the top of the account's own folders (the customer's help page, last section).
"""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.folders.lexicon import Lexicon, lexicon
from toolkit.folders.roles import Role
from toolkit.folders.survey import Capabilities, Level, Place, survey
from toolkit.mail.folder import Folder
from toolkit.mail.utf7 import encode_name

__all__ = ["FILING_FOLDER", "find_filing_folder", "new_filing_folder"]

#: The exact name; case matters, so that a folder "actaport" of the customer's is left alone.
FILING_FOLDER = "Actaport"
_INBOX = "INBOX"


def find_filing_folder(
    folders: Sequence[Folder], *, capabilities: Capabilities | None = None
) -> Folder | None:
    """The folder named ``Actaport``, the one nearest to the top of several; None if missing.

    Other people's folders do not count, nor does one that was thrown away: what is filed into a
    folder below the trash would be deleted with it.
    """
    words = lexicon()
    places = survey(folders, lexicon=words, capabilities=capabilities).places
    flagged = {p.leaf for p in places if Role.TRASH in p.role_flags}
    found = [p for p in places if p.leaf == FILING_FOLDER and not _thrown_away(p, words, flagged)]
    if not found:
        return None
    return min(found, key=lambda p: (len(p.path), p.level, p.folder.raw)).folder


def new_filing_folder(
    folders: Sequence[Folder], *, capabilities: Capabilities | None = None
) -> bytes:
    """The raw name to create the missing folder under: the top of the account's own folders.

    That is the personal namespace (RFC 2342); where none was announced, the place below INBOX on
    servers that keep everything there.
    """
    spaces = capabilities.namespaces if capabilities else None
    if spaces is not None and spaces.personal:
        return encode_name(spaces.personal[0] + FILING_FOLDER)
    others = [folder for folder in folders if folder.name.upper() != _INBOX]
    delimiter = next((folder.delimiter for folder in folders if folder.delimiter), None)
    below = f"{_INBOX}{delimiter}"
    if delimiter and others and all(f.name.upper().startswith(below) for f in others):
        return encode_name(below + FILING_FOLDER)
    return encode_name(FILING_FOLDER)


def _thrown_away(place: Place, words: Lexicon, bins: set[str]) -> bool:
    if place.level is not Level.NESTED:
        return False
    if place.path[0] in bins:
        return True
    word = words.word(place.path[0])
    return word is not None and word.meaning is not None and word.meaning.role is Role.TRASH
