"""One GET over verified HTTPS to an address already checked, within a deadline and a size.

httpcore rather than httpx on top of it: its time-outs are per read, and only at its level can a
clock be put under them all, so that a server dripping bytes, headers included, gains no time.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpcore
from httpcore import NetworkStream, SyncBackend

from toolkit.mail.deadline import Deadline
from toolkit.mail.tls import verified_context

__all__ = ["MAX_BODY", "HttpsFailed", "get"]

MAX_BODY = 256 * 1024


class HttpsFailed(Exception):
    """No answer came, or none that is accepted; the text says why, for engineers."""


class _ClockedStream(NetworkStream):
    """A connection none of whose operations outlives the deadline."""

    def __init__(self, stream: NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def _left(self) -> float:
        left = self._deadline.remaining()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline")
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._left())
        return _ClockedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _ClockedBackend(SyncBackend):
    """Connects to one address, whatever the URL's host: a name cannot lead elsewhere meanwhile."""

    def __init__(self, address: str, deadline: Deadline) -> None:
        super().__init__()
        self._address = address
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        left = self._deadline.remaining()
        stream = super().connect_tcp(self._address, port, left, local_address, socket_options)
        return _ClockedStream(stream, self._deadline)


def get(
    url: str, *, address: str, port: int, ca_file: Path | None, seconds: float
) -> tuple[int, str, bytes]:
    """Status, redirection target (empty: none) and body (of status 200 only).

    Args:
        url: an https URL; its host is verified in the certificate.
        address: the IP address to connect to.
        port: where the URL names none.
        ca_file: PEM bundle trusted beside the system's certification authorities.
        seconds: the deadline over connecting, TLS, headers and body.

    Raises:
        HttpsFailed: time-out, TLS, protocol, or a body above ``MAX_BODY``.
    """
    deadline = Deadline(seconds)
    target = httpcore.URL(url)
    target = httpcore.URL(
        scheme=target.scheme, host=target.host, port=target.port or port, target=target.target
    )
    headers: list[tuple[bytes | str, bytes | str]] = [
        ("Host", target.host),
        ("Accept", "text/xml, application/xml;q=0.9, */*;q=0.1"),
        ("Accept-Encoding", "identity"),  # nothing to inflate, no bomb to defuse
    ]
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=verified_context(ca_file),
                network_backend=_ClockedBackend(address, deadline),
            ) as pool,
            pool.stream("GET", target, headers=headers) as response,
        ):
            fields = {name.lower(): value for name, value in response.headers}
            location = fields.get(b"location", b"").decode("ascii", "replace")
            if response.status != 200:  # noqa: PLR2004
                return response.status, location, b""
            if fields.get(b"content-encoding", b"identity").lower() != b"identity":
                raise HttpsFailed("an encoding that was not asked for")
            body = bytearray()
            for piece in response.iter_stream():
                body += piece
                if len(body) > MAX_BODY:
                    raise HttpsFailed(f"the body is above {MAX_BODY} bytes")
            return response.status, "", bytes(body)
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.UnsupportedProtocol,
        OSError,
        ValueError,
    ) as exc:
        raise HttpsFailed(f"{type(exc).__name__}: {exc}") from exc
