"""The command `vigie scan`: looking for a leak's records by hand."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from extraction.shared import Shared
    from matching.result import LeakRef
    from vigie.scan_inputs import Ahead
    from vigie.scan_log import ScanLog
    from vigie.scan_table import Results

SCAN_SECONDS = 300.0
SCAN_MEMORY = 4 * 1024 * 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: vigie scan posts/ --leak leak.vfp --key leak.key --json")(scan)


def scan(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files, folders, archives, or - for stdin."),
    ],
    leak_files: Annotated[
        list[Path] | None,
        typer.Option("--leak", dir_okay=False, help="A fingerprint file; may be repeated."),
    ] = None,
    key_files: Annotated[
        list[Path] | None,
        typer.Option("--key", dir_okay=False, help="Its key file, in the same order."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Take the leaks from this configuration.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")] = False,
    all_matches: Annotated[
        bool, typer.Option("--all", help="Read long copies to their end, tell every match.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why: each field, how it was recognised, bits.")
    ] = False,
) -> None:
    """Look for a leak's records in files, folders, archives or standard input.

    Every scan is logged: who, when, how many bytes, which verdict; no content and no path.
    """
    from matching.client import MatcherClient
    from matching.kernel import SCANNING
    from vigie.progress import scan_progress, tell_of_compiling

    leaks = _leaks(leak_files or [], key_files or [], config)
    tell_of_compiling(SCANNING)
    # Hashing takes as long as to read a long text: it is done where somebody asks for the hash.
    hashed = json or any(leak.files for leak in leaks)
    done = told = unread = 0
    # The matcher starts, and the limited child, while the rest is still imported.
    with ExitStack() as stack:
        gc.disable()  # what is imported stays: looking for garbage among it finds none
        stack.callback(gc.enable)
        shared = _shared(stack)
        memory = (shared.fd, shared.size) if shared else None
        matcher = stack.enter_context(MatcherClient(leaks, shared=memory).starting())
        scan_log, ahead = _begin(
            paths, _storage(config, needed=not leak_files), shared, stack, hashed=hashed
        )
        from vigie.scan_judge import Judge
        from vigie.scan_table import Results

        matcher.ready()
        scan_log.begin(matcher.names)
        gc.freeze()  # what was imported is not looked through again at every collection
        gc.enable()
        judge = Judge(matcher, every=all_matches, explain=explain, hashed=hashed)
        results = Results()
        show = stack.enter_context(scan_progress(ahead.count, lines=json))
        for batch in ahead:
            for found in judge.inputs(batch, ahead):
                told += 1
                if isinstance(found, dict):
                    scan_log.unread()
                    unread += 1
                    _tell_unread(found, json)
                    continue
                scan_log.document(found)
                if json:
                    console.print_json(found.to_json())
                else:
                    results.add(found)
            done += len(batch)
            show(done)
    if not told:
        typer.echo("Nothing was scanned: there is no file in what was named.", err=True)
    _tell(results, explain=explain, all_matches=all_matches)
    if unread:
        raise typer.Exit(console.PARTLY)


def _tell(results: Results, *, explain: bool, all_matches: bool) -> None:
    """What there is to be said to people when all is read."""
    results.print()
    if explain and results.rows:
        from vigie.explain import print_explanations

        print_explanations(results.rows, all_matches=all_matches)


def _shared(stack: ExitStack) -> Shared | None:
    """The memory in which inputs pass from process to process, where there is any."""
    from extraction import shared
    from vigie.scan_inputs import SCAN_BYTES, SLOTS

    made = shared.made(SLOTS, SCAN_BYTES)
    if made:
        stack.callback(made.close)
    return made


def _begin(
    paths: list[str],
    storage: Path | None,
    shared: Shared | None,
    stack: ExitStack,
    *,
    hashed: bool,
) -> tuple[ScanLog, Ahead]:
    """The open log, and the inputs, of which the first is being read."""
    from extraction.layers import Limits
    from extraction.sandbox import Sandbox
    from vigie.scan_inputs import SCAN_BYTES, Ahead, inputs
    from vigie.scan_log import ScanLog, place

    limits = Limits(
        max_bytes=SCAN_BYTES, max_text=SCAN_BYTES, seconds=SCAN_SECONDS, memory=SCAN_MEMORY
    )
    scan_log = stack.enter_context(ScanLog(place(storage)))
    sandbox = stack.enter_context(Sandbox(limits, shared, hashed=hashed))
    return scan_log, stack.enter_context(Ahead(list(inputs(paths)), sandbox, shared))


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

    if config is None and not (here := configuration.find(None)).exists():
        console.fail(
            f"No leak was named, and there is no configuration at {here}: give --leak LEAK.vfp "
            "and --key KEYFILE, or --config FILE.",
            console.USAGE,
        )
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
    from vigie.config_place import ConfigError, find

    if not needed and config is None and not find(None).exists():
        return None
    from vigie import config as configuration

    try:
        return configuration.load(config).storage.path
    except ConfigError:
        if needed or config is not None:
            raise
        return None


def _tell_unread(found: dict[str, str], json: bool) -> None:
    if json:
        console.print_json(found)
    else:
        untrusted_line = f"{found['document']}: {found['error']}"
        typer.echo(console.visible(untrusted_line), err=True)
