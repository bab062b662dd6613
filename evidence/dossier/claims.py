"""What the dossier claims, each graded by what is there and not by what is wished.

"proven": a file of the dossier and a tool that is not ours show it. "attested": Vigie or a person
says so, and the entry stands in the log. "not-proven": neither, and the reason is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.dossier.edition import Edition
from evidence.dossier.facts import CaseFacts

PROVEN, ATTESTED, NOT_PROVEN = "proven", "attested", "not-proven"


@dataclass(frozen=True, slots=True)
class Means:
    """What the export had at hand. `unstamped`: no authority gave a stamp; the reports are made
    again then, for stamps are over the manifest and the manifest is over the reports."""

    signed: bool
    authorities: tuple[str, ...]
    unstamped: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim in both languages, its grade, and what it rests on."""

    grade: str
    fr: str
    en: str
    rests_on: str
    dated: bool = False  # about the time of the dossier itself


def claims(case: CaseFacts, means: Means, edition: Edition) -> list[Claim]:
    """Every claim that this edition's files can carry."""
    found = [dated(means), unchanged(means), author(means)]
    if edition.captures:
        found = [received(edition), *found]
    if edition.journal:
        found.append(
            Claim(
                PROVEN,
                "Le journal des actes est ininterrompu de sa première à sa dernière entrée "
                "exportée.",
                "The log of acts is unbroken from its first to its last exported entry.",
                "journal.jsonl, verifier.py",
            )
        )
    found.append(recognised(case, edition))
    if edition.commitments:
        found += [sealed(case), *deleted(case)]
    if edition.captures:
        found += [one_connection(case), *handed_in(case, edition)]
    return [*found, *never_proven(edition)]


def received(edition: Edition) -> Claim:
    """Times and addresses are the capturing machine's own word."""
    return Claim(
        ATTESTED,
        "Les pages ont été reçues aux dates et adresses indiquées.",
        "The pages were received at the times and addresses told.",
        "captures/, journal.jsonl" if edition.journal else "captures/",
    )


def unchanged(means: Means) -> Claim:
    """Sums that anyone can make anew prove nothing by themselves: a signature or a stamp does."""
    held = means.signed or (bool(means.authorities) and not means.unstamped)
    return Claim(
        PROVEN if held else ATTESTED,
        "Aucun fichier du dossier n’a changé depuis son établissement."
        + ("" if held else " Sans signature ni horodatage, seul son auteur l’affirme."),
        "No file of the dossier has changed since it was made."
        + ("" if held else " Without signature or time stamp its author alone says so."),
        "SHA256SUMS, manifest.json" + (", manifest.json.p7s" if means.signed else ""),
    )


def author(means: Means) -> Claim:
    """Who made the dossier."""
    return Claim(
        PROVEN if means.signed else NOT_PROVEN,
        "L’auteur du dossier est le titulaire du certificat de signature."
        if means.signed
        else "L’auteur du dossier : il n’est pas signé.",
        "The dossier’s author is the holder of the signing certificate."
        if means.signed
        else "The dossier’s author: it is not signed.",
        "manifest.json.p7s, rapport.pdf" if means.signed else "",
    )


def recognised(case: CaseFacts, edition: Edition) -> Claim:
    """Records of the leak stood there."""
    count = len(case.captures)
    rests = "fuite.json, engagements.json" if edition.commitments else "fuite.json"
    return Claim(
        ATTESTED,
        f"Des enregistrements de la fuite ont été reconnus dans {captures_fr(count)}, avec la "
        "règle et la probabilité de coïncidence de fuite.json.",
        f"Records of the leak were recognised in {captures_en(count)}, by the rule and with "
        "the chance of coincidence in fuite.json.",
        rests,
    )


def sealed(case: CaseFacts) -> Claim:
    """The originals are there to be opened."""
    held, count = sum(one.held for one in case.captures), len(case.captures)
    return Claim(
        ATTESTED if held == count and count else NOT_PROVEN,
        f"L’original {part_fr(held, count)} est scellé, son empreinte est dans le journal, et il "
        "peut être ouvert, enregistrement par enregistrement, par qui la juridiction désigne ; "
        "l’ouvrir le prouve.",
        f"The original of {part_en(held, count)} is sealed, its digest is in the log, "
        "and it can be opened, record by record, by whom the court designates; opening it "
        "proves it.",
        "scelle.json, engagements.json",
    )


def one_connection(case: CaseFacts) -> Claim:
    """Request, response, address and certificate belong together."""
    whole = sum(one.connection.get("kind") == "exchange" for one in case.captures)
    count = len(case.captures)
    return Claim(
        ATTESTED if whole else NOT_PROVEN,
        f"La requête et la réponse {part_fr(whole, count)} viennent d’une seule et même "
        "connexion, dont l’adresse et, sous TLS, le certificat sont relevés.",
        f"Request and response of {part_en(whole, count)} come from one connection, "
        "whose address and, under TLS, certificate are recorded.",
        "captures/*/connexion.json",
    )


def captures_fr(count: int) -> str:
    """ "1 capture", "3 captures"."""
    return f"{count} capture{'s' if count > 1 else ''}"


def captures_en(count: int) -> str:
    """ "1 capture", "0 captures"."""
    return f"{count} capture{'' if count == 1 else 's'}"


def part_fr(some: int, count: int) -> str:
    """ "de la capture", "des 3 captures", "de 2 captures sur 3"."""
    if some == count:
        return "de la capture" if count == 1 else f"des {count} captures"
    return f"de {captures_fr(some)} sur {count}"


def part_en(some: int, count: int) -> str:
    """ "the capture", "the 3 captures", "2 of 3 captures"."""
    if some == count:
        return "the capture" if count == 1 else f"the {count} captures"
    return f"{some} of {captures_en(count)}"


def dated(means: Means) -> Claim:
    """By when the dossier existed, as others attest."""
    rests = "horodatage/, manifest.json"
    if not means.authorities:
        return Claim(
            NOT_PROVEN,
            "Date certaine : le dossier n’est pas horodaté, aucune autorité d’horodatage n’étant "
            "configurée.",
            "A certain date: the dossier is not time-stamped; no time-stamp authority is "
            "configured.",
            rests,
            dated=True,
        )
    if means.unstamped:
        return Claim(
            NOT_PROVEN,
            "Date certaine : à son établissement, le dossier n’est pas horodaté, aucune autorité "
            "n’ayant donné de contremarque de temps. horodatage/ETAT.txt dit pourquoi, et si une "
            "contremarque a été obtenue depuis.",
            "A certain date: when it was made the dossier is not time-stamped, since no authority "
            "gave a time stamp. horodatage/ETAT.txt says why, and whether one was had since.",
            rests,
            dated=True,
        )
    return Claim(
        PROVEN,
        "Le dossier, empreintes des captures comprises, existait à la date des contremarques de "
        "temps de horodatage/.",
        "The dossier, digests of the captures included, existed at the time of the time stamps in "
        "horodatage/.",
        rests,
        dated=True,
    )


def deleted(case: CaseFacts) -> Sequence[Claim]:
    """Originals that were there and are not any more."""
    gone = [one.original_deleted for one in case.captures if one.sealed and one.original_deleted]
    if not gone:
        return []
    last, count = max(gone), len(case.captures)
    return [
        Claim(
            NOT_PROVEN,
            f"Le contenu {part_fr(len(gone), count)} : l’original en a été supprimé, en dernier "
            f"le {last:%d/%m/%Y} ; son empreinte reste au journal, et rien n’en peut plus être "
            "ouvert.",
            f"The content of {part_en(len(gone), count)}: its original was deleted, last on "
            f"{last:%Y-%m-%d}; its digest stays in the log, and nothing of it can be opened.",
            "journal.jsonl (delete), scelle.json",
        )
    ]


def handed_in(case: CaseFacts, edition: Edition) -> Sequence[Claim]:
    """Captures that Vigie did not fetch."""
    given = sum(one.connection.get("kind") == "handed-in" for one in case.captures)
    if not given:
        return []
    count = len(case.captures)
    return [
        Claim(
            ATTESTED,
            f"Provenance {part_fr(given, count)} : remise par une personne, qui la "
            "déclare ; Vigie n’a rien relevé sur le réseau.",
            f"{part_en(given, count)}: handed in by a person, who says where they are "
            "from; Vigie did not see them on the network.",
            "journal.jsonl (hand-in)" if edition.journal else "captures/*/connexion.json",
        )
    ]


def never_proven(edition: Edition) -> Sequence[Claim]:
    """What no dossier of this kind proves."""
    kit = "constat-kit.pdf" if edition.story else ""
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
            "capture.",
            "That the site showed everyone the same page. A commissaire de justice can repeat the "
            "capture.",
            kit,
        ),
        Claim(
            NOT_PROVEN,
            "L’exactitude de l’horloge au-delà des écarts relevés, et l’absence d’altération de "
            "la machine de capture avant la première contremarque de temps.",
            "The clock beyond the offsets recorded, and that the capturing machine was unaltered "
            "before the first time stamp.",
            "captures/*/horloges.json" if "clocks" in edition.pieces else "",
        ),
    )
