"""After one further pass no page is fetched again without reason: the server's log is the witness.
Edits of older posts are seen all the same."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from crawler.unchanged import Unchanged, Validator
from tests.crawler.conftest import Hostile, answer


class Board(Hostile):
    """Two list pages of threads, an entity tag for every page, and what was answered."""

    def __init__(self, *, dates: bool = False) -> None:
        super().__init__()
        self.pages: dict[str, str] = {}
        self.statuses: list[tuple[str, int]] = []
        self.dates = dates
        self.fallback = self._answer

    def build(self, threads: int) -> None:
        rows = [
            f"<div class=layout__topics__topic><a class=topic__link href='/topic/{n}/t/'>T{n}</a>"
            f"<div class=topic__comments>1</div><div class=topic__category></div></div>"
            for n in range(threads)
        ]
        half = len(rows) // 2
        pager = "<ul><li class=paginator__button><a href='/?page=2'>2</a></li></ul>"
        self.pages["/"] = f"<div>{''.join(rows[:half])}</div>{pager}"
        self.pages["/?page=2"] = f"<div>{''.join(rows[half:])}</div>"
        for n in range(threads):
            self.post(n, f"message {n}")

    def post(self, number: int, words: str, edits: int = 0) -> None:
        self.pages[f"/topic/{number}/t/"] = (
            f"<h1 class=headline>T{number}</h1><div class=comments_list><div class='js-comment' "
            f"data-pk='{number}' data-number='1'><div class=comment__text>{words}</div>"
            f"<div class=comment__info__date><a href='/history/{number}/'>{edits}</a></div>"
            "</div></div>"
        )

    def _answer(self, path: str) -> bytes:
        if path not in self.pages:
            self.statuses.append((path, 404))
            return answer(b"no", "text/plain", "404 Not Found")
        body = self.pages[path].encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        told = f"ETag: {tag}\r\n"
        if self.dates:
            now = datetime.now(UTC)
            tag = "Sun, 01 Nov 2026 10:00:00 GMT"
            told = f"Last-Modified: {tag}\r\nDate: {format_datetime(now, usegmt=True)}\r\n"
        if tag.encode() in self.heads[-1]:
            self.statuses.append((path, 304))
            return f"HTTP/1.1 304 Not Modified\r\n{told}Connection: close\r\n\r\n".encode()
        self.statuses.append((path, 200))
        return answer(body, "text/html; charset=utf-8", more=told)


@pytest.fixture(params=[False, True], ids=["etag", "date"])
def board(request: pytest.FixtureRequest) -> Any:
    server = Board(dates=request.param)
    server.build(6)
    yield server
    server.close()


def crawl(
    watcher: Any, source: Any, board: Board, pending: tuple[str, ...] = (), **fields: Any
) -> Any:
    board.statuses.clear()
    board.asked.clear()
    spec = source(board.address, **{"engine": "spirit", "concurrency": 1, **fields})
    found = watcher.crawl(spec, pending)
    assert found.outcome == "finished"
    assert not found.kinds
    known = {one["address"]: one for one in (*watcher.validators, *found.validators)}
    watcher.validators = list(known.values())
    return found


def test_a_further_pass_fetches_nothing(watcher: Any, source: Any, board: Board) -> None:
    first = crawl(watcher, source, board)
    assert len(first.posts) == 6
    second = crawl(watcher, source, board)
    assert not second.posts
    assert {status for _, status in board.statuses} == {304}
    assert sorted(path for path, _ in board.statuses) == ["/", "/?page=2"]
    assert board.asked == ["/", "/?page=2"], "nor is robots.txt asked for again"


@pytest.mark.parametrize("board", [False], indirect=True)
@pytest.mark.parametrize("engine", ["spirit", "auto"])
def test_a_thread_that_a_row_and_an_order_name_is_fetched_once(
    engine: str, watcher: Any, source: Any, board: Board
) -> None:
    """The order's address is not the row's; the row's state is marked all the same. Thread 2
    stands on the first list, thread 5 on the second."""
    board.pages["/"] += "<header class=layout__header></header><p class=header__logo_wrapper>"
    for number in (2, 5):
        board.pages[f"/topic/{number}/"] = board.pages[f"/topic/{number}/t/"]
    orders = tuple(f"{board.address}/topic/{number}/" for number in (2, 5))
    found = crawl(watcher, source, board, orders, engine=engine, concurrency=4)
    assert len(found.posts) == 6
    for number in (2, 5):
        asked = [path for path in board.asked if path.startswith(f"/topic/{number}/")]
        assert len(asked) == 1, asked
    again = crawl(watcher, source, board, engine=engine)
    assert "/topic/2/t/" not in board.asked
    assert not again.posts


@pytest.mark.parametrize("board", [False], indirect=True)
def test_what_is_new_behind_an_unchanged_list_is_seen(
    watcher: Any, source: Any, board: Board
) -> None:
    crawl(watcher, source, board)
    board.post(9, "nouveau")
    more = board.pages["/topic/9/t/"]
    row = board.pages["/?page=2"].replace("/topic/5/", "/topic/9/")
    board.pages["/?page=2"] += row
    found = crawl(watcher, source, board)
    assert more
    assert [post.layers[0][1] for post in found.posts] == ["T9\nnouveau"]
    assert ("/", 304) in board.statuses


def test_an_edit_of_an_old_post_is_seen_when_it_is_time(
    watcher: Any, source: Any, board: Board
) -> None:
    crawl(watcher, source, board)
    board.post(3, "message 3, et une ligne de plus", edits=1)
    watcher.validators = []
    assert not crawl(watcher, source, board).posts
    watcher.validators, watcher.all_old = [], True
    found = crawl(watcher, source, board)
    assert [post.layers[0][1] for post in found.posts] == ["T3\nmessage 3, et une ligne de plus"]


def test_nothing_is_kept_of_a_page_for_another_visitor() -> None:
    kept = Unchanged([Validator("http://s/", etag='"1"', logged_in=True)])
    assert kept.given("http://s/", logged_in=False) is None
    found = kept.given("http://S:80/", logged_in=True)
    assert found is not None
    assert found.headers == {"If-None-Match": '"1"'}


def test_a_date_that_is_too_fresh_is_no_witness(
    watcher: Any, source: Any, hostile: Any, reply: Any
) -> None:
    """A page may change twice within the second that Last-Modified tells."""
    now = format_datetime(datetime.now(UTC), usegmt=True)
    body = b"<main><ul><li><a href='/n/a1'>une note</a></li></ul></main>"
    hostile.answers["/"] = reply(body, more=f"Last-Modified: {now}\r\nDate: {now}\r\n")
    hostile.page("/n/a1", "<main><pre>une note en entier ici</pre></main>")
    found = watcher.crawl(source(hostile.address, engine="generic", render="never"))
    assert found.posts
    assert found.validators == []
