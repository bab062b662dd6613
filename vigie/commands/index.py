"""Commands: the search index."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from types import FrameType

    from index.index_status import IndexStatus
    from index.shipper import Shipper

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]

STAGES = {"write": "Rebuilding", "check": "Reading it back", "deliver": "Delivering"}

index = typer.Typer(
    help="The search index, made from the record.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(index, name="index")


@index.command("status", epilog="Example: vigie index status --json")
def index_status(config: ConfigFile = None, json: AsJson = False) -> None:
    """Whether the index holds what the record holds, and what is still to be delivered."""
    from index.index_status import status
    from vigie import config as configuration
    from vigie.wiring import open_index, open_record

    settings = configuration.load(config)
    with open_record(settings) as record, open_index(settings) as search:
        found = status(record.engine, search)
    if json:
        console.print_json(_as_json(found))
    else:
        _tell(found)
    if not found.reachable:
        console.fail(f"The index does not answer: {found.last_error}")
    if found.put_aside or found.extra or found.missing > found.waiting:
        typer.echo("vigie: index and record differ; run `vigie index rebuild`.", err=True)
        raise typer.Exit(console.NO)


@index.command("rebuild", epilog="Example: vigie index rebuild")
def index_rebuild(config: ConfigFile = None, json: AsJson = False) -> None:
    """Make the index anew from the record, compare the two, then swap.

    Readers see the old index until the new one is whole, and hits keep coming meanwhile. Ctrl-C
    ends it and leaves the index in use as it was.
    """
    from index.rebuild import rebuild
    from index.shipper import Shipper
    from vigie import config as configuration
    from vigie.wiring import open_index, open_record

    settings = configuration.load(config)
    with (
        open_record(settings) as record, open_index(settings) as search,
        _stoppable() as stop, _bar() as progress,
    ):  # fmt: skip
        made = rebuild(record.engine, search, progress=progress, stop=stop)
        # What came meanwhile follows now, and not only at the next watch.
        left = _deliver(Shipper(record.engine, search), progress, stop)
    if json:
        console.print_json(
            {
                "alerts": made.alerts.count,
                "alerts_digest": made.alerts.digest,
                "hits": made.hits.count,
                "hits_digest": made.hits.digest,
                "refused": [{"id": item.id, "reason": item.reason} for item in made.refused],
            }
        )
    else:
        typer.echo(
            f"The index holds {made.alerts.count:,} alerts and {made.hits.count:,} hits, the same "
            "as the record."
        )
    if left:
        typer.echo(f"vigie: {left}", err=True)
    for item in made.refused:
        typer.echo(f"vigie: {item.id} could not be taken: {item.reason}", err=True)
    if made.refused:
        raise typer.Exit(console.PARTLY)


def _deliver(
    shipper: Shipper, progress: Callable[[str, int, int], None], stop: threading.Event
) -> str:
    """Ship what waits; what keeps some of it waiting. The new index is in place whatever comes."""
    from index.errors import IndexUnavailable

    waiting, done = shipper.waiting(), 0
    try:
        while not stop.is_set() and (shipped := shipper.ship_once()):
            done += shipped
            progress("deliver", done, max(done, waiting))
    except IndexUnavailable as error:
        return f"The new index is in place, but what came meanwhile waits: {error}"
    if stop.is_set():
        return (
            "Stopped; the new index is in place, and what came meanwhile follows at the next watch."
        )
    return ""


@index.command(
    "setup",
    epilog="Example: vigie index setup --user elastic --password-file secret --keys keys",
)
def index_setup(
    config: ConfigFile = None,
    user: Annotated[str, typer.Option(help="An administrator of the cluster.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="Holds the password; otherwise it is asked for.")
    ] = None,
    keys: Annotated[
        Path, typer.Option(help="The folder where one API key for each role is written.")
    ] = Path("keys"),
) -> None:
    """Make Vigie's templates, indices, roles and API keys in Elasticsearch.

    It may be done again; keys that are there are left as they are. The administrator's password is
    used once and kept nowhere.
    """
    from vigie import config as configuration
    from vigie.elasticsearch import set_up

    settings = configuration.load(config)
    if settings.elasticsearch is None:
        console.fail("There is no [elasticsearch] in the configuration.", console.USAGE)
    password = ""
    if password_file is not None:
        try:
            password = password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            console.fail(f"The password file {password_file} cannot be read.", console.USAGE)
    elif user:
        password = typer.prompt(f"Password of {user}", hide_input=True, err=True)
    made = set_up(settings.elasticsearch, user, password, keys)
    typer.echo("Templates and indices are there; `vigie index rebuild` fills them.")
    for name, path in made:
        typer.echo(f"{name} = {str(path)!r}")
    if user:
        typer.echo("Put these lines into [elasticsearch].")
    else:
        typer.echo("No --user: roles and keys were not made.")


@index.command("kibana", epilog="Example: vigie index kibana -o vigie.ndjson")
def index_kibana(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file; - for stdout.")],
    config: ConfigFile = None,
) -> None:
    """Write data views and dashboards for Kibana 8.19 or 9, for the configured indices.

    Import the file in Kibana under Stack Management, Saved Objects. It holds no data.
    """
    from index.elasticsearch_layout import Names
    from index.kibana import ndjson
    from vigie import config as configuration

    settings = configuration.load(config)
    if settings.elasticsearch is None:
        console.fail(
            "There is no [elasticsearch] in the configuration, and so nothing Kibana could show.",
            console.USAGE,
        )
    text = ndjson(Names(settings.elasticsearch.prefix))
    if str(output) == "-":
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        console.fail(f"{output} cannot be written: {error.strerror}. Name another file with -o.")
    typer.echo(
        f"{output} holds {text.count(chr(10))} objects; import it in Kibana under Stack "
        "Management, Saved Objects."
    )


def _as_json(found: IndexStatus) -> dict[str, object]:
    from index.views import stamp

    return {
        "index": found.index,
        "health": found.health.state,
        "detail": found.health.detail,
        "reachable": found.reachable,
        "documents": found.documents,
        "alerts": found.alerts,
        "hits": found.hits,
        "missing": found.missing,
        "extra": found.extra,
        "waiting": found.waiting,
        "lag_s": _lag(found),
        "oldest_waiting": stamp(found.oldest_waiting),
        "put_aside": found.put_aside,
        "aside": [
            {"id": item.document_id, "reason": item.reason, "since": stamp(item.since)}
            for item in found.aside
        ],
        "last_error": found.last_error,
    }


def _lag(found: IndexStatus) -> float:
    """Seconds the oldest document has waited; 0 when none waits."""
    from datetime import UTC, datetime

    if found.oldest_waiting is None:
        return 0.0
    return round(max(0.0, (datetime.now(UTC) - found.oldest_waiting).total_seconds()), 1)


def _tell(found: IndexStatus) -> None:
    from vigie.progress import duration, local_time

    if found.reachable:
        typer.echo(f"{found.index}: {found.health.state}, {found.health.detail}")
        typer.echo(
            f"{found.documents:,} documents for {found.alerts:,} alerts and {found.hits:,} hits; "
            f"{found.missing:,} missing, {found.extra:,} too many, {found.waiting:,} on their way, "
            f"{found.put_aside:,} put aside."
        )
    else:
        typer.echo(
            f"{found.index}: unreachable; {found.waiting:,} documents wait, {found.put_aside:,} "
            "are put aside."
        )
    if found.oldest_waiting:
        typer.echo(
            f"The oldest has waited {duration(_lag(found))}, since "
            f"{local_time(found.oldest_waiting)}."
        )
    if found.last_error and found.reachable:
        typer.echo(f"Last error: {found.last_error}")
    for item in found.aside:
        typer.echo(f"  {item.document_id}  put aside {local_time(item.since)}: {item.reason}")


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM as the wish to stop."""
    stop = threading.Event()

    def wish(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    console = Console(stderr=True)
    # Into a file there is no bar, and no empty line in its place.
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(STAGES["write"], total=None)
        present = ["write"]

        def progress(stage: str, done: int, of: int) -> None:
            if stage != present[0]:
                present[0] = stage
                bar.reset(task, description=STAGES[stage])
            bar.update(task, completed=done, total=of)

        yield progress
