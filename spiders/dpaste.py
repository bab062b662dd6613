"""dpaste: a paste site without a public list (/history/ shows the visitor's own pastes only).

A paste's page holds the text as it was pasted in a text area, so one request a paste is enough.
Every view of a one-time paste counts against it: such a paste is opened once, and neither its raw
nor its slim view ever is.
"""

from __future__ import annotations

import re

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site

VIEW = re.compile(r"^(.*?)/([a-zA-Z0-9]{4,})(?:/(?:raw|slim))?/?$")
ASIDE = frozenset({"about", "history", "api", "static"})


class Dpaste(Site):
    """dpaste 3.x."""

    name = "dpaste"

    def recognises(self, page: Page) -> int:
        """By the parts of its frame that carry names of their own."""
        marks = ("header nav a.nav-link[href$='/history/']", "#snippetOptions, form.snippet-form",
                 "#copyToClipboard, header h1 a.home")  # fmt: skip
        found = sum(1 for mark in marks if page.tree.css(mark))
        return 30 * found if found > 1 else 0

    def locate(self, address: str) -> Link | None:
        """Any view of a paste leads to its page."""
        parts = addresses.parse(address)
        found = VIEW.match(parts.path) if parts else None
        if found is None or found[2] in ASIDE:
            return None
        paste = addresses.canonical(addresses.join(address, f"{found[1]}/{found[2]}"))
        return Link(paste, paste)

    def read(self, page: Page) -> Reading:
        """One paste; any other page is none."""
        link = self.locate(page.address)
        if link is None:
            return Reading(is_list=True)
        slug = link.location.rsplit("/", 1)[-1]
        if not page.is_html:
            raw = Post(link.location, body=page.body, content_type=page.content_type,
                       frame_ids=(slug,))  # fmt: skip
            return Reading(posts=(raw,))
        field = page.tree.css("textarea#copySnippetSource")
        if not field:
            return Reading()
        return Reading(
            posts=(Post(link.location, text=field.css("::text").get(""), frame_ids=(slug,)),)
        )
