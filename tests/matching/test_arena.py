"""Arrays laid side by side are the same arrays, each its own, for as long as one is held."""

from __future__ import annotations

import gc
from typing import Any, NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from native.arena import LARGE_PAGE, LINE, side_by_side

TYPES = (np.uint8, np.int32, np.uint64, np.float64)


class Inner(NamedTuple):
    more: Any
    number: int


class Outer(NamedTuple):
    first: Any
    inner: Inner
    last: Any


shapes = st.tuples(st.sampled_from(TYPES), st.sampled_from([(0,), (1,), (7,), (64,), (3, 5)]))


@given(st.tuples(shapes, shapes, shapes))
def test_the_same_arrays_each_its_own(kinds: tuple[Any, Any, Any]) -> None:
    made = [np.arange(np.prod(shape)).reshape(shape).astype(kind) for kind, shape in kinds]
    moved = side_by_side(Outer(made[0], Inner(made[1], 5), made[2]))
    assert type(moved) is Outer
    assert type(moved.inner) is Inner
    assert moved.inner.number == 5
    arrays = (moved.first, moved.inner.more, moved.last)
    for before, after in zip(made, arrays, strict=True):
        assert (before.dtype, before.shape) == (after.dtype, after.shape)
        assert np.array_equal(before, after)
        assert after.ctypes.data % LINE == 0
    for number, array in enumerate(arrays):
        array[...] = number + 1
    assert all((array == number + 1).all() for number, array in enumerate(arrays))
    assert all((before == np.arange(before.size).reshape(before.shape)).all() for before in made)


def test_it_begins_on_a_large_page_and_outlives_the_tuple() -> None:
    first = side_by_side(Outer(np.ones(9), Inner(np.ones(9), 0), np.ones(9))).first
    gc.collect()
    assert first.ctypes.data % LARGE_PAGE == 0
    assert first.sum() == 9
