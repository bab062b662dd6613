"""Commands: alerts and cases."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vigie import console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from index.alerts import AlertFilter, AlertStore
    from index.search import SearchIndex
    from index.views import AlertView

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
# How many alerts are read at once.
PAGE = 500
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]

case = typer.Typer(
    help="What is handled together: a repost and its copies.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(epilog='Example: vigie alerts "records:>=10 -host:forum.example" --json')(alerts)
    app.add_typer(case, name="case")


def alerts(
    query: Annotated[
        str,
        typer.Argument(help="Asked of the search index: words, field:value, records:>=10, OR, -."),
    ] = "",
    status: Annotated[str, typer.Option(help="open, confirmed or dismissed.")] = "",
    leak: Annotated[str, typer.Option(help="Of this leak only.")] = "",
    source: Annotated[str, typer.Option(help="From this source only.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="So many at most; 0: all.")] = 0,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """What was found, oldest first.

    With a QUERY, what the search index finds, as it stands in the record; the query language is
    described in docs/elasticsearch.md.
    """
    from index.alerts import STATUSES, AlertFilter
    from vigie import config as configuration
    from vigie.wiring import open_index, open_record

    console.one_of("--status", status, STATUSES)
    settings = configuration.load(config)
    wanted = AlertFilter(status=status, leak=leak, source=source)
    with ExitStack() as stack:
        record = stack.enter_context(open_record(settings))
        if query:
            search = stack.enter_context(open_index(settings))
            pages = _asked(record.alerts, search, query, wanted, limit)
        else:
            pages = _pages(record.alerts, wanted, limit)
        if json:
            for page in pages:
                for told in _with_why(record.alerts, page):
                    console.print_json(told)
            return
        _print_alerts([alert for page in pages for alert in page])


@case.command("list", epilog="Example: vigie case list --json")
def list_cases(
    status: Annotated[str, typer.Option(help="open or closed.")] = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Every case, newest first."""
    from vigie import config as configuration
    from vigie.progress import local_time
    from vigie.wiring import open_record

    console.one_of("--status", status, ("open", "closed"))
    with open_record(configuration.load(config)) as record:
        cases = record.cases.list(status=status)
    if json:
        for found in cases:
            console.print_json(found.to_json())
        return
    if not cases:
        typer.echo("There is no case.")
        return
    _print_table(
        ("case", "status", "opened", "alerts", "records"),
        [
            (str(c.id), c.status, local_time(c.opened), f"{c.alerts:,}", f"{c.records:,}")
            for c in cases
        ],
        right=("case", "alerts", "records"),
    )


@case.command("show", epilog="Example: vigie case show 3")
def show_case(
    case_id: Annotated[int, typer.Argument(metavar="CASE", help="Its number.")],
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """One case and its alerts."""
    from vigie import config as configuration
    from vigie.progress import local_time
    from vigie.wiring import open_record

    with open_record(configuration.load(config)) as record:
        found = record.cases.get(case_id)
    if json:
        console.print_json(
            {**found.case.to_json(), "alerts": [alert.to_json() for alert in found.alerts]}
        )
        return
    typer.echo(f"Case {case_id}, {found.case.status}, opened {local_time(found.case.opened)}.")
    _print_alerts(found.alerts)


def _pages(store: AlertStore, wanted: AlertFilter, limit: int) -> Iterator[Sequence[AlertView]]:
    """Alerts page by page, so that a long list needs no memory."""
    left, after = limit or None, ""
    while left is None or left > 0:
        page = store.list(
            wanted, sort="id", descending=False, limit=min(left or 500, 500), after=after
        )
        yield page.alerts
        left = None if left is None else left - len(page.alerts)
        after = page.next
        if not after:
            return


def _asked(
    store: AlertStore, search: SearchIndex, query: str, wanted: AlertFilter, limit: int
) -> Iterator[Sequence[AlertView]]:
    """The alerts a query finds, page by page."""
    from index.errors import WrongQuery
    from index.query import parse

    try:
        found = search.scan(parse(query), kind="alert", sort="number")
    except WrongQuery as wrong:
        console.fail(str(wrong), console.USAGE)
    left = limit or None
    while ids := [hit.number for hit in islice(found, PAGE)]:
        page = store.list(replace(wanted, ids=ids), sort="id", descending=False, limit=PAGE)
        yield page.alerts[:left]
        left = None if left is None else left - len(page.alerts)
        if left is not None and left <= 0:
            return


def _with_why(store: AlertStore, alerts: Sequence[AlertView]) -> Iterator[dict[str, Any]]:
    """The contract's objects, each with why its strongest record is believed."""
    from index.why import why

    ids = [alert.id for alert in alerts]
    matches, paths = store.strongest(ids), store.paths(ids)
    for alert in alerts:
        match = matches.get(alert.id)
        told = why(match).to_json() if match else None
        more = {"path": list(paths.get(alert.id, ())), "bits": round(alert.bits, 1), "why": told}
        yield {**alert.to_json(), **more}


def _print_alerts(found: Sequence[AlertView]) -> None:
    from vigie.progress import local_time

    if not found:
        typer.echo("No alert.")
        return
    _print_table(
        ("alert", "case", "verdict", "records", "source", "first seen", "after", "status",
         "location", "fields"),
        [
            (
                str(alert.id),
                str(alert.case),
                alert.verdict,
                f"{alert.records:,}",
                alert.source,
                local_time(alert.first_seen),
                "" if alert.found_after_s is None else f"{alert.found_after_s:,.0f} s",
                alert.status,
                alert.location,
                _in_short(alert.fields),
            )
            for alert in found
        ],
        right=("alert", "case", "records", "after"),
    )  # fmt: skip


TELLING = ("nir", "email", "phone", "password", "insurer_number", "comment", "birth_date")


def _in_short(fields: Sequence[str]) -> str:
    """The three most telling field types, and how many more."""
    rank = {name: place for place, name in enumerate(TELLING)}
    ordered = sorted(fields, key=lambda name: (rank.get(name, len(rank)), name))
    more = len(ordered) - 3
    return ", ".join(ordered[:3]) + (f" +{more}" if more > 0 else "")


def _print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Into a pipe or a file there is no width to keep to.
    out = Console(width=None if sys.stdout.isatty() else 220)
    # Text, not markup: a location may hold square brackets.
    cells = [[Text(console.visible(cell)) for cell in row] for row in rows]
    wide = {
        name: max([len(name), *(row[at].cell_len for row in cells)])
        for at, name in enumerate(columns)
    }
    kept, room = _fitting(wide, out.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in kept:
        table.add_column(
            name,
            justify="right" if name in right else "left",
            overflow="fold" if name == "location" else "ellipsis",
            no_wrap=name != "location",
            width=room if name == "location" else None,
        )
    for row in cells:
        table.add_row(*(cell for name, cell in zip(columns, row, strict=True) if name in kept))
    out.print(table)


GAP = 2  # between two columns
FIRST_TO_GO = ("fields", "after", "first seen", "case")  # --json tells them
LOCATION = 24  # columns of an address that are worth having


def _fitting(wide: dict[str, int], width: int) -> tuple[list[str], int]:
    """The columns that a terminal has room for beside the address, and how wide that may be."""
    kept = dict(wide)
    natural = kept.pop("location", 0)
    for name in ("", *FIRST_TO_GO):
        kept.pop(name, None)
        room = width - sum(kept.values()) - GAP * len(kept)
        if room >= min(natural, LOCATION):
            break
    names = [name for name in wide if name in kept or name == "location"]
    return names, max(1, min(natural, room))
