"""Groups of digits told by masks and lanes, held against reading each of them."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from matching.kernel import kinds as k
from matching.kernel.reading import tokenise_array
from matching.kernel.tokens import new_scratch, new_tokens
from matching.normalise import words
from matching.normalise.fold import fold
from tests.matching.marked import KEYS, groups, marked

ROOT = Path(__file__).resolve().parents[2]
TOKENS, SCRATCH = new_tokens(200_000), new_scratch(words.table())
# As a scanner has them: for these the kernel is compiled already.
PAIRS = KEYS.reshape(-1, 2)
ADDRESS = re.compile(r"(?<![0-9a-z(+_./)-])(?:\d{1,3}\.){3}\d{1,3}(?![0-9a-z]|\.\d)")
STAMP = re.compile(
    r"(?:19\d\d|20[0-2]\d)-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])[ t]"
    r"(?!00:00)\d\d:\d\d"
)


def digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(count))


def piece(draw: random.Random) -> str:
    """Something with digits, in most shapes that are told apart."""
    small = (0, 1, 9, 10, 33, 85, 100, 192, 200, 239, 240, 255, 256, 300)
    clock = f"{draw.choice(('00', '12'))}:{draw.choice(('00', '34'))}:{draw.choice(('00', '07'))}"
    day, month, year = draw.randint(0, 31), draw.randint(0, 13), draw.choice((1899, 1985, 2024))
    return draw.choice((
        digits(draw, draw.randint(1, 12)),
        digits(draw, draw.randint(6, 9)),
        ".".join(str(draw.choice(small)) for _ in range(draw.choice((3, 4, 4, 4, 5)))),
        f"{year}-{month:02d}-{day:02d}{draw.choice(' t_x')}{clock}",
        f"{clock}{draw.choice('.,')}{digits(draw, draw.randint(3, 10))}",
        f"{year}{month:02d}{day:02d}",
        f"{day:02d}{month:02d}{year}",
        f"{day}{draw.choice((' ', '/', 'er ', ' . '))}{draw.choice(('mars', '05'))} {year}",
        f"1 {digits(draw, 2)} 0{draw.randint(1, 9)} 2{draw.choice('ab9')} 123 {digits(draw, 3)}",
        f"{draw.choice(('0', '33 ', '+33', '0033'))}6{draw.choice(' .')}12 34 56 78",
        "".join(draw.choice("abcdef0123456789") for _ in range(draw.randint(2, 18))),
        "word " * draw.randint(1, 500) if draw.random() < 0.02 else "page",
    ))  # fmt: skip


def numbers(seed: str, between: str, size: int = 60_000) -> str:
    draw = random.Random(seed)
    parts: list[str] = []
    held = 0
    while held < size:
        gap = "".join(draw.choice(between) for _ in range(draw.choice((1, 1, 1, 2, 3))))
        parts.append(piece(draw) + gap)
        held += len(parts[-1])
    return "".join(parts)


BETWEEN = (" ", " \n", " .-/()_", " ;,:=?+\t\n", ".")


def tokens(text: str) -> list[tuple[int, int, int, int]]:
    """(kind, first byte, one past the last, key) of all that is read in a text, but for dates that
    have a time of day."""
    folded = fold(text)
    count = tokenise_array(folded.data, 0, folded.size, False, TOKENS, SCRATCH, PAIRS)
    read = (TOKENS.kind, TOKENS.start, TOKENS.end, TOKENS.key)
    stamp = (TOKENS.kind[:count] == k.DATE) & (TOKENS.aux[:count] < 0)
    return list(zip(*(each[:count][~stamp].tolist() for each in read), strict=True))


@pytest.mark.parametrize("between", BETWEEN)
def test_whatever_is_read_as_a_number_begins_where_one_is_looked_for(between: str) -> None:
    text = numbers("read", between)
    found, runs, _, _ = map(set, groups(text))
    inside = {
        at
        for shape in (ADDRESS, STAMP)
        for each in shape.finditer(text)
        for at in range(*each.span())
    }
    seen = set()
    for kind, start, end, _ in tokens(text):
        if not text[start].isdigit() or text[start - 1].isalnum() or start in inside:
            continue  # what reading up to here has left
        if kind in (k.NIR, k.PHONE, k.DATE):
            bare = kind == k.PHONE and end - start == 9 and text[start:end].isdigit()
            assert start in found or (bare and start in runs), text[start - 20 : end + 20]
            seen.add(kind)
        elif kind == k.NUMBER and end - start >= 6:
            assert start in found | runs, text[start - 20 : end + 20]
            seen.add(kind)
    assert seen >= {k.DATE, k.NUMBER}


@pytest.mark.parametrize("between", BETWEEN)
def test_what_is_called_a_run_is_read_as_nothing_else(between: str) -> None:
    text = numbers("runs", between)
    _, runs, _, _ = groups(text)
    read: dict[int, set[tuple[int, int]]] = {}
    for kind, start, end, _ in tokens(text):
        read.setdefault(start, set()).add((kind, end - start))
    assert len(runs) > 100
    for at in runs:
        size = len(re.match(r"\d+", text[at:])[0])  # type: ignore[index]
        either = {(k.NUMBER, size), (k.PHONE, size)} if size == 9 else {(k.NUMBER, size)}
        assert 6 <= size <= 9
        assert read.get(at, set()) <= either, text[at - 20 : at + 30]


@pytest.mark.parametrize("between", BETWEEN)
def test_addresses_and_time_stamps_are_left_out(between: str) -> None:
    text = numbers("left out", between)
    found, runs, stamps, addresses = groups(text)
    wanted = {}
    for each in ADDRESS.finditer(text):
        parts = each[0].split(".")
        plain = all(part[0] != "0" or len(part) == 1 for part in parts)
        if plain and int(parts[0]) < 240 and int(parts[0]) not in (0, 33):
            wanted[each.start()] = each.end()
    assert between == "." or len(wanted) > 10
    for at in addresses:
        assert at in wanted, text[at - 20 : at + 20]
        assert not any(at <= other < wanted[at] for other in found)
    assert len(addresses) > 0.3 * len(wanted)  # others would be looked at for no number
    told = [each.start() for each in STAMP.finditer(text)]
    for at in stamps:
        assert at in told, text[at - 20 : at + 20]
        assert not {at, at + 5, at + 8} & set(found)
    free = [at for at in told if not text[at - 1].isalnum()]
    assert set(stamps) >= {at for at in free if text[at - 1] not in ".,:"}
    assert not set(found) & set(runs)


def filter_of(keys: list[int]) -> NDArray[np.uint8]:
    """A filter that knows these keys, as the exact table's does."""
    words_ = np.zeros(1 << 12, np.uint64)
    for key in keys:
        at = (key >> 20) & (64 * len(words_) - 1)
        words_[at >> 6] |= np.uint64(1 << (at & 63)) | np.uint64(1 << ((key >> 52) & 63))
    return words_.view(np.uint8)


def known(text: str) -> tuple[NDArray[np.uint8], list[int]]:
    """A filter that knows every third run and phone of a text, and where those begin."""
    chosen = [
        (start, key)
        for kind, start, end, key in tokens(text)
        if (kind == k.PHONE and end - start == 9) or (kind == k.NUMBER and 6 <= end - start <= 9)
        if text[start:end].isdigit() and not text[start - 1].isalnum()
    ][::3]
    return filter_of([key for _, key in chosen]), [start for start, _ in chosen]


def test_runs_are_hashed_as_they_are_read() -> None:
    text = numbers("hashed", " ;,=?\n")
    _, runs, _, _ = groups(text)
    bits, wanted = known(text)
    at_all = set(marked(text, np.full(64, 255, np.uint8)))
    none = set(marked(text, np.zeros(64, np.uint8)))
    assert at_all >= set(runs)
    assert not none & set(runs)
    with_some = set(marked(text, bits))
    assert set(wanted) & set(runs) <= with_some
    assert len(set(wanted) & set(runs)) > 50
    # The filter takes few others for known ones.
    assert len(with_some & set(runs)) < 2 * len(set(wanted) & set(runs))


def test_a_processor_without_wide_instructions_marks_the_same(tmp_path: Path) -> None:
    text = numbers("portable", " ;,=?.\n", 20_000)
    bits, _ = known(text)
    told = {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_OPT": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.matching.marked"],
        input=json.dumps({"text": text, "bits": bits.tobytes().hex()}), capture_output=True,
        text=True, cwd=ROOT, env={**os.environ, **told}, check=True, timeout=600,
    )  # fmt: skip
    assert json.loads(done.stdout) == marked(text, bits) != []
