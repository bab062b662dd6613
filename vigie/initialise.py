"""`vigie init`: from a leaked file to a configuration that `vigie watch` can run.

The plan is plain data, filled by questions or by flags; `carry_out` makes everything and never
overwrites: what exists already is refused before anything is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import tomlkit

from vigie.config import ConfigError


class InitError(Exception):
    """A case cannot be set up as asked; nothing was written, or the message says what was."""


@dataclass(frozen=True, slots=True)
class NewSource:
    """A first place to watch."""

    id: str
    address: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that `vigie init` needs. `recipient` "" makes a new age key beside the leak's key."""

    folder: Path
    leak: Path
    name: str
    keys: Path
    storage: Path
    sources: tuple[NewSource, ...]
    authority: str
    authority_until: date | None
    every: str
    user: str
    recipient: str = ""
    schema: Path | None = None

    @property
    def config_file(self) -> Path:
        """Where vigie.toml goes."""
        return self.folder / "vigie.toml"

    @property
    def leak_key(self) -> Path:
        """Where the leak's key goes."""
        return self.keys / "leak.key"

    @property
    def sealing_key(self) -> Path:
        """Where the private age key goes when one is made."""
        return self.keys / "sealing.key"

    @property
    def fingerprint_file(self) -> Path:
        """Where the fingerprint file goes."""
        return self.folder / "leak.vfp"


def source_from(address: str, taken: set[str]) -> NewSource:
    """A source with an id made from its host; raises InitError for what is no http address."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InitError(
            f"{address} is no address to watch: it must begin with http:// or https://."
        )
    stem = re.sub(r"[^a-z0-9]+", "-", f"{parts.hostname} {parts.port or ''}".lower()).strip("-")
    number, name = 2, stem
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    taken.add(name)
    return NewSource(name, address)


def check(plan: Plan) -> None:
    """Refuse, before anything is written, what could not be carried out; raises InitError."""
    if not plan.leak.is_file():
        raise InitError(f"There is no file at {plan.leak}; name the leaked file.")
    if plan.storage.is_relative_to(plan.keys) or plan.keys.is_relative_to(plan.storage):
        raise InitError(
            f"Keys ({plan.keys}) and storage ({plan.storage}) must not lie in one another: "
            "whoever copied one would have both."
        )
    made = [plan.config_file, plan.fingerprint_file, plan.leak_key]
    if not plan.recipient:
        made.append(plan.sealing_key)
    for path in made:
        if path.exists():
            raise InitError(f"{path} exists already and is not overwritten; move it away first.")


def new_sealing_key(path: Path) -> str:
    """Make an age key file (mode 0600) and give back its public half."""
    from os import O_CREAT, O_EXCL, O_WRONLY, fdopen
    from os import open as open_file

    from pyrage import x25519

    identity = x25519.Identity.generate()
    with fdopen(open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0o600), "w") as file:
        file.write(f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


def configuration(plan: Plan, recipient: str) -> str:
    """The text of vigie.toml, paths relative to its folder where they lie in it."""
    document = tomlkit.document()
    document.add(tomlkit.comment("Vigie's configuration. `vigie doctor` checks it."))
    storage = tomlkit.table()
    storage.add("path", _relative(plan.storage, plan.folder))
    storage.add("key_file", _relative(plan.keys / "record.key", plan.folder))
    document.add("storage", storage)
    sealing = tomlkit.table()
    sealing.add(tomlkit.comment("Originals are encrypted to these age keys; keep the private"))
    sealing.add(tomlkit.comment("half with legal staff, on another machine."))
    sealing.add("recipients", [recipient])
    document.add("sealing", sealing)
    leak = tomlkit.table()
    leak.add("file", _relative(plan.fingerprint_file, plan.folder))
    leak.add("key_file", _relative(plan.leak_key, plan.folder))
    leaks = tomlkit.aot()
    leaks.append(leak)
    document.add("leak", leaks)
    sources = tomlkit.aot()
    for source in plan.sources:
        sources.append(_source_table(plan, source))
    if plan.sources:
        document.add("source", sources)
    return tomlkit.dumps(document)


def _source_table(plan: Plan, source: NewSource) -> tomlkit.items.Table:
    table = tomlkit.table()
    table.add("id", source.id)
    table.add("start", [source.address])
    table.add("every", plan.every)
    table.add("authority", plan.authority)
    if plan.authority_until:
        table.add("authority_until", plan.authority_until)
    return table


def _relative(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def carry_out(plan: Plan, fingerprint: Callable[[Plan], None], password: str | None) -> None:
    """Make keys, fingerprint file, vigie.toml, record and first user, in this order.

    vigie.toml comes after the slow step, so that an interrupted run leaves no configuration
    that points at nothing. Raises InitError, or the room's own error.
    """
    from index.accounts import AccountStore
    from index.engine import open_record
    from matching.keys import new_key
    from vigie.config import load

    check(plan)
    for folder in (plan.folder, plan.keys, plan.storage):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    new_key(plan.leak_key)
    recipient = plan.recipient or new_sealing_key(plan.sealing_key)
    fingerprint(plan)
    plan.config_file.write_text(configuration(plan, recipient), encoding="utf-8")
    plan.config_file.chmod(0o600)
    try:
        config = load(plan.config_file)
    except ConfigError as error:
        raise InitError(f"The configuration just written is not accepted: {error}") from None
    engine = open_record(config.database_url)
    try:
        AccountStore(engine).add(plan.user, password)
    finally:
        engine.dispose()
