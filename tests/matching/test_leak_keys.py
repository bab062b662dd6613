"""Key files: who may read them, what they hold, and that none is overwritten."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from matching.errors import KeyFileError
from matching.keys import LeakKey, hkdf, load_key, new_key


def test_a_new_key_is_64_digits_and_closed_to_others(tmp_path: Path) -> None:
    made = new_key(tmp_path / "k")
    text = (tmp_path / "k").read_text()
    assert len(text) == 65
    assert text.endswith("\n")
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert load_key(tmp_path / "k") == made
    assert made.secret.hex() not in repr(made)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    before = (tmp_path / "k").read_bytes()
    with pytest.raises(KeyFileError, match="never overwritten"):
        new_key(tmp_path / "k")
    assert (tmp_path / "k").read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o660])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    new_key(tmp_path / "k")
    (tmp_path / "k").chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_key(tmp_path / "k")


@pytest.mark.parametrize("text", ["", "abc", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\nmore"])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(KeyFileError, match="no key file"):
        load_key(path)


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="vigie key new"):
        load_key(tmp_path / "none")


def test_what_is_no_file_is_refused_in_words(tmp_path: Path) -> None:
    """A pipe without a writer too: it must not be waited for."""
    (tmp_path / "file").touch(mode=0o600)
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, said in (
        (".", "is a folder; name the key file itself"),
        ("pipe", "is no regular file; name the key file itself"),
        ("file/key", "cannot be read: Not a directory. Mend its path"),
        ("loop", "cannot be read: Too many levels of symbolic links. Mend its path"),
    ):
        with pytest.raises(KeyFileError, match=said) as caught:
            load_key(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


def test_a_key_file_that_fails_while_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_key(tmp_path / "k")

    def fail(_handle: int, _size: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "read", fail)
    with pytest.raises(KeyFileError, match="cannot be read: Input/output error"):
        load_key(tmp_path / "k")


def test_every_kind_has_a_key_of_its_own() -> None:
    keys = LeakKey(bytes(32)).sub_keys(b"one file")
    assert len({tuple(pair) for pair in keys.tolist()}) == len(keys)
    assert not np.array_equal(keys, LeakKey(bytes(31) + b"\x01").sub_keys(b"one file"))
    assert not np.intersect1d(keys, LeakKey(bytes(32)).sub_keys(b"another file")).size


# Of RFC 5869, appendix A: secret, salt, info, what comes out.
VECTORS = [
    ("0b" * 22, "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
    ("0b" * 22, "", "",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
]  # fmt: skip


@pytest.mark.parametrize(("secret", "salt", "info", "expected"), VECTORS)
def test_keys_are_derived_as_the_rfc_says(secret: str, salt: str, info: str, expected: str) -> None:
    given = bytes.fromhex(secret), bytes.fromhex(salt), bytes.fromhex(info)
    assert hkdf(*given, len(expected) // 2).hex() == expected


@pytest.mark.parametrize("length", [0, 1, 8, 16, 31, 32, 33, 64, 255])
def test_keys_are_those_of_another_implementation(length: int) -> None:
    for secret, salt, info in ((b"k" * 32, b"s", b"siphash nir"), (b"\0" * 32, b"x" * 90, b"")):
        other = HKDF(algorithm=hashes.SHA256(), length=max(1, length), salt=salt, info=info)
        assert hkdf(secret, salt, info, length) == other.derive(secret)[:length]
