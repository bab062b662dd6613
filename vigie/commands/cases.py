"""Commands: joining copies to a case, closing it, and how long copies stayed up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from sqlalchemy import Engine

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]
Who = Annotated[str, typer.Option("--who", help="Who does this; otherwise your account.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes into the custody log.")]
CaseNumber = Annotated[int, typer.Argument(metavar="CASE", help="Its number.")]
OtherCase = Annotated[int, typer.Argument(metavar="OTHER", help="The other one.")]


def register(_app: typer.Typer) -> None:
    """Add to the commands of cases."""
    from vigie.commands.alerts import case

    case.command("copies", epilog="Example: vigie case copies 3 --json")(copies)
    case.command("merge", epilog='Example: vigie case merge 3 8 --reason "même fichier"')(merge)
    case.command("apart", epilog='Example: vigie case apart 3 8 --reason "autre liste"')(apart)
    case.command("close", epilog='Example: vigie case close 3 --reason "tout est retiré"')(close)
    case.command("reopen", epilog='Example: vigie case reopen 3 --reason "remis en ligne"')(reopen)
    case.command("promote", epilog='Example: vigie case promote 17 --reason "même base"')(promote)
    case.command("removal", epilog="Example: vigie case removal 3 --json")(removal)


def promote(
    hit: Annotated[int, typer.Argument(metavar="HIT", help="Its number in the quieter queue.")],
    reason: Reason, who: Who = "", config: ConfigFile = None,
) -> None:  # fmt: skip
    """Make an alert of a hit that was too quiet for one; it is kept and gathered from then on."""
    from index.alerts import AlertStore
    from vigie.evidence import person

    with _engine(config) as engine:
        alert = AlertStore(engine).promote(hit, reason, person(who))
    typer.echo(f"Hit {hit} is alert {alert.id} of case {alert.case}.")


def copies(case: CaseNumber, config: ConfigFile = None, json: AsJson = False) -> None:
    """Other open cases that may be the same repost: file, records, certificate or address."""
    from evidence.cases import copies as cases

    with _engine(config) as engine:
        found = cases.proposals(engine, case)
    for one in found:
        if json:
            console.print_json({"of": case, **one.to_json()})
        else:
            common = f"  {one.common:,} records in common" if one.common else ""
            typer.echo(f"case {one.case}  {', '.join(one.grounds)}{common}")
    if not found and not json:
        typer.echo(f"Nothing looks like case {case}.")


def merge(
    case: CaseNumber, other: OtherCase, reason: Reason, who: Who = "", config: ConfigFile = None
) -> None:
    """Join two cases: the lower number stays, what hangs on the other comes along."""
    from evidence.cases import copies as cases
    from index.leases import utc_now
    from vigie.evidence import person

    with _engine(config) as engine:
        stays = cases.join(engine, case, other, person(who), reason, utc_now())
    typer.echo(f"Both are case {stays} now.")


def apart(
    case: CaseNumber, other: OtherCase, reason: Reason, who: Who = "", config: ConfigFile = None
) -> None:
    """Note that two cases are not one; they are not proposed again."""
    from evidence.cases import copies as cases
    from index.leases import utc_now
    from vigie.evidence import person

    with _engine(config) as engine:
        cases.keep_apart(engine, case, other, person(who), reason, utc_now())
    typer.echo(f"Cases {case} and {other} stay apart.")


def close(case: CaseNumber, reason: Reason, who: Who = "", config: ConfigFile = None) -> None:
    """Close a case whose alerts are all decided; its retention clock begins."""
    from evidence.cases import closing

    _change(closing.close, case, reason, who, config)
    typer.echo(f"Case {case} is closed.")


def reopen(case: CaseNumber, reason: Reason, who: Who = "", config: ConfigFile = None) -> None:
    """Open a closed case again."""
    from evidence.cases import closing

    _change(closing.reopen, case, reason, who, config)
    typer.echo(f"Case {case} is open.")


def removal(case: CaseNumber, config: ConfigFile = None, json: AsJson = False) -> None:
    """How long the copies of a case stayed up, by host: from first sight and from first request."""
    from evidence.cases.removal import removals
    from evidence.requests.register import Register
    from index.cases import CaseStore
    from index.leases import utc_now

    with _engine(config) as engine:
        alerts = CaseStore(engine).get(case).alerts
        found = removals(alerts, Register(engine, utc_now).list(case))
    for one in found:
        if json:
            console.print_json({"case": case, **one.to_json()})
            continue
        after = f"gone {one.from_sight} after the first sight" if one.from_sight else "still up"
        asked = f", {one.from_request} after the first request" if one.from_request else ""
        typer.echo(
            console.visible(f"{one.host}  {one.copies:,} copies, {one.up:,} up  {after}{asked}")
        )


Change = Callable[["Engine", int, str, str, datetime], None]


def _change(change: Change, case: int, reason: str, who: str, config: Path | None) -> None:
    from index.leases import utc_now
    from vigie.evidence import person

    with _engine(config) as engine:
        change(engine, case, person(who), reason, utc_now())


@contextmanager
def _engine(config: Path | None) -> Iterator[Engine]:
    from vigie import config as configuration
    from vigie.wiring import open_record

    with open_record(configuration.load(config)) as record:
        yield record.engine
