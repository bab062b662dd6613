"""`vigie demo`: from nothing to alerts on screen; `--once` ends by itself and checks itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from index.accounts import AccountStore
from index.engine import open_record
from index.frontier import Frontier
from index.vault import Vault
from vigie.config import load
from vigie.demo import dossiers, prepare
from vigie.demo.children import Signals, Sites, Stopped, Watch, quietly
from vigie.demo.folder import DemoFolder, State
from vigie.demo.journal import Journal
from vigie.demo.live import Show
from vigie.demo.poster import Pace
from vigie.demo.report import print_dossiers, print_report, print_search
from vigie.demo.rounds import Rounds
from vigie.demo.watching import Watching
from vigie.demo.words import Tongue, tongue

ANALYST = "analyst"
LINK_LIFE = timedelta(hours=12)
ONCE, HURRIED, TRICKLE = Pace(0.01, 0.8), Pace(0.01, 1.5), Pace(2.0, 2.0)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked for. `every` is the sources' interval, `patience` how many
    seconds after the last post `--once` waits for alerts."""

    folder: Path
    rows: int
    once: bool = False
    fresh: bool = False
    every: str = "8s"
    patience: float = 240.0


def run(options: Options) -> int:
    """Run the demo; the exit status. Raises DemoError and the other rooms' errors."""
    console, words = Console(), tongue()
    folder = DemoFolder(options.folder)
    with Signals():
        try:
            state = folder.open(options.rows, fresh=options.fresh)
            return _Demo(options, folder, state, console, words).run()
        except Stopped:
            console.print(words("stopped"))
            return 1 if options.once else 0
        finally:
            folder.close()


class _Demo:
    def __init__(
        self, options: Options, folder: DemoFolder, state: State, console: Console, words: Tongue
    ) -> None:
        self._options = options
        self._folder = folder
        self._state = state
        self._console = console
        self._words = words

    def run(self) -> int:
        sites, watch = Sites(self._folder, self._state), Watch(self._folder)
        self._prepare_leak()
        try:
            self._start_sites(sites)
            recipients = prepare.make_keys(self._folder, sites.forum.password("observer"))
            self._fingerprint()
            prepare.write_config(self._folder, self._state, recipients, self._options.every)
            with self._record() as (watching, frontier, login):
                self._say(self._words("watch_start"))
                watch.start()
                return self._live(sites, watch, watching, frontier, login)
        finally:
            quietly(watch.stop, sites.stop)

    def _prepare_leak(self) -> None:
        rows = self._words.number(self._state.rows)
        with self._bar() as bar:
            task = bar.add_task(self._words("leak", rows=rows), total=self._state.rows)
            made = prepare.make_leak(
                self._folder, self._state, lambda done: bar.update(task, completed=done)
            )
            if not made:
                bar.update(
                    task,
                    description=self._words("leak_kept", rows=rows),
                    completed=self._state.rows,
                )

    def _start_sites(self, sites: Sites) -> None:
        self._say(self._words("sites_start"))
        sites.start()
        for site in sites.all:
            self._say("  " + self._words("site_up", name=site.name, address=site.address))

    def _fingerprint(self) -> None:
        made = prepare.make_fingerprints(self._folder, self._state)
        self._say(self._words("fingerprints" if made else "fingerprints_kept"))
        if made:
            with self._console.status(self._words("warm_up")):
                prepare.warm_up(self._folder)

    @contextmanager
    def _record(self) -> Iterator[tuple[Watching, Frontier, str]]:
        config = load(self._folder.config)
        config.storage.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = open_record(config.database_url)
        try:
            accounts = AccountStore(engine)
            if ANALYST not in {name for name, _ in accounts.users()}:
                accounts.add(ANALYST, None, language=self._words.language)
                accounts.set_role(ANALYST, "legal", "vigie demo")
            token = accounts.new_login_token(ANALYST, LINK_LIFE)
            login = f"{self._review}/login/once#{token}"
            vault = Vault.open(config.storage.key_file)
            yield Watching(engine), Frontier(engine, vault), login
        finally:
            engine.dispose()

    def _live(
        self, sites: Sites, watch: Watch, watching: Watching, frontier: Frontier, login: str
    ) -> int:
        alert = case = 0
        clients, journal = sites.clients(), Journal(self._folder.journal)
        once = self._options.once
        rounds = Rounds(
            self._folder, self._state, journal, clients, watching, frontier,
            paces=(ONCE,) if once else (HURRIED, TRICKLE),
        )  # fmt: skip
        show = Show(
            self._console, self._words, watching, rounds,
            rows=self._state.rows, review=self._review, login=login,
        )  # fmt: skip
        try:
            with self._console.status(self._words("planning")):
                rounds.begin()
            with show:
                while not (once and rounds.over(self._options.patience)):
                    sites.check()
                    watch.check()
                    rounds.go_on(another=not once)
                    show.refresh()
            alert = dossiers.choose(rounds.report()) if once else 0
            if alert:
                with self._console.status(self._words("dossier_waits")):
                    case = dossiers.confirm(watching.engine, alert, ANALYST)
                    dossiers.wait_for_pieces(watching.engine, alert)
        finally:
            quietly(rounds.stop, watch.stop, clients.close, journal.close)
        rounds.finish()
        report = rounds.report()
        print_report(self._console, self._words, report)
        sound = self._dossiers(case) if alert else not once
        nothing_plain = print_search(self._console, self._words, self._folder, rounds.planned())
        passed = report.passed and sound and nothing_plain
        verdict = self._words("passed" if passed else "not_passed")
        self._console.print(f"[bold {'green' if passed else 'red'}]{verdict}")
        return 0 if passed else 1

    def _dossiers(self, case: int) -> bool:
        with self._console.status(self._words("dossier_makes")):
            made = dossiers.make(self._folder, case, ANALYST)
        return print_dossiers(self._console, self._words, self._folder, made)

    @property
    def _review(self) -> str:
        return f"http://127.0.0.1:{self._state.ports['review']}"

    def _bar(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self._console)

    def _say(self, line: str) -> None:
        self._console.print(line, highlight=False)
