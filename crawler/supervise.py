"""One crawl, seen from the side that can be trusted.

The child fetches and parses hostile pages; here its frames are checked, its questions answered
with keyed hashes, its posts judged and what matched recorded, a page a transaction. Whatever the
child does (lies, hangs, floods, dies), the crawl ends as "failed", what was recorded stays, and
its processes and its temporary folder are gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from crawler.addresses import canonical
from crawler.bounds import MAX_PARTS
from crawler.canaries import CanaryLook
from crawler.judge import Judgement, page_facts
from crawler.links import Links
from crawler.messages import (
    MAX_ADDRESS,
    BadMessage,
    PageReport,
    hosts_of,
    number,
    pairs,
    seconds_of,
    text,
    texts,
    unchanged_of,
    validators_of,
)
from crawler.outcome import CrawlOutcome, Progress
from crawler.parts import Forks, Parts
from crawler.revisiting import Revisiting, due_now
from crawler.runfolder import RunFolder
from crawler.source import SourceSpec
from crawler.threads import Collected
from crawler.watchdog import Child, Watchdog
from index.errors import StaleLease
from index.facts import PageFacts, Recorded
from index.frontier import PendingAddress
from index.recorder import Fence
from index.threads import ThreadPost
from matching.frames import FrameError, encode, receive

OUTCOMES = ("finished", "blocked", "failed", "budget", "stopped")
REREAD_SHARE = 10  # one in so many of a crawl's requests may look for edits
GRACE = 20.0  # seconds after its own time limit in which a child may end by itself
MAX_KINDS = 40
GONE = ("gone", "soft-gone")
OUR_SIDE = ("scan", "judge", "thread", "seal")  # what keeps a page from being marked as read
KIND = re.compile(r"[a-z][a-z0-9-]{0,39}")

log = structlog.get_logger("crawler.supervise")


class Supervisor:
    """Runs crawls, several at once from several threads."""

    def __init__(self, forks: Forks, parts: Parts, folder: RunFolder) -> None:
        self._forks = forks
        self._parts = parts
        self._folder = folder

    def crawl(
        self,
        spec: SourceSpec,
        *,
        token: int = 0,
        crawl: int | None = None,
        stop: Callable[[], str] = lambda: "",
        progress: Callable[[Progress], None] = lambda _progress: None,
    ) -> CrawlOutcome:
        """One crawl under the lease `token` of the source. `stop` gives the reason to stop, ""
        while there is none. Raises what the fork server raises when no child can be started."""
        handed = self._parts.frontier.pending(spec.id)
        again = due_now(self._parts.revisits, spec)
        temp = self._folder.new()
        try:
            ways = [(one.address, one.path) for one in handed]
            ways += [(one.address, one.path) for one in again]
            more: dict[str, Any] = {"paths": {address: path for address, path in ways if path}}
            if self._parts.validators is not None and not any(item.whole for item in handed):
                more["validators"] = self._parts.validators.of(spec.id)
            child = self._forks.start(spec, list(dict(ways)), temp, more)
            try:
                with Watchdog(
                    child, seconds=spec.crawl_seconds + GRACE, memory=spec.memory, stop=stop
                ) as watchdog:
                    whole = frozenset(item.location_key for item in handed if item.whole)
                    talk = _Conversation(
                        self._parts, spec, Fence(spec.id, token, crawl), watchdog, child, progress,
                        Collected(whole, self._parts.frontier),
                        Revisiting(again, self._parts.frontier),
                    )  # fmt: skip
                    outcome, error = talk.run()
            finally:
                child.kill()
                child.wait(2.0)
                with suppress(OSError):
                    child.socket.close()
        finally:
            self._folder.remove(temp)
        if (outcome == "finished" or talk.partly) and handed:
            error = self._settle(spec, token, handed, talk.progress, error)
        talk.revisiting.settle(self._parts.revisits, spec.id, token, outcome)
        counts = talk.progress.counts()
        return CrawlOutcome(
            outcome, counts, error, talk.new_alerts, talk.partly, talk.wait, talk.requests
        )

    def _settle(
        self,
        spec: SourceSpec,
        token: int,
        handed: Sequence[PendingAddress],
        progress: Progress,
        error: str,
    ) -> str:
        """What was handed over and not read is tried a few times more."""
        with suppress(StaleLease):
            if given_up := self._parts.frontier.tried(spec.id, token, handed):
                progress.problems["given-up"] += given_up
                return error or f"{given_up} linked addresses were given up after five attempts"
        return error


class _Conversation:
    """The frames of one child."""

    def __init__(
        self,
        parts: Parts,
        spec: SourceSpec,
        fence: Fence,
        watchdog: Watchdog,
        child: Child,
        report: Callable[[Progress], None],
        collected: Collected,
        revisiting: Revisiting,
    ) -> None:
        self._parts = parts
        self._spec = spec
        self._fence = fence
        self._watchdog = watchdog
        self._child = child
        self._report = report
        self._collected = collected
        self.revisiting = revisiting
        self._canaries = CanaryLook(parts.canaries, spec.id, fence.token)
        self._links = Links(spec, parts.frontier, parts.links, parts.sister, parts.wake)
        self._parts_asked = 0
        self._lists: list[dict[str, Any]] = []
        self._rereads = max(2, min(spec.max_pages, spec.max_requests) // REREAD_SHARE)
        self._judged = self._unjudged = False
        self._lost: set[str] = set()
        self.progress = Progress()
        self.new_alerts = 0
        self.partly = False
        self.wait = 0.0
        self.requests = 0

    def run(self) -> tuple[str, str]:
        """Until the child is done or was ended; returns outcome and error."""
        try:
            outcome = self._listen()
            self._links.flush()
            self._judge_threads(outcome)
            self._canaries.end(outcome, self.progress)
            self._keep_validators(outcome)
        except StaleLease:
            return "stale", "another process took over this source"
        except (FrameError, OSError):
            return self._ended()
        except BadMessage:
            self._note("bad-message")
            return "failed", "the crawl's process sent something that is no message of ours"
        except SQLAlchemyError as error:
            log.exception("record-refused")
            return "failed", f"the record could not be written ({type(error).__name__})"
        if self._watchdog.reason:
            return self._ended()
        if self._unjudged and outcome in ("finished", "budget"):
            outcome, self.partly = "failed", self._judged
        return outcome, self._summary(outcome)

    def _listen(self) -> str:
        while True:
            untrusted_header, untrusted_body = receive(self._child.socket)
            kind = untrusted_header.get("t")
            if kind == "page":
                page = PageReport.from_frame(untrusted_header, untrusted_body)
                self._page(replace(page, via=self._spec.via))
            elif kind == "ask":
                self._answer(untrusted_header)
            elif kind in ("link", "left"):
                self._link(untrusted_header)
            elif kind == "part":
                self._part(untrusted_header)
            elif kind == "lists":
                self._lists = validators_of(untrusted_header)
            elif kind == "sent":
                hosts = hosts_of(untrusted_header)
                self.requests += sum(hosts.values())
                self._parts.spent(self._spec.id, hosts)
            elif kind == "problem":
                self._problem(untrusted_header)
            elif kind == "done":
                outcome = text(untrusted_header, "outcome", 40)
                self.wait = seconds_of(untrusted_header, "wait")
                self.progress.sight["unchanged"] = unchanged_of(untrusted_header)
                return outcome if outcome in OUTCOMES else "failed"
            else:
                raise BadMessage("a frame of an unknown kind")

    def _page(self, page: PageReport) -> None:
        if self.progress.pages >= self._spec.max_pages * 2 + 100:
            raise BadMessage("more pages than the child was allowed")
        self._links.flush()
        judgement = self._parts.judge.judge(page, still_wanted=lambda: not self._killed())
        thread_posts = self._traces(page, judgement)
        for problem in judgement.problems:
            self._note(problem)
        if page.posts and judgement.whole:
            self._judged = True
        if not judgement.whole:
            self._unjudged = True
            self._lost |= {post.thread for post in page.posts} | set(map(canonical, page.path))
        seen = self._parts.frontier.keys(self._marks(page, judgement))
        self._record(page, judgement, seen, thread_posts)
        self._collected.take(page)
        self.revisiting.page(page)
        self._canaries.page(page)
        self.progress.saw(page.role, page.held)
        self.progress.pages += 1
        self.progress.posts += len(page.posts)
        self.progress.bytes += len(page.body)
        self._report(self.progress)

    def _marks(self, page: PageReport, judgement: Judgement) -> list[tuple[str, str]]:
        """What the page marks as read. A page that was not judged whole marks nothing, and no
        later page marks the thread that it belongs to."""
        if not judgement.whole:
            return []
        own = {post.location for post in page.posts}
        return [pair for pair in page.seen if pair[0] in own or pair[0] not in self._lost]

    def _traces(self, page: PageReport, judgement: Judgement) -> list[ThreadPost]:
        """What the page's posts say for their threads; a page of which that is not known comes
        again, as one of which a post was not judged."""
        if self._parts.threads is None or not judgement.whole:
            return []
        try:
            return self._parts.threads.traces(page)
        except Exception:
            log.exception("thread-not-read")
            judgement.problems.append("thread")
            return []

    def _judge_threads(self, outcome: str) -> None:
        """Judge the threads that were ordered whole, as far as they were read."""
        if self._parts.threads is None or outcome not in ("finished", "budget"):
            return
        if self._collected.cut:
            self._note("thread-too-long")
        whole = outcome == "finished" and not set(self.progress.problems) - {"link-dropped"}
        for thread in self._collected.threads():
            if self._killed():
                return
            try:
                told = self._parts.threads.judge(thread)
            except Exception:
                log.exception("thread-not-judged")
                self._note("thread")
                self._unjudged = True
                continue
            if told.post is None and not whole:
                # Something of it may be missing, so the order stands.
                continue
            judgement = Judgement([told.post] if told.post else [], sealed=told.sealed)
            self._write(told.page, judgement, settled=thread.key)

    def _record(
        self,
        page: PageReport,
        judgement: Judgement,
        seen: list[tuple[bytes, bytes]],
        thread_posts: Sequence[ThreadPost],
    ) -> None:
        recorded = self._write(page_facts(page), judgement, seen=seen, thread_posts=thread_posts)
        if recorded.ordered:
            self._parts.wake(self._spec.id)

    def _write(self, facts: PageFacts, judgement: Judgement, **more: Any) -> Recorded:
        recorder, originals = self._parts.recorder, self._parts.originals
        kept_sealed = False
        try:
            recorded = recorder.record_page(self._fence, facts, posts=judgement.with_seal(), **more)
            kept_sealed = any(recorded.captured)
        finally:
            if judgement.sealed and not kept_sealed:
                originals.discard(judgement.sealed)
        self.progress.matched += len(judgement.kept)
        self.new_alerts += len(recorded.new)
        for alert in recorded.new:
            self._parts.tell(alert, True)
        for alert in recorded.grown:
            self._parts.tell(alert, False)
        return recorded

    def _answer(self, untrusted_header: dict[str, Any]) -> None:
        asked = pairs(untrusted_header, "keys")
        states = self._parts.frontier.known(
            self._spec.id,
            asked,
            whole=self._collected.wanted,
            within=canonical(text(untrusted_header, "within", MAX_ADDRESS)),
            again=self._rereads if untrusted_header.get("links") is True else 0,
        )
        self._rereads -= states.count("old")
        self._canaries.asked(location for location, _ in asked)
        states = self.revisiting.answer(asked, states)
        answer = {"t": "known", "id": number(untrusted_header, "id"), "states": states}
        self._watchdog.send(encode(answer))

    def _keep_validators(self, outcome: str) -> None:
        """Only when all that hung on the pages was read they need not be seen again."""
        missed = self._unjudged or set(self.progress.problems) - {*GONE, "link-dropped"}
        if self._parts.validators is None or outcome != "finished" or missed:
            return
        self._parts.validators.keep(self._spec.id, self._fence.token, self._lists)

    def _link(self, untrusted_header: dict[str, Any]) -> None:
        """A link of a post: it waits for whoever fetches it, or is listed as not followed."""
        address = text(untrusted_header, "address", MAX_ADDRESS)
        path = texts(untrusted_header, "path", MAX_ADDRESS)
        if untrusted_header["t"] == "left":
            taken = self._links.leave(address, text(untrusted_header, "reason", 100), path)
        else:
            taken = self._links.take(address, text(untrusted_header, "kind", 20), path)
        if not taken:
            self._note("link-dropped")

    def _part(self, untrusted_header: dict[str, Any]) -> None:
        """The beginning of a file: one bit back, of which no person can be told."""
        self._parts_asked += 1
        if self._parts_asked > MAX_PARTS:
            raise BadMessage("more questions about parts than the child was allowed")
        enough = self._parts.judge.is_repost(pairs(untrusted_header, "layers"))
        number_ = number(untrusted_header, "id")
        self._watchdog.send(encode({"t": "enough", "id": number_, "enough": enough}))

    def _problem(self, untrusted_header: dict[str, Any]) -> None:
        kind = text(untrusted_header, "kind", 100)
        self._note(kind)
        address = canonical(text(untrusted_header, "address", MAX_ADDRESS))
        if not address:
            return
        key = self._parts.frontier.location_key(address)
        self.revisiting.problem(key, kind if KIND.fullmatch(kind) else "other")
        if kind in GONE:
            self._parts.recorder.record_gone(self._fence, key)
            self._parts.frontier.looked(self._spec.id, key)

    def _note(self, untrusted_kind: str) -> None:
        kind = untrusted_kind if KIND.fullmatch(untrusted_kind) else "other"
        if kind in self.progress.problems or len(self.progress.problems) < MAX_KINDS:
            self.progress.problems[kind] += 1

    def _killed(self) -> bool:
        return bool(self._watchdog.reason)

    def _ended(self) -> tuple[str, str]:
        reason = self._watchdog.reason
        if reason == "time":
            return "failed", f"still running {GRACE:.0f} s after its time limit, and was ended"
        if reason == "memory":
            return "failed", f"used more than {self._spec.memory // 2**20} MB, and was ended"
        if reason == "stale":
            return "stale", "another process took over this source"
        if reason:
            return "stopped", ""
        return "failed", "the crawl's process died"

    def _summary(self, outcome: str) -> str:
        if outcome == "finished" and not self.progress.problems:
            return ""
        problems = sorted(
            self.progress.problems.most_common(), key=lambda problem: problem[0] not in OUR_SIDE
        )
        listed = ", ".join(f"{kind} ({n})" for kind, n in problems[:5])
        return listed or ("" if outcome in ("finished", "stopped", "budget") else outcome)
