"""Spirit (django-spirit): a forum with categories, topics with pages, and private topics.

A topic's state is its comment count on the list. A comment's location is its own permalink
(/comment/55/find/), which stays right when the topic is renamed or its pages shift and holds
no word of the title.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from parsel import Selector

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site

TOPIC = re.compile(r"^(.*)/topic/(private/)?(\d+)/(?:[\w%-]+/)?$")
COMMENT = re.compile(r"^(.*)/comment/(\d+)/find/$")
CATEGORY = re.compile(r"/category/\d+/(?:[\w%-]+/)?$")
# "now", "12s", "4m", "3h": what a comment of the last day shows instead of its date.
AGO = re.compile(r"(?:now|maintenant|(\d{1,2})\s?(s|m|min|h))")
PAST = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
CLOCK = re.compile(r"\b\d{1,2}[:h.](\d\d)\b|\b\d{1,2} [ap]\.m\.|\b(?:noon|midnight)\b")
PAGE = re.compile(r"(?:^|[?&])page=(\d+)")


class Spirit(Site):
    """Spirit 0.12 and later."""

    name = "spirit"
    reads = (
        re.compile(r".*/topic/(private/)?\d+/([\w%-]+/)?"),
        re.compile(r".*/category/\d+/([\w%-]+/)?"),
        re.compile(r".*/comment/\d+/find/"),
    )

    def recognises(self, page: Page) -> int:
        """By the class names of its frame."""
        marks = (
            "header.layout__header",
            ".header__logo_wrapper",
            ".layout__article, .layout__comments",
        )
        return 30 * sum(1 for mark in marks if page.tree.css(mark))

    def starts(self, page: Page, *, logged_in: bool) -> tuple[str, ...]:
        """The list of latest topics; for an account its private topics too."""
        home = page.tree.css("a.header__logo::attr(href)").get("/")
        root = page.join(home)
        private = addresses.join(root, "topic/private/")
        return (root, private) if logged_in else (root,)

    def locate(self, address: str) -> Link | None:
        """A topic's link, also from a comment's permalink."""
        parts = addresses.parse(address)
        if parts is None:
            return None
        found = TOPIC.match(parts.path)
        if found:
            path = f"{found[1]}/topic/{found[2] or ''}{found[3]}/"
            clean = addresses.canonical(addresses.join(address, path))
            return Link(clean, clean)
        if COMMENT.match(parts.path):
            return Link(address, addresses.canonical(address))
        return None

    def read(self, page: Page) -> Reading:
        """A list of topics, or one page of a topic."""
        if page.tree.css("form input[type=password]"):
            return Reading(wall=True)
        parts = addresses.parse(page.address)
        if parts is not None and TOPIC.match(parts.path) and page.tree.css(".comments_list"):
            return self._topic(page)
        return self._list(page)

    def _list(self, page: Page) -> Reading:
        links = []
        for row in page.tree.css(".layout__topics__topic"):
            href = row.css("a.topic__link::attr(href)").get("")
            link = self.locate(page.join(href))
            if link is not None:
                count = "".join(row.css(".topic__comments ::text").getall()).strip()
                fetch = page.join(href).partition("?")[0]
                links.append(Link(fetch, link.location, state=f"comments:{count}"))
        # The categories' lists repeat what the list of latest topics shows, so they are read
        # only when they are a start address of their own.
        lists = self._categories(page) if page.tree.css(".topic__category") == [] else ()
        return Reading(
            links=tuple(links), lists=lists, next_page=self._page(page, +1), is_list=True
        )

    def _categories(self, page: Page) -> tuple[str, ...]:
        hrefs = page.tree.css(".layout__article a::attr(href)").getall()
        return tuple(dict.fromkeys(page.join(h) for h in hrefs if CATEGORY.search(h)))

    def _topic(self, page: Page) -> Reading:
        link = self.locate(page.address)
        topic = link.location if link else page.address
        title = " ".join("".join(page.tree.css("h1.headline::text").getall()).split())
        posts = tuple(
            self._comment(page, topic, title, comment)
            for comment in page.tree.css(".comments_list .js-comment[data-pk]")
            if comment.css(".comment__text")
        )
        return Reading(
            posts=posts,
            grows=True,
            next_page=self._page(page, +1),
            previous_page=self._page(page, -1),
            last_page=self._page(page, 0),
        )

    def _comment(self, page: Page, topic: str, title: str, comment: Selector) -> Post:
        number = comment.attrib.get("data-number", "")
        key = comment.attrib["data-pk"]
        edits = comment.css(".comment__info__date a[href*='/history/'] ::text").getall()
        here = _page_number(page.address)
        shown = f"?page={here}" if here > 1 else ""
        return Post(
            location=f"{topic.partition('/topic/')[0]}/comment/{key}/find/",
            html=comment.css(".comment__text").get(""),
            thread=topic,
            title=title,
            opens=number == "1",
            posted_at=_posted_at(page.fetched_at, comment),
            also=(f"{topic}{shown}#c{number}",),
            frame_ids=(key, topic.rstrip("/").rsplit("/", 1)[-1], number),
            state=f"edits:{''.join(edits).strip() or 0}",
        )

    def _page(self, page: Page, step: int) -> str:
        """The page `step` from here; 0: the last one. "" when there is none."""
        here = _page_number(page.address)
        numbers = [
            int(found[1])
            for href in page.tree.css(".paginator__button a::attr(href)").getall()
            if (found := PAGE.search(href))
        ]
        last = max([here, *numbers])
        wanted = last if step == 0 else here + step
        if wanted == here or not 1 <= wanted <= last:
            return ""
        query = "" if wanted == 1 else "?" + urlencode({"page": wanted})
        return addresses.canonical(page.address).partition("?")[0] + query


def _posted_at(fetched_at: datetime, comment: Selector) -> str:
    """When a comment of the last day was written; "" for an older one.

    The full date in the title is in the time zone of whoever looks, which the page does not say;
    the age says it without. An age is rounded down: the earliest moment it allows is taken, so
    that "found after" never flatters. An age in hours is mended by the minutes of the full date,
    which are the same in nearly every zone.
    """
    shown = comment.css(".comment__info__date li:last-child")
    ago = AGO.fullmatch("".join(shown.css("::text").getall()).strip())
    if ago is None:
        return ""
    unit = PAST[ago[2][0]] if ago[2] else PAST["s"]
    earliest = fetched_at - (int(ago[1] or 0) + 1) * unit
    clock = CLOCK.search(shown.attrib.get("title", ""))
    if unit == PAST["h"] and clock:
        earliest += timedelta(minutes=(int(clock[1] or 0) - earliest.minute) % 60)
        earliest = earliest.replace(second=0, microsecond=0)
    return earliest.isoformat(timespec="seconds").replace("+00:00", "Z")


def _page_number(address: str) -> int:
    found = PAGE.search(addresses.canonical(address))
    return int(found[1]) if found else 1
