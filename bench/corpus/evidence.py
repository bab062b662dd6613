"""How many bits of evidence a text holds for its person, counted by who wrote the text.

The count is the bench's own and rests on the strangers alone: a value is worth -log2 of the share
of strangers who have it (add-one, so at most log2 of their number), an identifier log2 of how many
there are in France (NIR 8.8e10, phones 1.3e8, mail addresses and policy numbers 1e8), a birth date
log2 of 30,000 days. Of a masked value only what is visible counts: log2(10) a digit, the share of
strangers for a letter in its place. A slip costs log2 of the values one slip away. What follows
from another value counts once: the NIR's year and month of birth, the town of a postcode, half of
doctor and laboratory beside a place, and letters of a mail address that repeat the name.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.corpus.people import Person, plain

DIGIT = math.log2(10)
NIR, PHONE, ADDRESS, DAYS = math.log2(8.8e10), math.log2(1.3e8), math.log2(1e8), math.log2(30_000)
NIR_SLIP, PHONE_SLIP, WORD_SLIP, DATE_SLIP = 7.2, 6.5, 8.0, 5.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One column that a text shows, and which part of it (a key of VIEWS)."""

    column: str
    view: str = "whole"
    slip: bool = False
    extra: str = ""


def _words(value: str, extra: str) -> str:
    """The words of an excerpt as given; `value` is only there to be searched."""
    return extra if plain(extra) in plain(value) else ""


VIEWS: dict[str, Callable[[str, str], str]] = {
    "whole": lambda value, _: plain(value),
    "initial": lambda value, _: plain(value)[:1],
    "first and last": lambda value, _: plain(value)[:1] + plain(value)[-1:],
    # `extra` is a mask of the ten digits, "1" where one is visible
    "digits": lambda value, mask: "".join(
        c if shown == "1" else "*" for c, shown in zip(value, mask, strict=False)
    ),
    "masked mail": lambda value, heads: masked_mail_view(plain(value), heads),
    "local": lambda value, _: plain(value).partition("@")[0],
    "excerpt": _words,
    "number and word": lambda value, word: plain(value).split(" ")[0] + " " + _words(value, word),
}


def masked_mail_view(address: str, heads: str) -> str:
    """What a masked address shows: `heads` letters of its head, of its tail, and "d" with domain.

    "11d" is the first and last letter and the domain.
    """
    local, _, domain = address.partition("@")
    head, tail = int(heads[0]), int(heads[1])
    shown = local[:head] + "*" + (local[-tail:] if tail else "")
    return shown + ("@" + domain if heads.endswith("d") else "")


def view(shown: Shown, person: Person) -> str:
    """What the text shows of a person's column; "" where the person has nothing there."""
    value = person.value(shown.column)
    return VIEWS[shown.view](value, shown.extra) if value else ""


class Shares:
    """How common each value is among the strangers, by column and view."""

    def __init__(self, strangers: Iterable[Person]) -> None:
        """Keep the strangers; a view is counted when it is first asked for."""
        self._people = list(strangers)
        self._counts: dict[tuple[str, str, str], Counter[str]] = {}

    def bits(self, shown: Shown, person: Person) -> float:
        """-log2 of the share of strangers of whom a text would show the same."""
        kind = (shown.column, shown.view, shown.extra if shown.view != "excerpt" else "")
        if shown.view in ("excerpt", "number and word"):
            kind = (shown.column, "whole", "")
            shown = Shown(shown.column)
        if kind not in self._counts:
            self._counts[kind] = Counter(view(shown, each) for each in self._people)
        counts = self._counts[kind]
        return -math.log2((counts[view(shown, person)] + 1) / (len(self._people) + 1))


def column_bits(shown: Shown, person: Person, shares: Shares) -> float:
    """What one column of a text is worth alone."""
    column, slip = shown.column, shown.slip
    if shown.view == "digits":
        return DIGIT * max(0, shown.extra[2:].count("1")) + (1.0 if "1" in shown.extra[:2] else 0)
    if shown.view == "excerpt":
        return min(shares.bits(shown, person), 2.5 * len(shown.extra.split()))
    if column == "nir":
        return NIR - (NIR_SLIP if slip else 0)
    if column == "phone":
        return PHONE - (PHONE_SLIP if slip else 0)
    if column == "born":
        return DAYS - (DATE_SLIP if slip else 0)
    if column in ("email", "member"):
        if shown.view == "masked mail":
            return min(ADDRESS, shares.bits(shown, person))
        return ADDRESS - (4.0 if shown.view == "local" else 0) - (WORD_SLIP if slip else 0)
    if column == "password":
        return min(16.0, shares.bits(shown, person))
    return max(0.0, shares.bits(shown, person) - (WORD_SLIP if slip else 0))


def bits(all_shown: Iterable[Shown], person: Person, shares: Shares, without: str = "") -> float:
    """The evidence of a text, with what follows from something else counted once.

    `without` is a column that the reader is blind to.
    """
    of: dict[str, float] = {}
    for shown in all_shown:
        if shown.column != without and view(shown, person):
            of[shown.column] = max(of.get(shown.column, 0.0), column_bits(shown, person, shares))
    if "nir" in of and "born" in of:
        of["born"] -= min(of["born"], 10.0)
    if "postcode" in of and "city" in of:
        of["city"] = min(of["city"], 1.0)
    if "postcode" in of or "city" in of:
        for column in ("doctor", "laboratory"):
            if column in of:
                of[column] *= 0.5
    if "email" in of and "surname" in of and plain(person.surname)[:4] in plain(person.email):
        of["email"] = max(0.0, of["email"] - 0.7 * of["surname"])
    if "doctor" in of and "laboratory" in of:
        of["laboratory"] *= 0.5
    return sum(of.values())
