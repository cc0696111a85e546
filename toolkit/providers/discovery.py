"""``discover`` for programs, and the JSON Lines verb over it: one record in, one record out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from toolkit.errors import InputError
from toolkit.language import Text
from toolkit.providers.address import Address, parse_address
from toolkit.providers.catalogue import Catalogue
from toolkit.providers.chain import discover
from toolkit.providers.resolver import Resolver, Snapshot
from toolkit.providers.result import Discovery, Outcome

__all__ = ["Discovery", "InvalidRecord", "Outcome", "discover", "discover_record"]


class InvalidRecord(InputError):
    """A JSON Lines record lacks a key, or a value has another type than agreed."""

    code = "invalid-record"


def discover_record(
    record: Mapping[str, object],
    *,
    catalogue: Catalogue | None = None,
    live: Callable[[], Resolver] | None = None,
) -> dict[str, object]:
    """Answer one record of ``discover --jsonl``.

    Args:
        record: ``address``, and ``dns`` with the snapshot to use instead of asking; an empty
            snapshot means presets only.
        catalogue: the known providers; by default the product's own.
        live: makes the resolver for records without a snapshot; by default one that asks the
            network.

    Raises:
        InvalidRecord: ``address`` is missing or no text, ``dns`` is no object.
        InvalidSnapshot: a value inside ``dns`` has another form than agreed.
    """
    address = record.get("address")
    if not isinstance(address, str):
        raise InvalidRecord(
            Text("„address“ fehlt oder ist kein Text.", "“address” is missing or not a text."),
            field="address",
        )
    dns = record.get("dns")
    resolver: Resolver | None
    if dns is None:
        resolver = (live or _live)()
    elif not isinstance(dns, Mapping):
        raise InvalidRecord(Text("„dns“ ist kein Objekt.", "“dns” is not an object."), field="dns")
    else:
        parsed = parse_address(address)
        domain = parsed.domain if isinstance(parsed, Address) else ""
        # Read even if nothing will be asked: a snapshot that cannot be read is told, not ignored.
        snapshot = Snapshot.from_json(domain, dns)
        resolver = snapshot if dns else None
    answer = discover(address, resolver=resolver, catalogue=catalogue).as_json()
    return {"id": record.get("id"), **answer}


def _live() -> Resolver:
    from toolkit.providers.live import LiveResolver

    return LiveResolver()
