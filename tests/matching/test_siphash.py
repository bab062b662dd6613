"""SipHash-2-4 against the vectors of its authors (key 00..0f, input 00, 00 01, …)."""

from __future__ import annotations

import numpy as np
import pytest

from matching.kernel.siphash import siphash_array

_VECTORS = """
310e0edd47db6f72 fd67dc93c539f874 5a4fa9d909806c0d 2d7efbd796666785 b7877127e09427cf
8da699cd64557618 cee3fe586e46c9cb 37d1018bf50002ab 6224939a79f5f593 b0e4a90bdf82009e
f3b9dd94c5bb5d7a a7ad6b22462fb3f4 fbe50e86bc8f1e75 903d84c02756ea14 eef27a8e90ca23f7
e545be4961ca29a1
"""
VECTORS = _VECTORS.split()


@pytest.mark.parametrize("length", range(len(VECTORS)))
def test_vectors(length: int) -> None:
    k0, k1 = np.frombuffer(bytes(range(16)), "<u8")
    found = siphash_array(np.arange(length, dtype=np.uint8), k0, k1)
    assert int(found).to_bytes(8, "little").hex() == VECTORS[length]
