"""NodeBB: read through its read API; the pages themselves load posts as one scrolls.

A topic's state is its number of posts and the time of the last. A post's location is
/post/NUMBER; its state is the time of its last edit.
"""

from __future__ import annotations

import re
from typing import Any

from parsel import Selector

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import boards, facts

TOPIC = re.compile(r"^(.*?)(?:/api)?/topic/(\d+)(?:/[^/]*){0,2}$")
CATEGORY = re.compile(r"^(.*?)(?:/api)?/category/(\d+)(?:/[^/]*)?$")


class NodeBB(Site):
    """NodeBB 1.x to 4.x."""

    name = "nodebb"
    reads = (re.compile(r".*/(api/)?(topic|category)/\d+(/[^/]*){0,2}"), re.compile(r".*/post/\d+"))

    def recognises(self, page: Page) -> int:
        """By its client's bundle, or the form of its answers."""
        if page.tree.css("script[src*='/assets/nodebb.min.js'], link[href*='/assets/client']") and (
            page.tree.css("[component], #content")
        ):
            return 95
        told = page.json if "json" in page.content_type else None
        return 90 if isinstance(told, dict) and "loggedInUser" in told and "template" in told else 0

    def starts(self, page: Page, *, logged_in: bool) -> tuple[str, ...]:
        """The list of recent topics."""
        del logged_in
        if not page.is_html:
            return ()
        bundle = page.tree.css("script[src*='/assets/nodebb.min.js']::attr(src)").get("")
        root = bundle.partition("/assets/")[0] if bundle else ""
        return (page.join(f"{root}/api/recent"),)

    def locate(self, address: str) -> Link | None:
        """A topic by its number; its API address is fetched."""
        parts = addresses.parse(address)
        found = TOPIC.match(parts.path) if parts else None
        if found is None:
            return None
        location = addresses.canonical(addresses.join(address, f"{found[1]}/topic/{found[2]}"))
        return Link(addresses.join(address, f"{found[1]}/api/topic/{found[2]}"), location)

    def read(self, page: Page) -> Reading:
        """A list of topics, a page of one, or the pages for people, which only lead on."""
        told = page.json if not page.is_html else None
        if not isinstance(told, dict):
            category = CATEGORY.match(addresses.canonical(page.address))
            lists: tuple[str, ...] = (
                (f"{category[1]}/api/category/{category[2]}",) if category else ()
            )
            return Reading(
                wall=page.address.partition("?")[0].endswith("/login"), lists=lists, is_list=True
            )
        if isinstance(told.get("posts"), list) and "tid" in told:
            return self._topic(page, told)
        root = self._root(page)
        links = []
        for topic in facts.dicts(told.get("topics")):
            link = self.locate(f"{root}/topic/{facts.number(topic.get('tid'))}")
            if link is not None and not topic.get("deleted"):
                count, last = topic.get("postcount"), facts.text(topic.get("lastposttimeISO"))
                state = f"posts:{facts.number(count)}:{last}"
                at = boards.moment(last)
                links.append(Link(link.address, link.location, state, active_at=at))
        children = [facts.number(one.get("cid")) for one in facts.dicts(told.get("children"))]
        lists = tuple(f"{root}/api/category/{cid}" for cid in children if cid)
        wall = facts.text(inner_template(told)) == "login"
        following, _, _ = self._around(page, told)
        return Reading(
            links=tuple(links), lists=lists, next_page=following, wall=wall, is_list=not wall
        )

    def _root(self, page: Page) -> str:
        return re.split(r"/api/", page.address, maxsplit=1)[0]

    def _around(self, page: Page, told: dict[str, Any]) -> tuple[str, str, str]:
        """The next, previous and last page; "" where there is none."""
        pages = facts.inner(told, "pagination")
        here, last = (
            facts.number(pages.get("currentPage")) or 1,
            facts.number(pages.get("pageCount")),
        )
        at = page.address.partition("?")[0] + "?page="
        return (
            f"{at}{here + 1}" if here < last else "",
            f"{at}{here - 1}" if here > 1 else "",
            f"{at}{last}" if here < last else "",
        )

    def _topic(self, page: Page, told: dict[str, Any]) -> Reading:
        root, number = self._root(page), facts.number(told.get("tid"))
        topic = addresses.canonical(f"{root}/topic/{number}")
        title = facts.text(told.get("titleRaw")) or facts.text(told.get("title"))
        posts, files = [], []
        for one in facts.dicts(told["posts"]):
            key, place = facts.number(one.get("pid")), facts.number(one.get("index"))
            content = facts.text(one.get("content"))
            if not key or one.get("deleted") or not content:
                continue
            part = Selector(text=content, type="html", huge_tree=False)
            files += part.css("a[href*='/assets/uploads/']::attr(href), "
                              "img[src*='/assets/uploads/']::attr(src)").getall()  # fmt: skip
            posts.append(
                Post(
                    f"{root}/post/{key}",
                    html=content,
                    thread=topic,
                    title=title,
                    opens=place == 0,
                    posted_at=boards.moment(facts.text(one.get("timestampISO"))),
                    also=(f"{topic}/{place + 1}",),
                    frame_ids=(str(key), str(number), str(place + 1)),
                    state=f"edited:{facts.number(one.get('edited'))}",
                )
            )
        following, previous, last = self._around(page, told)
        return Reading(
            posts=tuple(posts),
            links=boards.files(page, files, topic, title),
            grows=True,
            next_page=following,
            previous_page=previous,
            last_page=last,
        )


def inner_template(told: dict[str, Any]) -> Any:
    """The name of the page that an answer of the API is for."""
    return facts.inner(told, "template").get("name")
