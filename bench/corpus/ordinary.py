"""Ordinary texts without anybody of the leak: logs, dumps, prose, directories, talk."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

from bench.corpus import directories as listed
from bench.corpus.layouts import CHAT
from bench.corpus.people import person
from vigie.demo.leak import invent_rows

Bodies = Iterator[tuple[str, bytes]]
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STRANGERS = 7_000_001  # a seed that no leak of the bench uses


def _bodies(lines: Iterator[str], size: int, name: str) -> Bodies:
    """Bodies of about `size` bytes without end."""
    while True:
        held, some = 0, []
        while held < size:
            some.append(next(lines))
            held += len(some[-1])
        yield name, "\n".join(some).encode()


def _log_lines(draw: random.Random) -> Iterator[str]:
    """A server's own format, the common one of web servers, the system's, and objects."""
    while True:
        day, month = draw.randint(1, 28), draw.randint(1, 12)
        clock = f"{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}:{draw.randint(0, 59):02d}"
        address = f"{draw.randint(1, 250)}.{draw.randint(0, 255)}.{draw.randint(0, 255)}.7"
        item, size = draw.randint(1, 10**10), draw.randint(1, 99999)
        kind = draw.randrange(4)
        if kind == 0:
            yield (
                f"2026-{month:02d}-{day:02d}T{clock}.{draw.randint(0, 999):03d}Z INFO "
                f"id={draw.randint(10**9, 10**15)} ip={address} GET /v1/items/{item}?p={size % 99} "
                f"200 {size} trace={draw.getrandbits(128):032x}"
            )
        elif kind == 1:
            yield (
                f"{address} - - [{day:02d}/{MONTHS[month - 1]}/2026:{clock} +0100] "
                f'"GET /articles/{item} HTTP/1.1" 200 {size} '
                f'"https://forum.example/t/{draw.randint(1, 10**6)}" "Mozilla/5.0"'
            )
        elif kind == 2:
            yield (
                f"{MONTHS[month - 1]} {day:2d} {clock} web3 sshd[{size}]: Failed password for "
                f"user{item % 999} from {address} port {draw.randint(1024, 65535)} ssh2"
            )
        else:
            stamp, user = 1_700_000_000_000 + draw.randrange(10**11), draw.randint(1, 10**9)
            yield json.dumps({"ts": stamp, "session": item, "user": f"u{user}", "ms": size})


def logs(draw: random.Random, size: int) -> Bodies:
    """Lines as servers write them: dates, addresses, long numbers."""
    return _bodies(_log_lines(draw), size, "server.log")


def _dump_lines(draw: random.Random) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        values = (
            number, draw.randint(10**12, 10**15), f"'{draw.getrandbits(64):016x}'",
            f"'20{draw.randint(10, 25)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}'",
            draw.randint(1, 10**9), f"'0{draw.randint(10**8, 10**9 - 1)}'",
            f"'user{draw.randint(1, 10**6)}@mail{draw.randint(1, 99)}.example'", "NULL",
        )  # fmt: skip
        row = ",".join(map(str, values))
        yield f"INSERT INTO `orders` VALUES ({row});"  # noqa: S608 - a text to be read


def dumps(draw: random.Random, size: int) -> Bodies:
    """SQL dumps of another shop: numbers as long as a NIR, phones, addresses."""
    return _bodies(_dump_lines(draw), size, "orders.sql")


def _directory_lines(draw: random.Random) -> Iterator[str]:
    seed = STRANGERS
    while True:
        for row in invent_rows(5000, seed=seed):
            name, home = (
                f"{row.surname} {row.first_name}",
                f"{row.street} {row.postcode} {row.city}",
            )
            kind = draw.randrange(3)
            if kind == 0:
                yield f"{name}, {home} {draw.choice('01234567')}{draw.randint(10**8, 10**9 - 1)}"
            elif kind == 1:
                yield json.dumps({"nom": name, "adresse": home}, ensure_ascii=False)
            else:
                yield f"<li>{name}<br>{home}</li>"
        seed += 1


def directories(draw: random.Random, size: int) -> Bodies:
    """Names, houses and phones of other people of the same towns: the hardest ordinary text."""
    return _bodies(_directory_lines(draw), size, "annuaire.txt")


def shapes(draw: random.Random, size: int) -> Bodies:
    """Directories of name, street and town without a phone, each in a shape of its own."""
    seed = STRANGERS + 900_000
    while True:
        people = [person(-1, row.cells()) for row in invent_rows(max(50, size // 60), seed=seed)]
        shape = draw.choice(listed.SHAPES)
        some = listed.of_one_town(draw, people) if draw.random() < 0.3 else people
        yield f"{shape}.txt", listed.written(shape, some).encode()
        seed += 1


def _talk(draw: random.Random) -> Iterator[str]:
    words = " ".join(CHAT).split()
    seed = STRANGERS + 500_000
    while True:
        for row in invent_rows(2000, seed=seed):
            said = " ".join(draw.choices(words, k=draw.randint(5, 60)))
            yield draw.choice((said, said, f"@{row.first_name} {said}", f"{row.city} : {said}"))
        seed += 1


def talk(draw: random.Random, size: int) -> Bodies:
    """Posts of a forum, with first names and towns."""
    return _bodies(_talk(draw), size, "forum.txt")


NEWS = (
    "{first} {surname}, {age} ans, a ouvert son atelier à {city} au printemps.",
    "Selon {title} {surname}, le marché de {city} restera place de l'église.",
    "Le maire de {city}, {first} {surname}, a signé la convention le {day}.",
    "Nous avons appris le décès de {title} {first} {surname}, survenu à {city} le {day}.",
    "Contact : {first} {surname}, {phone}, tous les jours sauf le dimanche.",
    "Le {day}, {first} et ses voisins de {city} ont planté trente arbres fruitiers.",
    "Les travaux commencent {street} et dureront six semaines, sans coupure d'eau.",
    "Né le {birth}, le peintre {first} {surname} a vécu à {city} avant de partir pour Turin.",
    "La recette tient en peu de mots : du beurre, des œufs, et la patience de sa grand-mère.",
    "On ne sait pas ce que décidera le conseil, qui se réunit de nouveau le {day}.",
)


def _news_lines(draw: random.Random) -> Iterator[str]:
    seed = STRANGERS + 1_300_000
    while True:
        for row in invent_rows(5000, seed=seed):
            day = f"{draw.randint(1, 28)} {draw.choice(('mars', 'juin', 'octobre'))} 2026"
            told = {
                "first": row.first_name, "surname": row.surname.title(), "city": row.city,
                "street": row.street, "birth": row.birth_date, "phone": row.mobile or row.landline,
                "title": draw.choice(("M.", "Mme")), "age": draw.randint(18, 90), "day": day,
            }  # fmt: skip
            yield " ".join(said.format(**told) for said in draw.sample(NEWS, draw.randint(1, 4)))
        seed += 1


def prose(draw: random.Random, size: int) -> Bodies:
    """Local news: people by name and town, now and then with a phone or a birth date."""
    return _bodies(_news_lines(draw), size, "nouvelles.txt")


KINDS: dict[str, Callable[[random.Random, int], Bodies]] = {
    "logs": logs,
    "dumps": dumps,
    "prose": prose,
    "directories": directories,
    "directories in many shapes": shapes,
    "talk": talk,
}
