"""bepasty: a paste site with a public list at /+list.

An item's page shows text with line numbers in a column of their own; the code column is read.
What the page does not show (archives, large files) is fetched through the item's inline view.
Delete, lock and modify are forms, which are never sent, and addresses of their own, which are
never opened.
"""

from __future__ import annotations

import re

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site

ITEM = re.compile(r"^(.*)/([2-46-9A-Za-z]{8})(?:/\+(?:inline|download))?$")
UPLOADED = re.compile(r"upload:\s*(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)")
UNREADABLE = ("image/", "audio/", "video/")


class Bepasty(Site):
    """bepasty 1.x."""

    name = "bepasty"
    reads = (re.compile(r"/[2-46-9A-Za-z]{8}(/\+inline)?"),)

    def recognises(self, page: Page) -> int:
        """By its own scripts and the permissions line of its header."""
        parts = page.tree.css("[href*='/xstatic/'], [src*='/xstatic/']")
        brand = page.tree.css(".navbar-brand .navbar-text")
        return 90 if parts and brand else 0

    def starts(self, page: Page, *, logged_in: bool) -> tuple[str, ...]:
        """The public list, when the start page links to it."""
        del logged_in
        listed = page.tree.css("a[href$='/+list']::attr(href)").get()
        return (page.join(listed),) if listed else ()

    def locate(self, address: str) -> Link | None:
        """Any view of an item leads to its page."""
        parts = addresses.parse(address)
        found = ITEM.match(parts.path) if parts else None
        if found is None:
            return None
        item = addresses.canonical(addresses.join(address, f"{found[1]}/{found[2]}"))
        return Link(item, item)

    def read(self, page: Page) -> Reading:
        """The list's items, or one item."""
        if page.address.endswith("/+list"):
            hrefs = page.tree.css("table td:first-child a::attr(href)").getall()
            links = (self.locate(page.join(href)) for href in hrefs)
            unique = {link.location: link for link in links if link}
            return Reading(links=tuple(unique.values()), is_list=True)
        link = self.locate(page.address)
        if link is None:
            return Reading(is_list=True)
        slug = link.location.rsplit("/", 1)[-1]
        name = page.tree.css(".card-header h1::text").get("").strip()
        if not page.is_html or not page.tree.css(".card-body"):
            post = Post(link.location, body=page.body, content_type=page.content_type,
                        frame_ids=(slug,))  # fmt: skip
            return Reading(posts=(post,))
        shown = page.tree.css(".data td.code pre") or page.tree.css(".data .highlight pre")
        if not shown:
            kind = re.search(
                r"Type:\s*([^,\s]+)", " ".join(page.tree.css(".card-body ::text").getall())
            )
            if kind and kind[1].startswith(UNREADABLE):
                post = Post(link.location, text="", title=name, frame_ids=(slug,))
                return Reading(posts=(post,))
            return Reading(instead=page.join(f"{link.location}/+inline"))
        text = "".join(shown[0].css("::text").getall())
        said = " ".join(page.tree.css(".card-body > p::text").getall())
        posted = UPLOADED.search(said)
        return Reading(
            posts=(
                Post(
                    link.location,
                    text=text,
                    title=name,
                    posted_at=f"{posted[1]}T{posted[2]}Z" if posted else "",
                    frame_ids=(slug,),
                ),
            )
        )
