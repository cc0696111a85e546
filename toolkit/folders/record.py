"""One line of ``map-folders``: a folder listing as JSON, read into typed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.errors import InputError
from toolkit.folders.survey import Capabilities
from toolkit.language import Text
from toolkit.mail.folder import Folder, Namespaces
from toolkit.mail.utf7 import decode_name, encode_name

__all__ = ["ListingRecord"]


@dataclass(frozen=True, slots=True)
class ListingRecord:
    """A folder listing of one account. A null value means the key is missing."""

    folders: tuple[Folder, ...]
    provider: str | None = None
    capabilities: Capabilities | None = None

    @classmethod
    def from_json(cls, record: Mapping[str, object]) -> ListingRecord:
        """Read ``{"provider"?, "delimiter", "capabilities"?, "folders": [...]}``.

        Raises:
            InputError: the record is no listing; ``field`` names the part.
        """
        if not isinstance(record, Mapping):
            raise _unreadable("record", "ein Objekt", "an object")
        rows = record.get("folders")
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise _unreadable("folders", "eine Liste", "a list")
        delimiter = _optional_text(record, "delimiter")
        return cls(
            folders=tuple(
                _folder(row, f"folders[{number}]", delimiter or None)
                for number, row in enumerate(rows)
            ),
            provider=_optional_text(record, "provider"),
            capabilities=_capabilities(record.get("capabilities")),
        )


def _folder(row: object, where: str, delimiter: str | None) -> Folder:
    if not isinstance(row, Mapping):
        raise _unreadable(where, "ein Objekt", "an object")
    name, raw = _optional_text(row, "name", where), _optional_text(row, "raw", where)
    if name is None and raw is None:
        raise _unreadable(f"{where}.name", "ein Text", "a text")
    wire = raw.encode("utf-8", "surrogatepass") if raw is not None else encode_name(name or "")
    own = _optional_text(row, "delimiter", where)
    return Folder(
        raw=wire,
        name=name if name is not None else decode_name(wire),
        delimiter=own or delimiter,
        flags=_flags(row.get("flags"), f"{where}.flags"),
        messages=_count(row.get("messages")),
    )


def _flags(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, Sequence) and all(isinstance(flag, str) for flag in value):
        return tuple(value)
    raise _unreadable(where, "eine Liste von Texten", "a list of texts")


def _count(value: object) -> int | None:
    """A message count; what is none (a server that lied, a tool that wrote "?") is unknown."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return None


def _capabilities(value: object) -> Capabilities | None:
    if not isinstance(value, Mapping):
        return None
    return Capabilities(
        special_use=value.get("special_use") is True,
        xlist=value.get("xlist") is True,
        namespaces=_namespaces(value.get("namespace")),
    )


def _namespaces(value: object) -> Namespaces | None:
    if not isinstance(value, Mapping):
        return None
    return Namespaces(
        personal=_prefixes(value.get("personal")),
        other=_prefixes(value.get("other")),
        shared=_prefixes(value.get("shared")),
    )


def _prefixes(value: object) -> tuple[str, ...]:
    """The prefixes of ``[[prefix, delimiter], …]``; NIL and odd entries count as none."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    found = [entry[0] if isinstance(entry, Sequence) and entry else entry for entry in value]
    return tuple(prefix for prefix in found if isinstance(prefix, str))


def _optional_text(record: Mapping[str, object], key: str, where: str = "") -> str | None:
    value = record.get(key)
    if value is None or isinstance(value, str):
        return value
    raise _unreadable(f"{where}.{key}" if where else key, "ein Text", "a text")


def _unreadable(field: str, de: str, en: str) -> InputError:
    return InputError(Text(f"„{field}“ muss {de} sein.", f"“{field}” has to be {en}."), field=field)
