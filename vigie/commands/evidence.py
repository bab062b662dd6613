"""Commands: dossiers."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from evidence.dossier.export import Exported

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]

evidence = typer.Typer(
    help="Dossiers of a case that anyone can check offline.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(evidence, name="evidence")


@evidence.command(
    "export",
    epilog='Example: vigie evidence export 3 --edition court -o dossier --reason "assignation"',
)
def export_(
    case: Annotated[int, typer.Argument(metavar="CASE", help="Its number.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to make.")],
    edition: Annotated[str, typer.Option(help="court, host or public.")] = "court",
    reason: Annotated[
        str, typer.Option(help='Why; goes into the log, not into the dossier. "-" reads stdin.')
    ] = "",
    who: Annotated[str, typer.Option(help="Who does this; otherwise your account.")] = "",
    progress: Annotated[Path | None, typer.Option(hidden=True)] = None,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Make a case's dossier: masked, signed, time-stamped, with its own verifier."""
    from evidence.dossier.edition import EDITIONS
    from evidence.dossier.export import export
    from vigie import config as configuration
    from vigie.evidence import maker, person
    from vigie.exporting import tell_into
    from vigie.progress import build_progress
    from vigie.wiring import open_record

    console.one_of("--edition", edition, tuple(EDITIONS))
    settings = configuration.load(config)
    reason = sys.stdin.read() if reason == "-" else reason
    with open_record(settings) as record, build_progress() as tell:
        tell = tell_into(progress) if progress else tell
        made = export(
            record.engine, case, edition, output, maker(settings, record.engine),
            who=person(who), reason=reason, tell=tell,
        )  # fmt: skip
    if json:
        console.print_json(
            {"dossier": made.dossier, "folder": str(made.folder), "files": made.files,
             "captures": made.captures, "manifest_sha256": made.manifest_sha256,
             "stamped": made.stamped, "not_stamped": made.not_stamped}
        )  # fmt: skip
        return
    _tell(made)


def _tell(made: Exported) -> None:
    from vigie.progress import counted

    held = f"{counted(made.captures, 'capture')}, {counted(made.files, 'file')}"
    typer.echo(
        f"Dossier {made.dossier}: {held} in {made.folder}. Manifest SHA-256 {made.manifest_sha256}."
    )
    for name in made.stamped:
        typer.echo(f"{name}: stamped")
    for name, why in made.not_stamped.items():
        typer.echo(f"{name}: not time-stamped ({why})")
    if not made.stamped:
        typer.echo("The dossier says that it is not time-stamped.")
    if made.not_stamped:
        typer.echo(f"Ask again later: vigie evidence stamp {made.folder}")


@evidence.command("stamp", epilog="Example: vigie evidence stamp dossier")
def stamp(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A dossier of this record.")],
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Ask again for the time stamps that a dossier lacks, and put them in. Status 1 when one is
    still lacking. `vigie watch` asks again by itself; what it got is put in here."""
    from evidence.dossier.completing import complete
    from vigie import config as configuration
    from vigie.evidence import stamper
    from vigie.wiring import open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        outcomes = complete(record.engine, folder, stamper(settings, record.engine))
    for one in outcomes:
        state = "stamped" if one.stamp else "not time-stamped"
        if json:
            console.print_json({"authority": one.authority, "state": state, "error": one.error})
        else:
            typer.echo(f"{one.authority}: {state}{f' ({one.error})' if one.error else ''}")
    raise typer.Exit(console.DONE if all(one.stamp for one in outcomes) else console.NO)


@evidence.command("verify", epilog="Example: vigie evidence verify dossier --roots our-roots")
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A dossier.")],
    roots: Annotated[
        Path | None, typer.Option(help="Trust roots from elsewhere, named as in confiance/.")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that an outside party held.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Check a dossier as its own verifier does. Status 1 when a check fails."""
    from evidence.verify.verifier import main as check

    if not folder.is_dir():
        console.fail(f"{folder} is no folder; name the folder of a dossier.")
    arguments = [str(folder), *(("--roots", str(roots)) if roots else ())]
    for held in checkpoint or ():
        arguments += ["--checkpoint", str(held)]
    raise typer.Exit(check([*arguments, *(("--json",) if json else ())]))


@evidence.command("gather", epilog="Example: vigie evidence gather")
def gather(config: ConfigFile = None, json: AsJson = False) -> None:
    """Gather now what is missing beside captures (DNS, RDAP, clocks); `vigie watch` does it too."""
    from vigie import config as configuration
    from vigie.evidence import gatherer, photographer
    from vigie.wiring import Catalogue, open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        sources = Catalogue(settings, record.sources.states)
        work = gatherer(settings, record, sources, photographer(record))
        written = 0
        while found := work.run():
            written += found
    if json:
        console.print_json({"pieces": written, "at": datetime.now(UTC).isoformat()})
    else:
        typer.echo(f"{written:,} pieces were written down.")


@evidence.command(
    "direct", epilog='Example: vigie evidence direct 12 --who "J. Martin" --reason "constat"'
)
def direct(
    capture: Annotated[int, typer.Argument(metavar="CAPTURE", help="A proxied capture.")],
    who: Annotated[str, typer.Option(help="The person who decides.")],
    reason: Annotated[str, typer.Option(help="Why; goes into the log.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
    config: ConfigFile = None,
) -> None:
    """Capture again without the proxy. It reveals this machine's public address to the site."""
    from evidence.beside.piece import NotHad, NotNeeded, NotPossible
    from vigie import config as configuration
    from vigie.evidence import capture_directly, public_address
    from vigie.wiring import Catalogue, open_record

    settings = configuration.load(config)
    revealed = public_address(settings)
    typer.echo(f"The site will see this machine's public address: {revealed}.")
    if not yes and not typer.confirm("Ask it directly?"):
        raise typer.Exit(1)
    with open_record(settings) as record:
        catalogue = Catalogue(settings, record.sources.states)
        try:
            capture_directly(settings, record, catalogue, capture, revealed, who, reason)
        except NotPossible as why:
            console.fail(f"not possible: {why}")
        except (NotNeeded, NotHad) as why:
            console.fail(f"{why}.")
    typer.echo(f"Capture {capture}: the direct answer is sealed and stands beside it.")
