"""Commands: the custody log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from vigie import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evidence.custody.stamping import Outcome

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]
Who = Annotated[str, typer.Option("--who", help="Who does this; otherwise your account.")]

custody = typer.Typer(
    help="The log of every act on what is kept: append-only, chained, time-stamped.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(custody, name="custody")


@custody.command("verify", epilog="Example: vigie custody verify --checkpoint held.json")
def verify(
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that an outside party held.")
    ] = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Walk the whole chain; compare stamps, scan log and checkpoints with it."""
    from evidence.custody.checkpoint import read
    from evidence.custody.verify import verify_log
    from vigie import config as configuration
    from vigie import scan_log
    from vigie.evidence import authorities
    from vigie.wiring import open_record

    settings = configuration.load(config)
    held = [read(path) for path in checkpoint or ()]
    with open_record(settings) as record:
        report = verify_log(
            record.engine,
            authorities(settings),
            checkpoints=held,
            scan_log=scan_log.place(settings.storage.path),
            now=datetime.now(UTC),
        )
    if json:
        console.print_json(report.to_json())
    else:
        for failure in report.failed:
            typer.echo(f"FAILED      {failure}")
        typer.echo(f"{report.entries:,} entries, {report.stamps:,} time stamps hold.")
        for sentence in report.not_proven:
            typer.echo(f"not proven  {sentence}")
    raise typer.Exit(console.NO if report.failed else console.DONE)


@custody.command("stamp", epilog="Example: vigie custody stamp")
def stamp(who: Who = "", config: ConfigFile = None, json: AsJson = False) -> None:
    """Have every authority stamp the log's head now. Status 1 when one of them did not."""
    from vigie import config as configuration
    from vigie.evidence import person, stamper
    from vigie.wiring import open_record

    settings = configuration.load(config)
    if not settings.evidence.authority:
        console.fail("There is no [[evidence.authority]] in the configuration; name one or two.")
    with open_record(settings) as record:
        outcomes = stamper(settings, record.engine).stamp_head(
            person(who), settings.evidence.algorithm
        )
    _tell(outcomes, json=json)


@custody.command("renew", epilog="Example: vigie custody renew")
def renew(config: ConfigFile = None, json: AsJson = False) -> None:
    """Stamp again what would lose its stamp: certificates that end soon, an older algorithm."""
    from vigie import config as configuration
    from vigie.evidence import renew_before, stamper
    from vigie.wiring import open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        outcomes = stamper(settings, record.engine).renew(
            renew_before(settings), algorithm=settings.evidence.algorithm
        )
    if not outcomes and not json:
        typer.echo("Nothing has to be renewed.")
    _tell(outcomes, json=json)


@custody.command("checkpoint", epilog='Example: vigie custody checkpoint -o held.json --to "Me X"')
def checkpoint_(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    to: Annotated[str, typer.Option(help="The outside party it is handed to.")],
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """Write the stamped head into a small file for a party that is not you."""
    import json

    from evidence.custody.checkpoint import export
    from vigie import config as configuration
    from vigie.evidence import person
    from vigie.wiring import open_record

    with open_record(configuration.load(config)) as record, _new(output) as file:
        told = export(record.engine, who=person(who), to=to, now=datetime.now(UTC))
        file.write(json.dumps(told, indent=2, sort_keys=True) + "\n")
    stamps = len(told["stamps"])
    typer.echo(f"{output}: entry {told['seq']:,}, {stamps} time stamps. Hand it to {to}.")


@custody.command("export", epilog="Example: vigie custody export -o journal.jsonl")
def export_(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    reason: Annotated[str, typer.Option(help="Why it is exported; goes into the log.")],
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """Write the whole log as JSON Lines; the export is its last entry."""
    from evidence.custody.journal import lines
    from index.custody import enter
    from index.engine import reading, writing
    from vigie import config as configuration
    from vigie.evidence import person
    from vigie.wiring import open_record

    with open_record(configuration.load(config)) as record, _new(output) as file:
        with writing(record.engine) as connection:
            enter(
                connection, at=datetime.now(UTC), who=person(who), what="export", item="log",
                reason=reason,
            )  # fmt: skip
        with reading(record.engine) as connection:
            count = 0
            for line in lines(connection):
                file.write(line + "\n")
                count += 1
    typer.echo(f"{output}: {count - 2:,} entries.")


@custody.command("erase", epilog='Example: vigie custody erase 412 --reason "article 17, M. X"')
def erase_(
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help="Its number in the log.")],
    reason: Annotated[str, typer.Option(help="Why; name nobody in it.")],
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """Erase the words of one entry (who, detail, reason). Its digest and link stay: the log holds.

    Not for entries of a case on legal hold, nor for those that checks of the log need.
    """
    from evidence.keeping.erasing import erase
    from vigie import config as configuration
    from vigie.evidence import person
    from vigie.wiring import open_record

    with open_record(configuration.load(config)) as record:
        number = erase(record.engine, entry, person(who), reason, datetime.now(UTC))
    typer.echo(f"Entry {entry} is erased; entry {number} says so. Backups are not reached.")


def _new(path: Path) -> TextIO:
    """A new file for this user alone; ends the command when it cannot be made."""
    import os

    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        console.fail(f"{path} exists already; name another file, nothing is overwritten.")
    except OSError as error:
        console.fail(f"{path} cannot be written: {error.strerror}.")
    return os.fdopen(handle, "w", encoding="utf-8")


def _tell(outcomes: Sequence[Outcome], *, json: bool) -> None:
    for outcome in outcomes:
        state = "stamped" if outcome.stamp else "not time-stamped"
        at = outcome.stamp.at.isoformat() if outcome.stamp else ""
        if json:
            told = {"authority": outcome.authority, "state": state, "at": at}
            console.print_json({**told, "error": outcome.error})
        else:
            typer.echo(f"{outcome.authority}: {state} {at or outcome.error}".rstrip())
    raise typer.Exit(console.DONE if all(o.stamp for o in outcomes) else console.NO)
