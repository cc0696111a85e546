"""Certificates and TLS contexts that a client must turn down, each for a reason of its own."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demo.servers.behaviours.row import Shown
from demo.servers.certificates import LOOPBACK, Identity

if TYPE_CHECKING:
    import trustme
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ["shown_context"]


def shown_context(ca: trustme.CA, shown: Shown) -> ssl.SSLContext:
    """The TLS context of a server that shows this certificate; the authority's key is RSA."""
    identity = _identity(ca, shown)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # What is to be refused must first be let out: the client is to judge, not this side.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if shown.newest:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion[shown.newest]
    with tempfile.TemporaryDirectory(prefix="tls-") as folder:
        context.load_cert_chain(*identity.write(Path(folder)))
    return context


def _identity(ca: trustme.CA, shown: Shown) -> Identity:
    import trustme
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import NameOID

    hosts = shown.hosts or LOOPBACK
    now = datetime.now(UTC)
    key: Any = (
        rsa.generate_private_key(65537, shown.bits)
        if shown.bits
        else ec.generate_private_key(ec.SECP256R1())
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    authority = {
        "ca": ca,
        "other": trustme.CA(organization_name="Unbekannt"),
        "intermediate": ca.create_child_ca(),
        "self": None,
    }[shown.signer]
    if authority is None:
        issuer, signing_key = subject, key
    else:
        pem = authority.cert_pem.bytes()
        issuer = x509.load_pem_x509_certificate(pem).subject
        signing_key = serialization.load_pem_private_key(authority.private_key_pem.bytes(), None)
    names = [_name(host) for host in hosts]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + shown.starts)
        .not_valid_after(now + shown.ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(signing_key, hashes.SHA256())
    )
    if shown.sha1:
        certificate = _with_sha1(certificate, signing_key)
    return Identity(
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


# DER of sha256WithRSAEncryption and sha1WithRSAEncryption (RFC 8017, A.2.4): of equal length.
_SHA256_RSA = bytes.fromhex("06092a864886f70d01010b")
_SHA1_RSA = bytes.fromhex("06092a864886f70d010105")


def _with_sha1(certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """The same certificate signed with SHA-1, which no library offers any more."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    body = certificate.tbs_certificate_bytes.replace(_SHA256_RSA, _SHA1_RSA)
    signature = key.sign(body, padding.PKCS1v15(), hashes.SHA1())
    whole = certificate.public_bytes(serialization.Encoding.DER).replace(_SHA256_RSA, _SHA1_RSA)
    return x509.load_der_x509_certificate(whole[: -len(signature)] + signature)


def _name(host: str) -> Any:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
