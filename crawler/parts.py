"""What every crawl of a process shares, and what starts its children."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from crawler.judge import Judge, Originals
from crawler.source import SourceSpec
from crawler.threads import ThreadReader
from crawler.watchdog import Child
from index.canaries import CanaryStore
from index.frontier import Frontier
from index.links import LinkStore
from index.recorder import Recorder
from index.revisits import RevisitStore
from index.validators import ValidatorStore
from index.views import AlertView


class Forks(Protocol):
    """The fork server."""

    def start(
        self,
        spec: SourceSpec,
        pending: Sequence[str],
        temp: Path,
        more: Mapping[str, Any] | None = None,
    ) -> Child:
        """A child that has its job; `more` goes into the job frame."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What every crawl of this process shares.

    `sister` names the source that reads a host:port, if one does; `wake` is told of a source
    that has addresses waiting, `tell` of an alert and whether it is new. Without `threads` a
    post is judged by itself only; without `links` those that are not followed are not listed;
    without `revisits` alerts are not looked at again, without `canaries` none is looked for.
    """

    judge: Judge
    recorder: Recorder
    frontier: Frontier
    originals: Originals
    sister: Callable[[str], str | None] = lambda _host: None
    wake: Callable[[str], None] = lambda _source: None
    tell: Callable[[AlertView, bool], None] = lambda _alert, _new: None
    threads: ThreadReader | None = None
    links: LinkStore | None = None
    validators: ValidatorStore | None = None
    revisits: RevisitStore | None = None
    canaries: CanaryStore | None = None
    spent: Callable[[str, dict[str, int]], None] = lambda _source, _hosts: None
