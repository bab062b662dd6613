"""`vigie source list`, `show` and `canary` say whether a source is seen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from index.canaries import CanaryStore
from index.engine import open_record
from index.errors import WrongChoice
from index.leases import Leases, source_lease
from index.sources import CrawlCounts, SourceStore
from index.vault import Vault
from vigie.cli import build
from vigie.config import load
from vigie.sight import explained_in, limit_of, marker_of, settle_canaries

TOML = """
[storage]
key_file = "keys/record.key"
[[source]]
id = "paste"
start = ["http://paste.example/"]
every = "60s"
canary = ["kestrel-7h2m9q4x", "http://paste.example/sticky"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "vigie.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, code: int = 0) -> Any:
    answer = CliRunner().invoke(build(), list(arguments))
    assert answer.exit_code == code, answer.output
    if "--json" in arguments:
        return [json.loads(line) for line in answer.stdout.splitlines()]
    return answer.output


def crawled(folder: Path, outcome: str, **counts: Any) -> None:
    engine = open_record(f"sqlite:///{folder}/var/vigie.db")
    sources = SourceStore(engine)
    sources.ensure(["paste"])
    grant = Leases(engine, owner="t").acquire(source_lease("paste"), 60)
    assert grant is not None
    due = datetime.now(UTC) + timedelta(minutes=1)
    crawl = sources.begin("paste", grant.token)
    sources.end("paste", grant.token, crawl, outcome, CrawlCounts(**counts), error="",
                plan=lambda *_: (60.0, due))  # fmt: skip
    Leases(engine, owner="t").release(grant)
    engine.dispose()


def test_a_source_that_is_only_blocked_is_red(folder: Path) -> None:
    assert run("source", "list", "--json")[0]["sight"]["level"] == "amber"
    crawled(folder, "finished", pages=4, posts=2, sight={"lists": 1, "list_held": 5})
    assert run("source", "list", "--json")[0]["sight"]["level"] == "green"
    crawled(folder, "finished", pages=1, problems=({"kind": "captcha", "count": 9},))
    told = run("source", "list", "--json")[0]["sight"]
    assert (told["level"], told["blocked_kinds"]) == ("red", ["captcha"])
    assert told["blocked_share"] == pytest.approx(9 / 14, abs=0.001)
    assert "captcha" in run("source", "list")
    assert "paste is red" in run("source", "show", "paste")


def test_a_canary_is_named_and_its_marker_not_kept(folder: Path) -> None:
    made = run("source", "canary", "add", "paste", "--within", "10m", "--json")[0]
    assert (made["kind"], made["within_s"], len(made["marker"])) == ("text", 600.0, 16)
    shown = run("source", "show", "paste", "--json")[0]
    assert [one["state"] for one in shown["canaries"]] == ["awaited"]
    assert made["marker"].encode() not in (folder / "var" / "vigie.db").read_bytes()
    run("source", "canary", "add", "paste", "too-short", code=2)
    run("source", "canary", "add", "paste", made["marker"], code=2)
    run("source", "canary", "add", "nowhere", code=2)
    run("source", "canary", "remove", "paste", str(made["id"]))
    run("source", "canary", "remove", "paste", str(made["id"]), code=2)
    assert run("source", "show", "paste", "--json")[0]["canaries"] == []


def test_canaries_of_the_configuration(folder: Path) -> None:
    config = load(folder / "vigie.toml")
    engine = open_record(f"sqlite:///{folder}/var/vigie.db")
    store = CanaryStore(engine, Vault(bytes(32)))
    store.add("paste", "text", "named-by-a-person", 60.0, "shell:me")
    settle_canaries(store, config.source)
    settle_canaries(store, config.source)
    assert [(one.kind, one.limit_s) for one in store.of("paste")][1:] == [
        ("text", limit_of(60)), ("address", limit_of(60)),
    ]  # fmt: skip
    fewer = [one.model_copy(update={"canary": []}) for one in config.source]
    settle_canaries(store, fewer)
    assert [one.added_by for one in store.of("paste")] == ["shell:me"]
    with pytest.raises(WrongChoice):
        settle_canaries(store, [config.source[0].model_copy(update={"canary": ["no"]})])
    engine.dispose()


def test_what_an_operator_writes_and_reads() -> None:
    assert marker_of(" abcdefgh-1234 ") == ("text", "abcdefgh-1234")
    assert marker_of("HTTP://S.example:80/a#b")[0] == "address"
    told = explained_in("It has not been read since now (timeout (2), gone (1)).")
    assert "time-out" in told
    assert "timeout (2)" not in told


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("new", "https://a.example/", "--engine", "phpbbb"), "no spider has this name"),
        (("a b", "https://a.example/"), "takes letters"),
        (("new", "a.example"), "begin with http"),
    ],
)
def test_a_source_that_could_never_be_read_is_not_added(
    folder: Path, given: tuple[str, ...], said: str
) -> None:
    assert said in run("source", "add", *given, code=2)
    assert [row["id"] for row in run("source", "list", "--json")] == ["paste"]
