"""The French social security number (NIR): 13 characters and a key of two digits.

Sex, year and month of birth, department and commune of birth, order number. The key is
97 minus the number modulo 97; 2A counts as 19 and 2B as 18 (decree 82-103, INSEE).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

METROPOLE = tuple(f"{number:02}" for number in range(1, 96) if number != 20)
CORSICA = ("2A", "2B")
OVERSEAS = ("971", "972", "973", "974", "976")
ABROAD = "99"
DEPARTMENTS = (*METROPOLE, *CORSICA, *OVERSEAS, ABROAD, "20")
AT = {code: at for at, code in enumerate(DEPARTMENTS)}
COUNTRIES = (352, 350, 351, 139, 134, 127, 122, 132, 208, 243, 341, 326, 322, 331, 335, 234, 216)
BOROUGHS = {"75": (101, 120), "69": (381, 389), "13": (201, 216)}
CORSICA_SPLIT = 1976


def birth_place(
    department: NDArray[np.int32], draw: NDArray[np.float64], borough: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Commune (or country) number within each department, from draws in [0, 1).

    Small numbers are likelier, as large towns are not: what matters is that some communes are
    common and most are rare.
    """
    commune = (1 + 330 * draw**2.2).astype(np.int32)
    for code, (low, high) in BOROUGHS.items():
        here = (department == AT[code]) & borough
        commune[here] = low + ((high - low + 1) * draw[here]).astype(np.int32)
    overseas = np.isin(department, [AT[code] for code in OVERSEAS])
    commune[overseas] = 1 + (24 * draw[overseas]).astype(np.int32)
    abroad = department == AT[ABROAD]
    countries = np.array(COUNTRIES, dtype=np.int32)
    commune[abroad] = countries[(len(countries) * draw[abroad] ** 1.5).astype(np.int32)]
    return commune


def numeric(
    sex: NDArray[np.int32],
    year: NDArray[np.int32],
    month: NDArray[np.int32],
    department: NDArray[np.int32],
    commune: NDArray[np.int32],
) -> NDArray[np.int64]:
    """The number without its order, as the key counts it: times 1,000, plus the order, is whole."""
    value = {"2A": 19, "2B": 18}
    places = np.array(
        [value.get(code, int(code) if code not in value else 0) for code in DEPARTMENTS],
        dtype=np.int64,
    )
    wide = np.array([len(code) == 3 for code in DEPARTMENTS])[department]
    place = np.where(wide, places[department] * 100 + commune, places[department] * 1000 + commune)
    head = (sex.astype(np.int64) * 100 + year % 100) * 100 + month
    joined: NDArray[np.int64] = head * 100_000 + place
    return joined


def written(stem: int, order: int, department: int) -> str:
    """The 13 characters and the key, as one string of 15."""
    number = stem * 1000 + order
    text = str(number)
    code = DEPARTMENTS[department]
    if code in CORSICA:
        text = f"{text[:5]}{code}{text[7:]}"
    return f"{text}{97 - number % 97:02}"
