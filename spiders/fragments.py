"""What a "load more" button brings: HTML in JSON, or objects that name threads or hold posts.

Read only where a page led there. The address of what comes next is taken where it is told, or
made from this one where only a cursor or "there is more" is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from crawler import addresses
from crawler.pages import Link, Page, Post, Reading
from spiders import boards, facts, paging

HTML = re.compile(r"<(?:div|article|li|tr|section|p|ul|ol|table|a|span|h[1-6])\b", re.IGNORECASE)
ONWARD = re.compile(
    r"(?:next|more|suivant|older)(?:_?-?(?:page|url|link|href|uri))*", re.IGNORECASE
)
CURSOR = re.compile(r"(?:next|end)_?-?(?:cursor|page|offset|token|after|start)", re.IGNORECASE)
CURSORS = frozenset(
    {"cursor", "after", "before", "since", "token", "max_id", "page_token", "lastid"}
)
TEXTS = (
    "html",
    "cooked",
    "rendered",
    "body",
    "content",
    "text",
    "message",
    "comment",
    "paste",
    "code",
)
PLACES = ("url", "href", "permalink", "link", "web_url", "html_url", "path")
STAMPS = ("created_at", "date", "time", "posted_at", "published", "created", "timestamp")
STATES = ("updated_at", "last_posted_at", "bumped_at", "reply_count", "replies", "comments",
          "comment_count", "posts_count", "last_reply", "modified", "last_activity")  # fmt: skip
MAX_DEPTH, MAX_OBJECTS = 12, 5_000
# Characters of a text that is more than what a list shows of it.
LONG = 60
# The share of all that an answer says which its parts must hold, and how many parts there may be,
# for it to be read by its parts alone.
MOST_OF, MOST_PARTED = 0.8, 100


def html_of(told: Any) -> str:
    """The HTML that the answer's own fields hold; "" where that is not next to all it says."""
    fields = [told] if isinstance(told, str) else [value for _, value in _fields(told, 0)]
    found = "\n".join(one for one in fields if isinstance(one, str) and HTML.search(one))
    return found if len(found) >= MOST_OF * _length(told) else ""


def onward(page: Page, told: Any) -> str:
    """The address of what comes next; "" at the end."""
    for key, value in _fields(told, 0):
        if isinstance(value, str) and value and ONWARD.fullmatch(key):
            address = page.join(value) if re.match(r"https?:|[/?.]", value) else ""
            if addresses.host_port(address) == addresses.host_port(page.address) and address:
                return address
    for key, value in _fields(told, 0):
        if CURSOR.fullmatch(key) and isinstance(value, str | int) and value not in ("", 0, False):
            return _with(page.address, str(value))
    return ""


def objects(page: Page, told: Any) -> Reading | None:
    """Objects that only name addresses are rows, those that hold texts are posts, each with all
    that it says; None for any other JSON, which is a file."""
    here = addresses.canonical(page.address)
    found = list(islice(_objects(told, 0), MAX_OBJECTS))
    links: dict[str, Link] = {}
    for one in found:
        place = _place(page, one)
        if place and place != here:
            state = " ".join(f"{name}={one[name]}" for name in STATES if _is_plain(one.get(name)))
            links.setdefault(place, Link(place, place, state))
    said = sum(len(word) for one in found for word in _words(one))
    long = [one for one in found if any(len(facts.text(one.get(name))) >= LONG for name in TEXTS)]
    if found and 2 * len(long) >= len(found):
        posts = tuple(_post(page, here, n, one) for n, one in enumerate(found, 1))
        parted = len(found) <= MOST_PARTED and said >= MOST_OF * _length(told)
        return _reading(page, told, posts=posts if parted else (*posts, _whole(page, here)))
    if links and 2 * len(links) >= len(found):
        brief = said <= LONG * len(found) + sum(len(link.address) for link in links.values())
        shown = () if brief else (_whole(page, here),)
        return _reading(page, told, posts=shown, links=tuple(links.values()), is_list=True)
    return None


def _whole(page: Page, here: str) -> Post:
    """All of it: what has the form of an answer to a script may be a file of records."""
    return Post(here, body=page.body, content_type=page.content_type, opens=False)


def _length(told: Any) -> int:
    """Characters of all texts and numbers in it."""
    if isinstance(told, dict | list):
        inner = told.values() if isinstance(told, dict) else told
        return sum(_length(one) for one in inner)
    return len(str(told)) if _is_plain(told) else 0


def _reading(page: Page, told: Any, **more: Any) -> Reading:
    return Reading(
        next_page=onward(page, told),
        grows=True,
        sure=50,
        reasons=("objects that a script shows",),
        **more,
    )


def _post(page: Page, here: str, number: int, one: dict[str, Any]) -> Post:
    place = _place(page, one)
    own = place if place and place != here else f"{here}#{_name(one) or number}"
    said = [value if HTML.search(value) else f"<p>{escape(value)}</p>" for value in _words(one)]
    stamps = (boards.moment(facts.text(one.get(name))) for name in STAMPS)
    return Post(
        own, html="\n".join(said), thread=here, title=facts.text(one.get("title")), opens=False,
        posted_at=next((stamp for stamp in stamps if stamp), ""),
        frame_ids=addresses.identifiers(own),
    )  # fmt: skip


def _words(one: dict[str, Any]) -> list[str]:
    """Every text and number of an object, but not of objects in its lists."""
    own = [value for _, value in _fields(one, 0)]
    listed = [value for each in own if isinstance(each, list) for value in each]
    return [str(value) for value in (*own, *listed) if _is_plain(value)]


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _name(one: dict[str, Any]) -> str:
    found = one.get("id")
    return str(found) if _is_plain(found) and re.fullmatch(r"[\w-]{1,40}", str(found)) else ""


def _place(page: Page, one: dict[str, Any]) -> str:
    for name in PLACES:
        said = facts.text(one.get(name))
        address = addresses.canonical(page.join(said)) if said else ""
        same = addresses.host_port(address) == addresses.host_port(page.address)
        if address and same and not addresses.changes_something(address):
            return address
    return ""


def _fields(told: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """The answer's own fields and those of objects in it, but not of objects in lists."""
    if isinstance(told, dict) and depth < MAX_DEPTH:
        yield from told.items()
        for value in told.values():
            yield from _fields(value, depth + 1)


def _objects(told: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(told, list):
        for one in told:
            if isinstance(one, dict):
                yield one
            yield from _objects(one, depth + 1)
    elif isinstance(told, dict):
        for value in told.values():
            yield from _objects(value, depth + 1)


def _with(address: str, cursor: str) -> str:
    """This address with its cursor or page replaced; "" where it has none."""
    parts = urlsplit(address)
    pieces = parts.query.split("&")
    for at, piece in enumerate(pieces):
        name, mark, value = piece.partition("=")
        if mark and value != cursor and name.lower() in CURSORS | paging.PAGE_KEYS:
            pieces[at] = f"{name}={quote(cursor, safe='')}"
            return urlunsplit(parts._replace(query="&".join(pieces)))
    return ""
