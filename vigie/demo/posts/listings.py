"""Ordinary posts with people in them, none of whom stands in the leak with what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from vigie.demo.leak import LeakRow
from vigie.demo.posts import layouts, spelling

Rows = Sequence[LeakRow]
FIELDS = ("surname", "first_name", "birth_date", "nir", "mobile", "email", "postcode", "city")


def phone_list(rows: Rows, random: Random) -> str:
    """A club's directory."""
    lines = ["Annuaire du club, à jour en septembre", ""]
    form = random.randrange(1, 5)
    for row in rows:
        phone = row.mobile or row.landline
        if phone:
            lines.append(f"{row.surname} {row.first_name} .... {spelling.phone_forms(phone)[form]}")
    return "\n".join(lines)


def same_layout(rows: Rows, _: Random) -> str:
    """Other people's rows in the leak's own columns, header and all."""
    return layouts.verbatim(rows)


def other_table(rows: Rows, random: Random) -> str:
    """Another breach: valid NIRs of other people in one of four forms."""
    form = random.randrange(4)
    if form == 0:
        return layouts.separated(rows, FIELDS, " | ", header=True)
    if form == 1:
        return layouts.as_json(rows, (*FIELDS[:-2], "city"))
    if form == 2:
        return layouts.as_sql(rows, ("nir", "surname", "first_name", "birth_date", "mobile"))
    return layouts.quoted_csv(rows, ("nir", "surname", "first_name", "birth_date", "email"))


def doctors(rows: Rows, _: Random) -> str:
    """Doctors and towns, which the leak's patients share."""
    found = dict.fromkeys(
        f"{row.doctor}, {row.postcode} {row.city}" for row in rows if row.doctor and row.city
    )
    return "Médecins qui prennent de nouveaux patients :\n\n" + "\n".join(found)


def school(rows: Rows, _: Random) -> str:
    """Pupils of an evening class with dates of birth."""
    lines = [f"{row.first_name} {row.surname}, {row.birth_date}" for row in rows if row.birth_date]
    return "Inscrits au cours du soir\n\n" + "\n".join(lines)


def mails(rows: Rows, _: Random) -> str:
    """Addresses for a newsletter."""
    found = [row.email for row in rows if row.email]
    return "Destinataires : " + ", ".join(found)


def combos(rows: Rows, _: Random) -> str:
    """Addresses and passwords of another site."""
    return "\n".join(f"{row.email}:{row.password}" for row in rows if row.email and row.password)


def homonyms(rows: Rows, _: Random) -> str:
    """People who bear the name of somebody in the leak and share nothing else."""
    return "\n".join(
        f"{row.first_name} {row.surname} ({row.birth_date}), {spelling.phone_forms(row.mobile)[1]}"
        for row in rows
        if row.birth_date and row.mobile
    )


WITHOUT_PEOPLE = ("doctor-list",)
KINDS: tuple[tuple[str, Callable[[Rows, Random], str], int, int], ...] = (
    # kind, writer, people a post, posts a round
    ("phone-list", phone_list, 24, 18),
    ("same-layout", same_layout, 9, 14),
    ("other-table", other_table, 10, 14),
    ("doctor-list", doctors, 16, 10),
    ("school-list", school, 26, 10),
    ("mail-list", mails, 30, 10),
    ("combo-list", combos, 20, 6),
    ("homonyms", homonyms, 18, 10),
)
