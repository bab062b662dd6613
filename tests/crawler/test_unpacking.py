"""Content encodings undone in pieces: the same bytes, however they come, and never many at once."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.unpacking import STEP, BadCoding, unpacked, unpackers

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def raw_deflate(body: bytes) -> bytes:
    maker = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return maker.compress(body) + maker.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "gzip of two members": lambda body: gzip.compress(body[:50]) + gzip.compress(body[50:]),
    "gzip with something behind it": lambda body: gzip.compress(body) + b"\0\0\0",
    "deflate": zlib.compress,
    "deflate without wrapper": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "zstd of two frames": lambda body: zstd.compress(body[:50]) + zstd.compress(body[50:]),
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
}


def read(encoding: str, chunks: list[bytes]) -> bytes:
    codings = unpackers(encoding)
    return b"".join(piece for chunk in chunks for piece in unpacked(codings, chunk))


@pytest.mark.parametrize("form", PACKERS)
@settings(max_examples=30)
@given(body=st.binary(max_size=300).map(lambda part: part * 700), step=st.integers(1, 9_000))
def test_the_same_bytes_come_out(form: str, body: bytes, step: int) -> None:
    packed = PACKERS[form](body)
    chunks = [packed[at : at + step] for at in range(0, len(packed), step)][:4_000]
    if b"".join(chunks) == packed:
        assert read(form.partition(" of")[0].partition(" with")[0], chunks) == body


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_comes_in_small_pieces(coding: str) -> None:
    packed = PACKERS[coding](b"\0" * 50_000_000)
    largest = total = 0
    for piece in unpacked(unpackers(coding), packed):
        largest, total = max(largest, len(piece)), total + len(piece)
    assert total == 50_000_000
    assert largest <= 2 * STEP


@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.binary(max_size=200))
def test_any_bytes_are_content_or_refused(coding: str, body: bytes) -> None:
    try:
        read(coding, [body])
    except BadCoding:
        return


@pytest.mark.parametrize("encoding", ["compress", "gzip, gzip, gzip", "gzip;q=1", "é"])
def test_a_coding_that_is_not_known_is_refused(encoding: str) -> None:
    with pytest.raises(BadCoding):
        unpackers(encoding)


def test_without_a_coding_bytes_stay() -> None:
    assert read("", [b"a"]) == read("identity", [b"a"]) == b"a"
