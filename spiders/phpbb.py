"""phpBB: forums in forums, topics with pages, posts with numbers of their own.

A topic's state is its number of replies and the number of its last post. A post's location is
viewtopic.php?p=N, which stays right when posts before it are removed or the topic is moved;
start, sid, view, hilit and the order of posts make no other location.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from parsel import Selector

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import boards

START = re.compile(r"[?&]start=(\d+)")


class PhpBB(Site):
    """phpBB 3.x."""

    name = "phpbb"

    def recognises(self, page: Page) -> int:
        """By the id of its body and its style's class names."""
        if page.tree.css("body#phpbb"):
            return 95
        posts = page.tree.css("a[href*='viewtopic.php'], a[href*='viewforum.php']")
        return 80 if posts and page.tree.css(".topiclist, .postprofile") else 0

    def locate(self, address: str) -> Link | None:
        """A topic by its number, whatever page or view of it; a post by its own."""
        parts = addresses.parse(address)
        if parts is None or not parts.path.endswith("/viewtopic.php"):
            return None
        asked = parse_qs(parts.query)
        for key in ("p", "t"):
            number = asked.get(key, [""])[0]
            if number.isdigit():
                clean = parts._replace(query=f"{key}={number}").geturl()
                location = addresses.canonical(clean)
                return Link(location, location)
        return None

    def _location(self, address: str) -> str:
        link = self.locate(address)
        return link.location if link else ""

    def read(self, page: Page) -> Reading:
        """A topic, a forum, or the board's index."""
        if page.tree.css("div.post[id^=p] .content"):
            return self._topic(page)
        links = [link for row in page.tree.css("li.row") if (link := self._row(page, row))]
        forums = page.tree.css("a.forumtitle::attr(href), a.subforum::attr(href)").getall()
        lists = [one for href in forums if (one := _forum(page.join(href)))]
        if not links and not lists:
            if boards.asks_for_a_password_only(page, "password"):
                return Reading(gates=("password",))
            return Reading(wall=boards.asks_for_login(page))
        around = boards.pager(page, _pages(page), START, _forum, _forum(page.address))
        return Reading(
            links=tuple(links),
            lists=tuple(dict.fromkeys(lists)),
            next_page=around.following,
            is_list=True,
        )

    def _row(self, page: Page, row: Selector) -> Link | None:
        href = row.css("a.topictitle::attr(href)").get("")
        link = self.locate(page.join(href)) if href else None
        if link is None:
            return None
        replies = re.sub(r"\D", "", boards.words(row.css("dd.posts")))
        last = row.css("dd.lastpost a[href*='p=']::attr(href)").re_first(r"[?&;]p=(\d+)") or ""
        at = boards.moment(row.css("dd.lastpost time::attr(datetime)").get(""))
        return Link(link.address, link.location, f"replies:{replies}:{last}", active_at=at)

    def _topic(self, page: Page) -> Reading:
        link = self.locate(boards.own_address(page, ".topic-title a, link[rel=canonical]"))
        topic = link.location if link else addresses.canonical(page.address)
        title = boards.words(page.tree.css(".topic-title")[:1])
        around = boards.pager(page, _pages(page), START, self._location, topic)
        first = not START.search(addresses.canonical(page.address)) and not around.previous
        found = page.tree.css("div.post[id^=p]")
        posts = [
            self._post(post, topic, title, opens=first and number == 0)
            for number, post in enumerate(found)
            if post.css(".content")
        ]
        hrefs = found.css(".attachbox a.postlink::attr(href), .attachbox .thumbnail a::attr(href)")
        inline = found.css(".inline-attachment a::attr(href), .attach-image img::attr(src)")
        return Reading(
            posts=tuple(posts),
            links=boards.files(page, [*hrefs.getall(), *inline.getall()], topic, title),
            grows=True,
            next_page=around.following,
            previous_page=around.previous,
            last_page=around.last,
        )

    def _post(self, post: Selector, topic: str, title: str, *, opens: bool) -> Post:
        key = post.attrib["id"].removeprefix("p")
        subject = boards.words(post.css(".postbody h3")[:1])
        told = subject if subject and title not in subject else ""
        number = topic.rpartition("=")[2]
        root = topic.partition("viewtopic.php")[0]
        return Post(
            f"{root}viewtopic.php?p={key}",
            html=f"<p>{told}</p>{post.css('.content').get('')}"
            if told
            else post.css(".content").get(""),
            thread=topic,
            title=title,
            opens=opens,
            posted_at=boards.moment(post.css("time::attr(datetime)").get("")),
            also=(f"{topic}#p{key}",),
            frame_ids=(key, number),
        )


def _forum(address: str) -> str:
    """A forum's first page, whatever page or order of it; "" for another address."""
    parts = addresses.parse(address)
    number = parse_qs(parts.query).get("f", [""])[0] if parts else ""
    if parts is None or not parts.path.endswith("/viewforum.php") or not number.isdigit():
        return ""
    return addresses.canonical(parts._replace(query=f"f={number}").geturl())


def _pages(page: Page) -> list[str]:
    return page.tree.css(".pagination a::attr(href)").getall()
