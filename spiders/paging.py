"""The pages of a list or thread on a site nobody wrote a spider for.

A pager is a row of numbers that lead to addresses which differ in one number and grow with what
is shown ("?page=2", "?st=20", "/b/2.html", "-page-2"); else a link that says "next". A row in a
list has a pager of its own, which is not the list's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote, urlsplit, urlunsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]

from crawler import addresses
from crawler.pages import Page
from spiders import structure, words

NUMBER = re.compile(r"(?<![0-9A-Fa-f])\d{1,7}(?![0-9A-Za-z])|(?<=[-_/=])\d{1,7}(?=[.\-_/]|$)")
# Parameters and path segments that count pages or what stands on them, left out of a first page.
PAGE_WORDS = re.compile(
    r"^(?:page|pages|paged|pg|p|pagina|seite|feuille|comment-page|index)$", re.IGNORECASE
)
PAGE_KEYS = frozenset(
    {"page", "pg", "paged", "start", "st", "offset", "from", "skip", "pagenumber", "debut",
     "begin", "cursor", "pageindex", "o", "pn", "currentpage", "startwith", "startat", "first"}
)  # fmt: skip
# Not "/p/31" or "?p=31", which are posts as often as pages; a row of such numbers tells.
IN_PATH = re.compile(r"(?:/(?:[\w-]*-)?(?:page|pg)[-/_:]?|-p)(\d+)(?=/|\.html?|$)", re.IGNORECASE)

# An order of sorting that stands in a path, like "sort:age-desc".
NAMED_VIEW = re.compile(
    r"/(?:sort|sortby|sort_by|order|orderby|order_by|dir|direction|lang):[^/]*(?=/|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pages:
    """The page after this one, "" where none is. `numbered`: a pager told it.

    The highest number shown is no last page: many pagers show the nearest ones only. `own`: it
    counts pages of this address. `other`: a page in the other direction, where words lead both
    ways ("older", "newer") and which comes first cannot be told.
    """

    following: str = ""
    numbered: bool = False
    own: bool = False
    other: str = ""


@lru_cache(maxsize=2048)
def base_of(address: str) -> str:
    """A list's or thread's address without what counts its pages: the same for all of them."""
    parts = urlsplit(addresses.canonical(address))
    pieces = [
        piece for piece in re.split(r"[&;]", parts.query) if piece and not _counts_pages_of(piece)
    ]
    path = IN_PATH.sub("", NAMED_VIEW.sub("", parts.path))
    path = re.sub(r"/index\.\w+$", "/", path)
    return urlunsplit(parts._replace(path=path.rstrip("/") or "/", query="&".join(pieces)))


def _counts_pages_of(piece: str) -> bool:
    key, _, value = piece.partition("=")
    counts = unquote(key).lower().strip("@:_$") in PAGE_KEYS
    return counts and value.isascii() and value.isdigit() and len(value) < 9


@lru_cache(maxsize=2048)
def number_of(address: str) -> int:
    """The page an address names, an offset as its number; 0 when it names none."""
    parts = urlsplit(address)
    for piece in re.split(r"[&;]", parts.query):
        if _counts_pages_of(piece):
            return int(piece.partition("=")[2])
    found = IN_PATH.search(parts.path)
    return int(found[1]) if found and len(found[1]) < 8 else 0


def continues(following: str, here: str, body: HtmlElement, many: bool) -> bool:
    """Whether it is a later page of the thread `here` and not the thread beside it, which a page
    names by its title too."""
    if not following:
        return False
    if base_of(following) == base_of(here) or number_of(following) > number_of(here):
        return True
    if not many:
        return False
    if _is_below(following, here):
        return True
    parts = urlsplit(following)
    tail = parts.path.rsplit("/", 1)[-1] + (f"?{parts.query}" if parts.query else "")
    alike = (a for a in structure.links(body) if a.get("href", "").rsplit("/", 1)[-1] == tail)
    said = [structure.text_of(one).strip("[](){} .") for one in alike]
    return all(not one or one.isdigit() or words.NEXT.match(one) for one in said)


def _is_below(following: str, here: str) -> bool:
    """Whether an address says all that this one does, and more."""
    asked = set(urlsplit(base_of(here)).query.split("&")) - {""}
    told = set(urlsplit(following).query.split("&"))
    return _path(following).startswith(_path(here).rstrip("/")) and asked <= told


def _path(address: str) -> str:
    return urlsplit(address).path


def pages_of(page: Page, body: HtmlElement, listed: Collection[str]) -> Pages:
    """The pages around `page`; `listed` are the locations of rows, whose pagers are theirs."""
    here = addresses.canonical(page.address)
    numbered = _numbered(page, body, here, {base_of(one) for one in listed})
    hinted = page.tree.css("link[rel=next]::attr(href), a[rel~=next]::attr(href)").get("")
    worded, named = _worded(page, body, here)
    hint = page.join(hinted) if hinted else ""
    if hint and (not worded or base_of(hint) == base_of(here) or _is_below(hint, here)):
        worded = hint
    if numbered.following:
        return numbered
    if not worded:
        further = _further(page, body, here)
        return Pages(further, numbered=True) if further else numbered
    canonical = addresses.canonical(worded)
    if canonical == here or addresses.changes_something(worded):
        return numbered
    both = named and base_of(named) == base_of(worded) == base_of(here) and named != worded
    return Pages(worded, numbered.numbered, other=named if both else "")


def _worded(page: Page, body: HtmlElement, here: str) -> tuple[str, str]:
    """The last link that says "next" in words or by an arrow, since lists have it below, and the
    last that only its class name calls so."""
    found = named = ""
    for element in structure.links(body):
        said = structure.text_of(element)
        labels = structure.labels_of(element)
        names = structure.tokens(element)
        if not (words.NEXT.match(said) or any(map(words.NEXT.match, labels)) or "next" in names):
            continue
        address = page.join(element.get("href", ""))
        if not _same_host(address, here) or addresses.canonical(address) == here:
            continue
        worded = said.strip(" \u203a\u00bb\u2192>") or not said
        if not worded and base_of(address) != base_of(here) and not _is_below(address, here):
            continue  # an arrow alone leads into a row as often
        if words.NEXT.match(said) or any(map(words.NEXT.match, labels)):
            found = address
        else:
            named = address
    return found or named, named


def _further(page: Page, body: HtmlElement, here: str) -> str:
    """The nearest later page of this list or thread, whatever its link shows (an icon, "last")."""
    base, own = base_of(here), max(1, number_of(here))
    found = {}
    for element in structure.links(body):
        address = addresses.canonical(page.join(element.get("href", "")))
        if address and number_of(address) > own and base_of(address) == base:
            found[number_of(address)] = address
    nearest = found[min(found)] if found else ""
    return "" if addresses.changes_something(nearest or here) else nearest


def _same_host(address: str, here: str) -> bool:
    return bool(address) and addresses.host_port(address) == addresses.host_port(here)


def _numbered(page: Page, body: HtmlElement, here: str, listed: set[str]) -> Pages:
    groups: dict[str, dict[int, tuple[int, str]]] = {}
    for element in structure.links(body):
        said = structure.text_of(element).strip("[](){} .")
        if not (said.isascii() and said.isdigit()) or len(said) > 5:
            continue
        address = addresses.canonical(page.join(element.get("href", "")))
        if not _same_host(address, here) or addresses.changes_something(address):
            continue
        for key, value in _variants(address):
            groups.setdefault(key, {}).setdefault(int(said), (value, address))
    found = [
        (pages.own, bool(pages.following), len(group), pages)
        for key, group in groups.items()
        if (pages := _pager(key, group, here, listed)).numbered
    ]
    return max(found, key=lambda one: one[:3])[3] if found else Pages()


def _variants(address: str) -> list[tuple[str, int]]:
    """An address with each of its numbers in turn left open, and that number."""
    start = address.find("/", 8)
    return [
        (f"{address[: found.start()]}#{address[found.end() :]}", int(found[0]))
        for found in NUMBER.finditer(address, max(0, start))
    ]


def _pager(key: str, group: dict[int, tuple[int, str]], here: str, listed: set[str]) -> Pages:
    """A group of numbers as a pager, if it is this page's."""
    shown = sorted(group)
    values = [group[one][0] for one in shown]
    if any(a >= b for a, b in pairwise(values)):
        return Pages()
    own = True
    current = next((value for variant, value in _variants(here) if variant == key), None)
    base = _without(key)
    if current is None:
        named = _counts_pages(key)
        same = base_of(group[shown[0]][1]) == base_of(here)
        first = base in (_plain(here), base_of(here)) or (named and same)
        in_row = any(re.match(rf"{re.escape(base)}(?![0-9])", one) for one in listed)
        unknown = named and len(group) > 1 and not in_row and shown[0] <= 2
        if not first and not unknown:
            return Pages()
        own = first
        current = group[1][0] if 1 in group else -1
    elif base in listed and base != base_of(here):
        return Pages()
    by_value = dict(group.values())
    after = [value for value in by_value if value > current]
    return Pages(by_value[min(after)] if after else "", numbered=True, own=own)


def _plain(address: str) -> str:
    parts = urlsplit(address)
    path = re.sub(r"/index\.\w+$", "/", parts.path).rstrip("/") or "/"
    return urlunsplit(parts._replace(path=path))


def _counts_pages(key: str) -> bool:
    """Whether the open number is named for pages."""
    before = key[: key.index("#")]
    if not before.endswith(("=", "/", "_", "-")):
        return False
    # From behind: a search would try every beginning of every word of the address.
    named = re.match(r"[\w-]*", before[-2::-1])
    name = named[0][::-1] if named else ""
    return bool(name) and (name.lower() in PAGE_KEYS or PAGE_WORDS.match(name) is not None)


def _without(key: str) -> str:
    """What is left of an address when the number that counts is taken out."""
    head, _, tail = key.partition("#")
    query = head.rfind("?")
    if query >= 0:
        cut = max(head.rfind("&"), head.rfind(";"), query)
        rest = tail.lstrip("&;")
        kept = head[: cut + 1] + rest if rest else head[:cut]
        return _plain(kept.rstrip("?&;"))
    folder = head.rsplit("/", 1)[0]
    last = folder.rsplit("/", 1)
    if head.endswith("/") and len(last) == 2 and PAGE_WORDS.match(last[1]):
        folder = last[0]
    tail = tail.removeprefix("/")
    shorter = re.sub(r"^\.\w+", "", tail)
    return _plain(f"{folder}/{shorter}")
