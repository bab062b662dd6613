"""A folder of raw files as web servers list it: Apache, nginx, lighttpd, Caddy, Python.

Every file is read whole, by its own address; the date and size in its row tell whether it
changed. Sub-folders are lists, the parent and the orders of sorting are not followed.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from parsel import Selector

from crawler import addresses
from crawler.pages import Link, Page, Reading, Site

HEADING = re.compile(r"^\s*(?:Index of|Directory listing (?:for|of)|Listing of)\b", re.IGNORECASE)
SPACES = re.compile(r"\s+")


class Folder(Site):
    """Listings made by a web server."""

    name = "folder"

    def recognises(self, page: Page) -> int:
        """By the heading that servers give their listings."""
        said = page.tree.css("title::text, h1::text").getall()
        return 85 if any(HEADING.match(text) for text in said) else 0

    def read(self, page: Page) -> Reading:
        """The files of the folder, and the folders in it."""
        here = addresses.canonical(page.base).partition("?")[0]
        base = here.rsplit("/", 1)[0] + "/"
        files, folders = [], []
        for anchor in page.tree.css("a[href]"):
            address = page.join(anchor.attrib["href"])
            location = addresses.canonical(address)
            if not location.startswith(base) or location == here or urlsplit(location).query:
                continue
            if location.endswith("/"):
                folders.append(location)
            else:
                files.append(Link(address, location, state=_row(anchor), file=True))
        unique = {link.location: link for link in files}
        return Reading(
            links=tuple(unique.values()), lists=tuple(dict.fromkeys(folders)), is_list=True
        )


def _row(anchor: Selector) -> str:
    """What the listing says of a file beside its name: its date and size."""
    row = anchor.xpath("ancestor::tr[1]")
    said = (
        row.css("td ::text").getall()
        if row
        else anchor.xpath("following-sibling::text()[1]").getall()
    )
    text = SPACES.sub(" ", " ".join(said)).strip()
    return f"row:{text}" if any(c.isdigit() for c in text) else ""
