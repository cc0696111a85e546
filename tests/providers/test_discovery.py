"""The chain from an address to server data, on DNS snapshots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.mail.settings import Protocol, Server
from toolkit.providers import (
    Catalogue,
    Discovery,
    InvalidRecord,
    InvalidSnapshot,
    Outcome,
    Route,
    Snapshot,
    discover,
    discover_record,
)

LookUp = Callable[..., Discovery]
OWN = "kanzlei.example"


def at(found: Discovery) -> tuple[str | None, str | None]:
    """IMAP and SMTP server as text."""
    return str(found.imap) if found.imap else None, str(found.smtp) if found.smtp else None


def preset(address: str) -> Discovery:
    """What is known without asking anybody."""
    return discover(address, resolver=None)


# ---- presets


@pytest.mark.parametrize(
    ("address", "provider", "imap", "smtp", "login", "smtp_login"),
    [
        ("a@t-online.de", "t-online", "secureimap.t-online.de:993:ssl", "securesmtp.t-online.de:465:ssl", "a@t-online.de", None),
        ("a@gmx.at", "gmx", "imap.gmx.net:993:ssl", "mail.gmx.net:465:ssl", "a@gmx.at", None),
        ("a@gmx.co.uk", "gmx-com", "imap.gmx.com:993:ssl", "mail.gmx.com:465:ssl", "a@gmx.co.uk", None),
        ("a@web.de", "web.de", "imap.web.de:993:ssl", "smtp.web.de:465:ssl", "a", None),
        ("a@email.de", "web.de", "imap.web.de:993:ssl", "smtp.web.de:465:ssl", "a@email.de", None),
        ("Anna@mac.com", "icloud", "imap.mail.me.com:993:ssl", "smtp.mail.me.com:587:starttls", "Anna", "Anna@mac.com"),
        ("a+x@gmail.com", "gmail", "imap.gmail.com:993:ssl", "smtp.gmail.com:465:ssl", "a@gmail.com", None),
        ("a+x@gmx.de", "gmx", "imap.gmx.net:993:ssl", "mail.gmx.net:465:ssl", "a+x@gmx.de", None),
        ("a@hotmail.de", "outlook-consumer", "outlook.office365.com:993:ssl", "smtp-mail.outlook.com:587:starttls", "a@hotmail.de", None),
        ("a@x.onmicrosoft.com", "microsoft365", "outlook.office365.com:993:ssl", "smtp.office365.com:587:starttls", "a@x.onmicrosoft.com", None),
        ("a@yahoo.co.jp", "yahoo.co.jp", "imap.mail.yahoo.co.jp:993:ssl", "smtp.mail.yahoo.co.jp:465:ssl", "a", None),
        ("a@verizon.net", "aol", "imap.aol.com:993:ssl", "smtp.verizon.net:465:ssl", "a@verizon.net", None),
        ("a@texas.usa.com", "mail.com", "imap.mail.com:993:ssl", "smtp.mail.com:465:ssl", "a@texas.usa.com", None),
        ("a@dismail.de", "small-de", "imap.dismail.de:993:ssl", "smtp.dismail.de:465:ssl", "a@dismail.de", None),
    ],
)  # fmt: skip
def test_a_known_domain_needs_no_question(
    address: str, provider: str, imap: str, smtp: str, login: str, smtp_login: str | None
) -> None:
    """The preset gives servers and login names, and never a suggestion."""
    found = preset(address)
    assert found.outcome is Outcome.PRESET
    assert found.provider_id == provider
    assert at(found) == (imap, smtp)
    assert (found.login_username, found.smtp_login_username) == (login, smtp_login)
    assert found.suggest is None
    assert found.settings is not None
    assert found.settings.login_name(Protocol.SMTP) == (smtp_login or login)


@pytest.mark.parametrize(
    ("address", "outcome", "provider"),
    [
        ("a@tuta.com", "no_imap", "tuta"),
        ("a@hey.com", "no_imap", "hey"),
        ("a@pm.me", "bridge_only", "proton"),
        ("a@firemail.de", "paid_only", "firemail"),
        ("a@versatel.de", "discontinued", "versatel"),
        ("a@epost.de", "discontinued", "epost"),
        ("a@muster.de-mail.de", "not_email", "de-mail"),
        ("müller@muster.de-mail.de", "not_email", "de-mail"),
        ("DE.BRAK.0815-4711", "not_email", "bea"),
    ],
)
def test_what_cannot_be_connected_is_said(address: str, outcome: str, provider: str) -> None:
    """Closed, bridged and other services give their outcome and no server."""
    found = preset(address)
    assert (found.outcome, found.provider_id) == (outcome, provider)
    assert at(found) == (None, None)
    assert found.settings is None


def test_a_preset_is_not_inherited() -> None:
    """A name below or beside a known domain is not that provider's; without look-up: unknown."""
    for address in ("a@mail.gmx.de", "a@xgmx.de", "a@gmx.de.example", "a@foo.usa.com"):
        found = preset(address)
        assert (found.outcome, found.provider) == (Outcome.UNKNOWN, None)
        assert found.candidates


def test_a_preset_asks_nobody() -> None:
    """With a preset, the resolver is not touched, whatever it would say."""
    snapshot = Snapshot.from_json("gmx.de", {"mx": "NXDOMAIN"})
    found = discover("a@gmx.de", resolver=snapshot)
    assert found.outcome is Outcome.PRESET
    assert found.tried == ()


def test_invalid_addresses_suggest_and_say_why() -> None:
    """An invalid address carries the reason, the domain if sound, and what was probably meant."""
    found = preset("müller@gmx.de")
    assert found.as_json() | {"hints": ...} == {
        "outcome": "invalid",
        "domain": "gmx.de",
        "provider": None,
        "imap": None,
        "smtp": None,
        "login_username": None,
        "smtp_login_username": None,
        "suggest": "mueller@gmx.de",
        "hints": ...,
        "ask_user_for": [],
        "candidates": [],
        "route": None,
    }
    assert preset("max@gmx").suggest == "max@gmx.de"
    assert preset("max@gmxde").suggest == "max@gmx.de"
    assert preset("max@localhost").suggest is None


# ---- SRV


def srv(**services: list[list[Any]] | str) -> dict[str, Any]:
    """SRV records by service, for the own domain."""
    return {f"_{name}._tcp.{OWN}": records for name, records in services.items()}


def test_srv_prefers_implicit_tls(look_up: LookUp) -> None:
    """imaps before imap whatever the priorities; the lowest priority within a service."""
    found = look_up(
        mx=[[10, f"mx.{OWN}"]],
        srv=srv(
            imap=[[0, 1, 143, f"alt.{OWN}."]],
            imaps=[[20, 1, 993, f"b.{OWN}"], [10, 1, 993, f"a.{OWN}"]],
            submission=[[0, 1, 587, f"smtp.{OWN}"]],
        ),
    )
    assert found.outcome is Outcome.SRV
    assert at(found) == (f"a.{OWN}:993:ssl", f"smtp.{OWN}:587:starttls")
    assert [str(c.server) for c in found.candidates][:3] == [
        f"a.{OWN}:993:ssl",
        f"b.{OWN}:993:ssl",
        f"alt.{OWN}:143:starttls",
    ]
    assert found.login_username == f"info@{OWN}"


def test_srv_weighs_equal_priorities(look_up: LookUp) -> None:
    """Among equal priorities the greater weight comes first."""
    found = look_up(srv=srv(imaps=[[0, 1, 993, f"b.{OWN}"], [0, 9, 993, f"a.{OWN}"]]))
    assert at(found)[0] == f"a.{OWN}:993:ssl"


def test_srv_beats_mail_exchangers(look_up: LookUp) -> None:
    """What the domain itself says is trusted more than whose exchanger takes its mail."""
    found = look_up(mx=[[10, "smtpin.rzone.de"]], srv=srv(imaps=[[0, 1, 993, f"imap.{OWN}"]]))
    assert found.outcome is Outcome.SRV
    assert found.smtp is None
    assert any(c.protocol is Protocol.SMTP for c in found.candidates)


def test_srv_target_dot_means_no_imap(look_up: LookUp) -> None:
    """All targets being the root says the service is not offered (RFC 6186, 3.4)."""
    for services in (srv(imaps=[[0, 0, 0, "."]]), srv(imap=[[0, 0, 0, "."]], imaps=[[0, 0, 0, "."]])):  # fmt: skip
        found = look_up(mx=[[10, f"mx.{OWN}"]], srv=services)
        assert found.outcome is Outcome.SRV_DISABLED
        assert "no_imap_announced" in found.hints


def test_srv_disabled_for_one_service_leaves_the_other(look_up: LookUp) -> None:
    """STARTTLS refused and implicit TLS offered is RFC 6186's own example."""
    found = look_up(srv=srv(imap=[[0, 0, 0, "."]], imaps=[[0, 1, 993, f"imap.{OWN}"]]))
    assert at(found)[0] == f"imap.{OWN}:993:ssl"


def test_srv_never_leads_to_a_local_host(look_up: LookUp) -> None:
    """A target that is no public name is passed over."""
    for target in ("localhost", "127.0.0.1", "server.local", "10.0.0.1"):
        found = look_up(mx=[[10, f"mx.{OWN}"]], srv=srv(imaps=[[0, 1, 993, target]]))
        assert found.outcome is Outcome.SELF_HOSTED
        assert found.imap is None


def test_srv_to_a_known_provider_brings_its_knowledge(look_up: LookUp) -> None:
    """A known server's provider gives hints and login form; a stranger's server is marked."""
    found = look_up(srv=srv(imaps=[[0, 1, 993, "imap.fastmail.com"]]))
    assert found.provider_id == "fastmail"
    assert found.ask_user_for == ("username (main address)",)
    assert found.login_username is None
    assert at(found)[1] == "smtp.fastmail.com:465:ssl"
    strange = look_up(srv=srv(imaps=[[0, 1, 993, "imap.anders.example.net"]]))
    assert "server_outside_domain" in strange.hints


# ---- mail exchangers


@pytest.mark.parametrize(
    ("mx", "provider", "imap", "asks"),
    [
        ("smtpin.rzone.de", "strato", "imap.strato.de:993:ssl", ()),
        ("SMTPIN.RZONE.DE.", "strato", "imap.strato.de:993:ssl", ()),
        ("mx00.kundenserver.de", "ionos", "imap.ionos.de:993:ssl", ()),
        ("mx00.ionos.co.uk", "ionos", "imap.ionos.co.uk:993:ssl", ()),
        ("w01234ab.kasserver.com", "all-inkl", "w01234ab.kasserver.com:993:ssl", ()),
        ("mxf963.netcup.net", "netcup", "mxf963.netcup.net:993:ssl", ()),
        ("aspmx.l.google.com", "google-workspace", "imap.gmail.com:993:ssl", ()),
        ("smtp.google.com", "google-workspace", "imap.gmail.com:993:ssl", ()),
        ("k-de.mail.protection.outlook.com", "microsoft365", "outlook.office365.com:993:ssl", ()),
        ("k-de.p-v1.mx.microsoft", "microsoft365", "outlook.office365.com:993:ssl", ()),
        ("mx.zoho.eu", "zoho-eu", "imappro.zoho.eu:993:ssl", ()),
        ("mx01.mail.icloud.com", "icloud", "imap.mail.me.com:993:ssl", ("username",)),
        ("mxext1.mailbox.org", "mailbox.org", "imap.mailbox.org:993:ssl", ("username (main address)",)),
        ("mx.1blu.de", "1blu", "imap.1blu.de:993:ssl", ("username",)),
    ],
)  # fmt: skip
def test_an_exchanger_shows_the_provider(
    look_up: LookUp, mx: str, provider: str, imap: str, asks: tuple[str, ...]
) -> None:
    """A customer's own domain is reached as the exchanger's provider has it."""
    found = look_up(mx=[[20, "backup.invalid"], [10, mx]])
    assert (found.outcome, found.provider_id) == (Outcome.MX, provider)
    assert at(found)[0] == imap
    assert found.ask_user_for == asks
    assert (found.login_username is None) == bool(asks)


@pytest.mark.parametrize(
    ("mx", "outcome", "provider"),
    [
        ("mail.protonmail.ch", Outcome.BRIDGE_ONLY, "proton"),
        ("mail.tutanota.de", Outcome.NO_IMAP, "tuta"),
        ("mx0.hosteurope.de", Outcome.ASK, "hosteurope"),
        ("mx00.ionos.de.boese.example", Outcome.UNKNOWN, None),
        ("xgoogle.com", Outcome.UNKNOWN, None),
        ("evilrzone.de", Outcome.UNKNOWN, None),
        ("203.0.113.5", Outcome.UNKNOWN, None),
    ],
)
def test_an_exchanger_without_a_usable_server(
    look_up: LookUp, mx: str, outcome: Outcome, provider: str | None
) -> None:
    """Closed providers, per-contract servers and look-alikes give no server."""
    found = look_up(mx=[[10, mx]])
    assert (found.outcome, found.provider_id) == (outcome, provider)
    assert at(found) == (None, None)


def test_per_contract_servers_are_asked_for_not_guessed(look_up: LookUp) -> None:
    """Host Europe's hosts have other names than the usual guesses, so none is offered."""
    found = look_up(mx=[[10, "mx0.hosteurope.de"]])
    assert found.ask_user_for == ("imap_host", "username")
    assert found.candidates == ()


def test_an_exchanger_that_is_no_host_name_gives_no_server(look_up: LookUp) -> None:
    """A wildcard in an MX record is not put into a server name."""
    found = look_up(mx=[[10, "*.kasserver.com"]])
    assert (found.outcome, found.imap) == (Outcome.ASK, None)


def test_the_best_exchanger_decides(look_up: LookUp) -> None:
    """A backup exchanger at a hoster does not make it the mailbox's."""
    assert look_up(mx=[[10, f"mx.{OWN}"], [20, "smtpin.rzone.de"]]).outcome is Outcome.SELF_HOSTED
    strange = look_up(mx=[[10, "mx.fremd.example.net"], [20, "smtpin.rzone.de"]])
    assert (strange.outcome, strange.provider_id, strange.imap) == (Outcome.ASK, "strato", None)


def test_an_alias_of_the_exchanger_is_followed(look_up: LookUp) -> None:
    """mail.<domain> being an alias of a hoster's exchanger shows the hoster."""
    found = look_up(mx=[[10, f"mail.{OWN}"]], cname={f"mail.{OWN}": "smtpin.rzone.de"})
    assert (found.outcome, found.provider_id) == (Outcome.MX, "strato")


# ---- mail filters


@pytest.mark.parametrize(
    ("records", "provider"),
    [
        ({"cname": {f"autodiscover.{OWN}": "autodiscover.outlook.com"}}, "microsoft365"),
        ({"cname": {f"autoconfig.{OWN}": "autoconfigure.strato.de"}}, "strato"),
        ({"cname": {f"imap.{OWN}": "imap.strato.de"}}, "strato"),
        ({"srv": {f"_autodiscover._tcp.{OWN}": [[0, 0, 443, "autodiscover.outlook.com"]]}}, "microsoft365"),
        ({"cname": {f"selector1._domainkey.{OWN}": "selector1-k._domainkey.k.onmicrosoft.com"}}, "microsoft365"),
    ],
)  # fmt: skip
def test_behind_a_filter_only_proof_counts(
    look_up: LookUp, records: dict[str, Any], provider: str
) -> None:
    """An alias or service record made for the mailbox's clients proves where it is."""
    found = look_up(mx=[[10, "mx01.hornetsecurity.com"]], **records)
    assert (found.outcome, found.provider_id) == (Outcome.GATEWAY_RESOLVED, provider)
    assert found.imap is not None


def test_a_filter_with_the_provider_as_backup(look_up: LookUp) -> None:
    """The provider's own exchanger behind the filter accepts the domain's mail."""
    found = look_up(mx=[[10, "mx.mimecast.com"], [20, "k.mail.protection.outlook.com"]])
    assert (found.outcome, found.provider_id) == (Outcome.GATEWAY_RESOLVED, "microsoft365")


@pytest.mark.parametrize(
    "spf", ["include:spf.newsletter.example", "include:spf.protection.outlook.com", "include:_spf.google.com"]
)  # fmt: skip
def test_spf_proves_nothing(look_up: LookUp, spf: str) -> None:
    """Whoever may send for a domain need not keep its mailboxes."""
    found = look_up(mx=[[10, "mx01.hornetsecurity.com"]], txt=[f"v=spf1 {spf} -all"])
    assert found.outcome is Outcome.GATEWAY_ASK
    assert found.ask_user_for == ("imap_host",)
    assert found.imap is None
    assert found.candidates


def test_every_filter_is_one(catalogue: Catalogue, look_up: LookUp) -> None:
    """Each gateway's exchanger alone leads to the question for the mailbox server."""
    gateways = [provider for provider in catalogue if provider.status == "gateway"]
    assert len(gateways) > 20
    for provider in gateways:
        found = look_up(mx=[[10, f"mx.{provider.mx[0]}"]])
        assert (found.outcome, found.provider) == (Outcome.GATEWAY_ASK, provider)


# ---- self-hosted


def test_an_own_exchanger_is_self_hosted(look_up: LookUp) -> None:
    """A host of the domain's owner takes the mail: candidates, the exchanger itself first."""
    found = look_up("kanzlei.co.uk", mx=[[10, "mx.kanzlei.co.uk"]])
    assert (found.outcome, found.provider) == (Outcome.SELF_HOSTED, None)
    assert found.ask_user_for == ("imap_host",)
    servers = [str(c.server) for c in found.candidates if c.protocol is Protocol.IMAP]
    assert servers[:3] == [
        "mx.kanzlei.co.uk:993:ssl",
        "imap.kanzlei.co.uk:993:ssl",
        "mail.kanzlei.co.uk:993:ssl",
    ]
    assert servers[4:] == [s.replace("993:ssl", "143:starttls") for s in servers[:4]]


def test_a_sister_domain_is_own_a_public_suffix_is_not(look_up: LookUp) -> None:
    """One registrable domain is one owner; co.uk is not."""
    assert look_up("intern.kanzlei.co.uk", mx=[[1, "mx.kanzlei.co.uk"]]).outcome == "self_hosted"
    assert look_up("kanzlei.co.uk", mx=[[1, "mx.fremd.co.uk"]]).outcome == "unknown"


def test_exchange_is_seen_by_autodiscover_alone(look_up: LookUp) -> None:
    """An autodiscover host without an autoconfig host is an Exchange server's; a panel has both."""
    mx = [[10, f"mail.{OWN}"]]
    found = look_up(mx=mx, a={f"autodiscover.{OWN}": "203.0.113.7"})
    assert (found.outcome, found.provider_id) == (Outcome.SELF_HOSTED, "exchange-onprem")
    assert found.ask_user_for == ("imap_host", "username")
    assert {"exchange_username_forms", "imap_often_disabled"} <= set(found.hints)
    panel = look_up(
        mx=mx, a={f"autodiscover.{OWN}": "203.0.113.7", f"autoconfig.{OWN}": "203.0.113.7"}
    )
    assert (panel.outcome, panel.provider) == (Outcome.SELF_HOSTED, None)


def test_no_exchanger_but_an_address(look_up: LookUp) -> None:
    """RFC 5321's implicit MX: the domain's own host takes the mail; without one, nobody does."""
    assert look_up(mx=[], a={OWN: "203.0.113.9"}).outcome is Outcome.SELF_HOSTED
    assert look_up(mx=[]).outcome is Outcome.NO_MAIL


# ---- absence and failure


@pytest.mark.parametrize("failure", ["TIMEOUT", "SERVFAIL", "timeout"])
def test_failure_is_never_absence(look_up: LookUp, failure: str) -> None:
    """A resolver that does not answer says nothing about the domain."""
    assert look_up(mx=failure).outcome is Outcome.TEMPORARY_FAILURE
    assert look_up("gmx.ed", mx=failure).outcome is Outcome.TEMPORARY_FAILURE
    assert look_up(mx=[], a={OWN: failure}).outcome is Outcome.TEMPORARY_FAILURE
    mx = [[10, "mx.fremd.example.net"]]
    assert look_up(mx=mx, srv=srv(imaps=failure)).outcome is Outcome.TEMPORARY_FAILURE
    assert look_up(mx=mx, cname={f"imap.{OWN}": failure}).outcome is Outcome.TEMPORARY_FAILURE


def test_a_failure_does_not_hide_an_answer(look_up: LookUp) -> None:
    """What another question answers counts, although one failed."""
    assert look_up(mx=[[1, "smtpin.rzone.de"]], srv=srv(imaps="TIMEOUT")).outcome is Outcome.MX
    assert look_up(mx="TIMEOUT", srv=srv(imaps=[[0, 1, 993, f"imap.{OWN}"]])).outcome == "srv"
    unsure = look_up(mx=[[1, f"mx.{OWN}"]], srv=srv(imap=[[0, 0, 0, "."]], imaps="TIMEOUT"))
    assert unsure.outcome is not Outcome.SRV_DISABLED


def test_a_silent_web_server_is_no_dns_failure(look_up: LookUp) -> None:
    """That nobody answers at autoconfig.<domain> says nothing about its mail."""
    url = f"https://autoconfig.{OWN}/mail/config-v1.1.xml"
    found = look_up(mx=[[1, "mx.fremd.example.net"]], https={url: "TIMEOUT"})
    assert found.outcome is Outcome.UNKNOWN


def test_null_mx_and_no_domain(look_up: LookUp) -> None:
    """A null MX takes no mail; a domain that does not exist, and is no slip, is invalid."""
    assert look_up(mx=[[0, "."]]).outcome is Outcome.NO_MAIL
    found = look_up(mx="NXDOMAIN")
    assert (found.outcome, found.suggest) == (Outcome.INVALID_DOMAIN, None)
    assert found.candidates == ()


def test_everything_asked_is_told(look_up: LookUp) -> None:
    """Each question is listed with its answer, in order."""
    found = look_up(mx=[[10, "mx.fremd.example.net"]], srv=srv(imap="SERVFAIL"))
    assert found.tried[0].as_json() == {
        "method": "mx",
        "asked": OWN,
        "answer": "answer",
        "detail": "10 mx.fremd.example.net",
    }
    assert {(s.method, s.answer) for s in found.tried} >= {
        ("srv", "absent"),
        ("srv", "failed"),
        ("autoconfig", "absent"),
        ("cname", "absent"),
        ("address", "absent"),
    }


# ---- records


def test_a_record_answers_with_its_id() -> None:
    """One record in, one out; unknown keys are ignored."""
    answer = discover_record({"id": 7, "address": "a@gmx.de", "dns": {}, "mehr": 1})
    assert answer["id"] == 7
    assert answer["imap"] == {"host": "imap.gmx.net", "port": 993, "security": "ssl"}
    assert list(answer) == [
        "id", "outcome", "domain", "provider", "imap", "smtp", "login_username",
        "smtp_login_username", "suggest", "hints", "ask_user_for", "candidates", "route",
    ]  # fmt: skip


def test_an_empty_snapshot_asks_nobody() -> None:
    """dns: {} means presets only, also where a live resolver is at hand."""

    def live() -> Snapshot:
        pytest.fail("asked")

    record = {"id": 1, "address": f"a@{OWN}", "dns": {}}
    assert discover_record(record, live=live)["outcome"] == "unknown"


def test_a_missing_snapshot_asks_the_resolver_at_hand() -> None:
    """Without dns, or with null, the live resolver answers."""
    snapshot = Snapshot.from_json(OWN, {"mx": [[1, "smtpin.rzone.de"]]})
    for record in ({"address": f"a@{OWN}"}, {"address": f"a@{OWN}", "dns": None}):
        answer = discover_record(record, live=lambda: snapshot)
        assert answer["provider"] == "strato"


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ({}, InvalidRecord),
        ({"address": None, "dns": {}}, InvalidRecord),
        ({"address": 5, "dns": {}}, InvalidRecord),
        ({"address": "a@gmx.de", "dns": []}, InvalidRecord),
        ({"address": f"a@{OWN}", "dns": {"mx": 5}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"mx": [[10]]}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"mx": [["10", "x"]]}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"mx": [[10, None]]}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"mx": "MAYBE"}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"srv": []}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"srv": {"_imaps._tcp": [[1, 2, 3]]}}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"cname": {"x": 5}}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"a": {"x": {}}}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"https": "x"}}, InvalidSnapshot),
        ({"address": f"a@{OWN}", "dns": {"txt": [5]}}, InvalidSnapshot),
    ],
)
def test_an_unreadable_record_is_a_typed_error(
    record: dict[str, object], error: type[InvalidRecord]
) -> None:
    """What cannot be read names its field."""
    with pytest.raises(error) as caught:
        discover_record(record)
    assert caught.value.field


names = st.sampled_from(
    [OWN, f"mx.{OWN}", "smtpin.rzone.de", "mx.hornetsecurity.com", ".", "", "localhost", "*.kasserver.com", "a b", "ä.example", "x" * 300]
)  # fmt: skip
ending = st.sampled_from(["NXDOMAIN", "TIMEOUT", "SERVFAIL", None])
number = st.integers(0, 65535)


@settings(max_examples=300, deadline=None)
@given(
    domain=st.sampled_from([OWN, "gmx.ed", "xn--mller-kva.example", f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 55}.de"]),
    mx=st.one_of(ending, st.lists(st.tuples(number, names).map(list), max_size=3)),
    imaps=st.one_of(ending, st.lists(st.tuples(number, number, number, names).map(list), max_size=2)),
    cname=st.dictionaries(st.sampled_from([f"autodiscover.{OWN}", f"imap.{OWN}", f"mx.{OWN}"]), names, max_size=3),
    a=st.dictionaries(names, st.one_of(ending, st.just("203.0.113.7")), max_size=3),
    page=st.one_of(ending, st.text(max_size=30)),
)  # fmt: skip
def test_any_snapshot_gives_a_result(
    domain: str, mx: Any, imaps: Any, cname: Any, a: Any, page: Any
) -> None:
    """Whatever the DNS says, discovery ends in a result that keeps its promises."""
    dns = {
        "mx": mx,
        "srv": {f"_imaps._tcp.{domain}": imaps},
        "cname": cname,
        "a": a,
        "https": {f"https://autoconfig.{domain}/mail/config-v1.1.xml": page},
    }
    found = discover(f"a@{domain}", resolver=Snapshot.from_json(domain, dns))
    assert found.domain == domain
    assert found.as_json()["outcome"] in set(Outcome)
    for server in (found.imap, found.smtp):
        assert server is None or isinstance(server, Server)
    if mx in {"TIMEOUT", "SERVFAIL"} if isinstance(mx, str) else False:
        assert found.outcome not in {Outcome.INVALID_DOMAIN, Outcome.NO_MAIL, Outcome.SUGGEST_TYPO}
    if found.imap is not None and found.login_username is None:
        assert found.ask_user_for


def test_route_follows_the_provider(look_up: LookUp) -> None:
    """Exchange goes the Exchange way; a freemailer IMAP; own domain without IMAP may move."""

    def route(found: Discovery) -> tuple[Route, tuple[Route, ...]]:
        assert found.advice is not None
        assert found.advice.reasons
        return found.advice.route, found.advice.alternatives

    integration = (Route.DOMAIN_INTEGRATION,)
    assert route(preset("a@gmx.de")) == (Route.IMAP, ())
    assert route(preset("a@tuta.com")) == (Route.UNSUPPORTED, ())
    assert route(look_up(mx=[[1, "smtpin.rzone.de"]])) == (Route.IMAP, integration)
    assert route(look_up(mx=[[1, "mail.tutanota.de"]])) == (Route.DOMAIN_INTEGRATION, ())
    outlook = look_up(mx=[[1, "k.mail.protection.outlook.com"]])
    assert route(outlook) == (Route.EXCHANGE, integration)
    assert look_up(mx="TIMEOUT").advice is None
