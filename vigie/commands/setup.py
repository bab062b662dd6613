"""Commands that come first: init and doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console
from vigie.progress import counted

if TYPE_CHECKING:
    from vigie.initialise import Plan

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file; vigie.toml here by default.")
]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command("init")(init)
    app.command("doctor")(doctor)


def init(
    leak: Annotated[Path | None, typer.Option(help="The leaked file (CSV of any shape).")] = None,
    folder: Annotated[Path, typer.Option(help="Where vigie.toml and leak.vfp go.")] = Path(),
    name: Annotated[str, typer.Option(help="What the leak is called in alerts.")] = "",
    keys: Annotated[Path | None, typer.Option(help="Where keys go; not in the storage.")] = None,
    storage: Annotated[Path | None, typer.Option(help="Where everything kept goes.")] = None,
    schema: Annotated[
        Path | None, typer.Option(help="Column types, as `leak inspect` prints.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="A list or start page to watch; may be repeated.")
    ] = None,
    allow_address: Annotated[
        list[str] | None,
        typer.Option(help="An inner network the sources may lie in; may be repeated."),
    ] = None,
    authority: Annotated[str, typer.Option(help="Who decided to watch, on what ground.")] = "",
    authority_until: Annotated[str, typer.Option(help="Until when, as 2027-06-30.")] = "",
    every: Annotated[str, typer.Option(help="How often, at most.")] = "60s",
    user: Annotated[str, typer.Option(help="First user of the review application.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="The first user's password.")] = None,
    recipient: Annotated[
        str, typer.Option(help="age public key for originals; a new one by default.")
    ] = "",
    ask: Annotated[bool, typer.Option("--ask/--no-ask", help="Ask for what no flag gives.")] = True,
) -> None:
    """Set up your own case: key, fingerprint file, vigie.toml and the first user.

    Example: vigie init --leak patients.csv --source https://paste.example/ --user anne
    """
    from vigie import initialise, interview

    answers = interview.Answers(
        leak=leak, folder=folder.resolve(), name=name, keys=keys, storage=storage, schema=schema,
        sources=tuple(source or ()), allow=tuple(allow_address or ()), authority=authority,
        authority_until=authority_until, every=every, user=user,
        password_file=password_file, recipient=recipient,
    )  # fmt: skip
    plan, password = interview.complete(answers, ask=ask)
    initialise.carry_out(plan, _fingerprint, password)
    _try_matcher(plan)
    interview.say_what_comes(plan, linked=password is None)


def _fingerprint(plan: Plan) -> None:
    from vigie.commands.leak import fingerprint

    fingerprint(plan.leak, plan.leak_key, plan.fingerprint_file, plan.schema, plan.name)


def _try_matcher(plan: Plan) -> None:
    """The first rows of the file are looked for in what was made of it: a wrong column type shows
    here, and the kernels are compiled before the first post comes."""
    from matching.client import MatcherClient
    from matching.result import LeakRef, TextLayer
    from vigie.initialise import first_rows

    typer.echo("Trying the matcher (up to a minute, the first time)…", err=True)
    layers = [TextLayer("", first_rows(plan))]
    with MatcherClient([LeakRef(plan.fingerprint_file, plan.leak_key)]) as matcher:
        matcher.traces(layers, [[]])
        (found,) = matcher.scan("", 0, "", layers)
    if found.records:
        typer.echo(f"It knows {counted(found.records, 'person', 'people')} of its first rows.")
        return
    typer.echo(
        "It knows nobody of the file's first rows: `vigie leak inspect` shows the column types it "
        "took; mend them and fingerprint again with --schema.",
        err=True,
    )


def doctor(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a check.")] = False,
) -> None:
    """Say what is missing and how to get it; ends with 1 when something is.

    Example: vigie doctor --config /srv/vigie/vigie.toml
    """
    from vigie.doctor import examine

    checks = []
    for check in examine(config):
        checks.append(check)
        if as_json:
            console.print_json(check.to_json())
    if not as_json:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        marks = {"ok": "[green]✓ ok", "note": "[yellow]! note", "missing": "[red]✗ missing"}
        table = Table("", "check", box=None, pad_edge=False)
        for name in ("found", "what to do"):
            table.add_column(name, overflow="fold")  # a path or a command is of use as a whole
        for check in checks:
            table.add_row(
                Text.from_markup(marks[check.state]), Text(check.name), Text(check.found),
                Text(check.fix),
            )  # fmt: skip
        Console().print(table)
    if any(check.state == "missing" for check in checks):
        raise typer.Exit(console.NO)
