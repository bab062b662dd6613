"""However a word's key is computed, it is the SipHash of its letters."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from matching.kernel import kinds as k
from matching.kernel.reading import tokenise_array
from matching.kernel.siphash import siphash_array
from matching.kernel.tokens import new_scratch, new_tokens
from matching.normalise import words
from matching.normalise.fold import fold

ROOT = Path(__file__).parents[2]
KEYS = np.arange(64, dtype=np.uint64)
# As a scanner has them: for these the kernel is compiled already.
PAIRS = KEYS.reshape(-1, 2)
LONGEST = 40


def key(text: str, kind: int = k.WORD) -> int:
    data = np.frombuffer(text.encode(), np.uint8)
    return int(np.ravel(siphash_array(data, KEYS[2 * kind], KEYS[2 * kind + 1]))[0])


def word(draw: random.Random, size: int) -> str:
    return "".join(draw.choices("bcdfghjklm", k=size))


def test_words_alone_and_two_as_one() -> None:
    """Of every length, since short and long ones are hashed by different ways."""
    draw = random.Random("word keys")
    pairs = [(word(draw, a), word(draw, b)) for a in range(2, 26) for b in range(2, 26)]
    folded = fold("\n".join(f"{a} {b}" for a, b in pairs))
    tokens = new_tokens(3 * folded.size)
    count = tokenise_array(
        folded.data, 0, folded.size, True, tokens, new_scratch(words.table()), PAIRS
    )
    told = {
        (int(kind), int(start), int(value))
        for kind, start, value in zip(
            tokens.kind[:count], tokens.start[:count], tokens.key[:count], strict=True
        )
    }
    at = 0
    for a, b in pairs:
        behind = at + len(a) + 1
        for start, text in ((at, a), (behind, b), (at, a + b)):
            assert (k.WORD, start, key(text)) in told
        for start, text in ((at, a), (behind, b)):
            assert len(text) < 4 or (k.CHUNK, start, key(text, k.CHUNK)) in told
        at = behind + len(b) + 1


def test_public_words_are_known_and_others_are_not() -> None:
    draw = random.Random("public words")
    listed = words.flags()
    strangers = [word(draw, size) for size in range(2, 14) for _ in range(20)]
    shown = sorted(listed) + [each for each in strangers if each not in listed]
    folded = fold("\n".join(shown))
    tokens = new_tokens(3 * folded.size)
    count = tokenise_array(
        folded.data, 0, folded.size, False, tokens, new_scratch(words.table()), PAIRS
    )
    text = folded.data[: folded.size].tobytes().decode()
    found = {
        text[start:end]: int(aux)
        for start, end, aux in zip(
            tokens.start[:count], tokens.end[:count], tokens.aux[:count], strict=True
        )
    }
    assert found == {each: listed.get(each, 0) for each in shown if len(each) > 1}


def test_a_processor_without_wide_instructions_finds_the_same_keys(tmp_path: Path) -> None:
    draw = random.Random("portable")
    parts = [word(draw, size) for size in range(1, LONGEST + 8) for _ in range(6)]
    parts += ["st", "ste", "abc1", "1abc", "saint"]
    draw.shuffle(parts)
    text = "".join(part + draw.choice((" ", "\n", ", ", "-")) for part in parts)
    # What is compiled for another processor is kept apart.
    told = {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_OPT": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.matching.portable"],
        input=text, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **told},
        check=True, timeout=300,
    )  # fmt: skip
    saints = {"st": "saint", "ste": "sainte"}
    wanted = [
        [each.start(), len(each[0]), key(saints.get(each[0], each[0]))]
        for each in re.finditer(r"(?<![a-z0-9])[a-z]{2,}(?![a-z0-9])", text)
        if len(each[0]) <= LONGEST
    ]
    found = [tuple(each) for each in json.loads(done.stdout)]
    assert [(at, value) for at, _, value in found] == [(at, value) for at, _, value in wanted]
