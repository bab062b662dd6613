"""From a page's reading to what is reported of it: texts, states, links to other sources."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace

from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector

from capture.exchange import Exchange
from crawler.bounds import MAX_PATH
from crawler.messages import MAX_HASHES, MAX_TITLE, PageReport, PostReport
from crawler.pages import Page, Post, Reading
from extraction.errors import ExtractionError
from extraction.html import visible_text
from extraction.layers import Extracted
from extraction.read import extract, read_text

KEEPS_LINES = re.compile(r"white-space:\s*(?:pre|break-spaces)")


def texts_of(post: Post) -> Extracted:
    """The texts of a post, the outermost first; archives and documents are only told."""
    try:
        if post.body:
            found = extract(post.body, content_type=post.content_type, shallow=True)
            outer = found.layers[0].text if found.layers else ""
            if post.opens and post.title and outer:
                titled = type(found.layers[0])("", f"{post.title}\n{outer}")
                return replace(found, layers=(titled, *found.layers[1:]))
            return found
        text = post.text or visible_text(_with_lines(post.html))
        if post.opens and post.title:
            text = f"{post.title}\n{text}"
        return read_text(text)
    except ExtractionError as error:
        return Extracted((), (str(error),))


def outer_text(extracted: Extracted) -> str:
    """The text as it stands, without what is packed in it."""
    return next((layer.text for layer in extracted.layers if not layer.name), "")


def _with_lines(untrusted_html: str) -> str:
    """Elements whose style keeps line breaks made `pre`, so that their lines stay lines."""
    if "white-space" not in untrusted_html:
        return untrusted_html
    part = Selector(text=untrusted_html, type="html", huge_tree=False).root
    for element in part.iter(etree.Element):
        if KEEPS_LINES.search(element.get("style", "")):
            element.tag = "pre"
    return str(etree.tostring(part, encoding="unicode", method="html"))


def state_of(post: Post, extracted: Extracted) -> str:
    """What changes when the post is edited: its own word for it, or a hash of its text."""
    if post.state:
        return post.state
    digest = hashlib.blake2b(digest_size=12)
    for layer in extracted.layers[:1]:
        digest.update(layer.text.encode("utf-8", "surrogatepass"))
    for inside in extracted.hashes:
        digest.update(inside.encode())
    return f"text:{digest.hexdigest()}"


def post_report(post: Post, extracted: Extracted) -> PostReport:
    """The report of one post."""
    return PostReport(
        location=post.location,
        layers=tuple((layer.name, layer.text) for layer in extracted.layers),
        hashes=extracted.hashes[:MAX_HASHES],
        thread=post.thread,
        title=post.title[:MAX_TITLE],
        posted_at=post.posted_at,
        also=post.also,
        frame_ids=tuple(one[:200] for one in post.frame_ids),
        notes=tuple(note[:500] for note in extracted.notes),
    )


def page_report(
    page: Page,
    posts: Sequence[PostReport],
    seen: Sequence[tuple[str, str]],
    *,
    peer: str,
    path: Sequence[str],
    declared: int = 0,
    stopped: bool = False,
    reading: Reading | None = None,
) -> PageReport:
    """The report of one page; its bytes go along only when posts of it do."""
    return PageReport(
        address=page.address,
        status=page.status,
        fetched_at=page.fetched_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        content_type=page.content_type[:200],
        charset=page.charset[:64],
        peer=peer,
        rendered=page.rendered,
        path=tuple(path)[-MAX_PATH:],
        posts=tuple(posts),
        seen=tuple(seen),
        body=page.body if posts else b"",
        declared=declared,
        stopped=stopped,
        role="" if reading is None else "list" if reading.is_list else "item",
        held=len((*reading.posts, *reading.links, *reading.lists)) if reading else 0,
        exchange=page.exchange if posts else Exchange(),
    )
