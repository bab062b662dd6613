"""A trial of a source: a few pages are read and counted, nothing is matched or recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from crawler.messages import BadMessage, PageReport, number, pairs, text
from crawler.runfolder import RunFolder
from crawler.source import SourceSpec
from crawler.supervise import Forks
from crawler.watchdog import Watchdog
from matching.frames import FrameError, encode, receive

GRACE = 10.0


@dataclass(slots=True)
class Trial:
    """What a source gave. `problems` holds the child's sentences, which are ours (no content)."""

    outcome: str = "failed"
    pages: int = 0
    posts: int = 0
    rendered: int = 0
    problems: Counter[str] = field(default_factory=Counter)

    @property
    def readable(self) -> bool:
        """Whether the source can be read: at least one post was found."""
        return self.posts > 0


def try_source(
    forks: Forks, folder: RunFolder, spec: SourceSpec, stop: Callable[[], str] = lambda: ""
) -> Trial:
    """Read a little of a source, as if nothing were known of it."""
    trial = Trial()
    temp = folder.new()
    try:
        child = forks.start(spec, [], temp)
        try:
            with (
                Watchdog(
                    child, seconds=spec.crawl_seconds + GRACE, memory=spec.memory, stop=stop
                ) as watchdog,
                suppress(FrameError, OSError, BadMessage),
            ):
                while not _step(trial, *receive(child.socket), watchdog):
                    pass
        finally:
            child.kill()
            child.wait(2.0)
            child.socket.close()
    finally:
        folder.remove(temp)
    return trial


def _step(
    trial: Trial, untrusted_header: dict[str, object], untrusted_body: bytes, watchdog: Watchdog
) -> bool:
    """Take one frame; True when it was the last."""
    kind = untrusted_header.get("t")
    if kind == "ask":
        states = ["new"] * len(pairs(untrusted_header, "keys"))
        watchdog.send(
            encode({"t": "known", "id": number(untrusted_header, "id"), "states": states})
        )
    elif kind == "page":
        page = PageReport.from_frame(untrusted_header, untrusted_body)
        trial.pages += 1
        trial.posts += len(page.posts)
        trial.rendered += page.rendered
    elif kind == "part":
        answer = {"t": "enough", "id": number(untrusted_header, "id"), "enough": True}
        watchdog.send(encode(answer))
    elif kind == "problem":
        trial.problems[text(untrusted_header, "kind", 100)] += 1
    elif kind == "done":
        trial.outcome = text(untrusted_header, "outcome", 40)
    return kind == "done"
