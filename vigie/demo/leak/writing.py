"""From people to lines: how a secretary wrote them down, with gaps and slips of the finger.

Rates are chances out of 65,536 draws of 16 bits; a row has its own draws, taken in blocks, so
that one row's gaps say nothing of another's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np

from vigie.demo.leak import contact, names, nir
from vigie.demo.leak.places import places, streets
from vigie.demo.leak.population import CHILD, DOCTORS_NEAR, TAKEN, Population
from vigie.demo.leak.remarks import Draws, Passwords, Remarks
from vigie.demo.leak.row import DELIMITER, LINE_END
from vigie.demo.leak.words import groups

BLOCK = 4_096
DRAWS = 34
NO_NIR, NIR_WITHOUT_KEY = 0.07, 0.02
NO_BIRTH_DATE = 0.008
LANDLINE, MOBILE, CHILD_MOBILE = 0.52, 0.78, 0.22
EMAIL, FAMILY_EMAIL = 0.58, 0.12
NO_STREET, NO_TOWN = 0.03, 0.015
DOCTOR, INSURER, MEMBERSHIP = 0.86, 0.78, 0.90
SAMPLED, PASSWORD, COMMENT = 0.97, 0.62, 0.17
SLIP = 0.006


def plain(text: str) -> str:
    """The text without accents."""
    apart = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def slipped(word: str, draw: int) -> str:
    """The word with two neighbours swapped, one letter lost, or one doubled."""
    if len(word) < 5:
        return word
    at = 1 + draw // 4 % (len(word) - 3)
    if draw % 4 < 2:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if draw % 4 == 2:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def _mail_form(name: str) -> str:
    return "".join(
        letter for letter in plain(name).lower() if letter.isascii() and letter.isalpha()
    )


def _chance(draw: int, rate: float) -> bool:
    return draw < rate * 65_536


class Writer:
    """Lines of the file from a population; tables of every written form are made once."""

    def __init__(self, random: np.random.Generator, people: Population) -> None:
        self._random = random
        self._people = people
        self._surnames = [name.upper() for name in names.surnames()]
        self._surnames_plain = [plain(name).upper() for name in names.surnames()]
        self._first = names.first_names()
        self._first_plain = [plain(name) for name in self._first]
        self._mail_last = [_mail_form(name) for name in names.surnames()]
        self._mail_first = [_mail_form(name) for name in self._first]
        self._hosts = contact.mail_hosts()
        care = groups("care")
        self._laboratories = care["laboratories"].split("|")
        self._insurers = care["insurers"].split("|")
        self._doctors = self._doctor_names()
        self._remarks, self._passwords = Remarks(), Passwords()
        self._town_department: list[int] = places().departments.tolist()
        self._days = _written_days()

    def blocks(self) -> Iterator[tuple[int, str]]:
        """Pieces of the file in order, each with the number of rows it holds."""
        people = self._people
        rows = len(people.role)
        row_arrays = (
            people.household,
            people.role,
            people.sex,
            (people.born - FIRST_DAY).astype(np.int64),
            people.first_name,
            people.birth_surname,
            people.nir_stem,
            people.nir_order,
            people.nir_department,
        )
        for start in range(0, rows, BLOCK):
            columns = [array[start : start + BLOCK].tolist() for array in row_arrays]
            home = people.household[start : start + BLOCK]
            homes = [
                array[home].tolist()
                for array in (
                    people.surname,
                    people.second_surname,
                    people.place,
                    people.street,
                    people.house_number,
                    people.landline,
                    people.insurer_draw,
                    people.membership,
                    people.doctor,
                )
            ]
            draws = self._random.integers(0, 1 << 16, (len(home), DRAWS)).tolist()
            lines = [
                self._line(start + at, person, shared, draw)
                for at, (person, shared, draw) in enumerate(
                    zip(zip(*columns, strict=True), zip(*homes, strict=True), draws, strict=True)
                )
            ]
            yield len(lines), LINE_END.join(lines) + LINE_END

    def _line(
        self, number: int, person: tuple[int, ...], shared: tuple[int, ...], draws: Draws
    ) -> str:
        _, role, sex, day, first, birth_name, stem, order, department = person
        surname, second, place, street, house, line, insurer, member, doctor = shared
        slip = _chance(draws[0], SLIP)
        accents = draws[1] % 10 < 6
        surnames = self._surnames if accents else self._surnames_plain
        last = surnames[surname] if second < 0 else f"{surnames[surname]}-{surnames[second]}"
        birth_last = surnames[birth_name] if birth_name != surname else ""
        if not birth_last and _chance(draws[2], 0.35):
            birth_last = last
        if slip and draws[3] % 2:
            last = slipped(last, draws[4])
        first_written = (self._first if draws[5] % 8 < 6 else self._first_plain)[first]
        if draws[5] // 8 % 10 < 3:
            first_written = first_written.upper()
        born = "" if _chance(draws[6], NO_BIRTH_DATE) else self._days[day]
        home_draw = member & 0xFFFF
        child = role == CHILD
        cells = (
            str(1_000_017 + number * 3 + draws[7] % 3),
            self._nir(stem, order, department, draws[8]),
            _title(sex, child, draws[9]),
            last,
            birth_last,
            first_written,
            "MF"[sex - 1] if draws[10] % 50 else "",
            born,
            self._landline(place, line, home_draw, draws[11]),
            self._mobile(child, member, draws),
            self._email(first, surname, day, child, member, draws),
            *self._address(place, street, house, insurer & 0xFFFF, slip, draws),
            self._doctor(place, doctor, draws[19]),
            self._laboratory(place),
            *self._insurer(insurer, member, draws[20]),
            self._sampled(day, draws),
            self._passwords.password(self._mail_first[first], self._days[day], draws[23:30])
            if _chance(draws[22], PASSWORD)
            else "",
            self._remarks.comment(draws[28:34]) if _chance(draws[27], COMMENT) else "",
        )
        return DELIMITER.join(cells)

    @staticmethod
    def _nir(stem: int, order: int, department: int, draw: int) -> str:
        if _chance(draw, NO_NIR):
            return ""
        written = nir.written(stem, order, department)
        return written if not _chance(draw, NO_NIR + NIR_WITHOUT_KEY) else written[:13]

    def _landline(self, place: int, line: int, home_draw: int, draw: int) -> str:
        if not _chance(home_draw, LANDLINE):
            return ""
        code = nir.DEPARTMENTS[self._town_department[place]]
        return contact.spell_phone(contact.landline(code, line), draw % 100)

    @staticmethod
    def _mobile(child: bool, member: int, draws: Draws) -> str:
        if not _chance(draws[12], CHILD_MOBILE if child else MOBILE):
            return ""
        draw = member * 2_654_435_761 & 0xFFFFFFFF if child else draws[13] << 16 | draws[14]
        return contact.spell_phone(contact.mobile(draw), draws[12] % 100)

    def _email(
        self, first: int, surname: int, day: int, child: bool, member: int, draws: Draws
    ) -> str:
        last = self._mail_last[surname]
        if child or _chance(draws[15], FAMILY_EMAIL):
            if child and draws[15] % 3:
                return ""
            return f"famille.{last}{member % 10_000}@{self._hosts[member % len(self._hosts)]}"
        if not _chance(draws[15], FAMILY_EMAIL + EMAIL):
            return ""
        local = contact.mail_local(
            self._mail_first[first], last, self._days[day][-2:], draws[16] % 100, draws[17]
        )
        return f"{local}@{self._hosts[draws[18] % len(self._hosts)]}"

    def _address(
        self, place: int, street: int, house: int, home_draw: int, slip: bool, draws: Draws
    ) -> tuple[str, str, str]:
        where = places()
        city = where.names[place].upper() if home_draw % 3 else where.names[place]
        if slip and not draws[3] % 2:
            city = slipped(city, draws[4])
        if _chance(home_draw, NO_TOWN):
            return "", "", ""
        if _chance(home_draw, NO_TOWN + NO_STREET):
            return "", where.postcodes[place], city
        repeat = (" bis", " ter", " B")[home_draw % 3] if home_draw % 23 == 0 else ""
        return f"{house}{repeat} {streets()[0][street]}", where.postcodes[place], city

    def _doctor(self, place: int, doctor: int, draw: int) -> str:
        if not _chance(draw, DOCTOR):
            return ""
        at = self._town_department[place] * DOCTORS_NEAR + doctor
        return self._doctors[at]

    def _insurer(self, insurer: int, member: int, draw: int) -> tuple[str, str]:
        if not _chance(insurer >> 14, INSURER):
            return "", ""
        name = self._insurers[int((insurer & 0x3FFF) ** 2 / 2**28 * len(self._insurers))]
        if not _chance(draw, MEMBERSHIP):
            return name, ""
        return name, f"{member:09}" if len(name) % 3 else f"{name[0]}{member:010}"

    def _laboratory(self, place: int) -> str:
        """One of the three near the place."""
        near = self._town_department[place] * 2 + place % 3
        return self._laboratories[near % len(self._laboratories)]

    def _sampled(self, born: int, draws: Draws) -> str:
        if not _chance(draws[21], SAMPLED):
            return ""
        last = len(self._days) - 2
        reach = min(2_200, max(last - born, 1))
        return self._days[last - (draws[21] * 7 + draws[20]) % reach]

    def _doctor_names(self) -> list[str]:
        draw = np.random.Generator(np.random.PCG64(13))
        found = []
        shares = np.cumsum(names.surname_shares())
        for at in range(len(nir.DEPARTMENTS) * DOCTORS_NEAR):
            last = self._surnames_plain[int(np.searchsorted(shares, draw.random() * 0.999))]
            first = self._first_plain[int(draw.integers(len(self._first_plain)))]
            forms = (f"Dr {last} {first}", f"DR {last}", f"Docteur {last} {first[0]}.")
            found.append(forms[at % 3])
        return found


FIRST_DAY = np.datetime64("1915-01-01", "D")


def _written_days() -> list[str]:
    """dd/mm/yyyy of every day from `FIRST_DAY` to the last sample."""
    days: list[str] = np.arange(FIRST_DAY, TAKEN + 1).astype(str).tolist()
    return [f"{day[8:]}/{day[5:7]}/{day[:4]}" for day in days]


def _title(sex: int, child: bool, draw: int) -> str:
    if draw % 20 == 0:
        return ""
    if sex == 1:
        return "M." if draw % 7 else "MR"
    return "MLLE" if child or draw % 13 == 0 else "MME"
