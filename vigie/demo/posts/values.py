"""Which texts give a person away: what a search through storage looks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vigie.demo.leak import LeakRow
from vigie.demo.posts.spelling import phone_digits

MIN_PASSWORD = 8
MIN_COMMENT = 40


@dataclass(frozen=True, slots=True)
class PersonValues:
    """Values of some people, each in one plain form.

    nirs: 13 characters, without key. phones: ten digits. emails: lower case. births: surname,
    first name, date dd/mm/yyyy. comments: of 40 characters and more, since shorter ones are
    phrases that anyone may write. passwords: of 8 characters and more, with a letter and a digit.
    """

    nirs: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    births: frozenset[tuple[str, str, str]] = frozenset()
    comments: frozenset[str] = frozenset()
    passwords: frozenset[str] = frozenset()


def values_of(rows: Iterable[LeakRow]) -> PersonValues:
    """The values of these rows, missing ones left out."""
    nirs: set[str] = set()
    phones: set[str] = set()
    emails: set[str] = set()
    births: set[tuple[str, str, str]] = set()
    comments: set[str] = set()
    passwords: set[str] = set()
    for row in rows:
        nirs.add(row.nir[:13])
        phones.update((phone_digits(row.landline), phone_digits(row.mobile)))
        emails.add(row.email.lower())
        if row.birth_date:
            births.add((row.surname, row.first_name, row.birth_date))
        if len(row.comment) >= MIN_COMMENT:
            comments.add(row.comment)
        if tells(row.password):
            passwords.add(row.password)
    for found in (nirs, phones, emails):
        found.discard("")
    return PersonValues(
        frozenset(nirs),
        frozenset(phones),
        frozenset(emails),
        frozenset(births),
        frozenset(comments),
        frozenset(passwords),
    )


def tells(password: str) -> bool:
    """Whether a password can be told from a word or a date that stands anywhere."""
    return (
        len(password) >= MIN_PASSWORD
        and any(letter.isalpha() for letter in password)
        and any(letter.isdigit() for letter in password)
    )
