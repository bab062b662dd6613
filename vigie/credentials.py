"""Passwords and cookie files of accounts, read at the edge; nothing of them is logged or stored."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from crawler import cookies
from crawler.source import Account
from vigie.config import AccountConfig, ConfigError, SourceConfig


def account_of(account: AccountConfig, source: SourceConfig) -> Account:
    """An account ready to be used; raises ConfigError, also when it is not recorded whose it is."""
    check_record(account)
    kept: tuple[dict[str, object], ...] = ()
    if account.cookies_file is not None:
        kept = _cookies(account.cookies_file, source)
    password = ""
    if account.password_env or account.password_file is not None or not kept:
        password = _password(account)
    return Account(account.username, password, kept, account.hours, account.delay)


def check_record(account: AccountConfig) -> None:
    """Raise ConfigError unless it is recorded whose the account is."""
    told = {"opened_by": account.opened_by, "authority": account.authority}
    missing = [name for name, value in told.items() if not value.strip()]
    missing += ["pseudonym"] if account.pseudonym is None else []
    if missing:
        raise ConfigError(
            f"its account {account.username} is not used before [[source.account]] says who opened "
            "it (opened_by), who decided that and on what ground (authority), and whether under "
            f"another name (pseudonym = true or false). Missing: {', '.join(missing)}."
        )


def save_cookies(path: Path, found: list[dict[str, object]]) -> None:
    """Write a session's cookies, for this user alone; the old file stays until the new is whole."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(cookies.to_json(found))
    fresh.replace(path)


def _cookies(path: Path, source: SourceConfig) -> tuple[dict[str, object], ...]:
    try:
        with path.open(encoding="utf-8") as file:
            _only_ours(path, file.fileno(), "log in again")
            text = file.read(cookies.MAX_BYTES)
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"the cookie file {path} cannot be read; `vigie source login {source.id}` writes it, "
            "or save it from a browser as text or JSON, mode 0600."
        ) from None
    hosts = [urlsplit(address).hostname or "" for address in source.start]
    try:
        found = cookies.of_hosts(cookies.parse(text), hosts)
    except cookies.BadCookies as error:
        raise ConfigError(f"the cookie file {path} is not readable: {error}.") from None
    if not found:
        raise ConfigError(f"the cookie file {path} holds no cookie of {', '.join(hosts)}.")
    return tuple(found)


def _only_ours(path: Path, descriptor: int, then: str) -> None:
    if stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
        raise ConfigError(
            f"the file {path} can be read by others; run `chmod 600 {path}` and {then}."
        )


def _password(account: AccountConfig) -> str:
    if account.password_env:
        value = os.environ.get(account.password_env, "")
        if not value:
            raise ConfigError(
                f"the environment has no {account.password_env}; set it where "
                "Vigie is started, or use password_file."
            )
        return value
    if account.password_file is None:
        raise ConfigError("its account has no password; set password_file or password_env.")
    path = account.password_file
    try:
        with path.open(encoding="utf-8") as file:
            _only_ours(path, file.fileno(), "change the password")
            value = file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"the password file {path} cannot be read; write the password into it, mode 0600."
        ) from None
    if not value:
        raise ConfigError(f"the password file {path} is empty; write the password into it.")
    return value
