"""What a vault can do, what is asked of it, and which one is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from toolkit.config import Config
from toolkit.errors import SecretMissing
from toolkit.language import Text

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["SecretRef", "Vault", "missing", "open_vault"]


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A secret's name, safe to show: whose it is and what it is for."""

    account_id: str
    purpose: str = "password"

    @property
    def key(self) -> str:
        """The name the vault keeps it under."""
        return f"{self.account_id}/{self.purpose}"


class Vault(Protocol):
    """Keeps secrets. Implementations: `file_vault.FileVault`, `keyring_vault.KeyringVault`."""

    @property
    def kind(self) -> str:
        """What it is, for people: ``Datei``, the key ring's name."""
        ...

    def put(self, ref: SecretRef, secret: SecretStr) -> None:
        """Keep a secret, replacing an earlier one; durable when it returns."""
        ...

    def get(self, ref: SecretRef) -> SecretStr:
        """The secret; raises `SecretMissing` if none is kept under that name."""
        ...

    def forget(self, ref: SecretRef) -> None:
        """Remove the secret; nothing happens if there is none."""
        ...


def open_vault(config: Config) -> Vault:
    """The vault the configuration asks for; without a wish, a secure key ring, else a file.

    Where a file vault already is, it stays the vault: a key ring that appears later (a desktop
    session beside an unattended run) must not make the passwords seem lost.

    Raises:
        VaultInsecure: the key ring asked for would keep secrets in plain text, or a key file
            is readable by others.
        VaultLocked: the passphrase is missing.
    """
    from toolkit.vault.file_vault import FileVault, vault_file
    from toolkit.vault.keyring_vault import KeyringVault, secure_backend

    if config.vault == "keyring":
        return KeyringVault.open()
    # A named key file means unattended: no key ring may ask the empty screen for a password.
    wished = config.vault is not None or config.vault_key_file is not None
    if not wished and not vault_file(config.home).exists():
        backend = secure_backend()
        if backend is not None:
            return KeyringVault(backend)
    return FileVault.open(config.make_home(), key_file=config.vault_key_file)


def missing(ref: SecretRef) -> SecretMissing:
    """The error for a secret that is not there."""
    return SecretMissing(
        Text(
            f"Für das Konto {ref.account_id} ist kein Passwort hinterlegt.",
            f"No password is kept for account {ref.account_id}.",
        ),
        field="password",
        hint=Text("Das Passwort neu eingeben und speichern.", "Enter and save the password again."),
    )
