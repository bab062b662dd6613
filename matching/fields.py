"""The field types of the contract, and what the matcher takes each of them to be worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """The type of one column of a leaked file."""

    NIR = "nir"
    NAME = "name"
    SURNAME = "surname"
    FIRST_NAME = "first_name"
    FULL_NAME = "full_name"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    PHONE = "phone"
    EMAIL = "email"
    STREET = "street"
    POSTCODE = "postcode"
    CITY = "city"
    INSURER = "insurer"
    INSURER_NUMBER = "insurer_number"
    DOCTOR = "doctor"
    LABORATORY = "laboratory"
    DATE = "date"
    PASSWORD = "password"  # noqa: S105 - the name of a type, no secret
    COMMENT = "comment"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Worth:
    """How one kind of value counts.

    `prior` is -log2 of how often a random French person, or a random text of that shape, has
    a given value; `ceiling` the most that one value may count, in bits. `unique` values
    (identifiers) take the prior and lose log2 of how many rows share them; the others are
    estimated from the file's own counts drawn towards the prior (see `matching.weights`), and
    keep `least`: that a small file holds few surnames says nothing of the population.
    """

    prior: float
    ceiling: float
    unique: bool = False
    least: float = 1.0


# Sources of the priors: NIR 8.8e10 possible numbers; 9 digits of a phone less unused prefixes;
# 30,000 days of birth; 36,000 communes weighted by population (entropy about 11 to 12.6 bits);
# surnames and first names by the entropy of the INSEE tables (about 13 and 9.5 bits).
WORTH: dict[str, Worth] = {
    "nir": Worth(36.0, 36.0, unique=True),
    "phone": Worth(27.0, 27.0, unique=True),
    "email": Worth(30.0, 30.0, unique=True),
    "local": Worth(22.0, 22.0, unique=True),
    "birth_date": Worth(15.0, 15.0, least=12.0),
    "date": Worth(10.0, 11.0),
    "surname": Worth(13.0, 16.0, least=10.0),
    "first_name": Worth(9.5, 13.0, least=6.5),
    "full_name": Worth(11.0, 15.0, least=8.0),
    "street_number": Worth(6.0, 6.5),
    "street": Worth(9.5, 12.0),
    "postcode": Worth(12.0, 12.6, least=9.0),
    "city": Worth(11.0, 12.0, least=7.0),
    "insurer": Worth(4.0, 6.0),
    "insurer_number": Worth(30.0, 30.0, unique=True),
    "doctor": Worth(9.0, 11.0),
    "laboratory": Worth(7.0, 9.0),
    "password": Worth(18.0, 22.0),
    "comment": Worth(22.0, 22.0, unique=True),
}
