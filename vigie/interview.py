"""The questions of `vigie init`, and its last words. What a flag gave is not asked again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer

from vigie.initialise import InitError, NewSource, Plan, source_from


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
    authority: str
    authority_until: str
    every: str
    user: str
    password_file: Path | None
    recipient: str


def complete(answers: Answers, *, ask: bool) -> tuple[Plan, str | None]:
    """A whole plan and the first user's password (None: a log-in link instead).

    With `ask` false, what has no default and no flag is an InitError that names the flag.
    """
    leak = answers.leak or _path(ask, "The leaked file (CSV of any shape)", "--leak")
    folder = answers.folder
    keys = answers.keys or _path(ask, "Folder for the keys", "", folder / "keys")
    storage = answers.storage or _path(ask, "Folder for the storage", "", folder / "var")
    addresses = list(answers.sources)
    while ask and not answers.sources:
        address = typer.prompt("A page to watch (Enter when done)", default="", show_default=False)
        if not address:
            break
        addresses.append(address)
    taken: set[str] = set()
    sources: tuple[NewSource, ...] = tuple(source_from(address, taken) for address in addresses)
    authority, until = answers.authority, answers.authority_until
    if ask and sources and not authority:
        authority = typer.prompt("Who decided to watch, on what ground", default="")
        until = until or typer.prompt("Until when (2027-06-30, Enter for no end)", default="")
    user = answers.user or (typer.prompt("First user", default="analyst") if ask else "analyst")
    plan = Plan(
        folder=folder, leak=leak.resolve(), name=answers.name or leak.stem,
        keys=keys.resolve(), storage=storage.resolve(), sources=sources, authority=authority,
        authority_until=_date(until), every=answers.every, user=user,
        recipient=answers.recipient, schema=answers.schema,
    )  # fmt: skip
    return plan, _password(answers.password_file, user, ask=ask)


def _path(ask: bool, question: str, flag: str, default: Path | None = None) -> Path:
    if ask:
        return Path(typer.prompt(question, default=default))
    if default is None:
        raise InitError(f"{flag} is missing; give it, or leave out --no-ask to be asked.")
    return default


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
            return file.read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            raise InitError(f"{file} cannot be read: {error.strerror}.") from None
    if not ask:
        return None
    typed: str = typer.prompt(
        f"Password for {user} (Enter for a one-time log-in link)",
        default="", show_default=False, hide_input=True,
    )  # fmt: skip
    return typed or None


def say_what_comes(plan: Plan, *, linked: bool) -> None:
    """End by saying what `vigie watch` will do, and what a person still has to."""
    say = typer.echo
    say("")
    say(f"Ready: {plan.config_file}")
    if plan.sources:
        say("`vigie watch` will")
        for source in plan.sources:
            say(
                f"  - crawl {source.address} (as {source.id}), every {plan.every} at the most often"
            )
        say(f"  - look in every new post for the people of {plan.name}, keeping nothing else")
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
