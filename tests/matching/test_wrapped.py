"""Line ends inside numbers of wrapped prose, told by a compiled loop as patterns tell them."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.kernel.wrapping import BEHIND, LONGEST, NARROWEST, WIDEST, WORDS
from matching.normalise import wrapped
from matching.normalise.fold import fold

MARKS = re.compile(rb"[|\t]|;(?! )|\"[,;]|[,;]\"|(?<=\n)\"|\"\Z")
GROUP = re.compile(rb"[ .+(]\d{1,%d}\n\d" % LONGEST)
PIECES = (
    "alpha", "beta", "gamma", "delta", "to", "of", "in,", "and;", "so", '"said"', "it;", "a|b",
    "12", "(33", ".5", "7,", "9", '"', "\t", ";", ',"x"', "06 39 98", "12345",
)  # fmt: skip


def mended(text: bytes) -> bytes:
    """The same by patterns."""
    out = bytearray(text)
    for each in re.finditer(rb"\n", text):
        at = each.start()
        start = text.rfind(b"\n", max(0, at - WIDEST - 1), at) + 1
        stop = text.find(b"\n", at + 1, at + 1 + BEHIND)
        stop = min(len(text), at + 1 + BEHIND) if stop < 0 else stop
        group = any(GROUP.match(text, at - 1 - size) for size in range(1, LONGEST + 1))
        wide = NARROWEST <= at - start <= WIDEST and text.count(b" ", start, at) >= WORDS
        marked = MARKS.search(text, start, at) or MARKS.search(text, at + 1, stop)
        if group and wide and not marked:
            out[at] = ord(" ")
    return bytes(out)


lines = st.lists(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=22).map(" ".join),
    min_size=2,
    max_size=12,
)


@settings(max_examples=800, deadline=None)
@given(lines, st.lists(st.integers(1, 99999), min_size=12, max_size=12), st.integers(1, 3))
def test_as_patterns_tell(texts: list[str], numbers: list[int], many: int) -> None:
    """Every line ends and begins with a number."""
    text = "\n".join(f"{n} {line} {n}" for n, line in zip(numbers, texts, strict=False)) * many
    folded = fold(text)
    before = folded.data[: folded.size].tobytes()
    wrapped.mend(folded)
    assert folded.data[: folded.size].tobytes() == mended(before)


def test_numbers_are_put_together_wherever_a_line_ends() -> None:
    """At each place of 64 bytes."""
    line = "he was to be called on the telephone under the number 06 39 98"
    for size in range(1, 130):
        folded = fold("x" * size + f"\n{line}\n12 34 and nobody else\n")
        wrapped.mend(folded)
        told = folded.data[: folded.size].tobytes()
        assert b"06 39 98 12 34" in told
        assert told.count(b"\n") == 2
