"""The log against whoever can write the database: only what stands outside convicts him."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from evidence.custody import checkpoint
from evidence.custody.journal import lines
from evidence.custody.stamping import Stamper
from evidence.custody.verify import verify_log
from evidence.verify.verifier_inside import Failed, check_journal
from index import chain
from index.custody import enter
from index.engine import reading, writing
from index.leases import utc_now
from index.schema import Act, CustodyHead, TimeStamp
from tests.evidence.tsa import TimeStampServer

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def fill(engine: Engine, entries: int = 10) -> None:
    with writing(engine) as connection:
        for number in range(entries):
            enter(
                connection, at=AT + timedelta(seconds=number), who="jeanne", what="view",
                item=f"alert:{number}", detail={"n": number}, reason="l’affaire le demande",
            )  # fmt: skip


def rewrite(engine: Engine, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """As a clever administrator would: change the rows, then number and chain them anew."""
    with writing(engine) as connection:
        connection.execute(text("DROP TRIGGER act_stays"))
        connection.execute(text("DROP TRIGGER act_keeps"))
        rows = [
            dict(row._mapping)
            for row in connection.execute(select(Act.__table__).order_by(Act.seq))
        ]
        rows = change(rows)
        connection.execute(text("DELETE FROM act"))
        log = connection.scalar(select(CustodyHead.log)) or ""
        link = chain.genesis(log)
        for seq, row in enumerate(rows, start=1):
            told = chain.content(
                seq=seq, at=row["at"], who=row["who"], what=row["what"], item=row["subject"],
                detail=row["detail"],
                reason_sha256=chain.reason_digest(row["reason"], row["reason_salt"]),
            )  # fmt: skip
            digest = chain.digest(told, row["salt"])
            link = chain.link(link, seq, digest)
            row |= {"seq": seq, "digest": digest, "link": link, "id": seq}
            connection.execute(Act.__table__.insert().values(row))  # type: ignore[attr-defined]
        connection.execute(
            text("UPDATE custody_head SET seq = :s, link = :l"), {"s": len(rows), "l": link}
        )


REWRITES: dict[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "removed": lambda rows: rows[:3] + rows[4:],
    "reordered": lambda rows: [*rows[:3], rows[4], rows[3], *rows[5:]],
    "changed": lambda rows: [*rows[:3], {**rows[3], "who": "paul"}, *rows[4:]],
    "forked": lambda rows: [*rows[:6], *({**row, "salt": os.urandom(32)} for row in rows[6:])],
    "last dropped": lambda rows: rows[:-3],
}


def test_a_log_verifies_and_its_stamps_too(engine: Engine, tsa: TimeStampServer) -> None:
    fill(engine)
    authorities = [tsa.authority("un"), tsa.authority("deux")]
    outcomes = Stamper(engine, authorities).stamp_head("jeanne")
    assert [outcome.stamp is not None for outcome in outcomes] == [True, True]
    report = verify_log(engine, authorities)
    assert (report.failed, report.stamps, report.stamped_upto) == ([], 2, 10)
    assert report.entries == 12  # each outcome is an entry of its own


@pytest.mark.parametrize("way", REWRITES)
def test_a_log_written_anew_fails_against_an_outside_checkpoint(engine: Engine, way: str) -> None:
    fill(engine)
    held = checkpoint.export(engine, who="jeanne", to="Me Martin, commissaire", now=AT)
    assert verify_log(engine, [], checkpoints=[held]).failed == []
    rewrite(engine, REWRITES[way])
    assert verify_log(engine, []).failed == []  # by itself it looks whole: that is the point
    failed = verify_log(engine, [], checkpoints=[held]).failed
    assert failed
    assert "entry 10" in failed[0] or "checkpoint" in failed[0]


def test_a_log_written_anew_fails_against_its_stamps(engine: Engine, tsa: TimeStampServer) -> None:
    fill(engine)
    Stamper(engine, [tsa.authority()]).stamp_head()
    rewrite(engine, REWRITES["changed"])
    assert "is not over the log" in verify_log(engine, [tsa.authority()]).failed[0]


@pytest.mark.parametrize("column", ["who", "what", "subject", "detail", "reason"])
def test_a_changed_word_is_named(engine: Engine, column: str) -> None:
    fill(engine)
    with writing(engine) as connection:
        connection.execute(text("DROP TRIGGER act_keeps"))
        value = '{"n": 99}' if column == "detail" else "other"
        connection.execute(text(f"UPDATE act SET {column} = :v WHERE seq = 4"), {"v": value})  # noqa: S608
    assert "entry 4" in verify_log(engine, []).failed[0]


def test_the_journal_shows_what_may_be_seen_and_chains_the_rest(engine: Engine) -> None:
    fill(engine)

    def show(row: Any) -> str:
        return {"alert:3": "whole", "alert:4": "entry"}.get(row.subject, "digest")

    with reading(engine) as connection:
        journal = list(lines(connection, first=3, show=show))
    told, shown = check_journal(journal)
    assert (told["first"], told["last"], sorted(shown)) == (3, 10, [4, 5])
    text_of = "\n".join(journal)
    assert text_of.count("le demande") == 1
    assert text_of.count("jeanne") == 2
    for cut in range(1, len(journal)):
        with pytest.raises(Failed):
            check_journal(journal[:cut])
        if cut < len(journal) - 1:
            with pytest.raises(Failed):
                check_journal(journal[:cut] + journal[cut + 1 :])


def test_a_checkpoint_carries_stamps_that_openssl_accepts(
    engine: Engine, tsa: TimeStampServer, tmp_path: Path
) -> None:
    import base64
    import subprocess

    fill(engine)
    Stamper(engine, [tsa.authority()]).stamp_head()
    held = checkpoint.export(engine, who="jeanne", to="dehors", now=AT)
    file = tmp_path / "checkpoint.json"
    file.write_text(json.dumps(held))
    assert checkpoint.read(file) == held
    (tmp_path / "statement").write_text(held["statement"])
    (tmp_path / "reply.tsr").write_bytes(base64.b64decode(held["stamps"][0]["reply"]))
    subprocess.run(
        ["openssl", "ts", "-verify", "-data", tmp_path / "statement", "-in",
         tmp_path / "reply.tsr", "-CAfile", tsa.root.certificate_file],
        check=True, capture_output=True,
    )  # fmt: skip


def test_what_was_not_stamped_is_asked_again(engine: Engine, tsa: TimeStampServer) -> None:
    now = [AT]
    stamper = Stamper(engine, [tsa.authority()], clock=lambda: now[0])
    fill(engine, 1)
    assert stamper.is_due(timedelta(hours=1))
    tsa.fault = "nonce"
    outcome = stamper.stamp_head()[0]
    assert (outcome.stamp, "Nonce" in outcome.error) == (None, True)
    report = verify_log(engine, [tsa.authority()])
    assert (report.stamps, report.failed) == (0, [])
    assert any("not time-stamped" in sentence for sentence in report.not_proven)
    assert not stamper.is_due(timedelta(hours=1))
    now[0] += timedelta(minutes=6)
    assert stamper.is_due(timedelta(hours=1))
    tsa.fault = ""
    assert stamper.stamp_head()[0].stamp is not None
    now[0] += timedelta(hours=2)
    assert not stamper.is_due(timedelta(hours=1))  # nothing happened but stamping
    fill(engine, 1)
    assert stamper.is_due(timedelta(hours=1))


def test_renewal_before_a_certificate_ends_and_before_an_algorithm_ages(
    engine: Engine, tsa: TimeStampServer
) -> None:
    stamper = Stamper(engine, [tsa.authority()])
    fill(engine)
    assert stamper.renew(timedelta(days=90)) == []  # nothing to renew
    stamper.stamp_head()
    assert stamper.renew(timedelta(days=90)) == []  # it lasts for ten years
    assert stamper.renew(timedelta(days=4000))[0].stamp is not None
    renewed = stamper.renew(timedelta(days=90), algorithm="sha512")
    assert renewed[0].stamp is not None
    assert renewed[0].stamp.algorithm == "sha512"
    assert stamper.renew(timedelta(days=90), algorithm="sha512") == []
    with reading(engine) as connection:
        told = connection.scalar(select(Act.detail).where(Act.what == "rehash"))
        assert told is not None
        assert len(told["journal"]) == len(told["replies"]) == 128
        states = list(connection.scalars(select(TimeStamp.state)))
    assert states == ["stamped"] * 3
    assert verify_log(engine, [tsa.authority()]).failed == []


def test_the_scan_log_is_covered(engine: Engine, tsa: TimeStampServer, tmp_path: Path) -> None:
    scans = tmp_path / "scans.jsonl"
    scans.write_text('{"event":"begin"}\n')
    Stamper(engine, [tsa.authority()], scan_log=scans).stamp_head()
    with scans.open("a") as file:
        file.write('{"event":"document"}\n')
    assert verify_log(engine, [], scan_log=scans).failed == []
    scans.write_text('{"event":"other"}\n{"event":"document"}\n')
    assert "scans.jsonl" in verify_log(engine, [], scan_log=scans).failed[0]


def test_an_unknown_algorithm_never_passes(engine: Engine) -> None:
    fill(engine, 2)
    with reading(engine) as connection:
        journal = list(lines(connection))
    journal[0] = journal[0].replace("sha256", "sha1")
    with pytest.raises(Failed, match="not known"):
        check_journal(journal)


def test_a_hit_is_stamped_soon_and_other_acts_in_their_time(
    engine: Engine, tsa: TimeStampServer
) -> None:
    ahead = [timedelta(0)]
    stamper = Stamper(engine, [tsa.authority()], clock=lambda: utc_now() + ahead[0])
    hour, soon = timedelta(hours=1), timedelta(seconds=10)
    fill(engine, 3)
    stamper.stamp_head()
    fill(engine, 1)
    ahead[0] = timedelta(seconds=11)
    assert not stamper.is_due(hour, soon), "somebody looked at an alert"
    with writing(engine) as connection:
        enter(connection, at=AT, who="vigie", what="capture", item="capture:1")
    assert stamper.is_due(hour, soon)
    assert not stamper.is_due(hour)
    ahead[0] = timedelta(seconds=5)
    assert not stamper.is_due(hour, soon), "not twice within ten seconds"
    ahead[0] = timedelta(seconds=11)
    stamper.stamp_head()
    ahead[0] = timedelta(seconds=30)
    assert not stamper.is_due(hour, soon)
