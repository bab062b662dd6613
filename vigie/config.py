"""vigie.toml: read, checked, and every error named by key and line.

`load` is the one door. Unknown keys, missing files and wrong types end in a ConfigError that
says which key, on which line, and what to do. `VIGIE_SECTION__KEY` in the environment
overrides a key of a section; relative paths are relative to the file's folder.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from vigie.config_place import ConfigError as ConfigError
from vigie.config_place import find as find
from vigie.config_types import (
    Address,
    Addresses,
    Digest,
    Hours,
    Network,
    Seconds,
    Section,
    Since,
    mistake,
)
from vigie.evidence_config import (
    BlockConfig,
    EvidenceConfig,
    SealingConfig,
    SmtpConfig,
    absolute,
    absolute_sealing,
    absolute_smtp,
)
from vigie.keeping_config import GdprConfig, RetentionConfig


class StorageConfig(Section):
    """[storage]: where everything that is kept lives."""

    path: Path = Path("var")
    database: str = ""
    key_file: Path = Path("record.key")


class LeakConfig(Section):
    """[[leak]]: one fingerprint file and its key."""

    file: Path
    key_file: Path
    terms: list[str] = []
    files: list[Digest] = []


class ElasticsearchConfig(Section):
    """[elasticsearch]: absent means the embedded index. `crawler_key_file` and `rebuild_key_file`
    may hold keys that can do less or more; without them `api_key_file` serves for all. `url` is
    one address or several, as a list or with commas between them."""

    url: Addresses
    api_key_file: Path | None = None
    crawler_key_file: Path | None = None
    rebuild_key_file: Path | None = None
    ca_file: Path | None = None
    fingerprint: str = Field(default="", pattern="^([0-9a-fA-F]{2}:?){0,32}$")
    prefix: str = Field(default="vigie", pattern="^[a-z][a-z0-9_]{0,40}$")


class AccountConfig(Section):
    """[[source.account]]: a log-in; the password comes from a file or the environment, or a
    person's session from a file of cookies. It is not used unless it is recorded who opened it,
    under whose authority, and whether under a pseudonym."""

    username: str
    opened_by: str = ""
    authority: str = ""
    pseudonym: bool | None = None
    delay: Seconds = 0.0
    password_file: Path | None = None
    password_env: str = ""
    cookies_file: Path | None = None
    hours: Hours = ""


class SourceConfig(Section):
    """[[source]]: one place to watch."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    engine: str = "auto"
    start: list[Address] = Field(min_length=1)
    every: Seconds = 60.0
    render: str = Field(default="auto", pattern="^(never|auto|always)$")
    proxy: str = Field(default="", pattern=r"^(socks5h?://[^/@\s]+:\d{1,5}/?)?$")
    dns: list[str] = []
    since: Since = None  # all: a copy is no less a leak for being old
    follow_hosts: list[str] = []
    feeds: list[str] = []
    canary: list[str] = []
    authority: str = ""
    authority_until: date | None = None
    robots: str = Field(default="obey", pattern=r"^(obey|override: *\S.*)$")
    delay: Seconds = 1.0
    concurrency: int = Field(default=2, ge=1, le=64)
    daily_budget: int = Field(default=0, ge=0)
    host_budget: int = Field(default=0, ge=0)
    max_pages: int = Field(default=2000, ge=1)
    crawl_seconds: Seconds = 600.0
    allow_addresses: list[Network] = []
    account: list[AccountConfig] = []


class NotifyConfig(Section):
    """[notify]: where alerts are announced: `mailto:` goes through [smtp], https addresses are
    webhooks signed with the secret in `secret_file`, the others are apprise's."""

    urls: list[str] = []
    secret_file: Path | None = None
    allow_addresses: list[Network] = []


class ReviewConfig(Section):
    """[review]: the review application. Loopback only unless `allow_outside` says why;
    `address` is what users type when a TLS proxy stands in front ("https://vigie.example")."""

    host: str = "127.0.0.1"
    port: int = Field(default=8642, ge=0, le=65535)
    address: str = ""
    allow_outside: str = ""
    language: str = Field(default="", pattern="^(|fr|en)$")


class Config(Section):
    """The whole of vigie.toml, paths made absolute."""

    storage: StorageConfig = StorageConfig()
    sealing: SealingConfig = SealingConfig()
    leak: list[LeakConfig] = []
    elasticsearch: ElasticsearchConfig | None = None
    source: list[SourceConfig] = []
    notify: NotifyConfig = NotifyConfig()
    review: ReviewConfig = ReviewConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    smtp: SmtpConfig | None = None
    block: BlockConfig = BlockConfig()
    retention: RetentionConfig = RetentionConfig()
    gdpr: GdprConfig = GdprConfig()

    @property
    def database_url(self) -> str:
        """The record's address; SQLite in the storage folder unless one is named."""
        return self.storage.database or f"sqlite:///{self.storage.path / 'vigie.db'}"


def load(given: Path | None = None) -> Config:
    """Read and check the configuration; raises ConfigError."""
    path = find(given)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            f"There is no configuration at {path}. `vigie init` writes one; "
            "--config or VIGIE_CONFIG names another."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from None
    return parse(text, path, os.environ)


def parse(text: str, path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Check the text of a configuration that lies, or will, at `path`; raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no valid TOML: {error}.") from None
    _overlay(data, environ or {})
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_explain(path, text, error, environ or {})) from None
    return _absolute(config, path.parent.resolve())


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Put VIGIE_SECTION__KEY over the file's values; lists are comma-separated."""
    for name, value in environ.items():
        found = re.fullmatch(r"VIGIE_([A-Z]+)__([A-Z_]+)", name)
        if not found:
            continue
        section, key = found[1].lower(), found[2].lower()
        table = data.setdefault(section, {})
        if not isinstance(table, dict):
            raise ConfigError(f"{name}: [[{section}]] is a list and cannot be set from outside.")
        listed = isinstance(table.get(key), list) or key in ("urls", "recipients")
        table[key] = [part for part in value.split(",") if part] if listed else value


def _explain(path: Path, text: str, error: ValidationError, environ: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors():
        keys = [str(part) for part in problem["loc"]]
        line = _line_of(text, problem["loc"])
        where = f"{path}, line {line}" if line else str(path)
        where = _variable_of(environ, problem["loc"]) or where
        key = ".".join(keys)
        if problem["type"] == "extra_forbidden":
            what = "is not a key Vigie knows; remove it or mend its spelling"
        elif problem["type"] == "missing":
            what = "is missing; add it"
        else:
            what = mistake(problem)
        lines.append(f"{where}: {key}: {what}.")
    return "\n".join(lines)


def _variable_of(environ: Mapping[str, str], location: tuple[int | str, ...]) -> str:
    """The variable that a value or a whole section came from, "" for one of the file's."""
    names = [part.upper() for part in location if isinstance(part, str)]
    name = "VIGIE_" + "__".join(names[:2])
    return next((one for one in environ if one == name or one.startswith(f"{name}__")), "")


def _line_of(text: str, location: tuple[int | str, ...]) -> int:
    """The 1-based line of a key, 0 when it has none (it came from outside or is missing)."""
    section = ""
    count = -1
    wanted_index = next((part for part in location[1:2] if isinstance(part, int)), None)
    names = [part for part in location if isinstance(part, str)]
    if not names:
        return 0
    # Of [[evidence.resolver]] or [[source.account]]: which of them, counted within the outer one.
    inner, numbers = -1, [part for part in location[2:] if isinstance(part, int)]
    wanted_inner = numbers[0] if numbers and len(names) > 2 else None
    header_line = 0
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"^\s*\[+\s*([A-Za-z0-9_.]+)\s*\]+", line)
        if header:
            section = header[1]
            if section == names[0]:
                count, inner = count + 1, -1
                if wanted_index is None or count == wanted_index:
                    header_line = number
            inner += section == ".".join(names[:-1]) != names[0]
            if section == names[0] and len(names) == 1:
                return number
            continue
        here = section == names[0] and (wanted_index is None or count == wanted_index)
        outer = wanted_index is None or count == wanted_index
        deeper = section == ".".join(names[:-1]) and len(names) > 2 and outer
        deeper = deeper and wanted_inner in (None, inner)
        if (here or deeper) and re.match(rf"^\s*\"?{re.escape(names[-1])}\"?\s*=", line):
            return number
        if not section and len(names) == 1 and re.match(rf"^\s*{re.escape(names[0])}\s*=", line):
            return number
    return header_line


def _absolute(config: Config, base: Path) -> Config:
    storage = config.storage.model_copy(
        update={
            "path": base / config.storage.path,
            "key_file": base / config.storage.key_file,
            "database": _absolute_database(config.storage.database, base),
        }
    )
    leaks = [
        leak.model_copy(update={"file": base / leak.file, "key_file": base / leak.key_file})
        for leak in config.leak
    ]
    sources = [_absolute_source(source, base) for source in config.source]
    elasticsearch = config.elasticsearch
    if elasticsearch is not None:
        files = ("api_key_file", "crawler_key_file", "rebuild_key_file", "ca_file")
        named = {name: getattr(elasticsearch, name) for name in files}
        elasticsearch = elasticsearch.model_copy(
            update={name: base / file for name, file in named.items() if file is not None}
        )
    names = [source.id for source in sources]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"source id {twice[0]} stands twice; give each source its own id.")
    parts: dict[str, Any] = {
        "storage": storage,
        "leak": leaks,
        "source": sources,
        "elasticsearch": elasticsearch,
        "sealing": absolute_sealing(config.sealing, base),
        "evidence": absolute(config.evidence, base),
        "smtp": absolute_smtp(config.smtp, base),
    }
    if config.notify.secret_file is not None:
        secret = base / config.notify.secret_file
        parts["notify"] = config.notify.model_copy(update={"secret_file": secret})
    return config.model_copy(update=parts)


def _absolute_database(url: str, base: Path) -> str:
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(prefix + "/"):
        return f"{prefix}{base / url.removeprefix(prefix)}"
    return url


def _absolute_source(source: SourceConfig, base: Path) -> SourceConfig:
    accounts = [
        account.model_copy(
            update={
                name: base / value
                for name in ("password_file", "cookies_file")
                if (value := getattr(account, name)) is not None
            }
        )
        for account in source.account
    ]
    feeds = [feed if "://" in feed else (base / feed).as_uri() for feed in source.feeds]
    return source.model_copy(update={"account": accounts, "feeds": feeds})
