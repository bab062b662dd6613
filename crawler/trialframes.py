"""How a page was read, as a trial of a source tells it to the person who asked.

The frame "reading" crosses from the child; like all it says it is untrusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crawler.messages import MAX_ADDRESS, BadMessage, number, text, texts
from crawler.pages import Page, Reading, Site

KINDS = ("list", "thread", "document", "wall", "gated", "empty", "scripts")
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """One page of a trial. `ways` are addresses that would be followed, at most 20 of `links`."""

    address: str
    engine: str
    kind: str
    posts: int
    links: int
    told: int
    files: int
    lists: int
    next_page: str
    sure: int
    rendered: bool
    gates: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()

    @classmethod
    def from_frame(cls, untrusted_header: dict[str, Any]) -> Seen:
        """A checked frame; raises BadMessage."""
        kind = text(untrusted_header, "kind", 20)
        if kind not in KINDS:
            raise BadMessage("a reading is of no known kind")
        return cls(
            address=text(untrusted_header, "address", MAX_ADDRESS),
            engine=text(untrusted_header, "engine", 40),
            kind=kind,
            posts=number(untrusted_header, "posts"),
            links=number(untrusted_header, "links"),
            told=number(untrusted_header, "told"),
            files=number(untrusted_header, "files"),
            lists=number(untrusted_header, "lists"),
            next_page=text(untrusted_header, "next_page", MAX_ADDRESS),
            sure=number(untrusted_header, "sure"),
            rendered=untrusted_header.get("rendered") is True,
            gates=texts(untrusted_header, "gates", 20)[:SHOWN],
            reasons=texts(untrusted_header, "reasons", 200)[:SHOWN],
            ways=texts(untrusted_header, "ways", MAX_ADDRESS)[:SHOWN],
        )


def observed(page: Page, reading: Reading, site: Site) -> dict[str, Any]:
    """A reading as the frame tells it."""
    ways = [link.location for link in reading.links if not link.gate]
    return {
        "address": page.address,
        "engine": site.name,
        "kind": _kind(page, reading),
        "posts": len(reading.posts),
        "links": len(reading.links),
        "told": sum(1 for link in reading.links if link.state),
        "files": sum(1 for link in reading.links if link.file),
        "lists": len(reading.lists),
        "next_page": reading.next_page,
        "sure": reading.sure,
        "rendered": page.rendered,
        "gates": [*reading.gates, *(link.gate for link in reading.links if link.gate)][:SHOWN],
        "reasons": list(reading.reasons),
        "ways": [*reading.lists, *ways][:SHOWN],
    }


def _kind(page: Page, reading: Reading) -> str:
    if reading.wall:
        return "wall"
    if reading.gates:
        return "gated"
    if reading.render and not page.rendered:
        return "scripts"
    if reading.is_list:
        return "list"
    if reading.grows and reading.posts:
        return "thread"
    return "document" if reading.posts or reading.instead else "empty"
