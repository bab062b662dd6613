"""What of a page is kept: every post goes to the matcher; what matched is masked and sealed.

A post that did not match leaves nothing here: no text, no address, no hash of either. A page on
which anything could not be judged is not marked as read, so it comes again.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from capture.masking import Mark, mask_address, mask_title, seen_values, snippets
from crawler.addresses import canonical, host_port
from crawler.dates import moment
from crawler.messages import PageReport, PostReport
from crawler.proof import bundle, commitments, connection, peer_address, sampled
from index.facts import Again
from index.frontier import Frontier
from index.recorder import Finding, KeptPost, PageFacts, Recorder
from index.views import stamp
from matching.result import NOT_READ, ScanResult, TextLayer, Verdict

WHOLE = 1_000_000  # a longer body is kept as a sample, unless a person decided otherwise
MAX_MARKS = 400
MAX_SEEN = 50
MIME = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,100}")

log = structlog.get_logger("crawler.judge")


class Matcher(Protocol):
    """The matcher's client: one result a leak, in the order of the leaks."""

    def scan(
        self,
        document: str,
        size: int,
        sha256: str,
        layers: Sequence[TextLayer],
        *,
        all_matches: bool = False,
    ) -> tuple[ScanResult, ...]:
        """Raises MatchingError when no answer can be had."""
        ...


class Originals(Protocol):
    """Where matched originals go: sealed to public keys (capture.sealing)."""

    def seal(
        self, body: bytes, facts: dict[str, object], more: Mapping[str, bytes] | None = None
    ) -> str:
        """The sealed file, relative to its folder; "" when there is no recipient. `more` are
        further things in it, by name."""
        ...

    def discard(self, name: str) -> None:
        """Remove a sealed file that no capture refers to."""
        ...


@dataclass(slots=True)
class Judgement:
    """What a page gave. `problems` are kinds; `sealed` is the file with the page's bytes."""

    kept: list[KeptPost] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    sealed: str = ""
    openings: list[dict[str, Any]] = field(default_factory=list, repr=False)

    @property
    def whole(self) -> bool:
        """Whether every post was judged."""
        return not self.problems

    def with_seal(self) -> list[KeptPost]:
        """The kept posts, those that raise an alert with the sealed file of the page. Without
        one, nothing could ever be opened, and there is nothing to commit to."""
        return [
            replace(post, sealed=self.sealed)
            if self.sealed and raises_alert(post)
            else replace(post, sealed="", commitments={})
            for post in self.kept
        ]


class Judge:
    """Scans, masks and seals. Safe between threads as its parts are."""

    def __init__(
        self,
        matcher: Matcher,
        leaks: Sequence[str],
        frontier: Frontier,
        recorder: Recorder,
        originals: Originals,
        whole_bytes: int = WHOLE,
    ) -> None:
        self._whole_bytes = whole_bytes
        self._matcher = matcher
        self._leaks = tuple(leaks)
        self._frontier = frontier
        self._recorder = recorder
        self._originals = originals

    def judge(self, page: PageReport, *, still_wanted: Callable[[], bool]) -> Judgement:
        """Every post of a page. Stops between posts once it is not wanted any more."""
        digest = hashlib.sha256(page.body).hexdigest()
        judgement = Judgement()
        for post in page.posts:
            if not still_wanted():
                judgement.problems.append("stopped")
                break
            try:
                found = self._judge_post(page, digest, post)
                if found is not None:
                    judgement.kept.append(found[0])
                    judgement.openings.append(found[1])
            except Exception as error:
                # One poisoned post must not end every crawl of its source. The kind of the
                # error and its place are logged (vigie.logs), never its text.
                log.exception("post-not-judged")
                judgement.problems.append(_problem(error))
        if judgement.kept:
            self._seal(page, digest, judgement)
        return judgement

    def is_repost(self, layers: Sequence[tuple[str, str]]) -> bool:
        """Whether these texts alone make it certain that the file is posted again."""
        texts = tuple(TextLayer(name, text) for name, text in layers)
        try:
            results = self._matcher.scan("", 0, "", texts)
        except Exception:
            # Not known, so the download goes on.
            log.exception("part-not-judged")
            return False
        return any(result.verdict is Verdict.REPOST for result in results)

    def _judge_post(
        self, page: PageReport, digest: str, post: PostReport
    ) -> tuple[KeptPost, dict[str, Any]] | None:
        """The post as it is kept, and the openings of its commitments, which are not."""
        findings = self._findings(page, digest, post)
        if not findings:
            return None
        text = "\n".join(text for name, text in post.layers if not name).strip()
        committed = commitments(findings, dict(post.layers))
        kept = KeptPost(
            location_key=self._frontier.location_key(post.location),
            also_keys=tuple(self._frontier.location_key(other) for other in post.also),
            thread_key=self._frontier.location_key(post.thread) if post.thread else None,
            content_key=self._frontier.content_key(text or digest),
            location=mask_address(post.location, post.frame_ids),
            also=tuple(mask_address(other, post.frame_ids) for other in post.also),
            title=mask_title(post.title),
            path=tuple(mask_address(step, post.frame_ids) for step in page.path),
            via=page.via,
            posted_at=moment(post.posted_at),
            findings=findings,
            commitments=committed.public,
            again=self._again(page, post),
        )
        return kept, committed.openings

    def _again(self, page: PageReport, post: PostReport) -> Again:
        """What to ask for to see whether the post is still there: a post of a thread has no
        answer of its own."""
        same_host = post.thread and host_port(post.thread) == host_port(post.location)
        address = canonical(post.thread if same_host else post.location) or post.location
        return Again(
            self._frontier.location_key(address),
            self._frontier.seal(address),
            self._frontier.seal_path(page.path),
        )

    def _findings(self, page: PageReport, digest: str, post: PostReport) -> tuple[Finding, ...]:
        layers = tuple(TextLayer(name, text) for name, text in post.layers)
        results = self._scan(page, digest, layers)
        for known in {*post.hashes} - {digest}:
            # An archive in the post may be a known copy that nothing opens.
            copies = self._matcher.scan("", len(page.body), known, ())
            results = tuple(
                replace(result, verdict=copy.verdict) if copy.verdict.raises_alert else result
                for result, copy in zip(results, copies, strict=True)
            )
        if page.stopped:
            note = _stopped_note(page)
            results = tuple(replace(result, notes=(*result.notes, note)) for result in results)
        return found_in(self._leaks, results, {layer.name: layer.text for layer in layers})

    def _scan(
        self, page: PageReport, digest: str, layers: tuple[TextLayer, ...]
    ) -> tuple[ScanResult, ...]:
        results = self._matcher.scan("", len(page.body), digest, layers)
        if any(result.records > len(result.matches) for result in results):
            # A whole list was posted. Every row that was read is wanted, so that an alert knows
            # which records it holds; the short answer stands when the long one cannot be had.
            # A long copy of the file is alerted on by its sample, and its note says so.
            try:
                return self._matcher.scan("", len(page.body), digest, layers, all_matches=True)
            except Exception:
                log.exception("rows-cut")
        return results

    def _seal(self, page: PageReport, digest: str, judgement: Judgement) -> None:
        """Seal the page's bytes once, if any of its posts that raise an alert says something new.
        What waits in the quieter queue leaves no body."""
        alerting = [post for post in judgement.kept if raises_alert(post)]
        if all(self._recorder.is_known(post) for post in alerting):
            return
        facts: dict[str, object] = {
            "address": page.address,
            "path": list(page.path),
            "status": page.status,
            "fetched_at": page.fetched_at,
            "content_type": page.content_type,
            "charset": page.charset,
            "peer": page.peer,
            "via": page.via,
            "rendered": page.rendered,
            "sha256": digest,
            "bytes": len(page.body),
            "declared_bytes": page.declared,
            "is_whole": not page.stopped,
            "sealed_at": stamp(datetime.now(UTC)),
            "posts": [
                {"location": post.location, "title": post.title, "posted_at": post.posted_at}
                for post in page.posts
            ],
        }
        try:
            body = page.body
            more: dict[str, bytes] = {}
            if len(body) > self._whole_bytes:
                body, page, more = sampled(page, judgement.openings, facts)
            more |= bundle([page], judgement.openings)
            judgement.sealed = self._originals.seal(body, facts, more)
        except Exception as error:
            log.exception("original-not-sealed")
            judgement.problems.append("seal")
            judgement.kept = []
            if isinstance(error, MemoryError):
                raise


def raises_alert(post: KeptPost) -> bool:
    """Whether anything in it calls an analyst."""
    return any(finding.result.verdict.raises_alert for finding in post.findings)


def found_in(
    leaks: Sequence[str], results: Sequence[ScanResult], texts: Mapping[str, str]
) -> tuple[Finding, ...]:
    """What is kept of the results: masked excerpts, and what was seen of each field, masked.
    `texts` are the layers by name, of which the spans are told."""
    found = []
    for leak, result in zip(leaks, results, strict=True):
        if result.verdict.is_kept:
            shown = snippets(texts, _marks(result))
            seen = [
                seen_values(texts.get(match.layer, ""), match.spans)
                for match in result.matches[:MAX_SEEN]
            ]
            told = tuple(item.to_json() for item in shown)
            found.append(Finding(leak, result, told, tuple(seen)))
    return tuple(found)


def page_facts(page: PageReport) -> PageFacts:
    """The facts of a page that may be stored. All of them come from the child, so each is held
    to a closed form: none can carry words."""
    mime = page.content_type.partition(";")[0].strip().casefold()
    return PageFacts(
        status=page.status if 0 <= page.status <= 999 else 0,
        fetched_at=moment(page.fetched_at) or datetime.now(UTC),
        bytes=len(page.body),
        sha256=hashlib.sha256(page.body).hexdigest(),
        content_type=mime if MIME.fullmatch(mime) else "",
        charset=_charset(page.charset),
        peer=peer_address(page.peer),
        rendered=page.rendered,
        connection=connection(page),
    )


def _charset(untrusted_name: str) -> str:
    try:
        return codecs.lookup(untrusted_name).name
    except (LookupError, ValueError):
        return ""


def _stopped_note(page: PageReport) -> str:
    of = f" of {page.declared}" if page.declared > len(page.body) else ""
    return (
        f"fetched {len(page.body)}{of} bytes: they are a repost already, so the download was "
        f"stopped and {NOT_READ}"
    )


def _marks(result: ScanResult) -> list[Mark]:
    return [
        Mark(match.layer, name, start, end)
        for match in result.matches[:MAX_MARKS]
        for name, (start, end) in zip(match.fields, match.spans, strict=True)
    ][:MAX_MARKS]


def _problem(error: Exception) -> str:
    return "scan" if type(error).__module__.startswith("matching") else "judge"
