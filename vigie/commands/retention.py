"""Commands: how long what is kept, legal hold, deletion and its certificates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from evidence.keeping.deletion import Gone
    from vigie.config import Config

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]
Who = Annotated[str, typer.Option("--who", help="Who does this; otherwise your account.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes into the custody log.")]
CaseNumber = Annotated[int, typer.Argument(metavar="CASE", help="Its number.")]

retention = typer.Typer(
    help="How long what is kept: clocks, legal hold, deletion with a certificate.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(retention, name="retention")


@retention.command("run", epilog="Example: vigie retention run")
def run(config: ConfigFile = None, json: AsJson = False) -> None:
    """Delete what is over by its clock; `vigie watch` does it every ten minutes."""
    from evidence.keeping import deletion
    from evidence.working import clear
    from index.leases import utc_now
    from index.rebuild import rebuild
    from vigie.evidence import originals
    from vigie.keeping import folders, rules
    from vigie.wiring import open_index

    with _record(config) as (settings, engine):
        now = utc_now()
        working = clear(engine, originals(settings), settings.sealing.work_days, now)
        gone = deletion.run(engine, folders(settings), rules(settings), now)
        if gone.reindex:
            with open_index(settings) as index:
                rebuild(engine, index)
    _tell(gone, working, json=json)


@retention.command("hold", epilog='Example: vigie retention hold 3 --reason "référé du 12 mai"')
def hold(case: CaseNumber, reason: Reason, who: Who = "", config: ConfigFile = None) -> None:
    """Put a case on legal hold: nothing of it is deleted until it is released."""
    from evidence.keeping import holds
    from index.leases import utc_now
    from vigie.evidence import person

    with _record(config) as (_, engine):
        number = holds.place(engine, case, reason, person(who), utc_now())
    typer.echo(f"Case {case} is on hold; end it with: vigie retention release {number}")


@retention.command("release", epilog='Example: vigie retention release 1 --reason "jugé"')
def release(
    number: Annotated[int, typer.Argument(metavar="HOLD", help="Its number.")],
    reason: Reason,
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """End a legal hold; the clocks count again."""
    from evidence.keeping import holds
    from index.leases import utc_now
    from vigie.evidence import person

    with _record(config) as (_, engine):
        holds.release(engine, number, reason, person(who), utc_now())
    typer.echo(f"Hold {number} is released.")


@retention.command("holds", epilog="Example: vigie retention holds --json")
def list_holds(config: ConfigFile = None, json: AsJson = False) -> None:
    """Every legal hold."""
    from evidence.keeping import holds
    from index.views import stamp

    with _record(config) as (_, engine):
        found = holds.list_all(engine)
    if not found and not json:
        typer.echo("There is no legal hold. `vigie retention hold CASE` places one.")
    for one in found:
        if json:
            console.print_json(
                {"hold": one.id, "case": one.case, "reason": one.reason,
                 "placed": stamp(one.placed), "placed_by": one.placed_by,
                 "released": stamp(one.released), "released_by": one.released_by}
            )  # fmt: skip
        else:
            state = f"released {one.released:%Y-%m-%d}" if one.released else "stands"
            line = f"{one.id}  case {one.case}  {one.placed:%Y-%m-%d}  {state}  {one.reason}"
            typer.echo(console.visible(line))


@retention.command("delete", epilog='Example: vigie retention delete 3 --reason "demande du DPO"')
def delete(
    case: CaseNumber, reason: Reason, who: Who = "", config: ConfigFile = None, json: AsJson = False
) -> None:
    """Delete every original, piece and excerpt of a case; the custody log still verifies."""
    from evidence.keeping import deletion
    from index.leases import utc_now
    from vigie.evidence import person
    from vigie.keeping import folders

    with _record(config) as (settings, engine):
        gone = deletion.delete_case(engine, folders(settings), case, person(who), reason, utc_now())
    _tell(gone, 0, json=json)


@retention.command("list", epilog="Example: vigie retention list --json")
def list_(config: ConfigFile = None, json: AsJson = False) -> None:
    """Every certificate of deletion."""
    from evidence.keeping import certificate
    from index.views import stamp

    with _record(config) as (_, engine):
        found = certificate.list_all(engine)
    if not found and not json:
        typer.echo("There is no certificate: nothing was deleted so far.")
    for one in found:
        if json:
            console.print_json(
                {"certificate": one.number, "at": stamp(one.at), "by": one.who,
                 "deletions": one.deletions, "sha256": one.sha256}
            )  # fmt: skip
        else:
            typer.echo(
                f"{one.number}  {one.at:%Y-%m-%d %H:%M}  {one.who}  {one.deletions:,} deletions  "
                f"{one.sha256}"
            )


@retention.command("certificate", epilog="Example: vigie retention certificate 4 -o suppression.md")
def certificate_(
    number: Annotated[int, typer.Argument(metavar="CERTIFICATE", help="Its number.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file to make.")] = None,
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """A certificate as text; --json gives the very bytes whose digest is in the log."""
    from evidence.keeping import certificate

    if language not in ("fr", "en"):
        console.fail("--language is fr or en.", console.USAGE)
    with _record(config) as (_, engine):
        found = certificate.get(engine, number)
    text = found.document if json else certificate.as_markdown(found, language).encode()
    console.write_out(text, output)


def _tell(gone: Gone, working: int, *, json: bool) -> None:
    made = gone.certificate
    if json:
        console.print_json(
            {"originals": gone.originals, "pieces": gone.pieces, "quiet": gone.quiet,
             "working_copies": working, "kept_by_hold": gone.kept_by_hold,
             "certificate": made.number if made else None,
             "sha256": made.sha256 if made else None}
        )  # fmt: skip
        return
    typer.echo(
        f"Deleted: {gone.originals:,} originals, {gone.pieces:,} pieces, {gone.quiet:,} captures "
        f"without an alert, {working:,} working copies. Kept by a hold: {gone.kept_by_hold:,}."
    )
    if made:
        typer.echo(f"Certificate {made.number}, SHA-256 {made.sha256}.")


@contextmanager
def _record(config: Path | None) -> Iterator[tuple[Config, Engine]]:
    from vigie import config as configuration
    from vigie.wiring import open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        yield settings, record.engine
