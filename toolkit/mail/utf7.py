"""Mailbox names on the wire: modified UTF-7 (RFC 3501, section 5.1.3), read leniently.

A folder's key is the raw name its server gave; what is decoded here is for people to read. So
decoding never fails: a broken shift sequence stays as it was written, names in raw UTF-8 (RFC 6855,
and servers that ignore the rule) and in Latin-1 are read as such. Encoding is exact.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64

__all__ = ["decode_name", "encode_name"]

# A shift sequence as the RFC writes it: "&", modified base64 ("," for "/", no padding), "-".
_SHIFT = re.compile(r"&([A-Za-z0-9+,]*)-")
# What must be shifted: everything outside printable ASCII, in one run.
_OUTSIDE = re.compile(r"[^\x20-\x7e]+")


def decode_name(raw: bytes) -> str:
    """A mailbox name for people to read; never raises, never sent back to a server.

    Names with bytes above 127 are no modified UTF-7: they are read as UTF-8, or as Latin-1 where
    that fails, and an ampersand in them is an ampersand.
    """
    if not raw.isascii():
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")
    text = raw.decode("ascii")
    return _SHIFT.sub(_unshift, text) if "&" in text else text


def encode_name(name: str) -> bytes:
    """The raw form of a name for a folder to be created: ``decode_name`` reads it back.

    Only for names that come from us or from a person; a folder a server listed is addressed by
    the raw bytes it was listed with.
    """
    return _OUTSIDE.sub(_shift, name.replace("&", "&-")).encode("ascii")


def _unshift(match: re.Match[str]) -> str:
    body = match.group(1)
    if not body:
        return "&"
    try:
        units = a2b_base64(body.replace(",", "/") + "=" * (-len(body) % 4))
        # Strict: half a character or half a surrogate pair is damage, shown as it was written.
        return units.decode("utf-16-be")
    except (Error, UnicodeDecodeError):
        return match.group(0)


def _shift(match: re.Match[str]) -> str:
    # A lone surrogate cannot come from a server's name; passing it keeps this total.
    units = match.group(0).encode("utf-16-be", "surrogatepass")
    body = b2a_base64(units, newline=False).decode("ascii").rstrip("=").replace("/", ",")
    return f"&{body}-"
