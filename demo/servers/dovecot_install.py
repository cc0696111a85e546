"""What of Dovecot is installed on this machine, and the account it may run under."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from pathlib import Path

__all__ = ["DovecotMissing", "account", "group_name", "require_packages", "tool"]

_PACKAGES = {
    "/usr/lib/dovecot/imap": "dovecot-imapd",
    "/usr/lib/dovecot/submission": "dovecot-submissiond",
}


class DovecotMissing(RuntimeError):
    """A Debian package is not installed; the message names it."""


def account() -> pwd.struct_passwd:
    """Who Dovecot runs as: the caller, or Debian's ``dovecot`` where the caller is root."""
    return pwd.getpwnam("dovecot") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def group_name(gid: int) -> str:
    """The name of a group, as Dovecot's configuration wants it."""
    return grp.getgrgid(gid).gr_name


def require_packages() -> None:
    """See that Debian's packages are there, and of the version configured for.

    Raises:
        DovecotMissing: a package is missing, or Dovecot is not 2.3.
    """
    missing = [package for file, package in _PACKAGES.items() if not Path(file).exists()]
    if missing:
        raise DovecotMissing(f"Debian packages are missing: apt-get install {' '.join(missing)}")
    version = subprocess.run(
        [tool("dovecot"), "--version"], capture_output=True, check=True, text=True
    ).stdout
    if not version.startswith("2.3."):
        raise DovecotMissing(f"Dovecot 2.3 is needed (Debian 12); this is {version.strip()}")


def tool(name: str) -> str:
    """The path of one of Dovecot's programs; ``/usr/sbin`` is not on every user's path.

    Raises:
        DovecotMissing: it is not installed.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    if not found:
        raise DovecotMissing(
            f"{name} is missing: apt-get install dovecot-imapd dovecot-submissiond"
        )
    return found
