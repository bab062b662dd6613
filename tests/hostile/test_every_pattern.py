"""No regular expression of the product can be made slow (hostile input 12)."""

from __future__ import annotations

import time
from statistics import median

import pytest

from tests.hostile.patterns import ROOMS, AnyPattern, all_patterns, attacks

# Its measure is time, which a busy machine bends: a campaign for a quiet one.
pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

# Patterns put together from local names, and why each is harmless.
BUILT = {
    "crawler.blocked_words._any": "its patterns stand in the module's constants, which are tried",
    "index.elasticsearch_layout.generation": "names of indices, which Vigie makes",
    "matching.inspect._hint": "its patterns stand in a table, which is tried",
    "matching.layout._is_quoted": "one escaped character between two literal ones",
    "matching.people.labels": "a stretch of the text itself, escaped",
    "matching.scan._term_pattern": "the operator's own words, escaped",
    "spiders.paging._pager": "an address of the page itself, escaped, and one digit behind it",
    "vigie.config._line_of": "the operator's own configuration, a line at a time",
}
SMALL = (24, 32, 48, 96)  # what is slow here grows exponentially, and more would never end
SIZES = (200, 1_000, 8_000)
FAST = 0.02  # seconds for 8,000 characters; a quadratic pattern takes ten times that
BOUND = 3.0


def cost(pattern: AnyPattern, attack: tuple[str, str, str], size: int, anchored: bool) -> float:
    """CPU seconds over a text of about that many characters."""
    lead, body, end = attack
    text = lead + body * (size // len(body)) + end
    begin = time.process_time()
    if isinstance(pattern.pattern, bytes):
        _run(pattern, text.encode("utf-8", "surrogatepass"), anchored=anchored)
    else:
        _run(pattern, text, anchored=anchored)
    return time.process_time() - begin


def _run(pattern: AnyPattern, text: str | bytes, *, anchored: bool) -> None:
    pattern.fullmatch(text)  # type: ignore[arg-type]
    if anchored:
        pattern.match(text)  # type: ignore[arg-type]
    else:
        for _ in pattern.finditer(text):  # type: ignore[arg-type]
            pass


def is_slow(pattern: AnyPattern, attack: tuple[str, str, str], *, anchored: bool) -> bool:
    """Whether twice the length costs BOUND times as much or more."""
    if any(cost(pattern, attack, size, anchored) > FAST for size in SMALL):
        return True
    for size in SIZES:
        if cost(pattern, attack, size, anchored) > FAST:
            break
    else:
        return False
    once = median(cost(pattern, attack, size, anchored) for _ in range(3))
    twice = median(cost(pattern, attack, 2 * size, anchored) for _ in range(3))
    return once > FAST / 2 and twice >= BOUND * once


@pytest.mark.parametrize("room", [room.removesuffix(".py") for room in ROOMS])
def test_twice_the_length_costs_less_than_thrice(room: str) -> None:
    patterns, _ = all_patterns()
    slow = []
    for place, (pattern, anchored) in patterns.items():
        if not place.startswith(f"{room}."):
            continue
        slow += [
            (place, attack)
            for attack in attacks(pattern)
            if len(attack[1]) <= SIZES[0] and is_slow(pattern, attack, anchored=anchored)
        ]
    assert not slow


def test_every_pattern_is_tried() -> None:
    patterns, built = all_patterns()
    assert len(patterns) > 120
    assert built == BUILT.keys()
    for known in (
        "extraction.rewrites.FORM",
        "egress.request.FIELD",
        "extraction.read._charset_of",
    ):
        assert known in patterns


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(?:a|a)*b", r"\s+$", r"a[^b]*?c", r"(?:[ab]+,?)+;", r"x*y*x*z"]
)
def test_a_slow_pattern_is_noticed(pattern: str) -> None:
    import re

    slow = re.compile(pattern)
    tried = (attack for attack in attacks(slow) if len(attack[1]) <= SIZES[0])
    assert any(is_slow(slow, attack, anchored=False) for attack in tried)
