"""The questions of `vigie init`, and its last words. What a flag gave is not asked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import typer

from index.accounts import AccountError, check_new
from vigie.initialise import (
    InitError,
    NewSource,
    Plan,
    check_free,
    check_leak,
    inner_network,
    source_from,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answers:
    """What the flags said; None and "" mean not said."""

    leak: Path | None
    folder: Path
    name: str
    keys: Path | None
    storage: Path | None
    schema: Path | None
    sources: tuple[str, ...]
    allow: tuple[str, ...]
    authority: str
    authority_until: str
    every: str
    user: str
    password_file: Path | None
    recipient: str


def complete(answers: Answers, *, ask: bool) -> tuple[Plan, str | None]:
    """A whole plan and the first user's password (None: a log-in link instead).

    An answer that cannot be is said and asked again. With `ask` false, what has no default and no
    flag is an InitError that names the flag.
    """
    folder = answers.folder
    check_free(folder / "vigie.toml")
    leak = answers.leak or _leak(ask=ask)
    keys = answers.keys or _folder("Folder for the keys", folder / "keys", ask=ask)
    storage = answers.storage or _folder("Folder for the storage", folder / "var", ask=ask)
    sources = _sources(answers, ask=ask)
    authority, until = answers.authority, _date(answers.authority_until)
    if ask and sources and not authority:
        authority = typer.prompt(
            "Who decided to watch, on what ground (Enter to say later)", "", show_default=False
        )
        until = until or _until(_date, "Until when (2027-06-30, Enter for no end)")
    user = answers.user or (_until(_user, "First user", "analyst") if ask else "analyst")
    plan = Plan(
        folder=folder, leak=leak.expanduser().resolve(), name=answers.name or leak.stem,
        keys=keys.resolve(), storage=storage.resolve(), sources=sources, authority=authority,
        authority_until=until, every=answers.every, user=user,
        recipient=answers.recipient, schema=answers.schema,
    )  # fmt: skip
    return plan, _password(answers.password_file, user, ask=ask)


def _until(read: Callable[[str], T], question: str, default: str = "", **more: Any) -> T:
    """Ask until `read` takes the answer; what is wrong with one is said."""
    while True:
        text = typer.prompt(question, default=default, show_default=bool(default), **more)
        try:
            return read(text.strip())
        except (InitError, AccountError) as error:
            typer.echo(f"  {error}", err=True)


def _leak(*, ask: bool) -> Path:
    if not ask:
        raise InitError("--leak is missing; give it, or leave out --no-ask to be asked.")

    def read(text: str) -> Path:
        path = Path(text).expanduser()
        check_leak(path)
        return path

    return _until(read, "The leaked file (CSV of any shape)")


def _folder(question: str, default: Path, *, ask: bool) -> Path:
    return Path(typer.prompt(question, default=default)).expanduser() if ask else default


def _sources(answers: Answers, *, ask: bool) -> tuple[NewSource, ...]:
    taken: set[str] = set()
    if answers.sources:
        return tuple(_allowed(source_from(one, taken), answers, ask=ask) for one in answers.sources)
    found: list[NewSource] = []
    while ask:
        source = _until(
            lambda text: source_from(text, taken) if text else None,
            "A page to watch, as https://… (Enter when done)",
        )
        if source is None:
            break
        found.append(_allowed(source, answers, ask=ask))
    return tuple(found)


def _allowed(source: NewSource, answers: Answers, *, ask: bool) -> NewSource:
    """The source with the inner networks it may lie in; nothing inside is read unless so said."""
    inside = inner_network(source.address)
    if answers.allow or not inside:
        return replace(source, allow=answers.allow)
    if ask and typer.confirm(
        f"{source.address} lies on this machine or in your own network. Watch it all the same?"
    ):
        return replace(source, allow=inside)
    raise InitError(
        f"{source.address} lies on this machine or in your own network, where nothing is read "
        f"unless you say so: --allow-address {inside[0]}"
    )


def _user(text: str) -> str:
    check_new(text, None)
    return text


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InitError(f"{text} is no date; write it as 2027-06-30.") from None


def _password(file: Path | None, user: str, *, ask: bool) -> str | None:
    if file is not None:
        try:
            if file.stat().st_mode & 0o077:
                raise InitError(f"Others can read {file}; close it first: chmod 600 {file}")
            return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except UnicodeDecodeError:
            raise InitError(f"{file} is no text; its first line is the password.") from None
        except OSError as error:
            raise InitError(f"{file} cannot be read: {error.strerror}.") from None
    if not ask:
        return None

    def read(text: str) -> str | None:
        if text:
            check_new(user, text)
        return text or None

    return _until(read, f"Password for {user} (Enter for a one-time log-in link)", hide_input=True)


def say_what_comes(plan: Plan, *, linked: bool) -> None:
    """End by saying what `vigie watch` will do, and what a person still has to."""
    say = typer.echo
    say("")
    say(f"Ready: {plan.config_file}")
    if plan.sources:
        say("`vigie watch` will")
        for source in plan.sources:
            say(f"  - crawl {source.address} (as {source.id}), at most every {plan.every}")
        say(f"  - look in every new post for people of the leak “{plan.name}”, keep nothing else")
        say("  - raise alerts, listed by `vigie alerts` and at http://127.0.0.1:8642/")
    else:
        say("There is no source yet: `vigie source add` or a [[source]] in vigie.toml.")
    say("Before that:")
    if not plan.recipient:
        say(f"  - move {plan.sealing_key} to legal staff, off this machine: it opens the originals")
    say(f"  - put {plan.leak} away: it is not needed again")
    if plan.sources and not plan.authority:
        say("  - write into vigie.toml who decided to watch each source (authority)")
    if linked:
        say(f"  - `vigie user login-link {plan.user}` prints a one-time link for the first log-in")
    say("`vigie doctor` checks all of it.")
