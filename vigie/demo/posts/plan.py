"""All posts of one round, in the order they are to be posted in.

`plan` is a function of the leak file, the seed and the round: a run that was killed makes the
same posts again, under the same keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

from vigie.demo.leak import LeakRow, pick_rows
from vigie.demo.posts import listings, marked, ordinary
from vigie.demo.posts.fragments import FRAGMENTS, Fragment, is_strong
from vigie.demo.posts.layouts import fenced
from vigie.demo.posts.others import LeakIndex, invent_others, leak_index
from vigie.demo.posts.post import FORUM_LIMIT, Channel, PlannedPost
from vigie.demo.posts.values import PersonValues, values_of

MIN_ROWS = 1_500
POOL = 5_000
CHANNELS = (
    (Channel.FORUM_REPLY, 34),
    (Channel.FORUM_TOPIC, 19),
    (Channel.BEPASTY, 21),
    (Channel.PINNWAND_FEED, 11),
    (Channel.PINNWAND_LINKED, 6),
    (Channel.JSBOARD, 7),
    (Channel.FORUM_PRIVATE, 2),
)
MACHINE: tuple[tuple[str, Callable[[Random], str], int, str], ...] = (
    # kind, writer, posts a round, ending of the file's name
    ("code", ordinary.code, 26, "py"),
    ("log", ordinary.log, 26, "log"),
    ("stack-trace", ordinary.trace, 14, "txt"),
    ("settings", ordinary.settings, 14, "ini"),
    ("hashes", ordinary.hashes, 8, "txt"),
    ("packed-talk", ordinary.packed, 6, "txt"),
    ("stock", ordinary.stock, 8, "sql"),
)
FRENCH_TALK, ENGLISH_TALK, RECIPES = 58, 46, 16


def plan(leak_csv: Path, seed: int, round_number: int) -> list[PlannedPost]:
    """The round's posts; raises ValueError for a leak of fewer than 1,500 rows."""
    index = leak_index(leak_csv)
    if index.rows < MIN_ROWS:
        raise ValueError(f"{leak_csv} has {index.rows} rows; a round needs {MIN_ROWS} or more")
    round_ = _Round(leak_csv, index, seed, round_number)
    posts = [*round_.planted(), *round_.talk(), *round_.machine(), *round_.people()]
    posts += round_.marked()
    late = [post for post in posts if post.channel is Channel.FORUM_LATE_REPLY]
    first = [post for post in posts if post.channel is not Channel.FORUM_LATE_REPLY]
    round_.random("order").shuffle(first)
    return _distinct([*first, *late])


def bystander_values(posts: Sequence[PlannedPost]) -> PersonValues:
    """Values of everybody in these posts who is not in the leak: none may be stored."""
    return values_of(row for post in posts for row in post.others)


def leak_values_of(leak_csv: Path, posts: Sequence[PlannedPost]) -> PersonValues:
    """Values of the leak's rows in these posts: none may be stored in plain."""
    numbers = [number for post in posts for number in post.planted_rows]
    return values_of(pick_rows(leak_csv, numbers).values())


def marked_texts(posts: Sequence[PlannedPost]) -> tuple[str, ...]:
    """Texts of marked ordinary posts, lower case, names in their addresses included."""
    return tuple(mark for post in posts for mark in post.marks)


class _Round:
    """What the posts of one round are drawn from."""

    def __init__(self, leak_csv: Path, index: LeakIndex, seed: int, number: int) -> None:
        self._leak_csv, self._index = leak_csv, index
        self._seed, self._number = seed, number
        self._others = invent_others(index, self.random("others"))
        self._pool: dict[int, LeakRow] = {}

    def random(self, key: str) -> Random:
        """Draws of one post, whatever other posts draw."""
        return Random(f"{self._seed}/{self._number}/{key}")

    def key(self, kind: str, number: int = 0) -> str:
        """A stable name, unique in all rounds of a seed."""
        return f"r{self._number}-{kind}-{number:03}"

    def planted(self) -> Iterator[PlannedPost]:
        """One post a fragment."""
        random = self.random("rows")
        runs: dict[str, range] = {}
        for fragment in FRAGMENTS:
            if fragment.consecutive:
                runs[fragment.kind] = self._run(fragment.rows, list(runs.values()), random)
        taken = {number for run in runs.values() for number in run}
        sample = random.sample(range(self._index.rows), min(POOL, self._index.rows))
        wanted = [number for number in sample if number not in taken]
        self._pool = pick_rows(self._leak_csv, [*wanted, *taken])
        strong = (number for number in wanted if is_strong(self._pool[number]))
        for fragment in FRAGMENTS:
            numbers = tuple(runs.get(fragment.kind, ())) or tuple(islice(strong, fragment.rows))
            if len(numbers) < fragment.rows:
                raise ValueError(f"{self._leak_csv} has too few complete rows for a round")
            yield self._fragment(fragment, numbers)

    def _run(self, length: int, others: list[range], random: Random) -> range:
        while True:
            start = random.randrange(self._index.rows - length)
            if all(start + length <= run.start or start >= run.stop for run in others):
                return range(start, start + length)

    def _fragment(self, fragment: Fragment, numbers: tuple[int, ...]) -> PlannedPost:
        key = self.key(fragment.kind)
        random = self.random(key)
        rows = [self._pool[number] for number in numbers]
        others = self._complete(fragment.others)
        for other in others:
            rows.insert(random.randint(1, len(rows)), other)
        name = fragment.filename
        stem, _, ending = name.rpartition(".")
        tag = random.randint(1_000, 99_999)
        return PlannedPost(
            key=key,
            kind=fragment.kind,
            channel=fragment.channel,
            title=f"{fragment.title} {tag}" if fragment.title else "",
            body=fragment.write(rows, random),
            filename=f"{stem}-{tag}.{ending}" if name else "",
            content_type=fragment.content_type,
            planted_rows=numbers,
            others=others,
        )

    def _complete(self, count: int) -> tuple[LeakRow, ...]:
        return tuple(islice(filter(is_strong, self._others), count))

    def talk(self) -> Iterator[PlannedPost]:
        """Sentences in French and English, and recipes."""
        for language, count in (("fr", FRENCH_TALK), ("en", ENGLISH_TALK)):
            for number in range(count):
                key = self.key(f"talk-{language}", number)
                random = self.random(key)
                yield self._ordinary(key, "talk", ordinary.chatter(random, language), "txt", random)
        for number in range(RECIPES):
            key = self.key("recipe", number)
            random = self.random(key)
            yield self._ordinary(key, "recipe", ordinary.recipe(random), "txt", random)

    def machine(self) -> Iterator[PlannedPost]:
        """Code, logs and what else machines write."""
        for kind, write, count, ending in MACHINE:
            for number in range(count):
                key = self.key(kind, number)
                random = self.random(key)
                yield self._ordinary(key, kind, write(random), ending, random, fence=True)

    def people(self) -> Iterator[PlannedPost]:
        """Lists of people who are not in the leak."""
        for kind, write, size, count in listings.KINDS:
            for number in range(count):
                key = self.key(kind, number)
                random = self.random(key)
                rows = list(islice(self._others, size))
                if kind == "homonyms":
                    rows = self._renamed(rows, random)
                channel = self._channel(random)
                body = write(rows, random)
                while channel.on_forum and len(body) > FORUM_LIMIT - 10:
                    rows.pop()
                    body = write(rows, random)
                people = () if kind in listings.WITHOUT_PEOPLE else tuple(rows)
                post = self._ordinary(key, kind, body, "txt", random, fence=True, channel=channel)
                yield replace(post, others=people)

    def _renamed(self, rows: list[LeakRow], random: Random) -> list[LeakRow]:
        namesakes = random.sample(sorted(self._pool), len(rows))
        found = [
            replace(
                row,
                surname=self._pool[number].surname,
                first_name=self._pool[number].first_name,
                birth_surname="",
            )
            for row, number in zip(rows, namesakes, strict=True)
        ]
        return [row for row in found if not self._index.knows(row)]

    def marked(self) -> Iterator[PlannedPost]:
        """Ordinary posts with words to search for."""
        for kind, channel in marked.BODIES:
            key = self.key(kind)
            yield marked.marked_body(key, kind, channel, self.random(key))
        for kind, channel in marked.ADDRESSES:
            key = self.key(kind)
            yield marked.marked_address(key, kind, channel, self.random(key))

    def _ordinary(
        self,
        key: str,
        kind: str,
        body: str,
        ending: str,
        random: Random,
        *,
        fence: bool = False,
        channel: Channel | None = None,
    ) -> PlannedPost:
        channel = channel or self._channel(random)
        if channel.on_forum:
            body = _shortened(body)
            body = fenced(body) if fence else body
        return PlannedPost(
            key=key,
            kind=kind,
            channel=channel,
            title=ordinary.title(random, random.choice(["fr", "en"])),
            body=body,
            filename=f"{kind}-{random.randint(1_000, 999_999)}.{ending}"
            if channel is Channel.BEPASTY
            else "",
        )

    @staticmethod
    def _channel(random: Random) -> Channel:
        listed, weights = zip(*CHANNELS, strict=True)
        found: Channel = random.choices(listed, weights)[0]
        return found


def _shortened(body: str) -> str:
    """Whole lines up to what the forum takes."""
    limit = FORUM_LIMIT - len(fenced(""))
    if len(body) <= limit:
        return body
    return body[: body.rfind("\n", 0, limit)]


def _distinct(posts: list[PlannedPost]) -> list[PlannedPost]:
    """Titles, bodies and file names that came up twice get a number, since sites refuse them."""
    seen: set[tuple[str, str]] = set()
    found = []
    for number, post in enumerate(posts):
        if post.title and ("title", post.title) in seen:
            post = replace(post, title=f"{post.title} ({number})")
        if ("body", post.body) in seen:
            post = replace(post, body=f"{post.body}\n\n({number})")
        if post.filename and ("file", post.filename) in seen:
            post = replace(post, filename=f"{number}-{post.filename}")
        seen |= {("title", post.title), ("body", post.body), ("file", post.filename)}
        found.append(post)
    return found
