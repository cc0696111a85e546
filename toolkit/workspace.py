"""One open office: configuration, database, vault and trusted certificates in one handle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from toolkit.config import Config
from toolkit.store.store import Store
from toolkit.vault.open_vault import open_vault
from toolkit.vault.vault import Vault

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

__all__ = ["Workspace"]


@dataclass
class Workspace:
    """What every job needs and none should open for itself.

    ::

        with Workspace.open() as workspace:
            with workspace.store.read() as connection: …
    """

    config: Config
    store: Store

    @classmethod
    def open(cls, config: Config | None = None) -> Workspace:
        """Open the office the environment describes; creates and migrates what is missing.

        Raises:
            ConfigError, StoreError: it cannot be opened. The vault is opened at first use.
        """
        config = config or Config.from_environment()
        config.make_home()
        return cls(config, Store.open(config.database_url, lock_folder=config.home))

    @cached_property
    def vault(self) -> Vault:
        """Where the secrets are; raises `VaultError` if it cannot be opened."""
        return open_vault(self.config)

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """The one verifying TLS context: loading the system's certificates costs 20 ms."""
        from toolkit.mail.tls import verified_context

        return verified_context(self.config.ca_file)

    def lock_file(self, name: str) -> Path:
        """The path of a lock file in the home folder."""
        folder = self.config.home / "locks"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{name}.lock"

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
