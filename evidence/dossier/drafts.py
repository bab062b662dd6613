"""Which pieces a case has, in the order in which new ones get their numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from evidence.dossier import french
from evidence.dossier.facts import CaptureFacts, CaseFacts, moment
from evidence.dossier.pieces import Draft
from evidence.dossier.typeset import Typesetter
from evidence.errors import EvidenceError
from evidence.orders.register import Orders, PartyView
from evidence.requests import message
from evidence.requests.register import RequestView
from evidence.store import Store
from index.engine import reading
from index.schema import BlockCheck, CourtOrder
from index.views import AlertView, stamp

PICTURES, TILES, TILE_HEIGHT, COLOURS = 20, 12, 780, 64
NEAR = 90  # pixels above a cut in which a row between two lines is looked for
MAX_PIXELS = 1280 * 16_000
CHECKS = 200


def drafts(
    case: CaseFacts, requests: Sequence[RequestView], engine: Engine, store: Store,
    typesetter: Typesetter, orders: Orders,
) -> list[Draft]:  # fmt: skip
    """The report, the synthesis, each site's captures, each request that left, each order."""
    found = [
        Draft("report", "Rapport de constatations et chronologie", "rapport"),
        Draft("synthesis", "Synthèse de l’affaire", "synthese"),
    ]
    for host in case.hosts:
        blocks = tuple(_copies(case, host, store, typesetter))
        found.append(Draft(f"captures:{host}", f"Captures relevées sur {host}",
                           "piece-captures", blocks, {"host": host}))  # fmt: skip
    for view in requests:
        if view.row.state == "sent":
            title = f"Demande n° {view.row.id} adressée à {view.row.name}"
            found.append(Draft(f"request:{view.row.id}", title, "piece-demande",
                               (_request(view),)))  # fmt: skip
    for order, parties in _orders(engine, case.id, orders):
        title = f"Décision {order.number} ({order.court}), signification et suites"
        told = _order(engine, order, parties)
        found.append(Draft(f"order:{order.id}", title, "piece-decision", (told,)))
    return found


def _copies(
    case: CaseFacts, host: str, store: Store, typesetter: Typesetter
) -> Iterator[dict[str, Any]]:
    by_place: dict[str, list[CaptureFacts]] = {}
    for capture in case.captures:
        if capture.host == host:
            by_place.setdefault(capture.location, []).append(capture)
    alerts = {alert.id: alert for alert in case.alerts}
    for at, (location, captures) in enumerate(by_place.items()):
        last = captures[-1]
        yield {
            "location": location,
            **_sight(alerts.get(last.alert)),
            "records": last.records,
            "fields": list(last.fields),
            "path": list(last.path),
            "captures": [
                {"id": one.id, "at": moment(one.fetched_at), "sha256": one.sha256,
                 "bytes": one.bytes, "status": one.status,
                 "peer": one.peer}
                for one in captures
            ],
            "excerpts": [[list(part) for part in snippet.get("segments", ())]
                         for snippet in last.snippets[:3]],
            "picture": _picture(last, store, typesetter, show=at < PICTURES),
        }  # fmt: skip


def _sight(alert: AlertView | None) -> dict[str, str]:
    if alert is None:
        return {"first_seen": "", "last_seen": "", "gone": ""}
    return {"first_seen": moment(alert.first_seen), "last_seen": moment(alert.last_seen),
            "gone": moment(alert.gone_at)}  # fmt: skip


def _picture(
    capture: CaptureFacts, store: Store, typesetter: Typesetter, *, show: bool
) -> dict[str, Any]:
    item = capture.item("page")
    told: dict[str, Any] = {
        "capture": capture.id, "state": item.state if item else "not-made",
        "error": french.reason(item.error) if item else "", "at": moment(item.at) if item else "",
        "sha256": item.sha256 if item else "", "tiles": [], "cut": False,
    }  # fmt: skip
    if item is None or item.state != "made" or not show:
        return told
    try:
        tiles, told["cut"] = tiles_of(store.get(item.file))
    except (OSError, ValueError) as error:
        raise EvidenceError(f"capture {capture.id}: its picture cannot be read") from error
    told["tiles"] = [
        typesetter.add(f"capture-{capture.id}-{at}.png", tile) for at, tile in enumerate(tiles)
    ]
    return told


def tiles_of(png: bytes) -> tuple[list[bytes], bool]:
    """A tall masked picture cut to a page's height, in few colours; whether it was taller."""
    with Image.open(io.BytesIO(png)) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise ValueError("too many pixels")
        image = opened.convert("RGB")
    tiles: list[bytes] = []
    top = 0
    while top < image.height and len(tiles) < TILES:
        low = _between_lines(image, min(image.height, top + TILE_HEIGHT))
        out = io.BytesIO()
        image.crop((0, top, image.width, low)).quantize(COLOURS).save(out, "PNG", optimize=True)
        tiles.append(out.getvalue())
        top = low
    return tiles, top < image.height


def _between_lines(image: Image.Image, low: int) -> int:
    """The last row at or above `low` that is of one colour, so that no line of text is cut."""
    if low == image.height:
        return low
    for at in range(low, low - NEAR, -1):
        if image.crop((0, at, image.width, at + 1)).getcolors(1):
            return at
    return low


def _request(view: RequestView) -> dict[str, Any]:
    row = view.row
    return {
        "id": row.id, "kind": row.kind, "first": row.first or 0, "to": row.addressee,
        "name": row.name, "contact": row.contact, "contact_from": row.contact_from,
        "language": row.language, "subject": row.subject, "addresses": list(row.addresses),
        "approved": stamp(row.approved) or "", "approved_by": row.approved_by,
        "sha256": row.sha256, "sent": stamp(row.sent) or "", "sent_by": row.sent_by,
        "sent_how": row.sent_how, "receipt": row.receipt, "due": stamp(row.due) or "",
        "state": view.state, "text": message.body_of(row.message),
        "reports": len(message.reports_of(row.message)),
        "answers": [{"kind": one.kind, "at": stamp(one.at) or "", "sha256": one.sha256}
                    for one in view.answers],
    }  # fmt: skip


def _orders(
    engine: Engine, case: int, orders: Orders
) -> Iterator[tuple[CourtOrder, list[PartyView]]]:
    with reading(engine) as connection, Session(connection) as session:
        rows = session.scalars(
            select(CourtOrder).where(CourtOrder.case == case).order_by(CourtOrder.id)
        ).all()
        session.expunge_all()
    for order in rows:
        yield order, orders.list(order.id)


def _order(engine: Engine, order: CourtOrder, parties: Sequence[PartyView]) -> dict[str, Any]:
    with reading(engine) as connection:
        checks = connection.execute(
            select(BlockCheck.at, BlockCheck.party, BlockCheck.name, BlockCheck.resolver,
                   BlockCheck.control, BlockCheck.state, BlockCheck.how)
            .where(BlockCheck.order == order.id)
            .order_by(BlockCheck.id.desc())
            .limit(CHECKS)
        ).all()  # fmt: skip
    return {
        "court": order.court, "number": order.number, "decided": stamp(order.decided) or "",
        "measure": order.measure, "names": list(order.names), "runs_from": order.runs_from,
        "months": order.months or 0, "until": stamp(order.until) or "",
        "document_sha256": order.document_sha256,
        "parties": [{"name": one.name, "served": stamp(one.served) or "",
                     "proof_sha256": one.proof_sha256, "expires": stamp(one.expires) or "",
                     "state": one.state} for one in parties],
        "checks": [{"at": stamp(row.at) or "", "party": row.party, "name": row.name,
                    "resolver": row.resolver, "control": row.control, "state": row.state,
                    "how": french.answers(row.how)} for row in reversed(checks)],
    }  # fmt: skip
