"""Where people live: towns with postcodes, villages of the compositor, streets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vigie.demo.leak.nir import AT, OVERSEAS
from vigie.demo.leak.words import groups, lines

VILLAGES = 2_400
VILLAGE_SHARE = 0.38
WITHOUT_VILLAGES = ("75", "92", "93", "94", *OVERSEAS)


@dataclass(frozen=True, slots=True)
class Places:
    """Parallel arrays: one town or village each; `shares` sums to 1."""

    names: tuple[str, ...]
    postcodes: tuple[str, ...]
    departments: NDArray[np.int32]
    shares: NDArray[np.float64]


@cache
def places() -> Places:
    """Real towns, and villages that no map shows, the same at every call."""
    towns = [(" ".join(line[2:-1]), line[1], line[0], int(line[-1])) for line in lines("cities")]
    draw = np.random.Generator(np.random.PCG64(12))
    weights = np.array([town[3] for town in towns], dtype=np.float64)
    first, last = _village_parts()
    names, postcodes = [town[0] for town in towns], [town[1] for town in towns]
    departments = [AT[town[2]] for town in towns]
    seen = set(zip(names, postcodes, strict=True))
    near = [
        at for at, town in enumerate(towns) if town[2].isdigit() and town[2] not in WITHOUT_VILLAGES
    ]
    near_weights = weights[near] / weights[near].sum()
    while len(names) < len(towns) + VILLAGES:
        town = towns[near[int(draw.choice(len(near), p=near_weights))]]
        name = first[int(draw.integers(len(first)))] + "-" + last[int(draw.integers(len(last)))]
        postcode = f"{town[2]}{int(draw.integers(11, 99)) * 10:03}"
        if (name, postcode) not in seen:
            seen.add((name, postcode))
            names.append(name)
            postcodes.append(postcode)
            departments.append(AT[town[2]])
    village = np.arange(3, VILLAGES + 3, dtype=np.float64) ** -0.3
    shares = np.concatenate(
        (weights / weights.sum() * (1 - VILLAGE_SHARE), village / village.sum() * VILLAGE_SHARE)
    )
    return Places(tuple(names), tuple(postcodes), np.array(departments, dtype=np.int32), shares)


@cache
def streets() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Street names with their kind ("rue des Lilas") and their shares."""
    listed = groups("streets")
    kinds = [part.rsplit("=", 1) for part in listed["kinds"].split()]
    names = [name.replace("_", " ") for name in listed["names"].split("|")]
    found, shares = [], []
    for kind, weight in kinds:
        for rank, name in enumerate(names):
            found.append(f"{kind} {name}")
            shares.append(int(weight) * (rank + 8) ** -0.5)
    total = np.array(shares)
    return tuple(found), total / total.sum()


def _village_parts() -> tuple[list[str], list[str]]:
    listed = groups("village_parts")
    first = listed["first"].replace("La ", "La_").replace("Le ", "Le_").replace("Les ", "Les_")
    return [name.replace("_", " ") for name in first.split()], listed["last"].split()
