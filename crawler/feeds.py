"""RSS, Atom, RDF, JSON feeds and site maps: addresses, and what tells that something changed.

Only addresses and times are taken, so a short reader is enough; what an entry says is read on its
own page. Names without their namespaces, since feeds in the wild get those wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree  # type: ignore[import-untyped]

from crawler.bounds import MAX_FEED, MAX_FEED_LINES
from crawler.pages import Page

ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|RDF|urlset|sitemapindex)\b")
# What may stand before the first element of a document: where it begins and how it ends.
BEFORE = ((b"<!--", b"-->"), (b"<?", b">"))
HEAD = 4096


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed. `changed` is its own word for when, `map` that it is a further map."""

    address: str
    changed: str = ""
    map: bool = False


def named(page: Page) -> list[str]:
    """The addresses that a feed, a site map or a list of one address a line names, in order."""
    if is_feed(page):
        return [entry.address for entry in entries(page) if not entry.map]
    lines = (line.strip() for line in page.text.splitlines()[:MAX_FEED_LINES])
    return [line for line in lines if line and not line.startswith("#")]


def in_file(untrusted_uri: str, base: str) -> list[str] | None:
    """The same of a file that the operator named (file:…); None when it cannot be read."""
    try:
        with Path(unquote(urlsplit(untrusted_uri).path)).open("rb") as file:
            return named(Page(base, file.read(MAX_FEED), "text/plain"))
    except OSError:
        return None


def is_feed(page: Page) -> bool:
    """Whether the document is a feed or a site map, whatever its type says."""
    if "json" in page.content_type:
        told = page.json
        return isinstance(told, dict) and "jsonfeed.org" in _text(told, "version")
    return ROOT.match(_first_element(page.body[:HEAD])) is not None


def _first_element(untrusted_head: bytes) -> bytes:
    """The head of a document without what stands before its first element. By hand: a pattern of
    any number of comments takes time that doubles with each of them."""
    left = untrusted_head.removeprefix(b"\xef\xbb\xbf").lstrip()
    while mark := next((pair for pair in BEFORE if left.startswith(pair[0])), None):
        _, found, left = left.partition(mark[1])
        if not found:
            return b""
        left = left.lstrip()
    return left


def entries(page: Page) -> list[Entry]:
    """The entries in their order, each address once; [] for what is no feed."""
    found: dict[str, Entry] = {}
    for entry in _json(page) if "json" in page.content_type else _xml(page):
        address = page.join(entry.address)
        if address and len(found) < MAX_FEED_LINES:
            found.setdefault(address, Entry(address, entry.changed, entry.map))
    return list(found.values())


def _json(page: Page) -> Iterator[Entry]:
    told = page.json if isinstance(page.json, dict) else {}
    items = told.get("items")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            changed = _text(item, "date_modified") or _text(item, "date_published")
            yield Entry(_text(item, "url") or _text(item, "id"), changed)


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _xml(page: Page) -> Iterator[Entry]:
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(page.body, parser)
    except etree.XMLSyntaxError:
        return
    if root is None:
        return
    for node in root.iter(etree.Element):
        kind = _name(node)
        if kind in ("item", "entry", "url", "sitemap"):
            yield _entry(node, kind)


def _entry(node: etree._Element, kind: str) -> Entry:
    address = changed = guid = ""
    for child in node:
        if not isinstance(child.tag, str):
            continue
        name, text = _name(child), (child.text or "").strip()
        if name == "link" and child.get("href"):
            if child.get("rel", "alternate") == "alternate" or not address:
                address = child.get("href", "")
        elif name in ("link", "loc") and text:
            address = address or text
        elif name in ("guid", "id"):
            guid = text
        elif name in ("updated", "lastmod", "date", "pubDate", "published"):
            changed = max(changed, text) if name == "updated" else changed or text
    if not address and guid.startswith(("http://", "https://")):
        address = guid
    return Entry(address, changed, kind == "sitemap")


def _name(node: etree._Element) -> str:
    return str(node.tag).rpartition("}")[2]
