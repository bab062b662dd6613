"""Commands: keys, fingerprint files, and scanning by hand."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vigie import console

if TYPE_CHECKING:
    from extraction.layers import Document
    from extraction.sandbox import Sandbox
    from matching.client import MatcherClient
    from matching.result import LeakRef, ScanResult

AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]

key = typer.Typer(help="Leak keys.", no_args_is_help=True, rich_markup_mode=None)
leak = typer.Typer(
    help="Leaked files and their fingerprints.", no_args_is_help=True, rich_markup_mode=None
)

SCAN_BYTES = 240 * 1024 * 1024  # what one frame to the matcher holds
SCAN_SECONDS = 300.0
MOST_MATCHES = 1000
SCAN_MEMORY = 4 * 1024 * 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(key, name="key")
    app.add_typer(leak, name="leak")
    app.command(epilog="Example: vigie scan posts/ --leak leak.vfp --key leak.key --json")(scan)


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
    key_file: Annotated[Path, typer.Option("--key", help="The key file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The fingerprint file to write.")],
    schema_file: Annotated[
        Path | None, typer.Option("--schema", help="Column types; otherwise they are found.")
    ] = None,
    name: Annotated[str, typer.Option(help="The leak's name in results.")] = "",
    json: AsJson = False,
) -> None:
    """Turn a leaked file into keyed fingerprints."""
    from matching.compiled import BUILDING
    from matching.inspect import inspect
    from matching.keys import load_key
    from matching.schema import read_schema
    from vigie.progress import build_progress, tell_of_compiling

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


def scan(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders, archives, or - for stdin."),
    ],
    leak_files: Annotated[
        list[Path] | None, typer.Option("--leak", help="A fingerprint file; may be repeated.")
    ] = None,
    key_files: Annotated[
        list[Path] | None, typer.Option("--key", help="Its key file, in the same order.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Take the leaks from this configuration.")
    ] = None,
    json: AsJson = False,
    all_matches: Annotated[
        bool, typer.Option("--all", help="Tell every match, not 1,000.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why: each field, how it was recognised, bits.")
    ] = False,
) -> None:
    """Look for a leak's records in files, folders, archives or standard input.

    Every scan is logged: who, when, how many bytes, which verdict; no content and no path.
    """
    from extraction.layers import Limits
    from extraction.sandbox import Sandbox
    from matching.client import MatcherClient
    from matching.compiled import SCANNING
    from vigie import explain as explaining
    from vigie.progress import tell_of_compiling
    from vigie.scan_log import ScanLog, place

    leaks = _leaks(leak_files or [], key_files or [], config)
    storage = _storage(config, needed=not leak_files)
    inputs = list(_inputs(paths))
    tell_of_compiling(SCANNING)
    limits = Limits(
        max_bytes=SCAN_BYTES, max_text=SCAN_BYTES, seconds=SCAN_SECONDS, memory=SCAN_MEMORY
    )
    rows: list[ScanResult] = []
    unread = 0
    with (
        ScanLog(place(storage)) as scan_log,
        MatcherClient(leaks) as matcher,
        Sandbox(limits) as sandbox,
        closing(_ahead(inputs, sandbox)) as ahead,
    ):
        scan_log.begin(matcher.names)
        for name, path, read in ahead:
            for found in _scan_input(name, path, read, matcher, all_matches, explain):
                if isinstance(found, dict):
                    scan_log.unread()
                    unread += 1
                    _tell_unread(found, json)
                    continue
                scan_log.document(found)
                if json:
                    console.print_json(found.to_json())
                else:
                    rows.append(found)
    if not json:
        explaining.print_results(rows)
        if explain:
            explaining.print_explanations(rows, all_matches=all_matches)
    if unread:
        raise typer.Exit(console.PARTLY)


def _leaks(files: Sequence[Path], keys: Sequence[Path], config: Path | None) -> list[LeakRef]:
    from matching.result import LeakRef

    if len(files) != len(keys):
        console.fail(
            f"{len(files)} --leak and {len(keys)} --key were given; they come in pairs.",
            console.USAGE,
        )
    if files:
        return [LeakRef(file, key_file) for file, key_file in zip(files, keys, strict=True)]
    from vigie import config as configuration

    settings = configuration.load(config)
    if not settings.leak:
        console.fail("The configuration names no [[leak]]; give --leak and --key.", console.USAGE)
    return [
        LeakRef(each.file, each.key_file, "", tuple(each.terms), tuple(each.files))
        for each in settings.leak
    ]


def _storage(config: Path | None, *, needed: bool) -> Path | None:
    """The storage folder of the configuration, None where there is none. One that is broken is
    an error only where it is `needed`."""
    from vigie import config as configuration

    try:
        return configuration.load(config).storage.path
    except configuration.ConfigError:
        if needed or config is not None:
            raise
        return None


def _inputs(paths: Sequence[str]) -> Iterator[tuple[str, Path | None]]:
    """(document name, path) of every file; None stands for standard input."""
    for given in paths:
        path = Path(given)
        if given == "-":
            yield "-", None
        elif path.is_dir():
            for inside in sorted(path.rglob("*")):
                # A link could lead out of the folder, and a pipe never ends.
                if inside.is_file() and not inside.is_symlink():
                    yield str(inside), inside
        else:
            yield given, path


Read = Callable[[], "tuple[Document, ...]"]


def _ahead(
    inputs: Sequence[tuple[str, Path | None]], sandbox: Sandbox
) -> Generator[tuple[str, Path | None, Read], None, None]:
    """Every input with what gives its documents; the next one is read while one is matched.

    One thread does all the reading: the sandbox's child ends with the thread that started it.
    """
    from concurrent.futures import ThreadPoolExecutor

    from vigie.scan_hints import words_beside

    def read(name: str, path: Path | None) -> tuple[Document, ...]:
        return sandbox.documents(_read(path), name=name, hints=words_beside(path))

    with ThreadPoolExecutor(1) as reader:
        begun = [reader.submit(read, *inputs[0])] if inputs else []
        for number, (name, path) in enumerate(inputs):
            if number + 1 < len(inputs):
                begun.append(reader.submit(read, *inputs[number + 1]))
            yield name, path, begun.pop(0).result


def _scan_input(
    name: str,
    path: Path | None,
    read: Read,
    matcher: MatcherClient,
    all_matches: bool,
    explain: bool,
) -> Iterator[ScanResult | dict[str, str]]:
    from extraction.errors import ExtractionError

    try:
        documents = read()
    except OSError as error:
        yield {
            "document": name,
            "verdict": "error",
            "error": f"it cannot be read: {error.strerror}",
        }
        return
    except (ExtractionError, _TooLong) as error:
        known = _known_copy(name, path, matcher, all_matches)
        if known is not None:
            yield known
        yield {"document": name, "verdict": "error", "error": str(error)}
        return
    for document in documents:
        yield from _scan_document(document, matcher, all_matches, explain)


def _scan_document(
    document: Document, matcher: MatcherClient, all_matches: bool, explain: bool
) -> Iterator[ScanResult | dict[str, str]]:
    if document.holds or document.error:
        # An archive may be a known copy, whatever its members are and whether it opens.
        known = _ask(document.name, document.bytes, document.sha256, (), matcher, all_matches)
        if known.verdict.is_kept:
            yield known
        if document.error:
            yield {"document": document.name, "verdict": "error", "error": document.error}
        return
    from dataclasses import replace

    from matching.result import TextLayer
    from vigie.explain import explained

    layers = [TextLayer(layer.name, layer.text) for layer in document.extracted.layers]
    found = _ask(document.name, document.bytes, document.sha256, layers, matcher, all_matches)
    found = replace(found, notes=(*document.extracted.notes, *found.notes))
    yield explained(found, layers) if explain else found


def _ask(
    name: str, size: int, sha256: str, layers: Sequence[Any], matcher: MatcherClient, all_: bool
) -> ScanResult:
    from matching.result import together

    found = matcher.scan(name, size, sha256, layers, all_matches=all_)
    return together(matcher.names, found, most=0 if all_ else MOST_MATCHES)


class _TooLong(Exception):
    """A file over the bound; its text is a sentence."""


def _read(path: Path | None) -> bytes:
    size = path.stat().st_size if path else 0
    if size > SCAN_BYTES:
        raise _TooLong(f"it has {size} bytes; at most {SCAN_BYTES} are read. Split it")
    data = path.read_bytes() if path else sys.stdin.buffer.read(SCAN_BYTES + 1)
    if len(data) > SCAN_BYTES:
        raise _TooLong(f"it has over {SCAN_BYTES} bytes, which is the most that is read. Split it")
    return data


def _known_copy(
    name: str, path: Path | None, matcher: MatcherClient, all_matches: bool
) -> ScanResult | None:
    """The result for a file that could not be opened but whose hash is known."""
    if path is None:
        return None
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    found = _ask(name, path.stat().st_size, sha256, (), matcher, all_matches)
    return found if found.verdict.is_kept else None


def _tell_unread(found: dict[str, str], json: bool) -> None:
    if json:
        console.print_json(found)
    else:
        untrusted_line = f"{found['document']}: {found['error']}"
        typer.echo(console.visible(untrusted_line), err=True)
