"""What the application says, in French and English, and how it writes numbers.

The words stand in locale/fr*.toml and locale/en*.toml, flat by dotted key. A value is a text, or a
table with `one` and `other` for what is counted. Both files hold the same keys and places.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal

LANGUAGES = ("fr", "en")
FOLDER = Path(__file__).parent / "locale"
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")

Phrase = str | Mapping[str, str]


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Phrase]]:
    """(dotted key, phrase) of every entry of a catalogue."""
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and set(value) != {"one", "other"}:
            yield from flatten(value, f"{name}.")
        else:
            yield name, value


@cache
def catalogue(language: str) -> Mapping[str, Phrase]:
    """Every phrase of a language by key; `fr.toml`, `fr.case.toml` and so on make one table."""
    found: dict[str, Phrase] = {}
    for file in sorted(FOLDER.glob(f"{language}*.toml")):
        found |= flatten(tomllib.loads(file.read_text("utf-8")))
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language. A key that is missing is a KeyError, never a blank."""

    language: str

    def text(self, key: str, **values: object) -> str:
        """The phrase with its places filled; callers escape the whole."""
        phrase = catalogue(self.language)[key]
        if not isinstance(phrase, str):
            raise KeyError(key)
        return phrase.format(**values) if values else phrase

    def count(self, key: str, number: int, **values: object) -> str:
        """A counted phrase: French says 0 and 1 in the singular, English only 1."""
        phrase = catalogue(self.language)[key]
        if isinstance(phrase, str):
            raise KeyError(key)
        single = abs(number) < 2 if self.language == "fr" else number == 1
        return phrase["one" if single else "other"].format(n=self.number(number), **values)

    def either(self, prefix: str, name: str) -> str:
        """The phrase `prefix.name`, or the name itself when the record knows more than we do."""
        phrase = catalogue(self.language).get(f"{prefix}.{name}")
        return phrase if isinstance(phrase, str) else name

    def how(self, code: str) -> str:
        """How a field was recognised, from matching's code ("digits-hidden:4"); the code itself
        when the record knows more than we do."""
        name, _, untrusted_count = code.partition(":")
        phrase = catalogue(self.language).get(f"how.{name}")
        if isinstance(phrase, str):
            return phrase
        if phrase is None or not (untrusted_count.isascii() and untrusted_count.isdigit()):
            return code
        return self.count(f"how.{name}", int(untrusted_count[:9]))

    def number(self, value: float, digits: int = 0) -> str:
        """A number as this language writes it, rounded to `digits` places."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(value, pattern, locale=self.language)

    def duration(self, seconds: float) -> str:
        """A length of time in its largest fitting unit."""
        for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
            if seconds >= size * 2:
                return self.text(f"unit.{unit}", n=self.number(seconds / size))
        return self.text("unit.s", n=self.number(seconds, 1 if seconds < 10 else 0))

    def size(self, count: int) -> str:
        """A number of bytes."""
        for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
            if count >= size:
                return self.text(f"unit.{unit}", n=self.number(count / size, 1))
        return self.text("unit.B", n=self.number(count))

    def chance(self, chance: float) -> str:
        """A probability as "less than one in …", rounded towards the cautious side."""
        if chance >= 0.5:
            return self.text("chance.likely")
        if chance <= 0:
            return self.text("chance.none")
        odds = 1 / chance
        if odds < 1e6:
            digits = len(str(int(odds))) - 1
            return self.text("chance.below", n=self.number(int(odds) // 10**digits * 10**digits))
        exponent = len(str(int(odds))) - 1
        return self.text("chance.below", n="10" + str(exponent).translate(SUPERSCRIPTS))


def choose(untrusted_accepts: str, fallback: str) -> str:
    """The language of an Accept-Language header that we speak, else `fallback`, else French."""
    wanted: list[tuple[float, str]] = []
    for part in untrusted_accepts[:500].split(","):
        name, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        wanted.append((-weight, name.split("-")[0].lower()))
    for weight, name in sorted(wanted, key=lambda pair: pair[0]):
        if name in LANGUAGES and weight < 0:
            return name
    return fallback if fallback in LANGUAGES else "fr"
