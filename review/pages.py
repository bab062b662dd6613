"""The pages: alerts, one alert and its decision, the quieter queue, sources, a case."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from evidence.unmask.client import Unmasker
from index.accounts import AccountStore
from index.alerts import MAX_REASON, STATUSES, AlertFilter, AlertStore
from index.cases import CaseStore
from index.errors import Conflict, IndexUnavailable, WrongChoice, WrongQuery
from index.find import find_alerts
from index.leases import utc_now
from index.review_queries import QUIET_VERDICTS, ReviewQueries
from index.search import MAX_PAGE, SearchIndex
from index.sight import OVERDUE, RED, is_overdue
from index.sources import SourceStore, SourceView
from index.views import THRESHOLDS, QueuedHit
from review import evidence_view, unmasking
from review.guard import Visitor
from review.rendering import page, page_html
from review.signing_in import form_of, visitor_of
from review.wording import Words

PAGE = 50
SORTS = ("first_seen", "last_seen", "records", "bits")
VERDICTS = ("repost", "fragment")
BIG_ID = 2**62


@dataclass(frozen=True, slots=True)
class Stores:
    """What the pages read and write."""

    alerts: AlertStore
    queries: ReviewQueries
    sources: SourceStore
    cases: CaseStore
    accounts: AccountStore
    search: SearchIndex
    unmasker: Unmasker | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list is asked for, from the address; every value is checked."""

    status: str = "open"
    verdict: str = ""
    source: str = ""
    leak: str = ""
    text: str = ""
    sort: str = "first_seen"
    after: str = ""

    @classmethod
    def of(cls, request: Request) -> Listing:
        """From the query; what we do not know falls back, so that an old link still opens."""
        query = request.query_params
        status, sort = query.get("status", "open"), query.get("sort", "first_seen")
        verdict = query.get("verdict", "")
        return cls(
            status=status if status in (*STATUSES, "all") else "open",
            verdict=verdict if verdict in VERDICTS else "",
            source=query.get("source", "")[:100],
            leak=query.get("leak", "")[:200],
            text=query.get("q", "").strip()[:200],
            sort=sort if sort in SORTS else "first_seen",
            after=query.get("after", "")[:500],
        )

    @property
    def narrowed(self) -> bool:
        """Whether something besides the status narrows the list."""
        return bool(self.verdict or self.source or self.leak or self.text)

    def address(self, base: str = "/alerts", **changes: str) -> str:
        """The address of this list with some values changed; defaults are left out."""
        wanted = replace(self, **changes)
        names = {
            "status": (wanted.status, "open"),
            "verdict": (wanted.verdict, ""),
            "source": (wanted.source, ""),
            "leak": (wanted.leak, ""),
            "q": (wanted.text, ""),
            "sort": (wanted.sort, "first_seen"),
            "after": (wanted.after, ""),
        }
        pairs = {name: value for name, (value, plain) in names.items() if value != plain}
        return base + ("?" + urlencode(pairs) if pairs else "")


def _wanted(listing: Listing, ids: tuple[int, ...] | None) -> AlertFilter:
    return AlertFilter(
        status="" if listing.status == "all" else listing.status,
        verdict=listing.verdict,
        source=listing.source,
        leak=listing.leak,
        ids=ids,
    )


def _found(
    search: SearchIndex, untrusted_query: str, words: Words
) -> tuple[tuple[int, ...] | None, str]:
    """The alerts that a search finds, None where nothing is searched for, and in words what is to
    be said about it. Where it cannot be answered nothing is listed, rather than everything."""
    if not untrusted_query:
        return None, ""
    try:
        found = find_alerts(search, untrusted_query)
    except WrongQuery as wrong:
        return (), words.text(f"find.{wrong.kind}", field=wrong.field)
    except IndexUnavailable:
        return (), words.text("find.away")
    return found.ids, words.text("find.more", n=words.number(MAX_PAGE)) if found.more else ""


def rows_html(stores: Stores, visitor: Visitor, listing: Listing) -> tuple[str, str]:
    """The list's changing part as HTML, and a short hash of it."""
    ids, problem = _found(stores.search, listing.text, Words(visitor.language))
    wanted = _wanted(listing, ids)
    found = stores.alerts.list(wanted, sort=listing.sort, limit=PAGE, after=listing.after)
    counts = stores.alerts.counts(replace(wanted, status=""))
    html = page_html(
        "_rows.html",
        visitor,
        {
            "listing": listing,
            "found": found,
            "counts": counts,
            "statuses": STATUSES,
            "problem": problem,
        },
    )
    return html, hashlib.sha256(html.encode()).hexdigest()[:16]


def build(stores: Stores) -> APIRouter:
    """The routes of every page behind the log-in."""
    router = APIRouter()

    @router.get("/")
    def start() -> Response:
        return RedirectResponse("/alerts", 303)

    @router.get("/alerts")
    def alerts(request: Request) -> Response:
        visitor, listing = visitor_of(request), Listing.of(request)
        rows, version = rows_html(stores, visitor, listing)
        return page(
            "alerts.html",
            visitor,
            listing=listing,
            rows=rows,
            version=version,
            choices=stores.alerts.choices(),
            verdicts=VERDICTS,
            sorts=SORTS,
        )

    @router.get("/alerts/rows")
    def alert_rows(request: Request) -> Response:
        """The list's rows alone; 204 when they are what the page already shows."""
        rows, version = rows_html(stores, visitor_of(request), Listing.of(request))
        if request.query_params.get("seen") == version:
            return Response(status_code=204)
        return HTMLResponse(rows, headers={"x-vigie-version": version})

    @router.get("/alerts/{alert_id}")
    def alert(request: Request, alert_id: int) -> Response:
        return _alert_page(stores, visitor_of(request), alert_id, done=_done(request))

    @router.post("/alerts/{alert_id}/decision")
    async def decide(request: Request, alert_id: int) -> Response:
        form = await form_of(request)
        return await run_sync(_decide, stores, visitor_of(request), alert_id, form)

    @router.get("/queue")
    def queue(request: Request, before: int = 0) -> Response:
        wanted = request.query_params.get("verdict", "")
        verdict = wanted if wanted in QUIET_VERDICTS else ""
        hits = stores.queries.queue(verdict, before=min(max(before, 0), BIG_ID), limit=PAGE + 1)
        return page(
            "queue.html",
            visitor_of(request),
            hits=hits[:PAGE],
            more=hits[PAGE - 1].hit.id if len(hits) > PAGE else 0,
            verdict=verdict,
            verdicts=QUIET_VERDICTS,
            counts=stores.queries.queue_counts(),
        )

    @router.get("/queue/{hit_id}")
    def queued(request: Request, hit_id: int) -> Response:
        visitor = visitor_of(request)
        found = stores.queries.queued(min(hit_id, BIG_ID))
        stores.accounts.record_act(_name(visitor), "view", f"hit:{hit_id}")
        return _queued_page(visitor, found)

    @router.post("/queue/{hit_id}/promote")
    async def promote(request: Request, hit_id: int) -> Response:
        form = await form_of(request)
        return await run_sync(_promote, stores, visitor_of(request), hit_id, form)

    @router.get("/sources")
    def sources(request: Request) -> Response:
        crawling = stores.queries.crawling()
        states = sorted(stores.sources.states().values(), key=lambda state: state.id)
        return page(
            "sources.html",
            visitor_of(request),
            sources=[each if each.id in crawling else _as_of_now(each) for each in states],
            crawling=crawling,
            alerts=stores.queries.alerts_by_source(),
        )

    return router


def _as_of_now(source: SourceView) -> SourceView:
    """With the fault that a watch that has ended cannot note itself."""
    late = is_overdue(utc_now(), source.next_due, source.interval_s or 0.0)
    if not (source.sight and late):
        return source
    return replace(source, sight=RED, sight_reason=OVERDUE)


def _queued_page(visitor: Visitor, found: QueuedHit, *, problem: bool = False) -> Response:
    return page(
        "queued.html",
        visitor,
        422 if problem else 200,
        found=found,
        evidence=evidence_view.evidence((found.hit,)),
        snippets=evidence_view.snippets((found.hit,)),
        limits=THRESHOLDS,
        max_reason=MAX_REASON,
        problem=problem,
    )


def _promote(stores: Stores, visitor: Visitor, hit_id: int, form: dict[str, str]) -> Response:
    found = stores.queries.queued(min(hit_id, BIG_ID))
    reason = form.get("reason", "").strip()
    if not reason or len(reason) > MAX_REASON:
        return _queued_page(visitor, found, problem=True)
    alert = stores.alerts.promote(found.hit.id, reason, _name(visitor))
    return RedirectResponse(f"/alerts/{alert.id}", 303)


def _name(visitor: Visitor) -> str:
    return visitor.user.name if visitor.user else ""


def _done(request: Request) -> str:
    done = request.query_params.get("done", "")
    return done if done in STATUSES else ""


def _alert_page(
    stores: Stores,
    visitor: Visitor,
    alert_id: int,
    *,
    done: str = "",
    problem: str = "",
    reason: str = "",
    status: int = 200,
) -> Response:
    alert_id = min(alert_id, BIG_ID)
    detail = stores.alerts.get(alert_id)
    subject = f"alert:{alert_id}"
    stores.accounts.record_act(_name(visitor), "view", subject)
    newer, older = stores.queries.neighbours(alert_id, AlertFilter(status="open"))
    return page(
        "alert.html",
        visitor,
        status,
        detail=detail,
        alert=detail.alert,
        evidence=evidence_view.evidence(detail.hits),
        snippets=evidence_view.snippets(detail.hits),
        limits=THRESHOLDS,
        history=stores.queries.history(subject),
        newer=newer,
        older=older,
        done=done,
        problem=problem,
        reason=reason,
        max_reason=MAX_REASON,
        unmask=unmasking.offer(detail, visitor, stores.unmasker),
    )


def _decide(stores: Stores, visitor: Visitor, alert_id: int, form: dict[str, str]) -> Response:
    status = form.get("status", "")
    reason = form.get("reason", "").strip()
    version = form.get("version", "")
    if not (version.isascii() and version.isdigit()) or len(version) > 15:
        raise WrongChoice("The form holds no version.")
    problem = "" if reason else "reason"
    if reason:
        try:
            stores.alerts.decide(
                min(alert_id, BIG_ID), status, reason, _name(visitor), int(version)
            )
        except Conflict:
            problem = "conflict"
    if problem:
        return _alert_page(
            stores,
            visitor,
            alert_id,
            problem=problem,
            reason=reason,
            status=409 if problem == "conflict" else 422,
        )
    return RedirectResponse(f"/alerts/{alert_id}?done={status}", 303)
