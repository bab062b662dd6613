"""The command `vigie scan`: looking for a leak's records by hand."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vigie import console

if TYPE_CHECKING:
    from extraction.layers import Document
    from extraction.shared import Shared
    from matching.client import MatcherClient
    from matching.result import LeakRef, ScanResult
    from vigie.scan_inputs import Ahead, Read
    from vigie.scan_log import ScanLog

SCAN_SECONDS = 300.0
SCAN_MEMORY = 4 * 1024 * 1024 * 1024
MOST_MATCHES = 1000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: vigie scan posts/ --leak leak.vfp --key leak.key --json")(scan)


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
    from vigie.progress import tell_of_compiling

    leaks = _leaks(leak_files or [], key_files or [], config)
    tell_of_compiling(SCANNING)
    rows: list[ScanResult] = []
    unread = 0
    # The matcher starts, and the limited child, while the rest is still imported.
    with ExitStack() as stack:
        shared = _shared(stack)
        memory = (shared.fd, shared.size) if shared else None
        matcher = stack.enter_context(MatcherClient(leaks, shared=memory).starting())
        scan_log, ahead = _begin(paths, _storage(config, needed=not leak_files), shared, stack)
        from vigie import explain as explaining
        from vigie.long_files import scan_long

        matcher.ready()
        scan_log.begin(matcher.names)
        gc.freeze()  # what was imported is not looked through again at every collection
        for name, path, read in ahead:
            documents = (
                scan_long(
                    name, path, ahead, matcher,
                    every=all_matches, explain=explain, most=MOST_MATCHES,
                )
                if path is not None and _is_long(path)
                else _scan_input(name, path, read, matcher, all_matches, explain)
            )  # fmt: skip
            for found in documents:
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


def _shared(stack: ExitStack) -> Shared | None:
    """The memory in which inputs pass from process to process, where there is any."""
    from extraction import shared
    from vigie.scan_inputs import SCAN_BYTES, SLOTS

    made = shared.made(SLOTS, SCAN_BYTES)
    if made:
        stack.callback(made.close)
    return made


def _begin(
    paths: list[str], storage: Path | None, shared: Shared | None, stack: ExitStack
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
    sandbox = stack.enter_context(Sandbox(limits, shared))
    return scan_log, stack.enter_context(Ahead(list(inputs(paths)), sandbox, shared))


def _is_long(path: Path) -> bool:
    """Whether a file is read in windows: a text over the bound."""
    from vigie import long_files, scan_inputs

    try:
        return path.stat().st_size > scan_inputs.SCAN_BYTES and long_files.is_plain(path)
    except OSError:
        return False  # told when it is read


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


def _scan_input(
    name: str,
    path: Path | None,
    read: Read,
    matcher: MatcherClient,
    all_matches: bool,
    explain: bool,
) -> Iterator[ScanResult | dict[str, str]]:
    from extraction.errors import ExtractionError
    from vigie.scan_inputs import TooLong

    try:
        documents = read()
    except OSError as error:
        yield {
            "document": name,
            "verdict": "error",
            "error": f"it cannot be read: {error.strerror}",
        }
        return
    except (ExtractionError, TooLong) as error:
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

    from matching.result import NOT_READ, TextLayer
    from vigie.explain import explained

    layers = [TextLayer(layer.name, layer.as_given) for layer in document.extracted.layers]
    found = _ask(document.name, document.bytes, document.sha256, layers, matcher, all_matches)
    notes = (f"{note} (--all reads on)" if NOT_READ in note else note for note in found.notes)
    found = replace(found, notes=(*document.extracted.notes, *notes))
    yield explained(found, layers) if explain else found


def _ask(
    name: str, size: int, sha256: str, layers: Sequence[Any], matcher: MatcherClient, all_: bool
) -> ScanResult:
    from matching.result import together

    found = matcher.scan(name, size, sha256, layers, all_matches=all_, to_the_end=all_)
    return together(matcher.names, found, most=0 if all_ else MOST_MATCHES)


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
