"""Where the posts of a page point: links to files, other sites, and what no browser opens. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crawler import addresses
from crawler.bounds import MAX_SISTERS
from crawler.pages import Page, Post
from extraction.layers import Extracted

# "hxxps" and "host[.]tld" are how posters keep links from being clicked, or taken down.
ADDRESS = re.compile(r"""h(?:tt|xx)ps?(?:://|\[:\]//)[^\s<>"'(){}|\\^`]{3,2000}""", re.IGNORECASE)
DEFANGED = re.compile(r"\[\.\]|\(\.\)|\[dot\]", re.IGNORECASE)
CLOSING = ".,;:!?»”’]"
# Ways to a file that no web request goes; only their scheme is kept beside the sealed address.
OTHER_WAYS = re.compile(
    r"""\b(magnet:\?|ed2k://|ipfs://|ftps?://|sftp://|tg://|mega:)[^\s<>"']{3,1000}""",
    re.IGNORECASE,
)
# Without one of these a text holds no way, and no pattern has to be looked for.
SIGNS = ("//", "magnet:?", "mega:")
FILE = re.compile(
    r"\.(?:csv|tsv|txt|sql|json|jsonl|ndjson|xml|log|xlsx?|ods|docx?|odt|pdf|mdb|accdb|db|sqlite|"
    r"dump|bak|zip|7z|rar|tar|tgz|gz|bz2|xz|zst|lz4)$",
    re.IGNORECASE,
)

DOWNLOADS = re.compile(r"\b(?:downloads?|télécharge[rz]?|telecharger|raw|brut)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pointer:
    """One link of a post. `kind`: "sister", "follow" or "left"; `reason` says why it is left."""

    address: str
    location: str
    kind: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Who reads which host ("host:port"): this source, others, and those links are followed to."""

    own: frozenset[str]
    sisters: frozenset[str]
    follow: frozenset[str]


def pointers(
    page: Page, posts: Sequence[Post], texts: Sequence[Extracted], hosts: Hosts
) -> list[Pointer]:
    """The links of these posts that lead away, or to a file, each address once."""
    found: dict[str, Pointer] = {}
    for post, extracted in zip(posts, texts, strict=True):
        for candidate in _candidates(page, post, extracted):
            if len(found) >= MAX_SISTERS:
                return list(found.values())
            pointer = _judged(candidate, post.location, hosts)
            if pointer is not None:
                found.setdefault(pointer.address, pointer)
    return list(found.values())


def _candidates(page: Page, post: Post, extracted: Extracted) -> Iterator[str]:
    if post.html:
        yield from hrefs(page, post.html)
    for layer in extracted.layers:
        yield from in_text(layer.text)


def in_text(untrusted_text: str) -> Iterator[str]:
    """Addresses written out in a text, mended where they were broken on purpose."""
    lowered = untrusted_text.lower()
    if not any(sign in lowered for sign in SIGNS):
        return
    for match in ADDRESS.finditer(DEFANGED.sub(".", untrusted_text)):
        mended = re.sub(r"^hxxp", "http", match[0], flags=re.IGNORECASE)
        yield mended.replace("[:]", ":").rstrip(CLOSING)
    for match in OTHER_WAYS.finditer(untrusted_text):
        yield match[0]


def hrefs(page: Page, untrusted_html: str) -> list[str]:
    """The links of a piece of HTML, as they stand or made absolute."""
    inner = Page(page.address, untrusted_html.encode("utf-8", "replace"), "text/html", "utf-8")
    found: Iterable[str] = inner.tree.css("a::attr(href)").getall()
    return [addresses.join_whole(page.base, href) or href for href in found]


def _judged(untrusted_address: str, standing_at: str, hosts: Hosts) -> Pointer | None:
    way = OTHER_WAYS.match(untrusted_address)
    if way:
        scheme = re.split(r"[:?]", way[1])[0].lower()
        return Pointer(untrusted_address, "", "left", f"scheme-{scheme}")
    address = addresses.join_whole(untrusted_address, untrusted_address)
    location = addresses.canonical(address)
    if not location or location == addresses.canonical(standing_at):
        return None
    if addresses.same_site(address, hosts.own):
        # The spider leads to pages; a file in a post is what nothing else leads to.
        is_file = FILE.search(addresses.path_of(address)) is not None
        return Pointer(address, location, "follow") if is_file else None
    if addresses.same_site(address, hosts.sisters):
        return Pointer(address, location, "sister")
    if addresses.changes_something(address):
        return Pointer(address, location, "left", "harmful-link")
    if addresses.same_site(address, hosts.follow):
        return Pointer(address, location, "follow")
    return Pointer(address, location, "left", "unknown-host")
