"""The wire beside its peers, on one Dovecot over TLS, in one run: ratios, not seconds.

    python benchmarks/wire.py [--messages 20000] [--accounts 200] [--rounds 3]

FETCH: a raw reader that discards the bytes, ours (`ImapSession.messages`), and IMAPClient's own
``fetch``; each in a process of its own, in turn. Rate: connect, TLS, login, list, status over many
accounts, 64 at once, on loopback and through a proxy that adds 20 ms to every round trip.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOP = Path(__file__).parent.parent
PASSWORD = "benchmark"
BIG = "gross@kanzlei.example"
SIZE = 26_750
ITEMS = "(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])"


Answer = tuple[float, int, int]  # seconds from sending FETCH, messages, octets


def raw(port: int, ca: str) -> Answer:
    """Read the whole answer and forget it."""
    context = ssl.create_default_context(cafile=ca)
    sock = context.wrap_socket(
        socket.create_connection(("127.0.0.1", port)), server_hostname="127.0.0.1"
    )
    with sock, sock.makefile("rb") as lines:
        lines.readline()
        for tag, command in (("a", f"LOGIN {BIG} {PASSWORD}"), ("b", "EXAMINE INBOX")):
            sock.sendall(f"{tag} {command}\r\n".encode())
            while not lines.readline().startswith(tag.encode() + b" "):
                pass
        started = time.perf_counter()
        sock.sendall(f"c UID FETCH 1:* {ITEMS}\r\n".encode())
        space = memoryview(bytearray(256 * 1024))
        octets, tail = 0, b""
        while b"\r\nc OK" not in tail:
            count = sock.recv_into(space)
            octets += count
            tail = (tail + bytes(space[max(0, count - 100) : count]))[-100:]
        return time.perf_counter() - started, 0, octets


def ours(port: int, ca: str) -> Answer:
    """Every message through the session, as the sync takes them."""
    from pydantic import SecretStr

    from toolkit.mail.imap import ImapSession
    from toolkit.mail.settings import Security, Server
    from toolkit.mail.tls import verified_context

    server = Server("127.0.0.1", port, Security.SSL)
    with ImapSession.open(server, tls=verified_context(Path(ca))) as session:
        session.login(BIG, SecretStr(PASSWORD))
        session.examine(b"INBOX")
        uids = session.uids()
        count = octets = 0
        started = time.perf_counter()
        for message in session.messages(uids, octets=2**30):
            count += 1
            octets += len(message.content())
        return time.perf_counter() - started, count, octets


def imapclient(port: int, ca: str) -> Answer:
    """IMAPClient as its documentation shows it, in parts of 500 so that memory suffices."""
    from imapclient import IMAPClient

    context = ssl.create_default_context(cafile=ca)
    with IMAPClient("127.0.0.1", port, ssl_context=context) as client:
        client.login(BIG, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        uids = client.search()
        count = octets = 0
        started = time.perf_counter()
        for start in range(0, len(uids), 500):
            part = client.fetch(
                uids[start : start + 500], ["FLAGS", "RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[]"]
            )
            count += len(part)
            octets += sum(len(message[b"BODY[]"]) for message in part.values())
        return time.perf_counter() - started, count, octets


READERS = {"raw": raw, "ours": ours, "imapclient": imapclient}


def measure(reader: str, port: int, ca: str) -> dict[str, Any]:
    """One reader in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--reader", reader, str(port), ca],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(TOP)},
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def run_reader(reader: str, port: int, ca: str) -> None:
    """The child's part."""
    seconds, count, octets = READERS[reader](port, ca)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "count": count, "octets": octets, "peak_mib": peak}))


def rate(port: int, ca: str, accounts: int) -> float:
    """Accounts a second: connect, TLS, login, list with status, logout; 64 at once."""
    from pydantic import SecretStr

    from toolkit.mail.imap import ImapSession
    from toolkit.mail.settings import Security, Server
    from toolkit.mail.tls import verified_context

    tls = verified_context(Path(ca))
    server = Server("127.0.0.1", port, Security.SSL)
    secret = SecretStr(PASSWORD)

    def one(number: int) -> int:
        with ImapSession.open(server, tls=tls) as session:
            session.login(f"konto{number}@kanzlei.example", secret)
            return len(session.folders())

    with ThreadPoolExecutor(64) as pool:
        started = time.perf_counter()
        listed = list(pool.map(one, range(accounts)))
        seconds = time.perf_counter() - started
    assert all(listed)
    return accounts / seconds


def slow_link(target: int, seconds: float) -> None:
    """A proxy on loopback that holds every octet back for a while; prints its port, then serves."""
    asyncio.run(_serve(target, seconds))


async def _serve(target: int, seconds: float) -> None:
    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await source.read(65536):
            loop.call_later(seconds, sink.write, data)
        loop.call_later(seconds, sink.close)

    async def accept(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, on = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pump(near, on), pump(far, back), return_exceptions=True)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def slow_port(target: int, seconds: float) -> Iterator[int]:
    """The port of such a proxy in a process of its own."""
    link = subprocess.Popen(
        [sys.executable, __file__, "--link", str(target), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert link.stdout is not None
    try:
        yield int(link.stdout.readline())
    finally:
        link.kill()
        link.wait()


def main() -> int:
    """Start the server, run everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reader", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--link", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.link:
        slow_link(int(given.link[0]), float(given.link[1]))
        return 0
    if given.reader:
        name, port, ca = given.reader
        run_reader(name, int(port), ca)
        return 0
    sys.path.insert(0, str(TOP))
    import trustme

    from demo.servers.content import Mailbox, letters
    from demo.servers.dovecot import Dovecot
    from demo.servers.dovecot_config import DovecotOptions

    folders = dict.fromkeys(("Entwürfe", "Gesendet", "Papierkorb", "Spam", "Archiv"), ())
    users = {
        f"konto{number}@kanzlei.example": Mailbox(PASSWORD, {"INBOX": tuple(letters(3)), **folders})
        for number in range(given.accounts)
    }
    users[BIG] = Mailbox(PASSWORD, {"INBOX": ()})
    authority = trustme.CA()
    options = DovecotOptions(high_performance=True, max_connections=100)
    with tempfile.TemporaryDirectory() as scratch:
        ca = str(Path(scratch) / "ca.pem")
        authority.cert_pem.write_to_path(ca)
        with Dovecot.start(
            Path(scratch) / "d", users=users, ca=authority, options=options
        ) as server:
            port = server.imap.port
            server.fill(BIG, "INBOX", letters(given.messages, SIZE))
            measure("raw", port, ca)  # the page cache is warm for everybody
            fetch(port, ca, given.messages, given.rounds)
            for _ in range(given.rounds):
                print(f"accounts a second on loopback     {rate(port, ca, given.accounts):8.0f}")
            with slow_port(port, 0.010) as slow:  # each way
                for _ in range(given.rounds):
                    print(
                        f"accounts a second at 20 ms        {rate(slow, ca, given.accounts):8.0f}"
                    )
    return 0


def fetch(port: int, ca: str, messages: int, rounds: int) -> None:
    """The three readers in turn, and their ratios to the raw one."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in READERS}
    for _ in range(rounds):
        for name in READERS:
            found[name].append(measure(name, port, ca))
    assert all(run["count"] == messages for name in ("ours", "imapclient") for run in found[name])
    print(f"FETCH of {messages} messages of {SIZE} octets over TLS, {rounds} rounds")
    print(f"{'':14}{'seconds':>9}{'x raw':>8}{'peak MiB':>10}")
    for name, runs in found.items():
        seconds = statistics.median(run["seconds"] for run in runs)
        ratios = [
            run["seconds"] / base["seconds"] for run, base in zip(runs, found["raw"], strict=True)
        ]
        peak = max(run["peak_mib"] for run in runs)
        print(f"{name:14}{seconds:9.2f}{statistics.median(ratios):8.2f}{peak:10.0f}")


if __name__ == "__main__":
    sys.exit(main())
