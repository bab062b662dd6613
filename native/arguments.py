"""How arguments of Python reach machine code: what kind each is, and as words of 64 bits.

The kind is what a kernel is compiled for: item type, dimensions, layout and whether it may be
written to for an array, the class and the kinds inside for a named tuple. The words stand in the
order in which compiled code takes them (numba's data model): an array as owner, parent, items,
bytes an item, address, shape and strides; a tuple as its members one behind the other.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any, TypeVar, cast

import numpy as np

Thing = TypeVar("Thing")

SIGNED, UNSIGNED = struct.Struct("<q"), struct.Struct("<Q")
REAL, TRUTH = struct.Struct("<d"), struct.Struct("<?7x")
SCALARS: dict[type, tuple[str, struct.Struct]] = {
    bool: ("boolean", TRUTH), np.bool_: ("boolean", TRUTH),
    int: ("int64", SIGNED), np.int64: ("int64", SIGNED), np.int32: ("int32", SIGNED),
    np.uint64: ("uint64", UNSIGNED), np.uint32: ("uint32", UNSIGNED), np.uint8: ("uint8", UNSIGNED),
    float: ("float64", REAL), np.float64: ("float64", REAL),
}  # fmt: skip
ITEMS = frozenset({"|u1", "<u4", "<u8", "<i4", "<i8", "<f8"})
# Owner, parent, items, bytes an item, address; then shape and strides. The caller is the owner.
ARRAYS = [struct.Struct(f"<qqqqQ{2 * dimensions}q") for dimensions in range(4)]
_known: dict[tuple[Any, int, int], str] = {}
# Where numpy's C interface has the address of an array's items (PyArrayObject): behind what every
# object of Python begins with.
DATA = object.__basicsize__


class Held:
    """A named tuple together with its words, for one that is given to kernels again and again.

    Its arrays must stay where they are, which all do that nobody resizes. It answers for the
    tuple's fields.
    """

    __slots__ = ("kind", "value", "words")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.kind, self.words = told(value)

    def __getattr__(self, name: str) -> Any:
        """A field of the tuple."""
        return getattr(self.value, name)


def hold(value: Thing) -> Thing:
    """A named tuple whose words are worked out once; for all but kernels it is the tuple."""
    return cast("Thing", Held(value))


def plain(argument: Any) -> Any:
    """An argument as it was before `hold`."""
    return argument.value if type(argument) is Held else argument


def told(argument: Any) -> tuple[str, bytes]:
    """(kind, words) of an argument; raises TypeError for one that no kernel takes."""
    scalar = SCALARS.get(type(argument))
    if scalar is not None:
        try:
            return scalar[0], scalar[1].pack(argument)
        except struct.error:
            raise TypeError(f"a kernel takes no number as large as {argument}") from None
    if type(argument) is np.ndarray:
        return _array(argument)
    if type(argument) is Held:
        return argument.kind, argument.words
    if isinstance(argument, tuple):
        members = [told(each) for each in argument]
        kinds = ",".join(kind for kind, _ in members)
        named = type(argument)
        name = "" if named is tuple else f"{named.__module__}.{named.__qualname__}"
        return f"{name}({kinds})", b"".join(words for _, words in members)
    raise TypeError(f"a kernel takes no {type(argument).__name__}")


def _array(array: np.ndarray) -> tuple[str, bytes]:
    flags = array.flags
    key = array.dtype, array.ndim, flags.num
    kind = _known.get(key)
    if kind is None:
        item = array.dtype.str
        if item not in ITEMS or not flags.aligned or not 0 < array.ndim < len(ARRAYS):
            raise TypeError(f"a kernel takes no array of {item}, {array.ndim} dimensions")
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
        kind = f"{item[1:]}[{array.ndim}{layout}{'' if flags.writeable else ' read-only'}]"
        _known[key] = kind
    return kind, ARRAYS[array.ndim].pack(
        0, 0, array.size, array.itemsize, _address(array), *array.shape, *array.strides
    )


def _address_asked(array: np.ndarray) -> int:
    found: int = array.__array_interface__["data"][0]
    return found


def _address_read(array: np.ndarray) -> int:
    found: int = ctypes.c_uint64.from_address(id(array) + DATA).value
    return found


def _is_where_it_was() -> bool:
    """Whether addresses stand where numpy's C interface has them."""
    whole = np.arange(12).reshape(3, 4)
    some = whole, whole[1:, ::2], whole.T, np.frombuffer(b"vigie", np.uint8), np.zeros(1 << 20)
    return struct.calcsize("PP") == DATA and all(
        _address_asked(each) == _address_read(each) for each in some
    )


# A kernel is called for every text, and asking takes ten times as long as reading.
_address = _address_read if _is_where_it_was() else _address_asked
