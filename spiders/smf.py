"""Simple Machines Forum: boards, topics with pages, attachments; ";" parts its parameters.

A topic's state is the number of its last message. A post's location is its message's address
(topic=4.msg9); session ids, the printed view, sorting and "new" make no other location.
"""

from __future__ import annotations

import re

from parsel import Selector

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import boards

TOPIC = re.compile(r"(?:^|[&;])topic=(\d+)(?:\.(?:(\d+)|msg(\d+)|new|from\d+))?")
BOARD = re.compile(r"(?:^|[&;])board=(\d+)")
PARTS = (
    "#boardindex_table, #messageindex, #forumposts, #topic_container, .boardindex_table, "
    "#main_content_section, #smf_footer, #footer"
)
START = re.compile(r"(?:topic|board)=\d+\.(\d+)")


class SMF(Site):
    """SMF 2.x and 3."""

    name = "smf"

    def recognises(self, page: Page) -> int:
        """By the variables its pages set and the names of its parts."""
        sets = any("smf_scripturl" in text for text in page.tree.css("script::text").getall())
        parts = page.tree.css(PARTS)
        return 95 if sets and parts else 0

    def locate(self, address: str) -> Link | None:
        """A topic by its number, whatever page or view of it."""
        parts = addresses.parse(address)
        found = TOPIC.search(parts.query) if parts else None
        if found is None or parts is None:
            return None
        clean = parts._replace(query=f"topic={found[1]}.0").geturl()
        location = addresses.canonical(clean)
        return Link(location, location)

    def _location(self, address: str) -> str:
        link = self.locate(address)
        return link.location if link else ""

    def read(self, page: Page) -> Reading:
        """A topic, a board, or the index of boards."""
        if page.tree.css(".inner[id^=msg_]"):
            return self._topic(page)
        rows = page.tree.css("#messageindex .info, #messageindex td.subject")
        links = [link for row in rows if (link := self._row(page, row))]
        lists = self._boards(page)
        if not links and not lists:
            denied = page.tree.css("#frmLogin, form[action*='action=login2']")
            return Reading(wall=bool(denied) and boards.asks_for_login(page), is_list=not denied)
        around = boards.pager(page, _pages(page), START, _board, _board(page.address))
        return Reading(
            links=tuple({link.location: link for link in links}.values()),
            lists=lists,
            next_page=around.following,
            is_list=True,
        )

    def _boards(self, page: Page) -> tuple[str, ...]:
        own = _board(page.address)
        hrefs = page.tree.css(".info a.subject, a.subject, .children a, .info a[id^=b]")
        found = (_board(page.join(href)) for href in hrefs.css("::attr(href)").getall())
        return tuple(dict.fromkeys(one for one in found if one and one != own))

    def _row(self, page: Page, row: Selector) -> Link | None:
        subject = row.css("[id^=msg_] a[href*='topic=']::attr(href)").get("")
        link = self.locate(page.join(subject)) if subject else None
        if link is None:
            return None
        whole = row.xpath("parent::*")
        last = whole.css(".lastpost a[href*='msg']::attr(href)").re_first(r"msg(\d+)") or ""
        said = boards.words(whole.css(".board_stats p:first-child, td.stats"))
        counted = re.search(r"\d+", said.replace(",", ""))
        replies = counted[0] if counted else ""
        return Link(link.address, link.location, state=f"last:{last}:{replies}")

    def _topic(self, page: Page) -> Reading:
        own = boards.own_address(page, "link[rel=canonical]")
        link = self.locate(own) or self.locate(page.address)
        topic = link.location if link else addresses.canonical(page.address)
        title = boards.words(page.tree.css("#display_head .display_title, #top_subject")[:1])
        around = boards.pager(page, _pages(page), START, self._location, topic)
        found = page.tree.css(".post_wrapper")
        posts = []
        for number, post in enumerate(found):
            inner = post.css(".inner[id^=msg_]")
            if inner:
                key = inner[0].attrib["id"].removeprefix("msg_")
                posts.append(
                    Post(
                        re.sub(r"topic=(\d+)\.0$", rf"topic=\1.msg{key}", topic),
                        html=inner[0].get(),
                        thread=topic,
                        title=title,
                        opens=number == 0 and not around.previous,
                        frame_ids=(key, f"msg{key}", *re.findall(r"=(\d+)", topic[-12:])),
                    )
                )
        hrefs = found.css("a[href*='action=dlattach']::attr(href)").getall()
        wanted = [href for href in hrefs if not href.endswith((";image", ";thumb"))] or hrefs
        return Reading(
            posts=tuple(posts),
            links=boards.files(page, wanted, topic, title),
            grows=True,
            next_page=around.following,
            previous_page=around.previous,
            last_page=around.last,
        )


def _board(address: str) -> str:
    """A board's first page, whatever page or order of it; "" for another address."""
    parts = addresses.parse(address)
    found = BOARD.search(parts.query) if parts else None
    if parts is None or found is None:
        return ""
    return addresses.canonical(parts._replace(query=f"board={found[1]}.0").geturl())


def _pages(page: Page) -> list[str]:
    hrefs = page.tree.css(".pagelinks a.nav_page::attr(href), .pagelinks a.navPages::attr(href)")
    return [href for href in hrefs.getall() if START.search(href)]
