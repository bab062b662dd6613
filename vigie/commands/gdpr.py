"""Commands: the clock of article 33, the register of article 30, the draft of an AIPD."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from evidence.gdpr.breach import BreachView

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]
Who = Annotated[str, typer.Option("--who", help="Who does this; otherwise your account.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="A file to make.")]
Language = Annotated[str, typer.Option("--language", help="fr or en.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it goes into the custody log.")]

gdpr = typer.Typer(
    help="What the GDPR asks to be written down.", no_args_is_help=True, rich_markup_mode=None
)
breach = typer.Typer(
    help="Article 33: a clock that only a person starts.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add these groups' commands."""
    gdpr.add_typer(breach, name="breach")
    app.add_typer(gdpr, name="gdpr")


@gdpr.command("register", epilog="Example: vigie gdpr register -o registre.md")
def register_(output: Output = None, language: Language = "fr", config: ConfigFile = None) -> None:
    """The register of processing (article 30): what is watched and why, terms, recipients."""
    _write("register", output, language, config)


@gdpr.command("dpia", epilog="Example: vigie gdpr dpia -o aipd.md")
def dpia(output: Output = None, language: Language = "fr", config: ConfigFile = None) -> None:
    """The draft of an impact assessment (AIPD): what is known filled in, the rest shown as open."""
    _write("impact", output, language, config)


@breach.command("start", epilog='Example: vigie gdpr breach start 3 --aware … --reason "vu par …"')
def start(
    case: Annotated[int, typer.Argument(metavar="CASE", help="Its number.")],
    aware: Annotated[str, typer.Option(help="Since when the controller is aware, with its zone.")],
    reason: Reason,
    kind: Annotated[
        str, typer.Option(help="breach (72 h), additional or controller; otherwise as proposed.")
    ] = "",
    notified_as: Annotated[str, typer.Option(help="With additional: the first reference.")] = "",
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """Start the clock. A leak that was notified already gets an additional report proposed; a
    processor ([gdpr] role) tells its controller. --kind says otherwise."""
    from evidence.gdpr import breach as clock
    from index.leases import utc_now
    from vigie import config as configuration
    from vigie.evidence import person
    from vigie.wiring import open_record

    console.one_of("--kind", kind, clock.KINDS)
    settings = configuration.load(config)
    with open_record(settings) as record:
        proposed = clock.propose(record.engine, case, settings.gdpr.role)
        number = clock.start(
            record.engine, case, kind or proposed.kind, _moment(aware), person(who), reason,
            utc_now(), notified_as=notified_as or proposed.notified_as,
        )  # fmt: skip
        _tell(clock.get(record.engine, number, utc_now()), json=False)


@breach.command("report", epilog="Example: vigie gdpr breach report 1 --reference … --at …")
def report(
    number: Annotated[int, typer.Argument(metavar="CLOCK", help="Its number.")],
    reference: Annotated[str, typer.Option(help="The CNIL's reference, or to whom it went.")],
    at: Annotated[str, typer.Option(help="When, with its zone.")],
    late_because: Annotated[str, typer.Option(help="After 72 hours: the reasons (33(1)).")] = "",
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """Note that it was reported."""
    from evidence.gdpr import breach as clock
    from index.leases import utc_now
    from vigie import config as configuration
    from vigie.evidence import person
    from vigie.wiring import open_record

    with open_record(configuration.load(config)) as record:
        view = clock.report(
            record.engine, number, _moment(at), reference, person(who), utc_now(),
            late_because=late_because,
        )  # fmt: skip
    _tell(view, json=False)


@breach.command("list", epilog="Example: vigie gdpr breach list --json")
def list_(config: ConfigFile = None, json: AsJson = False) -> None:
    """Every clock."""
    from evidence.gdpr import breach as clock
    from index.leases import utc_now
    from vigie import config as configuration
    from vigie.wiring import open_record

    with open_record(configuration.load(config)) as record:
        found = clock.clocks(record.engine, utc_now())
    if not found and not json:
        typer.echo("There is no clock. `vigie gdpr breach start CASE` starts one.")
    for view in found:
        _tell(view, json=json)


def _tell(view: BreachView, *, json: bool) -> None:
    if json:
        console.print_json(view.to_json())
        return
    row = view.row
    due = f"due {view.due:%Y-%m-%d %H:%M} UTC" if view.due else "without undue delay"
    reference = f"  {row.reference or row.notified_as}" if row.reference or row.notified_as else ""
    line = f"{row.id}  case {row.case}  {row.kind}  {view.state}  {due}{reference}"
    typer.echo(console.visible(line))


def _write(what: str, output: Path | None, language: str, config: Path | None) -> None:
    from evidence.gdpr import documents
    from evidence.gdpr.words import LANGUAGES
    from vigie import config as configuration
    from vigie.keeping import processing
    from vigie.wiring import Catalogue, open_record

    if language not in LANGUAGES:
        console.fail("--language is fr or en.", console.USAGE)
    settings = configuration.load(config)
    with open_record(settings) as record:
        sources = Catalogue(settings, record.sources.states).definitions()
    told = processing(settings, sources)
    write = documents.register if what == "register" else documents.impact
    console.write_out(write(told, language).encode(), output)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        console.fail(f"{text!r} is no time with its zone; write 2026-11-28T10:00Z.", console.USAGE)
    return at
