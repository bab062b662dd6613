"""The posts of a page without known software: each block of a thread by itself, or one document,
and what stands beside them.
"""

from __future__ import annotations

import hashlib
import re

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawler import addresses
from crawler.pages import Page, Post
from spiders import paging, structure, ways
from spiders.boards import moment

MIN_TEXT = 20
# Characters of unlinked text beside rows or posts that make a document of their own.
MIN_REST = 60


def posts_of(
    page: Page, here: str, main: HtmlElement, blocks: list[HtmlElement], title: str
) -> tuple[Post, ...]:
    """The posts in their order. A block inside another (an answer to a comment) is its own post."""
    ids = addresses.identifiers(here)
    if len(blocks) < 2:
        if len(structure.text_of(main)) < MIN_TEXT:
            return ()
        opens = title not in structure.text_of(main)
        return (
            Post(here, html=_html(main), title=title, opens=opens, frame_ids=ids,
                 state=_words(structure.steady(main))),
        )  # fmt: skip
    thread = thread_of(here)
    found: dict[str, Post] = {}
    inner = structure.nested(blocks)
    for number, whole in enumerate(blocks, start=1):
        block = structure.without(whole, inner[whole]) if whole in inner else whole
        place = _permalink(page, block) or f"{here}#{_anchor(block) or number}"
        place = place if place not in found else f"{here}#{number}"
        own = (*addresses.identifiers(place), *ids)
        found[place] = Post(
            place,
            html=_html(block),
            thread=thread,
            title=title,
            opens=number == 1 and thread == here,
            posted_at=_posted_at(block),
            frame_ids=tuple(dict.fromkeys(own)),
        )
    return (*found.values(), *rest_of(here, structure.without(main, blocks)))


def rest_of(here: str, rest: HtmlElement) -> tuple[Post, ...]:
    """The text that stands beside rows or posts, as a document that changes only with its words."""
    said = structure.steady(rest, without_links=True)
    if len(said) < MIN_REST:
        return ()
    ids = addresses.identifiers(here)
    return (Post(here, html=_html(rest), opens=False, frame_ids=ids, state=_words(said)),)


def _words(steady: str) -> str:
    """What changes when words do; times of day and counts of visitors do not."""
    return f"words:{hashlib.blake2b(steady.encode(), digest_size=12).hexdigest()}"


def thread_of(here: str) -> str:
    """The thread's own address, whichever of its pages this is."""
    return paging.base_of(here) if paging.number_of(here) else here


def _permalink(page: Page, block: HtmlElement) -> str:
    """The block's own address: a link in it that is only a number, a time or a word for it."""
    here = addresses.canonical(page.address)
    for element in structure.links(block):
        href = element.get("href", "")
        timed = element.find(".//time") is not None or "permalink" in structure.tokens(element)
        said = structure.text_of(element)
        plain = said and ways.ONLY_NUMBER.match(said) and href.strip("#")
        if not (timed or plain):
            continue
        address = page.join(href)
        if not address or addresses.host_port(address) != addresses.host_port(page.address):
            continue
        fragment = href.partition("#")[2]
        if addresses.changes_something(address) or ways.is_aside(address):
            continue  # an author's number of posts is no address of this one
        location = addresses.canonical(address)
        if location == here and not fragment:
            continue
        return f"{location}#{fragment}" if fragment else location
    return ""


def _anchor(block: HtmlElement) -> str:
    own = block.get("id") or block.get("data-id") or block.get("data-post-id") or ""
    if not own:
        named = block.find(".//a[@name]")
        own = named.get("name", "") if named is not None else ""
    return own if re.fullmatch(r"[\w-]{1,40}", own) else ""


def _posted_at(block: HtmlElement) -> str:
    stamp = block.find(".//time[@datetime]")
    return moment(stamp.get("datetime", "")) if stamp is not None else ""


def _html(element: HtmlElement) -> str:
    return str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))
