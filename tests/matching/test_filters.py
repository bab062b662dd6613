"""The filter before the exact table: it knows every key, and few others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matching import fingerprint_format as layout
from matching.errors import DamagedFileError
from matching.fingerprint_file import FingerprintFile
from matching.fingerprint_writer import FingerprintWriter
from matching.kernel.packing import fill_bits
from matching.kernel.table import in_pairs
from matching.keys import load_key
from native.jit import kernel, pointer
from tests.matching.disguises import LeakOnDisk

KEYS = 1 << 14


@kernel
def known(keys, bits):  # type: ignore[no-untyped-def]
    """How many keys the filter knows."""
    found, mask = 0, np.uint64(len(bits) * 8 - 1)
    for key in keys:
        found += in_pairs(pointer(bits), mask, key)
    return found


@pytest.mark.parametrize("bytes_", [8, 64, KEYS * 2])
def test_every_key_is_known(bytes_: int) -> None:
    draw = np.random.default_rng(bytes_)
    keys = draw.integers(0, 1 << 64, KEYS, np.uint64)
    bits = np.zeros(bytes_, np.uint8)
    fill_bits(keys, bits)
    assert known(keys, bits) == KEYS


def test_few_others_are_known() -> None:
    """At sixteen bits a key two in a hundred; a single bit a key would let six pass."""
    draw = np.random.default_rng(3)
    bits = np.zeros(KEYS * 2, np.uint8)
    fill_bits(draw.integers(0, 1 << 64, KEYS, np.uint64), bits)
    others = draw.integers(0, 1 << 64, 100_000, np.uint64)
    assert known(others, bits) < 2_500


def test_a_filter_shorter_than_a_word_is_refused(leak: LeakOnDisk, tmp_path: Path) -> None:
    """It is read in words of eight bytes, and what it is too short for would be read behind it."""
    key = load_key(leak.ref.key_file)
    whole = FingerprintFile(leak.ref.file)
    for size in (4, 8):
        made = tmp_path / f"{size}.vfp"
        with FingerprintWriter(made) as out:
            for name in layout.SECTIONS:
                array = whole.array(name)
                out.section(name, iter([array[:size] if name == "exact.bits" else array]))
            out.finish(whole.facts, key)
        if size < 8:
            with pytest.raises(DamagedFileError, match="what cannot be"):
                FingerprintFile(made)
        else:
            FingerprintFile(made).close()
    whole.close()
