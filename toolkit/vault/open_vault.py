"""Which vault is opened."""

from __future__ import annotations

from toolkit.config import Config
from toolkit.vault.file_vault import FileVault, vault_file
from toolkit.vault.keyring_vault import KeyringVault, secure_backend
from toolkit.vault.vault import Vault

__all__ = ["open_vault"]


def open_vault(config: Config) -> Vault:
    """The vault the configuration asks for; without a wish, a secure key ring, else a file.

    Where a file vault already is, it stays the vault: a key ring that appears later (a desktop
    session beside an unattended run) must not make the passwords seem lost.

    Raises:
        VaultInsecure: the key ring asked for would keep secrets in plain text, or a key file
            is readable by others.
        VaultLocked: the passphrase is missing.
    """
    if config.vault == "keyring":
        return KeyringVault.open()
    # A named key file means unattended: no key ring may ask the empty screen for a password.
    wished = config.vault is not None or config.vault_key_file is not None
    if not wished and not vault_file(config.home).exists():
        backend = secure_backend()
        if backend is not None:
            return KeyringVault(backend)
    return FileVault.open(config.make_home(), key_file=config.vault_key_file)
