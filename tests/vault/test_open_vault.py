"""Which vault is opened, which key rings are refused, and that a reference is no secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import keyring.backend
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError
from pydantic import SecretStr

from toolkit.config import Config
from toolkit.errors import SecretMissing, VaultError, VaultInsecure
from toolkit.vault.file_vault import FileVault
from toolkit.vault.keyring_vault import SECURE_BACKENDS, KeyringVault
from toolkit.vault.open_vault import open_vault
from toolkit.vault.vault import SecretRef

REF = SecretRef("a1b2c3d4e5f6")


class Rings:
    """The key rings this computer has, for one test."""

    def __init__(self) -> None:
        self.made: list[KeyringBackend] = []

    def add(self, module: str, *, priority: float = 5, locked: bool = False) -> KeyringBackend:
        """A key ring that keeps passwords in a dictionary and claims to be of ``module``."""

        def check() -> None:
            if locked:
                raise KeyringLocked("Failed to unlock the collection!")

        def put(self: Any, service: str, name: str, password: str) -> None:
            check()
            self.kept[service, name] = password

        def get(self: Any, service: str, name: str) -> str | None:
            check()
            found: str | None = self.kept.get((service, name))
            return found

        def forget(self: Any, service: str, name: str) -> None:
            check()
            if self.kept.pop((service, name), None) is None:
                raise PasswordDeleteError("No such password!")

        body = {
            "__module__": module,
            "kept": {},
            "priority": priority,
            "set_password": put,
            "get_password": get,
            "delete_password": forget,
        }
        ring: KeyringBackend = type("Keyring", (KeyringBackend,), body)()
        self.made.append(ring)
        return ring


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rings]:
    """No key ring but those the test adds; keyring's own registry is as before afterwards."""
    there = Rings()
    registered = set(KeyringBackend._classes)
    monkeypatch.setattr(keyring.backend, "get_all_keyring", lambda: list(there.made))
    yield there
    KeyringBackend._classes.intersection_update(registered)


def config(home: Path, vault: str | None = None, key_file: Path | None = None) -> Config:
    return Config(home, "sqlite://", vault=vault, vault_key_file=key_file)


@pytest.mark.parametrize("module", SECURE_BACKENDS)
def test_a_secure_key_ring_is_used(tmp_path: Path, rings: Rings, module: str) -> None:
    """Without a wish the operating system's key ring is the vault, and it works."""
    rings.add(module)
    vault = open_vault(config(tmp_path))
    assert isinstance(vault, KeyringVault)
    vault.put(REF, SecretStr("Päßwort"))
    assert vault.get(REF).get_secret_value() == "Päßwort"
    vault.forget(REF)
    vault.forget(REF)
    with pytest.raises(SecretMissing):
        vault.get(REF)
    assert not (tmp_path / "vault.bin").exists()


@pytest.mark.parametrize(
    "module",
    [
        "keyrings.alt.file",
        "keyrings.alt.Gnome",
        "keyrings.cryptfile.cryptfile",
        "keyring.backends.fail",
        "keyring.backends.null",
        "keyring.backends.chainer",
        "keyring.backends.SecretServiceLookalike",
        "sagecipher.keyring",
        "",
    ],
)
def test_other_key_rings_are_refused_by_name(tmp_path: Path, rings: Rings, module: str) -> None:
    """Whatever its priority, a ring not on the list is refused and named; the file takes over."""
    ring = rings.add(module, priority=100)
    with pytest.raises(VaultInsecure, match=f"abgelehnt: {module}"):
        open_vault(config(tmp_path, "keyring"))
    vault = open_vault(config(tmp_path))
    assert isinstance(vault, FileVault)
    vault.put(REF, SecretStr("x"))
    assert ring.kept == {}  # type: ignore[attr-defined]


def test_no_key_ring_at_all_is_refused(tmp_path: Path, rings: Rings) -> None:
    """Asked for a key ring where there is none: the hint names the way out."""
    with pytest.raises(VaultInsecure) as caught:
        open_vault(config(tmp_path, "keyring"))
    assert "TOOLKIT_VAULT=file" in str(caught.value.hint)


def test_the_best_secure_ring_wins(tmp_path: Path, rings: Rings) -> None:
    """Priority decides among secure rings only."""
    rings.add("keyrings.alt.file", priority=100)
    rings.add("keyring.backends.kwallet", priority=3)
    best = rings.add("keyring.backends.SecretService", priority=5)
    open_vault(config(tmp_path, "keyring")).put(REF, SecretStr("x"))
    assert len(best.kept) == 1  # type: ignore[attr-defined]


def test_a_file_is_opened_when_asked_for(tmp_path: Path, rings: Rings) -> None:
    """TOOLKIT_VAULT=file wins over any key ring."""
    rings.add("keyring.backends.SecretService")
    assert isinstance(open_vault(config(tmp_path, "file")), FileVault)


def test_a_named_key_file_means_the_file(tmp_path: Path, rings: Rings) -> None:
    """An unattended run names a key file; no key ring may ask an empty screen."""
    rings.add("keyring.backends.SecretService")
    key = tmp_path / "k"
    key.touch(mode=0o600)
    key.write_text("passphrase", encoding="ascii")
    assert isinstance(open_vault(config(tmp_path, key_file=key)), FileVault)


def test_an_existing_file_vault_stays_the_vault(tmp_path: Path, rings: Rings) -> None:
    """Passwords saved before a key ring appeared (a desktop session, say) are still found."""
    open_vault(config(tmp_path)).put(REF, SecretStr("früher"))
    rings.add("keyring.backends.SecretService")
    assert open_vault(config(tmp_path)).get(REF).get_secret_value() == "früher"


def test_a_locked_key_ring_is_typed(tmp_path: Path, rings: Rings) -> None:
    """What the key ring's library raises becomes a VaultError, for every verb."""
    rings.add("keyring.backends.SecretService", locked=True)
    vault = open_vault(config(tmp_path))
    for attempt in (
        lambda: vault.put(REF, SecretStr("geheim")),
        lambda: vault.get(REF),
        lambda: vault.forget(REF),
    ):
        with pytest.raises(VaultError) as caught:
            attempt()
        assert "geheim" not in f"{caught.value!r} {caught.value} {caught.value.evidence}"


def test_a_key_ring_vault_shows_no_secret(tmp_path: Path, rings: Rings) -> None:
    """Its representation names the ring, never what it keeps."""
    rings.add("keyring.backends.SecretService")
    vault = open_vault(config(tmp_path))
    vault.put(REF, SecretStr("geheim"))
    assert "geheim" not in f"{vault!r} {vault} {vault.kind} {vault.get(REF)!r}"


def test_a_reference_is_a_name_only() -> None:
    """A SecretRef says whose secret it is and what for; there is no room for more."""
    assert [field.name for field in fields(SecretRef)] == ["account_id", "purpose"]
    assert repr(REF) == "SecretRef(account_id='a1b2c3d4e5f6', purpose='password')"
    assert REF.key == "a1b2c3d4e5f6/password"
    assert not hasattr(REF, "__dict__")
