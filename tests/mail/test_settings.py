"""Server settings: only usable ones can be built, and they are written as they are read."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import InvalidServer
from toolkit.mail.settings import Protocol, Security, Server, ServerSettings

LABELS = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
HOSTS = st.one_of(
    st.lists(LABELS, min_size=1, max_size=5).map(".".join),
    st.ip_addresses().map(str),
)
SERVERS = st.builds(Server, HOSTS, st.integers(1, 65535), st.sampled_from(Security))


@given(SERVERS)
def test_what_is_written_is_read(server: Server) -> None:
    """HOST:PORT:SECURITY, names and both kinds of addresses, survives the round trip."""
    assert Server.parse(str(server)) == server
    assert server.as_json() == {
        "host": server.host,
        "port": server.port,
        "security": str(server.security),
    }


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("imap.gmx.net:993:ssl", "imap.gmx.net"),
        (" IMAP.GMX.NET:993:SSL\n", "imap.gmx.net"),
        ("imap.gmx.net.:993:ssl", "imap.gmx.net"),
        ("localhost:993:starttls", "localhost"),
        ("xn--mller-kva.de:993:ssl", "xn--mller-kva.de"),
        ("_dmarc.host_name.de:993:ssl", "_dmarc.host_name.de"),
        ("192.0.2.7:143:starttls", "192.0.2.7"),
        ("2001:db8::7:993:ssl", "2001:db8::7"),
        ("[2001:DB8::7]:993:ssl", "2001:db8::7"),
        ("::1:993:ssl", "::1"),
        ("::ffff:192.0.2.7:993:ssl", "::ffff:192.0.2.7"),
    ],
)
def test_usual_and_unusual_servers_are_read(text: str, host: str) -> None:
    """Case, blanks, brackets and the final dot do not matter."""
    assert Server.parse(text).host == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        ".",
        "..",
        "https://imap.gmx.net",
        "imap.gmx.net/",
        "imap gmx net",
        "imap..gmx.net",
        ".gmx.net",
        "-imap.gmx.net",
        "imap-.gmx.net",
        "imap.gmx.net:993",
        "müller.de",  # an international name goes through IDNA first
        "imap.gmx.\u017fe",  # ſ, which lower-case matching would take for s
        "imap\u3002gmx.net",
        "a" * 64 + ".de",
        ".".join(["a" * 60] * 5),
        "imap.gmx.net\r\nA1 LOGIN x",
        "imap.gmx.net\0",
        "<b>",
        ":::",
        "1:2:3",
        "::g",
        "fe80::1%eth0",
        "[::1]",
        "user@gmx.net",
    ],
)
def test_an_unusable_host_is_refused(host: str) -> None:
    """What could be no server's name is refused, and the field is named."""
    with pytest.raises(InvalidServer) as caught:
        Server(host, 993, Security.SSL)
    assert caught.value.field == "host"


@pytest.mark.parametrize("port", [-1, 0, 65536, 10**9])
def test_an_impossible_port_is_refused(port: int) -> None:
    """Ports lie between 1 and 65535."""
    with pytest.raises(InvalidServer) as caught:
        Server("imap.gmx.net", port, Security.SSL)
    assert caught.value.field == "port"


@pytest.mark.parametrize("security", ["none", "plain", "", "SSL/TLS"])
def test_there_is_no_clear_text(security: str) -> None:
    """Only implicit TLS and STARTTLS can be chosen; a string of that value will do."""
    with pytest.raises(InvalidServer) as caught:
        Server("imap.gmx.net", 143, security)  # type: ignore[arg-type]
    assert caught.value.field == "security"
    assert Server("h", 143, "starttls").security is Security.STARTTLS  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "imap.gmx.net",
        "imap.gmx.net:993",
        "imap.gmx.net:ssl",
        ":993:ssl",
        "imap.gmx.net::ssl",
        "imap.gmx.net:imap:ssl",
        "imap.gmx.net:-1:ssl",
        "imap.gmx.net:0x3e1:ssl",
        "imap.gmx.net:\u0669\u0669\u0663:ssl",
        "imap.gmx.net:993:none",
        "imap.gmx.net:993:ssl:x",
        "imap.gmx.net:" + "9" * 5000 + ":ssl",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    """What is not HOST:PORT:SECURITY is an InvalidServer."""
    with pytest.raises(InvalidServer):
        Server.parse(text)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    """Whatever is typed is a server or an InvalidServer."""
    with suppress(InvalidServer):
        Server.parse(text)


def test_the_login_name_may_differ_for_sending() -> None:
    """``smtp_username`` counts for SMTP only, and only where there is one."""
    imap, smtp = Server("i.de", 993, Security.SSL), Server("s.de", 465, Security.SSL)
    same = ServerSettings(imap, smtp, "anna")
    other = ServerSettings(imap, smtp, "anna", "anna@icloud.com")
    assert [same.login_name(protocol) for protocol in Protocol] == ["anna", "anna"]
    assert [other.login_name(protocol) for protocol in Protocol] == ["anna", "anna@icloud.com"]
    assert same.with_imap(smtp) == ServerSettings(smtp, smtp, "anna")
