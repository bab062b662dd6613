"""Commands: requests to whoever can take a copy down, and the annex for the court."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from evidence.requests.drafting import Order
    from evidence.requests.register import Register, RequestView
    from vigie.config import Config

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]
Number = Annotated[int, typer.Argument(metavar="REQUEST", help="Its number.")]
CaseNumber = Annotated[int, typer.Argument(metavar="CASE", help="Its number.")]
Who = Annotated[str, typer.Option("--who", help="Who does this; otherwise your account.")]

notice = typer.Typer(
    help="Requests to publisher, host, registrar, CDN, search engine: nothing leaves unapproved.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(notice, name="notice")


@notice.command(
    "draft", epilog="Example: vigie notice draft 3 --to host --contact abuse@host.example"
)
def draft(
    case: CaseNumber,
    to: Annotated[
        list[str] | None,
        typer.Option(help="publisher, host, registrar, cdn or search; otherwise all five."),
    ] = None,
    host: Annotated[str, typer.Option(help="Only copies on this host.")] = "",
    name: Annotated[str, typer.Option(help="The addressee's name.")] = "",
    contact: Annotated[
        str, typer.Option(help="Mail address; otherwise from RDAP kept with the captures.")
    ] = "",
    contact_from: Annotated[str, typer.Option(help="Where that address was found.")] = "",
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
    within: Annotated[int, typer.Option(min=1, help="Hours until an answer is due.")] = 24,
    reminder_of: Annotated[int, typer.Option(help="The first request, still up.")] = 0,
    reupload_of: Annotated[int, typer.Option(help="The first request, up again.")] = 0,
    who: Who = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Write drafts, one for each addressee and host, from the same facts. Nothing is sent."""
    from evidence.requests.drafting import Order
    from evidence.requests.texts import ADDRESSEES, LANGUAGES

    for one in to or ():
        console.one_of("--to", one, ADDRESSEES, needed=True)
    console.one_of("--language", language, LANGUAGES, needed=True)
    if reminder_of and reupload_of:
        console.fail("A request is a reminder or follows a re-upload, not both.", console.USAGE)
    if (contact or name) and len(to or ()) != 1:
        console.fail("--name and --contact need exactly one --to.", console.USAGE)
    kind = "reminder" if reminder_of else "reupload" if reupload_of else "notice"
    orders = [
        Order(case, one, host, name, contact, contact_from, language, timedelta(hours=within),
              kind, reminder_of or reupload_of)
        for one in to or ADDRESSEES
    ]  # fmt: skip
    with _register(config) as (settings, engine, held):
        numbers, refused = _draft(settings, engine, orders, who)
        for number in numbers:
            _tell(held.get(number), json=json)
    for sentence in refused:
        typer.echo(f"vigie: {sentence}", err=True)
    if refused:
        raise typer.Exit(console.PARTLY if numbers else console.FAILED)


def _draft(
    settings: Config, engine: Engine, orders: list[Order], who: str
) -> tuple[list[int], list[str]]:
    """Numbers of drafts, and a sentence for each that could not be made: one does not stop the
    others. A search engine is asked about every copy, the others about one host each."""
    from dataclasses import replace

    from evidence.errors import EvidenceError
    from evidence.requests import drafting
    from evidence.requests.facts import facts_of
    from index.engine import reading
    from index.errors import Conflict
    from vigie.evidence import person, store
    from vigie.requests import sender

    with reading(engine) as connection:
        hosts = facts_of(connection, orders[0].case).hosts
    numbers, refused = [], []
    for order in orders:
        single = order.host or order.addressee == "search"
        for host in (order.host,) if single else hosts:
            try:
                numbers.append(
                    drafting.draft(
                        engine, store(settings), sender(settings), replace(order, host=host),
                        who=person(who), now=datetime.now(UTC),
                    )
                )  # fmt: skip
            except (Conflict, EvidenceError) as error:
                refused.append(f"{order.addressee} {host or 'all copies'}: {error}".strip())
    return numbers, refused


@notice.command("show", epilog="Example: vigie notice show 4 -o request-4")
def show(
    request: Number,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A new folder for .eml, .txt and XARF.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Print the exact text and the SHA-256 that an approval names."""
    from evidence.requests import message

    with _register(config) as (_, _, held):
        view = held.get(request)
    body, row = message.body_of(view.row.message), view.row
    typer.echo(console.visible(f"{row.contact or '(no mail address)'}: {row.subject}"))
    typer.echo("\n" + "\n".join(console.visible(line) for line in body.splitlines()))
    reports = message.reports_of(row.message)
    typer.echo(f"\nXARF reports attached: {len(reports)}. State: {view.state}.")
    if row.missing:
        typer.echo(f"Missing: {', '.join(row.missing)}")
    typer.echo(f"SHA-256 {row.sha256}")
    if output is not None:
        found = {"request.eml": row.message, "request.txt": body.encode()}
        found |= {f"xarf-{number}.json": one for number, one in enumerate(reports, 1)}
        _write_folder(output, found)


@notice.command("approve", epilog="Example: vigie notice approve 4 --sha256 … --who 'Jeanne Roy'")
def approve(
    request: Number,
    sha256: Annotated[str, typer.Option(help="The digest that `vigie notice show` prints.")],
    who: Annotated[str, typer.Option(help="The person who has read that text.")],
    config: ConfigFile = None,
) -> None:
    """A named person approves exactly this text; its SHA-256 goes into the custody log."""
    if not who.strip():
        console.fail("An approval needs the name of a person.", console.USAGE)
    with _register(config) as (_, _, held):
        held.approve(request, sha256.strip(), who.strip()[:100])
    typer.echo(f"Request {request} is approved by {console.visible(who.strip())}; not yet sent.")


@notice.command("withdraw", epilog='Example: vigie notice withdraw 4 --reason "wrong host"')
def withdraw(
    request: Number,
    reason: Annotated[str, typer.Option(help="Why; goes into the log.")] = "",
    who: Who = "",
    config: ConfigFile = None,
) -> None:
    """Give up a request that has not left; its addresses may be asked about again."""
    from vigie.evidence import person

    with _register(config) as (_, _, held):
        held.withdraw(request, person(who), reason)
    typer.echo(f"Request {request} is withdrawn.")


@notice.command("send", epilog="Example: vigie notice send 4")
def send(
    request: Number,
    by_hand: Annotated[
        str, typer.Option(help="It was sent otherwise: how, and what receipt there is.")
    ] = "",
    at: Annotated[str, typer.Option(help="With --by-hand: when, as 2026-11-28T10:00Z.")] = "",
    did_not_leave: Annotated[
        str, typer.Option(help="A mail of unknown fate did not leave: how you know.")
    ] = "",
    who: Who = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Send an approved request by SMTP, or note that it was sent by hand."""
    from vigie.evidence import person
    from vigie.requests import mail_server

    with _register(config) as (settings, _, held):
        if did_not_leave:
            held.did_not_leave(request, person(who), did_not_leave)
            view = held.get(request)
        elif by_hand:
            when = _moment(at) if at else datetime.now(UTC)
            view = held.sent_by_hand(request, person(who), when, by_hand)
        else:
            view = held.send(request, person(who), mail_server(settings).hand)
    _tell(view, json=json)


@notice.command("answer", epilog="Example: vigie notice answer 4 --kind removed --file reply.eml")
def answer(
    request: Number,
    kind: Annotated[str, typer.Option(help="receipt, bounce, question, refused or removed.")],
    file: Annotated[Path | None, typer.Option(help="What came back; it is sealed.")] = None,
    at: Annotated[str, typer.Option(help="When, as 2026-11-28T10:00Z; otherwise now.")] = "",
    who: Who = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """File a receipt or an answer. Its body may quote anything, so it is sealed."""
    from evidence.requests.register import ANSWERS
    from vigie.evidence import person
    from vigie.requests import answers

    console.one_of("--kind", kind, ANSWERS, needed=True)
    try:
        body = file.read_bytes() if file is not None else b""
    except OSError as error:
        console.fail(f"{file} cannot be read: {error.strerror}.")
    with _register(config) as (settings, _, held):
        when = _moment(at) if at else datetime.now(UTC)
        sealed = held.answer(
            request, kind, person(who), at=when, body=body, originals=answers(settings)
        )
        view = held.get(request)
    _tell(view, json=json)
    if body and not sealed:
        typer.echo(
            "Only the file's SHA-256 is kept, for no [sealing] recipients are configured: keep the "
            "file itself safe.", err=True,
        )  # fmt: skip


@notice.command("list", epilog="Example: vigie notice list --case 3")
def list_(
    case: Annotated[int, typer.Option(help="Only this case's.")] = 0,
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Requests with their state and due time; "silent" is past its due time without an answer."""
    with _register(config) as (_, _, held):
        found = held.list(case)
    for view in found:
        _tell(view, json=json)
    if not found and not json:
        typer.echo("There is no request. `vigie notice draft CASE` writes drafts.")


@notice.command("claim", epilog='Example: vigie notice claim 3 --claimant "Laboratoire X"')
def claim(
    case: CaseNumber,
    claimant: Annotated[str | None, typer.Option(help="Who claims.")] = None,
    standing: Annotated[str | None, typer.Option(help="Standing and interest.")] = None,
    harm: Annotated[str | None, typer.Option(help="The harm, without any person's data.")] = None,
    mandate: Annotated[str | None, typer.Option(help="On whose mandate you act.")] = None,
    without_notice: Annotated[
        str | None, typer.Option(help="Why asking first would be useless or too slow.")
    ] = None,
    who: Who = "",
    config: ConfigFile = None,
    json: AsJson = False,
) -> None:
    """Fill in what only a person knows of a case; without options, show it."""
    from evidence.requests.drafting import fill_in
    from vigie.evidence import person

    given = {"claimant": claimant, "standing": standing, "harm": harm, "mandate": mandate,
             "without_notice": without_notice}  # fmt: skip
    fields = {name: text.strip() for name, text in given.items() if text is not None}
    with _register(config) as (_, engine, _):
        told = fill_in(engine, case, fields, who=person(who), now=datetime.now(UTC))
    found = {name: getattr(told, name) for name in given}
    if json:
        console.print_json({"case": case, **found})
        return
    for name, text in found.items():
        typer.echo(f"{name:15} {console.visible(text) or 'MISSING'}")


@notice.command("annex", epilog="Example: vigie notice annex 3 -o annexe.md")
def annex_(
    case: CaseNumber,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A new file.")] = None,
    config: ConfigFile = None,
) -> None:
    """The pleading annex for article 6-3 LCEN (French), complete also where nobody was asked."""
    from evidence.requests.annex import annex
    from evidence.requests.facts import facts_of
    from index.engine import reading

    with _register(config) as (_, engine, held):
        with reading(engine) as connection:
            facts = facts_of(connection, case)
        text = annex(facts, held.list(case), datetime.now(UTC))
    if output is None:
        typer.echo("\n".join(console.visible(line) for line in text.splitlines()))
    else:
        _write(output, text.encode())


@contextmanager
def _register(config: Path | None) -> Iterator[tuple[Config, Engine, Register]]:
    from evidence.requests.register import Register
    from index.leases import utc_now
    from vigie import config as configuration
    from vigie.wiring import open_record

    settings = configuration.load(config)
    with open_record(settings) as record:
        yield settings, record.engine, Register(record.engine, utc_now)


def _tell(view: RequestView, *, json: bool) -> None:
    if json:
        console.print_json(view.to_json())
        return
    row = view.row
    due = f", due {row.due:%Y-%m-%d %H:%M} UTC" if row.due is not None else ""
    missing = f", missing {', '.join(row.missing)}" if row.missing else ""
    after = f" after {row.first}" if row.first else ""
    to = console.visible(f"{row.addressee} {row.name} <{row.contact}>")
    typer.echo(f"{row.id}  case {row.case}  {row.kind}{after}  {to}  {view.state}{due}{missing}")
    if view.state == "draft":
        typer.echo(f"   read it: vigie notice show {row.id}")


def _moment(text: str) -> datetime:
    at: datetime | None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        console.fail(f"{text!r} is no time with its zone; write 2026-11-28T10:00Z.", console.USAGE)
    return at


def _write_folder(folder: Path, found: dict[str, bytes]) -> None:
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        console.fail(f"{folder} cannot be made: {error.strerror}. Nothing is overwritten.")
    for name, data in found.items():
        _write(folder / name, data)


def _write(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        console.fail(f"{path} cannot be written: {error.strerror}. Nothing is overwritten.")
    typer.echo(str(path), err=True)
