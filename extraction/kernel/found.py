"""What a pass over a text puts down, and where."""

from __future__ import annotations

from typing import Any, NamedTuple

from native.jit import inlined, pointer

# Places in `told`: where reading stopped, what each list holds, whether the last byte before was
# one of base64, where the last escape ends, and whether signs are only counted.
T_AT, T_BASE64, T_HEX, T_PAIRS, T_LINES, T_BEFORE, T_ESCAPED, T_COUNTING = range(8)
FEWEST_LEFT = 80  # free places of a list that one block, or the end of a text, may need


class Found(NamedTuple):
    """Arrays: lists of places at which runs begin and of stretches of lines, what is known of each
    kind of sign, numbers (T_AT …), room for a text's end, and for masks; tables that stay as they
    are."""

    base64: Any
    hex: Any
    pairs: Any
    lines: Any
    signs: Any
    told: Any
    end: Any
    masks: Any
    sixes: Any  # what a character of base64 stands for, or NONE
    kinds: Any  # CONTROL and WRITTEN of a byte
    first_two: Any  # for each two bytes whether an archive or document may begin so


@inlined
def pointers(found):
    """The same, given as addresses."""
    return Found(
        pointer(found.base64), pointer(found.hex), pointer(found.pairs), pointer(found.lines),
        pointer(found.signs), pointer(found.told), pointer(found.end),
        pointer(found.masks), pointer(found.sixes), pointer(found.kinds), pointer(found.first_two),
    )  # fmt: skip
