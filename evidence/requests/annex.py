"""The pleading annex for article 6-3 LCEN, in French, as Markdown.

Whole also where nobody was asked: prior notice is no condition of admissibility (Cass. 1re civ.,
18 October 2023, 22-18.926, on the former text); it goes to proportionality, so the annex then says
why asking would be useless or too slow. What a person must fill in is shown as missing.
"""

from __future__ import annotations

from datetime import datetime

from evidence.dossier.tables import proportionality
from evidence.requests.diligences import ADDRESSEES, ANSWERS, KINDS, STATES
from evidence.requests.facts import Facts
from evidence.requests.register import RequestView
from evidence.requests.texts import field_names

CASSATION = (
    "La saisine préalable de l’éditeur ou de l’hébergeur n’est pas une condition de recevabilité "
    "(Cass. 1re civ., 18 octobre 2023, n° 22-18.926, rendu sur l’ancien texte) ; elle s’apprécie "
    "au titre de la proportionnalité."
)
MISSING = "[À COMPLÉTER : {what}]"


def annex(facts: Facts, requests: tuple[RequestView, ...], now: datetime) -> str:
    """The annex; `requests` are the case's."""
    parts = [
        "# Annexe : faits et diligences",
        _purpose(facts, now),
        _claimant(facts),
        _what(facts),
        _harm(facts),
        _asked(facts, requests, now),
        _measures(facts),
        _limits(),
    ]
    return "\n\n".join(parts) + "\n"


def _when(at: datetime | None) -> str:
    """ "28/11/2026 à 09:30 UTC"; "" for none."""
    return f"{at:%d/%m/%Y à %H:%M} UTC" if at else ""


def _purpose(facts: Facts, now: datetime) -> str:
    return (
        f"Affaire {facts.case}. Établie le {_when(now)} pour une demande fondée sur l’article 6-3 "
        "de la loi n° 2004-575 du 21 juin 2004 (LCEN), procédure accélérée au fond devant le "
        "président du tribunal judiciaire. Document de travail : à vérifier par le conseil. Il ne "
        "contient aucune donnée des personnes concernées."
    )


def _or_missing(text: str, what: str) -> str:
    return text.strip() or MISSING.format(what=what)


def _claimant(facts: Facts) -> str:
    claim = facts.claim
    return "\n".join(
        (
            "## 1. Demandeur",
            f"- Demandeur : {_or_missing(claim.claimant, 'nom, forme, siège')}",
            f"- Qualité et intérêt à agir : {_or_missing(claim.standing, 'qualité du demandeur')}",
            f"- Mandat : {_or_missing(claim.mandate, 'pouvoir ou mandat de qui agit')}",
        )
    )


def _what(facts: Facts) -> str:
    lines = [
        "## 2. Faits",
        f"- Première constatation : {_when(facts.first_seen) or MISSING.format(what='date')}",
        f"- Enregistrements reconnus (au plus, en un lieu) : {facts.records}",
        f"- Catégories de données reconnues : {field_names(facts.fields, 0)}",
        "",
        "| adresse | serveur | capture (UTC) | SHA-256 des octets reçus | état |",
        "|---|---|---|---|---|",
    ]
    for one in facts.copies:
        state = f"absente depuis {_when(one.gone_at)}" if one.gone_at else (
            f"en ligne, vue le {_when(one.last_seen)}"
        )  # fmt: skip
        cells = (one.address, one.peer, _when(one.fetched_at) or "", one.sha256, state)
        lines.append("| " + " | ".join(_cell(text) for text in cells) + " |")
    return "\n".join(lines)


def _harm(facts: Facts) -> str:
    return "## 3. Dommage\n" + _or_missing(
        facts.claim.harm, "dommage actuel ou imminent, sans donnée d’aucune personne"
    )


def _asked(facts: Facts, requests: tuple[RequestView, ...], now: datetime) -> str:
    sent = [one for one in requests if one.row.state == "sent"]
    lines = ["## 4. Diligences"]
    if sent:
        lines += [
            "| n° | nature | destinataire | contact | envoyée (UTC) | échéance (UTC) | suite |",
            "|---|---|---|---|---|---|---|",
            *(_line(one) for one in sent),
        ]
    notified = {ADDRESSEES[one.row.addressee] for one in sent}
    never = [name for name in ADDRESSEES.values() if name not in notified]
    if not sent:
        lines.append("Aucun intermédiaire n’a été saisi à ce jour.")
    elif never:
        lines.append(f"\nN’ont pas été saisis : {', '.join(never)}.")
    if never:
        lines += ["", *_why_not(facts, requests, now)]
    return "\n".join(lines)


def _line(view: RequestView) -> str:
    row = view.row
    kind = KINDS[row.kind] + (f" (suite de la demande {row.first})" if row.first else "")
    answers = "; ".join(f"{ANSWERS[one.kind]} le {_when(one.at)}" for one in view.answers)
    contact = f"{row.contact or 'hors courriel'} ({row.contact_from or row.receipt})"
    cells = (str(row.id), kind, f"{ADDRESSEES[row.addressee]} : {row.name}", contact,
             _when(row.sent) or "", _when(row.due) or "",
             ", ".join(part for part in (STATES[view.state], answers) if part))  # fmt: skip
    return "| " + " | ".join(_cell(text) for text in cells) + " |"


def _why_not(facts: Facts, requests: tuple[RequestView, ...], now: datetime) -> list[str]:
    """What a person says, and what the record shows by itself; neither is invented."""
    up = [one for one in facts.copies if one.gone_at is None]
    found = []
    if up and facts.first_seen is not None:
        hours = int((now - facts.first_seen).total_seconds() // 3600)
        found.append(
            f"- Copies en ligne à leur dernière consultation : {len(up)} ; hôtes : "
            f"{len({one.host for one in up})}. Heures écoulées depuis la première constatation : "
            f"{hours}."
        )
    found += [
        f"- Aucun contact connu : {ADDRESSEES[one.row.addressee]}, {one.row.name}."
        for one in requests
        if "contact" in one.row.missing
    ]
    if any(one.host.endswith(".onion") for one in facts.copies):
        found.append(
            "- Une copie est publiée par un service onion, qui n’a ni bureau d’enregistrement ni "
            "adresse d’hébergement connue."
        )
    found += [
        f"- La demande {one.row.id} est restée sans réponse à son échéance du {_when(one.row.due)}."
        for one in requests
        if one.state == "silent"
    ]
    reason = _or_missing(
        facts.claim.without_notice, "pourquoi une saisine préalable serait vaine ou trop lente"
    )
    return [
        "### Pourquoi une saisine préalable serait vaine ou trop lente",
        reason,
        "",
        "Éléments tirés des constatations :",
        *(found or ["- Aucun."]),
        "",
        CASSATION,
    ]


def _measures(facts: Facts) -> str:
    lines = [
        "## 5. Mesures demandées et proportionnalité",
        f"Mesure, personnes visées et durée : {MISSING.format(what='dispositif')}",
        "",
        "| hôte | copies | blocage de l’adresse | blocage de l’hôte | blocage du domaine |",
        "|---|---|---|---|---|",
    ]
    for row in proportionality(facts.source):
        cells = (row["host"], row["copies"], row["url_fr"], row["host_fr"], row["domain_fr"])
        lines.append("| " + " | ".join(_cell(text) for text in cells) + " |")
    return "\n".join(lines)


def _limits() -> str:
    return (
        "## 6. Ce que cette annexe n’établit pas\n"
        "- L’identité de l’auteur de la publication.\n"
        "- Que les destinataires ont lu les demandes : un serveur de messagerie qui accepte un "
        "courriel n’en prouve pas la lecture.\n"
        "- L’article 6-4 de la LCEN (sites miroirs) vise des infractions énumérées ; son "
        "application aux fuites de données n’est pas supposée ici."
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("\r", " ")
