"""What a spider works with: a page in, a reading out, no network and no state between.

A spider is a `Site`: it says which software it knows (`recognises`) and reads one page at a
time (`read`). The engine (`crawler.engine`) fetches, asks what is already known, logs in,
renders, extracts text and reports.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar

from parsel import Selector

from capture.exchange import Exchange
from crawler import addresses
from extraction.charset import decode

# Why content is not seen although its page is: what has to be done or given to see it.
GATES = ("burn", "password", "reply", "account", "pay")


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file that a page gave in the browser: saved by a script, a link or a button."""

    address: str
    name: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Page:
    """One document as fetched. `files` are what it gave in the browser besides, `files_left` how
    many of those were too large. `address` is where it was found after redirects; `fetched_at` is
    what a site's "3 minutes ago" counts from."""

    address: str
    body: bytes
    content_type: str = "text/html"
    charset: str = ""
    status: int = 200
    rendered: bool = False
    fetched_at: datetime = field(default_factory=lambda: datetime.now(UTC), compare=False)
    exchange: Exchange = field(default_factory=Exchange, compare=False, repr=False)
    files: tuple[GivenFile, ...] = field(default=(), repr=False)
    files_left: int = 0

    @cached_property
    def is_html(self) -> bool:
        """Whether it is to be read as HTML: told so, or untold and it looks so."""
        kind = self.content_type.partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml"):
            return True
        return not kind and self.body[:512].lstrip().lower().startswith((b"<!doctype", b"<html"))

    @cached_property
    def text(self) -> str:
        """The document decoded; any charset, told or not."""
        return decode(self.body, self.charset)[0]

    @cached_property
    def json(self) -> Any:
        """The document as JSON; None when it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    @cached_property
    def tree(self) -> Selector:
        """The document as a parsel selector. Nesting is bounded, so hostile depth costs nothing."""
        source = self.text.replace("\x00", "") if self.is_html else ""
        return Selector(text=source or "<html></html>", type="html", huge_tree=False)

    def join(self, untrusted_reference: str) -> str:
        """A reference on this page made absolute, without fragment; "" when it is no http one."""
        known = self._joined.get(untrusted_reference)
        if known is None:
            known = addresses.join(self.base, untrusted_reference)
            self._joined[untrusted_reference] = known
        return known

    @cached_property
    def _joined(self) -> dict[str, str]:
        return {}

    @cached_property
    def base(self) -> str:
        """What references are relative to (`<base href>` counts)."""
        declared = self.tree.css("base::attr(href)").get("")
        return addresses.join(self.address, declared) if declared else self.address

    def root(self, path: str = "/") -> str:
        """An address on this page's host."""
        return addresses.join(self.address, path)


@dataclass(frozen=True, slots=True)
class Link:
    """A thread or paste to fetch if it is new or its state changed.

    `address` is what to fetch (its fragment is kept: some sites hold a key there), `location` its
    stable canonical name, `state` any short text that changes when what is behind it changes (""
    for what never changes, such as a paste). `file`: an attachment, whose bytes are the post, with
    `title` and `thread` as in `Post`. `once`: a way beside the rows that list it; it is fetched if
    its location was never read, whatever its state. `gate`: a condition of `GATES` that is known
    before the link is opened; it is reported and not opened. `active_at` is when the site says that
    something happened there last, RFC 3339 or "".
    """

    address: str
    location: str
    state: str = ""
    file: bool = False
    title: str = ""
    thread: str = ""
    gate: str = ""
    once: bool = False
    active_at: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One paste, or one post of a thread: exactly one of `html`, `text` and `body` is filled.

    `title` is the paste's or the thread's; where the post `opens` the thread it is read as part
    of its text. `state` as in `Link`; "" lets the engine hash the text.
    """

    location: str
    html: str = ""
    text: str = ""
    body: bytes = b""
    content_type: str = ""
    thread: str = ""
    title: str = ""
    opens: bool = True
    posted_at: str = ""
    also: tuple[str, ...] = ()
    frame_ids: tuple[str, ...] = ()
    state: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page holds and where it leads.

    `links` are asked for before they are fetched; `lists` are fetched once a crawl;
    `next_page` continues this list or thread; `last_page` and `previous_page` let a thread
    that changed be read from its end. `instead` is an address that holds this page's post in a
    better form (a raw view). `wall`: the site shows a log-in form where content should be.
    `gates`: conditions of `GATES` that hide content on this page. `render`: what is read is there
    only after scripts ran. `sure` (0 to 100) and `reasons` say how far structure carried a
    reading that no knowledge of the software did.
    `is_list`: this page only leads on, so it is never marked as read. `grows`: a thread, so it is
    marked only where the link to it tells of changes (a paste is marked once).
    """

    posts: tuple[Post, ...] = ()
    links: tuple[Link, ...] = ()
    lists: tuple[str, ...] = ()
    next_page: str = ""
    last_page: str = ""
    previous_page: str = ""
    instead: str = ""
    wall: bool = False
    is_list: bool = False
    grows: bool = False
    gates: tuple[str, ...] = ()
    render: bool = False
    sure: int = 100
    reasons: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was found on the page."""
        return not (self.posts or self.links or self.lists or self.instead)


class Site:
    """One kind of site. Subclasses are small, hold no state and do no I/O.

    `name` is what `engine` says in the configuration. `reads` are patterns of paths that are
    known to be harmless to open although a word in them looks otherwise (a topic whose title
    is "delete"). `slow_script`: what a rendered page says takes its script long to compute.
    """

    name: ClassVar[str] = ""
    reads: ClassVar[tuple[re.Pattern[str], ...]] = ()
    slow_script: ClassVar[bool] = False

    def recognises(self, page: Page) -> int:
        """How sure it is that this page is of its kind: 0 not at all, 100 certain."""
        raise NotImplementedError

    def starts(self, page: Page, *, logged_in: bool) -> tuple[str, ...]:
        """Lists to read besides the start addresses, given the first start page."""
        del page, logged_in
        return ()

    def locate(self, address: str) -> Link | None:
        """The link for an address given from outside (a feed, another site's post)."""
        location = addresses.canonical(address)
        return Link(address, location) if location else None

    def read(self, page: Page) -> Reading:
        """The posts and ways on of one page. Pure: the same page gives the same reading."""
        raise NotImplementedError

    def harmless(self, address: str) -> bool:
        """Whether the address may be opened."""
        parts = addresses.parse(address)
        if parts is not None and any(pattern.fullmatch(parts.path) for pattern in self.reads):
            return True
        return not addresses.changes_something(address)


def choose(sites: Iterable[Site], page: Page) -> Site:
    """The site that is surest of the page; the first of equals."""
    return max(sites, key=lambda site: site.recognises(page))
