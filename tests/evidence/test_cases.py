"""Copies are proposed with their grounds and joined by a person; removal is measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from typer.testing import CliRunner

from evidence.cases import closing, copies
from evidence.cases.removal import removals
from evidence.custody.verify import verify_log
from evidence.errors import EvidenceError
from evidence.keeping import holds
from index.alerts import AlertStore
from index.cases import CaseStore
from index.engine import reading, writing
from index.errors import Conflict, NotFound
from index.schema import Act, Alert, Capture, Case, LegalHold, Outbox
from tests.evidence.seeding import seed_alert
from vigie.cli import build
from vigie.config import load
from vigie.wiring import open_record

NOW = datetime.now(UTC)


def seed(engine: Engine, number: int, rows: Sequence[int], host: str) -> int:
    """One alert of its own on another server; its case."""
    recorded = seed_alert(engine, number, rows=rows, host=host)
    with writing(engine) as connection:
        newest = select(Capture.id).order_by(Capture.id.desc()).limit(1).scalar_subquery()
        facts = {"certificate": {"sha256": f"{number:064x}"}}
        connection.execute(
            update(Capture)
            .where(Capture.id == newest)
            .values(peer=f"192.0.2.{number}", connection=facts)
        )
    return recorded.new[0].case


def change(engine: Engine, capture: int, **values: Any) -> None:
    with writing(engine) as connection:
        connection.execute(update(Capture).where(Capture.id == capture).values(**values))


def test_grounds_are_named_and_nothing_is_joined_by_itself(engine: Engine) -> None:
    mine = seed(engine, 1, (1, 2, 3, 4), "a.example")
    overlap = seed(engine, 2, (3, 4, 5), "b.example")
    alike = seed(engine, 3, (50, 51), "c.example")
    mirror = seed(engine, 4, (60, 61), "d.example")
    one_row = seed(engine, 5, (1, 90, 91), "e.example")
    neighbour = seed(engine, 6, (70, 71), "a.example")
    with reading(engine) as connection:
        first = connection.execute(select(Capture.sha256, Capture.peer, Capture.connection)).first()
    assert first is not None
    change(engine, 3, sha256=first.sha256)
    change(engine, 4, connection=first.connection)
    change(engine, 6, peer=first.peer, connection=first.connection)  # the same site
    found = {one.case: one for one in copies.proposals(engine, mine)}
    assert set(found) == {overlap, alike, mirror}
    assert found[overlap].grounds == ("records",)
    assert (found[overlap].common, round(found[overlap].share, 2)) == (2, 0.67)
    assert found[alike].grounds == ("file",)
    assert found[mirror].grounds == ("certificate",)
    assert [one.case for one in copies.proposals(engine, mine)] == [alike, overlap, mirror]
    assert mine in {one.case for one in copies.proposals(engine, overlap)}
    assert not {one_row, neighbour} & set(found)
    with reading(engine) as connection:
        assert len(set(connection.scalars(select(Alert.case)))) == 6
    change(engine, 5, peer=first.peer)
    found = {one.case: one for one in copies.proposals(engine, mine)}
    assert found[one_row].grounds == ("address",)


def test_a_person_joins_and_everything_comes_along(engine: Engine) -> None:
    mine = seed(engine, 1, (1, 2, 3), "a.example")
    other = seed(engine, 2, (2, 3, 4), "b.example")
    hold = holds.place(engine, other, "référé", "claire", NOW)
    with pytest.raises(EvidenceError, match="say why"):
        copies.join(engine, other, mine, "claire", " ", NOW)
    assert copies.join(engine, other, mine, "claire", "même fichier", NOW) == mine
    detail = CaseStore(engine).get(mine)
    assert [alert.id for alert in detail.alerts] == [1, 2]
    with reading(engine) as connection:
        assert connection.scalar(select(Case.status).where(Case.id == other)) == "closed"
        assert connection.scalar(select(LegalHold.case).where(LegalHold.id == hold)) == mine
        log = connection.execute(
            select(Act.subject, Act.detail, Act.reason).where(Act.what == "join").order_by(Act.seq)
        ).all()
        bodies = connection.scalars(
            select(Outbox.body).where(Outbox.document_id == "alert-2").order_by(Outbox.id)
        ).all()
    assert [one.subject for one in log] == [f"case:{mine}", f"case:{other}"]
    assert log[0].detail["grounds"] == ["records"]
    assert log[0].reason == "même fichier"
    assert bodies[-1]["vigie"]["case"] == mine  # the search index hears of it
    assert verify_log(engine, []).failed == []
    with pytest.raises(Conflict, match="closed"):
        copies.join(engine, mine, other, "claire", "encore", NOW)
    with pytest.raises(EvidenceError, match="itself"):
        copies.join(engine, mine, mine, "claire", "x", NOW)
    with pytest.raises(NotFound):
        copies.join(engine, mine, 99, "claire", "x", NOW)


def test_what_a_person_keeps_apart_is_not_proposed_again(engine: Engine) -> None:
    mine = seed(engine, 1, (1, 2, 3), "a.example")
    other = seed(engine, 2, (2, 3, 4), "b.example")
    copies.keep_apart(engine, mine, other, "claire", "autre liste", NOW)
    assert copies.proposals(engine, mine) == copies.proposals(engine, other) == ()
    assert copies.join(engine, mine, other, "claire", "si, en fait", NOW) == mine


def test_a_dismissed_alert_is_no_ground(engine: Engine) -> None:
    mine = seed(engine, 1, (1, 2, 3), "a.example")
    seed(engine, 2, (2, 3, 4), "b.example")
    AlertStore(engine).decide(2, "dismissed", "autre liste", "jeanne", 1)
    assert copies.proposals(engine, mine) == ()


def test_a_case_closes_once_all_is_decided(engine: Engine) -> None:
    case = seed(engine, 1, (1, 2), "a.example")
    with pytest.raises(Conflict, match="1 open alerts"):
        closing.close(engine, case, "claire", "retiré", NOW)
    AlertStore(engine).decide(1, "confirmed", "à nous", "jeanne", 1)
    closing.close(engine, case, "claire", "retiré", NOW)
    assert CaseStore(engine).get(case).case.closed == NOW
    with pytest.raises(Conflict, match="already"):
        closing.close(engine, case, "claire", "retiré", NOW)
    closing.reopen(engine, case, "claire", "remis en ligne", NOW)
    assert CaseStore(engine).get(case).case.closed is None


def test_removal_is_measured_per_host(engine: Engine) -> None:
    for number, host in ((1, "a.example"), (2, "a.example"), (3, "b.example"), (4, "c.example")):
        seed(engine, number, (number, number + 100), host)
    AlertStore(engine).decide(4, "dismissed", "non", "jeanne", 1)
    alerts = list(AlertStore(engine).list(sort="id", descending=False).alerts)
    seen = alerts[0].first_seen
    asked, later = seen + timedelta(hours=2), seen + timedelta(hours=5)
    alerts[0] = replace(alerts[0], gone_at=seen + timedelta(hours=3))
    alerts[1] = replace(alerts[1], gone_at=later)
    request: Any = SimpleNamespace(
        row=SimpleNamespace(sent=asked, addresses=["https://a.example/p/1"])
    )
    first, second = removals(alerts, [request])
    assert (first.host, first.copies, first.up) == ("a.example", 2, 0)
    assert first.from_sight == later - seen  # the last copy counts
    assert first.from_request == later - asked
    assert (second.host, second.up, second.gone, second.asked) == ("b.example", 1, None, None)
    early = removals([replace(alerts[0], gone_at=seen)], [request])[0]
    assert early.from_request is None  # gone before anyone asked


def test_the_commands(tmp_path: Path) -> None:
    config = tmp_path / "vigie.toml"
    config.write_text('[storage]\npath = "var"\n')
    with open_record(load(config)) as record:
        for number, host in ((1, "a.example"), (2, "b.example"), (3, "c.example")):
            seed(record.engine, number, (number, number + 1, number + 2, 9), host)

    def vigie(*arguments: str) -> str:
        result = CliRunner().invoke(build(), [*arguments, "--config", str(config)])
        return str(result.exception or "") + result.output

    found = [json.loads(line) for line in vigie("case", "copies", "1", "--json").splitlines()]
    assert [(one["case"], one["common"]) for one in found] == [(2, 3), (3, 2)]
    assert "stay apart" in vigie("case", "apart", "1", "3", "--reason", "autre")
    assert "case 1 now" in vigie("case", "merge", "2", "1", "--reason", "même", "--who", "claire")
    hosts = [json.loads(line)["host"] for line in vigie("case", "removal", "1", "--json").split()]
    assert hosts == ["a.example", "b.example"]
    assert "open alerts" in vigie("case", "close", "1", "--reason", "x")
