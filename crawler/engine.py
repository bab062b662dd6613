"""The Scrapy spider behind every site: fetches, asks what is known, follows, reports.

A crawl walks from the start addresses over lists to threads and pastes. Lists are read at
every crawl; a thread or paste is fetched only when the supervisor does not know its state yet.
What is read is marked in the report of its last page, so a page that failed, or a crawl that
was cut off, is fetched again at the next crawl and nothing is lost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import addresses, attachments, blocked, faults, feeds, login, rendering, reporting
from crawler.again import NOT_MODIFIED, Again
from crawler.borders import Borders
from crawler.bounds import MAX_PATH, MAX_WALK
from crawler.conversation import Conversation
from crawler.entering import Entrance
from crawler.following import Following, Noted
from crawler.outside import Outside, Pending
from crawler.pages import Link, Page, Reading, Site, choose
from crawler.pointing import Hosts
from crawler.reach import Reach
from crawler.robots import KeptRobots
from crawler.session import Session, SessionCookies
from crawler.source import SourceSpec
from crawler.streaming import SINK
from crawler.trialframes import observed
from crawler.unchanged import Unchanged
from crawler.visits import (
    FEED,
    FOLLOW,
    ITEM,
    LIST,
    START,
    Visit,
    Walk,
    in_place_of,
    is_new_list_page,
    key_of,
    marks,
    next_address,
    page_of,
    reading_of,
)  # fmt: skip
from crawler.walks import Walks

COUNTED = ("requests", "pages", "unchanged", "posts", "problems", "bytes")


class WatchSpider(Spider):
    """One crawl of one source. `site` is None until the first start page shows what it is."""

    name = "watch"

    def __init__(
        self,
        spec: SourceSpec,
        pending: Pending,
        sites: Sequence[Site],
        talk: Conversation,
        borders: Borders,
        session: Session,
        unchanged: Unchanged,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.talk = talk
        self.sites = sites
        self._borders = borders
        self.peer = borders.peer
        self.attachments = attachments.Attachments()
        self._session = session
        self.site: Site | None = next((s for s in sites if s.name == spec.engine), None)
        borders.site = self.site
        self.walks = Walks()
        self.reach = Reach(spec.floor, [address for address, _ in pending])
        self._starts = 0
        self._sisters = addresses.site_hosts(tuple(f"http://{h}" for h in spec.sister_hosts))
        hosts = Hosts(borders.own, self._sisters, borders.follow)
        self._following = Following(self, sites, hosts)
        self.outside = Outside(self, pending, hosts, self._following)
        self.again = Again(self, unchanged, borders)
        self._needed_rendering = 0
        self.logged_in = False
        self._entrance: Entrance | None = None
        self.stopping = self.over_budget = False
        self.counts = dict.fromkeys(COUNTED, 0)
        self.kinds: set[str] = set()

    # The start

    async def start(self) -> AsyncIterator[Any]:
        """Log in when there is an account, then start addresses."""
        await self.talk.open()
        cookies = self.crawler.get_downloader_middleware(SessionCookies)
        if cookies is not None:
            cookies.take_up(self._session.cookies)
        robots = self.crawler.get_downloader_middleware(KeptRobots)
        if robots is not None:
            robots.take_up(self._session.robots)
        if self.spec.accounts:
            self._entrance = Entrance(self.crawler, self.spec.accounts[0])
            await self._enter()
        for address in self.spec.start:
            for request in self.request(address, Visit(START, Walk())):
                self._starts += 1
                yield request

    async def _opened(self, visit: Visit) -> AsyncIterator[Request]:
        """Pending addresses and feeds, as soon as the start pages came: a row tells the state of
        its thread, an order to read it does not."""
        if visit.kind == START and visit.replaces is None:
            self._starts -= 1
            if self._starts == 0 and self.site is not None:
                async for request in self.outside.requests():
                    yield request

    async def _enter(self) -> bool:
        """Log in, or see that the session lasts; whether that worked."""
        if self._entrance is not None:
            kind = await self._entrance.enter(self.spec.start[0])
            self.logged_in = not kind
            if kind:
                await self.problem(kind, self.spec.start[0])
        return self.logged_in

    async def _renewed(self, page: Page, reading: Reading, visit: Visit) -> Request | None:
        """The request for the page once more, where the session ended while we read and could be
        opened again."""
        if not self.logged_in or visit.replaces is not None:
            return None
        if not (reading.wall or login.is_expired(page)):
            return None
        may = self._entrance is not None and self._entrance.may_renew()
        if may and not await self._enter():
            return None
        return next(iter(self.request(page.address, replace(visit, replaces=page))), None)

    # Requests

    @property
    def renders(self) -> bool:
        """Whether pages of this site go to the browser without being tried first."""
        return self.spec.render == "always" or self._needed_rendering >= 3

    def request(self, address: str, visit: Visit, *, render: bool | None = None) -> list[Request]:
        """The request for an address: none when it is over budget or was made already."""
        if self.stopping:
            return []
        if self.counts["requests"] >= self.spec.max_pages:
            self.over_budget = True
            return []
        if render is None:
            render = self.renders
        if not self.walks.first(address, render=render) and visit.replaces is None:
            return []
        self.counts["requests"] += 1
        meta: dict[str, Any] = {"download_timeout": self.spec.timeout}
        if visit.kind == FOLLOW and not render:
            meta[SINK] = self._following.sink(visit)
        if render and visit.kind != FEED:
            meta |= rendering.render_meta(self.crawler, self.site)
        return [
            Request(
                address,
                callback=self._following.arrived if visit.kind == FOLLOW else self.arrived,
                errback=self.failed,
                cb_kwargs={"visit": visit},
                meta=meta,
                headers=self.again.conditions(address, visit) if not render else None,
                priority=visit.priority,
                dont_filter=True,
            )
        ]

    async def follow(self, links: Sequence[Link], path: tuple[str, ...]) -> AsyncIterator[Request]:
        """Requests for those links that are new or changed."""
        fresh = self.walks.untold(links)
        for link in fresh:
            if link.gate:
                await self.problem(f"gated-{link.gate}", link.location)
        fresh = [link for link in fresh if not link.gate]
        asked = [(link.location, link.state) for link in fresh]
        states = await self.talk.ask(asked, links=True)
        for link, state in zip(fresh, states, strict=True):
            again = state in ("changed", "old") and not link.once
            if (state == "new" or again) and not self.walks.joins(link):
                walk = Walk(link, changed=state == "changed", reread=state == "old")
                for request in self.request(link.address, Visit(ITEM, walk, path)):
                    self.walks.begin(link, walk)
                    yield request

    # Answers

    async def arrived(self, response: Response, visit: Visit) -> AsyncIterator[Request]:
        """One answer: read it, report it, follow it."""
        async for request in self._take(response, visit):
            yield request
        async for request in self._opened(visit):
            yield request

    async def _take(self, response: Response, visit: Visit) -> AsyncIterator[Request]:
        self.counts["bytes"] += len(response.body)
        if response.status == NOT_MODIFIED:
            async for request in self.again.same(response, visit):
                yield request
            return
        if kind := blocked.kind_of_answer(response):
            await self.problem(kind, visit.told(response.url))
            async for request in self._fall_back(visit):
                yield request
            return
        page = page_of(response)
        if page.rendered and not addresses.same_site(page.address, self._borders.hosts):
            await self.problem("off-site", "")
            return
        if page.files_left:
            await self.problem("too-large", page.address)
        if visit.kind == FEED:
            async for request in self.outside.named(feeds.named(page), (page.address,)):
                yield request
            return
        self.again.heard.hear(response)
        if self.site is None:
            self.site = self._borders.site = choose(self.sites, page)
        async for request in self._read(self.site, page, visit, self.peer(response)):
            yield request

    async def _read(
        self, site: Site, page: Page, visit: Visit, peer: str
    ) -> AsyncIterator[Request]:
        reading = reading_of(site, page, visit)
        if reading is None:
            await self.problem("unreadable", page.address)
        elif self.spec.render == "auto" and rendering.needs_script(page, reading):
            self._needed_rendering += not reading.render
            address = visit.walk.link.address if visit.walk.link else page.address
            for request in self.request(address, replace(visit, replaces=page), render=True):
                yield request
        elif again := await self._renewed(page, reading, visit):
            yield again
        else:
            async for request in self._believe(site, page, reading, visit, peer):
                yield request

    async def _believe(
        self, site: Site, page: Page, reading: Reading, visit: Visit, peer: str
    ) -> AsyncIterator[Request]:
        """Use the page unless it is not what was asked for."""
        if self.spec.trial:
            await self.talk.reading(observed(page, reading, site))
        known = site is not self.sites[-1]
        if kind := blocked.kind_of_page(page, reading, visit, known, bool(self.spec.accounts)):
            await self.problem(kind, visit.told(page.address))
            following = self._fall_back(visit)
        else:
            following = self._use(page, reading, visit, peer)
        async for request in following:
            yield request

    async def _use(
        self, page: Page, reading: Reading, visit: Visit, peer: str
    ) -> AsyncIterator[Request]:
        path = (*visit.path, page.address)[-MAX_PATH:]
        for gate in reading.gates:
            await self.problem(f"gated-{gate}", page.address)
        self.counts["pages"] += 1
        lists = (*(await self._opening(page, reading, visit)), *reading.lists)
        if reading.instead and visit.stands_for is None:
            stands_for = (page, replace(reading, instead=""), peer)
            better = replace(visit, path=path, stands_for=stands_for)
            for request in self.request(reading.instead, better):
                yield request
            return
        if visit.stands_for is not None:
            reading = in_place_of(visit.stands_for[1], reading)
        for address in lists:
            for request in self.request(address, Visit(LIST, Walk(), path)):
                yield request
        noted, fresh = await self._report(page, reading, visit, peer, path)
        async for request in self.follow(reading.links, path):
            yield request
        async for request in self._following.requests(noted):
            yield request
        onward = self._onward(reading, visit, fresh, path)
        self.again.keep(page, reading, visit, onward, lists)
        for request in onward:
            yield request

    async def _opening(self, page: Page, reading: Reading, visit: Visit) -> tuple[str, ...]:
        """The lists a start page leads to besides its own."""
        if visit.kind != START or self.site is None:
            return ()
        found = self.site.starts(page, logged_in=self.logged_in)
        guessed = all(address.endswith("/robots.txt") for address in found)
        if reading.empty and not reading.is_list and guessed:
            await self.problem("nothing-seen", page.address)
        return found

    async def _report(
        self, page: Page, reading: Reading, visit: Visit, peer: str, path: tuple[str, ...]
    ) -> tuple[list[Noted], int]:
        """Report the page; the links of its fresh posts to follow, and how many were fresh."""
        walk, link = visit.walk, visit.walk.link
        texts = [reporting.texts_of(post) for post in reading.posts]
        keys = [
            (key_of(post, walk, reading), reporting.state_of(post, extracted))
            for post, extracted in zip(reading.posts, texts, strict=True)
        ]
        # A paste is known by the link that led to it: one key, not two for one location.
        asked = [key for key in keys if link is None or key[0] != link.location]
        within = link.location if link is not None else ""
        states = dict(zip(asked, await self.talk.ask(asked, within), strict=True)) if asked else {}
        known = [states.get(key, "old" if walk.changed or walk.reread else "new") for key in keys]
        fresh = [i for i, state in enumerate(known) if state != "same"]
        told = self.reach.posts(fresh, reading.posts, known, within)
        noted: list[Noted] = []
        for i in told:
            noted += await self._following.note(page, reading.posts[i], texts[i], path)
        seen = [keys[i] for i in fresh if keys[i] in states] + self.reach.rows(reading, self.site)
        walk.pages += 1
        walk.met(post.location for post in reading.posts)
        ends = not next_address(reading, walk, len(fresh))
        if ends and link is not None and marks(link, reading, walk):
            seen.append((link.location, link.state))
        shown = visit.stands_for[0] if visit.stands_for else None
        posts = await self.attachments.reports(reading.posts, texts, told, shown)
        self.counts["posts"] += len(posts)
        await self.talk.page(
            reporting.page_report(page, posts, seen, peer=peer, path=path, reading=reading)
        )
        return noted, len(fresh)

    def closed(self, reason: str) -> None:
        """Scrapy is done with this spider."""
        del reason
        self.attachments.close()

    def _onward(
        self, reading: Reading, visit: Visit, fresh: int, path: tuple[str, ...]
    ) -> list[Request]:
        walk = visit.walk
        address = next_address(reading, walk, fresh)
        if not address or walk.pages >= MAX_WALK:
            return []
        if reading.is_list and not is_new_list_page(reading, walk):
            return []
        if walk.changed and reading.last_page and not walk.backwards:
            walk = replace(walk, backwards=True)
        return self.request(address, Visit(visit.kind if visit.kind != START else LIST, walk, path))

    # Faults

    async def failed(self, failure: Failure) -> AsyncIterator[Request]:
        """A request that brought no page."""
        request = getattr(failure, "request", None)
        kind = faults.kind_of(failure.value or RuntimeError())
        await self.problem(kind, request.url if request is not None else "")
        if request is not None:
            visit = request.cb_kwargs["visit"]
            if visit.kind == FOLLOW:
                await self._following.failed(kind, visit)
            async for following in self._fall_back(visit):
                yield following
            async for following in self._opened(visit):
                yield following

    async def _fall_back(self, visit: Visit) -> AsyncIterator[Request]:
        """The better view of a page failed: the page itself is read."""
        if visit.stands_for is not None:
            page, reading, peer = visit.stands_for
            plain = replace(visit, stands_for=None, path=visit.path[:-1])
            async for request in self._use(page, reading, plain, peer):
                yield request

    async def problem(self, kind: str, address: str) -> None:
        """Report a fault once for its address. That there is no robots.txt is none."""
        if kind == "gone" and address.endswith("/robots.txt"):
            return
        if kind in ("budget", "host-budget"):
            self.over_budget = True
        self.counts["problems"] += 1
        self.kinds.add(kind)
        await self.talk.problem(kind, address, faults.SENTENCES[kind])

    def outcome(self) -> str:
        """How the crawl ended, in one word for the supervisor."""
        if self.over_budget:
            return "budget"
        if self.counts["pages"] or self.counts["unchanged"]:
            return "finished"
        return "blocked" if self.kinds & faults.BLOCKING else "failed"
