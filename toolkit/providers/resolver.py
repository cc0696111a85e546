"""Questions to the DNS and over HTTPS, and answers that keep absence and failure apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from toolkit.errors import InputError
from toolkit.language import Text

__all__ = ["Answer", "InvalidSnapshot", "Lookup", "MxRecord", "Resolver", "Snapshot", "SrvRecord"]

MAX_UINT16 = 0xFFFF  # preferences, priorities, weights and ports are 16 bits (RFC 1035, RFC 2782)

T = TypeVar("T")
R = TypeVar("R", "MxRecord", "SrvRecord")


class Lookup(StrEnum):
    """How a question ended."""

    ANSWER = "answer"
    ABSENT = "absent"  #: the name is there or may be, but has no such record; a page is not there
    NXDOMAIN = "nxdomain"  #: the name does not exist
    FAILED = "failed"  #: nobody knows: time-out, SERVFAIL, connection broken, certificate refused


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The end of one question: how it ended, what came, and for people why."""

    lookup: Lookup
    values: tuple[T, ...] = ()
    detail: str = ""

    @property
    def found(self) -> bool:
        """Whether there is at least one record."""
        return self.lookup is Lookup.ANSWER

    @property
    def failed(self) -> bool:
        """Whether the question is still open."""
        return self.lookup is Lookup.FAILED

    @classmethod
    def of(cls, values: Sequence[T]) -> Answer[T]:
        """An answer with these records, absence if there are none."""
        return cls(Lookup.ANSWER, tuple(values)) if values else cls(Lookup.ABSENT)


class MxRecord(NamedTuple):
    """A mail exchanger; the null MX of RFC 7505 has the empty host."""

    preference: int
    host: str

    @property
    def order(self) -> tuple[int, int]:
        """What to sort by: the lowest preference is the best."""
        return (self.preference, 0)


class SrvRecord(NamedTuple):
    """A service record (RFC 2782); the target ``.`` is the empty target."""

    priority: int
    weight: int
    port: int
    target: str

    @property
    def order(self) -> tuple[int, int]:
        """What to sort by: the lowest priority first, then the greatest weight."""
        return (self.priority, -self.weight)


class Resolver(Protocol):
    """What discovery may ask. Names and hosts are lower-case ASCII without the final dot.

    None of the methods raises: what goes wrong is an answer with ``Lookup.FAILED``.
    """

    def mx(self, domain: str) -> Answer[MxRecord]:
        """The mail exchangers."""
        ...

    def srv(self, name: str) -> Answer[SrvRecord]:
        """The records of one service, for example ``_imaps._tcp.example.org``."""
        ...

    def cname(self, name: str) -> Answer[str]:
        """Where an alias points."""
        ...

    def addresses(self, name: str) -> Answer[str]:
        """IPv4 and IPv6 addresses."""
        ...

    def txt(self, name: str) -> Answer[str]:
        """Text records."""
        ...

    def fetch(self, url: str) -> Answer[bytes]:
        """The body at an https URL; absence for 404 and the like."""
        ...


class InvalidSnapshot(InputError):
    """A DNS snapshot has another form than CONTRACTS.md gives it."""

    code = "invalid-snapshot"


def _host(name: str) -> str:
    return name.strip().rstrip(".").lower()


@dataclass(frozen=True)
class Snapshot:
    """Answers recorded earlier. What a snapshot does not mention does not exist.

    >>> Snapshot.from_json("a.example", {"mx": [[10, "mx.a.example"]]}).mx("a.example").values
    (MxRecord(preference=10, host='mx.a.example'),)
    """

    domain: str
    mx_records: Answer[MxRecord] = field(default_factory=lambda: Answer(Lookup.ABSENT))
    srv_records: Mapping[str, Answer[SrvRecord]] = field(default_factory=dict)
    cnames: Mapping[str, Answer[str]] = field(default_factory=dict)
    hosts: Mapping[str, Answer[str]] = field(default_factory=dict)
    texts: Mapping[str, Answer[str]] = field(default_factory=dict)
    pages: Mapping[str, Answer[bytes]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, domain: str, dns: Mapping[str, object]) -> Snapshot:
        """Read the ``dns`` object of a JSON Lines record.

        Raises:
            InvalidSnapshot: a value has another form than the contract gives it; ``field`` names it.
        """

        def named(key: str) -> Mapping[str, object]:
            value = dns.get(key)
            if value is None:
                return {}
            if not isinstance(value, Mapping):
                raise _invalid(key)
            return {str(name): entry for name, entry in value.items()}

        def text_of(entry: object, key: str) -> tuple[str, ...]:
            entries = entry if isinstance(entry, list) else [entry]
            if not all(isinstance(text, str) for text in entries):
                raise _invalid(key)
            return tuple(entries)

        txt = dns.get("txt")
        texts = named("txt") if isinstance(txt, Mapping) else {domain: txt}
        return cls(
            domain=domain,
            mx_records=_records(dns.get("mx"), _mx_record, "mx"),
            srv_records={
                _host(name): _records(entry, _srv_record, f"srv.{name}")
                for name, entry in named("srv").items()
            },
            cnames={
                _host(name): _plain(entry, lambda e: tuple(map(_host, text_of(e, "cname"))))
                for name, entry in named("cname").items()
            },
            hosts={
                _host(name): _plain(entry, lambda e: text_of(e, "a"))
                for name, entry in named("a").items()
            },
            texts={
                _host(name): _plain(entry, lambda e: text_of(e, "txt"))
                for name, entry in texts.items()
            },
            pages={
                url: _plain(
                    entry,
                    lambda e: tuple(t.encode("utf-8", "replace") for t in text_of(e, "https")),
                )
                for url, entry in named("https").items()
            },
        )

    def mx(self, domain: str) -> Answer[MxRecord]:
        """The mail exchangers; only of the domain the snapshot is about."""
        return self.mx_records if domain == self.domain else Answer(Lookup.ABSENT)

    def srv(self, name: str) -> Answer[SrvRecord]:
        """Service records; a key without the domain is taken as the snapshot's domain's."""
        short = name.removesuffix(f".{self.domain}")
        return self.srv_records.get(name) or self.srv_records.get(short) or Answer(Lookup.ABSENT)

    def cname(self, name: str) -> Answer[str]:
        """Where an alias points."""
        return self.cnames.get(name, Answer(Lookup.ABSENT))

    def addresses(self, name: str) -> Answer[str]:
        """Addresses, through aliases the snapshot knows."""
        for _ in range(8):
            if name in self.hosts:
                return self.hosts[name]
            alias = self.cname(name)
            if not alias.found:
                return Answer(alias.lookup, detail=alias.detail)
            name = alias.values[0]
        return Answer(Lookup.FAILED, detail="aliases in a circle")

    def txt(self, name: str) -> Answer[str]:
        """Text records."""
        return self.texts.get(name, Answer(Lookup.ABSENT))

    def fetch(self, url: str) -> Answer[bytes]:
        """A page."""
        return self.pages.get(url, Answer(Lookup.ABSENT))


#: What a snapshot may say instead of records.
_ENDINGS = {
    "NXDOMAIN": Lookup.NXDOMAIN,
    "NODATA": Lookup.ABSENT,
    "TIMEOUT": Lookup.FAILED,
    "SERVFAIL": Lookup.FAILED,
    "REFUSED": Lookup.FAILED,
    "FAILED": Lookup.FAILED,
    "ERROR": Lookup.FAILED,
}


def _invalid(key: str) -> InvalidSnapshot:
    return InvalidSnapshot(
        Text(
            f"„dns.{key}“ hat nicht die vereinbarte Form.",
            f"“dns.{key}” does not have the agreed form.",
        ),
        field=f"dns.{key}",
        hint=Text("Die Form steht in CONTRACTS.md.", "The form is in CONTRACTS.md."),
    )


def _ending(entry: object) -> Lookup | None:
    if entry is None:
        return Lookup.ABSENT
    return _ENDINGS.get(entry.upper()) if isinstance(entry, str) else None


def _plain(entry: object, read: Callable[[object], tuple[T, ...]]) -> Answer[T]:
    ending = _ending(entry)
    if ending is not None:
        return Answer(ending, detail=str(entry or ""))
    return Answer.of(read(entry))


def _records(entry: object, read: Callable[[Any], R], key: str) -> Answer[R]:
    ending = _ending(entry)
    if ending is not None:
        return Answer(ending, detail=str(entry or ""))
    if not isinstance(entry, list):
        raise _invalid(key)
    try:
        return Answer.of(sorted(map(read, entry), key=lambda record: record.order))
    except (TypeError, ValueError, AttributeError):
        raise _invalid(key) from None


def _mx_record(record: Any) -> MxRecord:
    preference, host = record
    return MxRecord(_integer(preference), _host(host))


def _srv_record(record: Any) -> SrvRecord:
    priority, weight, port, target = record
    return SrvRecord(_integer(priority), _integer(weight), _integer(port), _host(target))


def _integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_UINT16:
        return value
    raise TypeError
