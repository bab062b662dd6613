"""What happens on a site between two crawls and within one: seen once, and nothing else is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unseen.boards import Grid
from tests.unseen.forums import PER_LIST
from tests.unseen.serving import Answer, Server

MARK = re.compile(r"zq\d{4}k")


class Moving(Grid):
    """A board on which something happens whenever a certain page is asked for."""

    moves_at = ""
    happens: Any = None

    def answer(self, path: str, query: dict[str, str]) -> Answer | None:
        """As it is, and then it moves."""
        found = super().answer(path, query)
        if self.happens is not None and self.moves_at == f"{path}?{query.get('page', '')}":
            happens, self.happens = self.happens, None
            happens(self)
        return found


@pytest.fixture
def board() -> Iterator[tuple[Moving, Server]]:
    """The board and its server."""
    world = Moving()
    server = Server(world)
    yield world, server
    server.close()


def marks(crawl: Any) -> list[str]:
    return sorted(mark for post in crawl.posts for mark in MARK.findall(str(post.layers)))


def spec_of(server: Server, source: Any) -> Any:
    return source(server.address + "/", engine="generic", render="never", max_pages=400)


def test_a_reply_on_a_last_page_and_a_new_thread(
    board: tuple[Moving, Server], watcher: Any, source: Any
) -> None:
    world, server = board
    spec = spec_of(server, source)
    watcher.crawl(spec)
    reply, opening = world.plant("une réponse"), world.plant("un nouveau sujet")
    world.thread(1).append(reply)
    world.boards[1].append([opening])
    world.threads.append((1, len(world.boards[1]) - 1))
    world.views[len(world.threads) - 1] = 0
    before = len(server.asked)
    second = watcher.crawl(spec)
    asked = [path for path in server.asked[before:] if path.startswith("/topic/")]
    assert marks(second) == world.planted[-2:]
    assert [path for path in asked if not path.startswith(("/topic/1-", "/topic/30-"))] == []


def test_an_edited_post_is_seen_when_its_thread_is_read_again_and_a_deleted_one_disturbs_nothing(
    board: tuple[Moving, Server], watcher: Any, source: Any
) -> None:
    world, server = board
    spec = spec_of(server, source)
    watcher.crawl(spec)
    edited = world.plant("modifié plus tard")
    world.thread(5)[0] = edited
    del world.thread(8)[1]
    watcher.all_old = True
    second = watcher.crawl(spec)
    assert world.planted[-1] in marks(second)
    assert len(marks(second)) <= 2  # what stood behind the deleted post may have moved up


@pytest.mark.parametrize("what", ["a thread comes", "a thread goes"])
def test_a_list_that_moves_while_it_is_read_loses_nothing(
    board: tuple[Moving, Server], watcher: Any, source: Any, what: str
) -> None:
    world, server = board
    spec = spec_of(server, source)
    gone: list[str] = []

    def comes(world: Moving) -> None:
        world.boards[0].insert(0, [world.plant("entre deux")])
        world.threads = [(b, t) for b in (0, 1) for t in range(len(world.boards[b]))]
        world.views = dict.fromkeys(range(len(world.threads)), 0)

    def goes(world: Moving) -> None:
        gone.extend(MARK.findall("".join(world.boards[0][PER_LIST - 1])))
        world.boards[0][PER_LIST - 1 : PER_LIST] = []
        world.boards[0].append([world.plant("à la fin")])

    world.moves_at = "/forum/0?"
    world.happens = comes if what == "a thread comes" else goes
    found = set(marks(watcher.crawl(spec))) | set(marks(watcher.crawl(spec)))
    assert set(world.planted) - set(gone) <= found
