"""What a vault can do, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from toolkit.errors import SecretMissing
from toolkit.language import Text

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["SecretRef", "Vault", "missing"]


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
