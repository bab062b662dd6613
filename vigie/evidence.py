"""Evidence's parts, built from the configuration."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import TYPE_CHECKING

from vigie import scan_log

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from evidence.custody.stamping import Stamper
    from evidence.timestamp.authority import Authority
    from vigie.config import Config


def authorities(config: Config) -> list[Authority]:
    """The time-stamp authorities of the configuration."""
    from egress.policy import Policy
    from evidence.timestamp.authority import Authority

    return [
        Authority(
            name=one.name,
            url=one.url,
            roots=one.roots,
            intermediates=one.intermediates,
            ca_file=one.ca_file,
            policy=Policy(one.allow_addresses),
            seconds=one.timeout,
        )
        for one in config.evidence.authority
    ]


def stamper(config: Config, engine: Engine) -> Stamper:
    """What stamps the custody log's head."""
    from evidence.custody.stamping import Stamper

    return Stamper(engine, authorities(config), scan_log=scan_log.place(config.storage.path))


def renew_before(config: Config) -> timedelta:
    """How long before its certificate ends a stamp is renewed."""
    return timedelta(seconds=config.evidence.renew_before)


def person(given: str) -> str:
    """Who acts: the name given, otherwise the account that runs the command."""
    return given.strip()[:100] or getpass.getuser()[:100]
