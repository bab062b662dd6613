"""PrivateBin: pastes that only the reader's browser can decrypt.

The key stands in the link's fragment and never reaches the server, so a paste is read through
the browser, by the site's own scripts, and only through a link that carries the key. Since 1.7 a
link to a paste that burns when it is read says so ("#-"); older servers delete such a paste as
soon as a browser asks for it and their links tell nothing. Neither is opened.
"""

from __future__ import annotations

import re

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site

PASTE = re.compile(r"(?:^|&)(?:pasteid=)?([0-9a-f]{16})=?(?:&|$)")
VERSION = re.compile(r"\?(\d+)\.(\d+)")
TELLS_OF_BURNING = (1, 7)


class PrivateBin(Site):
    """PrivateBin 1.x and 2.x."""

    name = "privatebin"
    slow_script = True

    def recognises(self, page: Page) -> int:
        """By its own script."""
        script = page.tree.css("script[src*='js/privatebin.js']")
        told = page.json if "json" in page.content_type else None
        if isinstance(told, dict) and {"adata", "ct", "v"} <= told.keys():
            return 95
        return 95 if script and page.tree.css("#prettymessage, #plaintext") else 0

    def locate(self, address: str) -> Link | None:
        """A paste's link with its key; without a key nothing can be read."""
        parts = addresses.parse(address)
        found = PASTE.search(parts.query) if parts else None
        if found is None or parts is None:
            return None
        paste = addresses.canonical(parts._replace(query=found[1]).geturl())
        key = parts.fragment
        if key.startswith("-"):
            return Link(paste, paste, gate="burn")
        return Link(f"{paste}#{key}" if key else paste, paste, gate="" if key else "password")

    def read(self, page: Page) -> Reading:
        """The decrypted paste and its discussion, when the page was rendered."""
        link = self.locate(page.address)
        if not page.is_html:
            return self._answer(page, link)
        if link is None:
            return Reading(is_list=True)
        if not page.rendered:
            return Reading(render=True) if _tells(page) else Reading(gates=("burn",))
        if _shown(page, "#passwordmodal"):
            return Reading(gates=("password",))
        if _shown(page, "#loadconfirmmodal"):
            return Reading(gates=("burn",))
        slug = link.location.rpartition("?")[2]
        posts = []
        shown = page.tree.css("#prettyprint, #plaintext")
        text = max(("".join(part.css("::text").getall()) for part in shown), key=len, default="")
        rich = page.tree.css("#plaintext *")
        if text.strip():
            posts.append(
                Post(
                    link.location,
                    text="" if rich else _lines(page) or text,
                    html=page.tree.css("#plaintext").get("") if rich else "",
                    frame_ids=(slug,),
                )
            )
        for comment in page.tree.css("#commentcontainer .comment[id^='comment_']"):
            name = comment.attrib["id"]
            posts.append(
                Post(
                    f"{link.location}#{name}",
                    html=comment.css(".commentdata").get(""),
                    thread=link.location,
                    frame_ids=(slug, name, name.removeprefix("comment_")),
                )
            )
        return Reading(posts=tuple(posts), grows=bool(page.tree.css("#discussion:not(.hidden)")))

    def _answer(self, page: Page, link: Link | None) -> Reading:
        """The server's own answer, for those who ask for it: encrypted, but it tells of burning."""
        facts = page.json
        told = facts.get("adata") if isinstance(facts, dict) else None
        if link is None or not isinstance(told, list) or len(told) < 4:
            return Reading()
        return Reading(gates=("burn",)) if told[3] else Reading(render=True)


def _tells(page: Page) -> bool:
    """Whether this server's links tell of pastes that burn."""
    for part in page.tree.css(
        "[src*='privatebin.js']::attr(src), [href*='privatebin.css']::attr(href)"
    ):
        found = VERSION.search(part.get())
        if found:
            return (int(found[1]), int(found[2])) >= TELLS_OF_BURNING
    return False


def _shown(page: Page, selector: str) -> bool:
    return bool(page.tree.css(f"{selector}.show"))


def _lines(page: Page) -> str:
    """A highlighted text stands in one list item a line."""
    lines = page.tree.css("#prettyprint ol > li")
    return "\n".join("".join(line.css("::text").getall()) for line in lines)
