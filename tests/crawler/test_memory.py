"""A crawl's memory does not grow with the pages it read."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import Response

from crawler.pages import Link, Reading
from crawler.seen import Seen
from crawler.unchanged import Unchanged
from crawler.visits import Walk, is_new_list_page
from crawler.walks import Walks

# As many as the caches of addresses hold, and as many again.
FIRST, PAGES = 5_000, 5_000


def bytes_a_page(step: Callable[[int], object]) -> float:
    """What each of `PAGES` steps leaves in memory, after the first ones."""
    tracemalloc.start()
    try:
        for number in range(FIRST):
            step(-number)
        before = tracemalloc.get_traced_memory()[0]
        for number in range(1, PAGES + 1):
            step(number)
        return (tracemalloc.get_traced_memory()[0] - before) / PAGES
    finally:
        tracemalloc.stop()


def address(number: int) -> str:
    return f"https://forum.example/viewtopic.php?f=12&t={number}&start=0"


def test_a_page_that_was_read_leaves_a_few_bytes() -> None:
    walks, listing = Walks(), Walk()

    def read(number: int) -> None:
        link = Link(address(number), address(number), state=f"{number} answers")
        assert walks.untold([link]) == [link]
        assert not walks.joins(link)
        assert walks.first(link.address, render=False)
        walks.begin(link, Walk(link))
        assert is_new_list_page(Reading(links=(link,)), listing)

    # Four names of some hundred bytes each.
    assert bytes_a_page(read) < 120


def test_a_site_that_tells_dates_of_all_its_pages_costs_no_memory() -> None:
    unchanged = Unchanged([])

    def hear(number: int) -> None:
        unchanged.hear(Response(address(number), headers={"ETag": f'"{number}"'}))

    assert bytes_a_page(hear) < 20


def test_a_walk_under_way_is_joined_and_one_that_ended_is_not_begun_again() -> None:
    walks = Walks()
    link = Link(address(1), address(1))
    walk = Walk(link)
    walks.begin(link, walk)
    assert walks.joins(Link(address(1), address(1), state="3"))
    assert walk.link is not None
    assert walk.link.state == "3"
    del walk
    assert walks.joins(Link(address(1), address(1), state="4"))
    assert not walks.joins(Link(address(2), address(2)))


@given(st.lists(st.text(max_size=3)))
def test_names_seen_are_those_of_a_set(names: list[str]) -> None:
    seen, plain = Seen(), set[str]()
    for name in names:
        assert (name in seen) == (name in plain)
        assert seen.add(name) == (name not in plain)
        plain.add(name)
    assert len(seen) == len(plain)
    assert all(name in seen for name in plain)
    assert "longer than those" not in seen
