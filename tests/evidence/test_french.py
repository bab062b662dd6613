"""What the record says in English is said in French where a court reads it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import evidence.beside
from crawler.picture import SENTENCES
from evidence.beside import environment
from evidence.beside.piece import Target
from evidence.dossier import french, tables
from tests.evidence.test_beside import TARGET

RAISED = ("NotHad", "NotPossible", "NotConfigured", "NotNeeded", "Proposed")


def sentences() -> list[str]:
    """Every text that a piece's failure is raised with, up to what is filled in."""
    found = list(SENTENCES.values())
    for file in sorted(Path(evidence.beside.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED and node.args:
                text = node.args[0]
                if isinstance(text, ast.JoinedStr):
                    text = text.values[0]
                if isinstance(text, ast.Constant):
                    found.append(str(text.value).rstrip(": "))
    return found


@pytest.mark.parametrize("english", sentences())
def test_every_reason_has_its_french(english: str) -> None:
    told = french.reason(english)
    assert not told.startswith("motif technique"), english
    assert told != english


def test_the_checklist_is_in_french() -> None:
    target: Target = TARGET
    piece = environment.gather(target, environment.Measured(version="1"))
    import json

    for one in json.loads(piece.body)["items"]:
        assert one["item"] in french.CHECKLIST
        assert not french.measured(one["measured"]).startswith("not ")


@pytest.mark.parametrize(
    ("detail", "french_words", "english_words"),
    [
        ("sha256=ab, why=a=b", "SHA-256 ab, motif a=b", "SHA-256 ab, why a=b"),
        ("edition=court", "édition juridiction", "edition court"),
        ("https://f.example/?t=4, 5", "https://f.example/?t=4, 5", "https://f.example/?t=4, 5"),
        ("", "", ""),
    ],
)
def test_a_detail_of_the_chronology(detail: str, french_words: str, english_words: str) -> None:
    """Both languages write a digest alike, and neither changes an address."""
    assert tables.in_french(detail) == french_words
    assert tables.in_english(detail) == english_words


def test_an_unknown_sentence_is_marked() -> None:
    assert french.reason("") == ""
    assert french.reason("unforeseen: X") == "motif technique : unforeseen: X"
