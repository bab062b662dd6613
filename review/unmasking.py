"""One record shown to one named person, for a stated reason and a short time.

This application holds no key: it passes the reason on to the unmasking process, which checks the
session itself, writes the entry and opens the record. What comes back goes into one page and
nowhere else; that page is not cached and leaves by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from evidence.unmask.client import Unmasker
from evidence.unmask.protocol import MAX_REASON, MIN_REASON, Shown, Wanted
from index.accounts import may_unmask
from index.alerts import AlertStore
from index.errors import WrongChoice
from index.views import AlertDetail
from review.guard import Visitor
from review.rendering import page
from review.signing_in import form_of, visitor_of

SECONDS = 60
OFFERED = 50
BIG_ID = 2**62


@dataclass(frozen=True, slots=True)
class Choice:
    """One record that can be opened: the row of the leak in a hit."""

    hit: int
    row: int
    fields: tuple[str, ...]

    @property
    def value(self) -> str:
        """As the form sends it."""
        return f"{self.hit}:{self.row}"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the alert page offers. `why_not` names a phrase under "unmask", "" with choices."""

    why_not: str
    choices: tuple[Choice, ...] = ()
    max_reason: int = MAX_REASON
    min_reason: int = MIN_REASON


def offer(detail: AlertDetail, visitor: Visitor, unmasker: Unmasker | None) -> Offer:
    """Which records this visitor may ask for; the unmasking process decides for itself again."""
    if visitor.user is None or not may_unmask(visitor.user.role):
        return Offer("why_role")
    if unmasker is None or not unmasker.is_there():
        return Offer("why_off")
    if detail.alert.status != "open":
        return Offer("why_decided")
    found = [
        (float(match["bits"]), Choice(hit.id, int(match["row"]), tuple(match["fields"])))
        for hit in detail.hits
        if hit.capture.sealed
        for match in hit.matches[: hit.records]
    ]
    found.sort(key=lambda pair: (-pair[0], pair[1].row))
    best: dict[int, Choice] = {}
    for _, choice in found:
        best.setdefault(choice.row, choice)
    return Offer("", tuple(best.values())[:OFFERED]) if best else Offer("why_none")


def build(alerts: AlertStore, unmasker: Unmasker | None) -> APIRouter:
    """The route that shows a record. By GET it leads back: a record is never shown by a link."""
    router = APIRouter()

    @router.get("/alerts/{alert_id}/record")
    def again(alert_id: int) -> Response:
        return RedirectResponse(f"/alerts/{min(alert_id, BIG_ID)}", 303)

    @router.post("/alerts/{alert_id}/record")
    async def record(request: Request, alert_id: int) -> Response:
        form = await form_of(request)
        return await run_sync(_record, alerts, unmasker, visitor_of(request), alert_id, form)

    return router


def _record(
    alerts: AlertStore, unmasker: Unmasker | None, visitor: Visitor, alert_id: int,
    form: dict[str, str],
) -> Response:  # fmt: skip
    detail = alerts.get(min(alert_id, BIG_ID))
    hit, row = _chosen(form.get("record", ""))
    if hit not in {one.id for one in detail.hits}:
        raise WrongChoice("That record is not of this alert.")
    wanted = Wanted(visitor.token, hit, row, form.get("reason", "").strip())
    shown = unmasker.open(wanted) if unmasker is not None else Shown("off")
    answer = page(
        "record.html", visitor, STATUS.get(shown.why_not, 403) if shown.why_not else 200,
        alert=detail.alert, shown=shown, row=row, seconds=SECONDS,
    )  # fmt: skip
    if not shown.why_not:
        # Also without the script, and also in a browser that somebody left open.
        answer.headers["refresh"] = f"{SECONDS}; url=/alerts/{detail.alert.id}"
    return answer


STATUS = {"reason": 422, "not-found": 404, "away": 503, "busy": 503, "off": 404, "too-many": 429}


def _chosen(untrusted_text: str) -> tuple[int, int]:
    hit, _, row = untrusted_text.partition(":")
    if not all(one.isascii() and one.isdigit() and len(one) < 18 for one in (hit, row)):
        raise WrongChoice("The form names no record.")
    return int(hit), int(row)
