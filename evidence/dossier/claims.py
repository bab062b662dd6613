"""What the dossier claims, each graded by what is there and not by what is wished.

"proven": a file of the dossier and a tool that is not ours show it. "attested": Vigie or a person
says so, and the entry stands in the log. "not-proven": neither, and the reason is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.dossier.facts import CaseFacts

PROVEN, ATTESTED, NOT_PROVEN = "proven", "attested", "not-proven"


@dataclass(frozen=True, slots=True)
class Means:
    """What the export had at hand. Stamps follow the reports, so a report says "by the stamps of
    horodatage/, if there are any" and LIMITES.md and the verifier say what came of it."""

    signed: bool
    authorities: tuple[str, ...]
    qualified: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim in both languages, its grade, and what it rests on."""

    grade: str
    fr: str
    en: str
    rests_on: str


def claims(case: CaseFacts, means: Means) -> list[Claim]:
    """Every claim of this dossier."""
    sealed = sum(bool(one.sealed) for one in case.captures)
    whole = sum(one.connection.get("kind") == "exchange" for one in case.captures)
    given = sum(one.connection.get("kind") == "handed-in" for one in case.captures)
    count = len(case.captures)
    return [
        Claim(
            ATTESTED,
            "Les pages ont été reçues aux dates et adresses indiquées.",
            "The pages were received at the times and addresses told.",
            "captures/, journal.jsonl",
        ),
        Claim(
            PROVEN if means.authorities else NOT_PROVEN,
            "Le dossier, empreintes des captures comprises, existait à la date des contremarques "
            "de temps de horodatage/, s’il y en a ; la vérification le dit."
            if means.authorities
            else "Date certaine : aucune autorité d’horodatage n’est configurée.",
            "The dossier, digests of the captures included, existed at the time of the time stamps "
            "in horodatage/, if there are any; the verifier says so."
            if means.authorities
            else "A certain date: no time-stamp authority is configured.",
            "horodatage/, manifest.json",
        ),
        Claim(
            PROVEN,
            "Aucun fichier du dossier n’a changé depuis son établissement.",
            "No file of the dossier has changed since it was made.",
            "SHA256SUMS, manifest.json",
        ),
        Claim(
            PROVEN if means.signed else NOT_PROVEN,
            "L’auteur du dossier est le titulaire du certificat de signature."
            if means.signed
            else "L’auteur du dossier : il n’est pas signé.",
            "The dossier’s author is the holder of the signing certificate."
            if means.signed
            else "The dossier’s author: it is not signed.",
            "manifest.json.p7s, rapport.pdf",
        ),
        Claim(
            PROVEN,
            "Le journal des actes est ininterrompu de sa première à sa dernière entrée exportée.",
            "The log of acts is unbroken from its first to its last exported entry.",
            "journal.jsonl, verifier.py",
        ),
        Claim(
            ATTESTED,
            f"Des enregistrements de la fuite ont été reconnus dans {count} capture(s), avec la "
            "règle et la probabilité de coïncidence de fuite.json.",
            f"Records of the leak were recognised in {count} capture(s), by the rule and with "
            "the chance of coincidence in fuite.json.",
            "fuite.json, engagements.json",
        ),
        Claim(
            ATTESTED if sealed == count and count else NOT_PROVEN,
            f"L’original de {sealed} capture(s) sur {count} est scellé, son empreinte est dans le "
            "journal, et il peut être ouvert, enregistrement par enregistrement, par qui la "
            "juridiction désigne ; l’ouvrir le prouve.",
            f"The original of {sealed} of {count} captures is sealed, its digest is in the log, "
            "and it can be opened, record by record, by whom the court designates; opening it "
            "proves it.",
            "scelle.json, engagements.json",
        ),
        Claim(
            ATTESTED if whole else NOT_PROVEN,
            f"La requête et la réponse de {whole} capture(s) sur {count} viennent d’une seule et "
            "même connexion, dont l’adresse et le certificat sont relevés.",
            f"Request and response of {whole} of {count} captures come from one connection, whose "
            "address and certificate are recorded.",
            "captures/*/connexion.json",
        ),
        *(handed_in(given, count) if given else ()),
        *never_proven(),
    ]


def handed_in(given: int, count: int) -> Sequence[Claim]:
    """Captures that Vigie did not fetch."""
    return [
        Claim(
            ATTESTED,
            f"{given} capture(s) sur {count} ont été remises par une personne, qui en dit la "
            "provenance ; Vigie ne les a pas relevées sur le réseau.",
            f"{given} of {count} captures were handed in by a person, who says where they are "
            "from; Vigie did not see them on the network.",
            "journal.jsonl (hand-in)",
        )
    ]


def never_proven() -> Sequence[Claim]:
    """What no dossier of this kind proves."""
    return (
        Claim(
            NOT_PROVEN,
            "L’identité de qui a publié les données, et de qui les a consultées.",
            "Who published the data, and who looked at them.",
            "",
        ),
        Claim(
            NOT_PROVEN,
            "Que le site montrait la même page à tous. Un commissaire de justice peut répéter la "
            "capture (constat-kit.pdf).",
            "That the site showed everyone the same page. A commissaire de justice can repeat the "
            "capture (constat-kit.pdf).",
            "constat-kit.pdf",
        ),
        Claim(
            NOT_PROVEN,
            "L’exactitude de l’horloge au-delà des écarts relevés, et l’absence d’altération de "
            "la machine de capture avant la première contremarque de temps.",
            "The clock beyond the offsets recorded, and that the capturing machine was unaltered "
            "before the first time stamp.",
            "captures/*/horloges.json",
        ),
    )
