"""Every field says how it was recognised, in codes of the closed list."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from matching.explain import code, is_known
from matching.kernel import kinds as k
from matching.result import ScanResult
from tests.matching.disguises import LeakOnDisk

Scan = Callable[[str], ScanResult]


@pytest.mark.parametrize(
    ("field", "quality", "seen", "expected"),
    [
        ("phone", k.Q_EXACT, "0639981234", "exact"),
        ("phone", k.Q_EXACT, "+33 (0)6.39.98.12.34", "other-format"),
        ("nir", k.Q_EXACT, "285034410912329", "exact"),
        ("nir", k.Q_EXACT, "2 85 03 44 109 123 / 29", "other-format"),
        ("birth_date", k.Q_EXACT, "14 mars 85", "other-format"),
        ("surname", k.Q_EXACT, "Martineau", "exact"),
        ("surname", k.Q_EXACT, "M\u0430rtineau", "look-alikes"),
        ("surname", k.Q_EXACT, "Mart\u200bineau", "look-alikes"),
        ("surname", k.Q_EXACT, "MART1NEAU", "look-alikes"),
        ("surname", k.Q_NEAR, "Martinaux", "one-letter-differs"),
        ("phone", k.Q_NEAR, "0639981235", "one-digit-differs"),
        ("birth_date", k.Q_DATE_PARTS, "15/03/1985", "two-parts-agree"),
        ("street", k.Q_SOME, "12 r. Lilas", "some-words"),
        ("email", k.Q_LOCAL, "je.martineau", "local-part"),
        ("first_name", k.Q_INITIAL, "J.", "initial"),
        ("comment", k.Q_PART, "sous anticoagulant, prévoir un contrôle", "excerpt:5"),
        ("phone", k.Q_MASKED, "06 39 ** ** 34", "digits-hidden:4"),
        ("phone", k.Q_MASKED, "06 39 98 ** **", "last-digits-hidden:4"),
        ("phone", k.Q_MASKED, "XXXXXX1234", "first-digits-hidden:6"),
        ("email", k.Q_MASKED, "j*********u@example.org", "letters-hidden:9"),
    ],
)
def test_codes(field: str, quality: int, seen: str, expected: str) -> None:
    assert code(field, quality, seen) == expected
    assert is_known(expected)


@pytest.mark.parametrize("text", ["", "exactly", "excerpt", "exact:3", "excerpt:", "excerpt:x"])
def test_other_strings_are_no_codes(text: str) -> None:
    assert not is_known(text)


def test_every_field_of_a_match_has_one(leak: LeakOnDisk, scan: Scan) -> None:
    person = leak.people[7]
    wrong = person.surname[:2] + "x" + person.surname[3:]
    phone = "+33 " + person.phone[1:]
    result = scan(f"{wrong} {person.first} {person.birthday} {phone}")
    match = next(match for match in result.matches if match.row == 7)
    told = dict(zip(match.fields, match.how, strict=True))
    assert all(map(is_known, match.how))
    assert told["surname"] == "one-letter-differs"
    assert told["phone"] == "other-format"
    assert told["first_name"] == told["birth_date"] == "exact"
    assert ScanResult.from_json(result.to_json()).matches[0].how == result.matches[0].how
