"""A page or file that a person lawfully obtained and hands in (`vigie capture import`).

It is read in the limited child, matched like a post, and kept only if it matched: sealed, with who
handed it in and where it is from. Nothing of it was seen by Vigie on a network, and its capture
says so: it is attested by that person, never proven.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vigie.config import Config, ConfigError

if TYPE_CHECKING:
    from crawler.messages import PageReport, PostReport
    from extraction.layers import Document
    from index.facts import KeptPost, Recorded
    from index.leases import Held, Keeper
    from index.recorder import Recorder
    from matching.client import MatcherClient
    from matching.result import ScanResult, TextLayer
    from vigie.scan_log import ScanLog
    from vigie.wiring import Record

MOST_BYTES = 32 * 1024 * 1024
MOST_ORIGIN = 500
VIA = "handed-in"
SECONDS = 120.0
LEASE_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Given:
    """What is handed in: the bytes, the source it belongs to, where it is from in the person's
    words, who that is, and the address where it stood, "" if that is not told."""

    body: bytes
    source: str
    origin: str
    who: str
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`verdict` is the strongest of all leaks; `alerts` those that it raised or added to, `new`
    of them; `notes` say what could not be read, without content."""

    verdict: str
    alerts: tuple[int, ...]
    new: tuple[int, ...]
    kept: bool
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "verdict": self.verdict, "alerts": list(self.alerts), "new": list(self.new),
            "kept": self.kept, "notes": list(self.notes),
        }  # fmt: skip


class Unreadable(Exception):
    """Nothing in the file can be read; the text is a sentence."""


class _Logged:
    """The matcher, every answer of which is logged before anyone sees it."""

    def __init__(self, matcher: MatcherClient, log: ScanLog) -> None:
        self._matcher = matcher
        self._log = log
        self.verdicts: list[ScanResult] = []

    def scan(
        self,
        document: str,
        size: int,
        sha256: str,
        layers: Sequence[TextLayer],
        *,
        all_matches: bool = False,
    ) -> tuple[ScanResult, ...]:
        """As the matcher's; the strongest result is logged."""
        from index.recorder import STRENGTH

        results = self._matcher.scan(document, size, sha256, layers, all_matches=all_matches)
        strongest = max(results, key=lambda result: STRENGTH[result.verdict])
        self._log.document(strongest)
        self.verdicts.append(strongest)
        return results


def hand_in(config: Config, record: Record, given: Given) -> Outcome:
    """Read, match and, if it matched, keep. Raises ConfigError (also while the source is crawled),
    MatchingError, CaptureError, and Unreadable."""
    from crawler.judge import Judge
    from index.facts import Recorded
    from index.frontier import Frontier
    from index.leases import Keeper, Leases
    from index.recorder import STRENGTH, Recorder
    from index.vault import Vault
    from matching.client import MatcherClient
    from vigie.scan_log import ScanLog, place
    from vigie.wiring import leak_refs, sealed_originals

    page, notes = read(given)
    frontier = Frontier(record.engine, Vault.open(config.storage.key_file))
    originals = sealed_originals(config)
    recorder, keeper = Recorder(record.engine), Keeper(Leases(record.engine))
    keeper.start()
    try:
        held = _lease(keeper, given.source)
        with (
            ScanLog(place(config.storage.path)) as log,
            MatcherClient(leak_refs(config)) as matcher,
        ):
            log.begin(matcher.names)
            logged = _Logged(matcher, log)
            whole = config.retention.whole_bytes
            judge = Judge(logged, matcher.names, frontier, recorder, originals, whole)
            judgement = judge.judge(page, still_wanted=lambda: True)
        if judgement.problems:
            raise ConfigError("The file could not be matched or sealed; `vigie doctor` shows why.")
        verdict = max((one.verdict for one in logged.verdicts), key=lambda one: STRENGTH[one])
        recorded, kept = Recorded(), False
        try:
            if judgement.kept:
                recorded = _record(recorder, held, page, judgement.with_seal(), given)
            kept = any(recorded.captured)
        finally:
            if judgement.sealed and not kept:
                originals.discard(judgement.sealed)
    finally:
        keeper.stop()
    return Outcome(
        str(verdict),
        tuple(alert.id for alert in (*recorded.new, *recorded.grown)),
        tuple(alert.id for alert in recorded.new),
        kept=kept,
        notes=notes,
    )


def read(given: Given) -> tuple[PageReport, tuple[str, ...]]:
    """The file as a page with one post, and what could not be read; raises Unreadable."""
    from crawler.messages import PageReport
    from extraction.errors import ExtractionError
    from extraction.layers import Limits
    from extraction.sandbox import Sandbox
    from index.leases import utc_now

    digest = hashlib.sha256(given.body).hexdigest()
    limits = Limits(max_bytes=MOST_BYTES, seconds=SECONDS)
    try:
        with Sandbox(limits) as sandbox:
            documents = sandbox.documents(given.body, name=given.name)
    except ExtractionError as error:
        raise Unreadable(str(error)) from error
    post = _post(given, digest, documents)
    notes = [note for one in documents for note in (*one.extracted.notes, one.error) if note]
    if not any(text.strip() for _, text in post.layers) and not post.hashes:
        raise Unreadable(notes[0] if notes else "there is no text in it")
    return (
        PageReport(
            address=post.location,
            status=0,
            fetched_at=utc_now().isoformat(),
            posts=(post,),
            body=given.body,
            via=VIA,
        ),
        tuple(dict.fromkeys(notes)),
    )


def _post(given: Given, digest: str, documents: Sequence[Document]) -> PostReport:
    """One location for all that is in the file. Names of members are the poster's and may hold a
    person's name, so their texts are numbered."""
    from crawler import addresses
    from crawler.messages import PostReport

    location = addresses.canonical(given.address) or f"{VIA}:{digest[:16]}"
    layers: list[tuple[str, str]] = []
    for number, document in enumerate(documents):
        for layer in document.extracted.layers:
            inside = f"member{number}" if number else ""
            layers.append((">".join(part for part in (inside, layer.name) if part), layer.text))
    if layers and layers[0][0]:
        layers.insert(0, ("", ""))
    hashes = dict.fromkeys(
        one for each in documents for one in (*each.extracted.hashes, each.sha256)
    )
    return PostReport(
        location=location,
        layers=tuple(layers),
        frame_ids=(digest[:16], *addresses.identifiers(location)),
        hashes=tuple(one for one in hashes if one != digest)[:100],
    )


def _lease(keeper: Keeper, source: str) -> Held:
    from index.leases import source_lease

    deadline = time.monotonic() + LEASE_WAIT
    while (held := keeper.hold(source_lease(source))) is None:
        if time.monotonic() > deadline:
            raise ConfigError(
                f"{source} is being crawled; nothing was kept. Try again in a minute, or pause it "
                f"first: vigie source pause {source}"
            )
        time.sleep(0.5)
    return held


def _record(
    recorder: Recorder, held: Held, page: PageReport, posts: Sequence[KeptPost], given: Given
) -> Recorded:
    """The capture with its origin in one transaction; no address of it is looked at again unless
    one was told."""
    from crawler.judge import page_facts
    from index.facts import Fence, HandedIn

    facts = page_facts(page)
    facts = replace(
        facts,
        connection={**facts.connection, "kind": VIA, "address_told": bool(given.address)},
        handed_in=HandedIn(given.who, given.origin),
    )
    # Without an address there is nothing to ask for again, and the name is one of ours.
    kept = [
        post if given.address else replace(post, again=None, location=page.address)
        for post in posts
    ]
    return recorder.record_page(Fence(given.source, held.grant.token), facts, posts=kept)
