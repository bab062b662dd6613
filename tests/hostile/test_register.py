"""The register of hostile inputs is whole, and what it names is there."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.hostile.guards import GUARDS
from tests.hostile.register import ROOT, Row, rows

NUMBERS = range(1, 44)


@cache
def functions(file: str) -> frozenset[str]:
    """The functions that a test file defines."""
    tree = ast.parse((ROOT / "tests" / file).read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in tree.body if isinstance(node, kinds))


def test_every_number_has_its_row() -> None:
    assert [row.number for row in rows()] == list(NUMBERS)


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.number))
def test_what_a_row_names_is_there(row: Row) -> None:
    assert row.tests or row.to_come, "neither a test nor what it comes with"
    assert row.guards or row.to_come
    for place in row.guards:
        # In brackets stands an option or an example, not a place.
        assert "/" not in place or place == "../" or (ROOT / place).exists(), place
    for file, test in row.tests:
        assert (ROOT / "tests" / file).is_file(), file
        assert test in functions(file), f"{file}::{test}"


def test_guards_that_are_taken_out_stand_in_the_register() -> None:
    """Each mutation names a guard's code as it is, and a test of its row."""
    told = {row.number: {f"{file}::{test}" for file, test in row.tests} for row in rows()}
    for guard in GUARDS:
        source = (ROOT / guard.file).read_text()
        assert source.count(guard.code) == 1, f"{guard.file}: {guard.code!r}"
        assert guard.test.partition("[")[0] in told[guard.number], guard.test
