"""What was gathered beside the captures, as reports tell it: how often it could be had, why not,
and the environment checklist of NF Z67-147 with the items that fail."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from evidence.dossier import french
from evidence.dossier.edition import Edition
from evidence.dossier.facts import CaptureFacts, CaseFacts
from evidence.store import Store

KINDS = {
    "dns": ("réponses DNS", "DNS answers"),
    "rdap": ("RDAP (hôte, bureau d’enregistrement)", "RDAP (host, registrar)"),
    "clocks": ("horloges de référence", "reference clocks"),
    "chain": ("chaîne de certificats", "certificate chain"),
    "environment": ("environnement", "environment"),
    "page": ("image de la page (seconde visite)", "picture of the page (second visit)"),
    "direct": ("capture directe", "direct capture"),
}
NOT_ASKED = "not asked for so far"
WHYS = 2  # of each kind so many reasons are told


def gathered(case: CaseFacts, edition: Edition) -> list[dict[str, Any]]:
    """For each kind how many captures have it, and the commonest reasons why others do not."""
    found = []
    for kind, (fr, en) in KINDS.items():
        if kind not in edition.pieces or not case.captures:
            continue
        items = [one.item(kind) for one in case.captures]
        states = Counter(item.state if item else "not-made" for item in items)
        whys = Counter(item.error for item in items if item and item.error)
        told = [why for why, _ in whys.most_common(WHYS)]
        if states["not-made"]:
            told.append(NOT_ASKED)
        found.append(
            {
                "fr": fr, "en": en, "made": states["made"], "failed": states["failed"],
                "not_possible": states["not-possible"] + states["not-needed"],
                "missing": states["not-made"] + states["proposed"] + states["deleted"],
                "why_fr": [french.reason(why) for why in told], "why_en": told,
            }
        )  # fmt: skip
    return found


def checklist(case: CaseFacts, edition: Edition, store: Store) -> dict[str, Any]:
    """The list of the last capture that has one; "capture" is 0 where none has."""
    if "environment" not in edition.pieces:
        return {"capture": 0, "items": []}
    for capture in reversed(case.captures):
        if (items := _items(capture, store)) is not None:
            return {"capture": capture.id, "items": items}
    return {"capture": 0, "items": []}


def _items(capture: CaptureFacts, store: Store) -> list[dict[str, Any]] | None:
    item = capture.item("environment")
    if item is None or item.state != "made":
        return None
    told = json.loads(store.get(item.file))
    found = []
    for one in told["items"]:
        name = str(one["item"])
        fr, en = french.CHECKLIST.get(name, (name, name))
        found.append(
            {
                "fr": fr, "en": en, "met": one["met"], "measured_en": one["measured"],
                "measured_fr": french.measured(str(one["measured"])),
            }
        )  # fmt: skip
    return found
