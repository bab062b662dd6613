"""The tables of a dossier, as CSV that no spreadsheet can be tricked with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from tldextract import TLDExtract

from evidence.dossier.facts import ActFacts, CaseFacts, moment

# The public suffix list that is packaged: nothing is fetched for it.
SUFFIXES = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
# No smaller chance is told: beyond it a figure would rest on the model more than on the data.
SMALLEST = 1e-12
RISKY = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a byte order mark, semicolons: what a French spreadsheet opens. A cell that
    could be a formula gets an apostrophe in front (hostile input 23)."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def cell(value: object) -> str:
    """A value as harmless text."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(RISKY) else text


WHAT = {
    "capture": ("capture", "capture"),
    "item": ("pièce relevée", "piece gathered"),
    "view": ("consultation", "view"),
    "decide": ("décision", "decision"),
    "reopen": ("réouverture", "opened again"),
    "export": ("dossier demandé", "dossier asked for"),
    "exported": ("dossier établi", "dossier made"),
    "delete": ("suppression", "deletion"),
    "deletion-certificate": ("certificat de suppression", "certificate of deletion"),
    "hand-in": ("capture remise par une personne", "capture handed in by a person"),
    "promote": ("alerte ouverte par une personne", "alert opened by a person"),
    "hold": ("gel des suppressions", "legal hold"),
    "hold-released": ("fin du gel des suppressions", "legal hold released"),
    "join": ("affaires réunies", "cases joined"),
    "keep-apart": ("affaires tenues séparées", "cases kept apart"),
    "close": ("affaire close", "case closed"),
    "reopen-case": ("affaire rouverte", "case opened again"),
    "breach-clock": ("délai de l’article 33 ouvert", "article 33 clock started"),
    "breach-reported": ("notification à la CNIL", "report to the authority"),
    "download": ("dossier téléchargé", "dossier downloaded"),
    "unmask-refused": ("levée du masque refusée", "unmasking refused"),
    "unmask": ("levée du masque", "unmasking"),
    "claim": ("demandeur et préjudice renseignés", "claimant and harm filled in"),
    "draft": ("projet de demande", "request drafted"),
    "approve": ("texte de la demande approuvé", "request’s text approved"),
    "withdraw": ("projet retiré", "draft withdrawn"),
    "send": ("demande envoyée", "request sent"),
    "not-sent": ("envoi refusé par le serveur", "sending refused by the server"),
    "answer": ("réponse classée", "answer filed"),
    "order": ("décision enregistrée", "order entered"),
    "serve": ("signification", "service"),
    "block-check": ("contrôle de blocage", "block check"),
}


OWN = ("export", "exported", "download", "claim", "draft", "withdraw")
OBJECTS = {"alert": ("alerte", "alert"), "capture": ("capture", "capture"),
           "case": ("affaire", "case")}  # fmt: skip


def object_of(item: str, language: str) -> str:
    """ "alert:3" for people."""
    kind, _, number = item.partition(":")
    fr, en = OBJECTS.get(kind, (kind, kind))
    return f"{fr if language == 'fr' else en} {number}"


def chronology(case: CaseFacts, *, own: bool = True) -> list[tuple[str, str, str, str, str]]:
    """(time, what in French, what in English, on what, detail), from posting to today; without
    `own`, exports and drafts are left out, which are no part of the case."""
    found: list[tuple[str, int, str, str, str, str]] = []
    for alert in case.alerts:
        item = f"alert:{alert.id}"
        if alert.posted_at is not None:
            found.append(
                (
                    moment(alert.posted_at),
                    0,
                    "publication (date du site)",
                    "posted (the site’s own time)",
                    item,
                    alert.location,
                )
            )
        found.append(
            (moment(alert.first_seen), 2, "première détection", "first seen", item, alert.location)
        )
        if alert.last_seen > alert.first_seen:
            found.append((moment(alert.last_seen), 3, "encore en ligne", "still up", item,
                          alert.location))  # fmt: skip
    # An entry is made when the page was matched; what counts is when it was received.
    received = {f"capture:{one.id}": one.fetched_at for one in case.captures}
    for act in case.acts:
        if act.what in ("view", "item") or (not own and act.what in OWN):
            continue  # in the journal; they are not part of the story
        fr, en = WHAT.get(act.what, (act.what, act.what))
        if act.what == "decide":
            to = str(act.detail.get("to", ""))
            words = STATUSES.get(to, (to, to))
            fr, en = f"décision : alerte {words[0]}", f"decision: alert {words[1]}"
        detail = ", ".join(f"{k}={v}" for k, v in sorted(act.detail.items()) if k in SHOWN and v)
        at = received.get(act.item) if act.what == "capture" else happened(act)
        found.append(
            (moment(at or act.at), 1 if act.what == "capture" else 4, fr, en, act.item, detail)
        )
    return [(at, fr, en, item, detail) for at, _, fr, en, item, detail in sorted(found)]


FRENCH = {
    "sha256=": "SHA-256 ", "edition=": "édition ", "why=": "motif ", "authority=": "autorité ",
    "party=": "partie ", "state=": "résultat ", "name=": "nom ", "number=": "numéro ",
    "court": "juridiction", "host": "hébergeur", "public": "publique", "blocked": "bloqué",
    "partly": "en partie", "not-blocked": "non bloqué", "not-told": "indéterminé",
}  # fmt: skip


def in_french(detail: str) -> str:
    """A detail of the chronology for French readers; an address stays as it is."""
    if "=" not in detail or "://" in detail:
        return detail
    shown = []
    for part in detail.split(", "):
        key, _, value = part.partition("=")
        word = FRENCH.get(value, value) if key in ("edition", "state") else value
        shown.append(f"{FRENCH.get(f'{key}=', key + ' ')}{word}")
    return ", ".join(shown)


def in_english(detail: str) -> str:
    """The same for English readers."""
    if "=" not in detail or "://" in detail:
        return detail
    parts = (part.replace("sha256=", "SHA-256=", 1) for part in detail.split(", "))
    return ", ".join(part.replace("=", " ", 1) for part in parts)


def happened(act: ActFacts) -> datetime:
    """When what an entry tells of happened: a service or an answer is entered later."""
    told = str(act.detail.get({"serve": "served", "answer": "at"}.get(act.what, ""), ""))
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        return act.at


SHOWN = ("sha256", "edition", "why", "authority", "party", "state", "name", "number")
STATUSES = {
    "open": ("rouverte", "opened again"),
    "confirmed": ("confirmée", "confirmed"),
    "dismissed": ("écartée", "dismissed"),
}


def chronology_csv(case: CaseFacts) -> bytes:
    """chronologie.csv."""
    columns = ("date_utc", "evenement", "event", "objet", "detail")
    return as_csv(columns, chronology(case))


def proportionality(case: CaseFacts) -> list[dict[str, str]]:
    """For each host: what blocking the address, the host or its domain would also take away."""
    found = []
    for host in case.hosts:
        here = [one for one in case.captures if one.host == host]
        tls = any(one.connection.get("tls") for one in here)
        is_name = not _is_address(host)
        domain = (SUFFIXES(host).top_domain_under_public_suffix or host) if is_name else ""
        found.append(
            {
                "host": host,
                "domain": domain,
                "copies": str(len({one.location for one in here})),
                "url_fr": "impossible pour un fournisseur d’accès : sous TLS il ne voit que le "
                "nom d’hôte" if tls else "possible par filtrage du trafic en clair, contournable",
                "url_en": "impossible for an access provider: under TLS it sees the host name only"
                if tls else "possible by filtering plain traffic, easily evaded",
                "host_fr": f"coupe tout {host}, autres contenus compris : leur part n’est pas "
                "mesurée ici",
                "host_en": f"cuts off all of {host}, other content included: its share is not "
                "measured here",
                "domain_fr": f"coupe aussi tout autre hôte du domaine {domain}" if is_name else
                "sans objet : aucun nom de domaine, blocage par résolveur sans effet",
                "domain_en": f"cuts off every other host of {domain} as well" if is_name else
                "not applicable: no domain name, a block by resolvers has no effect",
            }
        )  # fmt: skip
    return found


def proportionality_csv(case: CaseFacts) -> bytes:
    """proportionnalite.csv."""
    rows = proportionality(case)
    columns = ("host", "domain", "copies", "url_fr", "host_fr", "domain_fr", "url_en", "host_en",
               "domain_en")  # fmt: skip
    return as_csv(columns, ([row[name] for name in columns] for row in rows))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
