"""Discourse: read through the JSON that its own pages are made of.

A topic's state is its number of posts and the time of its last bump. A post's location is
/p/NUMBER, its own permanent link; its state its version, so an edit is seen whenever the topic
is read again. A topic holds 20 posts a page.
"""

from __future__ import annotations

import re
from typing import Any

from parsel import Selector

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import boards, facts

TOPIC = re.compile(
    r"^(.*)/t/(?:(?!\d+/)[^/]+/)?(\d+)(?:/\d+)?(?:\.json)?(?:/(?:print|summary))?/?$"
)
A_PAGE = 20


class Discourse(Site):
    """Discourse 2.x and later."""

    name = "discourse"
    reads = (re.compile(r".*/t/[^/]+(/\d+){0,2}(\.json)?"), re.compile(r".*/c/.+\.json"))

    def recognises(self, page: Page) -> int:
        """By the generator it names, or the form of its answers."""
        if page.tree.css("meta[name=generator][content^=Discourse]"):
            return 95
        told = page.json if "json" in page.content_type else None
        return (
            90 if isinstance(told, dict) and ("topic_list" in told or "post_stream" in told) else 0
        )

    def starts(self, page: Page, *, logged_in: bool) -> tuple[str, ...]:
        """The list of latest topics."""
        del logged_in
        if not page.is_html:
            return ()
        base = page.tree.css("meta[name=discourse-base-uri]::attr(content)").get("").rstrip("/")
        return (page.root(f"{base}/latest.json"),)

    def locate(self, address: str) -> Link | None:
        """A topic by its number, whatever post or view of it."""
        parts = addresses.parse(address)
        found = TOPIC.match(parts.path) if parts else None
        if found is None:
            return None
        location = addresses.canonical(addresses.join(address, f"{found[1]}/t/{found[2]}"))
        return Link(f"{location}.json", location)

    def read(self, page: Page) -> Reading:
        """A list of topics, or 20 posts of one."""
        told = page.json if not page.is_html else None
        if isinstance(told, dict) and isinstance(told.get("post_stream"), dict):
            return self._topic(page, told)
        if isinstance(told, dict) and isinstance(told.get("topic_list"), dict):
            return self._list(page, told["topic_list"])
        refused = isinstance(told, dict) and told.get("error_type") == "not_logged_in"
        path = addresses.canonical(page.address)
        return Reading(wall=refused or path.endswith("/login"), is_list=page.is_html)

    def _list(self, page: Page, told: dict[str, Any]) -> Reading:
        links = []
        for topic in facts.dicts(told.get("topics")):
            link = self.locate(self._root(page) + f"/t/{facts.number(topic.get('id'))}")
            if link is not None:
                count, bumped = topic.get("posts_count"), topic.get("bumped_at")
                state = f"posts:{facts.number(count)}:{facts.text(bumped)}"
                at = boards.moment(facts.text(bumped))
                links.append(Link(link.address, link.location, state, active_at=at))
        more = facts.text(told.get("more_topics_url"))
        path, _, query = more.partition("?")
        following = page.join(f"{path.removesuffix('.json')}.json?{query}") if more else ""
        return Reading(links=tuple(links), next_page=following, is_list=True)

    def _root(self, page: Page) -> str:
        found = re.match(
            r"(https?://[^/]+(?:/[^?]*?)?)/(?:t|c|latest|top|new|tag|p)\b", page.address
        )
        return found[1] if found else page.root("").rstrip("/")

    def _topic(self, page: Page, told: dict[str, Any]) -> Reading:
        number = facts.number(told.get("id"))
        root = self._root(page)
        topic = addresses.canonical(f"{root}/t/{number}")
        title = facts.text(told.get("title"))
        posts, files = [], []
        for one in facts.dicts(told["post_stream"].get("posts")):
            key, place = facts.number(one.get("id")), facts.number(one.get("post_number"))
            cooked = facts.text(one.get("cooked"))
            part = Selector(text=cooked or "<p>", type="html", huge_tree=False)
            files += part.css("a.attachment::attr(href), a.lightbox::attr(href)").getall()
            posts.append(
                Post(
                    f"{root}/p/{key}",
                    html=cooked,
                    thread=topic,
                    title=title,
                    opens=place == 1,
                    posted_at=boards.moment(facts.text(one.get("created_at"))),
                    also=(f"{topic}/{place}",),
                    frame_ids=(str(key), str(number), str(place)),
                    state=f"version:{facts.number(one.get('version'))}:{facts.text(one.get('updated_at'))}",
                )
            )
        stream = told["post_stream"].get("stream")
        count = len(stream) if isinstance(stream, list) else facts.number(told.get("posts_count"))
        here = facts.page_number(page.address)
        last = max(1, -(-count // A_PAGE))
        at = f"{topic}.json?page="
        return Reading(
            posts=tuple(posts),
            links=boards.files(page, files, topic, title),
            grows=True,
            next_page=f"{at}{here + 1}" if here < last else "",
            previous_page=f"{at}{here - 1}" if here > 1 else "",
            last_page=f"{at}{last}" if here < last else "",
        )
