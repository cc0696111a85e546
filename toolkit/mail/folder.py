"""A folder as a server lists it. Its key is the raw name; the decoded one is for display."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Folder", "Namespaces"]


@dataclass(frozen=True, slots=True)
class Folder:
    r"""One row of a LIST answer.

    Attributes:
        raw: the mailbox name exactly as the server sent it, sent back verbatim.
        name: the name for people; modified UTF-7 (RFC 3501, 5.1.3) or UTF-8 decoded.
        delimiter: the hierarchy delimiter; None for a flat name (NIL).
        flags: LIST attributes as sent, for example ``\HasNoChildren``, ``\Sent``.
        messages: how many messages STATUS counted; None where it was not asked or refused.
    """

    raw: bytes
    name: str
    delimiter: str | None = "/"
    flags: tuple[str, ...] = ()
    messages: int | None = None
    unseen: int | None = None
    uidvalidity: int | None = None
    uidnext: int | None = None
    size: int | None = None
    subscribed: bool | None = None

    def has_flag(self, flag: str) -> bool:
        r"""Whether the server gave this attribute, in whatever case (``\noselect``)."""
        wanted = flag.lower()
        return any(given.lower() == wanted for given in self.flags)

    @property
    def selectable(self) -> bool:
        r"""False for containers: ``\Noselect`` and ``\NonExistent`` (RFC 3501, RFC 5258)."""
        return not (self.has_flag("\\Noselect") or self.has_flag("\\NonExistent"))

    @property
    def path(self) -> tuple[str, ...]:
        """The display name split at the hierarchy delimiter."""
        return tuple(self.name.split(self.delimiter)) if self.delimiter else (self.name,)


@dataclass(frozen=True, slots=True)
class Namespaces:
    """RFC 2342: the prefixes of own, other people's and shared folders, as display names."""

    personal: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
