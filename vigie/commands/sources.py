"""Commands: sources, one crawl, and the watch."""

from __future__ import annotations

import getpass
import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vigie import console

if TYPE_CHECKING:
    from crawler.source import SourceSpec
    from index.sources import SourceView
    from vigie.config import SourceConfig
    from vigie.wiring import Catalogue, Record

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]
SourceId = Annotated[str, typer.Argument(metavar="SOURCE", help="The source's id.")]
source = typer.Typer(
    help="The places that are watched.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    for more in ("canaries", "links", "sessions", "switches"):
        importlib.import_module(f"vigie.commands.{more}")
    app.add_typer(source, name="source")
    app.command(epilog="Example: vigie crawl paste-example")(crawl)
    app.command(epilog="Example: vigie watch --no-review")(watch)


@source.command("list", epilog="Example: vigie source list --json")
def list_sources(config: ConfigFile = None, json: AsJson = False) -> None:
    """Every source, when it was and will be crawled, and what came of it."""
    from index.sight_store import SightStore
    from vigie import config as configuration
    from vigie.sight import sight_json
    from vigie.wiring import Catalogue, open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        catalogue = Catalogue(settings, record.sources.states)
        catalogue.specs()
        states = record.sources.states()
        sights = SightStore(record.engine)
        rows = [
            _described(catalogue, definition, states.get(name))
            | {"sight": sight_json(sights.of(name, definition.every))}
            for name, definition in catalogue.definitions().items()
        ]
    if json:
        for row in rows:
            console.print_json(row)
        return
    _print_sources(rows)


@source.command("add", epilog="Example: vigie source add paste-example https://paste.example/")
def add(
    source_id: Annotated[str, typer.Argument(metavar="SOURCE", help="A new id.")],
    start: Annotated[list[str], typer.Argument(metavar="ADDRESS...", help="Start addresses.")],
    engine: Annotated[str, typer.Option(help='"auto" or a spider\'s name.')] = "auto",
    every: Annotated[str, typer.Option(help="Lower bound between crawls.")] = "60s",
    delay: Annotated[str, typer.Option(help="Between two requests.")] = "1s",
    authority: Annotated[str, typer.Option(help="Who decided, on what ground.")] = "",
    authority_until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Nothing is crawled after it.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Watch another place; its definition is kept in the record."""
    from pydantic import ValidationError

    from vigie import config as configuration
    from vigie.config import SourceConfig
    from vigie.config_types import mistake
    from vigie.engines import UNKNOWN, is_known
    from vigie.wiring import open_record

    settings = configuration.load(config)
    if source_id in {known.id for known in settings.source}:
        console.fail(
            f"There is a source {source_id} in the configuration already; choose another id.",
            console.USAGE,
        )
    for address in start:
        _check_address(address)
    spec = {
        "id": source_id,
        "start": start,
        "engine": engine,
        "every": every,
        "delay": delay,
        "authority": authority,
        "authority_until": authority_until.date() if authority_until else None,
    }
    try:
        definition = SourceConfig.model_validate(spec)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        console.fail(f"{key}: {mistake(first)}.", console.USAGE)
    if not is_known(engine):
        console.fail(f"engine: {UNKNOWN}", console.USAGE)
    with open_record(settings) as record:
        record.sources.add(source_id, definition.model_dump(mode="json"), who())
    typer.echo(f"{source_id} is watched from now on; `vigie source check {source_id}` tries it.")


@source.command("check", epilog="Example: vigie source check https://paste.example/")
def check(
    source_id: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A source's id, or an address to try.")
    ],
    engine: Annotated[str, typer.Option(help='For an address: "auto" or a spider.')] = "auto",
    allow_address: Annotated[
        list[str] | None, typer.Option(help="For an address: an internal network it may lie in.")
    ] = None,
    pages: Annotated[int, typer.Option(min=1, max=200, help="Pages to read at most.")] = 12,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Read a few pages of a source and show what would be crawled; nothing is matched or kept."""
    from crawler.trial import try_source
    from vigie import config as configuration
    from vigie.commands import checking
    from vigie.wiring import Catalogue, bounded, open_record, trying

    settings = configuration.load(config)
    with open_record(settings) as record:
        catalogue = Catalogue(settings, record.sources.states)
        if "://" in source_id:
            _check_address(source_id)
            spec = checking.adhoc(catalogue, source_id, engine, allow_address or [])
        else:
            spec = _spec(catalogue, source_id)
        may_be_crawled(record, spec, paused=True)
    with trying() as (forks, folder):
        trial = try_source(forks, folder, bounded(spec, pages=pages, seconds=60.0))
    if json:
        console.print_json(checking.as_json(source_id, spec, trial))
    else:
        checking.show(source_id, spec, trial)
    if not trial.readable:
        typer.echo(f"vigie: no post could be read at {source_id}.", err=True)
        raise typer.Exit(console.NO)


def crawl(source_id: SourceId, config: ConfigFile = None, json: AsJson = False) -> None:
    """Crawl one source now, whatever its due time."""
    from index.views import stamp
    from vigie import config as configuration
    from vigie import logs
    from vigie.progress import crawl_progress, explained
    from vigie.wiring import Catalogue, crawling, open_index, open_record

    settings = configuration.load(config)
    logs.configure(settings.storage.path / "logs" / "crawl.jsonl")
    began = datetime.now(UTC)
    with open_record(settings) as record, open_index(settings) as index:
        catalogue = Catalogue(settings, record.sources.states)
        spec = _spec(catalogue, source_id)
        record.sources.ensure([source_id])
        may_be_crawled(record, spec)
        with (
            crawling(settings, record, catalogue) as parts,
            crawl_progress(source_id) as (stop, progress),
        ):
            outcome = parts.turns.take(spec, stop=stop, progress=progress)
        _ship(record.engine, index)
    if outcome is None:
        console.fail(f"{source_id} is being crawled by another process now; wait until it is done.")
    counts = outcome.counts
    if json:
        console.print_json(
            {
                "source": source_id,
                "started": stamp(began),
                "outcome": outcome.outcome,
                "error": outcome.error,
                "pages": counts.pages,
                "posts": counts.posts,
                "matched": counts.matched,
                "new_alerts": outcome.new_alerts,
                "problems": list(counts.problems),
            }
        )
    else:
        typer.echo(
            f"{source_id}: {outcome.outcome}, {counts.pages} pages, {counts.posts} posts, "
            f"{counts.matched} matched, {outcome.new_alerts} new alerts."
        )
        for problem in counts.problems:
            typer.echo(f"  {problem['kind']} ({problem['count']}): {_sentence(problem['kind'])}")
    if outcome.outcome in ("failed", "blocked", "stale"):
        reason = explained(outcome.error or outcome.outcome).removesuffix(".")
        console.fail(f"{source_id} could not be crawled: {reason}.")


def watch(
    no_review: Annotated[
        bool, typer.Option("--no-review", help="Without the review application.")
    ] = False,
    login_link: Annotated[
        str, typer.Option("--login-link", metavar="USER", help="Print a one-time log-in link.")
    ] = "",
    config: ConfigFile = None,
    seconds: Annotated[
        float | None, typer.Option("--for", hidden=True, help="Stop by itself after so long.")
    ] = None,
) -> None:
    """Crawl every source on schedule, match, record, and serve the review application."""
    from vigie import config as configuration
    from vigie.watch import watch as run

    settings = configuration.load(config)
    run(
        settings,
        config_file=configuration.find(config),
        review=not no_review,
        login_link=login_link,
        seconds=seconds,
    )


def may_be_crawled(record: Record, spec: SourceSpec, *, paused: bool = False) -> None:
    """End with the reason unless the source may be asked now; `paused` sources may be tried."""
    from index.leases import utc_now
    from scheduler import why_not

    state, halted = record.sources.states().get(spec.id), record.sources.halted()
    obstacle = why_not(spec, state, utc_now(), halted=halted)
    if obstacle and not (paused and obstacle == "paused"):
        everyone = " --all" if halted else ""
        console.fail(
            f"{spec.id} is not crawled: {obstacle}. `vigie source resume{everyone}` undoes a "
            "switch; authority_until is renewed in vigie.toml."
        )


def _spec(catalogue: Catalogue, source_id: str) -> Any:
    specs = catalogue.specs()
    if source_id in catalogue.broken:
        console.fail(f"source {source_id}: {catalogue.broken[source_id]}")
    if source_id not in specs:
        unknown(source_id)
    return specs[source_id]


def unknown(source_id: str) -> None:
    """End: there is no such source."""
    console.fail(
        f"There is no source {source_id}; `vigie source list` shows them all.", console.USAGE
    )


def who() -> str:
    """The person at the shell, for the list of acts."""
    try:
        return f"shell:{getpass.getuser()}"[:100]
    except (KeyError, OSError):
        return "shell"


def _check_address(address: str) -> None:
    from crawler.addresses import host_port

    if not address.startswith(("http://", "https://")) or not host_port(address):
        console.fail(
            f"{address} is no address to watch: it must begin with http:// or https://.",
            console.USAGE,
        )


def _ship(engine: Any, index: Any) -> None:
    """Bring the index up to date; if it cannot be, the outbox waits for the next watch."""
    from contextlib import suppress

    from index.errors import IndexUnavailable
    from index.shipper import Shipper

    with suppress(IndexUnavailable):
        shipper = Shipper(engine, index)
        while shipper.ship_once():
            pass


def _sentence(kind: str) -> str:
    from vigie.progress import sentence

    return sentence(kind)


def _described(
    catalogue: Catalogue, definition: SourceConfig, state: SourceView | None
) -> dict[str, Any]:
    from index.views import stamp

    return {
        "id": definition.id,
        "engine": definition.engine,
        "start": list(definition.start),
        "state": _state(catalogue, definition, state),
        "last": stamp(state.last_started) if state else None,
        "next": stamp(state.next_due) if state else None,
        "outcome": state.last_outcome if state else "",
        "error": catalogue.broken.get(definition.id) or (state.last_error if state else ""),
        "failures": state.failures if state else 0,
        "interval_s": state.interval_s if state else None,
        "pages": state.pages if state else 0,
        "posts": state.posts if state else 0,
        "added": not catalogue.is_fixed(definition.id),
    }


def _state(catalogue: Catalogue, definition: SourceConfig, state: SourceView | None) -> str:
    until = definition.authority_until
    if state and state.killed:
        return "killed"
    if state and state.paused:
        return "paused"
    if until and max(datetime.now(UTC).date(), datetime.now(UTC).astimezone().date()) > until:
        return "authority ended"
    if definition.id in catalogue.broken:
        return "not ready"
    if state and state.next_due is None and state.last_started:
        return "crawling"
    return "backing off" if state and state.failures else "watched"


def _print_sources(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from vigie.progress import explained, local_time
    from vigie.sight import explained_in

    if not rows:
        typer.echo("No source is watched yet: `vigie source add`, or a [[source]] in vigie.toml.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("source", "engine", "state", "sight", "last", "next", "outcome"):
        table.add_column(name, no_wrap=name in ("last", "next"), overflow="fold")
    for name in ("pages", "posts"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row["id"],
            row["engine"],
            row["state"],
            row["sight"]["level"],
            local_time(row["last"]),
            local_time(row["next"]) if row["state"] in ("watched", "backing off") else "",
            row["outcome"],
            f"{row['pages']:,}",
            f"{row['posts']:,}",
        )
    Console().print(table, markup=False)
    for row in rows:
        if row["error"]:
            typer.echo(f"{row['id']}: {explained(row['error'])}")
        if row["sight"]["level"] in ("amber", "red"):
            typer.echo(
                f"{row['id']} {row['sight']['level']}: {explained_in(row['sight']['reason'])}"
            )
