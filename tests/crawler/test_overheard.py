"""What children write to stderr reaches the log as places and kinds, and nowhere as words."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from crawler import overheard
from crawler.parts import Parts
from crawler.source import SourceSpec
from crawler.supervise import Supervisor
from tests.crawler.fake_crawl import Bench
from vigie.wiring import trying

WHOLE = "crawl ERROR scrapy.core.scraper scraper.py:12 ValueError guard.py:120 engine.py:7"


def heard(*lines: str) -> list[Any]:
    with capture_logs() as events:
        overheard.listen(io.BytesIO("".join(f"{line}\n" for line in lines).encode()))
    return events


def test_a_line_of_ours_is_told() -> None:
    (event,) = heard(WHOLE)
    assert event == {
        "event": "crawl-message", "log_level": "warning", "severity": "error",
        "library": "scrapy", "place": "scraper.py:12", "error": "ValueError",
        "steps": ["guard.py:120", "engine.py:7"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "crawl ERROR jean.martineau scraper.py:12 ValueError",
        "crawl ERROR scrapy martineau.py:12 ValueError",
        "crawl ERROR scrapy scraper.py:12 Martineau",
        "crawl ERROR scrapy scraper.py:12 ValueError martineau.py:3",
        "Traceback (most recent call last): http://site/martineau",
        "crawl ERROR scrapy scraper.py:12 ValueError martineau",
        "crawl MARTINEAU scrapy scraper.py:12",
        "x" * 5000 + "martineau",
        "\x1b[31mmartineau\x00",
    ],
)
def test_no_word_of_a_hostile_child_is_told(line: str) -> None:
    assert "martineau" not in str(heard(line, WHOLE)).lower()


def test_a_flood_is_counted() -> None:
    events = heard(*[WHOLE] * 500, "noise")
    assert len(events) == overheard.A_MINUTE + 1
    assert events[-1]["lines"] == 501 - overheard.A_MINUTE


def test_a_real_child_is_heard_in_the_log_and_not_on_the_screen(
    bench: Bench, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as events:
        with trying() as (forks, folder):
            parts = Parts(
                judge=bench.supervisor._parts.judge,
                recorder=bench.supervisor._parts.recorder,
                frontier=bench.frontier,
                originals=bench.originals,
            )
            # An inner address that the source does not list: Scrapy logs the refusal as an error.
            spec = SourceSpec(id="s", start=("http://127.0.0.1:9/martineau",), crawl_seconds=30)
            outcome = Supervisor(forks, parts, folder).crawl(spec, token=bench.token)
        for _ in range(50):
            if any(event["event"] == "crawl-message" for event in events):
                break
            time.sleep(0.1)
    assert outcome.outcome == "blocked"
    told = [event for event in events if event["event"] == "crawl-message"]
    assert told
    assert told[0]["library"] == "scrapy"
    assert told[0]["error"] == "NotAllowed"
    assert "martineau" not in str(events)
    assert capfd.readouterr().err == ""
