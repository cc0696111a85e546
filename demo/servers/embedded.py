"""An IMAP server in a thread (pymap, in memory): TLS from the first byte, nothing but PyPI."""

from __future__ import annotations

import asyncio
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from demo.servers.certificates import GOOD, Certificate, issue
from demo.servers.content import Mailbox
from demo.servers.loop import LoopThread
from toolkit.mail.settings import Security, Server

if TYPE_CHECKING:
    import ssl

    import trustme

__all__ = ["EmbeddedImap"]


class EmbeddedImap:
    r"""Mailboxes in memory, served by pymap over implicit TLS; gone when it stops.

    It offers IDLE, UIDPLUS, MOVE and MULTIAPPEND, but no SPECIAL-USE, CONDSTORE or LIST-STATUS:
    a server of the plain kind.

    Attributes:
        imap: host, port and security to reach it.
    """

    imap: Server

    def __init__(
        self,
        users: Mapping[str, Mailbox],
        *,
        ca: trustme.CA,
        certificate: Certificate = GOOD,
        host: str = "127.0.0.1",
    ) -> None:
        """Start it and fill the mailboxes.

        Args:
            users: login name → mailbox.
            ca: signs the certificate.
            certificate: what the certificate says.
            host: the name clients are told to use; the server listens on 127.0.0.1.
        """
        with tempfile.TemporaryDirectory(prefix="imap-") as folder:
            context = issue(ca, certificate).server_context(Path(folder))
        self._executor = ThreadPoolExecutor(max_workers=2)
        self._thread = LoopThread("imap")
        port = self._thread.run(self._start(users, context))
        self.imap = Server(host, port, Security.SSL)

    async def _start(self, users: Mapping[str, Mailbox], context: ssl.SSLContext) -> int:
        from proxyprotocol.reader import ProxyProtocolReader
        from pymap.backend.dict import Login
        from pymap.concurrent import Subsystem
        from pymap.imap import IMAPServer

        config = _config(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            host=None,
            port=0,
            ssl_context=context,
            # TLS comes before the first byte: what pymap calls TLS is STARTTLS.
            tls_enabled=False,
            reject_dnsbl=False,
            invalid_user_sleep=0,
            # A client that asks what this server does not know shall hear BAD as often as it likes.
            bad_command_limit=None,
            cpu_subsystem=Subsystem.for_threading(self._executor),
            demo_data=False,
            demo_user="",
            demo_password="",
        )
        config.apply_context()
        login = Login(config)
        for name, mailbox in users.items():
            await _add_user(login, name, mailbox)
        answer = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(login, config))

        def protocol() -> asyncio.Protocol:
            reader = asyncio.StreamReader(limit=1 << 20)
            return asyncio.StreamReaderProtocol(reader, answer)

        return await self._thread.serve(protocol, tls=context)

    def stop(self) -> None:
        """Stop serving; the mailboxes are gone. May be called twice."""
        self._thread.stop()
        self._executor.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _config(arguments: Namespace, **settings: Any) -> Any:
    """Pymap's configuration; the greeting does not look up the machine's own name."""
    from pymap.backend.dict import Config

    class QuietConfig(Config):
        @property
        def greeting(self) -> bytes:
            return b"IMAP4rev1 ready"

    return QuietConfig(arguments, **settings)


async def _add_user(login: Any, name: str, mailbox: Mailbox) -> None:
    from pymap.backend.dict import Identity
    from pymap.backend.dict.filter import FilterSet
    from pymap.backend.dict.mailbox import MailboxSet
    from pymap.parsing.message import AppendMessage
    from pymap.parsing.specials.flag import Flag
    from pymap.user import Passwords, UserMetadata

    config = login.config
    hashed = await Passwords(config).hash_password(mailbox.password)
    await Identity(name, login, None, frozenset()).set(UserMetadata(config, name, password=hashed))
    folders = MailboxSet()
    for folder, deliveries in mailbox.folders.items():
        if folder.upper() != "INBOX":
            await folders.add_mailbox(folder)
            await folders.set_subscribed(folder, subscribed=True)
        target = await folders.get_mailbox(folder)
        for one in deliveries:
            flags = frozenset(Flag(flag.encode("ascii")) for flag in one.flags)
            await target.append(AppendMessage(one.raw, one.received or datetime.now(UTC), flags))
    config.set_cache[name] = (folders, FilterSet())
