"""The configuration of a Dovecot 2.3 that one ordinary user runs: values in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from demo.servers.certificates import GOOD, Certificate

__all__ = ["ENGLISH_ROLES", "DovecotOptions", "Place", "Ports", "render", "user_file_line"]

#: What Debian's ``15-mailboxes.conf`` marks, plus Archive: flags appear where such a folder exists.
ENGLISH_ROLES: Mapping[str, str] = {
    "Drafts": "\\Drafts",
    "Sent": "\\Sent",
    "Trash": "\\Trash",
    "Junk": "\\Junk",
    "Archive": "\\Archive",
}

#: What Dovecot 2.3.19 says of itself after login, in its order, but for COMPRESS.
CAPABILITIES = (
    "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES "
    "THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN "
    "NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES "
    "WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW "
    "STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DovecotOptions:
    """How this Dovecot shall behave; the default is a modern, plain installation.

    Attributes:
        certificate: what the certificate says.
        host: the name clients are told to use for the implicit-TLS ports.
        storage: ``maildir`` (quick to fill) or ``sdbox``.
        separator: hierarchy separator clients see.
        prefix: namespace prefix, ``INBOX.`` for the Courier dialect.
        special_use: folder → flag (RFC 6154); a name is given as in ``Mailbox.folders``.
        without: capabilities not to advertise; the commands behind them still work.
        compress: offer COMPRESS=DEFLATE.
        max_connections: ``mail_max_userip_connections``, Dovecot's own default.
        high_performance: keep login processes (Dovecot's "high-performance mode").
        failure_delay: seconds a refused login waits (Dovecot's default is 2).
        mechanisms: SASL mechanisms.
        passwords: how they are kept. ``ssha512`` serves PLAIN and LOGIN, quickly;
            ``scram-sha-256`` these and that mechanism; ``plain`` all, readable in files of mode 0600.
        extra: configuration appended as is.
    """

    certificate: Certificate = GOOD
    host: str = "127.0.0.1"
    storage: Literal["maildir", "sdbox"] = "maildir"
    separator: str = "/"
    prefix: str = ""
    special_use: Mapping[str, str] = field(default_factory=lambda: dict(ENGLISH_ROLES))
    without: tuple[str, ...] = ()
    compress: bool = False
    max_connections: int = 10
    high_performance: bool = False
    failure_delay: int = 0
    mechanisms: tuple[str, ...] = ("plain", "login")
    passwords: Literal["ssha512", "scram-sha-256", "plain"] = "ssha512"
    extra: str = ""

    def folder_name(self, name: str) -> str:
        """A folder of ``Mailbox.folders`` as clients of this server see it."""
        if name.upper() == "INBOX":
            return "INBOX"
        return self.prefix + name.replace("/", self.separator)


@dataclass(frozen=True, slots=True)
class Ports:
    """Where it listens: implicit TLS on 127.0.0.1, STARTTLS on 127.0.0.2.

    Dovecot takes a client whose address is its own for safe and lets it log in in the clear.
    A client of 127.0.0.2 comes from 127.0.0.1, so there STARTTLS is required as in the world.
    """

    imaps: int
    imap: int
    submissions: int
    submission: int


@dataclass(frozen=True, slots=True)
class Place:
    """The server's own folder and the account it runs under."""

    root: Path
    user: str
    group: str

    @property
    def users(self) -> Path:
        """One file a user, named after the login name."""
        return self.root / "users"

    @property
    def mail(self) -> Path:
        """One folder a user."""
        return self.root / "mail"


def user_file_line(login: str, hashed: str, home: Path) -> str:
    """The only line of a user's passwd-file: name, hash, home."""
    return f"{login}:{hashed}::::{home}::\n"


def render(place: Place, options: DovecotOptions, ports: Ports, relay_port: int) -> str:
    """The whole ``dovecot.conf``."""
    # LAYOUT=fs lets folder names contain dots, which Maildir++ cannot.
    location = {"maildir": "maildir:~/Maildir:LAYOUT=fs", "sdbox": "sdbox:~/sdbox"}
    users = place.users / "%Lu"
    sections = [
        f"""\
base_dir = {place.root}/run
state_dir = {place.root}/state
log_path = /dev/stderr
auth_verbose = yes
# One ordinary user for everything: no root, no chroot, no other account on the machine.
default_internal_user = {place.user}
default_internal_group = {place.group}
default_login_user = {place.user}
mail_uid = {place.user}
mail_gid = {place.group}
first_valid_uid = 1
first_valid_gid = 1
protocols = imap submission
ssl = required
ssl_cert = <{place.root}/cert.pem
ssl_key = <{place.root}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = {" ".join(options.mechanisms)}
auth_failure_delay = {options.failure_delay}
mail_location = {location[options.storage]}
mail_max_userip_connections = {options.max_connections}
# As IMAP hands messages out, so that sizes on disk are those on the wire.
mail_save_crlf = yes
# Nothing here survives the machine: no waiting for the disk.
mail_fsync = never
# One file a user: a user added while it runs is there at once.
passdb {{
  driver = passwd-file
  args = {users}
}}
userdb {{
  driver = passwd-file
  args = {users}
}}
submission_relay_host = 127.0.0.1
submission_relay_port = {relay_port}
""",
        _namespace(options),
        _listeners("imap", ports.imap, ports.imaps, options),
        _listeners("submission", ports.submission, ports.submissions, options),
        """\
service anvil {
  chroot =
  # Without its penalties: tests fail logins on purpose and must not wait for it.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
""",
        _imap_protocol(options),
        options.extra,
    ]
    if options.high_performance:
        sections.append("service imap {\n  process_min_avail = 4\n  service_count = 256\n}\n")
    return "\n".join(sections)


def _namespace(options: DovecotOptions) -> str:
    marks = "".join(
        f'  mailbox "{name.replace("/", options.separator)}" {{\n    special_use = {flag}\n  }}\n'
        for name, flag in options.special_use.items()
    )
    return (
        "namespace inbox {\n  inbox = yes\n"
        f"  separator = {options.separator}\n  prefix = {options.prefix}\n{marks}}}\n"
    )


def _listeners(protocol: str, clear_port: int, tls_port: int, options: DovecotOptions) -> str:
    speed = "  service_count = 0\n  process_min_avail = 2\n" if options.high_performance else ""
    return f"""\
service {protocol}-login {{
  chroot =
{speed}\
  inet_listener {protocol} {{
    address = 127.0.0.2
    port = {clear_port}
  }}
  inet_listener {protocol}s {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
}}
"""


def _imap_protocol(options: DovecotOptions) -> str:
    lines = [f"  mail_max_userip_connections = {options.max_connections}"]
    if options.compress:
        lines.append("  mail_plugins = zlib imap_zlib")
    if options.without:
        given = [*CAPABILITIES.split(), *(["COMPRESS=DEFLATE"] if options.compress else [])]
        left = (one for one in given if one not in options.without)
        lines.append(f"  imap_capability = {' '.join(left)}")
    return "protocol imap {\n" + "\n".join(lines) + "\n}\n"
