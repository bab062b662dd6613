"""Commands: orders of a court, and whether providers block what they were ordered to block."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from evidence.orders.register import Orders, PartyView
    from vigie.config import Config

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]
Who = Annotated[str, typer.Option("--who", help="Who does this; otherwise your account.")]

order = typer.Typer(
    help="Court orders: terms, service on each party, expiry.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
block = typer.Typer(
    help="Whether providers block what an order names.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add these groups' commands."""
    app.add_typer(order, name="order")
    app.add_typer(block, name="block")


@order.command(
    "add",
    epilog="Example: vigie order add 3 --court 'TJ Paris' --number 21/51823 --decided "
    "2021-03-04T00:00+01:00 --party Orange --party Free --name site.example --months 18",
)
def add(
    case: Annotated[int, typer.Argument(metavar="CASE", help="Its number.")],
    court: Annotated[str, typer.Option(help="Which court.")],
    number: Annotated[str, typer.Option(help="The decision's number.")],
    decided: Annotated[str, typer.Option(help="When, with its zone: 2021-03-04T00:00+01:00.")],
    party: Annotated[list[str], typer.Option(help="A party that it binds; repeat.")],
    name: Annotated[list[str], typer.Option(help="A host that it covers; repeat.")],
    measure: Annotated[str, typer.Option(help="What it orders.")] = "",
    months: Annotated[int, typer.Option(min=0, help="Its duration.")] = 0,
    runs_from: Annotated[
        str, typer.Option(help="service (on each party) or decision.")
    ] = "service",
    until: Annotated[str, typer.Option(help="A fixed end; goes before --months.")] = "",
    file: Annotated[Path | None, typer.Option(help="The decision; its SHA-256 is kept.")] = None,
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """Enter an order as its own wording has it."""
    from evidence.orders.register import STARTS, Terms
    from vigie.evidence import person

    console.one_of("--runs-from", runs_from, STARTS, needed=True)
    terms = Terms(
        case, court, number, _moment(decided), measure, name, party, runs_from, months or None,
        _moment(until) if until else None, _sha256(file),
    )  # fmt: skip
    with _orders(config) as (_, held):
        entered = held.add(terms, person(who))
    typer.echo(f"Order {entered} is entered; note each service: vigie order serve {entered} …")


@order.command("serve", epilog="Example: vigie order serve 1 --party Orange --on … --proof pv.pdf")
def serve(
    number: Annotated[int, typer.Argument(metavar="ORDER", help="Its number.")],
    party: Annotated[str, typer.Option(help="As the order names it.")],
    on: Annotated[str, typer.Option(help="When, with its zone.")],
    proof: Annotated[Path, typer.Option(help="The proof of service; its SHA-256 is kept.")],
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """Note when a party was served: its duration and its checks begin."""
    from vigie.evidence import person

    with _orders(config) as (_, held):
        held.serve(number, party, _moment(on), _sha256(proof), person(who))
        views = held.list(number)
    for view in views:
        if view.name == party:
            _tell(view, json=False)


@order.command("list", epilog="Example: vigie order list")
def list_(config: ConfigFile = None, json: AsJson = False) -> None:
    """Each party of each order: served, expiry, "ends-soon" from 60 days before."""
    with _orders(config) as (_, held):
        views = held.list()
    if not views and not json:
        typer.echo("There is no order. `vigie order add CASE` enters one.")
    for view in views:
        _tell(view, json=json)


@block.command("check", epilog="Example: vigie block check --order 1")
def check(
    number: Annotated[int, typer.Option("--order", help="Only this one.")] = 0,
    who: Who = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Ask each served party's resolver and the control; status 1 where something is not blocked."""
    from evidence.beside.dns import Resolver
    from evidence.orders.register import Provider
    from vigie.evidence import person

    with _orders(config) as (settings, held):
        told = settings.block
        if told.control is None:
            console.fail("There is no [block] control: without one a dead name looks blocked.")
        control = Resolver(
            told.control.name, told.control.address, told.control.port, told.control.where
        )
        providers = [
            Provider(one.party, Resolver(one.name, one.address, one.port, one.where))
            for one in told.provider
        ]
        open_ = False
        for view, name, found, why in held.check(
            providers, control, told.pages, who=person(who), order=number, seconds=told.timeout
        ):
            state = found.state if found else "not-checked"
            how = found.how if found else why
            open_ |= state in ("partly", "not-blocked")
            line = {"order": view.order.id, "party": view.name, "name": name, "state": state}
            if json:
                console.print_json({**line, "how": how})
            else:
                typer.echo(console.visible(f"{view.name}  {name}  {state}  {how}"))
        _warn(held.list(number))
    raise typer.Exit(console.NO if open_ else console.DONE)


def _warn(views: list[PartyView]) -> None:
    for view in views:
        if view.state == "ends-soon":
            typer.echo(
                f"order {view.order.id} ends for {console.visible(view.name)} on "
                f"{view.expires:%Y-%m-%d}: ask for its extension in time.", err=True,
            )  # fmt: skip


@contextmanager
def _orders(config: Path | None) -> Iterator[tuple[Config, Orders]]:
    from evidence.orders.register import Orders
    from index.leases import utc_now
    from vigie import config as configuration
    from vigie.wiring import open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        yield settings, Orders(record.engine, utc_now)


def _tell(view: PartyView, *, json: bool) -> None:
    if json:
        console.print_json(view.to_json())
        return
    served = f"served {view.served:%Y-%m-%d}" if view.served else "not served"
    ends = f", until {view.expires:%Y-%m-%d}" if view.expires else ""
    names = ", ".join(view.order.names)
    text = f"{view.order.id}  {view.order.court} {view.order.number}  {view.name}  {served}{ends}"
    typer.echo(console.visible(f"{text}  {view.state}  {names}"))


def _sha256(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        console.fail(f"{file} cannot be read: {error.strerror}.")


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        console.fail(f"{text!r} is no time with its zone; write 2026-11-28T10:00Z.", console.USAGE)
    return at
