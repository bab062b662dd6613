"""Links in posts, followed one step: to files, other paste sites, raw views.

The engine tells each fresh post; the links are reported with their path before the page they
stand on is, and those on hosts that are listed or approved are fetched, matched as they stream,
and reported with the post as their path.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Headers, Response

from crawler import addresses, beginnings, faults, pointing, rendering, reporting
from crawler.attachments import words_around
from crawler.bounds import CHECKPOINTS, MAX_BODY, MAX_FOLLOWED, MAX_PARTS, OVERLAP
from crawler.messages import PostReport
from crawler.pages import Link, Page, Post, Site, choose
from crawler.pointing import DOWNLOADS, Hosts, Pointer
from crawler.seen import Seen
from crawler.streaming import ERROR_BODY, SINK
from crawler.visits import FOLLOW, Visit, Walk, page_of
from extraction import formats
from extraction.layers import Extracted

if TYPE_CHECKING:
    from crawler.engine import WatchSpider

# An answer that says why a person would have to act, and what the list of links says of it.
GATES = {401: "log-in", 402: "pay-wall", 403: "forbidden", 451: "legal"}
MAX_FILES = 10
MAX_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class Noted:
    """A link to follow, and the way to it."""

    address: str
    location: str
    path: tuple[str, ...]
    words: str


class Following:
    """Belongs to one crawl. Nothing is fetched here: requests are handed to the engine."""

    def __init__(self, spider: WatchSpider, sites: Sequence[Site], hosts: Hosts) -> None:
        self._spider = spider
        self._sites = sites
        self._hosts = hosts
        self._told = Seen()
        self._parts = 0
        whole = spider.spec.whole_hosts
        self._whole = addresses.site_hosts(tuple(f"http://{host}" for host in whole))

    async def note(
        self, page: Page, post: Post, texts: Extracted, path: tuple[str, ...]
    ) -> list[Noted]:
        """Report the links of a fresh post; returns those to follow."""
        found = []
        way = (*path, post.location)
        words = reporting.outer_text(texts)[:MAX_WORDS]
        for pointer in pointing.pointers(page, [post], [texts], self._hosts):
            if pointer.kind == "follow":
                found.append(Noted(pointer.address, pointer.location, way, words))
            if self._told.add(pointer.address):
                await self._tell(pointer, way)
        return found

    async def _tell(self, pointer: Pointer, path: tuple[str, ...]) -> None:
        talk = self._spider.talk
        if pointer.kind == "left":
            await talk.left(pointer.address, pointer.reason, path)
        else:
            await talk.link(pointer.address, pointer.kind, path)

    async def requests(self, noted: Sequence[Noted]) -> AsyncIterator[Request]:
        """Requests for those links that nothing is known of."""
        links = {one.location: one for one in noted}
        states = await self._spider.talk.ask([(location, "") for location in links])
        for one, state in zip(links.values(), states, strict=True):
            if state == "new":
                visit = Visit(
                    FOLLOW, Walk(Link(one.address, one.location)), one.path, words=one.words
                )
                for request in self._spider.request(one.address, visit):
                    yield request

    async def pending(self, address: str, path: tuple[str, ...]) -> AsyncIterator[Request]:
        """The request for a link that waited since an earlier crawl."""
        location = addresses.canonical(address)
        visit = Visit(FOLLOW, Walk(Link(address, location)), path)
        for request in self._spider.request(address, visit):
            yield request

    def follows(self, address: str) -> bool:
        """Whether it is a link of a post that nothing but following leads to."""
        if addresses.same_site(address, self._hosts.own):
            return pointing.FILE.search(addresses.path_of(address)) is not None
        return addresses.same_site(address, self._hosts.follow)

    # What came

    def sink(self, visit: Visit) -> Body:
        """Takes the body of a followed link."""
        return Body(self, visit)

    async def enough(self, texts: Extracted, address: str) -> bool:
        """Whether the beginning of a file makes the verdict certain, and no more is wanted."""
        if self._parts >= MAX_PARTS or addresses.same_site(address, self._whole):
            return False
        self._parts += 1
        return await self._spider.talk.part([(layer.name, layer.text) for layer in texts.layers])

    async def arrived(self, response: Response, visit: Visit) -> AsyncIterator[Request]:
        """What a link led to: posts of a page, or a file."""
        self._spider.counts["bytes"] += len(response.body)
        link = visit.walk.link or Link(response.url, addresses.canonical(response.url))
        if response.status in GATES:
            await self._spider.talk.left(link.address, GATES[response.status], visit.path)
        kind = faults.kind_of_status(response.status)
        if kind:
            await self._spider.problem(kind, response.url)
            return
        page = page_of(response)
        if page.is_html:
            async for request in self._page(page, link, visit, response):
                yield request
            return
        body = response.meta.get(SINK)
        stopped = isinstance(body, Body) and body.stopped
        declared = body.declared if isinstance(body, Body) else 0
        await self.file(page, link, visit, declared=declared, stopped=stopped,
                        peer=self._spider.peer(response))  # fmt: skip

    async def file(
        self,
        page: Page,
        link: Link,
        visit: Visit,
        *,
        declared: int,
        stopped: bool,
        peer: str = "",
        last: bool = True,
    ) -> None:
        """Report a file, or a part of a long one (`last` is False); its location is its own
        address, the post its path."""
        reached = addresses.canonical(page.address)
        ids = (*addresses.identifiers(link.location), *_ids_of(visit.path))
        post = Post(
            link.location, body=page.body, content_type=page.content_type,
            also=(reached,) if reached != link.location else (), frame_ids=tuple(ids),
        )  # fmt: skip
        plain = beginnings.opened(page.body) if stopped else None
        # An archive that was not fetched to its end cannot be opened; what was judged of it can.
        texts = beginnings.texts(plain, "") if plain else reporting.texts_of(post)
        if texts.deeper:
            texts = await self._spider.attachments.read(post, texts, visit.words)
        if any("encrypted" in note for note in texts.notes):
            await self._spider.talk.left(link.address, "password", visit.path)
        seen = [(link.location, "")] if last else []
        await self._report(page, [reporting.post_report(post, texts)], seen, visit, peer,
                           declared=declared, stopped=stopped)  # fmt: skip

    async def _page(
        self, page: Page, link: Link, visit: Visit, response: Response
    ) -> AsyncIterator[Request]:
        """A page that a link led to: its posts, and the file that it offers."""
        spider = self._spider
        reading = choose(self._sites, page).read(page)
        if spider.spec.render == "auto" and rendering.needs_script(page, reading):
            for request in spider.request(page.address, replace(visit, replaces=page), render=True):
                yield request
            return
        if reading.wall:
            await spider.talk.left(link.address, "log-in", visit.path)
        onward = [reading.instead] if reading.instead else files_offered(page, self._hosts)
        posts: list[PostReport] = []
        if not (reading.instead and visit.step == 0):
            for post in reading.posts:
                told = replace(post, frame_ids=(*post.frame_ids, *_ids_of(visit.path)))
                posts.append(reporting.post_report(told, reporting.texts_of(told)))
        await self._report(page, posts, [(link.location, "")], visit, spider.peer(response))
        if visit.step == 0:
            words = words_around(reading.posts, None)[:MAX_WORDS] + "\n" + visit.words
            for address in onward[:MAX_FILES]:
                walk = Walk(Link(address, addresses.canonical(address)))
                way = (*visit.path, page.address)
                for request in spider.request(
                    address, Visit(FOLLOW, walk, way, step=1, words=words)
                ):
                    yield request

    async def _report(
        self,
        page: Page,
        posts: list[PostReport],
        seen: list[tuple[str, str]],
        visit: Visit,
        peer: str,
        *,
        declared: int = 0,
        stopped: bool = False,
    ) -> None:
        self._spider.counts["pages"] += 1
        self._spider.counts["posts"] += len(posts)
        await self._spider.talk.page(
            reporting.page_report(
                page, posts, seen, peer=peer, path=visit.path, declared=declared, stopped=stopped
            )
        )

    async def failed(self, kind: str, visit: Visit) -> None:
        """A followed link that brought nothing: what a person may want to know is listed."""
        if kind in ("too-large", "robots", "robots-unreachable") and visit.walk.link is not None:
            await self._spider.talk.left(visit.walk.link.address, kind, visit.path)


class Body:
    """The body of a followed link as it comes (crawler.streaming.Sink)."""

    def __init__(self, following: Following, visit: Visit) -> None:
        self._following = following
        self._visit = visit
        self.stopped = False
        self.declared = 0
        self.begin(0, Headers(), 0)

    def begin(self, status: int, headers: Headers, declared: int) -> None:
        """A body follows; also when the request is tried again."""
        self.declared = declared
        self.stopped = False
        self._read = bytearray()
        self._before = 0
        self._judged = 0
        self._left = list(CHECKPOINTS)
        self._good = 200 <= status < 300
        self._type = (headers.get("Content-Type") or b"").decode("latin-1")

    async def take(self, chunk: bytes) -> bool:
        """Take what came; False when no more is wanted."""
        self._read += chunk
        if not self._good:
            return len(self._read) < ERROR_BODY
        have = self._before + len(self._read)
        if self._left and have >= self._left[0]:
            while self._left and have >= self._left[0]:
                self._left.pop(0)
            if await self._is_enough():
                self.stopped = True
                return False
        if len(self._read) >= MAX_BODY:
            await self._part()
        if have >= MAX_FOLLOWED:
            self.stopped = True
            await self._following.failed("too-large", self._visit)
        return not self.stopped

    def body(self) -> bytes:
        """What is kept."""
        return bytes(self._read)

    def begins(self) -> bool:
        """Whether what is kept is the file's beginning, and no later part."""
        return self._before == 0

    async def _is_enough(self) -> bool:
        """Ask of what came since the last time."""
        if "html" in self._type or self._before:
            return False
        plain = beginnings.opened(bytes(self._read))
        if plain is None or len(plain) <= self._judged:
            return False
        texts = beginnings.texts(plain[self._judged :], self._type)
        self._judged = plain.rfind(b"\n") + 1 or len(plain)
        link = self._visit.walk.link
        return await self._following.enough(texts, link.address if link else "")

    async def _part(self) -> None:
        """A long text is reported in parts; what must be whole to be read is too large."""
        if formats.kind(bytes(self._read[:1024])) or "html" in self._type:
            raise DownloadCancelledError("MAXSIZE")
        link = self._visit.walk.link
        if link is None:
            return
        page = Page(link.address, bytes(self._read), self._type)
        await self._following.file(
            page, link, self._visit, declared=self.declared, stopped=False, last=False
        )
        self._before += len(self._read) - OVERLAP
        del self._read[:-OVERLAP]


def files_offered(page: Page, hosts: Hosts) -> list[str]:
    """The files that a file host's page offers, on its own host."""
    found: dict[str, None] = {}
    for element in page.tree.css("a[href]"):
        address = page.join(element.attrib["href"])
        if not address or addresses.host_port(address) != addresses.host_port(page.address):
            continue
        said = " ".join([*element.css("::text").getall(), element.attrib.get("title", "")])
        offers = (
            "download" in element.attrib
            or DOWNLOADS.search(said)
            or pointing.FILE.search(addresses.path_of(address))
        )
        same = addresses.canonical(address) == addresses.canonical(page.address)
        if offers and not same and not addresses.changes_something(address):
            found[address] = None
    return [address for address in found if addresses.same_site(address, hosts.follow | hosts.own)]


def _ids_of(path: Sequence[str]) -> tuple[str, ...]:
    return addresses.identifiers(path[-1]) if path else ()
