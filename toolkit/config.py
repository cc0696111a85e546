"""What the environment says: where the program keeps things and how it is unlocked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.errors import ConfigError
from toolkit.language import Text

__all__ = ["VAULT_KINDS", "Config"]

VAULT_KINDS = ("keyring", "file")


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run; nothing in it is a secret but a database URL may hold one.

    Attributes:
        home: folder of everything the program keeps (``TOOLKIT_HOME``).
        database_url: SQLAlchemy URL (``TOOLKIT_DATABASE_URL``); kept out of ``repr``.
        ca_file: PEM bundle trusted beside the system's (``TOOLKIT_CA_FILE``).
        vault: ``keyring``, ``file`` or None for "the best there is" (``TOOLKIT_VAULT``).
        vault_key_file: file holding the vault's passphrase (``TOOLKIT_VAULT_KEY_FILE``).
    """

    home: Path
    database_url: str = field(repr=False)
    ca_file: Path | None = None
    vault: str | None = None
    vault_key_file: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read the ``TOOLKIT_…`` variables; unset ones have working defaults.

        Raises:
            ConfigError: a variable names what is not there; ``field`` is the variable.
        """
        env = os.environ if environ is None else environ
        home = Path(env["TOOLKIT_HOME"]) if env.get("TOOLKIT_HOME") else _default_home()
        home = home.expanduser().absolute()
        vault = env.get("TOOLKIT_VAULT") or None
        if vault is not None and vault not in VAULT_KINDS:
            raise ConfigError(
                Text(
                    f"TOOLKIT_VAULT={vault} ist keine bekannte Art von Tresor.",
                    f"TOOLKIT_VAULT={vault} is not a known kind of vault.",
                ),
                field="TOOLKIT_VAULT",
                hint=Text("Erlaubt sind: keyring, file.", "Allowed are: keyring, file."),
            )
        return cls(
            home=home,
            database_url=env.get("TOOLKIT_DATABASE_URL") or f"sqlite:///{home / 'toolkit.db'}",
            ca_file=_existing_file(env, "TOOLKIT_CA_FILE"),
            vault=vault,
            vault_key_file=_existing_file(env, "TOOLKIT_VAULT_KEY_FILE"),
        )

    def make_home(self) -> Path:
        """Create the home folder, readable by its owner only, and return it.

        Raises:
            ConfigError: it cannot be created; ``field`` is ``TOOLKIT_HOME``.
        """
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise ConfigError(
                Text(
                    f"Der Ordner {self.home} lässt sich nicht anlegen.",
                    f"The folder {self.home} cannot be created.",
                ),
                field="TOOLKIT_HOME",
                hint=Text(
                    "TOOLKIT_HOME auf einen Ordner setzen, in den Sie schreiben dürfen.",
                    "Point TOOLKIT_HOME at a folder you may write to.",
                ),
                evidence=str(exc),
            ) from exc
        return self.home


def _default_home() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("actaport-mail-toolkit", appauthor=False))


def _existing_file(env: Mapping[str, str], variable: str) -> Path | None:
    if not env.get(variable):
        return None
    path = Path(env[variable]).expanduser().absolute()
    if not path.is_file():
        raise ConfigError(
            Text(
                f"{variable}: die Datei {path} gibt es nicht.",
                f"{variable}: there is no file {path}.",
            ),
            field=variable,
            hint=Text(
                "Den Pfad berichtigen oder die Variable löschen.",
                "Correct the path or unset the variable.",
            ),
        )
    return path
