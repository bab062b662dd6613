"""What is told of a fixed sample of every class, hard negative and ordinary text stays the same.

The texts (golden/, written by bench/golden.py) are of invented people. After a change that is
meant, VIGIE_WRITE_GOLDEN=1 writes expected.json anew; read its diff before it is committed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extraction.read import extract
from matching.build import build
from matching.inspect import inspect
from matching.keys import load_key
from matching.result import LeakRef, ScanResult, TextLayer
from matching.scan import Scanner
from vigie.demo.leak import generate

GOLDEN = Path(__file__).parent / "golden"
TEXTS = sorted(GOLDEN.glob("*.txt"))
FACTS: dict[str, Any] = json.loads((GOLDEN / "planted.json").read_text("utf-8"))
EXPECTED = GOLDEN / "expected.json"
TOLD = 5  # matches of a text that are compared one by one
LEAST = {"class": 50, "list": 15, "strangers": 7, "repost": 7, "ordinary": 4}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanner]:
    folder = tmp_path_factory.mktemp("golden")
    csv, file, key = folder / "leak.csv", folder / "leak.vfp", folder / "leak.key"
    generate(csv, rows=FACTS["rows"], seed=FACTS["seed"])
    # Always the same key and salt, which hangs on the program's sources: pieces of a byte agree by
    # chance under one and not under another.
    key.write_text("5e" * 32 + "\n")
    key.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matching.build._recipe", lambda *_: b"golden")
        build(csv, load_key(key), file, inspect(csv), name="golden")
    opened = Scanner(LeakRef(file, key))
    yield opened
    opened.close()


def scan(scanner: Scanner, text: Path) -> ScanResult:
    body = text.read_bytes()
    layers = [TextLayer(each.name, each.text) for each in extract(body, name="post.txt").layers]
    return scanner.scan(text.stem, len(body), "", layers)


def told(result: ScanResult) -> dict[str, Any]:
    """What of a result is held fixed: all but bits, which any tuning moves."""
    return {
        "verdict": str(result.verdict),
        "records": result.records,
        "review_records": result.review_records,
        "candidates": result.candidates,
        "matches": [
            {
                "row": each.row,
                "layer": each.layer,
                "fields": [
                    f"{field} {start}-{end} {how}"
                    for field, (start, end), how in zip(
                        each.fields, each.spans, each.how, strict=True
                    )
                ],
            }
            for each in sorted(result.matches, key=lambda match: match.row)[:TOLD]
        ],
    }


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.stem)
def test_golden(text: Path, small: Scanner) -> None:
    found = told(scan(small, text))
    expected = json.loads(EXPECTED.read_text("utf-8")) if EXPECTED.exists() else {}
    if os.environ.get("VIGIE_WRITE_GOLDEN"):
        expected[text.stem] = found
        EXPECTED.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n", "utf-8")
        pytest.fail("written; read the diff, then run again without VIGIE_WRITE_GOLDEN")
    assert found == expected[text.stem]


def test_there_is_a_sample_of_everything() -> None:
    kinds = [text.stem.partition("-")[0] for text in TEXTS]
    assert {kind: kinds.count(kind) for kind in LEAST} == LEAST
    assert set(json.loads(EXPECTED.read_text("utf-8"))) == {text.stem for text in TEXTS}


def test_what_is_expected_is_right() -> None:
    """The file of expectations itself: alerts where records were planted, nowhere else."""
    expected = json.loads(EXPECTED.read_text("utf-8"))
    for name, found in expected.items():
        kind = name.partition("-")[0]
        alerts = found["verdict"] in ("repost", "fragment")
        assert alerts == (kind in ("class", "repost")), name
        if kind == "repost":
            assert found["verdict"] == "repost", name
        if kind == "class":
            assert [match["row"] for match in found["matches"]] == [FACTS["planted"][name]], name
