"""Ordinary posts with words that stand nowhere else: a search proves that they were not kept."""

from __future__ import annotations

from random import Random

from vigie.demo.posts import ordinary
from vigie.demo.posts.phrases import pick
from vigie.demo.posts.post import Channel, PlannedPost
from vigie.demo.posts.spelling import bare

SYLLABLES = tuple(
    "zor bel quen vur mig tak lop dri fan cus hep wol jat nid rux gom sib yev".split()  # noqa: SIM905
)
BODIES = (
    ("marked-topic", Channel.FORUM_TOPIC),
    ("marked-reply", Channel.FORUM_REPLY),
    ("marked-private", Channel.FORUM_PRIVATE),
    ("marked-late-reply", Channel.FORUM_LATE_REPLY),
    ("marked-page-3", Channel.FORUM_PAGE3),
    ("marked-paste", Channel.BEPASTY),
    ("marked-feed", Channel.PINNWAND_FEED),
    ("marked-linked", Channel.PINNWAND_LINKED),
    ("marked-after-javascript", Channel.JSBOARD),
)
ADDRESSES = (
    ("name-in-topic", Channel.FORUM_TOPIC),
    ("name-in-file", Channel.BEPASTY),
    ("name-in-board", Channel.JSBOARD),
)
FIRST_NAMES = ("Ombeline", "Théophane", "Quitterie", "Aldebert", "Sidonie", "Gontran")


def made_up(random: Random) -> str:
    """A word of six syllables that no language has."""
    return "".join(random.choice(SYLLABLES) for _ in range(6))


def marked_body(key: str, kind: str, channel: Channel, random: Random) -> PlannedPost:
    """Talk with two made-up words in it, and nobody's name: nothing of it may look like a match."""
    marks = (made_up(random), made_up(random))
    text = ordinary.chatter(random, "fr")
    return PlannedPost(
        key=key,
        kind=kind,
        channel=channel,
        title=ordinary.title(random, "fr"),
        body=f"{text}\n\nLe mot de la fin : {marks[0]}, ou bien {marks[1]}.",
        filename=f"notes-{random.randint(1000, 9999)}.txt" if channel is Channel.BEPASTY else "",
        marks=marks,
    )


def marked_address(key: str, kind: str, channel: Channel, random: Random) -> PlannedPost:
    """Talk under a title, and a file name, that hold a person's name."""
    first, last = random.choice(FIRST_NAMES), made_up(random).capitalize()
    mark = made_up(random)
    return PlannedPost(
        key=key,
        kind=kind,
        channel=channel,
        title=f"{pick('fr.titles', random)} pour {first} {last}",
        body=f"{ordinary.chatter(random, 'fr')} Signé {mark}.",
        filename=f"lettre-{bare(first)}-{last}.txt".lower() if channel is Channel.BEPASTY else "",
        marks=(last.lower(), mark),
        mark_in_address=True,
    )
