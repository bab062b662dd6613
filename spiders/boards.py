"""What classic forums share: numbered pages, attachments below a post, a log-in where posts were.

Used by the spiders of forums that serve HTML.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from parsel import Selector, SelectorList

from crawler import addresses
from crawler.pages import Link, Page

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::[\d.]+)?(?:Z|[+-]\d\d:?\d\d)")
SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Pager:
    """The other pages of a list or thread, as far as the page links to them; "" where none is."""

    following: str = ""
    previous: str = ""
    last: str = ""


def pager(
    page: Page,
    hrefs: list[str],
    number: re.Pattern[str],
    location_of: Callable[[str], str],
    own: str,
) -> Pager:
    """The pages around this one, from a pager's links.

    `number` finds in an address what counts pages or posts, in its first group; an address
    without it is the first page. Only links with the location `own` count: rows and bread crumbs
    have pagers of their own.
    """
    here = _number(number, addresses.canonical(own_address(page, "link[rel=canonical]")))
    found: dict[int, str] = {}
    for href in hrefs:
        address = addresses.canonical(page.join(href))
        if location_of(address) == own and not addresses.changes_something(address):
            found.setdefault(_number(number, address), address)
    after = [one for one in found if one > here]
    before = [one for one in found if one < here]
    return Pager(
        found[min(after)] if after else "",
        found[max(before)] if before else "",
        found[max(after)] if after else "",
    )


def _number(number: re.Pattern[str], address: str) -> int:
    found = number.search(address)
    return int(found[1]) if found and len(found[1]) < 10 else 0


def files(page: Page, hrefs: list[str], thread: str, title: str) -> tuple[Link, ...]:
    """Attachments as links, each once."""
    found: dict[str, Link] = {}
    for href in hrefs:
        address = page.join(href)
        location = addresses.canonical(address)
        if location and not addresses.changes_something(address):
            found.setdefault(
                location, Link(address, location, file=True, title=title, thread=thread)
            )
    return tuple(found.values())


def moment(said: str) -> str:
    """A time of RFC 3339 with its zone; "" for any other text."""
    return said if MOMENT.fullmatch(said) else ""


def own_address(page: Page, selector: str) -> str:
    """The address a page gives itself, unless that is another host's (a mirror, an onion)."""
    for part in page.tree.css(selector):
        said = page.join(part.attrib.get("href", ""))
        if said and addresses.host_port(said) == addresses.host_port(page.address):
            return said
    return page.address


def words(part: Selector | SelectorList[Selector]) -> str:
    """The text of a part on one line."""
    return SPACES.sub(" ", " ".join(part.css("::text").getall())).strip()


def asks_for_login(page: Page) -> bool:
    """Whether the page has a field for a name and one for a password."""
    for form in page.tree.css("form"):
        if form.css("input[type=password]") and form.css(
            "input[type=text], input[type=email], input:not([type])"
        ):
            return True
    return False


def asks_for_a_password_only(page: Page, name: str) -> bool:
    """Whether a field of that name asks for a board's own password."""
    return bool(page.tree.css(f"input[type=password][name={name}]")) and not asks_for_login(page)
