"""What the fork server and its children write to stderr: into our log, held to a closed form.

The children read hostile pages, so a line of theirs is believed only as far as it cannot carry
words: a level, a logger, files and lines that exist here, the kind of an error. Anything else is
counted. VIGIE_TRACEBACK=1 shows it all as it comes, and that may hold content.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import re
import sys
import time
from functools import cache
from pathlib import Path
from typing import IO

import structlog

import crawler.errors
import egress.errors
import extraction.errors

FILE = r"[\w.-]{1,60}\.py:\d{1,6}"
LINE = re.compile(
    rf"crawl (WARNING|ERROR|CRITICAL) ([\w.-]{{1,80}}) ({FILE})(?: ([A-Za-z_]\w{{0,60}}))?"
    rf"((?: {FILE}){{0,3}})"
)
LIBRARIES = ("scrapy", "twisted", "playwright", "parsel", "lxml", "asyncio")
ROOMS = ("crawler", "spiders", "egress", "extraction", "matching")
LOGGERS = {"py", "root", *LIBRARIES, *ROOMS}
MAX_LINE = 2_000
A_MINUTE = 60
OTHER = "other"

log = structlog.get_logger("crawler.overheard")


def listen(stream: IO[bytes]) -> None:
    """Until the stream ends: one event a line that has our form, at most 60 a minute."""
    began, told, left_out = time.monotonic(), 0, 0
    with stream:
        while untrusted_line := stream.readline(MAX_LINE):
            if os.environ.get("VIGIE_TRACEBACK"):
                sys.stderr.write(untrusted_line.decode("utf-8", "backslashreplace"))
                continue
            if time.monotonic() - began >= 60.0:
                _tell_left_out(left_out)
                began, told, left_out = time.monotonic(), 0, 0
            found = LINE.fullmatch(untrusted_line.decode("utf-8", "replace").rstrip("\n"))
            if found is None or told >= A_MINUTE:
                left_out += 1
                continue
            told += 1
            _tell(found)
    _tell_left_out(left_out)


def _tell(found: re.Match[str]) -> None:
    level, logger, place, error, steps = found.groups(default="")
    top = logger.split(".")[0]
    log.warning(
        "crawl-message",
        severity=level.lower(),
        library=top if top in LOGGERS else OTHER,
        place=_known_place(place),
        error=_known_error(error),
        steps=[_known_place(step) for step in steps.split()],
    )


def _tell_left_out(lines: int) -> None:
    if lines:
        log.warning("crawl-messages-left-out", lines=lines)


def _known_place(untrusted_place: str) -> str:
    name, _, line = untrusted_place.rpartition(":")
    return f"{name}:{line}" if name in _files() else OTHER


def _known_error(untrusted_name: str) -> str:
    if not untrusted_name:
        return ""
    for module in (builtins, crawler.errors, egress.errors, extraction.errors):
        kind = getattr(module, untrusted_name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            return untrusted_name
    return OTHER


@cache
def _files() -> frozenset[str]:
    """The names of all source files of the libraries and rooms that a child runs."""
    found: set[str] = set()
    for package in (*LIBRARIES, *ROOMS):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            found.update(path.name for path in Path(folder).rglob("*.py"))
    return frozenset(found)
