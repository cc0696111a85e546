"""Plausible German lawyers' mail as bytes; the same call always gives the same bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from demo.servers.content import Delivery

__all__ = ["Attachment", "Person", "mail", "pdf"]

#: The demonstration's "today"; mails are dated backwards from here.
TODAY = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """A sender or recipient."""

    name: str
    email: str

    @property
    def address(self) -> Address:
        """As a header wants it."""
        local, _, domain = self.email.partition("@")
        return Address(self.name, local, domain)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file sent along; its name may contain umlauts and blanks."""

    name: str
    content: bytes
    kind: str = "application/pdf"


def mail(
    sender: Person,
    to: Person,
    subject: str,
    body: str,
    *,
    days_ago: float,
    flags: tuple[str, ...] = ("\\Seen",),
    html: str = "",
    attachments: tuple[Attachment, ...] = (),
    charset: str = "utf-8",
) -> Delivery:
    r"""One message.

    Args:
        sender: who writes.
        to: to whom.
        subject: with umlauts and all; encoded as RFC 2047 says.
        body: the plain text; paragraphs are separated by blank lines.
        days_ago: its age on the demonstration's day.
        flags: IMAP flags; unread without ``\Seen``.
        html: an HTML version, if it has one.
        attachments: files sent along.
        charset: of the body; old programs still send iso-8859-1.
    """
    when = TODAY - timedelta(days=days_ago)
    key = hashlib.sha256(f"{sender.email} {subject} {days_ago}".encode()).hexdigest()
    message = EmailMessage(policy=SMTP)
    message["From"] = sender.address
    message["To"] = to.address
    message["Subject"] = subject
    message["Date"] = format_datetime(when)
    message["Message-ID"] = f"<{key[:20]}@{sender.email.partition('@')[2]}>"
    message.set_content(body, charset=charset)
    if html:
        message.add_alternative(html, subtype="html")
    for attachment in attachments:
        main, _, sub = attachment.kind.partition("/")
        message.add_attachment(attachment.content, main, sub, filename=attachment.name)
    # Boundaries are random unless given.
    for number, part in enumerate(one for one in message.walk() if one.is_multipart()):
        part.set_boundary(f"=_{key[20:40]}_{number}")
    return Delivery(message.as_bytes(), flags, when)


def pdf(title: str) -> bytes:
    """A small, valid PDF of one page with one line (ISO 32000-1, 7.5)."""
    text = (
        title.encode("latin-1", "replace").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"")
    )
    stream = b"BT /F1 14 Tf 72 760 Td (" + text + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    output = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(output))
        output += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(output)
    output += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    output += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    output += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(output)
