"""`vigie alerts` with a query: asked of the search index, told from the record."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from index.alerts import AlertStore
from index.embedded import EmbeddedIndex
from index.shipper import Shipper
from vigie.cli import build
from vigie.commands import alerts

Ask = Callable[..., Any]


@pytest.fixture
def ask(engine: Engine, fill: Callable[[int], None], tmp_path: Path) -> Ask:
    """ask(arguments): the command over four alerts at http://site/p0 to p3."""
    fill(4)
    with closing(EmbeddedIndex(tmp_path / "store" / "index.db")) as index:
        while Shipper(engine, index).ship_once():
            pass
    config = tmp_path / "vigie.toml"
    config.write_text(f'[storage]\npath = "{tmp_path / "store"}"\n')
    return lambda *arguments: CliRunner().invoke(
        build(), ["alerts", "--config", str(config), "--json", *arguments]
    )


def ids(result: Any) -> list[int]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["id"] for line in result.stdout.splitlines()]


def test_words_and_fields(ask: Ask) -> None:
    assert ids(ask("P1 OR p3")) == [2, 4]
    assert ids(ask("host:site -p1")) == [1, 3, 4]
    assert ids(ask("host:site -p1", "--limit", "2")) == [1, 3]
    assert ids(ask("records:>5")) == []
    assert ids(ask()) == [1, 2, 3, 4]


def test_the_record_is_what_is_told(ask: Ask, engine: Engine) -> None:
    """What the index does not know yet is as it stands in the record."""
    AlertStore(engine).decide(2, "confirmed", "seen", "jeanne", 1)
    assert ids(ask("p1 OR p3", "--status", "confirmed")) == [2]


def test_a_wrong_query_is_wrong_use(ask: Ask) -> None:
    result = ask("records:many")
    assert result.exit_code == 2
    assert "records: needs a number" in result.output


@pytest.mark.parametrize("command", [["alerts"], ["case", "list"]])
def test_a_status_that_is_none_is_wrong_use(ask: Ask, tmp_path: Path, command: list[str]) -> None:
    asked = [*command, "--status", "opened", "--config", str(tmp_path / "vigie.toml")]
    result = CliRunner().invoke(build(), asked)
    assert result.exit_code == 2
    assert "--status is one of open, " in result.output


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_narrow_terminal_shows_addresses_whole(
    ask: Ask, width: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    alerts.alerts(config=tmp_path / "vigie.toml")
    text = re.sub(r"\x1b\[[\d;]*m", "", shown.getvalue())
    lines = text.splitlines()
    assert "…" not in text
    assert max(map(len, lines)) <= width
    for number in range(4):
        assert f"http://site/p{number}" in text
    assert ("fields" in lines[0]) == (width >= 100)
