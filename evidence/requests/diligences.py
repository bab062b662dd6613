"""What the dossier shows of requests: diligences.csv and the folder notices/."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine

from evidence.dossier.tables import as_csv
from evidence.orders.register import blocage
from evidence.requests import message
from evidence.requests.register import Register, RequestView
from index.views import stamp

COLUMNS = ("demande", "nature", "suite_de", "destinataire", "nom", "contact", "origine_du_contact",
           "adresses", "approuvee_par", "envoyee_utc", "mode", "echeance_utc", "etat", "reponses",
           "sha256_du_texte", "accuse")  # fmt: skip
STATES = {"draft": "projet", "approved": "approuvée, non envoyée", "sending": "envoi incertain",
          "waiting": "en attente", "silent": "sans réponse à l’échéance", "answered": "répondue",
          "withdrawn": "retirée avant envoi"}  # fmt: skip
KINDS = {"notice": "demande", "reminder": "relance", "reupload": "nouvelle mise en ligne"}
ADDRESSEES = {"publisher": "éditeur", "host": "hébergeur", "registrar": "bureau d’enregistrement",
              "cdn": "réseau de diffusion (CDN)", "search": "moteur de recherche"}  # fmt: skip
ANSWERS = {"receipt": "accusé de réception", "bounce": "non distribuée", "question": "question",
           "refused": "refus", "removed": "retrait annoncé"}  # fmt: skip


def told(requests: tuple[RequestView, ...]) -> bytes:
    """diligences.csv: who was asked, when, answer or silence."""
    return as_csv(COLUMNS, [_line(one) for one in requests if one.row.state != "withdrawn"])


def _line(view: RequestView) -> tuple[str, ...]:
    row = view.row
    answers = "; ".join(f"{ANSWERS[one.kind]} {stamp(one.at)}" for one in view.answers)
    return (
        str(row.id), KINDS[row.kind], str(row.first or ""), ADDRESSEES[row.addressee], row.name,
        row.contact, row.contact_from, " ".join(row.addresses), row.approved_by,
        stamp(row.sent) or "", row.sent_how, stamp(row.due) or "", STATES[view.state], answers,
        row.sha256, row.receipt,
    )  # fmt: skip


def folder(requests: tuple[RequestView, ...]) -> Iterator[tuple[str, bytes]]:
    """notices/: for each request that left, its text, mail and XARF reports, and its facts."""
    for view in requests:
        row = view.row
        if row.state != "sent":
            continue
        place = f"notices/{row.id}"
        mail = row.message
        if row.sent_how == "smtp" and row.sent is not None:
            by_then = message.dated(row.message, row.sent)
            # The Date is the moment of sending; what does not give the logged digest is not shown
            # as the mail that left.
            mail = by_then if message.digest(by_then) == row.sent_sha256 else row.message
        yield f"{place}/demande.eml", mail
        yield f"{place}/demande.txt", message.body_of(row.message).encode()
        for number, report in enumerate(message.reports_of(row.message), 1):
            yield f"{place}/xarf-{number}.json", report
        facts = json.dumps(view.to_json(), ensure_ascii=False, indent=1, sort_keys=True)
        yield f"{place}/demande.json", facts.encode() + b"\n"


def files(engine: Engine, case: int, now: datetime) -> Iterator[tuple[str, bytes]]:
    """Everything of a case, for the court edition."""
    requests = Register(engine, lambda: now).list(case)
    yield "diligences.csv", told(requests)
    yield from folder(requests)
    checks = blocage(engine, case)
    if checks is not None:
        yield "blocage.csv", checks
