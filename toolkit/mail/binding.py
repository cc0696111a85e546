"""What ties a login to its TLS connection: channel bindings (RFC 5056, RFC 5929)."""

from __future__ import annotations

import ssl
import warnings

from toolkit.mail.sasl import ChannelBinding

__all__ = ["channel_binding", "end_point"]

_UNIQUE = {"TLSv1", "TLSv1.1", "TLSv1.2"}


def channel_binding(sock: ssl.SSLSocket) -> ChannelBinding | None:
    """The best binding Python offers for this connection; None if there is none.

    ``tls-unique``, SCRAM's default (RFC 5802, 6.1), up to TLS 1.2; it is not defined for TLS 1.3.
    There the successor would be ``tls-exporter`` (RFC 9266), which Python's ``ssl`` cannot give,
    so ``tls-server-end-point`` is used.
    """
    if sock.version() in _UNIQUE:
        data = sock.get_channel_binding("tls-unique")
        if data:
            return ChannelBinding("tls-unique", data)
    certificate = sock.getpeercert(binary_form=True)
    data = end_point(certificate) if certificate else None
    return ChannelBinding("tls-server-end-point", data) if data else None


def end_point(certificate: bytes) -> bytes | None:
    """The hash of a DER certificate (RFC 5929, 4.1).

    With the hash of its signature, but SHA-256 for MD5 and SHA-1; None where the signature uses
    no hash of its own (Ed25519), for which RFC 5929 defines nothing.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd certificates that TLS has accepted already
            algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return None
    if algorithm is None:
        return None
    if isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate)
    return digest.finalize()
