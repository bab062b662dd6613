"""A record that is split over the posts of one thread, also days apart.

Every post of a thread is asked for what it says of rows below the thresholds; the record keeps
that keyed (index.threads) and orders the thread when it adds up. The next crawl then reads the
whole thread again, however much of it was read before; here its posts are collected, matched as one
document, and kept as one location with all its pages as the original.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from capture.masking import mask_address, mask_title
from crawler.addresses import canonical, host_port
from crawler.dates import moment
from crawler.judge import WHOLE, Originals, found_in, page_facts
from crawler.messages import PageReport, PostReport
from crawler.proof import bundle, commitments, sampled
from index.facts import Finding, KeptPost, PageFacts
from index.frontier import Frontier
from index.threads import RowTrace, ThreadPost, ThreadStore
from index.views import stamp
from matching import spread
from matching.decide import ALERT
from matching.result import Match, ScanResult, TextLayer

MOST_TEXT = 16 * 1024 * 1024  # characters of all collected threads of one crawl
MOST_BYTES = 128 * 1024 * 1024
MOST_POSTS = 20_000


class ThreadMatcher(Protocol):
    """The matcher's client, as threads need it."""

    def traces(
        self, layers: Sequence[TextLayer], suspects: Sequence[Sequence[int]]
    ) -> tuple[tuple[Match, ...], ...]:
        """What a post says of rows, a leak after the other; raises MatchingError."""
        ...

    def scan_thread(
        self, document: str, size: int, sha256: str, posts: Sequence[Sequence[TextLayer]]
    ) -> tuple[ScanResult, ...]:
        """A whole thread as one document, a leak after the other; raises MatchingError."""
        ...


@dataclass(slots=True)
class WholeThread:
    """The posts of a thread in the order of reading, each location once, and their pages."""

    key: bytes
    address: str
    posts: dict[str, PostReport] = field(default_factory=dict)
    pages: list[PageReport] = field(default_factory=list)


class Collected:
    """The threads that one crawl was ordered to read whole; bounded in memory."""

    def __init__(self, wanted: frozenset[bytes], frontier: Frontier) -> None:
        self._frontier = frontier
        self._found: dict[bytes, WholeThread] = {}
        self._text = self._bytes = 0
        self.wanted = wanted
        self.cut = False

    def take(self, page: PageReport) -> None:
        """Keep the posts of wanted threads until the crawl ends."""
        if not self.wanted:
            return
        for post in page.posts:
            key = thread_key(self._frontier, post)
            if key is not None and key in self.wanted:
                self._add(key, page, post)

    def threads(self) -> list[WholeThread]:
        """What was collected."""
        return [thread for thread in self._found.values() if thread.posts]

    def _add(self, key: bytes, page: PageReport, post: PostReport) -> None:
        thread = self._found.setdefault(key, WholeThread(key, post.thread))
        # A site may show one page at two addresses: it is kept once.
        is_new_page = not any(page is known or page.body == known.body for known in thread.pages)
        self._text += sum(len(text) for _, text in post.layers)
        self._bytes += len(page.body) if is_new_page else 0
        posts = sum(len(each.posts) for each in self._found.values())
        if self._text > MOST_TEXT or self._bytes > MOST_BYTES or posts >= MOST_POSTS:
            self.cut = True
            return
        thread.posts[post.location] = post
        if is_new_page:
            thread.pages.append(page)


@dataclass(frozen=True, slots=True)
class ThreadJudgement:
    """A thread as one location: what to record of it, `post` being None when it says nothing."""

    page: PageFacts
    post: KeptPost | None
    sealed: str = ""


class ThreadReader:
    """Asks for traces, and judges whole threads. Safe between threads of work as its parts are."""

    def __init__(
        self,
        matcher: ThreadMatcher,
        leaks: Sequence[str],
        frontier: Frontier,
        store: ThreadStore,
        originals: Originals,
        whole_bytes: int = WHOLE,
    ) -> None:
        self._whole_bytes = whole_bytes
        self._matcher = matcher
        self._leaks = tuple(leaks)
        self._frontier = frontier
        self._store = store
        self._originals = originals

    def traces(self, page: PageReport) -> list[ThreadPost]:
        """What the page's posts of threads say of rows below the thresholds."""
        found: list[ThreadPost] = []
        suspects: dict[bytes, list[list[int]]] = {}
        for post in page.posts:
            key = thread_key(self._frontier, post)
            if key is None:
                continue
            if key not in suspects:
                suspects[key] = self._store.suspects(key, self._leaks)
            told = self._traces_of(post, suspects[key])
            for rows, matches in zip(suspects[key], told, strict=True):
                rows += [trace.row for trace in matches if trace.row not in rows]
            found.append(
                ThreadPost(
                    thread_key=key,
                    post_key=self._frontier.location_key(post.location),
                    sealed_thread=self._frontier.seal(canonical(post.thread)),
                    traces=tuple(trace for matches in told for trace in matches),
                )
            )
        return found

    def _traces_of(self, post: PostReport, suspects: list[list[int]]) -> list[list[RowTrace]]:
        layers = [TextLayer(name, text) for name, text in post.layers]
        answer = self._matcher.traces(layers, suspects)
        return [
            [_trace(leak, match) for match in matches if match.bits < ALERT]
            for leak, matches in zip(self._leaks, answer, strict=True)
        ]

    def judge(self, thread: WholeThread) -> ThreadJudgement:
        """Match a whole thread as one document, mask and seal it."""
        posts = list(thread.posts.values())
        body = _one_body(thread.pages)
        digest = hashlib.sha256(body).hexdigest()
        texts = [[TextLayer(name, text) for name, text in post.layers] for post in posts]
        results = self._matcher.scan_thread("", len(body), digest, texts)
        layers = _joined(texts)
        findings = found_in(self._leaks, results, layers)
        last = page_facts(thread.pages[-1])
        facts = PageFacts(
            status=last.status,
            fetched_at=last.fetched_at,
            bytes=len(body),
            sha256=digest,
            content_type=last.content_type if len(thread.pages) == 1 else "application/zip",
            charset=last.charset,
            peer=last.peer,
            rendered=last.rendered,
            connection=last.connection,
        )
        if not any(finding.result.verdict.raises_alert for finding in findings):
            return ThreadJudgement(facts, None)
        committed = commitments(findings, layers)
        sealed = self._seal(thread, body, _facts(thread, facts), committed.openings)
        kept = self._kept(thread, findings, layers[""], sealed)
        public = committed.public if sealed else {}
        return ThreadJudgement(facts, replace(kept, commitments=public), sealed)

    def _seal(
        self, thread: WholeThread, body: bytes, facts: dict[str, object],
        openings: Mapping[str, Any],
    ) -> str:  # fmt: skip
        pages: Sequence[PageReport] = thread.pages
        more: dict[str, bytes] = {}
        if len(body) > self._whole_bytes:
            body, page, more = sampled(replace(pages[0], body=body), [openings], facts)
            pages = [page]
        more |= bundle(pages, [openings])
        return self._originals.seal(body, facts, more)

    def _kept(
        self, thread: WholeThread, findings: tuple[Finding, ...], text: str, sealed: str
    ) -> KeptPost:
        posts = list(thread.posts.values())
        ids = tuple(dict.fromkeys(one for post in posts for one in post.frame_ids))
        posted = [found for post in posts if (found := moment(post.posted_at)) is not None]
        return KeptPost(
            location_key=thread.key,
            content_key=self._frontier.content_key(text.strip()),
            location=mask_address(thread.address, ids),
            findings=findings,
            thread_key=thread.key,
            title=mask_title(posts[0].title),
            path=tuple(mask_address(step, ids) for step in thread.pages[0].path),
            posted_at=max(posted, default=None),
            sealed=sealed,
        )


def thread_key(frontier: Frontier, post: PostReport) -> bytes | None:
    """The keyed hash of a post's thread, None when it stands in none of its own site: a site could
    otherwise put its posts into another's thread, and have it fetched again and again."""
    thread = canonical(post.thread) if post.thread else ""
    if not thread or host_port(thread) != host_port(post.location):
        return None
    return frontier.location_key(thread)


def _trace(leak: str, match: Match) -> RowTrace:
    fields = spread.counted(match.fields, match.field_bits, match.bits)
    return RowTrace(leak, match.row, tuple(sorted(fields.items())))


def _joined(posts: Sequence[Sequence[TextLayer]]) -> dict[str, str]:
    """The layers of all posts by name, as `matching.threads` joins them: spans are of these."""
    parts: dict[str, dict[int, str]] = {"": {}}
    for number, post in enumerate(posts):
        for layer in post:
            parts.setdefault(layer.name, {}).setdefault(number, layer.text)
    return {name: spread.GAP.join(texts.values()) for name, texts in parts.items()}


def _one_body(pages: Sequence[PageReport]) -> bytes:
    """The bytes of one page, or of several in a ZIP, named by their order. Nothing in it is
    packed: of a long one the blocks are kept in which the first records stand."""
    if len(pages) == 1:
        return pages[0].body
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for number, page in enumerate(pages, start=1):
            archive.writestr(zipfile.ZipInfo(f"page-{number:04d}"), page.body)
    return whole.getvalue()


def _facts(thread: WholeThread, facts: PageFacts) -> dict[str, object]:
    """What is sealed beside the bytes; plain, since only the holder of the private key reads it."""
    return {
        "thread": thread.address,
        "sha256": facts.sha256,
        "bytes": facts.bytes,
        "content_type": facts.content_type,
        "sealed_at": stamp(datetime.now(UTC)),
        "pages": [
            {
                "address": page.address,
                "status": page.status,
                "fetched_at": page.fetched_at,
                "content_type": page.content_type,
                "charset": page.charset,
                "peer": page.peer,
                "rendered": page.rendered,
                "sha256": hashlib.sha256(page.body).hexdigest(),
                "bytes": len(page.body),
            }
            for page in thread.pages
        ],
        "posts": [
            {"location": post.location, "title": post.title, "posted_at": post.posted_at}
            for post in thread.posts.values()
        ],
    }
