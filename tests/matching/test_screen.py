"""Screened reading and reading everything find the same, whatever a record looks like."""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from matching import blocks
from matching.build import build
from matching.inspect import inspect
from matching.kernel.bench import REGION, SIFTED
from matching.keys import new_key
from matching.normalise.fold import fold
from matching.result import LeakRef, ScanResult, TextLayer
from matching.scan import Scanner
from tests.matching import disguises
from tests.matching.disguises import LeakOnDisk, Person
from vigie.demo.leak import generate

RECORDS = 25
SPACE = SIFTED + 5000  # ordinary text between two records
LEET = str.maketrans("aeiost", "431057")


def masked_phone(draw: random.Random, p: Person) -> str:
    hidden = f"{p.phone[:2]} {p.phone[2:4]} ** ** {p.phone[8:]}"
    return f"{p.first} {p.surname}, {hidden}, {p.town}, {disguises.date_form(draw, p.born)}"


def masked_mail(draw: random.Random, p: Person) -> str:
    local, _, domain = p.email.partition("@")
    return f"{p.surname};{p.first};{local[:1]}{'*' * 8}{local[-1:]}@{domain};{p.postcode};{p.phone}"


def initials(draw: random.Random, p: Person) -> str:
    return f"{p.first[:1]}. {p.surname} {disguises.date_form(draw, p.born)} {p.address}"


def starred(draw: random.Random, p: Person) -> str:
    return f"{p.surname[:1]}*****{p.surname[-1:]} {p.first};{p.phone};{p.postcode}"


def leet(draw: random.Random, p: Person) -> str:
    return f"{p.first.lower().translate(LEET)} {p.surname.lower().translate(LEET)} {p.phone}"


def at_home(draw: random.Random, p: Person) -> str:
    return f"{p.first} {p.surname}\n{p.address}\n{p.postcode} {p.town}"


def slipped_phone(draw: random.Random, p: Person) -> str:
    at = draw.randrange(3, 10)
    digit = str((int(p.phone[at]) + draw.randint(1, 9)) % 10)
    return f"{p.first} {p.surname}, {p.phone[:at]}{digit}{p.phone[at + 1 :]}"


def slipped_mail(draw: random.Random, p: Person) -> str:
    local, _, domain = p.email.partition("@")
    at = draw.randrange(1, len(local))
    return f"{p.surname} {local[:at]}{local[at + 1 :]}@{domain} {p.town} {p.doctor}"


def wrong_days(draw: random.Random, p: Person) -> str:
    """The birth date twice, each time with another slip, beside masked digits."""
    year, month, day = p.born
    other = day % 28 + 1
    dates = f"{day:02d}/{month:02d}/{year + draw.randint(1, 9)} {other:02d}/{month:02d}/{year}"
    return f"{p.first} {p.surname}, {dates}, {p.phone[:4]}****{p.phone[8:]}, {p.lab}, {p.town}"


def masked_nir(draw: random.Random, p: Person) -> str:
    phone = f"{p.phone[:4]} ** ** {p.phone[8:]}"
    return f"{p.surname} {p.first} {p.nir[:7]}****{p.nir[11:]}, {p.town}, {phone}"


def run_together(draw: random.Random, p: Person) -> str:
    town, doctor = p.town.replace(" ", ""), p.doctor.replace(" ", "")
    return (
        f"{p.first} {p.surname}, {town}, {doctor}, {p.insurer}, {disguises.date_form(draw, p.born)}"
    )


def slipped_words(draw: random.Random, p: Person) -> str:
    """Only its phone stands as it is, and that is masked at times."""
    words = f"{p.surname} {p.doctor} {p.town} {p.lab}".split()
    told = [word[:at] + word[at + 1 :] for word in words for at in [draw.randrange(len(word))]]
    phone = draw.choice((p.phone, f"{p.phone[:6]}**{p.phone[8:]}"))
    return f"{p.first[:1]}. {' '.join(told)} {phone} {p.postcode}"


MORE: dict[str, Callable[[random.Random, Person], str]] = {
    "masked phone": masked_phone, "masked mail": masked_mail, "initials": initials,
    "starred": starred, "leet": leet, "at home": at_home, "slipped phone": slipped_phone,
    "slipped mail": slipped_mail, "wrong days": wrong_days, "masked nir": masked_nir,
    "run together": run_together, "slipped words": slipped_words,
}  # fmt: skip


def shape(kind: str, draw: random.Random, person: Person) -> str:
    return MORE[kind](draw, person) if kind in MORE else disguises.disguise(kind, draw, person)


@pytest.fixture(scope="module")
def ordinary() -> str:
    paths = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    found = [path.read_text("utf-8", "replace") for path in paths]
    return "".join(found)[: 2 * SPACE * RECORDS]


@contextmanager
def reading_all(scanner: Scanner) -> Iterator[None]:
    scanner.regions.thorough = True
    try:
        yield
    finally:
        scanner.regions.thorough = False


def told(result: ScanResult) -> object:
    rows = [(match.row, match.bits, match.fields, match.spans) for match in result.matches]
    return result.verdict, result.records, result.review_records, rows


def assert_same(scanner: Scanner, text: str) -> ScanResult:
    screened = scanner.scan("post", len(text), "", [TextLayer("", text)], all_matches=True)
    with reading_all(scanner):
        whole = scanner.scan("post", len(text), "", [TextLayer("", text)], all_matches=True)
    assert told(screened) == told(whole)
    return screened


@pytest.mark.parametrize("kind", [*disguises.CLASSES, *MORE])
def test_records_in_ordinary_text(
    kind: str, leak: LeakOnDisk, scanner: Scanner, ordinary: str
) -> None:
    draw = random.Random(f"screen {kind}")
    parts: list[str] = []
    for number in range(RECORDS):
        at = number * SPACE
        cut = at + draw.randrange(SPACE)
        record = shape(kind, draw, draw.choice(leak.people))
        mark = draw.choice(("\n", " "))
        parts += [ordinary[at:cut], mark, record, mark, ordinary[cut : at + SPACE]]
    text = "".join(parts)
    assert len(text) > blocks.MOST_TEXT
    found = assert_same(scanner, text)
    assert len(found.matches) >= RECORDS // 3
    assert scanner.regions.read < scanner.regions.seen


def forms(p: Person) -> list[str]:
    """Numbers that only a closer look at their shape tells from counters and time stamps."""
    year, month, day = p.born
    name, phone = f"{p.first} {p.surname}", p.phone
    pairs = [phone[at : at + 2] for at in range(0, 10, 2)]
    nir = p.nir
    word = disguises.MONTHS[month - 1]
    return [
        f"{name} {day}{word}{year} {phone}",
        f"{day} {word[:4]}. {year % 100:02d} {name} {phone[1:]}",
        f"{name} {day}/{month}/{year % 100:02d} {p.email}",
        f"{year}-{month}-{day} 00:00 {name} {p.postcode} {p.town} {p.address}",
        f"33 {phone[1]} {' '.join(pairs[1:])} {name}",
        f"0033{phone[1:]} {name}",
        f"{name} +33{phone[1]}.{'.'.join(pairs[1:])}",
        f"{name} {phone[1:]}",
        f"{nir[0]} {nir[1:3]} {nir[3:5]} {nir[5:7]} {nir[7:10]} {nir[10:]} {name}",
        f"{nir[:7].lower()} {nir[7:]} {p.surname}",
        f"2024-05-1{day % 10} 12:3{day % 10}:07 {name} {day:02d}.{month:02d}.{year} {phone}",
        f"{p.member} {name} {phone[:4]} {phone[4:7]} {phone[7:]}",
    ]


def test_numbers_at_every_place_of_a_block(leak: LeakOnDisk, scanner: Scanner) -> None:
    """Masks tell of 64 bytes at once: a number may begin anywhere in them, or across two."""
    draw = random.Random("places")
    parts: list[str] = []
    for offset in range(64):
        for form in range(len(forms(leak.people[0]))):
            line = forms(draw.choice(leak.people))[form]
            before = sum(map(len, parts)) + len(parts)
            parts.append("\n" + "." * ((offset - before - 2) % 64) + f" {line}\n" + "- " * 400)
    found = assert_same(scanner, "\n".join(parts))
    assert len({match.row for match in found.matches}) > 500


def test_a_pair_of_names_far_from_any_number(
    leak: LeakOnDisk, scanner: Scanner, ordinary: str
) -> None:
    """Names alone are only looked at beside their like: also with others of the leak between."""
    draw = random.Random("pairs")
    others = [word for p in leak.people[:40] for word in (p.first.split("-")[0], p.surname)]
    parts: list[str] = []
    for number in range(RECORDS):
        p = draw.choice(leak.people)
        between = " ".join(draw.sample(others, number % 7))
        record = f"{p.surname} {between} {p.first}, {p.town}, {p.doctor} {p.lab} {p.insurer}"
        parts += [ordinary[number * SPACE : (number + 1) * SPACE], f"\n{record}\n"]
    assert_same(scanner, "".join(parts))


@pytest.mark.parametrize("kind", [*disguises.CLASSES, *MORE])
def test_short_texts(kind: str, leak: LeakOnDisk, scanner: Scanner) -> None:
    draw = random.Random(f"short {kind}")
    for _ in range(30):
        assert_same(scanner, shape(kind, draw, draw.choice(leak.people)))


def test_ordinary_text_is_hardly_read(scanner: Scanner, ordinary: str) -> None:
    assert_same(scanner, ordinary)
    scanner.scan("code", 1, "", [TextLayer("", ordinary)])
    assert scanner.regions.read * 4 < scanner.regions.seen


def test_a_record_at_every_offset_of_an_edge(leak: LeakOnDisk, scanner: Scanner) -> None:
    """In one line without an end, where regions are cut between words or inside them."""
    person = leak.people[77]
    record = f" {person.first} {person.surname} {person.phone} {person.email} "
    for filler in ("lorem ipsum dolor ", "loremipsumdolor"):
        size = blocks.MOST_TEXT + 2 * REGION
        line = (filler * (size // len(filler) + 1))[:size]
        for offset in range(0, 2 * len(record) + 1700, 37):
            cut = blocks.MOST_TEXT + REGION - offset
            text = line[:cut] + record + line[cut:]
            result = scanner.scan("line", len(text), "", [TextLayer("", text)])
            assert 77 in [match.row for match in result.matches], offset


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scanner, list[list[str]]]]:
    """A leak with comments and passwords, and the cells of its rows."""
    folder = tmp_path_factory.mktemp("demo")
    csv = folder / "leak.csv"
    generate(csv, rows=4000)
    lines = csv.read_text("latin-1").splitlines()
    build(csv, new_key(folder / "key"), folder / "leak.vfp", inspect(csv))
    scanner = Scanner(LeakRef(folder / "leak.vfp", folder / "key"))
    yield scanner, [line.split(";") for line in lines[1:]]
    scanner.close()


def test_what_a_part_needs_of_the_file_is_asked_for_at_once(
    demo: tuple[Scanner, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time blocks are asked for, what was read so far is read again."""
    opened, rows = demo
    scanner = Scanner(LeakRef(opened.file.path, opened.file.path.parent / "key"))
    text = "\n".join(f"{row[3]} {row[5]}" for row in rows[:: len(rows) // 200])
    check, asked = scanner.regions._check, 0

    def counted() -> bool:
        nonlocal asked
        found = check()
        asked += found
        return found

    monkeypatch.setattr(scanner.regions, "_check", counted)
    list(scanner.regions.worth_reading(fold(text), 35.0))
    checked = int(scanner.file.ok["rows"].sum())
    scanner.close()
    assert checked > 12  # blocks of rows alone
    assert asked < 6


def test_comments_in_ordinary_text(demo: tuple[Scanner, list[list[str]]], ordinary: str) -> None:
    scanner, rows = demo
    draw = random.Random("comments")
    parts: list[str] = []
    long = [row for row in rows if len(row[-1].split()) >= 12 and row[13]]
    for number, row in enumerate(draw.sample(long, RECORDS)):
        words = row[-1].split()
        if number % 2:
            del words[draw.randrange(3, 8)]
        quoted = " ".join(words[:12])
        record = draw.choice(
            (f"{row[3]} {quoted}", f"{quoted} ({row[13]})", quoted, row[9] + quoted)
        )
        at = number * SPACE
        parts += [ordinary[at : at + SPACE], "\n", record, "\n"]
    found = assert_same(scanner, "".join(parts))
    assert found.matches


def test_people_are_counted_as_in_reading_all(leak: LeakOnDisk, scanner: Scanner) -> None:
    strangers = disguises.people(3000, seed=99)
    text = "\n".join(f"{p.surname} {p.first} {p.phone} {p.town}" for p in strangers)
    scanner.scan("list", len(text), "", [TextLayer("", text)])
    screened = scanner.regions.people
    with reading_all(scanner):
        scanner.scan("list", len(text), "", [TextLayer("", text)])
    assert abs(screened - scanner.regions.people) <= 0.01 * scanner.regions.people


def test_a_long_list_of_homonyms_is_read_as_a_whole_and_what_follows_is_not(
    leak: LeakOnDisk, scanner: Scanner, ordinary: str
) -> None:
    draw = random.Random("homonyms")
    lines = []
    for _ in range(6000):
        p, q = draw.choice(leak.people), draw.choice(leak.people)
        lines.append(f"{p.surname} {p.first}, {q.postcode} {p.town}, {q.doctor}")
    for person in leak.people[50:60]:
        lines.insert(draw.randrange(len(lines)), ";".join(person.columns()))
    text = "\n".join(lines)
    found = assert_same(scanner, text + "\n" + ordinary[: 40 * REGION])
    assert {match.row for match in found.matches} >= set(range(50, 60))
    parts, read = scanner.regions.seen, scanner.regions.read
    scanner.scan("list", 1, "", [TextLayer("", text)])
    assert scanner.regions.read > 0.9 * scanner.regions.seen  # each was worth it
    assert read < scanner.regions.seen + 0.5 * (parts - scanner.regions.seen)


def test_a_common_name_is_found_by_its_town(
    tmp_path: Path, leak: LeakOnDisk, ordinary: str
) -> None:
    """Where a name leads to no row by itself, what surrounds it is read."""
    towns = [f"{letters}ville sur orge" for letters in ("mont", "bel", "hau", "clair", "grand")]
    rows = [
        f"Jean;MARTIN;{p.birthday};{p.phone};{number % 90 + 10}300;{towns[number % 5]};{p.doctor};"
        f"{p.lab};{p.insurer}"
        for number, p in enumerate(leak.people[:120])
    ]
    head = "PRENOM;NOM_USUEL;DDN;TEL_PORTABLE;CP;VILLE;MEDECIN_TRAITANT;LABO;MUTUELLE"
    csv = tmp_path / "leak.csv"
    csv.write_text("\n".join([head, *rows]) + "\n", "latin-1")
    build(csv, new_key(tmp_path / "key"), tmp_path / "leak.vfp", inspect(csv))
    opened = Scanner(LeakRef(tmp_path / "leak.vfp", tmp_path / "key"))
    parts: list[str] = []
    for number in range(RECORDS):
        cells = rows[number].split(";")
        _, month, year = cells[2].split("/")
        phone = cells[3]
        shown = f"{phone[:6]}** {phone[8:]}"
        record = f"\n{cells[5]} Jean Martin {cells[4]} {shown} xx/{month}/{year} {cells[6]}\n"
        parts += [ordinary[number * SPACE : (number + 1) * SPACE], record]
    found = assert_same(opened, "".join(parts))
    opened.close()
    assert found.matches


def rows_of(scanner: Scanner, text: str) -> list[tuple[int, float]]:
    """The rows told of a text as of a long one: from what review asks on."""
    return [(each.row, each.bits) for each in scanner._scan_text(fold(text), 0)]


FILLER = [
    "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "nobody", "looks",
    "at", "it",
]  # fmt: skip


@pytest.mark.parametrize("often", ["", "saint-brieuc"])
def test_words_scattered_over_a_page_are_no_row(
    often: str, leak: LeakOnDisk, scanner: Scanner
) -> None:
    """The more words stand between those of a row, the less each says: no part is read for them,
    as it is where they stand together; and however far they are, no row is lost that is told when
    all is read. A town of two words that comes again and again changes nothing for other rows."""
    draw = random.Random("scattered")
    filler = [*FILLER, often] if often else FILLER
    around = " ".join(filler * 200)
    read, found = dict.fromkeys((0, 6, 12, 25, 80), 0), 0
    for p in draw.sample([p for p in leak.people if p.town.lower() != often], 60):
        for far in read:
            words_ = [f"{p.first} {p.surname}", p.town, p.doctor, p.lab, p.insurer]
            words_ += [draw.choice((p.postcode, " ".join(p.address.split()[-2:])))]
            gap = f" {' '.join(draw.choices(filler, k=far))} " if far else ", "
            text = f"{around}\n{gap.join(words_)}\n{around}"
            told = rows_of(scanner, text)
            read[far] += scanner.regions.read > 0
            found += len(told)
            with reading_all(scanner):
                assert told == rows_of(scanner, text)
    assert found > 30
    assert read[0] > 30
    assert read[80] < 0.25 * read[0]
