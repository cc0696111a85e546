"""What a person typed or pasted → an address, or why it is none.

Never raises: the answer is an ``Address`` or a ``Rejected``. What only looks different (blanks
around it, invisible characters, ``Name <address>``, ``mailto:``) is normalised silently; what is
a mistake is never corrected silently, but suggested.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

__all__ = [
    "Address",
    "Rejected",
    "is_public_domain",
    "parse_address",
    "to_ascii_domain",
    "transliterate",
]

MAX_LOCAL = 64  # octets, RFC 5321, 4.5.3.1.1
MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
MAX_INPUT = 2000

#: Letters, digits and the marks an unquoted local part may hold (RFC 5322, 3.2.3).
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*)"')
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")

#: A beA or EGVP user id: what lawyers paste instead of an address. SAFE-IDs start with DE. and
#: the body that gave them (BRAK, BNotK, Justiz); EGVP ids are older.
_SAFE_ID = re.compile(
    r"(?:safe-?id\W*)?(?:DE\.[A-Za-z][A-Za-z_-]*\.[0-9A-Za-z._-]+|govello-\d[\w-]*|safe-sp\d-[\w-]+)",
    re.IGNORECASE,
)

#: Names that are never on the public internet (RFC 6761, RFC 6762, RFC 8375, ICANN's .internal),
#: and those routers use. ``.example`` and ``.test`` are left: nothing answers there.
_PRIVATE_ENDINGS = frozenset(
    {"corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost", "onion"}
    | {"private", "workgroup"}
)

_AT = str.maketrans({"＠": "@", "﹫": "@"})
_DOTS = re.compile("[。．｡]")
_QUOTE_MARKS = "\"'`´‘’‚‛“”„«»‹›"
_OPENERS = f"<([{{{_QUOTE_MARKS}"
_CLOSERS = f">)]}}{_QUOTE_MARKS};,"
_AT_WORDS = re.compile(r"\s*[(\[{<]\s*(?:at|ät|@|affe)\s*[)\]}>]\s*", re.IGNORECASE)
_DOT_WORDS = re.compile(r"\s*[(\[{]\s*(?:dot|punkt|\.)\s*[)\]}]\s*", re.IGNORECASE)

_SPELLED = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS",
        "ø": "oe", "Ø": "Oe", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "ı": "i", "å": "a", "Å": "A",
        "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "＿": "_",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Address:
    """A well-formed address: ``domain`` is lower-case ASCII (IDNA 2008), ``local`` as typed."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def untagged(self) -> str:
        """The local part without a ``+tag``."""
        head, plus, _ = self.local.partition("+")
        return head if plus and head and not self.local.startswith('"') else self.local


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why something is not a usable address.

    Attributes:
        hints: slugs, the most telling first.
        domain: what stands after the @, where that much is sound.
        suggest: what is probably meant; never to be used without asking.
        safe_id: it is a beA or EGVP user id.
        local: what stands before the @, where the fault is behind it.
    """

    hints: tuple[str, ...]
    domain: str | None = None
    suggest: str | None = None
    safe_id: bool = False
    local: str | None = None


def parse_address(text: str) -> Address | Rejected:
    """Read one address out of whatever was typed or pasted."""
    text = _clean(text[:MAX_INPUT])
    if not text:
        return Rejected(("not_an_address",))
    if "@" not in text and _SAFE_ID.fullmatch(text.strip(_OPENERS + _CLOSERS + " .")):
        return Rejected(("bea_is_not_email", "not_an_address"), safe_id=True)
    text = _bare(text)
    if text.count("@") != 1:
        return _without_one_at(text)
    local, _, domain = text.rpartition("@")
    return _judge(local, domain)


def _clean(text: str) -> str:
    """Take away what cannot be seen: format and control characters, every kind of blank outside."""
    text = unicodedata.normalize("NFC", text)
    # Cf: zero-width and bidi marks, soft hyphens, byte order marks. Cc: control characters, of
    # which tab and line breaks may separate words.
    kept = (
        " " if char in "\t\r\n" or unicodedata.category(char) in {"Zs", "Zl", "Zp"} else char
        for char in text
        if unicodedata.category(char) not in {"Cf", "Cc", "Cs", "Co"} or char in "\t\r\n"
    )
    return "".join(kept).translate(_AT).strip()


def _bare(text: str) -> str:
    """Take the address out of its wrapping: display name, ``mailto:``, quotes, a full stop."""
    text = re.sub(r"\s+\([^()]*\)\s*$", "", text)  # a comment (RFC 5322, 3.2.2)
    if match := re.search(r"<\s*([^<>]*@[^<>]*?)\s*>[\s;,.]*$", text):
        text = match.group(1)
    text = text.strip()
    if text[:1] in _OPENERS and not _QUOTED.match(text):
        text = text.lstrip(_OPENERS + " ")
    if match := re.match(r"(?:url:)?mailto:/*", text, re.IGNORECASE):
        text = unquote(text[match.end() :].partition("?")[0]).strip()
    elif match := re.match(r"(?:e-?mail|mail|smtp|adresse)\s*:\s*", text, re.IGNORECASE):
        text = text[match.end() :]
    text = text.rstrip(_CLOSERS + " ")
    # A full stop that ends a sentence, or the root's dot.
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def _without_one_at(text: str) -> Rejected:
    """No @ or several: look for what is meant."""
    if "@" not in text:
        written_out = _DOT_WORDS.sub(".", _AT_WORDS.sub("@", text))
        return Rejected(("not_an_address",), suggest=_if_sound(written_out))
    parts = [part for part in re.split(r"[;,\s]+", text) if part]
    if len(parts) > 1 and all(part.count("@") == 1 for part in parts):
        return Rejected(("several_addresses", "not_an_address"))
    return Rejected(("not_an_address",), suggest=_if_sound(re.sub("@+", "@", text)))


def _if_sound(text: str) -> str | None:
    if text.count("@") != 1 or re.search(r"\s", text):
        return None
    judged = _judge(*text.split("@"))
    return str(judged) if isinstance(judged, Address) else None


def _judge(local: str, domain: str) -> Address | Rejected:
    domain = _DOTS.sub(".", domain).rstrip(".") if not domain.endswith("..") else domain
    ascii_domain = to_ascii_domain(domain)
    if ascii_domain is None:
        return _bad_domain(local, domain)
    if not is_public_domain(ascii_domain):
        return Rejected(("no_public_domain", "not_an_address"), domain=ascii_domain, local=local)
    if not local.isascii() and not re.search(r"\s", local):
        spelled = transliterate(local)
        return Rejected(
            ("non_ascii_local_part",),
            domain=ascii_domain,
            suggest=f"{spelled}@{ascii_domain}" if spelled else None,
        )
    quoted = _QUOTED.fullmatch(local)
    if quoted and _ATOM.fullmatch(quoted.group(1)):
        local = quoted.group(1)
    elif not quoted and not _ATOM.fullmatch(local):
        mended = re.sub(r"\.{2,}", ".", local.strip()).strip(".")
        # With blanks inside nobody knows which words belong to it, and a guess might be somebody.
        sound = bool(mended and _ATOM.fullmatch(mended) and len(mended) <= MAX_LOCAL)
        return Rejected(
            ("not_an_address",),
            domain=ascii_domain,
            suggest=f"{mended}@{ascii_domain}" if sound else None,
        )
    if len(local) > MAX_LOCAL or len(local) + 1 + len(ascii_domain) > MAX_ADDRESS:
        return Rejected(("not_an_address",), domain=ascii_domain)
    return Address(local, ascii_domain)


def _bad_domain(local: str, domain: str) -> Rejected:
    """The name after the @ is none; a comma for a dot, blanks or doubled dots are easily mended."""
    mended = re.sub(r"[,;:]", ".", re.sub(r"\s+", "", re.split(r"[/?#]", domain)[0]))
    mended = re.sub(r"\.{2,}", ".", mended.replace("_", "-")).strip(".-")
    suggest = None
    if mended and mended != domain and (ascii_domain := to_ascii_domain(mended)):
        judged = _judge(local.strip(), ascii_domain)
        suggest = str(judged) if isinstance(judged, Address) else judged.suggest
    return Rejected(("not_an_address", "invalid_domain_name"), suggest=suggest)


def to_ascii_domain(domain: str) -> str | None:
    """The domain as the DNS knows it, lower-case; None if it is not a domain name.

    IDNA 2008 with the mapping of UTS 46 but not its transitional one: ``straße.de`` stays apart
    from ``strasse.de``. A single label is accepted here; whether it is public is another matter.
    """
    lowered = domain.lower()
    if lowered.isascii() and "xn--" not in lowered:
        ascii_domain = lowered
    else:
        import idna  # 15 ms, and hardly any address needs it

        try:
            ascii_domain = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError, IndexError, ValueError):
            return None
    labels = ascii_domain.split(".")
    if len(ascii_domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004 - RFC 1035, 2.3.4
        return None
    return ascii_domain


def is_public_domain(domain: str) -> bool:
    """Whether the name can be on the public internet: no IP address, no local name."""
    labels = domain.split(".")
    if len(labels) < 2 or labels[-1] in _PRIVATE_ENDINGS or domain.endswith(".home.arpa"):  # noqa: PLR2004
        return False
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]+", labels[-1]):
        return False  # RFC 3696, 2: no top-level domain is a number
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return True
    return False


def transliterate(local: str) -> str | None:
    """The usual ASCII spelling of a local part (ä → ae, é → e); None where there is none."""
    spelled = unicodedata.normalize("NFC", local).translate(_SPELLED)
    spelled = "".join(
        char for char in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(char)
    )
    spelled = re.sub(r"\s+", "", spelled)
    return spelled if spelled.isascii() and _ATOM.fullmatch(spelled) else None
