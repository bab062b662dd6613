"""Commands: links in posts that were not followed, and the hosts that may be followed to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console
from vigie.commands.sources import AsJson, ConfigFile, SourceId, source, unknown, who

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.links import LinkStore, LinkView
    from vigie.wiring import Record


@source.command("links", epilog="Example: vigie source links forum-example --host files.example")
def links(
    source_id: Annotated[str, typer.Argument(metavar="[SOURCE]", help="Of this source only.")] = "",
    host: Annotated[str, typer.Option(help="To this host only, each link by itself.")] = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Links in posts that were not followed, and why; addresses are masked."""
    from vigie import config as configuration
    from vigie.wiring import open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        found = _store(record, settings.storage.key_file).links(source_id, host)
    if json:
        for link in found:
            console.print_json(link.to_json())
        return
    if not found:
        typer.echo("Every link in every post was followed, or none was seen.")
        return
    _print(found, each=bool(host))


@source.command(
    "follow", epilog='Example: vigie source follow forum files.example --ground "order of 3 March"'
)
def follow(
    source_id: SourceId,
    host: Annotated[str, typer.Argument(metavar="HOST", help="As `vigie source links` shows it.")],
    ground: Annotated[str, typer.Option(help="Who decided, on what ground; it is recorded.")],
    whole: Annotated[
        bool, typer.Option("--whole", help="Fetch files to their end, also certain reposts.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Let the links that a source's posts hold be followed to a host, one step."""
    from crawler.addresses import host_port
    from index.frontier import Frontier
    from index.leases import utc_now
    from index.vault import Vault
    from vigie import config as configuration
    from vigie.wiring import Catalogue, open_record

    named = host_port(host if "://" in host else f"http://{host}")
    if not named:
        console.fail(
            f"{host} is no host: write files.example or files.example:8080.", console.USAGE
        )
    if not ground.strip():
        console.fail("--ground is empty: say who decided this, on what ground.", console.USAGE)
    settings = configuration.load(config)
    with open_record(settings) as record:
        if source_id not in Catalogue(settings, record.sources.states).definitions():
            unknown(source_id)
        record.sources.ensure([source_id])
        frontier = Frontier(record.engine, Vault.open(settings.storage.key_file))
        store = _store(record, settings.storage.key_file)
        waiting = store.approve(source_id, named, who(), ground.strip(), frontier, whole=whole)
        if waiting:
            record.sources.wake(source_id, utc_now())
    typer.echo(
        f"Links that {source_id}'s posts hold are followed to {named} from now on; "
        f"{waiting} that were seen before are fetched at the next crawl."
    )


def _store(record: Record, key_file: Path) -> LinkStore:
    from index.links import LinkStore
    from index.vault import Vault

    return LinkStore(record.engine, Vault.open(key_file))


def _print(found: Sequence[LinkView], *, each: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from vigie.progress import local_time

    table = Table(box=None, pad_edge=False, header_style="bold")
    if each:
        for name in ("source", "reason", "last seen", "link", "in"):
            table.add_column(name)
        for link in found:
            seen, place = local_time(link.to_json()["last_seen"]), "".join(link.path[-1:])
            table.add_row(link.source, link.reason, seen, link.shown, place)
    else:
        for name in ("source", "host", "reason"):
            table.add_column(name)
        table.add_column("links", justify="right")
        counted = Counter((link.source, link.host, link.reason) for link in found)
        for (name, host, reason), count in counted.most_common():
            table.add_row(name, host, reason, f"{count:,}")
    Console().print(table, markup=False)
