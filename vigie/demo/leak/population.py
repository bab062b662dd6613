"""The people of the leak as parallel arrays: who they are, with whom and where they live.

Everything that must agree is drawn here: a household shares surname, address, landline,
insurer and doctor; a NIR agrees with sex, birth month and birth place. How it is written
down, with gaps and misspellings, is `writing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vigie.demo.leak import names, nir
from vigie.demo.leak.places import places, streets

Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

TAKEN = np.datetime64("2021-02-01", "D")  # no sample later than this
SIZES = ((1, 0.56), (2, 0.24), (3, 0.10), (4, 0.08), (5, 0.02))
DOCTORS_NEAR = 50  # a department
HEAD, PARTNER, CHILD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Population:
    """Row arrays (one entry a person) and household arrays (read through `household`)."""

    household: Ints
    role: Ints
    sex: Ints
    born: NDArray[np.datetime64]
    first_name: Ints
    birth_surname: Ints
    nir_stem: NDArray[np.int64]
    nir_order: Ints
    nir_department: Ints
    surname: Ints
    second_surname: Ints  # -1 but for double-barrelled households
    place: Ints
    street: Ints
    house_number: Ints
    landline: Ints
    insurer_draw: Ints
    membership: Ints
    doctor: Ints


def draw_population(random: np.random.Generator, rows: int) -> Population:
    """Exactly `rows` people; NIRs are unique."""
    household, role = _households(random, rows)
    count = int(household[-1]) + 1 if rows else 0
    surname = _choose(random, names.surname_shares(), count)
    second = np.where(
        random.random(count) < 0.015, _choose(random, names.surname_shares(), count), -1
    ).astype(np.int32)
    place = _choose(random, places().shares, count)
    sex, born = _sex_and_birth(random, household, role, count)
    other = _choose(random, names.surname_shares(), rows)
    wife = (role == PARTNER) & (sex == 2) | (role == HEAD) & (sex == 2) & (
        random.random(rows) < 0.55
    )
    birth_surname = np.where(wife, other, surname[household]).astype(np.int32)
    department = _birth_department(random, role, places().departments[place][household], born)
    stem, order = _numbers(random, sex, born, department)
    found = Population(
        household=household,
        role=role,
        sex=sex,
        born=born,
        first_name=_first_names(random, sex, born),
        birth_surname=birth_surname,
        nir_stem=stem,
        nir_order=order,
        nir_department=department,
        surname=surname,
        second_surname=second,
        place=place,
        street=_choose(random, streets()[1], count),
        house_number=(1 + 140 * random.random(count) ** 2.4).astype(np.int32),
        landline=random.integers(0, 100_000_000, count, dtype=np.int32),
        insurer_draw=random.integers(0, 1 << 30, count, dtype=np.int32),
        membership=random.integers(1_000_000, 1_000_000_000, count, dtype=np.int32),
        doctor=(DOCTORS_NEAR * random.random(count) ** 1.4).astype(np.int32),
    )
    return _scattered(random, found, rows, count)


def _households(random: np.random.Generator, rows: int) -> tuple[Ints, Ints]:
    sizes = np.array([size for size, _ in SIZES])
    drawn = sizes[_choose(random, np.array([share for _, share in SIZES]), rows)]
    starts = np.cumsum(drawn)
    needed = int(np.searchsorted(starts, rows)) + 1 if rows else 0
    household = np.repeat(np.arange(needed, dtype=np.int32), drawn[:needed])[:rows]
    begins = np.concatenate(([0], starts[: max(needed - 1, 0)]))[: max(needed, 0)]
    place_in = np.arange(rows) - begins[household] if rows else np.zeros(0, dtype=np.int64)
    return household, np.minimum(place_in, CHILD).astype(np.int32)


def _sex_and_birth(
    random: np.random.Generator, household: Ints, role: Ints, count: int
) -> tuple[Ints, NDArray[np.datetime64]]:
    rows = len(household)
    head_sex = random.integers(1, 3, count, dtype=np.int32)
    head_age = 20 + 75 * random.beta(1.9, 1.9, count)
    sex = np.where(role == CHILD, random.integers(1, 3, rows), head_sex[household])
    other = (role == PARTNER) & (random.random(rows) < 0.97)
    sex = np.where(other, 3 - head_sex[household], sex).astype(np.int32)
    age = head_age[household]
    partner_age = age + random.normal(0, 4, rows)
    child_age = np.clip(age - random.normal(30, 5, rows), 0.1, 60)
    age = np.where(role == PARTNER, np.clip(partner_age, 18, 99), age)
    age = np.where(role == CHILD, child_age, age)
    born = TAKEN - (age * 365.25 + random.integers(30, 365, rows)).astype("timedelta64[D]")
    return sex, born.astype("datetime64[D]")


def _birth_department(
    random: np.random.Generator, role: Ints, home: Ints, born: NDArray[np.datetime64]
) -> Ints:
    rows = len(home)
    draw = random.random(rows)
    anywhere = random.integers(0, len(nir.DEPARTMENTS) - 2, rows)
    at_home = np.where(role == CHILD, 0.86, 0.58)
    department = np.where(draw < at_home, home, anywhere)
    department = np.where(draw > 0.93, nir.AT[nir.ABROAD], department)
    years = born.astype("datetime64[Y]").astype(np.int64) + 1970
    corsica = np.isin(department, [nir.AT[code] for code in nir.CORSICA])
    department = np.where(corsica & (years < nir.CORSICA_SPLIT), nir.AT["20"], department)
    return department.astype(np.int32)


def _numbers(
    random: np.random.Generator, sex: Ints, born: NDArray[np.datetime64], department: Ints
) -> tuple[NDArray[np.int64], Ints]:
    """NIR stems and order numbers; where two people fall together the later one is moved on."""
    rows = len(sex)
    months = born.astype("datetime64[M]").astype(np.int64)
    year, month = (months // 12 + 1970).astype(np.int32), (months % 12 + 1).astype(np.int32)
    commune = nir.birth_place(department, random.random(rows), random.random(rows) < 0.9)
    stem = nir.numeric(sex, year, month, department, commune)
    order = (1 + 480 * random.random(rows) ** 1.5).astype(np.int32)
    while True:
        whole = stem * 1000 + order
        _, first = np.unique(whole, return_index=True)
        if len(first) == rows:
            return stem, order
        again = np.ones(rows, dtype=bool)
        again[first] = False
        order[again] = order[again] % 998 + 1


def _first_names(random: np.random.Generator, sex: Ints, born: NDArray[np.datetime64]) -> Ints:
    decade = (born.astype("datetime64[Y]").astype(np.int64) + 1970) // 10 * 10
    found = np.zeros(len(sex), dtype=np.int32)
    for wanted in (1, 2):
        for when in np.unique(decade):
            here = np.flatnonzero((sex == wanted) & (decade == when))
            choices, shares = names.first_name_choices(wanted, int(when))
            found[here] = choices[_choose(random, shares, len(here))]
    return found


def _scattered(random: np.random.Generator, found: Population, rows: int, count: int) -> Population:
    """Rows in another order: families often stand together, and often do not."""
    far = random.random(rows) < 0.4
    where = found.household + np.where(far, random.integers(0, max(count, 1), rows), 0)
    order = np.argsort(where % max(count, 1), kind="stable")
    by_row = [
        "household",
        "role",
        "sex",
        "born",
        "first_name",
        "birth_surname",
        "nir_stem",
        "nir_order",
        "nir_department",
    ]
    return replace(found, **{name: getattr(found, name)[order] for name in by_row})


def _choose(random: np.random.Generator, shares: NDArray[np.float64], count: int) -> Ints:
    bounds = np.cumsum(shares)
    at = np.searchsorted(bounds / bounds[-1], random.random(count), side="right")
    return np.minimum(at, len(shares) - 1).astype(np.int32)
