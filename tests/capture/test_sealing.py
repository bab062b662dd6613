"""Sealed originals: only the private key opens them, and no plain byte touches the disk."""

from __future__ import annotations

import errno
import io
import os
import stat
import tarfile
from pathlib import Path

import pyrage
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture.errors import CaptureError
from capture.sealing import Sealer
from capture.unseal import unseal

BODY = b"MARTINEAU;Jeanne;0639981234\n" * 50
FACTS = {"address": "https://f.example/topic/12/martineau", "status": 200, "path": ["a", "b"]}


@pytest.fixture
def identity() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def key_file(tmp_path: Path, identity: pyrage.x25519.Identity) -> Path:
    path = tmp_path / "age.key"
    path.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    return path


def test_what_was_sealed_is_opened_with_the_private_key(
    tmp_path: Path, identity: pyrage.x25519.Identity, key_file: Path
) -> None:
    name = Sealer(tmp_path / "sealed", [str(identity.to_public())]).seal(BODY, FACTS)
    assert unseal(tmp_path / "sealed" / name, key_file) == (FACTS, BODY)


def test_any_age_and_tar_open_it_facts_first(
    tmp_path: Path, identity: pyrage.x25519.Identity
) -> None:
    name = Sealer(tmp_path, [str(identity.to_public())]).seal(BODY, FACTS)
    sealed = (tmp_path / name).read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1\n")
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(sealed, [identity]))) as archive:
        assert archive.getnames() == ["facts.json", "body"]


def test_every_recipient_can_open_and_nobody_else(tmp_path: Path) -> None:
    keys = [pyrage.x25519.Identity.generate() for _ in range(3)]
    name = Sealer(tmp_path, [str(key.to_public()) for key in keys[:2]]).seal(BODY, {})
    sealed = (tmp_path / name).read_bytes()
    for key in keys[:2]:
        assert BODY in pyrage.decrypt(sealed, [key])
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [keys[2]])


def test_without_recipients_nothing_is_written(tmp_path: Path) -> None:
    assert Sealer(tmp_path / "sealed", []).seal(BODY, FACTS) == ""
    assert list(tmp_path.iterdir()) == []


def test_no_plain_byte_is_on_the_disk(
    tmp_path: Path, identity: pyrage.x25519.Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    real = os.open

    def watched(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            written.append(os.fsencode(path))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", watched)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    name = Sealer(tmp_path, [str(identity.to_public())]).seal(BODY, FACTS)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [tmp_path / name]
    assert len(written) == 1
    for secret in (b"MARTINEAU", b"0639981234", b"martineau", b"facts.json"):
        assert secret not in files[0].read_bytes()
        assert secret not in os.fsencode(name)


def test_only_the_owner_may_read(tmp_path: Path, identity: pyrage.x25519.Identity) -> None:
    name = Sealer(tmp_path / "sealed", [str(identity.to_public())]).seal(BODY, {})
    path = tmp_path / "sealed" / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_file_and_its_folders_are_on_the_disk_when_seal_returns(
    tmp_path: Path, identity: pyrage.x25519.Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def watched(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    name = Sealer(tmp_path, [str(identity.to_public())]).seal(BODY, {})
    assert synced == [
        str((tmp_path / name).with_suffix(".part")),
        str((tmp_path / name).parent),
        str(tmp_path),
    ]


def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, identity: pyrage.x25519.Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CaptureError, match=r"No space left.*\[storage\] path"):
        Sealer(tmp_path, [str(identity.to_public())]).seal(BODY, {})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "recipient", ["", "age1nope", "ssh-ed25519 AAAA", "hello", "age1" + "q" * 58]
)
def test_a_recipient_that_is_none_names_its_place(
    tmp_path: Path, identity: pyrage.x25519.Identity, recipient: str
) -> None:
    with pytest.raises(CaptureError, match=r"\[sealing\] recipients, entry 2"):
        Sealer(tmp_path, [str(identity.to_public()), recipient])


def test_a_private_key_as_recipient_is_refused_and_not_shown(
    tmp_path: Path, identity: pyrage.x25519.Identity
) -> None:
    with pytest.raises(CaptureError, match="private key") as caught:
        Sealer(tmp_path, [str(identity)])
    assert str(identity) not in str(caught.value)


def test_discard_removes_what_seal_wrote_and_nothing_else(
    tmp_path: Path, identity: pyrage.x25519.Identity
) -> None:
    sealer = Sealer(tmp_path / "sealed", [str(identity.to_public())])
    name = sealer.seal(BODY, {})
    other = tmp_path / "other.age"
    other.write_bytes(b"x")
    for odd in ("../other.age", str(other), "", name + "/.."):
        with pytest.raises(CaptureError):
            sealer.discard(odd)
    sealer.discard(name)
    sealer.discard(name)
    assert not (tmp_path / "sealed" / name).exists()
    assert other.exists()


def test_damage_and_wrong_keys_are_told(
    tmp_path: Path, identity: pyrage.x25519.Identity, key_file: Path
) -> None:
    name = Sealer(tmp_path, [str(identity.to_public())]).seal(BODY, {})
    path = tmp_path / name
    sealed = bytearray(path.read_bytes())
    other = tmp_path / "other.key"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    with pytest.raises(CaptureError, match="does not open"):
        unseal(path, other)
    sealed[-5] ^= 1
    path.write_bytes(sealed)
    with pytest.raises(CaptureError, match="does not open"):
        unseal(path, key_file)
    other.write_text("hello\n")
    with pytest.raises(CaptureError, match="age-keygen"):
        unseal(path, other)
    with pytest.raises(CaptureError, match="cannot be read"):
        unseal(tmp_path / "none.age", key_file)


@given(st.binary(max_size=2000))
@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_any_body_comes_back(
    tmp_path: Path, identity: pyrage.x25519.Identity, key_file: Path, body: bytes
) -> None:
    name = Sealer(tmp_path, [str(identity.to_public())]).seal(body, {"n": len(body), "é": "\ud800"})
    facts, back = unseal(tmp_path / name, key_file)
    assert (facts["n"], back) == (len(body), body)
