"""Which known domain a domain that does not exist is one slip away from.

Every domain one slip of the typing hand away is built and looked up among the known ones, so that
the kind of slip is known and can be weighed: turning two letters round or hitting the key beside
is likelier than a wrong letter anywhere. (An edit distance alone cannot tell them apart, and
building the few thousand neighbours takes a millisecond, less than importing a library for it.)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

__all__ = ["similar_domains"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

#: Neighbours on a German (QWERTZ) and an English (QWERTY) keyboard, by rows.
_ROWS = ("1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm")
_ROWS_EN = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")

#: How unlikely each kind of slip is: a hyphen or dot amiss, two letters turned round, a letter
#: doubled, the key beside, a letter left out, another ending, a letter too many, any wrong letter.
_SEPARATOR, _SWAP, _DOUBLE, _NEAR, _MISSING, _TLD, _EXTRA, _OTHER = 1.0, 2.0, 3.0, 4.0, 5.0, 5.5, 6.0, 7.0  # fmt: skip

#: Letters of other scripts that look Latin (Cyrillic, Greek), and digits for letters.
_LOOK_ALIKES = str.maketrans("аеорсухіјѕԁһӏοαενικρτυω", "aeopcyxijsdhloaevikptuw")

#: Below this length a wrong letter anywhere makes another name rather than a slip.
_SHORT = 4
#: Names this short are one slip from nearly everything.
_TOO_SHORT = 2


def _near_keys() -> dict[str, frozenset[str]]:
    near: dict[str, set[str]] = {}
    for rows in (_ROWS, _ROWS_EN):
        for y, row in enumerate(rows):
            for x, key in enumerate(row):
                for other_row, columns in (
                    (y, (x - 1, x + 1)),
                    (y - 1, (x, x + 1)),
                    (y + 1, (x - 1, x)),
                ):
                    for column in columns:
                        if 0 <= other_row < len(rows) and 0 <= column < len(rows[other_row]):
                            near.setdefault(key, set()).add(rows[other_row][column])
    return {key: frozenset(others) for key, others in near.items()}


_NEAR_KEYS = _near_keys()


def similar_domains(domain: str, known: Mapping[str, float], *, limit: int = 5) -> tuple[str, ...]:
    """Known domains one slip away, the likeliest first.

    Args:
        domain: lower-case ASCII; it is taken for granted that it does not exist.
        known: domain → how rare it is, on the scale of the kinds of slip (0: the most usual).
        limit: how many to give at most.
    """
    unlike = _latin(domain)
    if unlike != domain and unlike in known:
        return (unlike,)
    costs: dict[str, float] = {}
    for neighbour, cost in (*_slips(domain), *_other_endings(domain, known)):
        if neighbour in known and neighbour != domain and _plausible(domain, neighbour, cost):
            total = cost + known[neighbour]
            costs[neighbour] = min(total, costs.get(neighbour, total))
    return tuple(sorted(costs, key=lambda name: (costs[name], name))[:limit])


def _latin(domain: str) -> str:
    """The domain with look-alike letters of other scripts and accents made Latin."""
    if "xn--" not in domain:
        return domain
    import idna

    try:
        text = idna.decode(domain)
    except idna.IDNAError:
        return domain
    plain = unicodedata.normalize("NFKD", text.translate(_LOOK_ALIKES))
    return "".join(char for char in plain if not unicodedata.combining(char))


def _plausible(domain: str, meant: str, cost: float) -> bool:
    label = meant.partition(".")[0]
    if label == domain.partition(".")[0]:  # only the ending differs
        return True
    if len(label) <= _TOO_SHORT:
        return False
    return not (len(label) < _SHORT and cost in {_OTHER, _EXTRA})


def _slips(domain: str) -> Iterator[tuple[str, float]]:
    """Every name one slip away, with the kind of slip that would have led to ``domain``."""
    for i in range(len(domain) + 1):
        head, tail = domain[:i], domain[i:]
        before, after = head[-1:], tail[:1]
        for letter in _LETTERS:  # a letter was left out
            doubled = letter in (before, after)
            yield head + letter + tail, _DOUBLE if doubled else _MISSING
        for separator in "-.":
            yield head + separator + tail, _SEPARATOR
        if not tail:
            continue
        rest = tail[1:]
        if after in "-.":  # a separator too many, or one for the other
            yield head + rest, _SEPARATOR
            yield head + ("." if after == "-" else "-") + rest, _SEPARATOR
        else:
            close = _NEAR_KEYS.get(after, frozenset())
            beside = before == after or before in close or rest[:1] in close
            yield head + rest, _DOUBLE if before == after else _NEAR if beside else _EXTRA
            for letter in _LETTERS:
                yield head + letter + rest, _NEAR if letter in close else _OTHER
        if rest:
            yield head + rest[0] + after + rest[1:], _SWAP


def _other_endings(domain: str, known: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Known domains of the same name under another ending, or with one glued on."""
    name, _, typed_ending = domain.partition(".")
    if domain.startswith(("www.", "mail.", "imap.", "pop.", "smtp.")):
        yield domain.partition(".")[2], _SEPARATOR
    for other in known:
        label, _, ending = other.partition(".")
        if label == name and typed_ending.count(".") <= ending.count("."):
            yield other, _TLD
        if label + ending == domain.replace(".", ""):
            yield other, _SEPARATOR
        if domain.startswith(f"{other}."):  # gmx.de.de
            yield other, _EXTRA
