"""The resolver that asks the network, against a DNS server and an HTTPS server on loopback."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from toolkit.providers import Lookup, Outcome, discover
from toolkit.providers.https import MAX_BODY
from toolkit.providers.live import LiveResolver
from toolkit.providers.resolver import MxRecord, SrvRecord

if TYPE_CHECKING:
    import trustme

OWN = "kanzlei.example"
ZONE = {
    (OWN, "MX"): ["20 mx2.fremd.example.", "10 MX1.fremd.example."],
    ("null.example", "MX"): ["0 ."],
    (f"_imaps._tcp.{OWN}", "SRV"): ["10 1 993 b.kanzlei.example.", "0 1 993 A.kanzlei.example."],
    ("alias.example", "CNAME"): ["Ziel.example."],
    (OWN, "TXT"): ['"v=spf1 " "-all"'],
    ("two.example", "A"): ["127.0.0.1"],
    ("two.example", "AAAA"): ["::1"],
    ("private.example", "A"): ["127.0.0.1"],
    **{(name, "A"): ["127.0.0.1"] for name in ("web.example", "www.web.example", "andere.example")},
}
RCODES = {"servfail.example": dns.rcode.SERVFAIL, "refused.example": dns.rcode.REFUSED}
SILENT = "silent.example"


def answer(wire: bytes) -> bytes | None:
    """What the name server says; None: nothing."""
    query = dns.message.from_wire(wire)
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    if name == SILENT:
        return None
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    kind = dns.rdatatype.to_text(question.rdtype)
    if name in RCODES:
        reply.set_rcode(RCODES[name])
    elif (name, kind) in ZONE:
        reply.answer = [dns.rrset.from_text(question.name, 60, "IN", kind, *ZONE[name, kind])]
    elif name not in {known for known, _ in ZONE}:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


@pytest.fixture(scope="module")
def name_server() -> Iterator[int]:
    """A name server on loopback; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.05)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    wire, peer = udp.recvfrom(4096)
                except TimeoutError:
                    continue
                if reply := answer(wire):
                    udp.sendto(reply, peer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield udp.getsockname()[1]
        stop.set()
        thread.join()


class Site(http.server.BaseHTTPRequestHandler):
    """Pages, each one behaviour."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer by path."""
        path = self.path.partition("?")[0]
        host = self.headers["Host"].partition(":")[0]
        if path == "/ok":
            self._send(200, f"{host} {self.path}".encode())
        elif path == "/big":
            self._send(200, b"x" * (MAX_BODY + 1))
        elif path == "/endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            except OSError:
                self.close_connection = True
        elif path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self._drip(b"")
        elif path == "/drip-head":
            self._drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50)
        elif path == "/circle":
            self._redirect("/circle")
        elif path.startswith("/to/"):
            self._redirect(path.removeprefix("/to/"))
        else:
            self._send(int(path[1:]), b"")

    def _drip(self, head: bytes) -> None:
        try:
            for _ in range(100):
                self.wfile.write(head[:1] or b"x")
                self.wfile.flush()
                head = head[1:]
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def _redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def https_port(ca: trustme.CA) -> Iterator[int]:
    """An HTTPS server on loopback; its certificate does not cover andere.example."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("web.example", "www.web.example").configure_cert(context)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that hangs up is what is tested."""

        def get_request(self) -> tuple[Any, Any]:
            raw, peer = super().get_request()
            raw.settimeout(5)
            return context.wrap_socket(raw, server_side=True), peer

    with Server(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def resolver(name_server: int, https_port: int, ca_file: Path) -> Callable[..., LiveResolver]:
    """Makes a resolver that asks the two servers."""

    def make(**more: Any) -> LiveResolver:
        wanted = {"allow_private": True, "per_question": 2.0, "seconds": 8.0, **more}
        return LiveResolver(
            nameservers=["127.0.0.1"], dns_port=name_server, https_port=https_port,
            ca_file=ca_file, **wanted,
        )  # fmt: skip

    return make


Make = Callable[..., LiveResolver]


def test_records_are_read(resolver: Make) -> None:
    """Names come in lower case without the final dot, the best record first."""
    ask = resolver()
    assert ask.mx(OWN).values == (
        MxRecord(10, "mx1.fremd.example"),
        MxRecord(20, "mx2.fremd.example"),
    )
    assert ask.mx("null.example").values == (MxRecord(0, ""),)
    assert ask.srv(f"_imaps._tcp.{OWN}").values[0] == SrvRecord(0, 1, 993, "a.kanzlei.example")
    assert ask.cname("alias.example").values == ("ziel.example",)
    assert ask.txt(OWN).values == ("v=spf1 -all",)
    assert ask.addresses("two.example").values == ("127.0.0.1", "::1")


def test_absence_and_failure_are_apart(resolver: Make) -> None:
    """NXDOMAIN, no such record, SERVFAIL, REFUSED and silence are what they are."""
    ask = resolver(per_question=0.4)
    assert ask.mx("gibtsnicht.example").lookup is Lookup.NXDOMAIN
    assert ask.addresses("gibtsnicht.example").lookup is Lookup.NXDOMAIN
    assert ask.mx("two.example").lookup is Lookup.ABSENT
    assert ask.cname(OWN).lookup is Lookup.ABSENT
    for name in ("servfail.example", "refused.example", SILENT):
        assert ask.mx(name).lookup is Lookup.FAILED, name
        assert ask.addresses(name).lookup is Lookup.FAILED, name


def test_a_malformed_name_is_a_failure(resolver: Make) -> None:
    """What the DNS cannot carry is never asked, and never raises."""
    assert resolver().mx(f"{'a' * 64}.example").lookup is Lookup.FAILED
    assert resolver().mx("a..example").lookup is Lookup.FAILED


def test_the_deadline_is_one_for_all(resolver: Make) -> None:
    """When it is over, every answer is a failure, at once."""
    ask = resolver(seconds=0.3)
    assert ask.mx(SILENT).failed
    assert ask.mx(OWN).detail == "deadline"
    assert ask.fetch("https://web.example/ok").failed


def test_a_page_is_fetched_over_verified_tls(resolver: Make) -> None:
    """The name is asked for, the certificate checked for it."""
    answer = resolver().fetch("https://web.example/ok?emailaddress=a%40b")
    assert answer.values == (b"web.example /ok?emailaddress=a%40b",)


@pytest.mark.parametrize(
    ("url", "lookup", "why"),
    [
        ("http://web.example/ok", Lookup.FAILED, "redirected to http"),
        ("https://web.example/404", Lookup.ABSENT, "404"),
        ("https://web.example/403", Lookup.ABSENT, "403"),
        ("https://web.example/500", Lookup.FAILED, "500"),
        ("https://web.example/429", Lookup.FAILED, "429"),
        ("https://web.example/big", Lookup.FAILED, "above"),
        ("https://web.example/endless", Lookup.FAILED, "above"),
        ("https://web.example/to/http://web.example/ok", Lookup.FAILED, "redirected to http"),
        ("https://web.example/to/https://andere.example/ok", Lookup.FAILED, "redirected to andere"),
        ("https://web.example/to/file:///etc/passwd", Lookup.FAILED, "redirected to file"),
        ("https://andere.example/ok", Lookup.FAILED, "certificate"),
        ("https://gibtsnicht.example/ok", Lookup.NXDOMAIN, "no address"),
        ("https://servfail.example/ok", Lookup.FAILED, ""),
    ],
)
def test_what_is_no_page(resolver: Make, url: str, lookup: Lookup, why: str) -> None:
    """Clear text, foreign hosts, huge bodies, wrong certificates and errors give no body."""
    answer = resolver().fetch(url)
    assert (answer.lookup, answer.values) == (lookup, ())
    assert why in answer.detail


def test_redirects_stay_within_the_domain(resolver: Make) -> None:
    """To a sister host over https is fine; in a circle is not."""
    ask = resolver()
    good = ask.fetch("https://web.example/to/https://www.web.example/ok")
    assert good.values == (b"www.web.example /ok",)
    assert "too many" in ask.fetch("https://web.example/circle").detail


@pytest.mark.parametrize("path", ["drip", "drip-head"])
def test_a_dripping_page_ends_in_time(resolver: Make, path: str) -> None:
    """A body or header that comes byte by byte is cut off by the clock."""
    answer = resolver(per_question=0.4).fetch(f"https://web.example/{path}")
    assert answer.failed
    assert "deadline" in answer.detail or "Timeout" in answer.detail


def test_a_private_address_is_not_fetched_from(resolver: Make) -> None:
    """A public name that leads inside the house is refused."""
    answer = resolver(allow_private=False).fetch("https://private.example/ok")
    assert answer.failed
    assert "not public" in answer.detail


def test_the_chain_runs_on_the_network(resolver: Make) -> None:
    """Discovery over the live resolver finds by SRV, and keeps failure apart from absence."""
    found = discover(f"info@{OWN}", resolver=resolver())
    assert found.outcome is Outcome.SRV
    assert str(found.imap) == "a.kanzlei.example:993:ssl"
    silent = discover(f"info@{SILENT}", resolver=resolver(per_question=0.2))
    assert silent.outcome is Outcome.TEMPORARY_FAILURE
    missing = discover("info@gibtsnicht.example", resolver=resolver())
    assert missing.outcome is Outcome.INVALID_DOMAIN
