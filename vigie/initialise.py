"""`vigie init`: from a leaked file to a configuration that `vigie watch` can run.

The plan is plain data, filled by questions or by flags; `carry_out` makes everything and never
overwrites: what exists already is refused before anything is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import tomlkit

from vigie.config import parse


class InitError(Exception):
    """A case cannot be set up as asked; nothing was written, or the message says what was."""


@dataclass(frozen=True, slots=True)
class NewSource:
    """A first place to watch. `allow` are inner networks that it may be found in."""

    id: str
    address: str
    allow: tuple[str, ...] = ()


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


def inner_network(address: str) -> tuple[str, ...]:
    """The networks to name in allow_addresses for an address that itself says that it lies inside
    (localhost, 10.1.2.3); () for any other. Names are not looked up."""
    from egress.policy import why_refused

    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return ("127.0.0.0/8", "::1/128")
    try:
        literal = ip_address(host)
    except ValueError:
        return ()
    if not why_refused(literal):
        return ()
    return ("127.0.0.0/8",) if literal.is_loopback and literal.version == 4 else (str(literal),)


def check(plan: Plan, password: str | None = None) -> None:
    """Refuse, before anything is written, what could not be carried out.

    Raises InitError, AccountError for a user that cannot be, ConfigError for a value that
    vigie.toml could not hold.
    """
    from index.accounts import check_new

    check_leak(plan.leak)
    check_new(plan.user, password)
    check_recipient(plan.recipient)
    parse(configuration(plan, plan.recipient), plan.config_file)
    if plan.storage.is_relative_to(plan.keys) or plan.keys.is_relative_to(plan.storage):
        raise InitError(
            f"Keys ({plan.keys}) and storage ({plan.storage}) must not lie in one another: "
            "whoever copied one would have both."
        )
    for path in _made(plan):
        check_free(path)


def check_leak(path: Path) -> None:
    """Raise InitError unless there is such a file."""
    if not path.is_file():
        raise InitError(f"There is no file at {path}; name the leaked file.")


def check_free(path: Path) -> None:
    """Raise InitError where something would be overwritten."""
    if path.exists():
        raise InitError(f"{path} exists already and is not overwritten; move it away first.")


def check_recipient(recipient: str) -> None:
    """Raise InitError for what is no age public key; "" stands for a new one."""
    from pyrage import x25519

    if not recipient:
        return
    try:
        x25519.Recipient.from_str(recipient)
    except Exception:  # pyrage's own error type is not public, and its text holds the key
        raise InitError(
            "The recipient is no age public key: it begins with age1…, and age-keygen prints it."
        ) from None


def _made(plan: Plan) -> list[Path]:
    """What is made, the configuration last."""
    keys = [plan.leak_key] if plan.recipient else [plan.leak_key, plan.sealing_key]
    return [*keys, plan.fingerprint_file, plan.config_file]


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
    if source.allow:
        table.add("allow_addresses", list(source.allow))
    return table


def _relative(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def first_rows(plan: Plan, lines: int = 24, size: int = 64 * 1024) -> str:
    """The beginning of the leaked file as text. It is in memory only."""
    from matching.inspect import inspect
    from matching.schema import read_schema

    schema = read_schema(plan.schema) if plan.schema else inspect(plan.leak)
    with plan.leak.open("rb") as file:
        text = file.read(size).decode(schema.encoding, "replace")
    return "\n".join(text.splitlines()[:lines])


def carry_out(plan: Plan, fingerprint: Callable[[Plan], None], password: str | None) -> None:
    """Make keys, fingerprint file, vigie.toml, record and first user, in this order.

    When a step fails or is interrupted, what was made is removed, so that it can be done again:
    keys that nothing was fingerprinted with are of no use. Raises what `check` raises, InitError,
    or the room's own error.
    """
    check(plan, password)
    try:
        for folder in (plan.folder, plan.keys, plan.storage):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InitError(
            f"{error.filename} cannot be made: {error.strerror}. Mend the rights, or name another."
        ) from None
    try:
        _carry_out(plan, fingerprint, password)
    except BaseException:
        for path in _made(plan):
            path.unlink(missing_ok=True)
        raise


def _carry_out(plan: Plan, fingerprint: Callable[[Plan], None], password: str | None) -> None:
    from index.accounts import AccountStore
    from index.engine import open_record
    from matching.keys import new_key
    from vigie.config import load

    new_key(plan.leak_key)
    recipient = plan.recipient or new_sealing_key(plan.sealing_key)
    fingerprint(plan)
    plan.config_file.write_text(configuration(plan, recipient), encoding="utf-8")
    plan.config_file.chmod(0o600)
    engine = open_record(load(plan.config_file).database_url)
    try:
        AccountStore(engine).add(plan.user, password)
    finally:
        engine.dispose()
