"""Any paste site or forum nobody wrote a spider for, read by its structure.

A page is a list (rows that lead on), a thread (repeated blocks of text) or one document; what of
its text belongs to neither rows nor blocks is a document of its own, so that nothing a visitor
sees is left out. Lists are read at every crawl; a row's own text says whether something happened
behind it (counts and times, but neither "3 minutes ago" nor a counter of readers). Where nothing
tells, a thread is read again at every crawl and a paste once.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawler import addresses, feeds
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import linked, paging, structure, ways
from spiders.boards import moment

REPLY_WORDS = re.compile(
    r"\b(?:reply|replies|answers?|répondre|réponses?|comments?|commenter|"
    r"\d+ commentaires?|(?:un|votre) commentaire)\b",
    re.IGNORECASE,
)
SITEMAP = re.compile(r"^\s*sitemap:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
FEED_TYPES = ("rss", "atom", "feed+json", "rdf")
MIN_TEXT = 20
# Characters of unlinked text beside rows or posts that make a document of their own.
MIN_REST = 60
# Unlinked characters of a row in a list, at most; a post says more.
SHORT_ROW = 160
FEW_LINKS = 3
MAX_FEEDS, MAX_MAPS = 3, 50


class Generic(Site):
    """Knows no software; so it is chosen only when no other spider is surer."""

    name = "generic"

    def recognises(self, page: Page) -> int:
        """A little, always."""
        del page
        return 1

    def starts(self, page: Page, *, logged_in: bool) -> tuple[str, ...]:
        """Feeds and site maps, where the start page itself leads nowhere."""
        del logged_in
        reading = self.read(page)
        if not page.is_html or len(reading.links) >= FEW_LINKS:
            return ()
        found = []
        for link in page.tree.css("link[rel~=alternate][href]"):
            kind = link.attrib.get("type", "")
            address = page.join(link.attrib["href"])
            same = addresses.host_port(address) == addresses.host_port(page.address)
            if same and any(one in kind for one in FEED_TYPES):
                found.append(address)
        # robots.txt was asked for anyway; it names the site's maps.
        maps = () if reading.posts or reading.links else (page.root("/robots.txt"),)
        return tuple(found[:MAX_FEEDS]) or maps

    def locate(self, address: str) -> Link | None:
        """The link without what only changes the view."""
        location = ways.location_of(address)
        return Link(location, location) if location else None

    def read(self, page: Page) -> Reading:
        """A list, a thread, or one document."""
        here = _own(page)
        if feeds.is_feed(page):
            return self._feed(page)
        if not page.is_html:
            return _raw_file(page, here)
        body = _parsed(page.text)
        main = structure.main_part(body)
        title = _title(body)
        pasted = structure.paste_text(main)
        beside = ways.ways(self, page, body, here, once=True)
        if pasted:
            return self._paste(page, here, body, pasted, title, beside)
        rows = ways.ways(self, page, main, here)
        pages = paging.pages_of(page, body, rows)
        blocks = structure.blocks(main)
        if rows and _is_list(page, main, blocks, rows):
            return self._list(page, here, main, rows, beside, pages)
        if not structure.are_posts(blocks):
            blocks = []
        return self._thread(page, here, (body, main), blocks, title, beside, pages)

    def _feed(self, page: Page) -> Reading:
        links, maps = [], []
        for entry in feeds.entries(page):
            location = ways.location_of(entry.address)
            if entry.map:
                maps.append(entry.address)
            elif ways.leads_on(self, page, location):
                state = f"feed:{entry.changed}" if entry.changed else ""
                links.append(Link(location, location, state, once=not state))
        return Reading(
            links=tuple(links), lists=tuple(maps[:MAX_MAPS]), is_list=True, sure=90,
            reasons=("a feed or site map",),
        )  # fmt: skip

    def _paste(
        self, page: Page, here: str, body: HtmlElement, text: str, title: str,
        beside: dict[str, Link],
    ) -> Reading:  # fmt: skip
        raw = ways.raw_view(page, body) if structure.numbered(text) else ""
        post = Post(here, text=text, title=title, frame_ids=addresses.identifiers(here))
        return Reading(
            posts=(post,), links=tuple(beside.values()), instead=raw, sure=75,
            reasons=("one block of fixed text", *(["a raw view"] if raw else [])),
        )  # fmt: skip

    def _list(
        self, page: Page, here: str, main: HtmlElement, rows: dict[str, Link],
        beside: dict[str, Link], pages: paging.Pages,
    ) -> Reading:  # fmt: skip
        rest = structure.without(main, _rows(page, main, rows))
        told = sum(1 for link in rows.values() if link.state)
        reasons = [f"{len(rows)} rows that lead on"]
        reasons += [f"{told} of them tell of changes"] if told else []
        reasons += ["a pager"] if pages.numbered else ["a next page"] if pages.following else []
        sure = 40 + 15 * (len(rows) > 2) + 20 * (told > 0) + 15 * bool(pages.following)
        return Reading(
            posts=_rest(here, rest),
            links=(*rows.values(), *(link for key, link in beside.items() if key not in rows)),
            next_page=pages.following,
            is_list=True,
            sure=sure,
            reasons=tuple(reasons),
        )

    def _thread(
        self, page: Page, here: str, parts: tuple[HtmlElement, HtmlElement],
        blocks: list[HtmlElement], title: str, beside: dict[str, Link], pages: paging.Pages,
    ) -> Reading:  # fmt: skip
        body, main = parts
        posts = _posts(page, here, main, blocks, title)
        told = linked.posts(page)
        if told and not _are_shown(told, posts):
            posts = told
        if not posts:
            wall = bool(page.tree.css("input[type=password]"))
            return Reading(
                links=tuple(beside.values()), next_page=pages.following, wall=wall and not beside,
                sure=20, reasons=("neither rows nor text",),
            )  # fmt: skip
        many = len(posts) > 1
        own = paging.base_of(pages.following) == paging.base_of(here) or (
            paging.number_of(pages.following) > paging.number_of(here)
        )
        following = pages.following if many or own else ""
        grows = many or bool(following) or bool(REPLY_WORDS.search(structure.text_of(body)))
        raw = ways.raw_view(page, body) if not many and not following else ""
        files = ways.attachments(self, page, main, _thread_of(here), title)
        threads = _threads_of(posts, here)
        listed = {link.location for link in (*files, *threads)}
        more = (link for key, link in beside.items() if key not in listed)
        return Reading(
            posts=posts,
            links=(*files, *threads, *more),
            next_page=following,
            grows=grows and not raw,
            instead=raw,
            sure=_sure(posts, blocks, told, pages),
            reasons=_reasons(posts, blocks, told, pages),
        )


def _raw_file(page: Page, here: str) -> Reading:
    if addresses.canonical(page.address).endswith("/robots.txt"):
        maps = [page.join(found) for found in SITEMAP.findall(page.text)]
        return Reading(lists=tuple(maps[:MAX_MAPS]), is_list=True)
    ids = addresses.identifiers(here)
    post = Post(here, body=page.body, content_type=page.content_type, frame_ids=ids)
    return Reading(posts=(post,), sure=90, reasons=("raw text or a file",))


def _own(page: Page) -> str:
    """Where the page lies: without what changes the view, and as it says itself if that is less."""
    here = ways.location_of(page.address)
    said = page.tree.css("link[rel=canonical]::attr(href)").get("") if page.is_html else ""
    own = ways.location_of(page.join(said)) if said else ""
    if own.partition("?")[0] == here.partition("?")[0]:
        pieces = set(re.split(r"[&;]", own.partition("?")[2]))
        if pieces - {""} <= set(re.split(r"[&;]", here.partition("?")[2])):
            same = paging.number_of(own) == paging.number_of(here)
            return own if same and (own.partition("?")[2] or "?" not in here) else here
    return here


def _is_list(
    page: Page, main: HtmlElement, blocks: list[HtmlElement], links: dict[str, Link]
) -> bool:
    """Whether the page leads on rather than holding posts."""
    if len(blocks) > 1:
        leading = sum(1 for block in blocks if _title_link(page, block, links))
        if leading >= 0.6 * len(blocks) or structure.are_posts(blocks):
            return leading >= 0.6 * len(blocks)
    if blocks and len(links) < 2:
        return False
    everything = max(1, len(structure.text_of(main)))
    if everything - len(structure.text_of(main, without_links=True)) > 0.3 * everything:
        return True
    rows = _rows(page, main, links)
    said = sorted(len(structure.text_of(row, without_links=True)) for row in rows)
    covered = sum(len(structure.text_of(row)) for row in rows)
    return len(rows) > 1 and covered > 0.6 * everything and said[len(said) // 2] < SHORT_ROW


def _rows(page: Page, main: HtmlElement, links: dict[str, Link]) -> list[HtmlElement]:
    """What the links are listed in, each once and none inside another."""
    found: dict[HtmlElement, None] = {}
    for element in structure.links(main):
        if ways.location_of(page.join(element.get("href", ""))) in links:
            found[structure.row_of(element)] = None
    return [row for row in found if not any(outer in found for outer in row.iterancestors())]


def _title_link(page: Page, block: HtmlElement, links: dict[str, Link]) -> bool:
    """Whether the block opens with a link to a page of its own that is more than a number."""
    for element in structure.links(block):
        if ways.location_of(page.join(element.get("href", ""))) in links:
            before = len(structure.text_of(block, without_links=True))
            return element.getparent().tag in ("h1", "h2", "h3", "h4", "td", "li", "dt") or (
                before < 300
            )
    return False


def _posts(
    page: Page, here: str, main: HtmlElement, blocks: list[HtmlElement], title: str
) -> tuple[Post, ...]:
    ids = addresses.identifiers(here)
    if len(blocks) < 2:
        if len(structure.text_of(main)) < MIN_TEXT:
            return ()
        opens = title not in structure.text_of(main)
        return (
            Post(here, html=_html(main), title=title, opens=opens, frame_ids=ids,
                 state=_words(structure.steady(main))),
        )  # fmt: skip
    thread = _thread_of(here)
    found: dict[str, Post] = {}
    for number, block in enumerate(blocks, start=1):
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
    return (*found.values(), *_rest(here, structure.without(main, blocks)))


def _rest(here: str, rest: HtmlElement) -> tuple[Post, ...]:
    """The text that stands beside rows or posts, as a document that changes only with its words."""
    said = structure.steady(rest, without_links=True)
    if len(said) < MIN_REST:
        return ()
    ids = addresses.identifiers(here)
    return (Post(here, html=_html(rest), opens=False, frame_ids=ids, state=_words(said)),)


def _words(steady: str) -> str:
    """What changes when words do; times of day and counts of visitors do not."""
    return f"words:{hashlib.blake2b(steady.encode(), digest_size=12).hexdigest()}"


def _threads_of(posts: tuple[Post, ...], here: str) -> tuple[Link, ...]:
    """Threads whose posts an index shows in full: their own addresses lie on another page.

    What is shown of a thread tells whether something happened in it.
    """
    shown: dict[str, list[str]] = {}
    for post in posts:
        page, _, fragment = post.location.partition("#")
        if fragment and urlsplit(page).path != urlsplit(here).path:
            shown.setdefault(page, []).append(fragment)
    return tuple(
        Link(page, page, ways.short(" ".join(fragments))) for page, fragments in shown.items()
    )


def _are_shown(told: tuple[Post, ...], posts: tuple[Post, ...]) -> bool:
    """Whether what JSON-LD tells stands on the page as well."""
    shown = "".join(re.sub(r"\W+|<[^>]*>", "", post.html + post.text) for post in posts)
    parts = [re.sub(r"\W+|<[^>]*>", "", post.text)[:40] for post in told]
    return sum(1 for part in parts if part in shown) >= 0.5 * len(parts)


def _sure(
    posts: tuple[Post, ...], blocks: list[HtmlElement], told: tuple[Post, ...], pages: paging.Pages
) -> int:
    if len(posts) == 1 and not told:
        return 35
    named = sum(1 for post in posts if not re.search(r"#\d{1,3}$", post.location))
    dated = sum(1 for post in posts if post.posted_at)
    says = sum(1 for block in blocks if structure.names_a_post(block))
    return min(
        95,
        40 + 20 * (2 * named >= len(posts)) + 10 * (2 * dated >= len(posts))
        + 15 * (2 * says >= max(1, len(blocks))) + 20 * bool(told) + 5 * bool(pages.following),
    )  # fmt: skip


def _reasons(
    posts: tuple[Post, ...], blocks: list[HtmlElement], told: tuple[Post, ...], pages: paging.Pages
) -> tuple[str, ...]:
    found = [f"{len(blocks)} blocks of one kind"] if len(blocks) > 1 else ["one document"]
    found += ["posts told in JSON-LD"] if told else []
    found += ["addresses or anchors of their own"] if _sure(posts, blocks, (), pages) >= 60 else []
    found += ["a pager"] if pages.numbered else ["a next page"] if pages.following else []
    return tuple(found)


def _thread_of(here: str) -> str:
    return paging.base_of(here) if paging.number_of(here) else here


def _permalink(page: Page, block: HtmlElement) -> str:
    """The block's own address: a link in it that is only a number, a time or a word for it."""
    here = addresses.canonical(page.address)
    for element in structure.links(block):
        href = element.get("href", "")
        timed = element.find(".//time") is not None or "permalink" in structure.tokens(element)
        plain = ways.ONLY_NUMBER.match(structure.text_of(element)) and href.strip("#")
        if not (timed or plain):
            continue
        address = page.join(href)
        if not address or addresses.host_port(address) != addresses.host_port(page.address):
            continue
        fragment = href.partition("#")[2]
        if addresses.changes_something(address):
            continue
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


def _title(body: HtmlElement) -> str:
    heading = body.find(".//h1")
    return structure.text_of(heading) if heading is not None else ""


def _html(element: HtmlElement) -> str:
    return str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))


@lru_cache(maxsize=2)
def _parsed(untrusted_html: str) -> HtmlElement:
    return structure.parse(untrusted_html)
