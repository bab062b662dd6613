"""The reports: typst templates filled with facts, PDF/A-3b, signed where a key is configured."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evidence.dossier import tables
from evidence.dossier.claims import Claim
from evidence.dossier.edition import Edition
from evidence.dossier.facts import ActFacts, CaptureFacts, CaseFacts, moment
from evidence.dossier.gathered import checklist, gathered
from evidence.dossier.signing import sign_pdf
from evidence.dossier.typeset import Typesetter
from evidence.orders.register import PartyView
from evidence.requests.register import RequestView
from index.views import stamp

if TYPE_CHECKING:
    from evidence.dossier.export import Maker

LANGUAGES = ("fr", "en")
SHOWN = 120  # rows of a table in a report; the files hold all of them
SHOWN_STORY = 60
TOLD = ("decide", "reopen", "send", "order", "serve")  # acts that the time line shows


@dataclass(frozen=True, slots=True)
class Acts:
    """What was asked and decided: requests that left, and a line for each party of each order."""

    requests: tuple[RequestView, ...] = ()
    parties: tuple[PartyView, ...] = ()


class Reports:
    """Every PDF of one dossier."""

    def __init__(
        self, case: CaseFacts, edition: Edition, claims: Sequence[Claim], maker: Maker,
        number: int, now: datetime, typesetter: Typesetter, acts: Acts,
        *, unstamped: bool,
    ) -> None:  # fmt: skip
        self._maker, self._edition, self._typesetter = maker, edition, typesetter
        self.base: dict[str, Any] = {
            "case": case.id,
            "dossier": number,
            "edition": edition.name,
            "created": moment(now),
            "organisation": maker.organisation,
            "contact": maker.contact,
            "signed": maker.signer is not None,
            "unstamped": unstamped,
            "recipients": len(maker.recipients),
            "figures_only": edition.figures_only,
            **_figures(case),
            "alerts": [] if edition.figures_only else _alerts(case),
            "captures": [] if edition.figures_only else _captures(case.captures),
            "captures_in_all": len(case.captures),
            "story": _story(case) if edition.story else [],
            "proportionality": tables.proportionality(case)[:SHOWN] if edition.story else [],
            "claims": [
                {
                    "grade": one.grade,
                    "fr": one.fr,
                    "en": one.en,
                    "rests_on": one.rests_on,
                    "dated": one.dated,
                }
                for one in claims
            ],
            "timeline": timeline(case),
            "gathered": gathered(case, edition),
            "checklist": checklist(case, edition, maker.store),
            "requests": [_request(one) for one in acts.requests],
            "orders": [_party(one) for one in acts.parties],
        }
        self._data = json.dumps(self.base, ensure_ascii=False)

    def all(self) -> Iterator[tuple[str, bytes]]:
        """(file name, PDF). The report is signed; the others are covered by the manifest."""
        for language in LANGUAGES:
            tail = "" if language == "fr" else "-en"
            report = self._compile("rapport", language)
            if self._maker.signer is not None:
                report = sign_pdf(report, self._maker.signer, self._maker.authorities)
            yield f"rapport{tail}.pdf", report
            yield f"LISEZ-MOI{tail}.pdf", self._compile("lisez-moi", language)
            if self._edition.story:
                yield f"synthese{tail}.pdf", self._compile("synthese", language)
                yield f"constat-kit{tail}.pdf", self._compile("constat-kit", language)

    def _compile(self, name: str, language: str) -> bytes:
        return self._typesetter.compile(name, self._data, language)


def coincidence(chance: float) -> str:
    """A chance as courts read it: the whole power of ten below it, bounded (`tables.SMALLEST`)."""
    bounded = min(1.0, max(chance, tables.SMALLEST))
    return f"10^{max(0, math.floor(-math.log10(bounded) + 1e-9))}"


def timeline(case: CaseFacts) -> list[dict[str, Any]]:
    """Up to eight moments with their place from 0 to 1 between the first and the last."""
    moments = []
    for alert in case.alerts:
        if alert.posted_at:
            moments.append((alert.posted_at, "posted"))
        moments.append((alert.first_seen, "seen"))
        if alert.gone_at:
            moments.append((alert.gone_at, "gone"))
        elif alert.last_seen > alert.first_seen:
            moments.append((alert.last_seen, "last"))
    moments += [(tables.happened(act), act.what) for act in case.acts if _is_told(act)]
    if not moments:
        return []
    first = {what: min(at for at, kind in moments if kind == what) for _, what in moments}
    if "last" in first:
        first["last"] = max(at for at, kind in moments if kind == "last")
    ordered = sorted((at, what) for what, at in first.items())
    begin, span = ordered[0][0], (ordered[-1][0] - ordered[0][0]).total_seconds() or 1.0
    return [
        {"what": what, "at": moment(at), "place": (at - begin).total_seconds() / span}
        for at, what in ordered
    ]


def _is_told(act: ActFacts) -> bool:
    # The mark says "confirmed": a dismissal, or one taken back, is none.
    return act.what in TOLD and (act.what != "decide" or act.detail.get("to") == "confirmed")


def _figures(case: CaseFacts) -> dict[str, Any]:
    chances = [one.chance for one in case.captures]
    return {
        "records": case.records,
        "fields": list(case.fields),
        "copies": len(case.alerts),
        "online": sum(alert.gone_at is None for alert in case.alerts),
        "last_up": moment(
            max((a.last_seen for a in case.alerts if a.gone_at is None), default=None)
        ),
        "hosts": [
            {"host": host, "copies": len({c.location for c in case.captures if c.host == host}),
             "records": max(c.records for c in case.captures if c.host == host)}
            for host in case.hosts[:12]
        ],
        "hosts_in_all": len(case.hosts),
        "first_seen": moment(min((a.first_seen for a in case.alerts), default=None)),
        "last_seen": moment(max((a.last_seen for a in case.alerts), default=None)),
        "coincidence": coincidence(max(chances, default=1.0)),
        "verdicts": sorted({alert.verdict for alert in case.alerts}),
        "sealed": sum(one.held for one in case.captures),
        "deleted": sum(bool(one.sealed) and not one.held for one in case.captures),
    }  # fmt: skip


def _alerts(case: CaseFacts) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id, "location": one.location, "verdict": one.verdict,
            "records": one.records, "fields": list(one.fields), "status": one.status,
            "first_seen": moment(one.first_seen), "last_seen": moment(one.last_seen),
        }
        for one in case.alerts[:SHOWN]
    ]  # fmt: skip


def _captures(captures: Sequence[CaptureFacts]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id, "location": one.location, "at": moment(one.fetched_at),
            "peer": one.peer, "port": one.connection.get("port") or 0, "sha256": one.sha256,
            "bytes": one.bytes, "records": one.records, "sealed": one.held,
            "deleted": moment(one.original_deleted) if one.sealed else "",
            "kind": one.connection.get("kind", ""),
        }
        for one in captures[:SHOWN]
    ]  # fmt: skip


def _story(case: CaseFacts) -> list[dict[str, str]]:
    return [
        {
            "at": at,
            "fr": fr,
            "en": en,
            "item_fr": tables.object_of(item, "fr"),
            "item_en": tables.object_of(item, "en"),
            "detail_fr": tables.in_french(detail)[:160],
            "detail_en": tables.in_english(detail)[:160],
        }
        for at, fr, en, item, detail in tables.chronology(case, own=False)[:SHOWN_STORY]
    ]


def _request(view: RequestView) -> dict[str, Any]:
    row = view.row
    return {
        "id": row.id, "kind": row.kind, "to": row.addressee, "name": row.name,
        "sent": stamp(row.sent) or "", "due": stamp(row.due) or "", "state": view.state,
        "answers": [{"kind": one.kind, "at": stamp(one.at) or ""} for one in view.answers],
    }  # fmt: skip


def _party(view: PartyView) -> dict[str, Any]:
    return {
        "court": view.order.court, "number": view.order.number,
        "decided": stamp(view.order.decided) or "", "party": view.name,
        "served": stamp(view.served) or "", "expires": stamp(view.expires) or "",
        "state": view.state,
    }  # fmt: skip
