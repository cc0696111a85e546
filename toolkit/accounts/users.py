"""The people of the office."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolkit.language import Text

__all__ = ["ADMINISTRATOR_AT_KEYBOARD", "ROLE_TITLES", "OfficeRole", "OfficeUser"]


class OfficeRole(StrEnum):
    """What a person may do in the office as a whole."""

    ADMINISTRATOR = "administrator"
    MANAGER = "kanzleiverwaltung"  #: has the right "Kanzleiverwaltung"
    USER = "user"


#: What the product calls them.
ROLE_TITLES = {
    OfficeRole.ADMINISTRATOR: Text("Administrator", "administrator"),
    OfficeRole.MANAGER: Text("Recht „Kanzleiverwaltung“", "right “Kanzleiverwaltung”"),
    OfficeRole.USER: Text("Benutzer", "user"),
}


@dataclass(frozen=True, slots=True, order=True)
class OfficeUser:
    """One user of the office; the name is the key."""

    name: str
    role: OfficeRole = OfficeRole.USER


#: Who acts when the command line names nobody.
ADMINISTRATOR_AT_KEYBOARD = OfficeUser("", OfficeRole.ADMINISTRATOR)
