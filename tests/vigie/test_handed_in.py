"""A file that a person hands in: matched like a post, kept only if it matched, with its origin."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from capture.exchange import Exchange
from capture.wacz import wrap
from capture.warc import Archive
from index.engine import open_record
from index.leases import Leases, source_lease
from index.schema import Act, Alert, Capture, Hit, Revisit
from matching.build import build as build_leak
from matching.client import MatcherClient
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef
from tests.matching import disguises
from tests.matching.disguises import Person
from vigie import handed_in
from vigie.cli import build

ORIGIN = "remis par un confrère le 3 mai, enregistré depuis un forum fermé"
Command = Callable[..., Result]


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Person], Path]:
    folder = tmp_path_factory.mktemp("leak")
    made = disguises.people(800, seed=12)
    csv = folder / "fuite.csv"
    rows = [";".join(disguises.HEADER), *(";".join(one.columns()) for one in made)]
    csv.write_text("\n".join(rows) + "\n", "latin-1")
    build_leak(csv, new_key(folder / "leak.key"), folder / "leak.vfp", inspect(csv), name="fuite")
    return made, folder


@pytest.fixture(scope="module")
def matcher(leak: tuple[list[Person], Path]) -> Iterator[MatcherClient]:
    """The real service, started once: each command would start its own, for seconds."""
    with MatcherClient([LeakRef(leak[1] / "leak.vfp", leak[1] / "leak.key")]) as client:
        yield client


@pytest.fixture
def case(
    leak: tuple[list[Person], Path], matcher: MatcherClient, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Command:  # fmt: skip
    monkeypatch.setattr("matching.client.MatcherClient", lambda _leaks: nullcontext(matcher))
    recipients = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2)]
    config = tmp_path / "vigie.toml"
    config.write_text(f"""
[storage]
path = "var"
key_file = "record.key"
[sealing]
recipients = {json.dumps(recipients)}
[[leak]]
file = "{leak[1]}/leak.vfp"
key_file = "{leak[1]}/leak.key"
[[source]]
id = "forum"
start = ["https://forum.example/"]
""")

    def run(file: Path, *more: str) -> Result:
        given = ["capture", "import", str(file), "--source", "forum", "--origin", ORIGIN,
                 "--config", str(config), *more]  # fmt: skip
        return CliRunner().invoke(build(), given)

    return run


def rows(leak: tuple[list[Person], Path], number: int) -> list[str]:
    return [";".join(one.columns()) for one in leak[0][100 : 100 + number]]


def wacz(body: bytes) -> bytes:
    archive = Archive()
    exchange = Exchange("HTTP/1.1", (), (("Content-Type", "text/plain"),), b"", body, whole=True)
    archive.exchange(
        "https://forum.example/t/1", exchange, status=200, at=datetime.now(UTC), peer="",
        mime="text/plain",
    )  # fmt: skip
    return wrap(archive, title="x", created=datetime.now(UTC))


def written(folder: Path) -> bytes:
    files = [path for path in (folder / "var").rglob("*") if path.is_file()]
    return b"".join(path.read_bytes() for path in files)


@pytest.mark.parametrize("form", ["html", "wacz"])
def test_what_matches_is_kept_with_its_origin(
    form: str, leak: tuple[list[Person], Path], case: Command, tmp_path: Path
) -> None:
    lines = rows(leak, 12)
    plain = "\n".join(lines).encode()
    bodies = {
        "html": b"<html><body><pre>" + plain + b"</pre></body></html>",
        "wacz": wacz(plain),
    }
    file = tmp_path / f"page de {leak[0][100].surname}.{form}"
    file.write_bytes(bodies[form])
    done = case(file, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["verdict"], told["new"], told["kept"]) == ("repost", [1], True)

    engine = open_record(f"sqlite:///{tmp_path}/var/vigie.db")
    with Session(engine) as session:
        (alert,) = session.scalars(select(Alert))
        (capture,) = session.scalars(select(Capture))
        act = session.scalars(select(Act).where(Act.what == "hand-in")).one()
        assert alert.records == 12
        assert alert.location.startswith("handed-in:")
        assert (capture.via, capture.connection["kind"]) == ("handed-in", "handed-in")
        assert capture.sealed
        assert (act.subject, act.reason) == (f"capture:{capture.id}", ORIGIN)
        assert act.who
        assert session.scalars(select(Revisit)).all() == [], "nothing to ask for again"
    engine.dispose()
    assert oct((tmp_path / "var" / "logs" / "scans.jsonl").stat().st_mode)[-3:] == "600"
    told_log = (tmp_path / "var" / "logs" / "scans.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in told_log][:2] == ["begin", "document"]
    everything = written(tmp_path)
    for person in leak[0][100:112]:
        for value in (person.surname, person.phone):
            assert value.encode() not in everything

    # Handed in again, it is the same location: nothing doubles.
    assert json.loads(case(file, "--json").stdout)["new"] == []


def test_what_does_not_match_leaves_nothing(case: Command, tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_text("Quenouille, une page tout à fait ordinaire\n" * 20)
    done = case(file)
    assert done.exit_code == 0
    assert done.stdout == "none: nothing is kept\n"
    engine = open_record(f"sqlite:///{tmp_path}/var/vigie.db")
    with Session(engine) as session:
        for table in (Capture, Hit, Alert):
            assert session.scalars(select(table)).all() == []
    engine.dispose()
    assert b"Quenouille" not in written(tmp_path)
    assert not list((tmp_path / "var" / "originals").rglob("*.age"))


def test_a_long_file_is_kept_as_a_sample(
    leak: tuple[list[Person], Path], case: Command, tmp_path: Path
) -> None:
    """[retention] whole_bytes holds for what is handed in as for what is fetched."""
    config = tmp_path / "vigie.toml"
    config.write_text(config.read_text() + "[retention]\nwhole_bytes = 200000\n")
    file = tmp_path / "page.txt"
    file.write_text("\n".join(rows(leak, 12)) + "\n" + "remplissage sans rien\n" * 40_000)
    assert json.loads(case(file, "--json").stdout)["verdict"] in ("repost", "fragment")
    (sealed,) = (tmp_path / "var" / "originals").rglob("*.age")
    assert sealed.stat().st_size < 200_000
    engine = open_record(f"sqlite:///{tmp_path}/var/vigie.db")
    with Session(engine) as session:
        assert session.scalars(select(Capture.bytes)).one() == file.stat().st_size
    engine.dispose()


def test_an_address_of_the_source_is_the_location(
    leak: tuple[list[Person], Path], case: Command, tmp_path: Path
) -> None:
    file = tmp_path / "page.txt"
    file.write_text("\n".join(rows(leak, 3)))
    done = case(file, "--address", "https://forum.example/t/17", "--json")
    assert json.loads(done.stdout)["new"] == [1]
    engine = open_record(f"sqlite:///{tmp_path}/var/vigie.db")
    with Session(engine) as session:
        assert session.scalars(select(Alert.location)).one() == "https://forum.example/t/17"
    engine.dispose()


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--origin", " "], 2, "--origin says who obtained the file"),
        (["--source", "nobody"], 2, "nobody"),
        (["--address", "file:///x"], 2, "--address is no web address"),
    ],
)
def test_wrong_use_is_one_sentence(
    options: list[str], status: int, said: str, case: Command, tmp_path: Path
) -> None:
    file = tmp_path / "page.txt"
    file.write_text("rien")
    done = case(file, *options)
    assert (done.exit_code, said in done.stderr) == (status, True), done.output


def test_what_cannot_be_read_is_said(case: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert case(tmp_path / "empty").exit_code == 3
    assert case(tmp_path / "missing").exit_code == 2


def test_a_source_that_is_crawled_is_waited_for_and_nothing_lost(
    leak: tuple[list[Person], Path], case: Command, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(handed_in, "LEASE_WAIT", 0.1)
    file = tmp_path / "page.txt"
    file.write_text("\n".join(rows(leak, 3)))
    engine = open_record(f"sqlite:///{tmp_path}/var/vigie.db")
    assert Leases(engine, owner="watch").acquire(source_lease("forum"), 60) is not None
    done = case(file)
    assert isinstance(done.exception, Exception)
    assert "is being crawled" in str(done.exception)
    assert not list((tmp_path / "var" / "originals").rglob("*.age")), "what was sealed goes"
    engine.dispose()
