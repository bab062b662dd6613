"""What the demo reads of the record: sources, alerts, crawls. It only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select

from index.alerts import AlertStore
from index.engine import reading
from index.schema import Alert, AlertRecord, Crawl, Hit
from index.sources import SourceStore, SourceView
from index.views import AlertView

RECENT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source on the screen. `pace` is pages a second of the crawls of the last minutes."""

    source: SourceView
    running: bool
    pages: int
    posts: int
    pace: float


@dataclass(frozen=True, slots=True)
class AlertFact:
    """What the self-check needs of an alert; `location` is masked, `rows` are the leak's."""

    id: int
    location_key: bytes
    location: str
    source: str
    verdict: str
    first_seen: datetime
    rows: frozenset[int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The record at one moment, as the screen shows it."""

    sources: tuple[SourceLine, ...]
    alerts: tuple[AlertView, ...]
    alert_count: int
    quiet_count: int
    keys: dict[int, bytes]


class Watching:
    """Reads of one record. Safe between threads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = self._engine = engine
        self._alerts = AlertStore(engine)
        self._sources = SourceStore(engine)

    def snapshot(self, newest: int) -> Snapshot:
        """Every source, and the `newest` alerts, newest first."""
        alerts = self._alerts.list(sort="id", limit=newest).alerts
        with reading(self._engine) as connection:
            ids = [alert.id for alert in alerts]
            rows = connection.execute(select(Alert.id, Alert.location_key).where(Alert.id.in_(ids)))
            keys = dict(rows.all())
            quiet = connection.scalar(
                select(func.count()).select_from(Hit).where(Hit.alert.is_(None))
            )
        return Snapshot(
            sources=self._lines(),
            alerts=alerts,
            alert_count=sum(self._alerts.counts().values()),
            quiet_count=quiet or 0,
            keys=keys,
        )

    def alert_facts(self) -> list[AlertFact]:
        """Every alert there is, in the order they came."""
        with reading(self._engine) as connection:
            rows: dict[int, set[int]] = {}
            for alert, row in connection.execute(select(AlertRecord.alert, AlertRecord.row)):
                rows.setdefault(alert, set()).add(row)
            query = select(
                Alert.id, Alert.location_key, Alert.location, Alert.source, Alert.verdict,
                Alert.first_seen,
            ).order_by(Alert.id)  # fmt: skip
            return [
                AlertFact(*found, frozenset(rows.get(found[0], ())))
                for found in connection.execute(query)
            ]

    def crawls_since(self, source: str, moment: datetime) -> int:
        """How many whole crawls of a source began after `moment`."""
        query = (
            select(func.count())
            .select_from(Crawl)
            .where(Crawl.source == source, Crawl.started > moment, Crawl.ended.is_not(None))
            .where(Crawl.outcome.not_in(("running", "interrupted", "failed")))
        )
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def _lines(self) -> tuple[SourceLine, ...]:
        now = datetime.now(UTC)
        work: dict[str, list[float]] = {}
        running = set()
        totals: dict[str, tuple[int, int]] = {}
        with reading(self._engine) as connection:
            recent = select(Crawl.source, Crawl.started, Crawl.ended, Crawl.pages).where(
                (Crawl.ended.is_(None)) | (Crawl.ended > now - RECENT)
            )
            for source, started, ended, pages in connection.execute(recent):
                if ended is None:
                    running.add(source)
                    continue
                seconds, read = work.setdefault(source, [0.0, 0.0])
                work[source] = [seconds + (ended - started).total_seconds(), read + pages]
            sums = select(Crawl.source, func.sum(Crawl.pages), func.sum(Crawl.posts))
            for source, pages, posts in connection.execute(sums.group_by(Crawl.source)):
                totals[source] = (int(pages or 0), int(posts or 0))
        lines = []
        for name, state in self._sources.states().items():
            seconds, read = work.get(name, [0.0, 0.0])
            pages, posts = totals.get(name, (0, 0))
            pace = read / seconds if seconds > 0 else 0.0
            lines.append(SourceLine(state, name in running, pages, posts, pace))
        return tuple(lines)
