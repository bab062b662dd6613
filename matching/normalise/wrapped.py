"""Numbers that a mail program broke at the end of a line: put together before tokens are read."""

from __future__ import annotations

import re

import numpy as np

from matching.normalise.fold import Folded

LONGEST = 4  # digits of the group at the end of a line
BEFORE = np.isin(np.arange(256), list(b" .+("))  # and what stands before it
WIDTHS = range(50, 100)  # bytes of a line that was wrapped
WORDS = 5  # and so many blanks in it, with no mark that divides cells
MARKS = re.compile(rb"[|\t]|;(?! )|\"[,;]|[,;]\"|(?<=\n)\"|\"\Z")
BEHIND = 39  # bytes of the next line that are looked at


def mend(folded: Folded) -> None:
    """Make a blank of each line end that stands inside a number of wrapped prose.

    Positions stay. Rows of tables, which also end and begin with digits, are left alone.
    """
    data = folded.data[: folded.size]
    figures = (data >= ord("0")) & (data <= ord("9"))
    between = (data[1:-1] == ord("\n")) & figures[:-2] & figures[2:]
    ends = np.flatnonzero(between) + 1
    ends = ends[ends >= WIDTHS.start]
    if not ends.size:
        return
    # Nearly all lines that end in a digit are rows: their last group is longer, or divided by
    # another sign. The columns are the bytes before the last one, from the right.
    last = data[ends[:, None] - np.arange(2, LONGEST + 2)]
    group = last - np.uint8(ord("0")) <= 9
    sign = last[np.arange(len(ends)), group.argmin(axis=1)]
    ends = ends[BEFORE[sign]]
    if not ends.size:
        return
    text = data.tobytes()
    for at in ends.tolist():
        if _is_wrapped(text, at):
            folded.data[at] = ord(" ")


def _is_wrapped(text: bytes, at: int) -> bool:
    """Whether the lines before and behind the line end at `at` are prose."""
    start = text.rfind(b"\n", max(0, at - WIDTHS.stop), at) + 1
    if at - start not in WIDTHS or text.count(b" ", start, at) < WORDS:
        return False
    stop = text.find(b"\n", at + 1, at + 1 + BEHIND)
    stop = at + 1 + BEHIND if stop < 0 else stop
    return not MARKS.search(text, start, at) and not MARKS.search(text, at + 1, stop)
