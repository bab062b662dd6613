"""The words of the register and of the AIPD, from words.fr.toml and words.en.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("fr", "en")


@cache
def words(language: str) -> dict[str, Any]:
    """Every phrase of a language; lists where there are several."""
    file = resources.files("evidence.gdpr").joinpath(f"words.{language}.toml")
    return tomllib.loads(file.read_text("utf-8"))
