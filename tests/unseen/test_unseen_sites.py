"""The generic spider on sites that no spider was written for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.unseen import archives, boards, forums, outsiders
from tests.unseen.serving import Server, World

WORLDS: tuple[type[World], ...] = (
    forums.Tables1999, forums.Cards, forums.Imageboard, forums.Questions, forums.Bulletin,
    archives.MailArchive, archives.Wiki, archives.Gists, archives.Blog, archives.FeedOnly,
    archives.MappedOnly, archives.Endless, archives.LinkedData, archives.Guestbook,
    outsiders.Cyrillic, outsiders.Arrows, outsiders.LoadMore, outsiders.Nested, outsiders.Doors,
    outsiders.Forms, boards.Grid, boards.Anchored, boards.Tree,
)  # fmt: skip
MARK = re.compile(r"zq\d{4}k")


@pytest.mark.parametrize("make", WORLDS, ids=lambda make: make.__name__)
def test_posts_of_an_unseen_site_are_found(
    make: Callable[[], World], watcher: Any, source: Any
) -> None:
    world = make()
    server = Server(world)
    try:
        spec = source(
            server.address + world.start, engine="generic", render="never", max_pages=world.bound
        )
        first = watcher.crawl(spec)
        asked = [path for path in server.asked if path != "/robots.txt"]
        second = watcher.crawl(spec)
        asked_again = len(server.asked) - len(asked)
    finally:
        server.close()
    found = set(MARK.findall(first.texts))
    missing = sorted(set(world.planted) - found)
    assert not world.forbidden
    assert len(found) >= 0.95 * len(world.planted), (len(found), missing[:10], first.kinds)
    if world.parted:
        alone = [one for one in first.posts if len(set(MARK.findall(str(one.layers)))) == 1]
        assert len(alone) >= len(world.planted)
    assert first.outcome == "finished"
    assert len(asked) == len(set(asked)), "a page was fetched twice in one crawl"
    assert asked_again <= world.again + 2, server.asked[-asked_again:]
    assert not second.posts, [post.location for post in second.posts][:5]
