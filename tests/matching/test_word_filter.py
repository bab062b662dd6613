"""The filter of words knows every word that a row's values hold, and how long passwords and numbers
are."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from matching.build import build
from matching.fingerprint_file import FingerprintFile
from matching.inspect import inspect
from matching.kernel import kinds as k
from matching.kernel.reading import tokenise_array
from matching.kernel.tokens import new_scratch, new_tokens
from matching.kernel.word_filter import get_bit, known_lengths, name_bit, phrase_bit, value_bit
from matching.keys import load_key, new_key
from matching.normalise import words
from matching.normalise.fold import fold
from matching.result import LeakRef, TextLayer, Verdict
from matching.scan import Scanner
from native.jit import kernel, pointer
from tests.matching.disguises import LeakOnDisk


@kernel
def marks(bits, key):  # type: ignore[no-untyped-def]
    """What a filter says of a key: 1 of names, 2 of comments, 4 of any value."""
    f, mask = pointer(bits), np.uint64(len(bits) * 8 - 1)
    found = get_bit(f, name_bit(key, mask)) | (get_bit(f, phrase_bit(key, mask)) << 1)
    return found | (get_bit(f, value_bit(key, mask)) << 2)


def word_keys(text: str, keys: np.ndarray) -> dict[int, np.uint64]:
    """The keys of the words of a text by their low 32 bits."""
    folded = fold(text)
    tokens = new_tokens(3 * folded.size + 64)
    count = tokenise_array(
        folded.data, 0, folded.size, False, tokens, new_scratch(words.table()), keys
    )
    return {
        int(key & np.uint64(0xFFFFFFFF)): key
        for kind, key in zip(tokens.kind[:count], tokens.key[:count], strict=True)
        if kind == k.WORD
    }


def test_every_word_of_a_row_is_known(leak: LeakOnDisk) -> None:
    scanner = Scanner(leak.ref)
    keys = scanner.file.unlock(load_key(leak.ref.key_file), leak.ref.key_file)
    bits = scanner.file.array("name.bits")
    rows = leak.csv.read_text("cp1252").splitlines()[1:]
    known, joined = 0, 0
    for row in random.Random("words of rows").sample(range(len(rows)), 200):
        told = word_keys(rows[row], keys)
        for kind, role, _bits, signature in scanner.values(row):
            if role in (k.R_WORD, k.R_JOINED) and signature in told:
                said = marks(bits, told[signature])
                assert said & 4, f"a word of the {kind} in row {row}"
                assert said & 1 or role == k.R_JOINED or kind not in ("surname", "first_name")
                known += 1
                joined += role == k.R_JOINED
    assert known > 1000
    assert joined > 50
    scanner.close()


def test_few_other_words_are_known(leak: LeakOnDisk) -> None:
    file = FingerprintFile(leak.ref.file)
    bits = file.array("name.bits")
    draw = np.random.default_rng(8)
    others = draw.integers(0, 1 << 64, 20_000, np.uint64)
    assert sum(marks(bits, key) != 0 for key in others) < 20
    file.close()


@pytest.mark.parametrize("passwords", [("soleil", "Été2019!!", "x" * 64), ("", "", "")])
def test_lengths_of_passwords_are_known(tmp_path: Path, passwords: tuple[str, ...]) -> None:
    """Those longer than what is ever read as one are not; and nobody without the key sees any."""
    csv = tmp_path / "leak.csv"
    lines = [f"MARTIN{n};Paul;185057500{n:04d}12;{each}" for n, each in enumerate(passwords)]
    csv.write_text("\n".join(["NOM;PRENOM;NUM_SECU;MOT_DE_PASSE", *lines]), "utf-8")
    key = new_key(tmp_path / "key")
    build(csv, key, tmp_path / "leak.vfp", inspect(csv))
    scanner = Scanner(LeakRef(tmp_path / "leak.vfp", tmp_path / "key"))
    bits = scanner.file.array("name.bits")
    keys = scanner.file.unlock(key, tmp_path / "key")
    found = int(known_lengths(bits, np.uint64(len(bits) * 8 - 1), k.CHUNK, keys))
    lengths = {size for size in range(1, 65) if found >> (size - 1) & 1}
    assert lengths == {len(each) for each in passwords if each}
    scanner.close()


@pytest.mark.parametrize(
    "number", ["123456", "7654321", "88774411", "AB12345", "014021265", "A1" * 9]
)
def test_numbers_of_lengths_the_leak_has_are_looked_up(tmp_path: Path, number: str) -> None:
    """And none of other lengths: a text of ever so many counters asks for nothing."""
    csv = tmp_path / "leak.csv"
    lines = [f"MARTIN{n};Paul;185057500{n:04d}12;12/03/19{n:02d}" for n in range(10, 60)]
    rows = [f"{line};{number if n == 7 else ''}" for n, line in enumerate(lines)]
    csv.write_text("\n".join(["NOM;PRENOM;NUM_SECU;NAISSANCE;NUM_ADHERENT", *rows]), "utf-8")
    key = new_key(tmp_path / "key")
    build(csv, key, tmp_path / "leak.vfp", inspect(csv))
    scanner = Scanner(LeakRef(tmp_path / "leak.vfp", tmp_path / "key"))
    bits, keys = scanner.file.array("name.bits"), scanner._keys
    found = int(known_lengths(bits, np.uint64(len(bits) * 8 - 1), k.NUMBER, keys))
    assert found == 1 << (len(number) - 1)
    # Behind so much text that only what is marked is read.
    filler = "\n".join(f"order {n * 7919 + 10**6} of {n} was sent" for n in range(12_000))
    text = f"{filler}\nadherent {number.lower()} ne le 12/03/1917\n{filler}"
    told = scanner.scan("post", len(text), "", [TextLayer("", text)], all_matches=True)
    assert [match.row for match in told.matches] == [7]
    assert told.verdict is not Verdict.NONE
    assert 1 <= scanner.regions.read <= 2  # parts overlap
    scanner.close()
