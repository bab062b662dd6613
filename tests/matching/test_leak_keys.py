"""Key files: who may read them, what they hold, and that none is overwritten."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from matching.errors import KeyFileError
from matching.keys import LeakKey, load_key, new_key


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
