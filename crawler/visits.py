"""Why a page is fetched, and a response as a page: the engine's plain data."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from scrapy.http import Response

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site
from crawler.seen import Seen
from crawler.wire import exchange_of

log = logging.getLogger(__name__)

# In the meta of a request: what its page gave in the browser, and how much of that is missing.
FILES = "vigie_files"


@dataclass(slots=True, weakref_slot=True, eq=False)
class Walk:
    """One list or thread over its pages. `backwards`: a known thread is read from its end;
    `reread`: it is as it was as far as lists tell, and is read again for edits; `sent`: its first
    request went out; `listed`: one of its pages is a list, so whatever the last one looks like
    nothing is marked as read."""

    link: Link | None = None
    changed: bool = False
    backwards: bool = False
    reread: bool = False
    sent: bool = False
    listed: bool = False
    pages: int = 0
    locations: Seen = field(default_factory=Seen)

    def met(self, locations: Iterable[str]) -> bool:
        """Keep the locations that stand on a page of it; whether any is new."""
        return sum(self.locations.add(one) for one in locations) > 0


START, LIST, ITEM, FEED, FOLLOW = "start", "list", "item", "feed", "follow"
# Threads and pastes before further lists: what is fresh stands on the first.
PRIORITY = {START: 100, FEED: 60, ITEM: 40, FOLLOW: 30, LIST: 20}
# What is read again for edits comes behind everything that may be new.
REREAD = -30
# A way beside the rows waits for the lists: the row that tells of its changes may come yet.
BESIDE = -25


@dataclass(slots=True)
class Visit:
    """Why a request is made. `step`: how far behind the link in a post; `words`: those around it,
    among which an archive's password may be."""

    kind: str
    walk: Walk
    path: tuple[str, ...] = ()
    replaces: Page | None = None
    stands_for: tuple[Page, Reading, str] | None = None
    step: int = 0
    words: str = ""

    @property
    def priority(self) -> int:
        """The order of asking; higher comes first."""
        link = self.walk.link
        beside = self.kind == ITEM and link is not None and link.once
        return PRIORITY[self.kind] + REREAD * self.walk.reread + BESIDE * beside

    def told(self, reached: str) -> str:
        """The address a fault is told of: what the link names, wherever it led."""
        return self.walk.link.location if self.walk.link is not None else reached


def reading_of(site: Site, page: Page, visit: Visit) -> Reading | None:
    """What the page holds; None when the spider fails on it."""
    link = visit.walk.link
    if link is not None and link.file:
        refused = _read(site, page) if page.is_html else None
        if refused is not None and (refused.wall or refused.gates):
            return refused
        post = Post(
            link.location,
            body=page.body,
            content_type=page.content_type,
            thread=link.thread,
            title=link.title,
            opens=False,
            frame_ids=addresses.identifiers(link.location),
        )
        return Reading(posts=(post,))
    reading = _read(site, page)
    visit.walk.listed |= reading is not None and reading.is_list
    if reading is None or not page.files:
        return reading
    return replace(reading, posts=(*reading.posts, *_given(page, reading)))


def _given(page: Page, reading: Reading) -> list[Post]:
    """The files that a page gave in the browser, each as an attachment of it."""
    here = addresses.canonical(page.address)
    title = reading.posts[0].title if reading.posts else ""
    return [
        Post(
            # What a script made lies nowhere; its name is the poster's words and stays out.
            location=addresses.canonical(file.address) or f"{here}#file-{number}",
            body=file.body,
            title=title,
            opens=False,
            frame_ids=addresses.identifiers(here),
        )
        for number, file in enumerate(page.files, start=1)
    ]


def _read(site: Site, page: Page) -> Reading | None:
    try:
        return site.read(page)
    except Exception:
        # A page is hostile; one that breaks a spider costs itself and no other.
        log.exception("a spider failed")
        return None


def marks(link: Link, reading: Reading, walk: Walk) -> bool:
    """Whether the link is marked as read: never a list, a growing thread only by its state."""
    return not walk.listed and bool(link.state or not reading.grows) and bool(reading.posts)


def next_address(reading: Reading, walk: Walk, fresh: int) -> str:
    """The address that continues this walk; "" at its end."""
    if walk.changed and not walk.backwards:
        # The first page of a thread that changed: go to its end, then back to what is known.
        return reading.last_page or reading.next_page
    if walk.backwards:
        older = fresh and fresh == len(reading.posts)
        return reading.previous_page if older else ""
    return reading.next_page


def is_new_list_page(reading: Reading, walk: Walk) -> bool:
    """A list that repeats itself is at its end, whatever its pager says."""
    here = {link.location for link in reading.links} | set(reading.lists)
    return walk.met(here)


def key_of(post: Post, walk: Walk, reading: Reading) -> str:
    """Under which name a post is known. A paste has one name for its link and its text, as long as
    the link says nothing that changes: a row that moved must not make an old text a new one."""
    if reading.is_list and post.location.partition("#")[1] == "":
        return f"{post.location}#"  # what a list says besides must not mark the list as read
    link = walk.link
    if link is None or post.location != link.location:
        return post.location
    one = marks(link, reading, walk) and not link.state and not link.once
    return post.location if one else f"{post.location}#"


def in_place_of(shown: Reading, better: Reading) -> Reading:
    """The post of a raw view, told as the page it belongs to tells it; the page itself where the
    view says nothing."""
    if shown.posts and not better.posts:
        return shown
    if len(shown.posts) != 1 or len(better.posts) != 1:
        return better
    told, raw = shown.posts[0], better.posts[0]
    also = tuple(dict.fromkeys((*told.also, raw.location)))
    post = replace(
        told,
        html=raw.html,
        text=raw.text,
        body=raw.body,
        content_type=raw.content_type,
        also=also,
        opens=True,
    )
    return replace(shown, posts=(post,))


def page_of(response: Response) -> Page:
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    rendered = "rendered" in response.flags
    told = response.request.meta.get(FILES) if response.request else None
    files, left = told if rendered and told else ((), 0)
    charset = getattr(response, "encoding", "") if rendered else _charset(content_type)
    return Page(
        # A fragment may hold a key (PrivateBin); an address of a page is shown and kept.
        address=addresses.join(response.url, "") or response.url,
        body=response.body,
        content_type=content_type,
        charset=charset or "",
        status=response.status,
        rendered=rendered,
        exchange=exchange_of(response),
        files=files,
        files_left=left,
    )


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return ""
