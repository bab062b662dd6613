"""Surnames and first names with the spread real ones have.

First names are listed by sex and birth decade, most frequent first. Surnames are common
French ones, surnames from elsewhere, and compositions (a root and an ending, a particle and a
noun) that stand for the long tail: in France most people bear a name outside the first thousand.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vigie.demo.leak.words import groups, lines, words

COMMON_SHARE = 0.34
ELSEWHERE_SHARE = 0.10
DECADES = tuple(range(1920, 2020, 10))
VOWELS = "aeiouyàâéèêëîïôûh"


@cache
def surnames() -> tuple[str, ...]:
    """Every surname once: common ones first, then those from elsewhere, then compositions."""
    found = dict.fromkeys(words("surnames"))
    found.update(dict.fromkeys(words("surnames_elsewhere")))
    found.update(dict.fromkeys(_compositions()))
    return tuple(found)


@cache
def surname_shares() -> NDArray[np.float64]:
    """The share of households that bear each of `surnames()`; sums to 1."""
    common = len(dict.fromkeys(words("surnames")))
    elsewhere = len(dict.fromkeys(words("surnames") + words("surnames_elsewhere"))) - common
    tail = len(surnames()) - common - elsewhere
    return np.concatenate(
        (
            _spread(common, COMMON_SHARE, 0.75),
            _spread(elsewhere, ELSEWHERE_SHARE, 0.4),
            _spread(tail, 1 - COMMON_SHARE - ELSEWHERE_SHARE, 0.25),
        )
    )


@cache
def first_names() -> tuple[str, ...]:
    """Every first name once."""
    return tuple(dict.fromkeys(name for line in lines("first_names") for name in line[2:]))


@cache
def first_name_choices(sex: int, decade: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Positions in `first_names()` and their shares, for sex 1 or 2 and a decade of birth."""
    position = {name: at for at, name in enumerate(first_names())}
    letter = "M" if sex == 1 else "F"
    wanted = str(min(max(decade, DECADES[0]), DECADES[-1] + 10))
    for kind, when, *listed in lines("first_names"):
        if kind == letter and when == (wanted if wanted != "2020" else "2010"):
            here = list(dict.fromkeys(listed))
            places = np.array([position[name] for name in here], dtype=np.int32)
            return places, _spread(len(here), 1.0, 0.6)
    raise KeyError(wanted)


def _spread(count: int, total: float, exponent: float) -> NDArray[np.float64]:
    weights = np.arange(2, count + 2, dtype=np.float64) ** -exponent
    shares: NDArray[np.float64] = weights * (total / weights.sum())
    return shares


def _compositions() -> list[str]:
    """The tail, in an order that mixes its kinds so that shares fall evenly on them."""
    roots, endings = words("surname_roots"), words("surname_endings")
    found = [
        root + roots_ending
        for root in roots
        for roots_ending in endings
        if root[-1].lower() not in "aeiouyé" or roots_ending[0] not in VOWELS
    ]
    nouns = {label: rest.split() for label, rest in groups("surname_nouns").items()}
    glued = {"du": "Du{}", "des": "Des{}", "ker": "Ker{}"}
    apart = {"de_la_": "De La {}", "le_": "Le {}", "saint-": "Saint-{}", "d'": "D'{}"}
    for label, listed in nouns.items():
        if label in glued:
            found += [glued[label].format(noun) for noun in listed]
        if label in apart:
            found += [apart[label].format(noun.capitalize()) for noun in listed]
    found += [f"Dela{noun}" for noun in nouns["de_la_"]]
    order = np.random.Generator(np.random.PCG64(11)).permutation(len(found))
    return [found[at] for at in order]
