"""Through its whole life, evidence leaves no plain value: capture, unmasking, request, export,
hold, deletion, certificate, register. The search is the demo's, over everything but the keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from capture.commitments import commit
from capture.originals import WORK, SealedOriginals
from capture.unseal import members
from evidence.cases import copies
from evidence.custody.verify import verify_log
from evidence.dossier.export import export
from evidence.gdpr import breach
from evidence.keeping import certificate, deletion, holds
from evidence.keeping.deletion import Folders
from evidence.requests.drafting import Order, draft
from evidence.requests.facts import Sender
from evidence.store import Store
from evidence.unmask.opener import Opener
from evidence.unmask.protocol import Wanted
from index.accounts import AccountStore
from index.engine import checkpoint, open_record, reading
from index.schema import Alert, Capture, Hit
from tests.evidence.dossiers import prepare
from tests.evidence.seeding import seed_alert
from tests.evidence.unmasking import openings
from vigie.cli import build
from vigie.demo.leak import LeakRow, invent_rows
from vigie.demo.privacy import Needles, search

NOW = datetime.now(UTC)
ROWS = invent_rows(60, seed=28)
BYSTANDERS = invent_rows(80, seed=5)[60:]
FIELDS = ("nir", "surname", "first_name", "birth_date", "mobile", "email", "comment", "password")


@dataclass
class Life:
    """One folder with everything in it; keys lie in another."""

    folder: Path
    engine: Engine
    key_file: Path
    case: int
    shown: list[str]

    @property
    def storage(self) -> Path:
        """What a thief of the disk has."""
        return self.folder / "var"


def page(rows: list[LeakRow]) -> str:
    return "\n".join(row.line() for row in rows)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("life")
    storage, keys = folder / "var", tmp_path_factory.mktemp("keys")
    work = pyrage.x25519.Identity.generate()
    key_file = keys / "work.key"
    key_file.write_text(str(work))
    engine = open_record(f"sqlite:///{storage}/vigie.db")
    made = prepare(engine, storage, [], captures=1)  # a case beside it, with a signer and pieces
    recipients = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2)]
    originals = SealedOriginals(storage / "originals", recipients, str(work.to_public()))
    for number, rows in ((10, (1, 2, 3)), (11, (2, 3, 4))):
        values = [
            {"leak": "labos", "row": row, "layer": "",
             "seen": [{"field": name, "text": str(getattr(ROWS[row], name)), "span": [0, 1]}
                      for name in FIELDS]}
            for row in rows
        ]  # fmt: skip
        committed = commit(values)
        body = page([*(ROWS[row] for row in rows), *BYSTANDERS]).encode("latin-1", "replace")
        sealed = originals.seal(body, {"address": "x"}, openings(committed.openings))
        recorded = seed_alert(
            engine, number, rows=rows, sealed=sealed, host=f"h{number}.exemple.fr",
            commitments=committed.public,
        )  # fmt: skip
    case = recorded.new[0].case
    shown = _live(engine, storage, key_file, case, made.maker)
    checkpoint(engine)
    yield Life(folder, engine, key_file, case, shown)
    engine.dispose()


def _live(engine: Engine, storage: Path, key_file: Path, case: int, maker: object) -> list[str]:
    """Everything that may happen to it; what a named person was shown on the way."""
    accounts = AccountStore(engine)
    accounts.add("claire", None)
    accounts.set_role("claire", "legal")
    session = accounts.open_session("claire", "link")
    with reading(engine) as connection:
        hits = list(connection.scalars(select(Hit.id).order_by(Hit.id.desc()).limit(2)))
    opener = Opener(engine, storage / "originals", key_file, 30, lambda: datetime.now(UTC))
    shown = [opener.open(Wanted(session, hits[0], row, "vérifier la ligne")) for row in (2, 3, 9)]
    assert [one.why_not for one in shown] == ["", "", "not-there"]
    stays = copies.join(engine, case - 1, case, "claire", "mêmes enregistrements", NOW)
    breach.start(engine, stays, "breach", NOW - timedelta(days=4), "claire", "signalé", NOW)
    sender = Sender("CERT d’essai", "cert@exemple.fr")
    order = Order(stays, "host", "h10.exemple.fr", contact="abuse@hote.exemple")
    draft(engine, Store(storage / "evidence"), sender, order, who="claire", now=NOW)
    for edition in ("court", "host", "public"):
        export(
            engine, stays, edition, storage.parent / f"dossier-{edition}", maker,  # type: ignore[arg-type]
            who="claire", reason="assignation",
        )  # fmt: skip
    hold = holds.place(engine, stays, "référé", "claire", NOW)
    holds.release(engine, hold, "jugé", "claire", NOW)
    return [text for one in shown for _, text in one.seen]


def test_what_is_looked_for_would_be_found(life: Life, tmp_path: Path) -> None:
    needles = Needles.build(ROWS)
    working = next((life.storage / "originals" / WORK).glob("*/*.age"))
    plain = members(working.read_bytes(), life.key_file, ("body", "openings.json"))
    for name, data in plain.items():
        (tmp_path / name).write_bytes(data)
    found = {finding.file.name for finding in search([tmp_path], needles)}
    assert found == {"body", "openings.json"}
    (tmp_path / "openings.json").unlink()
    assert search([tmp_path], Needles.build(BYSTANDERS))
    assert ROWS[2].nir in life.shown or ROWS[2].email in life.shown


def test_disk_and_database_without_the_keys_yield_no_value(life: Life) -> None:
    needles = Needles.build(ROWS), Needles.build(BYSTANDERS, name="bystanders")
    places = [
        life.storage,
        *(life.folder / f"dossier-{one}" for one in ("court", "host", "public")),
    ]
    assert all(any(place.rglob("*")) for place in places)
    assert [(one.file.name, one.kind) for one in search(places, *needles)] == []


def test_certificates_register_and_logs_hold_none_either(life: Life, tmp_path: Path) -> None:
    folders = Folders(life.storage / "originals", life.storage / "evidence")
    with reading(life.engine) as connection:
        names = connection.scalars(
            select(Capture.sealed).join(Hit).join(Alert).where(Alert.case == life.case - 1)
        ).all()
    assert len(names) == 2
    gone = deletion.delete_case(
        life.engine, folders, life.case - 1, "claire", "effacement accordé", NOW
    )
    assert gone.certificate is not None
    assert gone.originals == 2
    config = life.folder / "vigie.toml"
    config.write_text(
        '[storage]\npath = "var"\n[[source]]\nid = "s"\nstart = ["https://s.exemple/"]\n'
    )
    for language in ("fr", "en"):
        text = certificate.as_markdown(gone.certificate, language)
        (tmp_path / f"certificate-{language}.md").write_text(text)
        for what in ("register", "dpia"):
            out = tmp_path / f"{what}-{language}.md"
            arguments = ["gdpr", what, "-o", str(out), "--language", language]
            done = CliRunner().invoke(build(), [*arguments, "--config", str(config)])
            assert done.exit_code == 0, done.output
    (tmp_path / "certificate.json").write_bytes(gone.certificate.document)
    checkpoint(life.engine)
    needles = Needles.build(ROWS), Needles.build(BYSTANDERS, name="bystanders")
    assert len(list(tmp_path.iterdir())) == 7
    assert search([tmp_path, life.storage], *needles) == []
    assert verify_log(life.engine, []).failed == []
    # Of the originals of that case nothing remains, nor of their working copies.
    for name in names:
        assert not list(folders.originals.rglob(Path(name).name))


def test_a_search_that_sees_nothing_would_be_told_from_a_clean_disk(life: Life) -> None:
    """One reason with a person's value, and the search is red: it reads the log as well."""
    leaked = replace(
        ROWS[0], comment="Hypothyroïdie traitée depuis mars 2015, assise au bras droit"
    )
    engine, case = life.engine, life.case - 1
    holds.place(engine, case, f"pour {leaked.comment}, {leaked.nir}", "claire", NOW)
    checkpoint(engine)
    found = search([life.storage], Needles.build([leaked]))
    assert {one.kind for one in found} >= {"comment"}
