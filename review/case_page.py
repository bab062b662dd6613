"""A case whole: alerts, evidence, requests with due dates, orders, the clock of article 33, how
long copies stayed up, cases that look like it, the custody log. Legal staff act here; others
read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy import Engine, select
from starlette.responses import RedirectResponse, Response

from evidence.cases import closing, copies
from evidence.cases.removal import Removal, removals
from evidence.dossier.facts import CaptureFacts, CaseFacts, load
from evidence.errors import EvidenceError
from evidence.gdpr import breach
from evidence.gdpr.breach import BreachView
from evidence.keeping import holds
from evidence.orders.register import Orders, PartyView
from evidence.requests.register import Register, RequestView
from index.accounts import is_legal
from index.cases import CaseDetail, CaseStore
from index.custody import enter
from index.engine import reading, writing
from index.errors import Conflict, WrongChoice
from index.leases import utc_now
from index.schema import Act, Dossier, LegalHold
from review.exports import EDITIONS, Exports
from review.guard import Visitor
from review.rendering import error_page, page
from review.signing_in import form_of, visitor_of

BIG_ID = 2**62
CAPTURES, ENTRIES = 50, 200
MAX_REASON = 1000
DONE = ("joined", "apart", "clock", "closed", "reopened", "hold", "released")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the custody log on this case."""

    seq: int
    at: datetime
    who: str
    what: str
    item: str
    detail: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the page shows; `more_captures` and `more_entries` are left out of it."""

    found: CaseDetail
    captures: tuple[CaptureFacts, ...]
    more_captures: int
    requests: tuple[RequestView, ...]
    orders: tuple[PartyView, ...]
    clocks: tuple[BreachView, ...]
    removals: tuple[Removal, ...]
    copies: tuple[copies.Copy, ...]
    holds: tuple[LegalHold, ...]
    dossiers: tuple[Any, ...]
    entries: tuple[Entry, ...]
    more_entries: int
    now: datetime


class CasePage:
    """The routes of a case. `role` is the organisation's: "controller" or "processor"."""

    def __init__(self, engine: Engine, exports: Exports | None, role: str) -> None:
        self._engine, self._exports, self._role = engine, exports, role

    def router(self) -> APIRouter:
        """The table of routes."""
        router = APIRouter()
        router.add_api_route("/cases/{case_id}", self.show, methods=["GET"])
        for name, act in (
            ("copies", self._copies), ("clock", self._clock), ("status", self._status),
            ("hold", self._hold),
        ):  # fmt: skip
            router.add_api_route(f"/cases/{{case_id}}/{name}", self._acting(act), methods=["POST"])
        return router

    def show(self, request: Request, case_id: int) -> Response:
        """The page; seeing it is an act."""
        visitor = visitor_of(request)
        done = request.query_params.get("done", "")
        return self._page(visitor, min(case_id, BIG_ID), done=done if done in DONE else "")

    def _page(
        self,
        visitor: Visitor,
        case_id: int,
        *,
        done: str = "",
        problem: str = "",
        status: int = 200,
    ) -> Response:
        view = self._read(case_id)
        if status == 200:
            with writing(self._engine) as connection:
                enter(connection, at=utc_now(), who=_name(visitor), what="view",
                      item=f"case:{case_id}")  # fmt: skip
        return page(
            "case.html", visitor, status, view=view, case=view.found.case,
            alerts=view.found.alerts, may=_may(visitor), done=done, problem=problem,
            proposed=breach.propose(self._engine, case_id, self._role), editions=EDITIONS,
            exporting=self._exports is not None, max_reason=MAX_REASON,
        )  # fmt: skip

    def _read(self, case_id: int) -> CaseView:
        found = CaseStore(self._engine).get(case_id)
        now = utc_now()
        requests = Register(self._engine, utc_now).list(case_id)
        orders = tuple(one for one in Orders(self._engine, utc_now).list()
                       if one.order.case == case_id)  # fmt: skip
        with reading(self._engine) as connection:
            facts = load(connection, case_id)
            dossiers = tuple(
                connection.execute(
                    select(Dossier.id, Dossier.edition, Dossier.created, Dossier.created_by,
                           Dossier.captures, Dossier.manifest_sha256)
                    .where(Dossier.case == case_id)
                    .order_by(Dossier.id.desc())
                )
            )  # fmt: skip
            entries, more = _entries(connection, facts)
        return CaseView(
            found=found, captures=facts.captures[::-1][:CAPTURES],
            more_captures=max(0, len(facts.captures) - CAPTURES), requests=requests, orders=orders,
            clocks=tuple(breach.clocks(self._engine, now, case_id)),
            removals=removals(found.alerts, requests),
            copies=copies.proposals(self._engine, case_id) if found.case.status == "open" else (),
            holds=tuple(holds.list_all(self._engine, case_id)), dossiers=dossiers,
            entries=entries, more_entries=more, now=now,
        )  # fmt: skip

    # Acts

    def _acting(self, act: Callable[[int, Visitor, dict[str, str]], str]) -> Callable[..., Any]:
        """A route that does one thing for legal staff and says what came of it."""

        def doing(visitor: Visitor, case_id: int, form: dict[str, str]) -> Response:
            if not _may(visitor):
                return error_page(visitor, 403, "role")
            try:
                address = act(min(case_id, BIG_ID), visitor, form)
            except (EvidenceError, Conflict):
                # Their sentences are for the command line; the page says it in its own words.
                return self._page(visitor, min(case_id, BIG_ID), problem="refused", status=422)
            return RedirectResponse(address, 303)

        async def route(request: Request, case_id: int) -> Response:
            form = await form_of(request)
            return await run_sync(doing, visitor_of(request), case_id, form)

        return route

    def _copies(self, case_id: int, visitor: Visitor, form: dict[str, str]) -> str:
        other, decision = _number(form.get("other", "")), form.get("decision", "")
        reason, who, now = _reason(form), _name(visitor), utc_now()
        if decision == "join":
            stays = copies.join(self._engine, case_id, other, who, reason, now)
            return f"/cases/{stays}?done=joined"
        if decision != "apart":
            raise WrongChoice("Two cases are joined or kept apart.")
        copies.keep_apart(self._engine, case_id, other, who, reason, now)
        return f"/cases/{case_id}?done=apart"

    def _clock(self, case_id: int, visitor: Visitor, form: dict[str, str]) -> str:
        proposed = breach.propose(self._engine, case_id, self._role)
        breach.start(
            self._engine, case_id, proposed.kind, _moment(form.get("aware", "")), _name(visitor),
            _reason(form), utc_now(), notified_as=proposed.notified_as,
        )  # fmt: skip
        return f"/cases/{case_id}?done=clock"

    def _status(self, case_id: int, visitor: Visitor, form: dict[str, str]) -> str:
        wanted = form.get("status", "")
        change = {"closed": closing.close, "open": closing.reopen}.get(wanted)
        if change is None:
            raise WrongChoice("A case is closed or opened again.")
        change(self._engine, case_id, _name(visitor), _reason(form), utc_now())
        return f"/cases/{case_id}?done={'closed' if wanted == 'closed' else 'reopened'}"

    def _hold(self, case_id: int, visitor: Visitor, form: dict[str, str]) -> str:
        who, reason, now = _name(visitor), _reason(form), utc_now()
        if not form.get("release"):
            holds.place(self._engine, case_id, reason, who, now)
            return f"/cases/{case_id}?done=hold"
        number = _number(form["release"])
        if number not in {one.id for one in holds.list_all(self._engine, case_id)}:
            raise WrongChoice("That hold is not of this case.")
        holds.release(self._engine, number, reason, who, now)
        return f"/cases/{case_id}?done=released"


def _entries(connection: Any, facts: CaseFacts) -> tuple[tuple[Entry, ...], int]:
    """The newest entries on the case and what is in it, and how many older ones there are."""
    wanted = [act.seq for act in facts.acts]
    rows = connection.execute(
        select(Act.seq, Act.at, Act.who, Act.what, Act.subject, Act.detail, Act.reason)
        .where(Act.seq.in_(wanted[-ENTRIES:]))
        .order_by(Act.seq.desc())
    )
    return tuple(Entry(*row) for row in rows), max(0, len(wanted) - ENTRIES)


def _may(visitor: Visitor) -> bool:
    return visitor.user is not None and is_legal(visitor.user.role)


def _name(visitor: Visitor) -> str:
    return visitor.user.name if visitor.user else ""


def _reason(form: dict[str, str]) -> str:
    return form.get("reason", "").strip()[:MAX_REASON]


def _number(untrusted_text: str) -> int:
    if not (untrusted_text.isascii() and untrusted_text.isdigit()) or len(untrusted_text) > 15:
        raise WrongChoice("The form names no number.")
    return int(untrusted_text)


def _moment(untrusted_text: str) -> datetime:
    """Of a datetime-local field, which the page says is in UTC."""
    try:
        found = datetime.fromisoformat(untrusted_text)
    except ValueError:
        raise WrongChoice("The form holds no time.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
