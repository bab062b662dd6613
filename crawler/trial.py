"""A trial of a source: a few pages are read and counted, nothing is matched or recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from crawler.messages import BadMessage, PageReport, PostReport, number, pairs, text
from crawler.parts import Forks
from crawler.runfolder import RunFolder
from crawler.source import SourceSpec
from crawler.trialframes import Seen
from crawler.watchdog import Watchdog
from matching.frames import FrameError, encode, receive

GRACE = 10.0
MOST_SEEN = 200


@dataclass(slots=True)
class Trial:
    """What a source gave. `problems` holds the child's sentences, which are ours (no content);
    `readings` and `seen`, at most 200 posts, are for the person who asked and are not kept."""

    outcome: str = "failed"
    pages: int = 0
    posts: int = 0
    rendered: int = 0
    readings: list[Seen] = field(default_factory=list)
    seen: list[PostReport] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)

    @property
    def engine(self) -> str:
        """The spider that read it; "" when none came to it."""
        return self.readings[0].engine if self.readings else ""

    @property
    def sure(self) -> int:
        """How sure it is of what it read, 0 to 100: the mean of pages that were not empty."""
        told = [one.sure for one in self.readings if one.posts or one.links or one.lists]
        return sum(told) // len(told) if told else 0

    @property
    def has_list(self) -> bool:
        """Whether the site itself lists what it holds."""
        return any(one.kind == "list" and one.links + one.lists > 0 for one in self.readings)

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
        child = forks.start(replace(spec, trial=True), [], temp)
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
        trial.seen += page.posts[: MOST_SEEN - len(trial.seen)]
    elif kind == "part":
        answer = {"t": "enough", "id": number(untrusted_header, "id"), "enough": True}
        watchdog.send(encode(answer))
    elif kind == "reading":
        trial.readings.append(Seen.from_frame(untrusted_header))
    elif kind == "problem":
        trial.problems[text(untrusted_header, "kind", 100)] += 1
    elif kind == "done":
        trial.outcome = text(untrusted_header, "outcome", 40)
    return kind == "done"
