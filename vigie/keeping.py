"""The parts of keeping and deleting, built from the configuration."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.keeping.deletion import Folders
    from evidence.keeping.rules import Rules
    from vigie.config import Config


def rules(config: Config) -> Rules:
    """The clocks of the configuration."""
    from evidence.keeping.rules import Rules

    told = config.retention
    return Rules(
        quiet=timedelta(seconds=told.quiet),
        dismissed=timedelta(seconds=told.dismissed),
        closed=timedelta(seconds=told.closed),
    )


def folders(config: Config) -> Folders:
    """Where what is deleted lies."""
    from evidence.keeping.deletion import Folders
    from vigie.evidence import originals

    return Folders(originals(config), config.storage.path / "evidence")
