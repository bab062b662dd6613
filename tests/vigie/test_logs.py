"""Events are one line each and hold no content, whoever wrote them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from vigie import logs

PLANTED = "2850344109123 Jeanne MARTINEAU"


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    before = logging.getLogger().handlers[:]
    yield
    root = logging.getLogger()
    for handler in list(root.handlers):
        if handler not in before:
            root.removeHandler(handler)
            handler.close()
    for handler in before:
        if handler not in root.handlers:
            root.addHandler(handler)
    structlog.reset_defaults()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_our_event_is_one_json_line_even_with_line_breaks_in_it(tmp_path: Path) -> None:
    logs.configure(tmp_path / "x.jsonl")
    structlog.get_logger("crawler").info("crawl-done", source="a\r\nb\x1b[31m", pages=3)
    (found,) = lines(tmp_path / "x.jsonl")
    assert found["event"] == "crawl-done"
    assert found["pages"] == 3
    assert found["source"] == "a\r\nb\x1b[31m"
    assert (tmp_path / "x.jsonl").stat().st_mode & 0o077 == 0


def test_a_librarys_message_is_kept_as_a_place_only(tmp_path: Path) -> None:
    logs.configure(tmp_path / "x.jsonl")
    logging.getLogger("scrapy.core").error("Error downloading http://x/%s", PLANTED)
    text = (tmp_path / "x.jsonl").read_text(encoding="utf-8")
    assert "MARTINEAU" not in text
    assert lines(tmp_path / "x.jsonl")[0]["logger"] == "scrapy.core"


def test_an_exceptions_text_and_frames_stay_out(tmp_path: Path) -> None:
    logs.configure(tmp_path / "x.jsonl")
    try:
        int(PLANTED)
    except ValueError:
        logging.getLogger("twisted").exception(PLANTED)
        structlog.get_logger("index").exception("write-failed")
    text = (tmp_path / "x.jsonl").read_text(encoding="utf-8")
    assert "MARTINEAU" not in text
    assert [line["error"] for line in lines(tmp_path / "x.jsonl")] == ["ValueError", "ValueError"]


def test_before_any_command_says_so_an_error_shows_no_content() -> None:
    code = f"""
import sys, typer, structlog
from vigie import cli
def broken() -> None:
    secret = {PLANTED!r}
    try:
        int(secret)
    except ValueError:
        structlog.get_logger("crawler.judge").exception("post-not-judged")
        structlog.get_logger("crawler.judge").info("of no interest")
    print("the result")
def build():
    app = typer.Typer()
    app.command()(broken)
    app.command("other")(broken)
    return app
cli.build = build
sys.argv = ["vigie", "broken"]
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "the result\n"
    assert "post-not-judged" in done.stderr
    assert "error=ValueError" in done.stderr
    assert "MARTINEAU" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
