"""Commands: what a person hands in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vigie import console
from vigie.commands.sources import AsJson, ConfigFile, unknown, who

capture = typer.Typer(
    help="Pages and files that a person obtained.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(capture, name="capture")


@capture.command(
    "import",
    epilog='Example: vigie capture import page.html --source forum --origin "saved by A. B."',
)
def take(
    file: Annotated[Path, typer.Argument(help="A page, text, document, archive, WARC or WACZ.")],
    source: Annotated[str, typer.Option(help="The source it belongs to.")],
    origin: Annotated[str, typer.Option(help="Who obtained it, where, when and how; recorded.")],
    address: Annotated[str, typer.Option(help="The address where it stood, if known.")] = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Match a file that was lawfully obtained by hand; what does not match is not kept.

    Its capture is graded attested, never proven. Like a scan it is logged.
    """
    from crawler.addresses import canonical
    from matching.kernel import SCANNING
    from vigie import config as configuration
    from vigie.handed_in import MOST_BYTES, MOST_ORIGIN, Given, Unreadable, hand_in
    from vigie.progress import tell_of_compiling
    from vigie.wiring import Catalogue, open_record

    if not origin.strip() or len(origin) > MOST_ORIGIN:
        console.fail(
            "--origin says who obtained the file, where, when and how, in "
            f"{MOST_ORIGIN} characters at most.",
            console.USAGE,
        )
    if address and not canonical(address):
        console.fail("--address is no web address: write https://…", console.USAGE)
    body = _read(file, MOST_BYTES)
    settings = configuration.load(config)
    with open_record(settings) as record:
        if source not in Catalogue(settings, record.sources.states).definitions():
            unknown(source)
        tell_of_compiling(SCANNING)
        given = Given(body, source, origin.strip(), who(), file.name, address)
        try:
            found = hand_in(settings, record, given)
        except Unreadable as error:
            console.fail(f"{file} cannot be read: {error}", console.PARTLY)
    if json:
        console.print_json(found.to_json())
        return
    for note in found.notes:
        typer.echo(f"not read: {note}", err=True)
    kept = "kept, sealed where recipients are named" if found.kept else "nothing is kept"
    alerts = "".join(
        f"; {'alert' if number in found.new else 'more of alert'} {number}"
        for number in found.alerts
    )
    typer.echo(f"{found.verdict}: {kept}{alerts}")


def _read(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as opened:
            body = opened.read(most + 1)
    except OSError as error:
        console.fail(f"{file} cannot be read: {error.strerror}.", console.USAGE)
    if len(body) > most:
        console.fail(f"{file} is longer than {most // 2**20} MB: hand in a part.", console.PARTLY)
    return body
