"""The synthetic leak: valid, consistent, the same every time, and written as the real one."""

from __future__ import annotations

import hashlib
import itertools
import re
import stat
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from stdnum.fr import nir as stdnum_nir

from vigie.demo.leak import (
    HEADER,
    LeakFacts,
    LeakRow,
    generate,
    invent_rows,
    names,
    nir,
    pick_rows,
    read_rows,
)
from vigie.demo.leak.contact import FICTION, FICTION_MOBILE, RESERVED_OF, landline, mobile
from vigie.demo.leak.places import places
from vigie.demo.leak.writing import slipped

ROWS = 24_000
RESERVED_DOMAINS = re.compile(r"@([a-z-]+\.example|example\.(org|net|com))$")


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> LeakFacts:
    return generate(tmp_path_factory.mktemp("leak") / "leak.csv", ROWS, seed=5)


@pytest.fixture(scope="module")
def rows(leak: LeakFacts) -> list[LeakRow]:
    return list(read_rows(leak.path))


def digits(phone: str) -> str:
    found = re.sub(r"\D", "", phone)
    return "0" + found[2:] if phone.startswith("+33") else found


def day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = generate(tmp_path / "a.csv", 3_000, seed=7)
    again = generate(tmp_path / "b.csv", 3_000, seed=7)
    other = generate(tmp_path / "c.csv", 3_000, seed=8)
    assert first.sha256 == again.sha256 != other.sha256
    assert first.sha256 == hashlib.sha256((tmp_path / "b.csv").read_bytes()).hexdigest()
    assert first.bytes == (tmp_path / "a.csv").stat().st_size


@pytest.mark.parametrize("count", [0, 1, 2, 4_096, 4_097])
def test_writes_exactly_the_rows_asked_for(tmp_path: Path, count: int) -> None:
    seen: list[int] = []
    facts = generate(tmp_path / "leak.csv", count, seed=1, progress=seen.append)
    assert facts.rows == len(list(read_rows(facts.path))) == count
    assert seen == sorted(seen)
    assert (seen[-1] if seen else 0) == count


def test_file_is_latin_1_with_semicolons_crlf_and_a_header(leak: LeakFacts) -> None:
    raw = leak.path.read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    lines = raw.decode("latin-1").split("\r\n")
    assert lines.pop() == ""
    assert lines[0].split(";") == list(HEADER)
    assert {line.count(";") for line in lines} == {len(HEADER) - 1}
    assert not {'"', "\n", "\t"} & set(raw.decode("latin-1").replace("\r\n", ""))
    assert stat.S_IMODE(leak.path.stat().st_mode) == 0o600


def test_every_nir_is_valid_and_stands_once(rows: list[LeakRow]) -> None:
    found = [row.nir for row in rows if row.nir]
    assert all(stdnum_nir.is_valid(number) for number in found if len(number) == 15)
    assert {len(number) for number in found} == {13, 15}
    assert len({number[:13] for number in found}) == len(found)
    assert all(any(number[5:7] == code for number in found) for code in ("2A", "2B", "99"))


def test_nir_agrees_with_sex_and_birth(rows: list[LeakRow]) -> None:
    for row in rows:
        if row.nir and row.birth_date:
            assert row.nir[1:5] == row.birth_date[-2:] + row.birth_date[3:5]
        if row.nir and row.sex:
            assert row.nir[0] == {"M": "1", "F": "2"}[row.sex]
        if row.nir[5:7] in ("2A", "2B") and row.birth_date:
            assert day(row.birth_date).year >= nir.CORSICA_SPLIT


def test_dates_exist_and_nobody_is_sampled_before_birth(rows: list[LeakRow]) -> None:
    for row in rows:
        if row.birth_date and row.sampled:
            assert date(1915, 1, 1) <= day(row.birth_date) <= day(row.sampled) < date(2021, 2, 2)


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("nir", 0.91, 0.95),
        ("birth_date", 0.985, 0.996),
        ("sex", 0.97, 0.99),
        ("landline", 0.48, 0.56),
        ("mobile", 0.62, 0.78),
        ("email", 0.48, 0.72),
        ("street", 0.93, 0.97),
        ("city", 0.975, 0.995),
        ("doctor", 0.84, 0.88),
        ("insurer", 0.74, 0.82),
        ("insurer_number", 0.66, 0.75),
        ("password", 0.59, 0.65),
        ("comment", 0.15, 0.19),
    ],
)
def test_fields_are_missing_at_realistic_rates(
    rows: list[LeakRow], field: str, low: float, high: float
) -> None:
    assert low < sum(bool(getattr(row, field)) for row in rows) / len(rows) < high


def test_families_share_what_families_share(rows: list[LeakRow]) -> None:
    homes: dict[tuple[str, str, str], list[LeakRow]] = {}
    for row in rows:
        if row.street and row.insurer_number:
            homes.setdefault((row.street, row.postcode, row.insurer_number), []).append(row)
    families = [home for home in homes.values() if len(home) > 1]
    assert len(families) > ROWS / 20
    assert all(len({digits(row.landline) for row in home} - {""}) <= 1 for home in families)
    same_name = [home for home in families if len({row.surname[:3] for row in home}) == 1]
    assert len(same_name) > 0.95 * len(families)
    wives = [row for home in families for row in home if row.birth_surname not in ("", row.surname)]
    assert wives


def test_people_and_their_names_are_many(rows: list[LeakRow]) -> None:
    assert len(names.surnames()) >= 5_000
    assert len(names.first_names()) >= 350
    common = Counter(row.surname for row in rows).most_common(1)[0][1]
    assert 0.002 < common / len(rows) < 0.03
    assert any("-" in row.surname for row in rows)
    assert any("'" in row.surname for row in rows)
    assert any("é" in row.first_name for row in rows)
    whole = Counter((row.surname, row.first_name, row.birth_date) for row in rows)
    assert sum(times for times in whole.values() if times > 1) < 0.01 * len(rows)


def test_comments_and_passwords_are_mostly_unlike_each_other(rows: list[LeakRow]) -> None:
    comments = [row.comment for row in rows if row.comment]
    assert len(set(comments)) > 0.75 * len(comments)
    assert all(row.password == row.password.strip() for row in rows)
    passwords = [row.password for row in rows if row.password]
    assert len(set(passwords)) > 0.6 * len(passwords)
    assert min(len(password) for password in passwords) >= 4


def test_mail_goes_nowhere_and_phones_have_ten_digits(rows: list[LeakRow]) -> None:
    assert all(RESERVED_DOMAINS.search(row.email) for row in rows if row.email)
    phones = [phone for row in rows for phone in (row.landline, row.mobile) if phone]
    assert all(re.fullmatch(r"0[1-7]\d{8}", digits(phone)) for phone in phones)
    assert len({re.sub(r"\d", "9", phone) for phone in phones}) == 5
    kept = [p for p in phones if digits(p)[:6] in (*FICTION.values(), FICTION_MOBILE)]
    assert 0.08 < len(kept) / len(phones) < 0.2


def test_phones_spread_over_their_space() -> None:
    draws = np.random.default_rng(1).integers(0, 1 << 32, 20_000).tolist()
    open_ones = [draw for draw in draws if draw % RESERVED_OF]
    assert len({mobile(draw) for draw in open_ones}) > 0.999 * len(open_ones)
    near = [landline("35", draw % 10**8) for draw in open_ones]
    assert len(set(near)) > 0.995 * len(near)


def test_postcode_belongs_to_the_city(rows: list[LeakRow]) -> None:
    towns = {
        (name.upper(), code) for name, code in zip(places().names, places().postcodes, strict=True)
    }
    known = sum((row.city.upper(), row.postcode) in towns for row in rows if row.city)
    slips = sum(bool(row.city) for row in rows) - known
    assert 0 < slips < 0.01 * len(rows)  # the file's own misspellings, no more
    assert len(towns) == len(places().names)


def test_doctors_stay_near_their_patients(rows: list[LeakRow]) -> None:
    where: dict[str, set[str]] = {}
    for row in rows:
        if row.doctor and row.postcode:
            where.setdefault(row.doctor, set()).add(row.postcode[:2])
    assert len(where) > 500
    near = sum(len(found) == 1 for found in where.values())
    assert near > 0.8 * len(where)


def test_rows_are_picked_by_number(leak: LeakFacts, rows: list[LeakRow]) -> None:
    wanted = (0, 17, ROWS - 1)
    assert pick_rows(leak.path, wanted) == {number: rows[number] for number in wanted}
    with pytest.raises(IndexError):
        pick_rows(leak.path, [ROWS])


def test_a_row_is_its_line(leak: LeakFacts, rows: list[LeakRow]) -> None:
    lines = leak.path.read_text(encoding="latin-1").splitlines()[1:]
    for row, line in itertools.islice(zip(rows, lines, strict=True), 500):
        assert row.line() == line
        assert LeakRow.from_line(line) == row
    with pytest.raises(ValueError, match="fields"):
        LeakRow.from_line("a;b")


def test_invented_people_are_others_and_in_no_file(rows: list[LeakRow]) -> None:
    others = invent_rows(2_000, seed=6)
    assert len(others) == 2_000
    assert not {row.nir[:13] for row in others} & {row.nir[:13] for row in rows} - {""}


def test_a_slip_changes_one_spot() -> None:
    for draw in range(200):
        found = slipped("MARTINEAU", draw)
        assert abs(len(found) - 9) <= 1
        assert found[0] == "M"
    assert slipped("ROY", 3) == "ROY"
