"""Lanes by permutation tables say what LLVM's own lanes say, whichever this processor takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from llvmlite import binding

from matching.kernel.lanes import MEMO, long_seat, seat
from native import lanes, llvm
from native.jit import intrinsic, kernel, pointer, types
from native.llvm import EIGHT, ir

HAS_AVX2 = bool(binding.get_host_cpu_features().get("avx2"))
WORDS = st.lists(st.integers(0, 2**64 - 1), min_size=EIGHT, max_size=EIGHT)


def _load(builder: Any, base: Any, of: Any) -> Any:
    return builder.load(builder.bitcast(base, ir.PointerType(of)), align=1)


def _chosen_of(builder: Any, bits: Any) -> Any:
    return builder.bitcast(builder.trunc(bits, llvm.BYTE), ir.VectorType(llvm.BIT, EIGHT))


def _put_both(context: Any, builder: Any, _sig: Any, args: Any) -> Any:
    """Store chosen words and places, and what `whole_bytes` and `gather_at` say."""
    words, places, bits, out, out_places, sizes, found = args
    chosen, value = _chosen_of(builder, bits), _load(builder, words, llvm.WORDS)
    nothing = ir.Constant(llvm.WORD, 0)
    lanes.put(builder, chosen, value, out, nothing)
    lanes.put(builder, chosen, _load(builder, places, llvm.PLACES), out_places, nothing)
    for values, to in (
        (lanes.whole_bytes(builder, value), sizes),
        (lanes.gather_at(builder, builder.bitcast(words, llvm.BYTE.as_pointer()), places,
                         nothing, 2), found),
    ):  # fmt: skip
        builder.store(values, builder.bitcast(to, ir.PointerType(llvm.WORDS)), align=1)
    return context.get_dummy_value()


def _signature(*args: Any) -> Any:
    return types.none(*args), _put_both


@intrinsic
def _put_by_table(_typing: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> Any:
    return _signature(a, b, c, d, e, f, g)


@intrinsic
def _put_by_llvm(_typing: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any) -> Any:
    return _signature(a, b, c, d, e, f, g)


@kernel
def by_table(words, places, bits, out, out_places, sizes, found):  # type: ignore[no-untyped-def]
    _put_by_table(
        pointer(words), pointer(places), bits, pointer(out), pointer(out_places), pointer(sizes),
        pointer(found),
    )  # fmt: skip


@kernel
def by_llvm(words, places, bits, out, out_places, sizes, found):  # type: ignore[no-untyped-def]
    _put_by_llvm(
        pointer(words), pointer(places), bits, pointer(out), pointer(out_places), pointer(sizes),
        pointer(found),
    )  # fmt: skip


def results(
    run: Callable[..., None], words: list[int], places: list[int], bits: int
) -> tuple[list[int], ...]:
    out, out_places = np.zeros(EIGHT, np.uint64), np.zeros(EIGHT, np.int32)
    sizes, found = np.zeros(EIGHT, np.uint64), np.zeros(EIGHT, np.uint64)
    text = np.array([*words, 0, 0], np.uint64)
    run(text, np.array(places, np.int32), np.uint64(bits), out, out_places, sizes, found)
    count = bits.bit_count()
    return out[:count].tolist(), out_places[:count].tolist(), sizes.tolist(), found.tolist()


@pytest.fixture(scope="module", params=["table", "LLVM"])
def run(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Either way, compiled as for a processor that takes it."""
    if request.param == "table" and not HAS_AVX2:
        pytest.skip("lanes are only moved by tables where there is AVX2")
    made = by_table if request.param == "table" else by_llvm
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "PERMUTES", request.param == "table")
        results(made, [0] * EIGHT, [0] * EIGHT, 0)
    return made


@given(
    st.lists(st.binary(min_size=8, max_size=8), min_size=EIGHT, max_size=EIGHT),
    st.lists(st.integers(0, 56), min_size=EIGHT, max_size=EIGHT),
    st.integers(0, 255),
)
@example([bytes([255] * n + [0] * (8 - n)) for n in range(1, 9)], list(range(8)), 255)
def test_chosen_lanes_stand_next_to_each_other(
    run: Callable[..., None], texts: list[bytes], places: list[int], bits: int
) -> None:
    # `whole_bytes` is asked of bytes that are set in all their bits or none.
    texts = [bytes(255 * (byte & 1) for byte in text) for text in texts]
    words = [int.from_bytes(text, "little") for text in texts]
    lanes_ = [lane for lane in range(EIGHT) if bits >> lane & 1]
    whole = b"".join(texts) + bytes(16)
    assert results(run, words, places, bits) == (
        [words[lane] for lane in lanes_],
        [places[lane] for lane in lanes_],
        [text.count(255) for text in texts],
        [int.from_bytes(whole[at + 2 : at + 10], "little") for at in places],
    )


@kernel
def seats(word, start):  # type: ignore[no-untyped-def]
    return seat(word), long_seat(start, word)


def test_words_are_spread_over_the_memo() -> None:
    """Ordinary words do not push each other out: they take nearly as many seats as thrown dice."""
    parts = ("re", "con", "de", "in", "at", "er", "tion", "s", "ment", "al", "ix", "o")
    short = {(a + b + c)[:7] for a in parts for b in parts for c in parts}
    taken = {
        seats(np.uint64(int.from_bytes(word.encode().ljust(7, b"\0"), "little") | len(word) << 56),
              np.uint64(0))[0]
        for word in short
    }  # fmt: skip
    expected = MEMO * (1 - (1 - 1 / MEMO) ** len(short))
    assert len(taken) > 0.95 * expected
    long = {
        seats(np.uint64(int.from_bytes((b + c)[:7].encode().ljust(7, b"\0"), "little") | 9 << 56),
              np.uint64(int.from_bytes((a * 8)[:8].encode(), "little")))[1]
        for a in parts for b in parts for c in parts
    }  # fmt: skip
    assert len(long) > 0.9 * expected
