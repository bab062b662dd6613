"""rentry: short pages in Markdown, edited in place, without a public list.

The raw view needs a code from the site's owner, so the page itself is read. An edit changes the
page's own "Edit" time, and its text.
"""

from __future__ import annotations

import re
from datetime import datetime

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site

VIEW = re.compile(r"^/([A-Za-z0-9_-]{2,100})(?:/(?:raw|pdf|png|export|txt|md))?/?$")
ASIDE = frozenset({"what", "langs", "api", "static", "login", "terms", "policy", "contact"})
PUBLISHED = re.compile(r"Pub:\s*(\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d) UTC")


class Rentry(Site):
    """rentry and its mirrors."""

    name = "rentry"

    def recognises(self, page: Page) -> int:
        """By the classes of its pages and the links below them."""
        entry = page.tree.css(".entry-text article, textarea#id_text, textarea[name=text]")
        own = page.tree.css("a[href='/what'], a[href='/langs'], meta[content*=rentry i]")
        return 90 if entry and own else 0

    def locate(self, address: str) -> Link | None:
        """Any view of a page leads to the page, which may change."""
        parts = addresses.parse(address)
        found = VIEW.match(parts.path) if parts else None
        if found is None or found[1] in ASIDE:
            return None
        shown = addresses.canonical(addresses.join(address, f"/{found[1]}"))
        return Link(shown, shown)

    def read(self, page: Page) -> Reading:
        """One page."""
        link = self.locate(page.address)
        if link is None:
            return Reading(is_list=True)
        entry = page.tree.css(".entry-text article")
        if not entry:
            return Reading(gates=("password",) if page.tree.css("input[type=password]") else ())
        said = " ".join(page.tree.css("body ::text").getall())
        told = PUBLISHED.search(said)
        post = Post(
            link.location,
            html=entry[0].get(),
            title=page.tree.css(".entry-text article h1::text").get("").strip(),
            opens=False,
            posted_at=_moment(told[1]) if told else "",
            frame_ids=addresses.identifiers(link.location),
        )
        return Reading(posts=(post,), grows=True)


def _moment(said: str) -> str:
    try:
        return (
            datetime.strptime(f"{said} +0000", "%d %b %Y %H:%M %z")
            .isoformat()
            .replace("+00:00", "Z")
        )
    except ValueError:
        return ""
