"""Secrets in the operating system's key ring, if it is one that protects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.errors import VaultError, VaultInsecure
from toolkit.language import Text
from toolkit.vault.vault import SecretRef, missing

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["SECURE_BACKENDS", "KeyringVault", "secure_backend"]

SERVICE = "actaport-mail-toolkit"

#: Back ends that encrypt at rest and never prompt on standard input. Everything else is refused by
#: name: ``keyrings.alt`` keeps plain text, its crypted file asks on stdin and hangs a kernel.
SECURE_BACKENDS = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)


def secure_backend() -> Any | None:
    """The best key ring on the allow-list that works here; None if there is none."""
    from keyring.backend import get_all_keyring

    allowed = [ring for ring in get_all_keyring() if type(ring).__module__ in SECURE_BACKENDS]
    return max(allowed, key=lambda ring: ring.priority, default=None)


class KeyringVault:
    """A vault over a key ring of the `keyring` library."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    @classmethod
    def open(cls) -> KeyringVault:
        """The key ring, when it was asked for by name.

        Raises:
            VaultInsecure: there is none that protects secrets; names those refused.
        """
        backend = secure_backend()
        if backend is None:
            from keyring.backend import get_all_keyring

            found = ", ".join(sorted(type(ring).__module__ for ring in get_all_keyring())) or "–"
            raise VaultInsecure(
                Text(
                    f"Kein sicherer Schlüsselbund gefunden (vorhanden, aber abgelehnt: {found}).",
                    f"No secure key ring found (present but refused: {found}).",
                ),
                field="TOOLKIT_VAULT",
                hint=Text(
                    "TOOLKIT_VAULT=file verwenden: die Passwörter liegen dann verschlüsselt in einer Datei.",
                    "Use TOOLKIT_VAULT=file: passwords are then kept in an encrypted file.",
                ),
            )
        return cls(backend)

    @property
    def kind(self) -> str:
        """The key ring's own name."""
        return str(self._backend.name)

    def put(self, ref: SecretRef, secret: SecretStr) -> None:
        """Keep a secret."""
        from keyring.errors import KeyringError

        try:
            self._backend.set_password(SERVICE, ref.key, secret.get_secret_value())
        except KeyringError as exc:
            raise _failed() from exc

    def get(self, ref: SecretRef) -> SecretStr:
        """The secret, or `SecretMissing`."""
        from keyring.errors import KeyringError
        from pydantic import SecretStr

        try:
            value = self._backend.get_password(SERVICE, ref.key)
        except KeyringError as exc:
            raise _failed() from exc
        if value is None:
            raise missing(ref)
        return SecretStr(value)

    def forget(self, ref: SecretRef) -> None:
        """Remove a secret."""
        from keyring.errors import KeyringError, PasswordDeleteError

        try:
            self._backend.delete_password(SERVICE, ref.key)
        except PasswordDeleteError:
            return
        except KeyringError as exc:
            raise _failed() from exc


def _failed() -> VaultError:
    return VaultError(
        Text("Der Schlüsselbund gibt keine Auskunft.", "The key ring does not answer."),
        hint=Text("Ist er entsperrt?", "Is it unlocked?"),
    )
