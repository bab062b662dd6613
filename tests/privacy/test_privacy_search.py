"""The search for plain values: it sees each kind wherever it is planted, and nothing elsewhere."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import random
import sqlite3
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from vigie.demo.leak import LeakRow, generate, invent_rows, read_rows
from vigie.demo.posts import spelling
from vigie.demo.posts.values import MIN_COMMENT, tells
from vigie.demo.privacy import Finding, Needles, Unreadable, search

ROWS = 30_000
PERSON = LeakRow(
    patient_id="1",
    nir="285032A10912348",
    title="MME",
    surname="MARTINEAU",
    birth_surname="",
    first_name="Jeanne-Élise",
    sex="F",
    birth_date="14/03/1985",
    landline="02 61 91 12 34",
    mobile="0639981234",
    email="je.martineau@courriel.example",
    street="12 rue des Lilas",
    postcode="44000",
    city="Nantes",
    doctor="Dr ROY",
    laboratory="LABO",
    insurer="",
    insurer_number="",
    sampled="",
    password="tortue531",
    comment="Hypothyroïdie traitée depuis mars 2015, prélever assis au bras droit uniquement",
)
MARK = "zorbelquenvurmigtak"
PLANTED = {
    "nir": PERSON.nir,
    "phone": PERSON.mobile,
    "email": PERSON.email,
    "birth": "Jeanne-Élise MARTINEAU, née le 14/03/1985",
    "comment": PERSON.comment,
    "password": "mot de passe tortue531, à changer",
    "text": f"Message pour Sidonie {MARK.upper()}",
}


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("leak") / "leak.csv", ROWS, seed=9).path


@pytest.fixture(scope="module")
def whole(leak: Path) -> Needles:
    """A leak of many rows, with the one known person among them."""
    return Needles.build([*read_rows(leak), PERSON], [MARK])


@pytest.fixture(scope="module")
def person() -> Needles:
    return Needles.build([PERSON], [MARK], name="one")


def kinds(found: list[Finding]) -> set[str]:
    return {finding.kind for finding in found}


def in_text(folder: Path, value: str) -> None:
    (folder / "note.txt").write_text(f"# début\n{value}\nfin\n", encoding="utf-8")


def in_latin_1(folder: Path, value: str) -> None:
    (folder / "note.txt").write_text(f"a;{value};b", encoding="latin-1")


def in_utf_16(folder: Path, value: str) -> None:
    (folder / "note.bin").write_bytes(b"\x01\x02" + f" {value} ".encode("utf-16-le") + b"\xff")


def in_utf_16_big(folder: Path, value: str) -> None:
    (folder / "note.bin").write_bytes(f" {value} ".encode("utf-16-be"))


def in_log(folder: Path, value: str) -> None:
    line = {"event": "page read", "level": "info", "detail": value}
    (folder / "watch.log").write_text(json.dumps(line) + "\n", encoding="ascii")


def in_gzip(folder: Path, value: str) -> None:
    (folder / "old.log.1").write_bytes(gzip.compress(f"x {value} y".encode()))


def in_zip(folder: Path, value: str) -> None:
    with zipfile.ZipFile(folder / "export.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "nothing")
        archive.writestr("b.txt", f"x {value} y")


def in_base64(folder: Path, value: str) -> None:
    packed = base64.b64encode(f"x {value} y".encode()).decode()
    (folder / "cell.json").write_text(json.dumps({"body": packed}))


def in_gzip_in_base64(folder: Path, value: str) -> None:
    packed = base64.b64encode(gzip.compress(f"x {value} y".encode())).decode()
    (folder / "cell.json").write_text(json.dumps({"body": packed}))


def in_hex(folder: Path, value: str) -> None:
    (folder / "dump.txt").write_text(f"x {f'x {value} y'.encode().hex()} y")


def in_address(folder: Path, value: str) -> None:
    (folder / "visited.txt").write_text(f"http://127.0.0.1/search?q={quote(value)}&page=2")


def in_table(folder: Path, value: str) -> None:
    with closing(sqlite3.connect(folder / "vigie.db")) as record, record:
        record.execute("create table alert (id integer primary key, title text, body blob)")
        record.executemany(
            "insert into alert (title, body) values (?, ?)",
            [("masked", b"\x00" * 50)] * 30 + [("x", value.encode())],
        )


def over_many_pages(folder: Path, value: str) -> None:
    """A cell of which the page's edge cuts the value in the raw file."""
    with closing(sqlite3.connect(folder / "vigie.db")) as record, record:
        record.execute("pragma page_size = 512")
        record.execute("create table capture (body text)")
        for fill in range(440, 520, 4):
            record.execute("insert into capture values (?)", ("." * fill + f" {value} ",))


def in_free_page(folder: Path, value: str) -> None:
    with closing(sqlite3.connect(folder / "vigie.db")) as record:
        record.execute("pragma secure_delete = off")
        record.execute("create table alert (id integer primary key, title text)")
        record.executemany("insert into alert (title) values (?)", [("masked " * 40,)] * 200)
        record.execute("insert into alert (title) values (?)", (f" {value} ",))
        record.commit()
        record.execute("delete from alert")
        record.commit()
        assert record.execute("select count(*) from alert").fetchone() == (0,)


def in_wal(folder: Path, value: str) -> None:
    """Only in the journal: it is copied away before it is folded into the database."""
    work = folder.parent / f"{folder.name}-work"
    work.mkdir()
    with closing(sqlite3.connect(work / "vigie.db")) as record:
        record.execute("pragma journal_mode = wal")
        record.execute("create table alert (title text)")
        record.commit()
        record.execute("pragma wal_checkpoint(truncate)")
        record.execute("insert into alert values (?)", (f" {value} ",))
        record.commit()
        (folder / "vigie.db-wal").write_bytes((work / "vigie.db-wal").read_bytes())


PLACES: tuple[Callable[[Path, str], None], ...] = (
    in_text,
    in_latin_1,
    in_utf_16,
    in_utf_16_big,
    in_log,
    in_gzip,
    in_zip,
    in_base64,
    in_gzip_in_base64,
    in_hex,
    in_address,
    in_table,
    over_many_pages,
    in_free_page,
    in_wal,
)


@pytest.mark.parametrize("kind", list(PLANTED))
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_each_kind_is_found_in_each_place(
    tmp_path: Path, whole: Needles, place: Callable[[Path, str], None], kind: str
) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    place(folder, PLANTED[kind])
    found = search([folder], whole)
    assert kind in kinds(found)
    assert PLANTED[kind] not in repr(found)
    assert not any(ord("0") <= ord(letter) <= ord("9") for letter in found[0].kind)


@pytest.mark.parametrize("form", range(8))
def test_phones_and_nirs_in_any_spelling(tmp_path: Path, person: Needles, form: int) -> None:
    note = tmp_path / "note.txt"
    note.write_text(f"tél {spelling.phone_forms(PERSON.mobile)[form]} (soir)")
    assert kinds(search([note], person)) == {"phone"}
    note.write_text(f"n° {spelling.nir_forms(PERSON.nir)[form]}, vu")
    assert kinds(search([note], person)) == {"nir"}
    note.write_text(f"2021-01-19 {spelling.phone_forms(PERSON.landline)[form]}")
    assert kinds(search([note], person)) == {"phone"}


@pytest.mark.parametrize("date", [*spelling.date_forms("14/03/1985"), "14/03/1985", "14031985"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_name_with_its_birth_date_in_any_spelling(
    tmp_path: Path, person: Needles, date: str, encoding: str
) -> None:
    for name in (
        "MARTINEAU Jeanne-Élise",
        "jeanne elise martineau",
        "Jeanne-&Eacute;lise Martineau",
    ):
        (tmp_path / "note").write_text(f"{name} ({date})", encoding=encoding)
        assert kinds(search([tmp_path], person)) == {"birth"}, (name, date)
    (tmp_path / "note").write_text(f"Born {spelling.english_date('14/03/1985')}: J.-É. Martineau")
    assert search([tmp_path], person) == []


def test_values_of_one_record_may_touch(tmp_path: Path, person: Needles) -> None:
    """In a database's raw pages nothing parts one column from the next."""
    cells = (PERSON.surname, PERSON.first_name, PERSON.birth_date, PERSON.mobile, PERSON.email, "x")
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as record:
        record.execute("pragma secure_delete = off")
        record.execute("create table t (a, b, c, d, e, f, g)")
        record.executemany("insert into t values (?, ?, ?, ?, ?, ?, ?)", [(*cells, PERSON.nir)] * 3)
        record.commit()
        record.execute("delete from t")
        record.commit()
    found = search([tmp_path], person)
    assert {finding.where for finding in found} == {""}
    assert kinds(found) == {"phone", "email", "birth", "nir"}


def test_words_of_a_text_index_are_read(tmp_path: Path, person: Needles) -> None:
    with closing(sqlite3.connect(tmp_path / "search.db")) as record, record:
        record.execute("create virtual table post using fts5(body, content='')")
        record.execute(
            "insert into post (rowid, body) values (1, ?)", (f"0639981233 {PERSON.mobile}",)
        )
        record.execute("insert into post (rowid, body) values (2, ?)", (f"zorbelquen {MARK}",))
    where = {finding.kind: finding.where for finding in search([tmp_path], person) if finding.where}
    assert where["phone"] == where["text"] == "terms of post"


def test_names_of_files_and_folders_are_searched(tmp_path: Path, person: Needles) -> None:
    folder = tmp_path / f"lettre-{MARK}"
    folder.mkdir()
    (folder / f"tel {PERSON.mobile}.txt").touch()
    found = search([tmp_path], person)
    assert kinds(found) == {"text", "phone"}
    assert {finding.where for finding in found} == {"name"}


def test_a_value_across_the_edge_of_two_reads(tmp_path: Path, person: Needles) -> None:
    for back in (1, 5, 9):
        (tmp_path / "big.bin").write_bytes(b"." * (4 * 1024 * 1024 - back) + PERSON.mobile.encode())
        found = search([tmp_path], person)
        assert [(one.kind, one.offset) for one in found] == [("phone", 4 * 1024 * 1024 - back)]


def test_where_it_stands_is_said(tmp_path: Path, person: Needles) -> None:
    (tmp_path / "note.txt").write_text(f"abc {PERSON.mobile}")
    in_table(tmp_path, PERSON.email)
    found = search([tmp_path], person)
    assert Finding(tmp_path / "note.txt", "phone", "one", "", 4) in found
    assert Finding(tmp_path / "vigie.db", "email", "one", "table alert", 30) in found


def test_several_needles_in_one_search(tmp_path: Path, whole: Needles, person: Needles) -> None:
    in_text(tmp_path, PERSON.mobile)
    assert {finding.of for finding in search([tmp_path], whole, person)} == {"leak", "one"}


def clean_storage(folder: Path, size: int) -> None:
    """What a case's folder holds when all is well: sealed bytes, check sums, masked text, times."""
    draw = random.Random(4)
    (folder / "originals").mkdir()
    for number in range(6):
        body = b"age-encryption.org/v1\n-> X25519 " + base64.b64encode(draw.randbytes(32)) + b"\n"
        (folder / "originals" / f"{number}.age").write_bytes(body + draw.randbytes(size // 12))
    with closing(sqlite3.connect(folder / "vigie.db")) as record, record:
        record.execute("create table hit (id integer, seen blob, sha text, at text, snippet text)")
        for _ in range(size // 600):
            stamp = f"2026-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}T10:11:12"
            cells = (
                draw.getrandbits(60),
                draw.randbytes(16),
                hashlib.sha256(draw.randbytes(8)).hexdigest(),
                f"{stamp}.{draw.randint(0, 999_999):06}Z",
                "Nom : ██████ Prénom : ██████ Date de naissance : ██/██/████ N° sécu : ███",
            )
            record.execute("insert into hit values (?, ?, ?, ?, ?)", cells)
    lines = [
        f'{{"at": {1_700_000_000 + number}.{draw.randint(0, 999_999):06}, "event": "crawled", '
        f'"run": "{draw.getrandbits(128):032x}", "bytes": {draw.randint(1, 10**12)}, '
        f'"port": {draw.randint(1024, 65_535)}, "note": "les résultats suivent"}}'
        for number in range(size // 400)
    ]
    (folder / "watch.log").write_text("\n".join(lines))


def test_a_clean_folder_has_no_finding(tmp_path: Path, whole: Needles) -> None:
    clean_storage(tmp_path, 6_000_000)
    assert search([tmp_path], whole) == []


def test_others_values_are_not_the_leaks(tmp_path: Path, leak: Path, whole: Needles) -> None:
    others = Needles.build(invent_rows(500, seed=77), name="others")
    (tmp_path / "rows.csv").write_bytes(leak.read_bytes()[:2_000_000])
    found = search([tmp_path], whole, others)
    leaked = [one for one in found if one.of == "leak"]
    assert len(leaked) > 20_000
    assert kinds(leaked) == set(PLANTED) - {"text"}
    # Phones kept for fiction, and common names, meet by chance.
    assert len(found) - len(leaked) < len(leaked) / 200


def test_every_telling_value_of_a_row_is_found(tmp_path: Path, leak: Path, whole: Needles) -> None:
    for number, row in enumerate(read_rows(leak)):
        if number == 400:
            break
        (tmp_path / "row.txt").write_text(row.line(), encoding="latin-1")
        due = {"nir"} if row.nir else set()
        due |= {"phone"} if row.mobile or row.landline else set()
        due |= {"email"} if row.email else set()
        due |= {"birth"} if row.birth_date else set()
        due |= {"comment"} if len(row.comment) >= MIN_COMMENT else set()
        due |= {"password"} if tells(row.password) else set()
        assert due <= kinds(search([tmp_path], whole))


def test_numbers_inside_longer_ones_are_no_finding(tmp_path: Path, person: Needles) -> None:
    (tmp_path / "note.txt").write_text(
        f"a{PERSON.mobile} {PERSON.mobile}7 1{PERSON.mobile} {PERSON.mobile}f x{PERSON.nir[:13]}y "
        f"{hashlib.sha256(b'').hexdigest()[:30]}c{PERSON.mobile}d{'e' * 23}"
    )
    assert search([tmp_path], person) == []
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as record, record:
        record.execute("create table t (sha text)")
        record.execute("insert into t values (?)", (f"{'abc' * 9}{PERSON.mobile}{'def' * 9}",))
    assert search([tmp_path], person) == []


def test_common_passwords_and_short_remarks_are_not_looked_for() -> None:
    weak = replace(PERSON, password="bonjour", comment="Attention au chien")
    needles = Needles.build([weak, replace(weak, password="15101975")])
    assert len(needles.passwords) == len(needles.comments) == 0


def test_links_are_not_followed_and_gone_folders_are_no_error(
    tmp_path: Path, person: Needles
) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    in_text(tmp_path, PERSON.mobile)
    (folder / "link").symlink_to(tmp_path / "note.txt")
    (folder / "nowhere").symlink_to(tmp_path / "gone")
    os.mkfifo(folder / "pipe")
    assert search([folder, tmp_path / "missing"], person) == []


def test_what_cannot_be_read_is_not_called_clean(person: Needles) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        search([Path("/proc/self/mem")], person)  # opens, and answers a read with an error


def test_broken_containers_are_searched_raw(tmp_path: Path, person: Needles) -> None:
    for name, head in (
        ("a.db", b"SQLite format 3\x00"),
        ("b.zip", b"PK\x03\x04"),
        ("c.gz", b"\x1f\x8b\x08"),
    ):
        (tmp_path / name).write_bytes(head + b" " * 40 + PERSON.mobile.encode() + b" ")
    found = search([tmp_path], person)
    assert {finding.file.name for finding in found} == {"a.db", "b.zip", "c.gz"}


def test_sixteen_megabytes_take_seconds(tmp_path: Path, whole: Needles) -> None:
    clean_storage(tmp_path, 16_000_000)
    started = time.process_time()
    assert search([tmp_path], whole) == []
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert time.process_time() - started < size / 1_000_000
