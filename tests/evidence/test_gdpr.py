"""The clock of article 33 and the two documents: what a person said, and what nobody said yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from evidence.errors import EvidenceError
from evidence.gdpr import breach
from evidence.gdpr.words import words
from index.engine import reading
from index.errors import NotFound
from index.schema import Act, Alert
from tests.evidence.seeding import seed_alert
from vigie.cli import build

AWARE = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def case(engine: Engine) -> int:
    seed_alert(engine)
    with reading(engine) as connection:
        return int(connection.scalars(select(Alert.case)).one())


def start(engine: Engine, case: int, kind: str = "breach", **more: str) -> int:
    return breach.start(
        engine, case, kind, AWARE, "claire", "signalé par le CERT", AWARE + HOUR, **more
    )


def test_seventy_two_hours_run_from_awareness_and_not_from_the_alert(
    engine: Engine, case: int
) -> None:
    assert breach.clocks(engine, AWARE) == []  # an alert starts nothing
    number = start(engine, case)
    view = breach.get(engine, number, AWARE + 70 * HOUR)
    assert (view.state, view.due, view.left) == ("running", AWARE + 72 * HOUR, 2 * HOUR)
    assert breach.get(engine, number, AWARE + 73 * HOUR).state == "late"
    with pytest.raises(EvidenceError, match="reasons for the delay"):
        breach.report(engine, number, AWARE + 73 * HOUR, "CNIL-1", "claire", AWARE + 74 * HOUR)
    view = breach.report(
        engine, number, AWARE + 73 * HOUR, "CNIL-1", "claire", AWARE + 74 * HOUR,
        late_because="volume",
    )  # fmt: skip
    assert (view.state, view.left) == ("reported-late", None)
    with reading(engine) as connection:
        log = connection.execute(
            select(Act.what, Act.who, Act.reason).where(Act.what.like("breach%")).order_by(Act.seq)
        ).all()
    assert [tuple(one) for one in log] == [
        ("breach-clock", "claire", "signalé par le CERT"),
        ("breach-reported", "claire", "volume"),
    ]
    with pytest.raises(EvidenceError, match="already"):
        breach.report(engine, number, AWARE + HOUR, "x", "claire", AWARE + 99 * HOUR)


def test_a_repost_of_a_notified_leak_proposes_an_additional_report(
    engine: Engine, case: int
) -> None:
    assert breach.propose(engine, case, "controller").kind == "breach"
    number = start(engine, case)
    breach.report(engine, number, AWARE + 2 * HOUR, "CNIL-1", "claire", AWARE + 3 * HOUR)
    seed_alert(engine, 2, rows=(77, 78))
    with reading(engine) as connection:
        other = max(connection.scalars(select(Alert.case)))
    proposed = breach.propose(engine, other, "controller")
    assert (other != case, proposed.kind, proposed.notified_as) == (True, "additional", "CNIL-1")
    with pytest.raises(EvidenceError, match="notified as"):
        start(engine, other, "additional")
    view = breach.get(
        engine, start(engine, other, "additional", notified_as="CNIL-1"), AWARE + 999 * HOUR
    )
    assert (view.due, view.state) == (None, "running")  # no new 72 hours


def test_a_processor_tells_its_controller(engine: Engine, case: int) -> None:
    assert breach.propose(engine, case, "processor").kind == "controller"
    view = breach.get(engine, start(engine, case, "controller"), AWARE + 100 * HOUR)
    assert (view.due, view.state) == (None, "running")


def test_what_is_no_clock(engine: Engine, case: int) -> None:
    now = AWARE + HOUR
    for why, arguments in (
        ("nothing else", (case, "repost", AWARE, "claire", "x")),
        ("rests", (case, "breach", AWARE, "claire", " ")),
        ("future", (case, "breach", now + HOUR, "claire", "x")),
    ):
        with pytest.raises(EvidenceError, match=why):
            breach.start(engine, *arguments, now)
    with pytest.raises(NotFound):
        breach.start(engine, 99, "breach", AWARE, "claire", "x", now)
    start(engine, case)
    with pytest.raises(EvidenceError, match="runs already"):
        start(engine, case)


SOURCES = """
[[source]]
id = "forum"
start = ["https://forum.example/"]
authority = "DPO, 3 mars | intérêt légitime"
authority_until = 2027-06-30
[[source]]
id = "pastes"
start = ["https://pastes.example/"]
"""


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("command", ["register", "dpia"])
def test_documents_say_what_is_known_and_what_is_missing(
    tmp_path: Path, language: str, command: str
) -> None:
    config = tmp_path / "vigie.toml"
    config.write_text(
        '[gdpr]\ncontroller = "Laboratoire d’essai"\nground_6 = "6(1)(f)"\n'
        '[sealing]\nrecipients = []\n[retention]\nquiet = "20d"\n' + SOURCES
    )
    out = tmp_path / "out.md"
    result = CliRunner().invoke(
        build(),
        ["gdpr", command, "-o", str(out), "--language", language, "--config", str(config)],
    )
    assert result.exit_code == 0, result.output
    told, phrases = out.read_text(), words(language)
    for known in ("forum", "https://pastes.example/", "DPO, 3 mars \\| intérêt", "2027-06-30"):
        assert known in told
    assert {"fr": "20 jours", "en": "20 days"}[language] in told
    assert "6(1)(f)" in told
    assert f"{phrases['nir_ground']}: {phrases['missing']}" in told
    assert f"| pastes | https://pastes.example/ | {phrases['missing']} |" in told
    if command == "register":
        assert "Laboratoire d’essai" in told
    else:
        assert phrases["open_sources"].format(names="pastes") in told
        assert "[gdpr] dpo, [gdpr] ground_9" in told


def test_both_languages_say_the_same_things() -> None:
    french, english = words("fr"), words("en")
    assert set(french) == set(english)
    for key, value in french.items():
        assert type(value) is type(english[key]), key
        if isinstance(value, list):
            assert len(value) == len(english[key]), key


def test_the_commands(tmp_path: Path) -> None:
    config = tmp_path / "vigie.toml"
    config.write_text('[storage]\npath = "var"\n')
    from vigie.config import load
    from vigie.wiring import open_record

    with open_record(load(config)) as record:
        seed_alert(record.engine)

    def vigie(*arguments: str) -> str:
        result = CliRunner().invoke(build(), [*arguments, "--config", str(config)])
        return str(result.exception or "") + result.output

    wrong = CliRunner().invoke(build(), ["gdpr", "breach", "start", "1", "--aware",
                                         "2026-11-25T10:00Z", "--reason", "x", "--kind", "brech",
                                         "--config", str(config)])  # fmt: skip
    assert wrong.exit_code == 2
    assert "--kind is one of breach, additional, controller; not brech." in wrong.output
    started = vigie("gdpr", "breach", "start", "1", "--aware", "2026-11-25T10:00Z",
                    "--reason", "vu", "--who", "claire")  # fmt: skip
    assert "breach  late" in started or "breach  running" in started
    assert "2026-11-28 10:00 UTC" in started
    assert "no time with its zone" in vigie(
        "gdpr", "breach", "start", "1", "--aware", "2026-11-25", "--reason", "vu"
    )
    told = vigie("gdpr", "breach", "report", "1", "--reference", "CNIL-7", "--at",
                 "2026-11-26T10:00Z")  # fmt: skip
    assert "reported" in told
    assert '"reference":"CNIL-7"' in vigie("gdpr", "breach", "list", "--json")
