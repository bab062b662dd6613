"""Pastebin: its scraping feed (an account's address must be let in), or its archive page.

The feed at api_scraping.php lists new public pastes as JSON; each is read through
api_scrape_item.php. Without access the answer is a sentence instead of a list.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site

FEED, ITEM = "/api_scraping.php", "/api_scrape_item.php"
PASTE = re.compile(r"^/(?:raw/|dl/|print/)?([A-Za-z0-9]{8})$")


class Pastebin(Site):
    """pastebin.com and its scraping host."""

    name = "pastebin"

    def recognises(self, page: Page) -> int:
        """By the addresses of its feed and the names of its own style."""
        parts = addresses.parse(page.address)
        if parts is not None and parts.path in (FEED, ITEM):
            return 95
        return 90 if page.tree.css("link[href*='/themes/pastebin/']") else 0

    def locate(self, address: str) -> Link | None:
        """Any view of a paste leads to its raw view."""
        parts = addresses.parse(address)
        if parts is None:
            return None
        if parts.path == ITEM:
            slug = parse_qs(parts.query).get("i", [""])[0]
            paste = _main_site(addresses.join(address, f"/{slug}"))
            return Link(address, paste) if re.fullmatch(r"[A-Za-z0-9]{8}", slug) else None
        found = PASTE.match(parts.path)
        if found is None:
            return None
        paste = addresses.canonical(addresses.join(address, f"/{found[1]}"))
        return Link(addresses.join(paste, f"/raw/{found[1]}"), paste)

    def read(self, page: Page) -> Reading:
        """The feed, the archive, or one paste."""
        parts = addresses.parse(page.address)
        if parts is not None and parts.path == FEED:
            return self._feed(page)
        link = self.locate(page.address)
        if link is not None and (not page.is_html or "raw/" in page.address):
            slug = link.location.rsplit("/", 1)[-1]
            post = Post(link.location, body=page.body, content_type=page.content_type,
                        frame_ids=(slug,))  # fmt: skip
            return Reading(posts=(post,))
        if link is not None:
            return Reading(instead=link.address)
        hrefs = page.tree.css("table.maintable td:first-child a::attr(href)").getall()
        found = (self.locate(page.join(href)) for href in hrefs)
        return Reading(links=tuple(one for one in found if one), is_list=True)

    def _feed(self, page: Page) -> Reading:
        if not isinstance(page.json, list):
            return Reading(wall=True)
        links = []
        for item in page.json:
            told = item if isinstance(item, dict) else {}
            text, paste = told.get("scrape_url"), told.get("full_url")
            if isinstance(text, str) and isinstance(paste, str):
                location = addresses.canonical(paste)
                links += [Link(page.join(text), location)] if location else []
        return Reading(links=tuple(links), is_list=True)


def _main_site(address: str) -> str:
    """The paste's public address: the scraping host is a door of the same house."""
    return addresses.canonical(address.replace("://scrape.", "://", 1))
