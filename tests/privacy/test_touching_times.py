"""In the raw pages of a database times touch what stands beside them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vigie.demo.leak import LeakRow, invent_rows
from vigie.demo.privacy.needles import Needles
from vigie.demo.privacy.scanning import scan

TIME = b"2026-11-28 18:56:39.024695"


@pytest.fixture(scope="module")
def row() -> LeakRow:
    whole = next(row for row in invent_rows(50, 3) if row.nir and row.mobile)
    return replace(whole, landline="02 46 95 20 26")


def found(row: LeakRow, data: bytes) -> list[str]:
    return [kind for kind, _ in scan(data, Needles.build([row]), glued=True)]


def test_a_fraction_of_a_second_and_a_year_are_no_phone(row: LeakRow) -> None:
    assert found(row, b"\xf69" + TIME + TIME + TIME + b"z") == []
    assert found(row, b"\x01" + b"0246952026" + b"z") == ["phone"]


def test_numbers_that_touch_times_are_found(row: LeakRow) -> None:
    phone, nir = row.mobile.replace(" ", "").encode(), row.nir.encode()
    assert "phone" in found(row, TIME + phone + TIME)
    assert "nir" in found(row, TIME + nir + TIME)
    assert "phone" in found(row, b"\x02" + phone + b"\x03")
