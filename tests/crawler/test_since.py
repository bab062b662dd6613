"""A first crawl passes over what its site dates before `since`; later crawls read as ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.reach import floor_of
from tests.crawler.conftest import Hostile

NOW = datetime.now(UTC)
FLOOR = floor_of(NOW, 90 * 86400.0)


def days_ago(days: int) -> str:
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Forum(Hostile):
    """Discourse as far as its list of topics and the topics go."""

    def __init__(self) -> None:
        super().__init__()
        self.topics: dict[int, list[tuple[int, str, int, int]]] = {}

    def put(self, topic: int, *posts: tuple[int, str, int]) -> None:
        """Posts of a topic: number, words, days ago."""
        self.topics[topic] = [(*post, 1) for post in posts]
        self.show()

    def edit(self, topic: int, at: int, words: str) -> None:
        """Edit a post and bump its topic."""
        number, _, days, version = self.topics[topic][at]
        self.topics[topic][at] = (number, words, days, version + 1)
        self.show(bumped=topic)

    def show(self, bumped: int = 0) -> None:
        rows = []
        for topic, posts in self.topics.items():
            days = 0 if topic == bumped else min(days for _, _, days, _ in posts)
            rows.append({"id": topic, "posts_count": len(posts), "bumped_at": days_ago(days)})
            stream = [
                {"id": number, "post_number": place, "cooked": f"<p>{words}</p>",
                 "created_at": days_ago(days), "version": version}
                for place, (number, words, days, version) in enumerate(posts, start=1)
            ]  # fmt: skip
            told = {"id": topic, "title": f"fil {topic}", "post_stream": {"posts": stream}}
            self.page(f"/t/{topic}.json", json.dumps(told), "application/json")
        listed = {"topic_list": {"topics": rows}}
        self.page("/latest.json", json.dumps(listed), "application/json")


@pytest.fixture
def forum() -> Any:
    server = Forum()
    server.put(1, (11, "tout neuf", 2), (12, "encore", 1))
    server.put(2, (21, "un vieux début", 400), (22, "une réponse fraîche", 3))
    server.put(3, (31, "oublié depuis longtemps", 400), (32, "et sans suite", 399))
    yield server
    server.close()


def texts(found: Any) -> set[str]:
    return {layer[1].split("\n")[-1] for post in found.posts for layer in post.layers}


def crawl(watcher: Any, source: Any, forum: Forum, pending: Any = (), **fields: Any) -> Any:
    forum.asked.clear()
    spec = source(f"{forum.address}/latest.json", engine="discourse", **fields)
    found = watcher.crawl(spec, pending)
    assert found.outcome == "finished"
    return found


def test_a_first_crawl_passes_over_what_is_older(watcher: Any, source: Any, forum: Forum) -> None:
    found = crawl(watcher, source, forum, floor=FLOOR)
    assert texts(found) == {"tout neuf", "encore", "une réponse fraîche"}
    assert "/t/3.json" not in forum.asked, "its row says that nothing happened there"


def test_what_was_passed_over_is_known_to_later_crawls(
    watcher: Any, source: Any, forum: Forum
) -> None:
    crawl(watcher, source, forum, floor=FLOOR)
    assert not crawl(watcher, source, forum).posts
    forum.edit(2, 0, "un vieux début, changé")
    assert texts(crawl(watcher, source, forum)) == {"un vieux début, changé"}
    forum.put(3, (31, "oublié depuis longtemps", 400), (33, "on en reparle", 0))
    assert "on en reparle" in texts(crawl(watcher, source, forum))


def test_an_edit_during_a_first_crawl_that_began_again_is_read(
    watcher: Any, source: Any, forum: Forum
) -> None:
    crawl(watcher, source, forum, floor=FLOOR)
    forum.edit(2, 0, "un vieux début, changé")
    found = crawl(watcher, source, forum, floor=FLOOR)
    assert texts(found) == {"un vieux début, changé"}


def test_without_a_bound_everything_is_read(watcher: Any, source: Any, forum: Forum) -> None:
    assert len(crawl(watcher, source, forum).posts) == 6


@pytest.mark.parametrize("told", ["", "yesterday", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_what_has_no_credible_date_is_read(
    told: str, watcher: Any, source: Any, forum: Forum
) -> None:
    for path in ("/latest.json", "/t/3.json"):
        answer = forum.answers[path]
        assert isinstance(answer, bytes)
        body = json.loads(answer.partition(b"\r\n\r\n")[2])
        for one in body.get("topic_list", {}).get("topics", []):
            one["bumped_at"] = told
        for one in body.get("post_stream", {}).get("posts", []):
            one["created_at"] = told
        forum.page(path, json.dumps(body), "application/json")
    assert "oublié depuis longtemps" in texts(crawl(watcher, source, forum, floor=FLOOR))


def test_what_somebody_points_to_now_is_read(watcher: Any, source: Any, forum: Forum) -> None:
    """The order names another view of the topic than the list does."""
    pending = [f"{forum.address}/t/un-titre/3/2"]
    found = crawl(watcher, source, forum, pending, floor=FLOOR)
    assert {"oublié depuis longtemps", "et sans suite"} <= texts(found)
    assert "un vieux début" not in texts(found)


def test_the_floor_of_a_crawl() -> None:
    assert floor_of(datetime(2026, 4, 1, tzinfo=UTC), 86400.0) == "2026-03-31T00:00:00+00:00"
    assert floor_of(NOW, None) == ""
    assert floor_of(NOW, 1e14) == "", "longer ago than there are years"
