"""Posts that a page tells in JSON-LD (schema.org): forum postings, questions, articles, comments.

For pages whose own markup holds no text that structure could find.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from crawler import addresses
from crawler.pages import Page, Post
from spiders import boards, facts

POSTINGS = frozenset(
    {"DiscussionForumPosting", "SocialMediaPosting", "Question", "Answer", "Comment", "BlogPosting",
     "Message", "EmailMessage", "Conversation", "QAPage", "Article", "NewsArticle"}
)  # fmt: skip
WITHIN = (
    "mainEntity",
    "comment",
    "suggestedAnswer",
    "acceptedAnswer",
    "hasPart",
    "@graph",
    "sharedContent",
)
MAX_POSTS = 5_000
MAX_DEPTH = 12


def posts(page: Page) -> tuple[Post, ...]:
    """The postings in their order."""
    found: list[dict[str, Any]] = []
    for script in page.tree.css("script[type='application/ld+json']::text").getall():
        try:
            told = json.loads(script)
        except (ValueError, RecursionError):
            continue
        found += _postings(told, 0)
    here = addresses.canonical(page.address)
    made: dict[str, Post] = {}
    for number, one in enumerate(found[:MAX_POSTS], start=1):
        text = facts.text(one.get("text")) or facts.text(one.get("articleBody"))
        own = _address(page, one)
        place = own or (here if number == 1 else f"{here}#{number}")
        if text:
            made.setdefault(
                place,
                Post(
                    place,
                    text=text,
                    thread=here if len(found) > 1 else "",
                    title=facts.text(one.get("headline")) or facts.text(one.get("name")),
                    opens=number == 1,
                    posted_at=boards.moment(facts.text(one.get("datePublished"))),
                    frame_ids=addresses.identifiers(place),
                ),
            )
    return tuple(made.values())


def _postings(told: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(told, list):
        for one in told:
            yield from _postings(one, depth + 1)
    if not isinstance(told, dict):
        return
    kinds = told.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    if POSTINGS.intersection(name for name in names if isinstance(name, str)):
        yield told
    for name in WITHIN:
        if name in told:
            yield from _postings(told[name], depth + 1)


def _address(page: Page, one: dict[str, Any]) -> str:
    said = facts.text(one.get("url")) or facts.text(one.get("@id"))
    address = page.join(said) if said else ""
    if addresses.host_port(address) != addresses.host_port(page.address) or not address:
        return ""
    fragment = said.partition("#")[2]
    return addresses.canonical(address) + (f"#{fragment}" if fragment else "")
