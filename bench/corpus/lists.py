"""Lists that look like the leak, share people or values with it, and are no repost of it.

Each maker returns a text and how many of its people are in the leak. What a club, a school or a
practice knows of its people is in it, and never more than that.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.corpus import directories, forms
from bench.corpus.people import Person, World, plain

Listed = tuple[str, int]
CLUB = ("surname", "first", "born", "phone", "email", "street", "postcode", "city")
PRACTICE = ("surname", "first", "born", "phone", "street", "postcode", "city", "doctor")
BREACH = ("email", "surname", "first", "phone", "street", "postcode", "city", "born")
TELLING = (1, 7, 8, 9, 10, 11, 17)  # NIR, birth date, phones, e-mail, street, policy number
SHUFFLES = 50  # tries with the same people, who may have too few values
SHARES = (0.05, 0.10, 0.20, 0.30)


@dataclass(frozen=True, slots=True)
class Country:
    """The people of the leak by town and doctor, and strangers."""

    world: World
    towns: list[list[Person]]
    practices: list[list[Person]]

    def strangers(self, draw: random.Random, size: int) -> list[Person]:
        """So many people who are not in the leak."""
        return draw.sample(self.world.outside, size)


def country(world: World, least: int = 40) -> Country:
    """Group the people of the leak; towns and practices of fewer than `least` are left out."""
    towns: dict[str, list[Person]] = defaultdict(list)
    practices: dict[str, list[Person]] = defaultdict(list)
    for each in world.inside:
        towns[each.city].append(each)
        if each.doctor:
            practices[each.doctor].append(each)
    return Country(
        world,
        [some for _, some in sorted(towns.items()) if len(some) >= least],
        [some for _, some in sorted(practices.items()) if len(some) >= least],
    )


def written(draw: random.Random, people: Sequence[Person], columns: Sequence[str]) -> str:
    """A table of some columns in one style, in the order given."""
    mark = draw.choice((";", ",", "\t", " | "))
    style = draw.randrange(3)
    rows = [mark.join(columns)] if draw.random() < 0.5 else []
    for each in people:
        cells = {column: each.value(column) for column in columns}
        if "phone" in cells and cells["phone"] and style == 1:
            cells["phone"] = forms.phone(draw, cells["phone"])
        if cells.get("born") and style == 2:
            cells["born"] = "{}-{:02d}-{:02d}".format(*each.born)
        rows.append(mark.join(cells.values()))
    return "\n".join(rows)


def mixed(
    draw: random.Random, known: list[Person], others: list[Person], columns: Sequence[str]
) -> Listed:
    """Some people of the leak among others, by name or at random."""
    people = known + others
    if draw.random() < 0.5:
        people.sort(key=lambda each: (each.surname, each.first))
    else:
        draw.shuffle(people)
    kept = draw.sample(columns, draw.randint(max(4, len(columns) - 3), len(columns)))
    kept = [column for column in columns if column in {*kept, "surname", "first"}]
    return written(draw, people, kept), len(known)


def club(draw: random.Random, of: Country) -> Listed:
    """Members of one town's club: 5 to 30 % of them are in the leak, all live in the town."""
    town = draw.choice(of.towns)
    size = draw.choice((30, 60, 120, 300))
    known = draw.sample(town, min(len(town), max(2, round(size * draw.choice(SHARES)))))
    home = town[0]
    others = [
        replace(each, postcode=home.postcode, city=home.city)
        for each in of.strangers(draw, size - len(known))
    ]
    return mixed(draw, known, others, CLUB)


def practice(draw: random.Random, of: Country) -> Listed:
    """One doctor's patients: 5 to 30 % of them are in the leak, all have the same doctor."""
    patients = draw.choice(of.practices)
    size = draw.choice((40, 100, 250))
    known = draw.sample(patients, min(len(patients), max(2, round(size * draw.choice(SHARES)))))
    others = [
        replace(each, doctor=patients[0].doctor, postcode=patients[0].postcode,
                city=patients[0].city)
        for each in of.strangers(draw, size - len(known))
    ]  # fmt: skip
    return mixed(draw, known, others, PRACTICE)


def breach(draw: random.Random, of: Country) -> Listed:
    """Another company's customers: 0.7 % of them are in the leak, as chance has it."""
    size = draw.choice((150, 400, 1000))
    count = sum(draw.random() < 0.0072 for _ in range(size))
    known = draw.sample(of.world.inside, count)
    return mixed(draw, known, of.strangers(draw, size - count), BREACH)


def shuffled(draw: random.Random, of: Country) -> Listed:
    """The leak's own values, every column shuffled between persons by itself."""
    size = draw.choice((5, 12, 40, 150))
    at = draw.randrange(len(of.world.inside) - size)
    people = (
        draw.sample(of.world.inside, size)
        if draw.random() < 0.5
        else of.world.inside[at : at + size]
    )
    cells = list(zip(*(each.cells for each in people), strict=True))
    mark = draw.choice((";", "\t", "|"))
    turned = [draw.sample(column, size) for column in cells]
    return "\n".join(mark.join(row) for row in zip(*turned, strict=True)), 0


def few_shuffled(draw: random.Random, of: Country) -> Listed:
    """The same with so few persons that much of one stays together by chance.

    A line that keeps more than six in ten of what tells a person is that person's record, with
    wrong values in it, and no example of this.
    """
    while True:
        size = draw.choice((2, 3, 4, 5))
        people = draw.sample(of.world.inside, size)
        columns = list(zip(*(each.cells for each in people), strict=True))
        for _ in range(SHUFFLES):
            rows = list(zip(*(draw.sample(column, size) for column in columns), strict=True))
            if all(_kept(row, each) <= 0.6 for row in rows for each in people):
                mark = draw.choice((";", "\t", "|"))
                return "\n".join(mark.join(row) for row in rows), 0


def _kept(row: Sequence[str], person: Person) -> float:
    """Share of a person's values that a row holds, of those that tell the person."""
    own = [(row[at], person.cells[at]) for at in TELLING if person.cells[at]]
    return sum(a == b for a, b in own) / max(1, len(own))


def large_club(draw: random.Random, of: Country) -> Listed:
    """Thousands of members of several towns, of whom 30 % are in the leak: many hundreds."""
    towns = sorted(of.towns, key=len)[-8:]
    people = [each for town in towns for each in town]
    known = draw.sample(people, min(len(people), draw.choice((300, 900))))
    others = []
    for each in of.strangers(draw, len(known) * 7 // 3):
        home = draw.choice(known)
        others.append(replace(each, postcode=home.postcode, city=home.city))
    return mixed(draw, known, others, CLUB)


def directory_of_strangers(draw: random.Random, of: Country) -> Listed:
    """Name, street and town of strangers in one of many shapes, of many towns or of one."""
    people = of.strangers(draw, draw.choice((20, 60, 200, 600, 2000)))
    if draw.random() < 0.4:
        people = directories.of_one_town(draw, people)
    return directories.written(draw.choice(directories.SHAPES), people), 0


def local_directory(draw: random.Random, of: Country) -> Listed:
    """The same of one town, 5 to 30 % of whose people are in the leak."""
    town = draw.choice(of.towns)
    known = draw.sample(town, min(len(town), draw.choice((10, 30, 100))))
    others = of.strangers(draw, round(len(known) / draw.choice(SHARES)) - len(known))
    home = town[0]
    people = known + [replace(p, postcode=home.postcode, city=home.city) for p in others]
    draw.shuffle(people)
    return directories.written(draw.choice(directories.SHAPES), people), len(known)


def homonyms(draw: random.Random, of: Country) -> Listed:
    """People of the leak's names and towns, born on other days, with other numbers."""
    size = draw.choice((1, 3, 10, 40))
    people = [
        replace(mine, born=other.born, phone=other.phone, email=other.email, nir=other.nir,
                street=other.street)
        for mine, other in zip(draw.sample(of.world.inside, size), of.strangers(draw, size),
                               strict=True)
    ]  # fmt: skip
    columns = draw.choice((("surname", "first", "born"), ("first", "surname", "born", "city"),
                           ("surname", "first", "phone", "city", "postcode")))  # fmt: skip
    return written(draw, people, columns), 0


def families(draw: random.Random, of: Country) -> Listed:
    """Relatives who are not in the file: surname, house and landline of somebody who is."""
    size = draw.choice((1, 2, 8, 30))
    people = [
        replace(mine, first=other.first, born=other.born, email=other.email, nir=other.nir)
        for mine, other in zip(draw.sample(of.world.inside, size), of.strangers(draw, size),
                               strict=True)
        if plain(mine.first) != plain(other.first) and mine.born != other.born
    ]  # fmt: skip
    columns = draw.choice((("surname", "first", "born", "street", "postcode", "city"),
                           ("surname", "first", "born", "phone", "city"),
                           ("nir", "surname", "first", "street", "city")))  # fmt: skip
    return written(draw, people, columns), 0


def numbers(draw: random.Random, of: Country) -> Listed:
    """NIRs of other people, valid ones, in the ways they are written."""
    people = [each for each in of.strangers(draw, 300) if each.nir]
    return "\n".join(forms.nir(draw, each.nir) for each in people), 0


def directory(draw: random.Random, of: Country) -> Listed:
    """A phone directory: names of anybody, of the leak's towns, with their own phones."""
    lines = []
    for each in of.strangers(draw, 200):
        if each.phone:
            written_phone = forms.phone(draw, each.phone)
            lines.append(f"{each.surname} {each.first}, {each.street} {each.city} {written_phone}")
    return "\n".join(lines), 0


def doctors(draw: random.Random, of: Country) -> Listed:
    """Doctors of the leak with towns and addresses, as a health insurer lists them."""
    lines = []
    for mine, other in zip(draw.sample(of.world.inside, 80), of.strangers(draw, 80), strict=True):
        if mine.doctor:
            home = f"{other.street}, {mine.postcode} {mine.city}"
            lines.append(f"{mine.doctor} - médecin généraliste - {home} - {other.phone}")
    return "\n".join(lines), 0


def laboratories(draw: random.Random, of: Country) -> Listed:
    """Another laboratory's own file: same columns, doctors and laboratories, other patients."""
    people = [
        ";".join(each.cells[:15] + mine.cells[15:16] + each.cells[16:])
        for mine, each in zip(draw.sample(of.world.inside, 60), of.strangers(draw, 60), strict=True)
    ]
    return "\n".join(people), 0


def names_only(draw: random.Random, of: Country) -> Listed:
    """Names of people of the leak with nothing else: candidates, graduates, obituaries."""
    people = draw.sample(of.world.inside, 60)
    return "\n".join(f"{each.first} {each.surname}" for each in people), 60


LISTS: dict[str, Callable[[random.Random, Country], Listed]] = {
    "town club, 5-30 % known": club,
    "one doctor's patients, 5-30 % known": practice,
    "another breach, 0.7 % known": breach,
    "large club, 30 % known": large_club,
    "own values shuffled": shuffled,
    "few shuffled persons": few_shuffled,
    "homonyms": homonyms,
    "relatives not in the file": families,
    "valid NIRs of others": numbers,
    "phone directory": directory,
    "doctor listing": doctors,
    "another laboratory's file": laboratories,
    "names only": names_only,
    "directory of strangers": directory_of_strangers,
    "directory of one town, 5-30 % known": local_directory,
}


def cut_columns(draw: random.Random, of: Country) -> Listed:
    """Rows of the leak cut to name, street and town, in any of the shapes that show all of them."""
    size = draw.choice((20, 60, 200, 600))
    inside = of.world.inside
    at = draw.randrange(len(inside) - size)
    people = draw.sample(inside, size) if draw.random() < 0.5 else inside[at : at + size]
    shapes = [each for each in directories.SHAPES if not each.startswith("no ")]
    return directories.written(draw.choice(shapes), people), size


REPOSTS: dict[str, Callable[[random.Random, Country], Listed]] = {
    "rows cut to name, street, town": cut_columns,
}
