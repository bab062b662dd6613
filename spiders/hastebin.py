"""haste-server (hastebin): a paste site without a public list.

Every address answers 200 with the same empty shell; a paste's text is at /raw/KEY, which is what
is fetched.
"""

from __future__ import annotations

import re

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site

VIEW = re.compile(r"^/(?:raw/|documents/)?([A-Za-z0-9]{4,64})(?:\.[A-Za-z0-9]{1,10})?$")


class Hastebin(Site):
    """haste-server and the sites that grew from it."""

    name = "hastebin"

    def recognises(self, page: Page) -> int:
        """By the buttons of its shell."""
        shell = page.tree.css("#box2 .raw.function") and page.tree.css("#linenos")
        return 95 if shell else 0

    def locate(self, address: str) -> Link | None:
        """Any view of a paste leads to its raw view."""
        parts = addresses.parse(address)
        found = VIEW.match(parts.path) if parts else None
        if found is None:
            return None
        paste = addresses.canonical(addresses.join(address, f"/{found[1]}"))
        return Link(addresses.join(paste, f"/raw/{found[1]}"), paste)

    def read(self, page: Page) -> Reading:
        """The raw view of a paste."""
        link = self.locate(page.address)
        if link is None:
            return Reading(is_list=True)
        if page.is_html and self.recognises(page):
            return Reading(instead=link.address)
        slug = link.location.rsplit("/", 1)[-1]
        facts = page.json if "json" in page.content_type else None
        if isinstance(facts, dict):
            text = facts.get("data")
            post = Post(link.location, text=text if isinstance(text, str) else "",
                        frame_ids=(slug,))  # fmt: skip
        else:
            post = Post(link.location, body=page.body, content_type=page.content_type,
                        also=(addresses.canonical(page.address),), frame_ids=(slug,))  # fmt: skip
        return Reading(posts=(post,))
