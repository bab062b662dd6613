"""Rounds of posts: the one under way, the ones after it, and when a round is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from index.frontier import Frontier
from vigie.demo import selfcheck
from vigie.demo.errands import Clients, Errands
from vigie.demo.folder import DemoFolder, State
from vigie.demo.journal import Journal
from vigie.demo.poster import Pace, Poster
from vigie.demo.posts import PlannedPost, plan
from vigie.demo.screen import Progress
from vigie.demo.watching import Watching

CRAWLS_AFTER = 2


class Rounds:
    """The poster's rounds over one demo folder. `paces` are of the first round of this run, of
    the second and so on; the last one holds for all that follow."""

    def __init__(
        self,
        folder: DemoFolder,
        state: State,
        journal: Journal,
        clients: Clients,
        watching: Watching,
        frontier: Frontier,
        paces: Sequence[Pace],
    ) -> None:
        self._folder = folder
        self._state = state
        self._journal = journal
        self._clients = clients
        self._watching = watching
        self._frontier = frontier
        self._paces = list(paces)
        self._poster: Poster | None = None

    def begin(self) -> None:
        """Go on with the round a killed run left, or begin the next."""
        if self._state.round_done:
            self._next()
        self._start()

    def go_on(self, *, another: bool) -> None:
        """Raise what ended the poster; when a round is posted, begin `another`."""
        if self._poster is None:
            return
        self._poster.check()
        if another and self._poster.done:
            self._poster.stop()
            self.finish()
            self._next()
            self._start()

    def over(self, patience: float) -> bool:
        """Whether the round is posted, read and alerted, or `patience` seconds have passed."""
        last = self.last_post()
        if last is None:
            return False
        if datetime.now(UTC) - last > timedelta(seconds=patience):
            return True
        return not self.unread() and self.report().found == self.progress().planted

    def last_post(self) -> datetime | None:
        """When the round's last post was made; None while some are to come."""
        if self._poster is None or not self._poster.done:
            return None
        number = self._state.round
        return max(entry.at for entry in self._journal.entries() if entry.round == number)

    def unread(self) -> tuple[str, ...]:
        """Sources that were not read often enough since the round's last post."""
        last = self.last_post()
        return tuple(
            source
            for source in sorted({entry.site for entry in self._journal.entries()})
            if last is None or self._watching.crawls_since(source, last) < CRAWLS_AFTER
        )

    def report(self) -> selfcheck.Report:
        """The self-check of the round as it stands."""
        return selfcheck.check(
            self._journal.entries(),
            self._watching.alert_facts(),
            self._state.round,
            self._frontier.location_key,
            unread=self.unread(),
            complete=self._poster is not None and self._poster.done,
        )

    def progress(self) -> Progress:
        """How far the round is, without asking the record."""
        poster = self._poster
        if poster is None:
            return Progress()
        return Progress(self._state.round, poster.posted, poster.total, poster.planted)

    def posted_at(self) -> dict[bytes, datetime]:
        """The time of every post by the record's key of its address."""
        keys = selfcheck.location_keys(self._journal.entries(), self._frontier.location_key)
        return {key: entry.at for key, entry in keys.items()}

    def planned(self) -> list[PlannedPost]:
        """Every post of every round: what earlier ones posted may not be found again either."""
        numbers = range(1, self._state.round + 1)
        return [
            post for number in numbers for post in plan(self._folder.leak, self._state.seed, number)
        ]

    def finish(self) -> None:
        """The round is done: the next run begins another."""
        if self._poster is not None and self._poster.done:
            self._state.round_done = True
            self._folder.save(self._state)

    def stop(self) -> None:
        """End the poster; the round goes on with the next run."""
        if self._poster is not None:
            self._poster.stop()

    def _next(self) -> None:
        self._state.round += 1
        self._state.round_done = False
        self._folder.save(self._state)

    def _start(self) -> None:
        number = self._state.round
        posts = plan(self._folder.leak, self._state.seed, number)
        lanes = Errands(self._clients, self._journal, number).lanes(posts)
        pace = self._paces.pop(0) if len(self._paces) > 1 else self._paces[0]
        self._poster = Poster(number, lanes, self._journal, self._folder.feed, self._crawled, pace)
        self._poster.start()

    def _crawled(self, source: str, moment: datetime) -> bool:
        return self._watching.crawls_since(source, moment) > 0
