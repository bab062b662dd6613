"""Internet addresses are told from phones, NIRs and dates by their shape alone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matching.kernel.addresses import address_end
from native.jit import kernel, pointer

MARGIN = 64
FOUR = r"\.".join([r"(\d{1,3})"] * 4)
SHAPE = re.compile(rf"(?<![0-9a-z(+_./-]){FOUR}(?![0-9a-z]|\.\d)")


@kernel
def end_at(f, at):  # type: ignore[no-untyped-def]
    """The end of an address at a place of a text."""
    return address_end(pointer(f), at)


def end(text: str, at: int = 0) -> int:
    raw = f"{text}\n".encode()
    data = np.full(MARGIN + len(raw) + 2 * MARGIN, 10, np.uint8)
    data[MARGIN : MARGIN + len(raw)] = np.frombuffer(raw, np.uint8)
    return int(end_at(data, MARGIN + at)) - MARGIN


def by_shape(text: str, at: int) -> int:
    """The same by a regular expression and numbers."""
    found = SHAPE.match(text, at)
    if not found or any(part[0] == "0" and len(part) > 1 for part in found.groups()):
        return at
    first = int(found[1])
    return at if first in (0, 33) or first > 255 else found.end()


@pytest.mark.parametrize(
    "text", ["10.0.32.130", "192.168.0.1", "8.8.8.8", "255.255.255.255", "10.10.123.234", "1.2.3.4"]
)
def test_addresses_are_seen_whole(text: str) -> None:
    for behind in ("", " get", ":8080", ", 06", "/24", "."):
        assert end(text + behind) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "06.39.98.12.34", "06.3998.12.34", "063.998.12.34", "639.98.12.34", "33.639.981.234",
        "1.85.03.75.123.456.78", "14.03.1985", "14.03.85", "12.03.85.10", "0.612.345.678",
        "10.0.32", "10.0.32.", "10.0.32.1304", "10.0.32.130.5", "10..0.32.1", "10.0.32.130a",
    ],
)  # fmt: skip
def test_what_may_be_a_phone_or_date_is_none(text: str) -> None:
    assert end(text) == 0


@pytest.mark.parametrize("before", "+(-/._0a")
def test_what_stands_in_front_counts(before: str) -> None:
    assert end(f"{before}10.0.32.130", 1) == 1
    assert end(f" {'10.0.32.130'}", 1) == 12


PARTS = st.lists(
    st.sampled_from(["0", "1", "9", "10", "33", "85", "03", "00", "255", "256", "300", "1234", ""]),
    min_size=1, max_size=6,
)  # fmt: skip


@given(st.sampled_from(["", " ", "+", "a", "1"]), PARTS, st.sampled_from(["", " ", ".", "a", "7"]))
@example("", ["10", "0", "32", "130"], "")
def test_as_the_shape_says(before: str, parts: list[str], behind: str) -> None:
    text = before + ".".join(parts) + behind
    for at, char in enumerate(text):
        if char.isdigit():
            assert end(text, at) == by_shape(text, at), (text, at)
