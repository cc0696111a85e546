"""The vault in a file: what goes in comes out, whole, for the right key, and for nobody else."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from toolkit.errors import SecretMissing, VaultDamaged, VaultError, VaultInsecure, VaultLocked
from toolkit.vault import file_vault
from toolkit.vault.file_vault import FileVault
from toolkit.vault.vault import SecretRef

REF = SecretRef("a1b2c3d4e5f6")
PASSWORD = "Päßwort „geheim“ 🗝"


@pytest.fixture(autouse=True)
def _cheap_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 at its smallest: these tests are about the file, not about the cost of guessing."""
    monkeypatch.setattr(file_vault, "_MEMORY_KIB", 8)
    monkeypatch.setattr(file_vault, "_ITERATIONS", 1)
    monkeypatch.setattr(file_vault, "_MAX_MEMORY_KIB", 1024)


def vault_with(home: Path, password: str = PASSWORD) -> FileVault:
    """A vault that keeps one password."""
    vault = FileVault.open(home)
    vault.put(REF, SecretStr(password))
    return vault


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_derivation_is_expensive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside these tests a guess costs 64 MiB and three passes (RFC 9106, 4)."""
    monkeypatch.undo()
    assert (file_vault._MEMORY_KIB, file_vault._ITERATIONS) == (64 * 1024, 3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(password=st.text(), purpose=st.text(max_size=20))
def test_whatever_is_put_in_comes_out(tmp_path: Path, password: str, purpose: str) -> None:
    """Every password survives the file, read by a vault that opened it anew."""
    ref = SecretRef("a1b2c3d4e5f6", purpose)
    FileVault.open(tmp_path).put(ref, SecretStr(password))
    assert FileVault.open(tmp_path).get(ref).get_secret_value() == password


def test_secrets_are_kept_apart(tmp_path: Path) -> None:
    """Accounts and purposes do not share a secret; a new one replaces the old."""
    vault = vault_with(tmp_path)
    vault.put(SecretRef("ffff"), SecretStr("andere"))
    vault.put(SecretRef(REF.account_id, "token"), SecretStr("drittes"))
    vault.put(REF, SecretStr("neu"))
    again = FileVault.open(tmp_path)
    kept = [again.get(ref).get_secret_value() for ref in (REF, SecretRef("ffff"))]
    assert kept == ["neu", "andere"]
    assert again.get(SecretRef(REF.account_id, "token")).get_secret_value() == "drittes"


def test_a_forgotten_secret_is_gone(tmp_path: Path) -> None:
    """What was forgotten is missing afterwards; forgetting twice, or in no vault, is no error."""
    FileVault.open(tmp_path).forget(REF)
    vault = vault_with(tmp_path)
    vault.forget(REF)
    vault.forget(REF)
    with pytest.raises(SecretMissing) as caught:
        FileVault.open(tmp_path).get(REF)
    assert caught.value.field == "password"


def test_everything_is_private(tmp_path: Path) -> None:
    """Vault, key and lock can be read by their owner only, whatever the umask says."""
    before = os.umask(0)
    try:
        vault_with(tmp_path)
    finally:
        os.umask(before)
    modes = {path.name: mode_of(path) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    assert {"vault.bin", "vault.key"} <= set(modes)


def test_no_file_shows_the_secret(tmp_path: Path) -> None:
    """Neither the password nor the account's id is readable in any file."""
    vault_with(tmp_path)
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert PASSWORD.encode() not in content
        assert REF.account_id.encode() not in content


def test_a_flipped_bit_anywhere_is_rejected(tmp_path: Path) -> None:
    """Every single bit of the file counts: none can be changed unnoticed."""
    vault_with(tmp_path)
    path = tmp_path / "vault.bin"
    whole = path.read_bytes()
    for position in range(len(whole)):
        for bit in range(8):
            altered = bytearray(whole)
            altered[position] ^= 1 << bit
            path.write_bytes(altered)
            with pytest.raises((VaultDamaged, VaultLocked)):
                FileVault.open(tmp_path).get(REF)
    path.write_bytes(whole)
    assert FileVault.open(tmp_path).get(REF).get_secret_value() == PASSWORD


def test_a_vault_cut_short_is_damaged(tmp_path: Path) -> None:
    """A file of any other length is damaged, and never taken for an empty vault."""
    vault_with(tmp_path)
    path = tmp_path / "vault.bin"
    whole = path.read_bytes()
    for content in [*(whole[:size] for size in range(len(whole))), whole + b"\0"]:
        path.write_bytes(content)
        with pytest.raises(VaultDamaged):
            FileVault.open(tmp_path).get(REF)


def test_a_damaged_vault_is_not_overwritten(tmp_path: Path) -> None:
    """Saving into a damaged vault fails and leaves the file for rescue."""
    vault = vault_with(tmp_path)
    path = tmp_path / "vault.bin"
    broken = path.read_bytes()[:-1]
    path.write_bytes(broken)
    with pytest.raises(VaultDamaged):
        vault.put(REF, SecretStr("neu"))
    with pytest.raises(VaultDamaged):
        vault.forget(REF)
    assert path.read_bytes() == broken


def test_a_wrong_passphrase_is_told_from_damage(tmp_path: Path) -> None:
    """Another key opens nothing, and the error speaks of the key."""
    vault_with(tmp_path)
    other = tmp_path / "other.key"
    other.touch(mode=0o600)
    other.write_text("nicht diese", encoding="utf-8")
    for attempt in (
        lambda vault: vault.get(REF),
        lambda vault: vault.put(REF, SecretStr("x")),
        lambda vault: vault.forget(REF),
    ):
        with pytest.raises(VaultLocked) as caught:
            attempt(FileVault.open(tmp_path, key_file=other))
        assert caught.value.field == "TOOLKIT_VAULT_KEY_FILE"
    assert FileVault.open(tmp_path).get(REF).get_secret_value() == PASSWORD


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o620, 0o602, 0o644, 0o777])
def test_a_key_file_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    """A key file that group or others may read or write protects nothing."""
    vault_with(tmp_path)
    (tmp_path / "vault.key").chmod(mode)
    with pytest.raises(VaultInsecure) as caught:
        FileVault.open(tmp_path)
    assert "chmod 600" in str(caught.value.hint)


@pytest.mark.parametrize("content", [None, b"", b" \n"])
def test_a_key_file_without_a_passphrase_locks(tmp_path: Path, content: bytes | None) -> None:
    """A missing or empty key file is VaultLocked, not an empty passphrase."""
    key = tmp_path / "named.key"
    if content is not None:
        key.touch(mode=0o600)
        key.write_bytes(content)
    with pytest.raises(VaultLocked):
        FileVault.open(tmp_path, key_file=key)


def test_a_vault_whose_key_file_is_gone_stays_locked(tmp_path: Path) -> None:
    """No new key is made for an existing vault: its passwords would seem lost."""
    vault_with(tmp_path)
    (tmp_path / "vault.key").unlink()
    with pytest.raises(VaultLocked):
        FileVault.open(tmp_path)
    assert not (tmp_path / "vault.key").exists()


def test_a_header_cannot_ask_for_gigabytes(tmp_path: Path) -> None:
    """Cost parameters beyond reason are damage, found before anything is derived."""
    vault_with(tmp_path)
    path = tmp_path / "vault.bin"
    whole = path.read_bytes()
    for offset, value in ((8, 1 << 31), (12, 1 << 31), (16, 1 << 16), (8, 0), (12, 0), (16, 0)):
        altered = bytearray(whole)
        altered[offset : offset + 4] = value.to_bytes(4, "big")
        path.write_bytes(altered)
        with pytest.raises(VaultDamaged):
            FileVault.open(tmp_path).get(REF)


def test_every_save_uses_a_new_nonce(tmp_path: Path) -> None:
    """The same content is never sealed twice alike: a repeated nonce would break AES-GCM."""
    vault = FileVault.open(tmp_path)
    seen = set()
    for _ in range(20):
        vault.put(REF, SecretStr(PASSWORD))
        seen.add((tmp_path / "vault.bin").read_bytes()[52:64])
    assert len(seen) == 20


def test_a_full_disk_keeps_the_old_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that fails is a VaultError, leaves the earlier state, and no litter."""
    vault = vault_with(tmp_path)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(VaultError):
            vault.put(REF, SecretStr("neu"))
    assert FileVault.open(tmp_path).get(REF).get_secret_value() == PASSWORD
    assert {path.name for path in tmp_path.iterdir()} <= {"vault.bin", "vault.key", "vault.lock"}


def test_a_key_file_appears_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that dies while it makes the key leaves no empty key file that locks everybody out."""

    def killed(_handle: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            FileVault.open(tmp_path)
    assert list(tmp_path.iterdir()) == []
    vault_with(tmp_path)


def test_a_key_file_is_never_replaced(tmp_path: Path) -> None:
    """Of two processes that start at once, the first one's key counts for both."""
    file_vault._make_key_file(tmp_path / "vault.key")
    first = (tmp_path / "vault.key").read_bytes()
    file_vault._make_key_file(tmp_path / "vault.key")
    assert (tmp_path / "vault.key").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["vault.key"]


def test_a_vault_that_cannot_be_read_is_typed(tmp_path: Path) -> None:
    """A folder in the vault's place is a VaultError, not a bare OSError."""
    FileVault.open(tmp_path)
    (tmp_path / "vault.bin").mkdir()
    vault = FileVault(tmp_path / "vault.bin", b"egal")
    with pytest.raises(VaultError):
        vault.get(REF)
    with pytest.raises(VaultError):
        vault.put(REF, SecretStr("x"))


def test_a_home_that_is_gone_is_typed(tmp_path: Path) -> None:
    """Without its folder a vault cannot be made, and the error is typed."""
    with pytest.raises(VaultError):
        FileVault.open(tmp_path / "nowhere")


def test_two_vaults_do_not_lose_each_others_secrets(tmp_path: Path) -> None:
    """Two open handles on one file each see and keep what the other saved."""
    first, second = FileVault.open(tmp_path), FileVault.open(tmp_path)
    first.put(SecretRef("1"), SecretStr("eins"))
    second.put(SecretRef("2"), SecretStr("zwei"))
    assert first.get(SecretRef("2")).get_secret_value() == "zwei"
    assert second.get(SecretRef("1")).get_secret_value() == "eins"


def test_a_vault_shows_no_secret(tmp_path: Path) -> None:
    """Neither its representation nor its attributes shown by pprint hold password or passphrase."""
    vault = vault_with(tmp_path)
    vault.get(REF)
    passphrase = (tmp_path / "vault.key").read_text(encoding="ascii").strip()
    shown = f"{vault!r} {vault} {REF!r} {REF} {vault.get(REF)!r} {vault.get(REF)}"
    assert PASSWORD not in shown
    assert passphrase not in shown


_SAVER = """
import sys
from pathlib import Path
from pydantic import SecretStr
from toolkit.vault import file_vault
from toolkit.vault.vault import SecretRef
file_vault._MEMORY_KIB, file_vault._ITERATIONS = 8, 1
vault = file_vault.FileVault.open(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), 1_000_000):
    # Two secrets that belong together: a state in which they differ was never saved.
    vault.put(SecretRef("even" if number % 2 == 0 else "odd"), SecretStr(str(number) * 50))
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_kill_during_a_save_loses_nothing(tmp_path: Path) -> None:
    """SIGKILL at any moment: the file opens and holds at least what was reported as saved."""
    number = 0
    for round_ in range(8):
        saver = subprocess.Popen(
            [sys.executable, "-c", _SAVER, str(tmp_path), str(number)], stdout=subprocess.PIPE
        )
        assert saver.stdout is not None
        saver.stdout.readline()  # it is saving now
        time.sleep(0.013 * round_)
        saver.send_signal(signal.SIGKILL)
        rest = saver.stdout.read().decode("ascii").split()
        saver.wait()
        saver.stdout.close()
        reported = int(rest[-1]) if rest else number
        vault = FileVault.open(tmp_path)
        held = {}
        for name in ("even", "odd"):
            try:
                value = vault.get(SecretRef(name)).get_secret_value()
            except SecretMissing:
                continue
            held[name] = int(value[: len(value) // 50])
            assert value == str(held[name]) * 50
        # One save after the last report may have gone through.
        assert max(held.values()) in (reported, reported + 1)
        if len(held) == 2:
            assert abs(held["even"] - held["odd"]) == 1
        number = max(held.values()) + 1
        assert mode_of(tmp_path / "vault.bin") == 0o600
    FileVault.open(tmp_path).put(REF, SecretStr(PASSWORD))
    names = {path.name for path in tmp_path.iterdir()}
    assert names <= {"vault.bin", "vault.key", "vault.lock"}  # no litter of killed saves
