"""Secrets in one encrypted file: Argon2id for the key, AES-256-GCM for the content.

Layout, all of it authenticated::

    magic (8) | memory KiB (4) | iterations (4) | lanes (4) | salt (16) | check (16) | nonce (12) | ciphertext

``check`` tells a wrong passphrase from an altered file. The header is GCM's associated data, so a
flipped bit anywhere is rejected. A save writes a new file beside the old one, flushes it to disk
and replaces the old one in one step: a kill at any moment leaves one of the two, whole.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from toolkit.errors import VaultDamaged, VaultError, VaultInsecure, VaultLocked
from toolkit.language import Text
from toolkit.vault.vault import SecretRef, missing

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["FileVault", "vault_file"]

_MAGIC = b"ATVAULT1"
_HEADER = struct.Struct(">8sIII16s16s12s")
# RFC 9106, 4: the second recommended option (64 MiB, 3 passes), with one lane.
_MEMORY_KIB, _ITERATIONS, _LANES = 64 * 1024, 3, 1
# What a header may ask for: an altered one must not make us allocate gigabytes.
_MAX_MEMORY_KIB, _MAX_ITERATIONS, _MAX_LANES = 1024 * 1024, 64, 16
_OTHERS = 0o077


def vault_file(home: Path) -> Path:
    """Where the vault of a home folder is."""
    return home / "vault.bin"


class FileVault:
    """A vault in ``<home>/vault.bin``, unlocked by a passphrase from a 0600 file."""

    kind = "Datei"

    def __init__(self, path: Path, passphrase: bytes) -> None:
        self._path = path
        self._passphrase = passphrase
        self._keys: dict[bytes, tuple[bytes, bytes]] = {}

    @classmethod
    def open(cls, home: Path, *, key_file: Path | None = None) -> FileVault:
        """Open the vault of a home folder.

        Without a key file named, one with a random passphrase is made beside the vault, mode 0600:
        that protects against other users and stray copies of the vault, not against somebody who
        copies the whole folder. Name a key file elsewhere (``TOOLKIT_VAULT_KEY_FILE``) for that.

        Raises:
            VaultInsecure: the key file can be read by others.
            VaultLocked: the key file is empty or missing while a vault is already there.
            VaultError: the folder cannot be written to.
        """
        path = vault_file(home)
        if key_file is None:
            key_file = home / "vault.key"
            if not key_file.exists():
                if path.exists():
                    raise VaultLocked(
                        Text(
                            f"Der Tresor {path} ist verschlossen, und seine Schlüsseldatei fehlt.",
                            f"The vault {path} is locked and its key file is missing.",
                        ),
                        field="TOOLKIT_VAULT_KEY_FILE",
                        hint=Text(
                            "TOOLKIT_VAULT_KEY_FILE auf die Schlüsseldatei setzen, mit der er angelegt wurde.",
                            "Point TOOLKIT_VAULT_KEY_FILE at the key file it was made with.",
                        ),
                    )
                with _on_disk(key_file):
                    _make_key_file(key_file)
        return cls(path, _passphrase(key_file))

    def put(self, ref: SecretRef, secret: SecretStr) -> None:
        """Keep a secret; it is on disk when this returns."""
        with _on_disk(self._path), self._lock():
            kept = self._load()
            kept[ref.key] = secret
            self._save(kept)

    def get(self, ref: SecretRef) -> SecretStr:
        """The secret, or `SecretMissing`."""
        with _on_disk(self._path):
            kept = self._load()
        if ref.key not in kept:
            raise missing(ref)
        return kept[ref.key]

    def forget(self, ref: SecretRef) -> None:
        """Remove a secret."""
        with _on_disk(self._path), self._lock():
            kept = self._load()
            if kept.pop(ref.key, None) is not None:
                self._save(kept)

    def _lock(self) -> FileLock:
        return FileLock(self._path.with_suffix(".lock"), mode=0o600)

    def _derive(self, salt: bytes, memory: int, iterations: int, lanes: int) -> tuple[bytes, bytes]:
        """The cipher key and the check value for one salt; kept, for deriving is slow on purpose."""
        wanted = struct.pack(">16sIII", salt, memory, iterations, lanes)
        if wanted not in self._keys:
            from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

            both = Argon2id(
                salt=salt, length=48, iterations=iterations, lanes=lanes, memory_cost=memory
            ).derive(self._passphrase)
            self._keys[wanted] = (both[:32], both[32:])
        return self._keys[wanted]

    def _load(self) -> dict[str, SecretStr]:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        if len(data) < _HEADER.size or not data.startswith(_MAGIC):
            raise _damaged(self._path)
        header = data[: _HEADER.size]
        _, memory, iterations, lanes, salt, check, nonce = _HEADER.unpack(header)
        if not (
            8 * lanes <= memory <= _MAX_MEMORY_KIB
            and 1 <= iterations <= _MAX_ITERATIONS
            and 1 <= lanes <= _MAX_LANES
        ):
            raise _damaged(self._path)
        key, expected = self._derive(salt, memory, iterations, lanes)
        if not hmac.compare_digest(check, expected):
            raise VaultLocked(
                Text(
                    f"Die Passphrase passt nicht zum Tresor {self._path} (oder sein Kopf wurde verändert).",
                    f"The passphrase does not fit the vault {self._path} (or its header was altered).",
                ),
                field="TOOLKIT_VAULT_KEY_FILE",
                hint=Text("Die richtige Schlüsseldatei angeben.", "Name the right key file."),
            )
        try:
            return _wrapped(AESGCM(key).decrypt(nonce, data[_HEADER.size :], header))
        except InvalidTag as exc:
            raise _damaged(self._path) from exc

    def _save(self, kept: dict[str, SecretStr]) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt = self._salt()
        key, check = self._derive(salt, _MEMORY_KIB, _ITERATIONS, _LANES)
        nonce = secrets.token_bytes(12)
        header = _HEADER.pack(_MAGIC, _MEMORY_KIB, _ITERATIONS, _LANES, salt, check, nonce)
        sealed = AESGCM(key).encrypt(nonce, _bare(kept), header)
        _replace(self._path, header + sealed)

    def _salt(self) -> bytes:
        """The salt in use, so that the slow derivation is done once; a new one for a new file."""
        try:
            with self._path.open("rb") as file:
                return bytes(_HEADER.unpack(file.read(_HEADER.size))[4])
        except (FileNotFoundError, struct.error):
            return secrets.token_bytes(16)


def _wrapped(plain: bytes) -> dict[str, SecretStr]:
    """The secrets, each out of sight: a verbose traceback shows the variables of every frame."""
    from pydantic import SecretStr

    return {name: SecretStr(value) for name, value in json.loads(plain).items()}


def _bare(kept: dict[str, SecretStr]) -> bytes:
    """The secrets as they are encrypted; in no variable of a frame that touches the disk."""
    return json.dumps({name: value.get_secret_value() for name, value in kept.items()}).encode()


@contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    """What the disk refuses is a `VaultError`; what was saved before is still there."""
    try:
        yield
    except OSError as exc:
        raise VaultError(
            Text(
                f"{path} lässt sich nicht lesen oder schreiben.",
                f"{path} cannot be read or written.",
            ),
            hint=Text(
                "Ist der Datenträger voll oder schreibgeschützt? Das zuletzt Gespeicherte ist noch da.",
                "Is the disk full or read-only? What was saved before is still there.",
            ),
            evidence=str(exc),
        ) from exc


def _replace(path: Path, content: bytes) -> None:
    """Put content in place of a file: whole, private, on disk, or not at all.

    The caller holds the lock, so one name for the new file is enough, and what a killed process
    left under it is overwritten by the next save.
    """
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    try:
        _write_private(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), content)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_private(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make_key_file(path: Path) -> None:
    """A key file with a random passphrase; it appears whole, and only if there is none yet."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp makes it 0600
    try:
        _write_private(handle, secrets.token_urlsafe(32).encode("ascii") + b"\n")
        os.link(name, path)
    except FileExistsError:  # another process was first
        pass
    finally:
        Path(name).unlink()


def _passphrase(key_file: Path) -> bytes:
    try:
        mode = key_file.stat().st_mode
        content = key_file.read_bytes().strip()
    except OSError as exc:
        raise VaultLocked(
            Text(
                f"Die Schlüsseldatei {key_file} lässt sich nicht lesen.",
                f"The key file {key_file} cannot be read.",
            ),
            field="TOOLKIT_VAULT_KEY_FILE",
        ) from exc
    if os.name == "posix" and mode & _OTHERS:
        raise VaultInsecure(
            Text(
                f"Andere Benutzer können die Schlüsseldatei {key_file} lesen.",
                f"Other users can read the key file {key_file}.",
            ),
            field="TOOLKIT_VAULT_KEY_FILE",
            hint=Text(f"chmod 600 {key_file}", f"chmod 600 {key_file}"),
        )
    if not content:
        raise VaultLocked(
            Text(f"Die Schlüsseldatei {key_file} ist leer.", f"The key file {key_file} is empty."),
            field="TOOLKIT_VAULT_KEY_FILE",
        )
    return content


def _damaged(path: Path) -> VaultDamaged:
    return VaultDamaged(
        Text(
            f"Der Tresor {path} wurde verändert oder ist unvollständig.",
            f"The vault {path} was altered or is incomplete.",
        ),
        hint=Text(
            "Die Datei aus einer Sicherung zurückholen oder die Passwörter neu eingeben.",
            "Restore the file from a backup or enter the passwords again.",
        ),
    )
