"""What is cleared away by age, and what stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from index.engine import open_record, reading, writing
from index.leases import utc_now
from index.schema import Capture, Crawl, Job
from vigie import watch as watching
from vigie.config import Config
from vigie.upkeep import clear_old

NOW = utc_now()


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    made = open_record(f"sqlite:///{tmp_path}/vigie.db")
    yield made
    made.dispose()


def crawl(engine: Engine, days: float | None) -> int:
    """A crawl that ended so many days ago; None: it runs."""
    ended = None if days is None else NOW - timedelta(days=days)
    with writing(engine) as connection:
        made = connection.execute(
            insert(Crawl).values(
                source="s", token=1, started=NOW - timedelta(days=100), ended=ended,
                outcome="finished", problems=[],
            )
        )  # fmt: skip
        assert made.inserted_primary_key
        return int(made.inserted_primary_key[0])


def test_old_crawls_and_jobs_go_and_the_chain_of_captures_stays(engine: Engine) -> None:
    old, recent, running, held = (
        crawl(engine, 91),
        crawl(engine, 89),
        crawl(engine, None),
        crawl(engine, 91),
    )
    with writing(engine) as connection:
        connection.execute(
            insert(Capture).values(
                crawl=held, source="s", location="http://s/", location_key=b"k" * 16,
                content_key=b"c" * 16, title="", path=[], fetched_at=NOW, status=200,
                content_type="", charset="", peer="", rendered=False, bytes=1, sha256="0" * 64,
                sealed="",
            )
        )  # fmt: skip
        for done in (NOW - timedelta(days=91), NOW - timedelta(days=1), None):
            connection.execute(
                insert(Job).values(kind="crawl", source="s", asked_by="a", asked=NOW, done=done)
            )
    clear_old(engine)
    with reading(engine) as connection:
        left = set(connection.scalars(select(Crawl.id)))
        assert len(connection.scalars(select(Job.id)).all()) == 2
    assert left == {recent, running, held}
    assert old not in left


def test_a_watch_clears_by_itself(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    class Stop(Exception):
        pass

    def scheduler(*_: object, **more: Any) -> None:
        given.update(more)
        raise Stop

    class Nothing:
        def __enter__(self) -> Any:
            return type("Parts", (), {"turns": None, "keeper": None, "folder": None})()

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr("scheduler.Scheduler", scheduler)
    monkeypatch.setattr(watching, "crawling", lambda *_, **__: Nothing())
    config = Config.model_validate(
        {"storage": {"path": tmp_path, "database": f"sqlite:///{tmp_path}/vigie.db"}}
    )
    with pytest.raises(Stop):
        watching.watch(config, config_file=tmp_path / "vigie.toml", review=False)
    assert crawl(engine, 91)
    given["chores"]()
    with reading(engine) as connection:
        assert connection.scalars(select(Crawl.id)).all() == []
