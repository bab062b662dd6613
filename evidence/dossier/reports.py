"""The reports: typst templates filled with facts, PDF/A-3b, signed where a key is configured."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

import typst

from evidence.dossier import tables
from evidence.dossier.claims import Claim
from evidence.dossier.edition import Edition
from evidence.dossier.facts import CaptureFacts, CaseFacts, moment
from evidence.dossier.signing import sign_pdf
from evidence.errors import EvidenceError

if TYPE_CHECKING:
    from evidence.dossier.export import Maker

LANGUAGES = ("fr", "en")
SHOWN = 120  # rows of a table in a report; the files hold all of them
SHOWN_STORY = 60


class Reports:
    """Every PDF of one dossier."""

    def __init__(
        self, case: CaseFacts, edition: Edition, claims: Sequence[Claim], maker: Maker,
        number: int, now: datetime,
    ) -> None:  # fmt: skip
        self._maker, self._edition = maker, edition
        self._data = json.dumps(
            {
                "case": case.id,
                "dossier": number,
                "edition": edition.name,
                "created": moment(now),
                "organisation": maker.organisation,
                "contact": maker.contact,
                "signed": maker.signer is not None,
                "recipients": len(maker.recipients),
                "figures_only": edition.figures_only,
                **_figures(case),
                "alerts": [] if edition.figures_only else _alerts(case),
                "captures": [] if edition.figures_only else _captures(case.captures),
                "captures_in_all": len(case.captures),
                "story": _story(case) if edition.story else [],
                "proportionality": tables.proportionality(case)[:SHOWN] if edition.story else [],
                "claims": [
                    {"grade": one.grade, "fr": one.fr, "en": one.en, "rests_on": one.rests_on}
                    for one in claims
                ],
                "timeline": timeline(case),
            },
            ensure_ascii=False,
        )

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
        folder = resources.files("evidence.dossier").joinpath("typst")
        with resources.as_file(folder) as root:
            try:
                made = typst.compile(
                    str(root / f"{name}.typ"), root=str(root),
                    sys_inputs={"data": self._data, "lang": language}, pdf_standards="a-3b",
                )  # fmt: skip
            except RuntimeError as error:
                # typst's message shows the template's line; facts are quoted in it by none.
                raise EvidenceError(f"the report {name} could not be typeset") from error
        if not isinstance(made, bytes):
            raise EvidenceError(f"the report {name} could not be typeset")
        return made


def coincidence(chance: float) -> str:
    """A chance as courts read it: the whole power of ten below it."""
    if chance <= 0.0:
        return "10^300"
    return f"10^{max(0, math.floor(-math.log10(min(1.0, chance))))}"


def timeline(case: CaseFacts) -> list[dict[str, Any]]:
    """Up to eight moments with their place from 0 to 1 between the first and the last."""
    moments = []
    for alert in case.alerts:
        if alert.posted_at:
            moments.append((alert.posted_at, "posted"))
        moments += [(alert.first_seen, "seen"), (alert.last_seen, "last")]
    moments += [(act.at, act.what) for act in case.acts if act.what in ("decide", "reopen")]
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


def _figures(case: CaseFacts) -> dict[str, Any]:
    chances = [one.chance for one in case.captures]
    return {
        "records": case.records,
        "fields": list(case.fields),
        "copies": len(case.alerts),
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
        "sealed": sum(bool(one.sealed) for one in case.captures),
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
            "bytes": one.bytes, "sealed": bool(one.sealed), "records": one.records,
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
            "detail": detail[:160],
        }
        for at, fr, en, item, detail in tables.chronology(case)[:SHOWN_STORY]
    ]
