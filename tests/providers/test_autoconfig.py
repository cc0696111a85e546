"""Autoconfig files: what may be used of them, and what hostile ones lead to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from toolkit.mail.settings import Server
from toolkit.providers import Address, Discovery, Outcome
from toolkit.providers.autoconfig import autoconfig_urls, read_autoconfig

LookUp = Callable[..., Discovery]
OWN = "kanzlei.example"
ADDRESS = Address("info", OWN)


def server(
    kind: str = "incoming", protocol: str = "imap", *, host: str = f"in.{OWN}", port: str = "993",
    socket: str = "SSL", user: str = "%EMAILADDRESS%", auth: str = "password-cleartext",
) -> str:  # fmt: skip
    """One server of a file."""
    return (
        f'<{kind}Server type="{protocol}"><hostname>{host}</hostname><port>{port}</port>'
        f"<socketType>{socket}</socketType><username>{user}</username>"
        f"<authentication>{auth}</authentication></{kind}Server>"
    )


def smtp(socket: str = "SSL", port: str = "465", user: str = "%EMAILADDRESS%") -> str:
    """One SMTP server of a file."""
    return server("outgoing", "smtp", host=f"out.{OWN}", port=port, socket=socket, user=user)


def config(*servers: str) -> str:
    """A file with these servers."""
    return (
        '<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="k">'
        f"<domain>{OWN}</domain>{''.join(servers)}</emailProvider></clientConfig>"
    )


def published(look_up: LookUp, xml: str, url: int = 1) -> Discovery:
    """Discovery of a domain that publishes this, with its own mail exchanger."""
    return look_up(mx=[[10, f"mx.{OWN}"]], https={autoconfig_urls(ADDRESS)[url]: xml})


@pytest.mark.parametrize("url", [0, 1, 2])
def test_a_published_file_is_used(look_up: LookUp, url: int) -> None:
    """Each of the three places is asked."""
    found = published(look_up, config(server(), smtp()), url)
    assert found.outcome is Outcome.AUTOCONFIG
    assert (str(found.imap), str(found.smtp)) == (f"in.{OWN}:993:ssl", f"out.{OWN}:465:ssl")
    assert (found.login_username, found.smtp_login_username) == (f"info@{OWN}", None)


def test_the_first_url_carries_the_address() -> None:
    """The query is percent-encoded, and only https is asked."""
    urls = autoconfig_urls(Address("a+b&c", OWN))
    assert urls[0].endswith("?emailaddress=a%2Bb%26c%40kanzlei.example")
    assert all(url.startswith("https://") for url in urls)


def test_placeholders_are_filled(look_up: LookUp) -> None:
    """Local part and domain stand where the file says; SMTP may have another login."""
    xml = config(
        server(host="imap.%EMAILDOMAIN%", user="%EMAILLOCALPART%"), smtp(user="x-%EMAILLOCALPART%")
    )
    found = published(look_up, xml)
    assert found.imap is not None
    assert found.imap.host == f"imap.{OWN}"
    assert (found.login_username, found.smtp_login_username) == ("info", "x-info")


def test_implicit_tls_comes_first(look_up: LookUp) -> None:
    """The order of the file is kept but for STARTTLS."""
    xml = config(server(port="143", socket="STARTTLS"), server(), smtp("STARTTLS", "587"), smtp())
    found = published(look_up, xml)
    assert (str(found.imap), str(found.smtp)) == (f"in.{OWN}:993:ssl", f"out.{OWN}:465:ssl")


def test_clear_text_alone_is_rejected(look_up: LookUp) -> None:
    """Nothing but clear text: rejected, and never used silently."""
    found = published(look_up, config(server(port="143", socket="plain"), smtp("plain", "25")))
    assert found.outcome is Outcome.AUTOCONFIG_REJECTED
    assert "insecure_settings" in found.hints
    assert (found.imap, found.smtp) == (None, None)
    assert found.ask_user_for == ("imap_host",)
    assert all(c.server.security in {"ssl", "starttls"} for c in found.candidates)


def test_clear_text_beside_tls_is_left_out(look_up: LookUp) -> None:
    """A file with both is used for what is encrypted, and says so."""
    found = published(look_up, config(server(port="143", socket="plain"), server(), smtp()))
    assert found.outcome is Outcome.AUTOCONFIG
    assert str(found.imap) == f"in.{OWN}:993:ssl"
    assert "insecure_settings" in found.hints


def test_oauth2_is_told(look_up: LookUp) -> None:
    """OAuth 2.0 alone, or beside a password."""
    assert "oauth2_only" in published(look_up, config(server(auth="OAuth2"), smtp())).hints
    only = read_autoconfig(config(server(auth="OAuth2")).encode(), ADDRESS)
    assert only is not None
    assert (only.oauth2, only.password) == (True, False)


def test_a_known_provider_is_recognised_by_its_server(look_up: LookUp) -> None:
    """A file that names a known server brings that provider's hints."""
    found = published(look_up, config(server(host="imap.strato.de"), smtp()))
    assert found.provider_id == "strato"
    assert "mailbox_password_not_account" in found.hints


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(8))
    + "]><clientConfig>&i;</clientConfig>"
)


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        '<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://evil.example/x.dtd"><clientConfig/>',
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><clientConfig>&e;</clientConfig>',
        "",
        "<html><body>Es gibt hier nichts</body></html>",
        "<clientConfig>",
        "<clientConfig/>",
        "<clientConfig><emailProvider/></clientConfig>",
        "<a>" * 5_000 + "</a>" * 5_000,
        '<?xml version="1.0" encoding="gibtsnicht"?><clientConfig/>',
        "\x00\x01",
        config(server(protocol="pop3")),
        config(server(host="localhost")),
        config(server(host="127.0.0.1")),
        config(server(host="[::1]")),
        config(server(host="intern.local")),
        config(server(host="")),
        config(server(port="0")),
        config(server(port="99999")),
        config(server(port="-1")),
        config(server(host="a b")),
        config(server()) + " " * 300_000,
    ],
)  # fmt: skip
def test_a_hostile_or_useless_file_is_none(look_up: LookUp, body: str) -> None:
    """Bombs, foreign entities, local hosts and other pages count as nothing published."""
    found = published(look_up, body)
    assert (found.outcome, found.imap) == (Outcome.SELF_HOSTED, None)


def test_a_namespace_does_not_matter() -> None:
    """Some publish with a default namespace."""
    xml = config(server()).replace("<clientConfig", '<clientConfig xmlns="urn:x"')
    read = read_autoconfig(xml.encode(), ADDRESS)
    assert read is not None
    assert read.imap == ((Server.parse(f"in.{OWN}:993:ssl"), f"info@{OWN}"),)
