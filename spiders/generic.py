"""Any paste site or forum nobody wrote a spider for, read by its structure.

A page is a list (rows that lead on), a thread (repeated blocks of text) or one document; what of
its text belongs to neither rows nor blocks is a document of its own, so that nothing a visitor
sees is left out. Lists are read at every crawl; a row's own text says whether something happened
behind it (counts and times, but neither "3 minutes ago" nor a counter of readers). Where nothing
tells, a thread is read again at every crawl and a paste once.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawler import addresses, feeds
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import disguised, fragments, linked, paging, parting, rows, structure, ways, words

# Blanks of the line alone: with empty lines among them, each would be a beginning for all others.
SITEMAP = re.compile(r"^[^\S\n]*+sitemap:[^\S\n]*+(\S+)", re.IGNORECASE | re.MULTILINE)
FEED_TYPES = ("rss", "atom", "feed+json", "rdf")
# Unlinked characters of a row in a list, at most; a post says more.
SHORT_ROW = 160
# Unlinked characters of a page that only sends on, at most.
SHORT_PAGE = 400
FEW_LINKS, MANY_ROWS = 3, 5
# The share of blocks that open with a title in a list, at least.
MOST = 0.6
# The share of a page's words that posts hold, at least.
FEW_WORDS = 0.15
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
        """A list, a thread, or one document; where the page has a view of itself for those who run
        no scripts, that view."""
        here = _own(page)
        reading = self._read(page, here)
        offers = page.is_html and "<noscript" in page.text
        for said in disguised.scriptless(page.tree) if offers else ():
            address = page.join(said)
            same = addresses.canonical(address).partition("?")[0] == here.partition("?")[0]
            if same and not reading.instead and ways.location_of(address) != here:
                return replace(reading, instead=address)
        return reading

    def _read(self, page: Page, here: str) -> Reading:
        if feeds.is_feed(page):
            return self._feed(page)
        if not page.is_html:
            return self._fragment(page) or _raw_file(page, here)
        body = _parsed(page.text)
        if sent_on := self._sent_on(page, body, here):
            return sent_on
        whole = structure.main_part(body)
        main = structure.core_of(whole)
        title = _title(body)
        pasted = structure.paste_text(main)
        beside = ways.ways(self, page, body, here, once=True)
        if pasted:
            return self._paste(page, here, body, pasted, title, beside)
        leading, blocks = ways.ways(self, page, main, here), structure.blocks(main)
        if main is not whole and len(leading) < FEW_LINKS and not _holds_text(main, blocks):
            # What leads on stands beside: an overview.
            main = whole
            leading, blocks = ways.ways(self, page, main, here), structure.blocks(main)
        pages = paging.pages_of(page, body, leading)
        if leading and _is_list(page, main, blocks, leading):
            return self._list(page, here, whole, leading, beside, pages)
        blocks = _posts_among(page, blocks, leading)
        if len(blocks) < 2:
            # Posts that are short stand among more words of the site than of their own.
            few = structure.blocks(main, least=FEW_WORDS)
            blocks = _posts_among(page, few, leading)
        return self._thread(page, here, (body, main), blocks, title, beside, pages)

    def _fragment(self, page: Page) -> Reading | None:
        """What a button brought as JSON; None for any other file."""
        if not page.body[:64].lstrip().startswith((b"{", b"[", b'"')) or page.json is None:
            return None
        shown = fragments.html_of(page.json)
        if not shown:
            return fragments.objects(page, page.json)
        body = shown.encode("utf-8", "replace")
        reading = self.read(replace(page, body=body, content_type="text/html", charset="utf-8"))
        onward = reading.next_page or fragments.onward(page, page.json)
        return replace(reading, next_page=onward)

    def _sent_on(self, page: Page, body: HtmlElement, here: str) -> Reading | None:
        """A page of frames, or one that sends its visitors on by itself."""
        if not disguised.MAY_SEND_ON.search(page.text):
            return None
        frames = [page.join(one) for one in disguised.frames(page.tree)]
        frames = [one for one in frames if ways.leads_on(self, page, ways.location_of(one))]
        if frames:
            return Reading(lists=tuple(frames), is_list=True, sure=60, reasons=("frames",))
        said = disguised.refreshed(page.tree)
        target = page.join(said) if said else ""
        location = ways.location_of(target) if target else ""
        brief = len(structure.text_of(body, without_links=True)) < SHORT_PAGE
        if not brief or location in ("", here) or not ways.leads_on(self, page, location):
            return None
        return Reading(next_page=target, sure=50, reasons=("a page that sends on",))

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
        self, page: Page, here: str, main: HtmlElement, leading: dict[str, Link],
        beside: dict[str, Link], pages: paging.Pages,
    ) -> Reading:  # fmt: skip
        rest = structure.without(main, ways.rows_in(page, main, leading))
        told = sum(1 for link in leading.values() if link.state)
        reasons = [f"{len(leading)} rows that lead on"]
        reasons += [f"{told} of them tell of changes"] if told else []
        reasons += ["a pager"] if pages.numbered else ["a next page"] if pages.following else []
        sure = 40 + 15 * (len(leading) > 2) + 20 * (told > 0) + 15 * bool(pages.following)
        return Reading(
            posts=parting.rest_of(here, rest),
            links=(
                *leading.values(),
                *(link for key, link in beside.items() if key not in leading),
            ),
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
        posts = parting.posts_of(page, here, main, blocks, title)
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
        following = pages.following if paging.continues(pages.following, here, body, many) else ""
        grows = many or bool(following) or bool(words.REPLY.search(structure.text_of(body)))
        raw = ways.raw_view(page, body) if not many and not following else ""
        thread = parting.thread_of(here)
        files = () if raw else ways.attachments(self, page, main, thread, title)
        threads = _threads_of(posts, here)
        listed = {link.location for link in (*files, *threads)}
        more = (link for key, link in beside.items() if key not in listed)
        return Reading(
            posts=posts,
            links=(*files, *threads, *more),
            lists=(pages.other,) if pages.other else (),
            next_page=following,
            grows=grows and not raw,
            instead=raw,
            render=not many and not raw and disguised.awaits_script(main),
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
    if _is_about_one(page, main, links):
        return False
    if len(blocks) > 1:
        leading = _leading(page, blocks, links)
        if leading >= MOST * len(blocks) or structure.are_posts(blocks):
            return leading >= MOST * len(blocks)
    if blocks and len(links) < 2:
        return False
    if len(blocks) == 1 and structure.are_posts(blocks) and _is_one_post(page, blocks[0], links):
        return False
    everything = max(1, len(structure.text_of(main)))
    listed = ways.rows_in(page, main, links)
    covered = sum(len(structure.text_of(row)) for row in listed)
    linked_text = everything - len(structure.text_of(main, without_links=True))
    if linked_text > 0.3 * everything and (len(listed) >= MANY_ROWS or covered > 0.2 * everything):
        return True
    said = sorted(len(structure.text_of(row, without_links=True)) for row in listed)
    return len(listed) > 1 and covered > 0.6 * everything and said[len(said) // 2] < SHORT_ROW


def _title_link(page: Page, block: HtmlElement, links: dict[str, Link]) -> str:
    """The page of its own that a block opens with, by more than a number; "" where it is a post:
    a sentence stands before the link, or the link within one line of words and sentences behind."""

    def location(element: HtmlElement) -> str:
        found = ways.location_of(page.join(element.get("href", "")))
        return found if found in links else ""

    first = next((one for one in structure.links(block) if location(one)), None)
    if first is None or rows.says_first(block, location):
        return ""
    if not rows.stands_alone(first) and rows.has_sentence(block):
        return ""
    titled = first.getparent().tag in ("h1", "h2", "h3", "h4", "td", "li", "dt")
    short = len(structure.text_of(block, without_links=True)) < 300
    return location(first) if titled or short else ""


def _posts_among(
    page: Page, blocks: list[HtmlElement], links: dict[str, Link]
) -> list[HtmlElement]:
    """The blocks, if they are posts and not the rows of a list that stands beside one."""
    if not structure.are_posts(blocks):
        return []
    rows_only = len(blocks) > 1 and _leading(page, blocks, links) >= MOST * len(blocks)
    return [] if rows_only else blocks


def _leading(page: Page, blocks: list[HtmlElement], links: dict[str, Link]) -> int:
    """How many different pages the blocks open with."""
    return len({_title_link(page, block, links) for block in blocks} - {""})


def _is_about_one(page: Page, main: HtmlElement, links: dict[str, Link]) -> bool:
    """Whether a post with the page's heading stands there, beside a tree of the others."""
    for block in main.iter("article", "div", "section"):
        if block.find(".//h1") is None or not structure.are_posts([block]):
            continue
        inside = {ways.location_of(page.join(a.get("href", ""))) for a in structure.links(block)}
        if len(inside & links.keys()) < 2:
            return _is_one_post(page, block, links)
    return False


def _holds_text(main: HtmlElement, blocks: list[HtmlElement]) -> bool:
    return (bool(blocks) and structure.are_posts(blocks)) or rows.has_sentence(main)


def _is_one_post(page: Page, block: HtmlElement, links: dict[str, Link]) -> bool:
    """Whether the one block that says post holds a text of its own and no title of another page."""
    return rows.has_sentence(block) and not _title_link(page, block, links)


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


def _title(body: HtmlElement) -> str:
    heading = body.find(".//h1")
    return structure.text_of(heading) if heading is not None else ""


@lru_cache(maxsize=2)
def _parsed(untrusted_html: str) -> HtmlElement:
    return structure.parse(untrusted_html)
