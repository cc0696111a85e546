"""Slips of the typing hand, and names that only look like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.providers import Catalogue, Discovery, Snapshot, discover, load_providers
from toolkit.providers.typos import similar_domains


def typed(domain: str) -> Discovery:
    """Discovery of an address whose domain does not exist."""
    snapshot = Snapshot.from_json(domain, {"mx": "NXDOMAIN"})
    return discover(f"max@{domain}", resolver=snapshot)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("gmx.ed", "gmx.de"), ("gmx.d", "gmx.de"), ("gmx.dee", "gmx.de"), ("gmx.dr", "gmx.de"),
        ("gmy.de", "gmx.de"), ("gmxx.de", "gmx.de"), ("gm.de", "gmx.de"), ("gmx.bet", "gmx.net"),
        ("gmx.xx", "gmx.de"), ("www.gmx.de", "gmx.de"), ("gmx.con", "gmx.com"),
        ("gmx.de.de", "gmx.de"), ("mgx.de", "gmx.de"),
        ("web.ed", "web.de"), ("wbe.de", "web.de"), ("wen.de", "web.de"), ("we.de", "web.de"),
        ("web.com", "web.de"), ("webb.de", "web.de"),
        ("tonline.de", "t-online.de"), ("t.online.de", "t-online.de"), ("t-onlin.de", "t-online.de"),
        ("t-onlien.de", "t-online.de"), ("t-online.com", "t-online.de"), ("t-oline.de", "t-online.de"),
        ("gmial.com", "gmail.com"), ("gamil.com", "gmail.com"), ("gmai.com", "gmail.com"),
        ("gnail.com", "gmail.com"), ("gmail.con", "gmail.com"), ("gmail.co", "gmail.com"),
        ("gmail.de", "gmail.com"), ("gmaill.com", "gmail.com"), ("googlemail.de", "googlemail.com"),
        ("hotmial.de", "hotmail.de"), ("hotmai.com", "hotmail.com"), ("hotmail.cm", "hotmail.com"),
        ("outlok.de", "outlook.de"), ("outllok.com", "outlook.com"), ("outlook.dee", "outlook.de"),
        ("yaho.de", "yahoo.de"), ("yahooo.de", "yahoo.de"), ("yhoo.com", "yahoo.com"),
        ("iclod.com", "icloud.com"), ("icloud.de", "icloud.com"), ("me.co", "me.com"),
        ("freent.de", "freenet.de"), ("freenet.d", "freenet.de"), ("acor.de", "arcor.de"),
        ("vodafon.de", "vodafone.de"), ("posteo.d", "posteo.de"), ("mailbox.og", "mailbox.org"),
        ("aol.co", "aol.com"), ("bluewin.com", "bluewin.ch"), ("xn--gmil-63d.com", "gmail.com"),
    ],
)  # fmt: skip
def test_one_slip_is_suggested(wrong: str, meant: str) -> None:
    """The likeliest meaning comes first; the address itself is left as typed."""
    found = typed(wrong)
    assert found.outcome == "suggest_typo"
    assert found.suggest == f"max@{meant}"
    assert found.address == f"max@{wrong}"
    assert found.domain == wrong
    assert found.imap is None


def test_other_meanings_are_offered_too() -> None:
    """gmx.con may be gmx.com or gmx.de: both are there, the likelier first."""
    assert typed("gmx.con").suggestions[:2] == ("max@gmx.com", "max@gmx.de")


@pytest.mark.parametrize(
    "domain",
    ["kanzlei-schmidt.de", "abc.de", "xyz.net", "ra-mueller.de", "gmbh.de", "mail.kanzlei.example", "a.de", "ab.com"],
)  # fmt: skip
def test_another_name_is_no_slip(domain: str) -> None:
    """A domain far from every known one is only said not to exist."""
    found = typed(domain)
    assert (found.outcome, found.suggest) == ("invalid_domain", None)


@pytest.mark.parametrize("domain", ["mail.com", "ymail.com", "gmx.com", "live.de", "email.de"])
def test_a_real_provider_is_never_corrected(domain: str) -> None:
    """What exists is not a typo of its bigger neighbour."""
    found = typed(domain)
    assert (found.outcome, found.suggest) == ("preset", None)


def test_a_look_alike_that_exists_is_left_alone() -> None:
    """Only a domain that does not exist is taken for a slip."""
    snapshot = Snapshot.from_json("gmx.ed", {"mx": [[10, "mx.gmx.ed"]]})
    assert discover("max@gmx.ed", resolver=snapshot).outcome == "self_hosted"


@given(st.data())
def test_turned_letters_lead_back(data: st.DataObject) -> None:
    """Two neighbouring letters of a main domain turned round: the domain is among the first."""
    catalogue: Catalogue = load_providers()
    main = [d for d, rarity in catalogue.rarity.items() if rarity < 1 and len(d) > 6]
    domain = data.draw(st.sampled_from(main))
    at = data.draw(st.integers(0, len(domain) - 2))
    turned = domain[:at] + domain[at + 1] + domain[at] + domain[at + 2 :]
    if turned != domain and turned not in catalogue.domains:
        assert domain in similar_domains(turned, catalogue.rarity)
