"""pinnwand: a paste site without a public list.

A paste's page holds each file twice: highlighted, and as it was pasted in a text area. The
second is read, so one request a paste is enough. Pastes are found through links elsewhere and
through feeds. The owner's page offers /remove/… on a plain GET: never opened.
"""

from __future__ import annotations

import re

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site

VIEW = re.compile(r"^/(?:show/|raw/|hex/)?([A-Z2-7]{1,64})(?:/(?:raw|hex))?$")


class Pinnwand(Site):
    """pinnwand 1.x."""

    name = "pinnwand"
    reads = (re.compile(r"/[A-Z2-7]{1,64}"),)

    def recognises(self, page: Page) -> int:
        """By its style sheet's name; the front page and pastes both carry it."""
        sheet = page.tree.css("link[rel=stylesheet][href*='pinnwand.css']")
        script = page.tree.css("script[src*='pinnwand.js']")
        return 95 if sheet and script else 0

    def locate(self, address: str) -> Link | None:
        """Any view of a paste leads to its page."""
        parts = addresses.parse(address)
        found = VIEW.match(parts.path) if parts else None
        if found is None:
            return None
        if parts is not None and "raw" in parts.path.split("/"):
            # A raw view is named by its file, whose page is not known from here.
            return Link(address, addresses.canonical(address))
        paste = addresses.canonical(addresses.join(address, f"/{found[1]}"))
        return Link(paste, paste)

    def read(self, page: Page) -> Reading:
        """One post a file of the paste."""
        here = addresses.canonical(page.address)
        slug = here.rsplit("/", 1)[-1]
        if not page.is_html:
            post = Post(here, body=page.body, content_type=page.content_type, frame_ids=(slug,))
            return Reading(posts=(post,))
        files = page.tree.css(".file-show")
        posts = []
        for number, file in enumerate(files):
            name = file.attrib.get("id", str(number))
            location = here if len(files) == 1 else f"{here}#{name}"
            said = " ".join(file.css(".meta::text").getall())
            title = re.search(r"Filename:\s{0,9}(.{1,300}?)\.\s{0,9}Size:", said, re.DOTALL)
            posts.append(
                Post(
                    location,
                    text=file.css("textarea.copy-area::text").get(""),
                    thread=here,
                    title=title[1] if title and title[1] != "None" else "",
                    frame_ids=(slug, name),
                )
            )
        return Reading(posts=tuple(posts), is_list=not posts)
