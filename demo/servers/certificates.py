"""A throw-away certification authority, and the good and bad certificates tests need."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import trustme

__all__ = ["EXPIRED", "GOOD", "NOT_YET_VALID", "OTHER_HOST", "Certificate", "Identity", "issue"]

#: What the servers here are reached by. Dovecot answers STARTTLS on 127.0.0.2, see ``dovecot``.
LOOPBACK = ("localhost", "127.0.0.1", "127.0.0.2")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server's certificate says.

    Attributes:
        hosts: names and addresses in the certificate, the first one also its common name.
        starts: validity begins this far from now.
        ends: validity ends this far from now.
    """

    hosts: tuple[str, ...] = LOOPBACK
    starts: timedelta = timedelta(days=-1)
    ends: timedelta = timedelta(days=30)

    @classmethod
    def for_hosts(cls, *hosts: str) -> Certificate:
        """A valid certificate for loopback and these hosts."""
        return cls(hosts=(*hosts, *LOOPBACK))


GOOD = Certificate()
OTHER_HOST = Certificate(hosts=("mail.andere-kanzlei.example",))
EXPIRED = Certificate(starts=timedelta(days=-90), ends=timedelta(days=-3))
NOT_YET_VALID = Certificate(starts=timedelta(days=3), ends=timedelta(days=90))


@dataclass(frozen=True, slots=True)
class Identity:
    """A server's certificate chain and private key, both PEM."""

    chain_pem: bytes
    key_pem: bytes

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write ``cert.pem`` and ``key.pem`` (0600) into a folder; their paths."""
        chain, key = folder / "cert.pem", folder / "key.pem"
        chain.write_bytes(self.chain_pem)
        key.touch(mode=0o600)
        key.write_bytes(self.key_pem)
        return chain, key

    def server_context(self, folder: Path) -> ssl.SSLContext:
        """A TLS context for a Python server; the files are written into ``folder``."""
        chain, key = self.write(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(chain, key)
        return context


def issue(ca: trustme.CA, certificate: Certificate = GOOD) -> Identity:
    """Have the CA sign a certificate as described."""
    now = datetime.now(UTC)
    leaf = ca.issue_cert(
        *certificate.hosts,
        common_name=certificate.hosts[0],
        not_before=now + certificate.starts,
        not_after=now + certificate.ends,
    )
    chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
    return Identity(chain, leaf.private_key_pem.bytes())
