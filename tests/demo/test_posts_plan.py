"""One round of posts: the same every time, planted ones truly planted, others truly others."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import sqlite3
from pathlib import Path
from urllib.parse import unquote

import pytest

from vigie.demo.leak import HEADER, LeakRow, generate, pick_rows, read_rows
from vigie.demo.posts import (
    FORUM_LIMIT,
    Channel,
    PlannedPost,
    bystander_values,
    leak_values_of,
    marked_texts,
    plan,
    values_of,
)
from vigie.demo.posts.others import leak_index
from vigie.demo.posts.spelling import bare, phone_digits

ROWS = 9_000
KINDS = {
    "verbatim-row",
    "verbatim-with-header",
    "column-subset",
    "columns-reordered",
    "pipes",
    "tabs",
    "json",
    "sql-insert",
    "html-table",
    "key-value",
    "upper-without-accents",
    "phone-formats",
    "nir-formats",
    "date-formats",
    "typo-substitution",
    "typo-deletion",
    "typo-transposition",
    "base64",
    "gzip-base64",
    "hex",
    "repost-40",
    "repost-200",
    "prose",
    "page-3",
    "private-topic",
    "after-javascript",
    "late-reply",
}


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("leak") / "leak.csv", ROWS, seed=3).path


@pytest.fixture(scope="module")
def posts(leak: Path) -> list[PlannedPost]:
    return plan(leak, seed=1, round_number=1)


@pytest.fixture(scope="module")
def planted(posts: list[PlannedPost]) -> dict[str, PlannedPost]:
    return {post.kind: post for post in posts if post.is_planted}


def opened(post: PlannedPost) -> str:
    """The text of a body with its packing undone."""
    if post.kind == "base64":
        return base64.b64decode(post.body).decode()
    if post.kind == "gzip-base64":
        return gzip.decompress(base64.b64decode(post.body.split("\n\n")[1])).decode()
    if post.kind == "hex":
        return bytes.fromhex(post.body).decode()
    if post.kind == "percent-encoded":
        return unquote(post.body)
    if post.kind == "json-escapes":
        return json.dumps(json.loads(post.body), ensure_ascii=False)
    return html.unescape(post.body).replace("''", "'")


def shown(text: str, row: LeakRow) -> int:
    """How many telling fields of a row stand in a text, in whatever spelling."""
    folded = bare(text)
    numbers = re.sub(r"[^0-9AB]", "", folded)
    day, month, year = row.birth_date.split("/") if row.birth_date else ("--", "--", "----")
    dates = (f"{day}{month}{year}", f"{year}{month}{day}", f"{day}{month}{year[2:]}")
    phones = [phone_digits(phone)[1:] for phone in (row.landline, row.mobile) if phone]
    return sum(
        (
            bool(row.surname) and bare(row.surname) in folded,
            bare(row.first_name) in folded,
            bool(row.nir) and row.nir[:13] in numbers,
            any(date in numbers for date in dates) or f" {year}" in folded,
            any(phone in numbers for phone in phones),
            bool(row.email) and row.email.upper() in folded,
        )
    )


def test_a_round_is_the_same_again_and_another_round_is_another(
    leak: Path, posts: list[PlannedPost]
) -> None:
    assert plan(leak, seed=1, round_number=1) == posts
    second = plan(leak, seed=1, round_number=2)
    third = plan(leak, seed=2, round_number=1)
    for other in (second, third):
        assert not {post.body for post in other} & {
            post.body for post in posts if post.planted_rows
        }
    assert not {post.key for post in second} & {post.key for post in posts}


def test_keys_titles_files_and_bodies_are_unique(posts: list[PlannedPost]) -> None:
    for part in ("key", "title", "filename", "body"):
        found = [getattr(post, part) for post in posts if getattr(post, part)]
        assert len(set(found)) == len(found), part


def test_hundreds_of_ordinary_posts_and_every_kind_of_fragment(
    posts: list[PlannedPost], planted: dict[str, PlannedPost]
) -> None:
    assert sum(not post.is_planted for post in posts) >= 300
    assert planted.keys() >= KINDS
    assert len(planted) >= 24
    assert {post.channel for post in posts} == set(Channel)


def test_each_post_has_what_its_site_asks_for(posts: list[PlannedPost]) -> None:
    for post in posts:
        assert post.body.strip()
        if post.channel.on_forum:
            assert len(post.body) <= FORUM_LIMIT
        if post.channel in (Channel.FORUM_TOPIC, Channel.FORUM_PRIVATE, Channel.JSBOARD):
            assert post.title
        assert bool(post.filename) == (post.channel is Channel.BEPASTY)
        assert "/" not in post.filename
        assert post.filename.isascii()
    late = [at for at, post in enumerate(posts) if post.channel is Channel.FORUM_LATE_REPLY]
    assert late
    assert min(late) == len(posts) - len(late)


def test_planted_rows_stand_in_their_posts(leak: Path, planted: dict[str, PlannedPost]) -> None:
    for post in planted.values():
        text = opened(post)
        for number, row in pick_rows(leak, post.planted_rows).items():
            due = 2 if post.kind.startswith("repost") else 4
            if post.kind.startswith("typo"):
                due = 4  # of five: one is misspelt
            assert shown(text, row) >= due, (post.kind, number)


def test_no_row_is_planted_twice(planted: dict[str, PlannedPost]) -> None:
    numbers = [number for post in planted.values() for number in post.planted_rows]
    assert len(set(numbers)) == len(numbers)


def test_reposts_are_runs_of_the_file(leak: Path, planted: dict[str, PlannedPost]) -> None:
    for kind, length in (("repost-40", 40), ("repost-200", 200)):
        post = planted[kind]
        first = post.planted_rows[0]
        assert post.planted_rows == tuple(range(first, first + length))
        lines = post.body.splitlines()
        assert lines[0].split(";") == list(HEADER)
        own = [row.line() for row in pick_rows(leak, post.planted_rows).values()]
        assert [line for line in lines[1:] if line in set(own)] == own
        assert len(lines) == 1 + length + len(post.others)


def test_layouts_can_be_read_by_what_reads_them(planted: dict[str, PlannedPost]) -> None:
    for kind in ("json", "json-escapes"):
        people = json.loads(planted[kind].body)
        assert len(people) == len(planted[kind].planted_rows) + len(planted[kind].others)
    record = sqlite3.connect(":memory:")
    record.execute(
        "create table patients (id, ssn, last_name, first_name, dob, address, zip, city, phone)"
    )
    record.executescript(planted["sql-insert"].body)
    assert record.execute("select count(*) from patients").fetchone() == (5,)
    record.close()
    assert planted["html-table"].body.count("<tr>") == 1 + 4


def test_bystanders_stand_beside_and_are_fewer(planted: dict[str, PlannedPost]) -> None:
    beside = [post for post in planted.values() if post.others]
    assert len(beside) >= 10
    for post in beside:
        assert len(post.others) <= len(post.planted_rows)
        text = bare(opened(post))
        assert all(bare(other.surname) in text for other in post.others)


def test_nobody_else_is_in_the_leak(leak: Path, posts: list[PlannedPost]) -> None:
    theirs = values_of(read_rows(leak))
    ours = bystander_values(posts)
    assert len(ours.nirs) > 500
    assert not ours.nirs & theirs.nirs
    assert not ours.phones & theirs.phones
    assert not ours.emails & theirs.emails
    assert not ours.births & theirs.births
    assert not ours.comments & theirs.comments


def test_ordinary_posts_hold_no_number_of_the_leak(leak: Path, posts: list[PlannedPost]) -> None:
    theirs = values_of(read_rows(leak))
    for post in posts:
        if post.is_planted:
            continue
        digits = re.sub(r"(?<=\d)[ ./-](?=\d\d)", "", post.body)
        assert not set(re.findall(r"\d{10}", digits)) & theirs.phones, post.key
        assert not set(re.findall(r"[12]\d{4}(?:\d\d|2[AB])\d{6}", digits)) & theirs.nirs, post.key
        assert not set(re.findall(r"[\w.-]+@[\w.-]+", post.body.lower())) & theirs.emails


def test_homonyms_bear_names_of_the_leak(leak: Path, posts: list[PlannedPost]) -> None:
    names = {(row.surname, row.first_name) for row in read_rows(leak)}
    found = [row for post in posts if post.kind == "homonyms" for row in post.others]
    assert len(found) > 50
    assert all((row.surname, row.first_name) in names for row in found)


def test_marks_stand_where_they_should_and_nowhere_else(posts: list[PlannedPost]) -> None:
    marked = [post for post in posts if post.marked]
    assert len(marked_texts(posts)) == len(set(marked_texts(posts))) >= 20
    assert {post.channel for post in marked} == set(Channel)
    assert not any(post.is_planted for post in marked)
    for post in marked:
        where = post.title + post.filename if post.mark_in_address else post.body
        assert post.marks[0] in where.lower()
        for other in posts:
            if other is not post:
                whole = (other.title + other.filename + other.body).lower()
                assert not any(mark in whole for mark in post.marks)
    assert sum(post.mark_in_address for post in marked) >= 2


def test_values_of_the_planted_rows_are_named(leak: Path, planted: dict[str, PlannedPost]) -> None:
    found = leak_values_of(leak, list(planted.values()))
    row = next(iter(pick_rows(leak, planted["verbatim-row"].planted_rows).values()))
    assert row.nir[:13] in found.nirs
    assert phone_digits(row.mobile) in found.phones
    assert row.email in found.emails
    assert (row.surname, row.first_name, row.birth_date) in found.births


def test_the_index_knows_the_leak_and_only_the_leak(leak: Path) -> None:
    index = leak_index(leak)
    rows = list(read_rows(leak))
    assert index.rows == ROWS
    assert all(index.knows(row) for row in rows[:300])
    assert leak_index(leak) is index


def test_a_leak_too_small_is_refused(tmp_path: Path) -> None:
    small = generate(tmp_path / "leak.csv", 100).path
    with pytest.raises(ValueError, match="1500 or more"):
        plan(small, 1, 1)
