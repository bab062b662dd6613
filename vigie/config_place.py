"""Where the configuration lies, and what is raised when it cannot be used.

Importing this does not load what checks it (`vigie.config`), which takes 0.2 s.
"""

from __future__ import annotations

import os
from pathlib import Path


class ConfigError(Exception):
    """The configuration cannot be used; the message says where and what to do."""


def find(given: Path | None) -> Path:
    """The configuration file: the one given, VIGIE_CONFIG, or vigie.toml here."""
    if given is not None:
        return given
    named = os.environ.get("VIGIE_CONFIG")
    return Path(named) if named else Path("vigie.toml")
