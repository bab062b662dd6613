"""Numbers that a mail program broke at the end of a line: put together before tokens are read."""

from __future__ import annotations

from matching.kernel.wrapping import mend_lines
from matching.normalise.fold import Folded


def mend(folded: Folded) -> None:
    """Make a blank of each line end that stands inside a number of wrapped prose.

    Positions stay. Rows of tables, which also end and begin with digits, are left alone.
    """
    mend_lines(folded.data, folded.size)
