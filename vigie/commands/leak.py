"""Commands: keys and fingerprint files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vigie import console

AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]

key = typer.Typer(help="Leak keys.", no_args_is_help=True, rich_markup_mode=None)
leak = typer.Typer(
    help="Leaked files and their fingerprints.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(key, name="key")
    app.add_typer(leak, name="leak")


@key.command("new", epilog="Example: vigie key new leak.key")
def new(
    file: Annotated[Path, typer.Argument(metavar="KEYFILE", help="Where to write it.")],
) -> None:
    """Make a key of 256 random bits, readable by you alone. Nothing is ever overwritten."""
    from matching.keys import new_key

    made = new_key(file)
    typer.echo(f"Key {made.id} is in {file}. Keep it apart from the fingerprint file.", err=True)


@leak.command("inspect", epilog="Example: vigie leak inspect fichier.csv > schema.toml")
def inspect_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The leaked file.")],
    json: AsJson = False,
) -> None:
    """Find encoding, delimiter, header and the type of each column, as a schema."""
    from matching.inspect import inspect

    schema = inspect(file)
    if json:
        console.print_json(schema.to_json())
    else:
        typer.echo(schema.to_toml(), nl=False)


@leak.command(
    epilog="Example: vigie leak fingerprint fichier.csv --key leak.key -o leak.vfp",
)
def fingerprint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The leaked file.")],
    key_file: Annotated[Path, typer.Option("--key", dir_okay=False, help="The key file.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", dir_okay=False, help="The fingerprint file to write.")
    ],
    schema_file: Annotated[
        Path | None,
        typer.Option("--schema", dir_okay=False, help="Column types; otherwise they are found."),
    ] = None,
    name: Annotated[str, typer.Option(help="The leak's name in results.")] = "",
    json: AsJson = False,
) -> None:
    """Turn a leaked file into keyed fingerprints."""
    from matching.inspect import inspect
    from matching.kernel import BUILDING
    from matching.keys import load_key
    from matching.schema import read_schema
    from vigie.progress import build_progress, tell_of_compiling

    _spare(output, file, key_file, schema_file)
    secret = load_key(key_file)
    schema = read_schema(schema_file) if schema_file else inspect(file)
    tell_of_compiling(BUILDING)
    from matching.build import build

    with build_progress() as tell:
        made = build(file, secret, output, schema, name=name or output.stem, progress=tell)
    if json:
        console.print_json(
            {
                "file": str(output), "rows": made.rows, "broken": made.broken,
                "broken_rows": list(made.broken_rows), "keys": made.keys, "bytes": made.bytes,
                "seconds": round(made.seconds, 1), "key_id": made.key_id,
            }
        )  # fmt: skip
    else:
        typer.echo(
            f"{made.rows:,} rows, {made.keys:,} keys, {made.bytes:,} bytes, "
            f"{made.seconds:.1f} seconds -> {output} (key {made.key_id})"
        )
    if made.broken:
        listed = ", ".join(map(str, made.broken_rows[:20]))
        more = f" and {made.broken - 20:,} more" if made.broken > 20 else ""
        typer.echo(
            f"{made.broken:,} broken row(s) without fingerprint (counted from 0): {listed}{more}",
            err=True,
        )


def _spare(output: Path, *read: Path | None) -> None:
    """Refuse to write over what is read: an older fingerprint file is replaced, these never."""
    for path in read:
        if path is not None and _same(output, path):
            console.fail(
                f"-o {output} is {path} itself, which would be lost. Choose another name.",
                console.USAGE,
            )


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False  # one of them is not there


@leak.command(epilog="Example: vigie leak info leak.vfp --json")
def info(
    file: Annotated[Path, typer.Argument(metavar="LEAK.vfp", help="A fingerprint file.")],
    json: AsJson = False,
) -> None:
    """Show a fingerprint file's counts and key id; it holds no value that could be shown."""
    from matching.fingerprint_file import FingerprintFile
    from matching.fingerprint_format import VERSION

    opened = FingerprintFile(file)
    facts = opened.facts
    found: dict[str, Any] = {
        "name": facts.name,
        "version": VERSION,
        "key_id": facts.key_id,
        "rows": facts.rows,
        "broken_rows": facts.broken_rows,
        "keys": facts.keys,
        "bytes": opened.size,
        "columns": list(facts.types),
        "filled": facts.filled,
    }
    opened.close()
    if json:
        console.print_json(found)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"Fingerprint file {file}"), show_header=False)
    for label in ("name", "version", "key_id", "rows", "broken_rows", "keys", "bytes"):
        value = found[label]
        table.add_row(
            label.replace("_", " "),
            Text(f"{value:,}" if value.__class__ is int else console.visible(str(value))),
        )
    for kind, count in sorted(facts.filled.items()):
        table.add_row(f"filled {kind}", f"{count:,}")
    Console().print(table)
