"""The frames between a crawl child and its supervisor (carried by `matching.frames`).

Child to supervisor, header field "t":

| t        | fields                                                     | body  |
|----------|------------------------------------------------------------|-------|
| ask      | id, keys: [[location, state], ...], within: a thread or "", |       |
|          | links: whether it may be time to look at one again         |       |
| page     | PageReport without body; exchange, and how much of it      | bytes |
| link     | address, kind: "sister" or "follow", path: to the link     |       |
| left     | address: a link that is not followed, reason, path         |       |
| part     | id, layers: the texts of a file's beginning                |       |
| reading  | how a page was read (crawler.trialframes), in a trial only  |       |
| problem  | kind, address (may be ""), what: one sentence, no content   |       |
| sent     | hosts: {"host:port": requests since the last time}         |       |
| lists    | pages: crawler.unchanged.Validator as JSON                 |       |
| done     | outcome: "finished", "blocked", "failed", "budget", counts, |       |
|          | wait: seconds for which the site asked to be left alone    |       |

Supervisor to child: "job" (source: SourceSpec, pending: [address, ...], paths: {address: [page,
...]}, validators: [Validator, ...]), "known" (id, states: ["new" | "changed" | "same" | "old",
...]), "enough" (id, enough: the file is certain to be a repost) and "stop".

Everything a child says is untrusted: `PageReport.from_frame` checks every type and bound.
A location is an address in canonical form; a state is any short string that changes when
the page behind the location changes (a reply count, an edit time, a hash). The supervisor
turns both into keyed hashes; a page's `seen` pairs are stored in the transaction that
records its posts, so a crash can only fetch again, never lose.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from capture.exchange import Exchange
from crawler.exchange_frame import exchange_frame, read_exchange
from crawler.fields import (
    MAX_ADDRESS,
    MAX_POSTS,
    BadMessage,
    hosts_of,
    number,
    pairs,
    seconds_of,
    text,
    texts,
    unchanged_of,
    validators_of,
)  # fmt: skip

__all__ = [
    "MAX_ADDRESS", "BadMessage", "PageReport", "PostReport", "hosts_of", "number", "pairs",
    "seconds_of", "text", "texts", "unchanged_of", "validators_of",
]  # fmt: skip

MAX_TITLE = 2_000
MAX_HASHES = 64


@dataclass(frozen=True, slots=True)
class PostReport:
    """One location on a page: a paste, or one post of a thread.

    `layers` are (name, text) pairs, the outermost first. `frame_ids` lists the parts of the
    location that are the site's own identifiers (a topic number, a paste id) and may stay
    readable. `posted_at` is RFC 3339 or "". `hashes` are the SHA-256 of archives and documents in
    the post, which may be known copies.
    """

    location: str
    layers: tuple[tuple[str, str], ...]
    thread: str = ""
    title: str = ""
    posted_at: str = ""
    also: tuple[str, ...] = ()
    frame_ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageReport:
    """One document as fetched at one time, with the posts on it. `path` leads from the start.

    `declared` is the size in bytes that the site told, 0 if it did not; `stopped`: the download
    was ended by us, so `body` is the document's beginning. `via` is written by the supervisor: a
    child is not asked how it reached a site.
    """

    address: str
    status: int
    fetched_at: str
    content_type: str = ""
    charset: str = ""
    peer: str = ""
    rendered: bool = False
    path: tuple[str, ...] = ()
    posts: tuple[PostReport, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    declared: int = 0
    stopped: bool = False
    role: str = ""
    held: int = 0
    via: str = ""
    exchange: Exchange = field(default_factory=Exchange, repr=False)

    def to_frame(self) -> tuple[dict[str, Any], bytes]:
        """Header and body for `matching.frames.send`. The exchange's body, where it is another
        (a content encoding), stands behind the page's."""
        # Not dataclasses.asdict, which copies every text of every post.
        header = {name: getattr(self, name) for name in TOLD}
        header["posts"] = [
            {name: getattr(post, name) for name in TOLD_OF_POST} for post in self.posts
        ]
        told, wire = exchange_frame(self.exchange, self.body)
        return {"t": "page", **header, "body": len(self.body), "exchange": told}, self.body + wire

    @classmethod
    def from_frame(cls, untrusted_header: dict[str, Any], untrusted_body: bytes) -> PageReport:
        """A checked report; raises BadMessage on any other shape."""
        size = number(untrusted_header, "body")
        if not 0 <= size <= len(untrusted_body):
            raise BadMessage("a page's body is not as long as told")
        body, untrusted_wire = untrusted_body[:size], untrusted_body[size:]
        posts = untrusted_header.get("posts")
        if not isinstance(posts, list) or len(posts) > MAX_POSTS:
            raise BadMessage("a page's posts are no list, or too many")
        return cls(
            address=text(untrusted_header, "address", MAX_ADDRESS),
            status=number(untrusted_header, "status"),
            fetched_at=text(untrusted_header, "fetched_at", 64),
            content_type=text(untrusted_header, "content_type", 200),
            charset=text(untrusted_header, "charset", 64),
            peer=text(untrusted_header, "peer", 200),
            rendered=untrusted_header.get("rendered") is True,
            path=texts(untrusted_header, "path", MAX_ADDRESS),
            posts=tuple(_post(post) for post in posts),
            seen=pairs(untrusted_header, "seen"),
            body=body,
            declared=number(untrusted_header, "declared") if "declared" in untrusted_header else 0,
            stopped=untrusted_header.get("stopped") is True,
            role=text(untrusted_header, "role", 10),
            held=number(untrusted_header, "held") if "held" in untrusted_header else 0,
            exchange=read_exchange(untrusted_header.get("exchange"), body, untrusted_wire),
        )


TOLD = tuple(one.name for one in fields(PageReport) if one.name not in ("body", "exchange"))
TOLD_OF_POST = tuple(one.name for one in fields(PostReport))


def _post(untrusted_post: object) -> PostReport:
    if not isinstance(untrusted_post, dict):
        raise BadMessage("a post is no object")
    return PostReport(
        location=text(untrusted_post, "location", MAX_ADDRESS),
        layers=pairs(untrusted_post, "layers"),
        thread=text(untrusted_post, "thread", MAX_ADDRESS),
        title=text(untrusted_post, "title", MAX_TITLE),
        posted_at=text(untrusted_post, "posted_at", 64),
        also=texts(untrusted_post, "also", MAX_ADDRESS),
        frame_ids=texts(untrusted_post, "frame_ids", 200),
        notes=texts(untrusted_post, "notes", 500),
        hashes=texts(untrusted_post, "hashes", 64)[:MAX_HASHES],
    )
