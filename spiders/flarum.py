"""Flarum: read through its JSON:API.

A discussion's state is its number of comments and the time of the last. A post's location is
/d/DISCUSSION/NUMBER; its state the time of its last edit.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from parsel import Selector

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import boards, facts

DISCUSSION = re.compile(r"^(.*)/d/(\d+)(?:-[^/]*)?(?:/(?:\d+|near|reply))?$")
POSTS = "/api/posts?filter%5Bdiscussion%5D={}&sort=number&page%5Blimit%5D=20"


class Flarum(Site):
    """Flarum 1.x and 2."""

    name = "flarum"
    reads = (re.compile(r".*/d/\d+(-[^/]*)?(/\d+)?"),)

    def recognises(self, page: Page) -> int:
        """By the parts of its page that scripts fill, or the form of its answers."""
        if page.tree.css("#flarum-loading, #flarum-content, #flarum-json-payload"):
            return 95
        return 85 if "vnd.api+json" in page.content_type else 0

    def starts(self, page: Page, *, logged_in: bool) -> tuple[str, ...]:
        """The list of discussions, those with news first."""
        del logged_in
        if not page.is_html:
            return ()
        home = page.tree.css("#home-link::attr(href)").get("") or page.root("/")
        root = page.join(home).rstrip("/")
        return (f"{root}/api/discussions?sort=-lastPostedAt&page%5Blimit%5D=20",)

    def locate(self, address: str) -> Link | None:
        """A discussion by its number; its posts are fetched from the API."""
        parts = addresses.parse(address)
        found = DISCUSSION.match(parts.path) if parts else None
        if found is None:
            return None
        location = addresses.canonical(addresses.join(address, f"{found[1]}/d/{found[2]}"))
        return Link(addresses.join(address, found[1] + POSTS.format(found[2])), location)

    def read(self, page: Page) -> Reading:
        """A list of discussions, or posts of one."""
        told = page.json if not page.is_html else None
        data = facts.dicts(told.get("data")) if isinstance(told, dict) else []
        following = page.join(facts.text(facts.inner(told, "links").get("next"))) if data else ""
        if isinstance(told, dict) and facts.dicts(told.get("errors")):
            status = {
                facts.text(one.get("status")) for one in told["errors"] if isinstance(one, dict)
            }
            return Reading(wall=bool(status & {"401", "403"}))
        if "/api/posts" in page.address:
            return self._posts(page, told if isinstance(told, dict) else {}, data, following)
        root = page.address.partition("/api/")[0]
        links = []
        for one in data:
            says = facts.inner(one, "attributes")
            link = self.locate(f"{root}/d/{facts.number(one.get('id'))}")
            if link is not None and one.get("type") == "discussions":
                count = facts.number(says.get("commentCount"))
                last = facts.text(says.get("lastPostedAt"))
                state, at = f"posts:{count}:{last}", boards.moment(last)
                links.append(Link(link.address, link.location, state, active_at=at))
        return Reading(links=tuple(links), next_page=following, is_list=True)

    def _posts(
        self, page: Page, told: dict[str, Any], data: list[dict[str, Any]], following: str
    ) -> Reading:
        root = page.address.partition("/api/")[0]
        asked = parse_qs(unquote(urlsplit(page.address).query)).get("filter[discussion]", [""])[0]
        thread = addresses.canonical(f"{root}/d/{facts.number(asked)}")
        titles = [
            facts.text(facts.inner(one, "attributes").get("title"))
            for one in facts.dicts(told.get("included"))
            if one.get("type") == "discussions"
        ]
        posts, files = [], []
        for one in data:
            says = facts.inner(one, "attributes")
            html = facts.text(says.get("contentHtml"))
            if says.get("contentType") != "comment" or not html:
                continue
            place = facts.number(says.get("number"))
            part = Selector(text=html, type="html", huge_tree=False)
            files += part.css("a[href*='/assets/files/']::attr(href), "
                              "a[data-fof-upload-download-uuid]::attr(href)").getall()  # fmt: skip
            posts.append(
                Post(
                    f"{thread}/{place}",
                    html=html,
                    thread=thread,
                    title=titles[0] if titles else "",
                    opens=place == 1,
                    posted_at=boards.moment(facts.text(says.get("createdAt"))),
                    frame_ids=(str(place), thread.rpartition("/")[2], str(one.get("id"))[:20]),
                    state=f"edited:{facts.text(says.get('editedAt'))}",
                )
            )
        files = [href for href in files if href]
        return Reading(
            posts=tuple(posts),
            links=boards.files(page, files, thread, titles[0] if titles else ""),
            grows=True,
            next_page=following,
        )
