"""Commands: how one source is seen, and its canaries."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vigie import console
from vigie.commands.sources import AsJson, ConfigFile, SourceId, source, unknown, who

if TYPE_CHECKING:
    from vigie.config import Config, SourceConfig
    from vigie.wiring import Record

canary = typer.Typer(
    help="Harmless marked posts that must be found.", no_args_is_help=True, rich_markup_mode=None
)
source.add_typer(canary, name="canary")
# Letters and digits that nobody mistakes for each other, so that it can be typed.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@source.command("show", epilog="Example: vigie source show paste-example")
def show(source_id: SourceId, config: ConfigFile = None, json: AsJson = False) -> None:
    """How one source is seen: what came, what was expected, what was no content, its canaries."""
    from index.sight_store import SightStore
    from index.views import stamp
    from vigie import config as configuration
    from vigie.progress import local_time
    from vigie.sight import canary_json, explained_in, sight_json
    from vigie.wiring import open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        definition = _definition(settings, record, source_id)
        store = SightStore(record.engine)
        sight = sight_json(store.of(source_id, definition.every))
        canaries = [canary_json(one) for one in store.canaries(source_id)]
        notices = [
            {"at": stamp(one.at), "kind": one.kind, "reason": one.reason}
            for one in store.notices(source_id, 10)
        ]
        state = record.sources.states().get(source_id)
    success = stamp(state.last_success) if state else None
    told = {"id": source_id, "last_success": success, "sight": sight}
    if json:
        console.print_json({**told, "canaries": canaries, "notices": notices})
        return
    typer.echo(f"{source_id} is {sight['level']}: {explained_in(sight['reason'])}")
    typer.echo(f"  last read to its end: {local_time(success) or 'never'}")
    usual = sight["posts_expected_a_day"]
    expected = "still learned" if usual is None else f"about {usual:.0f} or more are usual"
    typer.echo(f"  new posts in 24 h: {sight['posts_last_day']} ({expected})")
    kinds = f" ({', '.join(sight['blocked_kinds'])})" if sight["blocked_kinds"] else ""
    typer.echo(
        f"  of the last pages: {sight['blocked_share']:.0%} no content{kinds}, "
        f"{sight['empty_share']:.0%} empty"
    )
    _print_canaries(sight, canaries)
    for one in notices:
        reason = explained_in(str(one["reason"]))
        typer.echo(f"  {local_time(one['at'])} {one['kind']}: {reason}")


def _print_canaries(sight: dict[str, Any], canaries: list[dict[str, Any]]) -> None:
    if not canaries:
        typer.echo("  no canary: `vigie source canary add` names a post that must be found")
        return
    rate, delay = sight["canaries_in_time"], sight["canary_delay_s"]
    told = "none due yet" if rate is None else f"{rate:.0%} found in time"
    typer.echo(f"  canaries: {told}" + (f", after {delay:.0f} s" if delay is not None else ""))
    for one in canaries:
        after = f" after {one['delay_s']:.0f} s" if one["delay_s"] is not None else ""
        typer.echo(f"    {one['id']} ({one['kind']}): {one['state']}{after}")


@canary.command("add", epilog="Example: vigie source canary add paste-example")
def add(
    source_id: SourceId,
    marker: Annotated[
        str, typer.Argument(metavar="[MARKER]", help="A word of the post, or its address.")
    ] = "",
    within: Annotated[
        str, typer.Option(help="How long finding it may take; otherwise the longest interval.")
    ] = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Name a post that must be found; without a marker, make a word to put into one.

    Vigie posts nothing itself. Only a keyed hash of the marker is kept.
    """
    from pydantic import TypeAdapter, ValidationError

    from index.canaries import CanaryStore
    from index.errors import WrongChoice
    from index.vault import Vault
    from vigie import config as configuration
    from vigie.config_types import Seconds
    from vigie.sight import limit_of, marker_of
    from vigie.wiring import open_record

    settings = configuration.load(config)
    made = marker or "".join(secrets.choice(LETTERS) for _ in range(16))
    kind, told = marker_of(made)
    with open_record(settings) as record:
        definition = _definition(settings, record, source_id)
        try:
            limit = (
                float(TypeAdapter(Seconds).validate_python(within))
                if within
                else limit_of(definition.every)
            )
            store = CanaryStore(record.engine, Vault.open(settings.storage.key_file))
            number = store.add(source_id, kind, told, limit, who())
        except ValidationError:
            console.fail(f'--within {within} is no duration: write "10m" or "2h".', console.USAGE)
        except WrongChoice as error:
            console.fail(str(error), console.USAGE)
    if json:
        console.print_json({"id": number, "kind": kind, "marker": made, "within_s": limit})
        return
    if not marker:
        typer.echo(f"Post a harmless text with this word on {source_id} now: {made}")
        typer.echo("It is not kept and not shown again.")
    typer.echo(f"Canary {number} of {source_id} must be found within {limit:.0f} s.")


@canary.command("remove", epilog="Example: vigie source canary remove paste-example 3")
def remove(
    source_id: SourceId,
    number: Annotated[int, typer.Argument(metavar="CANARY", help="Its number.")],
    config: ConfigFile = None,
) -> None:
    """Look for a canary no more."""
    from index.canaries import CanaryStore
    from index.errors import NotFound
    from index.vault import Vault
    from vigie import config as configuration
    from vigie.wiring import open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        store = CanaryStore(record.engine, Vault.open(settings.storage.key_file))
        try:
            store.remove(source_id, number, who())
        except NotFound as error:
            console.fail(str(error), console.USAGE)
    typer.echo(f"Canary {number} of {source_id} is looked for no more.")


def _definition(settings: Config, record: Record, source_id: str) -> SourceConfig:
    from vigie.wiring import Catalogue

    definitions = Catalogue(settings, record.sources.states).definitions()
    if source_id not in definitions:
        unknown(source_id)
    return definitions[source_id]
