"""What goes, when, and what is left of it: the log verifies, and a certificate says so."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from sqlalchemy import Engine, func, insert, select, update
from typer.testing import CliRunner

from capture.originals import WORK, SealedOriginals
from evidence.custody.verify import verify_log
from evidence.errors import EvidenceError
from evidence.keeping import certificate, deletion, holds
from evidence.keeping.deletion import Folders
from evidence.keeping.rules import DAY, Rules
from index.alerts import AlertStore
from index.embedded import EmbeddedIndex
from index.engine import reading, writing
from index.rebuild import rebuild
from index.schema import Act, Alert, Capture, Case, EvidenceItem, Hit, LegalHold, Outbox
from tests.evidence.dossiers import PLANTED, Prepared, prepare, recipients
from vigie.cli import build

NOW = datetime.now(UTC)
LATER = NOW + 400 * DAY
RULES = Rules(closed=300 * DAY)


@dataclass(frozen=True)
class Kept:
    """A case of three captures in one folder."""

    prepared: Prepared
    folders: Folders

    @property
    def engine(self) -> Engine:
        """The record."""
        return self.prepared.engine

    def run(self, now: datetime) -> deletion.Gone:
        """The clocks at that time."""
        return deletion.run(self.engine, self.folders, RULES, now)

    def files(self) -> list[Path]:
        """Originals that are there."""
        return sorted(self.folders.originals.glob("*/*.age"))

    def pieces(self) -> int:
        """What was taken beside the captures and is there; two may be one file."""
        with reading(self.engine) as connection:
            there = select(EvidenceItem.file).where(EvidenceItem.state == "made")
            files = list(connection.scalars(there))
        on_disk = {path.name for path in self.folders.evidence.rglob("*") if path.is_file()}
        assert on_disk == {Path(file).name for file in files}
        return len(files)

    def pictures(self, capture: int) -> int:
        """Sealed files beside a capture's body: its page's picture and DOM."""
        with reading(self.engine) as connection:
            query = select(EvidenceItem.sealed).where(EvidenceItem.capture == capture)
            return sum(map(bool, connection.scalars(query)))

    def decide(self, status: str, *alerts: int) -> None:
        """Decide these alerts."""
        store = AlertStore(self.engine)
        for alert in alerts:
            version = store.get(alert).alert.version
            store.decide(alert, status, f"de {PLANTED[0]}", "jeanne", version)

    def close(self, at: datetime) -> None:
        """Close every case."""
        with writing(self.engine) as connection:
            connection.execute(update(Case).values(status="closed", closed=at))

    def still_verifies(self) -> None:
        """The whole log."""
        assert verify_log(self.engine, []).failed == []


@pytest.fixture
def kept(engine: Engine, tmp_path: Path) -> Kept:
    prepared = prepare(engine, tmp_path, [])
    return Kept(prepared, Folders(tmp_path / "originals", tmp_path / "evidence"))


def acts(engine: Engine, what: str = "delete") -> list[Any]:
    with reading(engine) as connection:
        query = select(Act.who, Act.subject, Act.detail, Act.reason, Act.seq)
        return list(connection.execute(query.where(Act.what == what).order_by(Act.seq)))


def test_a_dismissed_original_goes_after_a_day(kept: Kept) -> None:
    before = kept.files()
    with reading(kept.engine) as connection:
        name = str(connection.scalar(select(Capture.sealed).where(Capture.id == 2)))
    working = kept.folders.originals / WORK / name
    working.parent.mkdir(parents=True)
    working.write_bytes(b"age-encryption.org/v1")
    kept.decide("dismissed", 2)
    assert kept.run(NOW + timedelta(hours=23)).total == 0
    gone = kept.run(NOW + timedelta(hours=25))
    assert (gone.originals, gone.pieces, gone.quiet) == (1, 0, 0)
    assert len(kept.files()) == len(before) - 1
    assert not working.exists()
    (entry,) = acts(kept.engine)
    assert entry.detail["rule"] == "dismissed"
    assert (kept.folders.originals / entry.detail["file"]) in before
    kept.still_verifies()
    assert kept.run(NOW + timedelta(hours=26)).total == 0


def test_a_dossier_says_which_original_was_deleted(kept: Kept) -> None:
    kept.decide("dismissed", 2)
    kept.run(NOW + timedelta(hours=25))
    day = f"{NOW + timedelta(hours=25):%d/%m/%Y}"
    folder = kept.prepared.export("court", "after").folder
    told = json.loads((folder / "scelle.json").read_text("utf-8"))
    assert [bool(one["deleted"]) for one in told["captures"]] == [False, True, False]
    limits = (folder / "LIMITES.md").read_text("utf-8")
    assert "L’original de 2 captures sur 3 est scellé" in limits
    assert f"l’original en a été supprimé, en dernier le {day}" in limits
    document = pypdfium2.PdfDocument(folder / "rapport.pdf")
    text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    text = " ".join(text.replace("\u00a0", " ").split())
    assert "supprimée le" in text
    assert day in text


def test_the_sealed_picture_goes_with_the_body(kept: Kept) -> None:
    name = SealedOriginals(kept.folders.originals, recipients(2)).seal(b"picture", {})
    with writing(kept.engine) as connection:
        item = (EvidenceItem.capture == 2) & (EvidenceItem.kind == "dns")
        connection.execute(update(EvidenceItem).where(item).values(sealed=name))
    kept.decide("dismissed", 2)
    assert kept.run(NOW + timedelta(hours=25)).originals == 2
    assert not (kept.folders.originals / name).exists()
    assert {one.detail["what"] for one in acts(kept.engine)} == {"original", "dns-original"}
    assert kept.run(NOW + timedelta(hours=25)).total == 0


def test_an_alert_opened_again_keeps_its_original(kept: Kept) -> None:
    kept.decide("dismissed", 2)
    kept.decide("open", 2)
    assert kept.run(NOW + timedelta(hours=25)).total == 0


def test_one_file_of_two_posts_goes_with_the_last(kept: Kept) -> None:
    with writing(kept.engine) as connection:
        name = connection.scalar(select(Capture.sealed).where(Capture.id == 1))
        connection.execute(update(Capture).where(Capture.id == 2).values(sealed=name))
    kept.decide("dismissed", 2)
    assert kept.run(NOW + timedelta(hours=25)).originals == 1
    assert (kept.folders.originals / str(name)).exists()
    kept.decide("dismissed", 1)
    pictures = kept.pictures(1)
    assert kept.run(NOW + timedelta(hours=25)).originals == 1 + pictures
    assert not (kept.folders.originals / str(name)).exists()


def test_a_closed_case_goes_with_its_pieces_and_the_record_says_what_it_was(kept: Kept) -> None:
    kept.close(NOW)
    before = (len(kept.files()), kept.pieces())
    assert before[0] == 3 + sum(map(kept.pictures, (1, 2, 3)))
    assert kept.run(NOW + 299 * DAY).total == 0
    gone = kept.run(LATER)
    assert (gone.originals, gone.pieces) == before
    assert kept.files() == []
    with reading(kept.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(Capture)) == 3
        states = set(connection.scalars(select(EvidenceItem.state)))
        captures = connection.execute(select(Capture.sha256, Capture.original_deleted)).all()
    assert states == {"deleted", "failed"}
    assert all(one.sha256 and one.original_deleted for one in captures)
    assert kept.pieces() == 0
    kept.still_verifies()


def test_on_hold_nothing_goes_by_clock_or_by_hand(kept: Kept) -> None:
    kept.close(NOW)
    number = holds.place(kept.engine, kept.prepared.case, "référé", "claire", NOW)
    with reading(kept.engine) as connection:
        cases = list(connection.scalars(select(Case.id)))
    for other in cases:
        if other != kept.prepared.case:
            holds.place(kept.engine, other, "référé", "claire", NOW)
    before = kept.files()
    gone = kept.run(LATER)
    assert (gone.total, gone.kept_by_hold) == (0, 3)
    assert kept.files() == before
    with pytest.raises(EvidenceError, match="legal hold"):
        deletion.delete_case(
            kept.engine, kept.folders, kept.prepared.case, "claire", "demande", LATER
        )
    holds.release(kept.engine, number, "jugé", "claire", LATER)
    assert kept.run(LATER).originals >= 1
    with pytest.raises(EvidenceError, match="already"):
        holds.release(kept.engine, number, "jugé", "claire", LATER)
    assert [one.what for one in _told(kept.engine)] == ["hold"] * len(cases) + ["hold-released"]


def _told(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        query = select(Act.what, Act.who).where(Act.what.like("hold%")).order_by(Act.seq)
        return list(connection.execute(query))


def test_a_person_may_delete_a_case_and_the_log_still_verifies(kept: Kept) -> None:
    reason = f"effacement demandé par {PLANTED[1]} {PLANTED[0]}"
    with reading(kept.engine) as connection:
        mine = list(
            connection.scalars(
                select(Hit.capture).join(Alert).where(Alert.case == kept.prepared.case)
            )
        )
    sealed = len(mine) + sum(map(kept.pictures, mine))
    gone = deletion.delete_case(
        kept.engine, kept.folders, kept.prepared.case, "claire", reason, NOW
    )
    assert gone.originals == sealed
    with reading(kept.engine) as connection:
        snippets = connection.scalars(
            select(Hit.snippets).join(Alert).where(Alert.case == kept.prepared.case)
        )
        assert not any(snippets)
    kept.still_verifies()
    assert gone.certificate is not None
    # The reason names a person, so the certificate has its digest alone.
    document = gone.certificate.document.decode()
    texts = [certificate.as_markdown(gone.certificate, one) for one in ("fr", "en")]
    for text_ in (document, *texts):
        assert not [value for value in PLANTED if value in text_]
    with pytest.raises(EvidenceError, match="reason"):
        deletion.delete_case(kept.engine, kept.folders, kept.prepared.case, "claire", " ", NOW)


def test_the_certificate_is_what_the_log_says(kept: Kept) -> None:
    kept.decide("dismissed", 2, 3)
    number = 2 + kept.pictures(2) + kept.pictures(3)
    made = kept.run(NOW + timedelta(hours=25)).certificate
    assert made is not None
    assert certificate.get(kept.engine, made.number) == made
    assert hashlib.sha256(made.document).hexdigest() == made.sha256
    told = made.told
    log = {entry.seq: entry for entry in acts(kept.engine)}
    assert [one["entry"] for one in told["deletions"]] == sorted(log)
    for one in told["deletions"]:
        assert one["item"] == log[one["entry"]].subject
        assert one["sha256"] in log[one["entry"]].detail["file"]
    (entry,) = acts(kept.engine, "deletion-certificate")
    assert entry.detail["sha256"] == made.sha256
    assert told["head"]["seq"] == entry.seq - 1
    french, english = (certificate.as_markdown(made, one) for one in ("fr", "en"))
    assert f"{number} suppressions" in french
    assert f"{number} deletions" in english
    assert made.sha256 in french


def quiet_hit(kept: Kept, at: datetime) -> int:
    """A hit of the quieter queue, with an old sealed file and a place in the outbox."""
    with writing(kept.engine) as connection:
        row = connection.execute(select(Capture.__table__).where(Capture.id == 1)).one()
        values = dict(row._mapping) | {"id": 90, "location_key": b"q" * 16, "sealed": ""}
        connection.execute(insert(Capture).values(values))
        found = connection.execute(
            insert(Hit).values(
                capture=90, alert=None, leak="labos", verdict="same-people", records=0,
                review_records=2, candidates=9, chance=0.01, matches=[], snippets=[{"x": 1}],
                notes=[], created=at,
            )
        )  # fmt: skip
        hit = int(found.inserted_primary_key[0])  # type: ignore[index]
        connection.execute(
            insert(Outbox).values(
                channel="hits", document_id=f"hit-{hit}", body={}, created=at, delivered=at
            )
        )
    return hit


def test_what_raised_no_alert_goes_after_thirty_days_everywhere(kept: Kept, tmp_path: Path) -> None:
    hit = quiet_hit(kept, NOW)
    with closing(EmbeddedIndex(tmp_path / "index.db")) as search:
        rebuild(kept.engine, search)
        assert f"hit-{hit}" in set(search.ids("hit"))
        assert kept.run(NOW + 28 * DAY).quiet == 0
        gone = kept.run(NOW + 30 * DAY)
        assert (gone.quiet, gone.originals, gone.reindex) == (1, 0, True)
        rebuild(kept.engine, search)
        assert f"hit-{hit}" not in set(search.ids("hit"))
    with reading(kept.engine) as connection:
        assert connection.scalar(select(func.count()).where(Hit.id == hit)) == 0
        assert connection.scalar(select(func.count()).where(Capture.id == 90)) == 0
        left = select(func.count()).where(Outbox.document_id == f"hit-{hit}")
        assert connection.scalar(left) == 0
    kept.still_verifies()


@pytest.mark.parametrize("cut", ["_unlink_original", "_unlink_piece"])
def test_a_run_that_was_cut_is_finished_by_the_next(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    def dying(*_: object) -> int:
        raise OSError("the power went")

    kept.close(NOW)
    with monkeypatch.context() as patch:
        patch.setattr(deletion, cut, dying)
        with pytest.raises(OSError, match="power"):
            kept.run(LATER)
    kept.run(LATER)
    assert kept.files() == []
    assert kept.pieces() == 0
    kept.still_verifies()


def test_the_commands(tmp_path: Path, engine: Engine) -> None:
    prepared = prepare(engine, tmp_path / "var", [])
    config = tmp_path / "vigie.toml"
    config.write_text(
        f'[storage]\npath = "var"\ndatabase = "sqlite:///{engine.url.database}"\n'
        '[retention]\ndismissed = "0s"\n'
    )
    alerts = AlertStore(engine)
    alerts.decide(2, "dismissed", "essai", "jeanne", alerts.get(2).alert.version)
    case = str(prepared.case)

    def vigie(*arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(build(), [*arguments, "--config", str(config)])
        if status:
            assert result.exit_code
            return str(result.exception) + result.output
        assert result.exit_code == 0, result.output
        return result.output

    assert "is on hold" in vigie("retention", "hold", case, "--reason", "référé", "--who", "claire")
    assert "legal hold" in vigie("retention", "delete", case, "--reason", "x", status=4)
    assert json.loads(vigie("retention", "holds", "--json"))["reason"] == "référé"
    vigie("retention", "release", "1", "--reason", "jugé")
    told = json.loads(vigie("retention", "run", "--json"))
    assert (told["originals"], told["certificate"]) == (1, 1)
    out = tmp_path / "suppression.md"
    vigie("retention", "certificate", "1", "-o", str(out))
    assert out.read_text().startswith("# Certificat de suppression n° 1")
    assert "overwritten" in vigie("retention", "certificate", "1", "-o", str(out), status=4)
    config.write_text(config.read_text() + "whole_bytes = 2_000_000\n")
    assert "whole_decision" in vigie("retention", "run", status=4)


def test_holds_are_named_with_their_case(kept: Kept) -> None:
    with pytest.raises(EvidenceError, match="reason"):
        holds.place(kept.engine, kept.prepared.case, " ", "claire", NOW)
    holds.place(kept.engine, kept.prepared.case, "référé", "claire", NOW)
    with reading(kept.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(LegalHold)) == 1
        assert holds.held(connection) == {kept.prepared.case}
