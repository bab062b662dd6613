"""The record key: made once, refused when others can read it, and what hangs on it."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import KeyProblem
from index.vault import Vault

KEY = bytes(range(32))


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "record.key"
    first = Vault.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) == 65
    assert Vault.open(path).unseal(first.seal("http://a/")) == "http://a/"
    assert [item.name for item in path.parent.iterdir()] == ["record.key"]


def test_two_at_once_get_one_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    start = threading.Barrier(8)

    def open_it() -> None:
        start.wait()
        found.append(Vault.open(tmp_path / "record.key").fingerprint("x", "y"))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "record.key"
    Vault.open(path)
    path.chmod(mode)
    with pytest.raises(KeyProblem, match="chmod 600"):
        Vault.open(path)


@pytest.mark.parametrize("content", ["", "zz" * 32, "ab" * 31, "ab" * 33, "ab" * 32 + "c"])
def test_a_damaged_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "record.key"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(KeyProblem, match="64 hex digits"):
        Vault.open(path)


def test_another_key_opens_nothing() -> None:
    sealed = Vault(KEY).seal("http://a/")
    with pytest.raises(KeyProblem):
        Vault(bytes(32)).unseal(sealed)


def test_fingerprints_differ_by_key_and_purpose() -> None:
    vault = Vault(KEY)
    found = {
        vault.fingerprint("x", "location"),
        vault.fingerprint("x", "state"),
        vault.fingerprint("y", "location"),
        Vault(bytes(32)).fingerprint("x", "location"),
    }
    assert len(found) == 4
    assert {len(item) for item in found} == {16}


@given(st.text(), st.data())
def test_seal_round_trip_and_any_change_is_noticed(plain: str, data: st.DataObject) -> None:
    vault = Vault(KEY)
    sealed = vault.seal(plain)
    assert vault.unseal(sealed) == plain
    assert vault.seal(plain) != sealed
    where = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[where] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(KeyProblem):
        vault.unseal(bytes(changed))
    with pytest.raises(KeyProblem):
        vault.unseal(sealed[:where])
