"""The parts, built from the configuration. Nothing else knows both.

Imports of rooms are late: a command that needs the record only does not load the crawler.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from crawler.addresses import host_port
from crawler.source import SourceSpec
from vigie.config import Config, ConfigError, SourceConfig
from vigie.credentials import account_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from capture.originals import SealedOriginals
    from crawler.forkserver import ForkServer
    from crawler.runfolder import RunFolder
    from crawler.turn import Turns
    from index.alerts import AlertStore
    from index.cases import CaseStore
    from index.leases import Keeper
    from index.search import SearchIndex
    from index.sight_store import Notice
    from index.sources import SourceStore, SourceView
    from index.views import AlertView
    from matching.result import LeakRef


@dataclass(frozen=True, slots=True)
class Record:
    """The record and what is asked of it."""

    engine: Engine
    sources: SourceStore
    alerts: AlertStore
    cases: CaseStore


@contextmanager
def open_record(config: Config) -> Iterator[Record]:
    """The record of `config`; raises RecordError when it cannot be opened."""
    from index.alerts import AlertStore
    from index.cases import CaseStore
    from index.engine import open_record as open_engine
    from index.sources import SourceStore

    private_folder(config.storage.path)
    engine = open_engine(config.database_url)
    try:
        yield Record(engine, SourceStore(engine), AlertStore(engine), CaseStore(engine))
    finally:
        engine.dispose()


@contextmanager
def open_index(config: Config) -> Iterator[SearchIndex]:
    """The search index; raises ConfigError for a key that cannot be read."""
    index: SearchIndex
    if config.elasticsearch is not None:
        from vigie.elasticsearch import open_elasticsearch

        index = open_elasticsearch(config.elasticsearch)
    else:
        from index.embedded import EmbeddedIndex

        index = EmbeddedIndex(config.storage.path / "index.db")
    try:
        yield index
    finally:
        index.close()


def private_folder(path: Path) -> None:
    """Make a folder for this user alone; raises ConfigError when it cannot be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The storage folder {path} cannot be made: {error.strerror}. Mend its parent's "
            "rights, or name another one as storage.path."
        ) from None


class Catalogue:
    """Every source: those of vigie.toml and those added in the record, ready to be crawled.

    One that cannot be made ready (no password file) is in `broken` with the reason, and hinders
    no other. Accounts are read again when that changes.
    """

    def __init__(self, config: Config, states: Callable[[], Mapping[str, SourceView]]) -> None:
        self._fixed = {source.id: source for source in config.source}
        self._states = states
        self._hosts: dict[str, str] = {}
        self._ready: dict[str, tuple[tuple[object, ...], SourceSpec]] = {}
        self._made_of: object = None
        self._made: dict[str, SourceSpec] = {}
        self.broken: dict[str, str] = {}

    def definitions(self) -> dict[str, SourceConfig]:
        """Every source as it is defined; the file's stand before the record's."""
        return self._defined(self._states())

    def _defined(self, states: Mapping[str, SourceView]) -> dict[str, SourceConfig]:
        found: dict[str, SourceConfig] = {}
        for source, state in states.items():
            if state.spec is not None and source not in self._fixed:
                try:
                    found[source] = SourceConfig.model_validate(state.spec)
                except ValidationError:
                    self.broken[source] = "its definition in the record is not readable"
        return {**self._fixed, **found}

    def is_fixed(self, source: str) -> bool:
        """Whether a source stands in vigie.toml."""
        return source in self._fixed

    def specs(self) -> dict[str, SourceSpec]:
        """Every source that can be crawled. It is asked for every second and for every crawl, so
        it is made again only when the record says something else or one is broken."""
        states = self._states()
        made_of = {name: (one.spec, one.approved_hosts) for name, one in states.items()}
        if self.broken or made_of != self._made_of:
            self._made_of, self._made = made_of, self._specs(states)
        return dict(self._made)

    def _specs(self, states: Mapping[str, SourceView]) -> dict[str, SourceSpec]:
        definitions = self._defined(states)
        hosts = {name: _hosts(source) for name, source in definitions.items()}
        self._hosts = {host: name for name, mine in hosts.items() for host in mine}
        every = set().union(*hosts.values())
        found: dict[str, SourceSpec] = {}
        for name, source in definitions.items():
            sisters = tuple(sorted(every - hosts[name]))
            approved = states[name].approved_hosts if name in states else ()
            made_of = (source, sisters, approved)
            ready = self._ready.get(name)
            if ready is None or ready[0] != made_of:
                try:
                    ready = (made_of, spec_of(source, sisters, approved))
                except ConfigError as error:
                    self.broken[name] = str(error)
                    continue
                self._ready[name] = ready
                self.broken.pop(name, None)
            found[name] = ready[1]
        return found

    def sister(self, host: str) -> str | None:
        """The source that reads `host` (host:port)."""
        return self._hosts.get(host)


def spec_of(
    source: SourceConfig,
    sister_hosts: tuple[str, ...] = (),
    approved: Sequence[Mapping[str, object]] = (),
) -> SourceSpec:
    """A source's configuration resolved, passwords read; raises ConfigError.

    `approved` are the hosts that a person let its posts' links be followed to.
    """
    if source.robots.startswith("override") and not source.authority:
        raise ConfigError(
            "robots.txt is overridden without authority; say in `authority` who decided that, on "
            'what ground, or set robots = "obey".'
        )
    followed = [*map(_host, source.follow_hosts), *(str(entry["host"]) for entry in approved)]
    sisters = set(sister_hosts)
    return SourceSpec(
        id=source.id,
        start=tuple(source.start),
        engine=source.engine,
        every=source.every,
        render=source.render,
        delay=source.delay,
        concurrency=source.concurrency,
        daily_budget=source.daily_budget,
        host_budget=source.host_budget,
        max_pages=source.max_pages,
        # A host with a source of its own is read by that one.
        follow_hosts=tuple(dict.fromkeys(host for host in followed if host not in sisters)),
        whole_hosts=tuple(str(entry["host"]) for entry in approved if entry.get("whole")),
        feeds=tuple(source.feeds),
        sister_hosts=sister_hosts,
        allow_addresses=tuple(source.allow_addresses),
        robots=source.robots,
        accounts=tuple(account_of(account, source) for account in source.account),
        authority=source.authority,
        authority_until=source.authority_until.isoformat() if source.authority_until else "",
        proxy=source.proxy,
        dns=tuple(source.dns),
        crawl_seconds=source.crawl_seconds,
        since=source.since,
    )


def _host(name: str) -> str:
    """A host as it may be written in follow_hosts: with or without a scheme."""
    return host_port(name if "://" in name else f"http://{name}")


def _hosts(source: SourceConfig) -> set[str]:
    return {host for address in source.start if (host := host_port(address))}


def sealed_originals(config: Config) -> SealedOriginals:
    """Where matched originals go; raises CaptureError for a recipient that is none."""
    from capture.originals import SealedOriginals

    sealing = config.sealing
    work = sealing.work_recipient if sealing.work_days else ""
    private_folder(config.storage.path / "originals")
    return SealedOriginals(config.storage.path / "originals", sealing.recipients, work)


def leak_refs(config: Config) -> list[LeakRef]:
    """The leaks as the matcher opens them; raises ConfigError where there is none."""
    from matching.result import LeakRef

    if not config.leak:
        raise ConfigError(
            "There is no [[leak]] in the configuration: make a fingerprint file with "
            "`vigie leak fingerprint` and name it with its key."
        )
    return [
        LeakRef(
            file=leak.file, key_file=leak.key_file, terms=tuple(leak.terms), files=tuple(leak.files)
        )
        for leak in config.leak
    ]


class Crawling(NamedTuple):
    """What crawls; `folder` holds the temporary files of this process; `session` tells the cookies
    that crawls of a source left for its account."""

    turns: Turns
    keeper: Keeper
    folder: RunFolder
    session: Callable[[SourceSpec], Sequence[Mapping[str, Any]]]


@contextmanager
def crawling(
    config: Config,
    record: Record,
    catalogue: Catalogue,
    *,
    tell: Callable[[AlertView, bool], None] = lambda _alert, _new: None,
    notice: Callable[[Notice], None] = lambda _notice: None,
) -> Iterator[Crawling]:
    """Everything that crawls: matcher, fork server, supervisor. `tell` is told of alerts, `notice`
    of sources that are not seen any more, or again. Raises MatchingError for a leak that cannot be
    opened, ConfigError where there is none."""
    from crawler.forkserver import ForkServer
    from crawler.judge import Judge
    from crawler.parts import Parts
    from crawler.runfolder import RunFolder
    from crawler.supervise import Supervisor
    from crawler.threads import ThreadReader
    from crawler.turn import Turns
    from index.canaries import CanaryStore
    from index.frontier import Frontier
    from index.leases import Keeper, Leases, utc_now
    from index.links import LinkStore
    from index.recorder import Recorder
    from index.revisits import RevisitStore
    from index.threads import ThreadStore
    from index.validators import ValidatorStore
    from index.vault import Vault
    from matching.client import MatcherClient
    from vigie.sight import Reviewer, settle_canaries

    refs = leak_refs(config)
    vault = Vault.open(config.storage.key_file)
    originals = sealed_originals(config)
    with ExitStack() as stack:
        matcher = stack.enter_context(MatcherClient(refs))
        folder = stack.enter_context(RunFolder())
        forks = stack.enter_context(ForkServer())
        frontier, recorder = Frontier(record.engine, vault), Recorder(record.engine)
        revisits, canaries = RevisitStore(record.engine, vault), CanaryStore(record.engine, vault)
        settle_canaries(canaries, catalogue.definitions().values())
        whole = config.retention.whole_bytes
        judge = Judge(matcher, matcher.names, frontier, recorder, originals, whole)
        parts = Parts(
            judge=judge,
            recorder=recorder,
            frontier=frontier,
            originals=originals,
            sister=catalogue.sister,
            wake=lambda source: record.sources.wake(source, utc_now()),
            tell=tell,
            spent=lambda source, hosts: record.sources.spending.add(source, hosts, utc_now()),
            links=LinkStore(record.engine, vault),
            validators=ValidatorStore(record.engine, vault),
            revisits=revisits,
            canaries=canaries,
            threads=ThreadReader(
                matcher, matcher.names, frontier, ThreadStore(record.engine), originals, whole
            ),
        )
        keeper = Keeper(Leases(record.engine))
        keeper.start()
        stack.callback(keeper.stop)
        turns = Turns(
            Supervisor(forks, parts, folder), keeper, record.sources, spread=random.random,
            soonest=revisits.next_due, after=Reviewer(record.engine, notice),
        )  # fmt: skip
        yield Crawling(turns, keeper, folder, partial(_session, forks))


def _session(forks: ForkServer, spec: SourceSpec) -> Sequence[Mapping[str, Any]]:
    """Of the first account that may be used at this hour and has a session."""
    from crawler.accounts import is_awake
    from index.leases import utc_now

    awake = [account for account in spec.accounts if is_awake(account, utc_now())]
    of_each = (forks.cookies(replace(spec, accounts=(account,))) for account in awake)
    return next((cookies for cookies in of_each if cookies), ())


@contextmanager
def trying() -> Iterator[tuple[ForkServer, RunFolder]]:
    """What a trial of one source needs: no leak, no record."""
    from crawler.forkserver import ForkServer
    from crawler.runfolder import RunFolder

    with RunFolder() as folder, ForkServer() as forks:
        yield forks, folder


def bounded(spec: SourceSpec, pages: int, seconds: float) -> SourceSpec:
    """The same source, read only a little."""
    return replace(
        spec, max_pages=min(spec.max_pages, pages), crawl_seconds=min(spec.crawl_seconds, seconds)
    )
