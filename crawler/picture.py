"""Takes a page's picture in a limited child; at most `AT_ONCE` at the same time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from capture.picture import Picture, PictureFailed
from crawler.addresses import host_port
from crawler.picture_child import SECONDS
from crawler.runfolder import RunFolder
from crawler.source import SourceSpec

AT_ONCE = 2
MAX_ANSWER = 64 * 1024 * 1024
FOR_GOOD = frozenset({"no-browser", "file", "onion", "off-site", "bad-scheme", "harmful-link"})
SENTENCES = {
    "no-browser": "no Chromium was found on the capturing machine",
    "browser-failed": "the browser did not start",
    "file": "the address gives a file to download, not a page to show",
    "too-large": "the page is too large to be masked",
    "no-answer": "the page did not answer to the second request",
    "time": "the page could not be shown within its time",
    "budget": "the day's requests of the source are used up",
    "off-site": "the address is on no host that the source may be read from",
    "refused-address": "the address leads to a network that the egress guard refuses",
    "no-such-host": "the name leads nowhere now",
    "onion": "an onion service is reached through its proxy only, and the source has none",
    "harmful-link": "opening the address could change something on the site",
}


Spent = Callable[[str, Mapping[str, int]], None]


class Photographer:
    """`take` may be called from several threads; `close` ends what is under way. `spent` is told
    what each visit asked, by source and host: it counts against the day's budget."""

    def __init__(self, spent: Spent = lambda _source, _hosts: None) -> None:
        self._spent = spent
        self._free = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._under_way: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def take(
        self, spec: SourceSpec, untrusted_address: str, cookies: Sequence[Mapping[str, Any]] = ()
    ) -> Picture:
        """The page as it is seen now, by whoever has the cookies (crawler.session's fields), by a
        guest without any; raises PictureFailed."""
        order = {
            "spec": replace(spec, accounts=()).to_json(), "address": untrusted_address,
            "cookies": list(cookies),
        }  # fmt: skip
        with self._free, RunFolder() as run:
            if self._closed:
                raise PictureFailed("the watch was stopped")
            answer = b""
            try:
                answer = self._ask(json.dumps(order).encode() + b"\n", str(run.new()))
            finally:
                self._spent(spec.id, _asked(answer) or {host_port(untrusted_address): 1})
        return _read(answer)

    def close(self) -> None:
        """End every visit under way."""
        with self._lock:
            self._closed = True
            under_way = list(self._under_way)
        for child in under_way:
            _kill(child)

    def _ask(self, order: bytes, folder: str) -> bytes:
        path = os.pathsep.join(os.path.abspath(one or ".") for one in sys.path)  # noqa: PTH100
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "VIGIE_CHROMIUM")
                if name in os.environ}  # fmt: skip
        with subprocess.Popen(
            [sys.executable, "-m", "crawler.picture_child"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, start_new_session=True,
            env={**kept, "PYTHONPATH": path},
        ) as child:  # fmt: skip
            with self._lock:
                self._under_way.add(child)
            try:
                answer, _ = child.communicate(order, timeout=SECONDS + 5)
            except subprocess.TimeoutExpired:
                raise PictureFailed(SENTENCES["time"]) from None
            finally:
                _kill(child)
                with self._lock:
                    self._under_way.discard(child)
        return answer


def _kill(child: subprocess.Popen[bytes]) -> None:
    """The child and what it started; Chromium ends with the pipe to its driver."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _asked(untrusted_answer: bytes) -> dict[str, int]:
    """Requests by host of a visit that came to its end."""
    try:
        told = json.loads(untrusted_answer[:MAX_ANSWER].partition(b"\n")[0])
        return {str(host): max(0, int(count)) for host, count in told["asked"].items()}
    except (ValueError, KeyError, AttributeError, TypeError):
        return {}


def _read(untrusted_answer: bytes) -> Picture:
    head, _, rest = untrusted_answer[:MAX_ANSWER].partition(b"\n")
    try:
        told = json.loads(head)
        if error := told.get("error"):
            kind = str(error)
            raise PictureFailed(
                SENTENCES.get(kind, f"the page could not be shown ({kind[:60]})"),
                for_good=kind in FOR_GOOD,
            )
        sizes = [int(size) for size in told["sizes"]]
    except (ValueError, KeyError, AttributeError) as broken:
        raise PictureFailed("the visit broke off") from broken
    files, at = [], 0
    for size in sizes:
        files.append(rest[at : at + size])
        at += size
    if len(files) != 4 or at != len(rest):
        raise PictureFailed("the visit broke off")
    page, dom, masked_page, masked_dom = files
    return Picture(page, dom, masked_page, masked_dom, dict(told["facts"]))
