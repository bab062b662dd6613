"""Commands: the switches of one source, and the one for all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vigie import console
from vigie.commands.sources import ConfigFile, SourceId, source, unknown, who

OneOrNone = Annotated[str, typer.Argument(metavar="[SOURCE]", help="The source's id.")]
EverySource = Annotated[bool, typer.Option("--all", help="Every source, present and future.")]


@source.command("pause", epilog="Example: vigie source pause paste-example")
def pause(source_id: SourceId, config: ConfigFile = None) -> None:
    """Start no more crawls of a source; one that runs is let finish."""
    _switch(config, source_id, paused=True)
    typer.echo(f"{source_id} is paused; `vigie source resume {source_id}` goes on.")


@source.command("resume", epilog="Example: vigie source resume paste-example")
def resume(
    source_id: OneOrNone = "", every: EverySource = False, config: ConfigFile = None
) -> None:
    """Crawl a paused or killed source again, at once if a watch runs."""
    if _all_at_once(config, source_id, every=every, on=False):
        return
    _switch(config, source_id, paused=False, killed=False)
    typer.echo(f"{source_id} is watched again.")


@source.command("kill", epilog="Example: vigie source kill --all")
def kill(source_id: OneOrNone = "", every: EverySource = False, config: ConfigFile = None) -> None:
    """Stop a source now: a crawl that runs is ended within seconds, none starts."""
    if _all_at_once(config, source_id, every=every, on=True):
        return
    _switch(config, source_id, killed=True)
    typer.echo(f"{source_id} is shut off; `vigie source resume {source_id}` undoes it.")


def _all_at_once(config: Path | None, source_id: str, *, every: bool, on: bool) -> bool:
    """Shut off all sources or let them go on; False when one source is meant."""
    from vigie import config as configuration
    from vigie.wiring import open_record

    if bool(source_id) == every:
        console.fail("Name one source, or say --all.", console.USAGE)
    if not every:
        return False
    with open_record(configuration.load(config)) as record:
        record.sources.halt(who(), on=on)
    typer.echo(
        "Every source is shut off; `vigie source resume --all` undoes it."
        if on
        else "Sources are watched again, but for those that are paused or shut off by themselves."
    )
    return True


def _switch(config: Path | None, source_id: str, **switches: bool) -> None:
    from vigie import config as configuration
    from vigie.wiring import Catalogue, open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        if source_id not in Catalogue(settings, record.sources.states).definitions():
            unknown(source_id)
        record.sources.ensure([source_id])
        record.sources.switch(source_id, who(), **switches)
