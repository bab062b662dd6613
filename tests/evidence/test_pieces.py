"""`pieces/`: numbers that stay, pages that run on, a bound on size, a bordereau that fits."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image
from sqlalchemy import Engine

from evidence.custody.journal import Head
from evidence.dossier.drafts import TILE_HEIGHT, TILES, tiles_of
from evidence.dossier.export import Exported
from evidence.dossier.facts import ActFacts, CaseFacts
from evidence.dossier.pieces import Draft, Filing, numbers
from evidence.dossier.reports import timeline
from evidence.dossier.typeset import Typesetter
from tests.evidence.dossiers import PLANTED, Prepared, masked_png
from tests.evidence.seeding import seed_alert

AT = datetime(2026, 11, 28, tzinfo=UTC)


def pages(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    read = [document[at].get_textpage().get_text_bounded() for at in range(len(document))]
    texts = [text.replace("\u00a0", " ") for text in read]
    document.close()
    return texts


def copied(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


def pieces(folder: Path) -> list[Path]:
    return sorted((folder / "pieces").glob("piece-*.pdf"))


def test_numbers_titles_and_pages_run_on(court: Exported) -> None:
    page, total = 0, sum(len(pages(path)) for path in pieces(court.folder))
    for number, path in enumerate(pieces(court.folder), start=1):
        for at, text in enumerate(pages(path)):
            page += 1
            assert f"page {page} / {total}" in text
            assert text.startswith(f"Pièce n° {number} ")
            assert ("Cachet" in text) == (at == 0)
    assert page > 9


def test_the_bordereau_is_ready_to_be_signed(court: Exported) -> None:
    text = "\n".join(pages(court.folder / "pieces/bordereau.pdf"))
    for wanted in ("Bordereau de communication de pièces", "Laboratoires réunis d’essai, SAS",
                   "Signature de l’avocat", "Captures relevées sur paste1.exemple.fr",
                   "Demande n° 2 adressée à Edge Inc.", "26/51823"):  # fmt: skip
        assert wanted in text
    joined = re.sub(r"[^0-9a-f]", "", text)
    for path in pieces(court.folder):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in joined
        assert path.name in text


def test_what_is_foreign_has_a_field_for_its_translation(court: Exported) -> None:
    french, english, order = (
        " ".join("\n".join(pages(court.folder / f"pieces/piece-0{number}.pdf")).split())
        for number in (6, 7, 9)
    )
    assert "Traduction libre" not in french
    assert "Traduction libre" in english
    assert "We confirm our bona fide belief" in english
    assert "réseau de diffusion (CDN)" in english
    assert "non signifiée" in order
    assert "bloqué" in order
    captures = "\n".join(pages(court.folder / "pieces/piece-03.pdf"))
    assert "seconde requête" in " ".join(captures.split())
    failed = " ".join("\n".join(pages(court.folder / "pieces/piece-04.pdf")).split())
    assert "échec — la page n’a pas répondu à la seconde requête" in failed


def test_what_is_copied_out_of_a_pdf_is_what_it_looks_like(court: Exported) -> None:
    for path in court.folder.rglob("*.pdf"):
        assert "\u200b" not in copied(path), path.name
    # What stands out of the page is not read here.
    kit = re.sub(r"\s", "", "".join(pages(court.folder / "constat-kit.pdf")))
    for told in court.folder.glob("captures/*/capture.json"):
        capture = json.loads(told.read_bytes())
        assert capture["address"] in kit
        assert capture["sha256"] in kit


@pytest.mark.parametrize("to", ["confirmed", "dismissed", "open"])
def test_the_time_line_shows_as_confirmed_what_was_confirmed(to: str) -> None:
    act = ActFacts(1, AT, "jeanne", "decide", "alert:1", {"to": to})
    case = CaseFacts(1, AT, "open", (), (), (act,), Head("log", 1, b""))
    assert [moment["what"] for moment in timeline(case)] == ["decide"] * (to == "confirmed")


def test_no_value_is_in_a_piece(court: Exported) -> None:
    for path in (court.folder / "pieces").iterdir():
        text = "\n".join(pages(path)).lower()
        assert not [value for value in PLANTED if value.lower() in text]


def test_numbers_stay_when_the_case_grows(prepared: Prepared, court: Exported) -> None:
    seed_alert(prepared.engine, 40, host="autre.exemple.fr")
    again = prepared.export("court", "grown")
    text = "\n".join(pages(again.folder / "pieces/bordereau.pdf"))
    assert re.search(r"\n3 Captures relevées sur paste1.exemple.fr", text)
    assert re.search(r"\n9 Décision 26/51823", text)
    assert re.search(r"\n10 Captures relevées sur autre.exemple.fr", text)


def test_a_number_is_never_given_again(engine: Engine) -> None:
    case = seed_alert(engine).new[0].case
    assert numbers(engine, case, ["a", "b"], AT) == {"a": 1, "b": 2}
    assert numbers(engine, case, ["b", "c"], AT) == {"a": 1, "b": 2, "c": 3}
    assert numbers(engine, case, ["a"], AT) == {"a": 1, "b": 2, "c": 3}


CLAIM = {"claimant": ""}
BASE = {"case": 1, "dossier": 1, "edition": "court", "created": "2026-11-28T00:00:00Z",
        "organisation": "x"}  # fmt: skip


def copies(typesetter: Typesetter, count: int) -> tuple[dict[str, object], ...]:
    """Blocks of a piece, each with a picture that does not compress."""
    found = []
    for at in range(count):
        noise = io.BytesIO()
        Image.effect_noise((400, 300), 90).convert("RGB").save(noise, "PNG")
        picture = {"capture": at, "state": "made", "error": "", "at": "", "sha256": "ab" * 32,
                   "tiles": [typesetter.add(f"{at}.png", noise.getvalue())],
                   "cut": False}  # fmt: skip
        found.append({"location": f"http://x/{at}", "first_seen": "", "last_seen": "", "gone": "",
                      "records": 1, "fields": ["nir"], "path": [], "captures": [], "excerpts": [],
                      "picture": picture})  # fmt: skip
    return tuple(found)


def test_a_piece_over_the_bound_is_split() -> None:
    """Between its blocks; each file keeps to the bound, and pages run on through the parts."""
    with Typesetter() as typesetter:
        draft = Draft("captures:x", "Captures", "piece-captures", copies(typesetter, 6))
        whole = dict(
            Filing(typesetter, BASE, 4_000_000).files([draft], {"captures:x": 3}, CLAIM, AT)
        )
        bound = len(whole["pieces/piece-03.pdf"]) // 2
        made = dict(Filing(typesetter, BASE, bound).files([draft], {"captures:x": 3}, CLAIM, AT))
    parts = {name: data for name, data in made.items() if "/piece-03-" in name}
    assert len(parts) > 1
    assert all(len(data) <= bound for data in parts.values())
    last = 0
    for at, data in enumerate(parts.values(), start=1):
        document = pypdfium2.PdfDocument(io.BytesIO(data))
        texts = [document[page].get_textpage().get_text_bounded() for page in range(len(document))]
        document.close()
        assert f"Pièce n° 3 (partie {at}/{len(parts)})" in texts[0]
        for text in texts:
            last += 1
            assert re.search(rf"page {last} / \d+", text)


def test_a_piece_that_is_no_longer_made_is_named() -> None:
    with Typesetter() as typesetter:
        filing = Filing(typesetter, BASE, 4_000_000)
        draft = Draft("captures:x", "Captures relevées sur x", "piece-captures")
        made = dict(filing.files([draft], {"captures:x": 4, "old": 2}, CLAIM, AT))
    document = pypdfium2.PdfDocument(io.BytesIO(made["pieces/bordereau.pdf"]))
    text = document[0].get_textpage().get_text_bounded().replace("\u00a0", " ")
    document.close()
    assert "Numéros qui ne sont plus produits : 2" in text
    assert "À COMPLÉTER : demandeur" in text


def test_pictures_are_cut_between_lines() -> None:
    tiles, more = tiles_of(masked_png())
    assert not more
    heights = [Image.open(io.BytesIO(tile)).height for tile in tiles]
    assert sum(heights) == 3_000
    assert max(heights) <= TILE_HEIGHT
    for tile in tiles[:-1]:
        image = Image.open(io.BytesIO(tile)).convert("RGB")
        assert image.crop((0, image.height - 1, image.width, image.height)).getcolors(1)
    tall = io.BytesIO()
    Image.new("RGB", (1280, TILES * TILE_HEIGHT + 1), "white").save(tall, "PNG")
    assert tiles_of(tall.getvalue())[1]
    huge = io.BytesIO()
    Image.new("1", (1280, 20_000)).save(huge, "PNG")
    with pytest.raises(ValueError, match="pixels"):
        tiles_of(huge.getvalue())
