"""Any paste site or forum nobody wrote a spider for, read by its structure.

A page is a list (rows that lead on), a thread (repeated blocks of text) or one document. Lists
are read at every crawl; a row's own text says whether something happened behind it (counts and
times, but neither "3 minutes ago" nor a counter of readers). Where nothing tells, a thread is
read again at every crawl and a paste once.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading, Site
from spiders import structure

# Ways that hold no post of anybody, as whole path segments or first words of a query.
ASIDE = frozenset(
    {"a-propos", "about", "account", "accounts", "admin", "aide", "api", "apropos", "archive",
     "assets", "atom", "auth", "author", "authors", "avatar", "avatars", "calendar", "calendrier",
     "cgu", "compose", "connexion", "contact", "create", "css", "docs", "donate", "faq",
     "favicon.ico", "feed", "feeds", "help", "images", "img", "inbox", "inscription", "js", "lang",
     "language", "legal", "log-in", "login", "member", "memberlist", "members", "membre",
     "membres", "mentions-legales", "messages", "mod", "new", "notifications", "nouveau", "online",
     "partager", "people", "preferences", "pricing", "print", "privacy", "pro", "profile",
     "profiles", "publier", "quote", "recherche", "reglement", "reply", "robots.txt", "rss",
     "rules", "search", "settings", "share", "sign-in", "signin", "sitemap.xml", "staff", "static",
     "statistics", "stats", "tag", "tags", "team", "terms", "theme", "tools", "tos", "u", "user",
     "users", "whosonline"}
)  # fmt: skip
FILES = re.compile(
    r"\.(?:css|js|png|jpe?g|gif|svg|webp|ico|woff2?|mp4|webm|mp3|rss|atom)$", re.IGNORECASE
)
NEXT_WORDS = re.compile(
    r"^\W*(?:next|next page|suivante?s?|page suivante|older|older posts|plus anciens?|more|"
    r"load more|voir plus|charger la suite|weiter|siguiente)\W*$|^[\s›»→>]+$",
    re.IGNORECASE,
)
PAGE_KEYS = ("page", "pg", "start", "offset", "pagenumber", "paged")
IN_PATH = re.compile(r"/(?:page|pg)[-/]?(\d+)(?:/|\.html?|$)", re.IGNORECASE)
RAW_WORDS = re.compile(
    r"^\W*(?:raw|view raw|brut|texte brut|plain|plain text|raw text)\W*$", re.IGNORECASE
)
PERMALINK = re.compile(
    r"^\W*(?:#?\d+|permalink|permalien|link|lien|share|[\d\s/:.,hT+Z-]+)?\W*$", re.IGNORECASE
)
DOWNLOAD_WORDS = re.compile(r"^\W*(?:download|télécharger|embed|clone|hex)\W*$", re.IGNORECASE)
NO_TITLES = (PERMALINK, NEXT_WORDS, RAW_WORDS, DOWNLOAD_WORDS)
REPLY_WORDS = re.compile(
    r"\b(?:reply|replies|answer|répondre|réponses?|comment|commenter)\b", re.IGNORECASE
)
MIN_TEXT = 20


class Generic(Site):
    """Knows no software; so it is chosen only when no other spider is surer."""

    name = "generic"

    def recognises(self, page: Page) -> int:
        """A little, always."""
        del page
        return 1

    def read(self, page: Page) -> Reading:
        """A list, a thread, or one document."""
        here = addresses.canonical(page.address)
        if not page.is_html:
            ids = addresses.identifiers(here)
            return Reading(
                posts=(Post(here, body=page.body, content_type=page.content_type, frame_ids=ids),)
            )
        body = _parsed(page.text)
        main = structure.main_part(body)
        onward = next_page(page, body)
        pasted = structure.paste_text(main)
        if pasted:
            post = Post(
                here, text=pasted, title=_title(body), frame_ids=addresses.identifiers(here)
            )
            return Reading(posts=(post,), instead=_raw(page, body) if _numbered(pasted) else "")
        links = self._links(page, main) or self._links(page, body)
        blocks = structure.blocks(main)
        if links and _is_list(page, main, blocks, links):
            return Reading(links=tuple(links.values()), next_page=onward, is_list=True)
        if not structure.are_posts(blocks):
            blocks = []
        posts = self._posts(page, here, main, blocks, _title(body))
        if not posts:
            wall = bool(page.tree.css("input[type=password]"))
            return Reading(links=tuple(links.values()), next_page=onward, wall=wall and not links)
        grows = len(posts) > 1 or bool(REPLY_WORDS.search(structure.text_of(body)))
        raw = _raw(page, body) if len(posts) == 1 else ""
        return Reading(posts=posts, next_page=onward, grows=grows and not raw, instead=raw)

    def _links(self, page: Page, part: HtmlElement) -> dict[str, Link]:
        """Ways to threads, pastes and other lists, by location."""
        here = addresses.canonical(page.address)
        found: dict[str, Link] = {}
        for element in structure.links(part):
            address = page.join(element.get("href", ""))
            location = addresses.canonical(address)
            if not location or location == here or not self._leads_on(page, address):
                continue
            said = structure.text_of(element)
            if location in found or any(form.match(said) for form in NO_TITLES):
                continue
            if not structure.VOLATILE.sub("", said).strip():
                continue  # "5 minutes ago" leads to the last post of a thread that is listed
            if _is_page_of(location, here, found):
                continue
            state = structure.row_state(structure.row_of(element))
            found[location] = Link(location, location, _short(state))
        return found

    def _leads_on(self, page: Page, address: str) -> bool:
        parts = urlsplit(address)
        if addresses.host_port(address) != addresses.host_port(page.address):
            return False
        if FILES.search(parts.path) or not self.harmless(address):
            return False
        words = {segment.lower() for segment in parts.path.split("/") if segment}
        words |= {word.lower() for pair in parse_qsl(parts.query) for word in pair}
        stems = {word.rsplit(".", 1)[0] for word in words}
        return not (words | stems) & ASIDE and bool(parts.path.strip("/") or parts.query)

    def _posts(
        self, page: Page, here: str, main: HtmlElement, blocks: list[HtmlElement], title: str
    ) -> tuple[Post, ...]:
        ids = addresses.identifiers(here)
        if len(blocks) < 2:
            if len(structure.text_of(main)) < MIN_TEXT:
                return ()
            opens = title not in structure.text_of(main)
            return (Post(here, html=_html(main), title=title, opens=opens, frame_ids=ids),)
        thread = _first_page(here)
        posts = []
        for number, block in enumerate(blocks, start=1):
            place = _permalink(page, block) or f"{here}#{_anchor(block) or number}"
            own = (*addresses.identifiers(place), *ids)
            posts.append(
                Post(
                    place,
                    html=_html(block),
                    thread=thread,
                    title=title,
                    opens=number == 1 and thread == here,
                    posted_at=_posted_at(block),
                    frame_ids=tuple(dict.fromkeys(own)),
                )
            )
        return tuple(posts)


def _is_list(
    page: Page, main: HtmlElement, blocks: list[HtmlElement], links: dict[str, Link]
) -> bool:
    """Whether the page leads on rather than holding posts."""
    if len(blocks) > 1:
        leading = sum(1 for block in blocks if _title_link(page, block, links))
        return leading >= 0.6 * len(blocks)
    linked = len(structure.text_of(main)) - len(structure.text_of(main, without_links=True))
    if blocks and len(links) < 2:
        return False
    return linked > 0.3 * max(1, len(structure.text_of(main)))


def _title_link(page: Page, block: HtmlElement, links: dict[str, Link]) -> bool:
    """Whether the block opens with a link to a page of its own that is more than a number."""
    for element in structure.links(block):
        if addresses.canonical(page.join(element.get("href", ""))) in links:
            before = len(structure.text_of(block, without_links=True))
            return element.getparent().tag in ("h1", "h2", "h3", "h4", "td", "li", "dt") or (
                before < 300
            )
    return False


def next_page(page: Page, body: HtmlElement) -> str:
    """The page after this one of the same list or thread; "" at its end."""
    here = _page_number(page.address)
    numbered: dict[int, str] = {}
    worded = ""
    hinted = page.tree.css("link[rel=next]::attr(href), a[rel~=next]::attr(href)").get("")
    if hinted:
        return page.join(hinted)
    for element in structure.links(body):
        address = page.join(element.get("href", ""))
        if addresses.host_port(address) != addresses.host_port(page.address):
            continue
        said = structure.text_of(element)
        label = f"{said} {element.get('aria-label', '')} {element.get('title', '')}".strip()
        names = " ".join(structure.tokens(element))
        if NEXT_WORDS.match(said) or NEXT_WORDS.match(label) or "next" in names.split():
            worded = worded or address
        if said.isdigit() and len(said) < 7 and _is_number_of(address, page.address, said):
            numbered[int(said)] = address
    # The pager's own numbers tell where this page stands when its address does not.
    ahead = [number for number in numbered if number > max(here, 1)]
    if ahead and not worded:
        return numbered[min(ahead)]
    moves = worded and addresses.canonical(worded) != addresses.canonical(page.address)
    return worded if moves and not addresses.changes_something(worded) else ""


def _page_number(address: str) -> int:
    """The page an address names; 1 when it names none. An offset counts as its number."""
    parts = urlsplit(address)
    for key, value in parse_qsl(parts.query):
        if key.lower() in PAGE_KEYS and value.isdigit() and len(value) < 9:
            return max(1, int(value))
    found = IN_PATH.search(parts.path)
    return max(1, int(found[1])) if found and len(found[1]) < 6 else 1


def _without_page(address: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    parts = urlsplit(address)
    kept = tuple(pair for pair in parse_qsl(parts.query) if pair[0].lower() not in PAGE_KEYS)
    return IN_PATH.sub("", parts.path).rstrip("/"), kept


def _same_but_page(one: str, other: str) -> bool:
    return _without_page(one) == _without_page(other)


def _is_page_of(location: str, here: str, found: dict[str, Link]) -> bool:
    """Whether the location is another page of this list, or of a thread that is listed already."""
    if _page_number(location) <= 1:
        return _page_number(here) > 1 and _same_but_page(location, here)
    return _same_but_page(location, here) or _first_page(location) in found


def _is_number_of(address: str, here: str, said: str) -> bool:
    """Whether a link that shows a number leads to that page of this list or thread."""
    if _same_but_page(address, here):
        return _page_number(address) > 1
    # Some name the page "p": only where the number shown is the number in the address.
    one, other = urlsplit(address), urlsplit(here)
    changed = set(parse_qsl(one.query)) - set(parse_qsl(other.query))
    return one.path == other.path and changed == {("p", said)}


def _first_page(address: str) -> str:
    if _page_number(address) <= 1:
        return address
    path, kept = _without_page(address)
    query = "&".join(f"{key}={value}" for key, value in kept)
    return addresses.join(address, path or "/") + (f"?{query}" if query else "")


def _numbered(text: str) -> bool:
    """Whether the lines of a paste carry numbers of their own: a gutter would break rows."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][:20]
    return len(lines) > 1 and all(
        line.startswith(str(number)) for number, line in enumerate(lines, start=1)
    )


def _raw(page: Page, body: HtmlElement) -> str:
    """The raw view of a paste; "" when the page is one already or has none."""
    for element in structure.links(body):
        if RAW_WORDS.match(structure.text_of(element)):
            address = page.join(element.get("href", ""))
            same = addresses.host_port(address) == addresses.host_port(page.address)
            if same and not addresses.changes_something(address):
                return address
    return ""


def _permalink(page: Page, block: HtmlElement) -> str:
    """The block's own address: a link in it that is only a number, a time or a word for it."""
    here = addresses.canonical(page.address)
    for element in structure.links(block):
        href = element.get("href", "")
        timed = element.find(".//time") is not None or "permalink" in structure.tokens(element)
        if not (timed or (PERMALINK.match(structure.text_of(element)) and href.strip("#"))):
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
    found = stamp.get("datetime", "") if stamp is not None else ""
    return found if re.fullmatch(r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)", found) else ""


def _title(body: HtmlElement) -> str:
    heading = body.find(".//h1")
    return structure.text_of(heading) if heading is not None else ""


def _html(element: HtmlElement) -> str:
    return str(etree.tostring(element, encoding="unicode", method="html", with_tail=False))


def _short(state: str) -> str:
    """States cross to the supervisor; a row's words need not."""
    return f"row:{hashlib.blake2b(state.encode(), digest_size=12).hexdigest()}" if state else ""


@lru_cache(maxsize=2)
def _parsed(untrusted_html: str) -> HtmlElement:
    return structure.parse(untrusted_html)
