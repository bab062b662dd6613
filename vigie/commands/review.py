"""Commands: the review application and who may sign in to it."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vigie import console

if TYPE_CHECKING:
    from index.accounts import AccountStore
    from vigie.config import Config

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines on stdout.")]

user = typer.Typer(
    help="Who may sign in to the review application.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(
        epilog="Example: vigie serve --port 8700",
    )(serve)
    app.add_typer(user, name="user")


def serve(
    config: ConfigFile = None,
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond this machine only with a reason.")
    ] = "",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.")
    ] = None,
    login_link: Annotated[
        str, typer.Option("--login-link", metavar="USER", help="Print a one-time log-in link.")
    ] = "",
    json: AsJson = False,
) -> None:
    """Start the review application; Ctrl-C stops it."""
    from dataclasses import replace

    from index.accounts import AccountStore
    from index.engine import open_record
    from review.app import Parts
    from review.server import serve as run
    from review.settings import Settings
    from vigie import config as configuration
    from vigie import logs
    from vigie.exporting import Exports
    from vigie.unmasking import unmasker
    from vigie.wiring import open_index

    settings = configuration.load(config)
    wanted = Settings(
        host=settings.review.host,
        port=settings.review.port,
        address=settings.review.address,
        allow_outside=settings.review.allow_outside,
        language=settings.review.language,
    )
    if host:
        wanted = replace(wanted, host=host)
    if port is not None:
        wanted = replace(wanted, port=port)
    wanted.check()
    logs.configure()
    engine = open_record(settings.database_url)
    accounts = AccountStore(engine)
    if login_link:
        accounts.must_exist(login_link)

    def ready(bound: Settings) -> None:
        link = ""
        if login_link:
            link = f"{bound.origin}/login/once#{accounts.new_login_token(login_link)}"
        if json:
            console.print_json({"address": bound.origin, **({"login": link} if link else {})})
            return
        typer.echo(f"Review application: {bound.origin}  (Ctrl-C stops it)")
        if link:
            typer.echo(f"One-time log-in for {login_link}, 15 minutes: {link}")
        elif not accounts.users():
            typer.echo("Nobody can sign in yet: vigie user add NAME", err=True)
        sys.stdout.flush()

    exports = Exports(settings.storage.path / "exports", configuration.find(config).resolve())
    parts = Parts(unmasker(settings), exports, settings.gdpr.role)
    try:
        with open_index(settings) as search:
            run(engine, wanted, search, ready, parts)
    finally:
        engine.dispose()


@user.command("add", epilog="Example: vigie user add jeanne --password-file jeanne.txt")
def add(
    name: Annotated[str, typer.Argument(help="Letters, digits, . _ @ -")],
    password_file: Annotated[
        Path | None,
        typer.Option(help='Its first line is the password; "-" reads stdin. None: it is asked.'),
    ] = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Sign in with one-time links only.")
    ] = False,
    language: Annotated[str, typer.Option(help="fr or en; otherwise the browser's.")] = "",
    config: ConfigFile = None,
) -> None:
    """Let a person sign in. A password is never given on the command line."""
    with _accounts(config) as accounts:
        password = None if no_password else _password(password_file)
        accounts.add(name, password, language=language)
    typer.echo(f"{name} may sign in.")


@user.command("password", epilog="Example: vigie user password jeanne")
def password(
    name: Annotated[str, typer.Argument(help="Whose.")],
    password_file: Annotated[
        Path | None, typer.Option(help='Its first line is the password; "-" reads stdin.')
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Give a user a new password; their open sessions end."""
    with _accounts(config) as accounts:
        accounts.must_exist(name)
        accounts.set_password(name, _password(password_file))
    typer.echo(f"{name} has a new password; sessions that were open are closed.")


@user.command("disable", epilog="Example: vigie user disable jeanne")
def disable(name: Annotated[str, typer.Argument(help="Whom.")], config: ConfigFile = None) -> None:
    """Shut a user out at once, open sessions included."""
    with _accounts(config) as accounts:
        accounts.disable(name)
    typer.echo(f"{name} is shut out; sessions that were open are closed.")


@user.command("enable", epilog="Example: vigie user enable jeanne")
def enable(name: Annotated[str, typer.Argument(help="Whom.")], config: ConfigFile = None) -> None:
    """Let a disabled user in again."""
    with _accounts(config) as accounts:
        accounts.disable(name, disabled=False)
    typer.echo(f"{name} may sign in again.")


@user.command("role", epilog="Example: vigie user role claire legal")
def role(
    name: Annotated[str, typer.Argument(help="Whose.")],
    wanted: Annotated[str, typer.Argument(metavar="ROLE", help="analyst or legal.")],
    who: Annotated[str, typer.Option(help="Who decides it; otherwise your account.")] = "",
    config: ConfigFile = None,
) -> None:
    """Give a user another role. legal: may also open single records, export and close."""
    from index.accounts import ROLES
    from vigie.evidence import person

    console.one_of("ROLE", wanted, ROLES)
    with _accounts(config) as accounts:
        accounts.set_role(name, wanted, person(who))
    typer.echo(f"{name} has the role {wanted}.")


@user.command("list", epilog="Example: vigie user list --json")
def list_users(config: ConfigFile = None, json: AsJson = False) -> None:
    """Everyone who has an account."""
    with _accounts(config) as accounts:
        found, roles = accounts.users(), accounts.roles()
    for name, disabled in found:
        if json:
            console.print_json({"name": name, "role": roles[name], "disabled": disabled})
        else:
            typer.echo(f"{name}  {roles[name]}{'  (disabled)' if disabled else ''}")
    if not found and not json:
        typer.echo("Nobody yet: vigie user add NAME")


@user.command("login-link", epilog="Example: vigie user login-link jeanne")
def login_link(
    name: Annotated[str, typer.Argument(help="For whom.")], config: ConfigFile = None
) -> None:
    """Print a link that signs a user in once, within 15 minutes."""
    from review.settings import Settings
    from vigie import config as configuration

    settings = configuration.load(config)
    review = settings.review
    where = Settings(review.host, review.port, review.address, review.allow_outside)
    with _open(settings) as accounts:
        token = accounts.new_login_token(name)
    typer.echo(f"{where.origin}/login/once#{token}")


def _accounts(config: Path | None) -> AbstractContextManager[AccountStore]:
    from vigie import config as configuration

    return _open(configuration.load(config))


def _open(settings: Config) -> AbstractContextManager[AccountStore]:
    from collections.abc import Iterator
    from contextlib import contextmanager

    from index.accounts import AccountStore
    from index.engine import open_record

    @contextmanager
    def opened() -> Iterator[AccountStore]:
        engine = open_record(settings.database_url)
        try:
            yield AccountStore(engine)
        finally:
            engine.dispose()

    return opened()


def _password(file: Path | None) -> str:
    if file is not None and str(file) != "-":
        try:
            return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError):
            console.fail(f"{file} cannot be read as text; its first line is the password.")
    if file is not None or not sys.stdin.isatty():
        found = sys.stdin.readline().rstrip("\r\n")
        if not found:
            console.fail("No password came on stdin; use --password-file or a terminal.", 2)
        return found
    found = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return str(found)
