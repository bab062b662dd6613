"""What a crawl did and how it ended, as the scheduler and those who watch are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from index.sources import CrawlCounts


@dataclass(slots=True)
class Progress:
    """What a crawl did so far."""

    pages: int = 0
    posts: int = 0
    bytes: int = 0
    matched: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    sight: Counter[str] = field(default_factory=Counter)

    def saw(self, role: str, held: int) -> None:
        """Count a page by what it is and holds; `held` is told by the child."""
        if role not in ("list", "item"):
            return
        held = min(10_000, max(0, held))
        self.sight[f"{role}s"] += 1
        self.sight[f"{role}_held"] += held
        self.sight[f"{role}s_empty"] += not held

    def counts(self) -> CrawlCounts:
        """For the record."""
        listed = [{"kind": kind, "count": count} for kind, count in self.problems.most_common()]
        return CrawlCounts(
            self.pages, self.posts, self.bytes, self.matched, tuple(listed), dict(self.sight)
        )


@dataclass(frozen=True, slots=True)
class CrawlOutcome:
    """How a crawl ended: "finished", "budget", "blocked", "failed", "stopped" or "stale" (its
    lease was given away). `error` is a short phrase without content, "" when all went well.
    `partly`: it failed on our side alone; the site was read to its end, and some posts were
    judged and others could not be. So the site is not left waiting. `wait`: seconds for which the
    site asked to be left alone; `requests`: what was sent, to any host."""

    outcome: str
    counts: CrawlCounts
    error: str = ""
    new_alerts: int = 0
    partly: bool = False
    wait: float = 0.0
    requests: int = 0
