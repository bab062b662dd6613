"""The certificate of a deletion: what went, by which rule or whose decision, and where the log
says so. It can be checked against the journal by whoever holds one; nothing deleted is in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from evidence.custody.journal import head
from index import chain
from index.custody import enter
from index.engine import reading, writing
from index.errors import NotFound
from index.schema import Act, DeletionCertificate

FORMAT = "vigie-deletion-1"
STEP = 500
NOT_COVERED = (
    "copies that left this machine: backups, exported dossiers, copies of other persons",
    "what a disk keeps of a removed file; originals are encrypted to keys that are elsewhere",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate; `document` is canonical JSON with the digest `sha256`."""

    number: int
    at: datetime
    who: str
    deletions: int
    sha256: str
    document: bytes

    @property
    def told(self) -> dict[str, Any]:
        """The document, read."""
        found: dict[str, Any] = json.loads(self.document)
        return found


def certify(engine: Engine, entries: Sequence[int], who: str, now: datetime) -> Certificate:
    """Write down a certificate over these entries of the log; its digest enters the log too."""
    with writing(engine) as connection:
        top = head(connection)
        document = chain.canonical(
            {
                "algorithm": chain.ALGORITHM,
                "at": chain.moment(now),
                "by": who,
                "deletions": list(_deletions(connection, entries)),
                "format": FORMAT,
                "head": {"link": top.link.hex(), "log": top.log, "seq": top.seq},
                "not_covered": list(NOT_COVERED),
            }
        )  # fmt: skip
        digest = hashlib.sha256(document).hexdigest()
        row = connection.execute(
            insert(DeletionCertificate).values(
                at=now, who=who, deletions=len(entries), first_seq=min(entries),
                last_seq=max(entries), sha256=digest, document=document,
            )
        )  # fmt: skip
        number = int(row.inserted_primary_key[0])  # type: ignore[index]
        detail = {"certificate": number, "sha256": digest, "deletions": len(entries)}
        enter(connection, at=now, who=who, what="deletion-certificate", detail=detail)
    return Certificate(number, now, who, len(entries), digest, document)


def get(engine: Engine, number: int) -> Certificate:
    """One certificate; raises NotFound."""
    found = [one for one in list_all(engine) if one.number == number]
    if not found:
        raise NotFound(f"There is no certificate {number}; `vigie retention list` lists them.")
    return found[0]


def list_all(engine: Engine) -> list[Certificate]:
    """Every certificate, oldest first."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(DeletionCertificate.__table__).order_by(DeletionCertificate.id)
        )
        return [
            Certificate(row.id, row.at, row.who, row.deletions, row.sha256, row.document)
            for row in rows
        ]


def _deletions(connection: Connection, entries: Sequence[int]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start in range(0, len(entries), STEP):
        rows = connection.execute(
            select(Act.seq, Act.at, Act.who, Act.subject, Act.detail, Act.digest, Act.reason,
                   Act.reason_salt)
            .where(Act.seq.in_(entries[start : start + STEP]))
            .order_by(Act.seq)
        )  # fmt: skip
        found += [
            {"at": chain.moment(row.at), "by": row.who, "digest": row.digest.hex(),
             "entry": row.seq, "item": row.subject, **row.detail,
             "reason_sha256": chain.reason_digest(row.reason, row.reason_salt)}
            for row in rows
        ]  # fmt: skip
    return found


WORDS = {
    "fr": {
        "title": "Certificat de suppression n° {n}",
        "lead": "Le {at}, par {who} : {count} suppressions, chacune inscrite au registre des actes "
        "sous le numéro indiqué. Le motif, s’il y en a un, y figure par son empreinte seule.",
        "head": "Registre {log}, tête n° {seq}, lien {link}.",
        "columns": "| inscription | chose | supprimé | règle | SHA-256 |",
        "rules": {"quiet": "sans alerte, délai passé", "dismissed": "alerte écartée, délai passé",
                  "closed": "affaire close, délai passé", "decision": "décision d’une personne"},
        "not": "Ce certificat ne couvre pas : les copies sorties de cette machine (sauvegardes, "
        "dossiers de preuves exportés, copies d’autres personnes) ; ce qu’un disque garde d’un "
        "fichier supprimé : les originaux y sont chiffrés pour des clés absentes de cette machine.",
        "check": "Empreinte SHA-256 du document : {sha256}, elle-même inscrite au registre. "
        "« vigie custody verify » vérifie le registre entier.",
    },
    "en": {
        "title": "Certificate of deletion no. {n}",
        "lead": "On {at}, by {who}: {count} deletions, each entered in the custody log under the "
        "number given. The reason, where there is one, stands there as a digest only.",
        "head": "Log {log}, head no. {seq}, link {link}.",
        "columns": "| entry | item | deleted | rule | SHA-256 |",
        "rules": {"quiet": "no alert, time over", "dismissed": "alert dismissed, time over",
                  "closed": "case closed, time over", "decision": "a person's decision"},
        "not": "This certificate does not cover: copies that left this machine (backups, exported "
        "dossiers, other persons' copies); what a disk keeps of a file that was removed: originals "
        "are encrypted there to keys that are not on this machine.",
        "check": "SHA-256 of the document: {sha256}, itself entered in the log. "
        "`vigie custody verify` checks the whole log.",
    },
}  # fmt: skip


def as_markdown(certificate: Certificate, language: str) -> str:
    """The certificate for people, "fr" or "en"."""
    words: dict[str, Any] = WORDS[language]
    told = certificate.told
    rows = [
        "| {} | {} | {} | {} | {} |".format(
            one["entry"], one["item"], one["what"], words["rules"].get(one["rule"], one["rule"]),
            one.get("sha256") or "—",
        )
        for one in told["deletions"]
    ]  # fmt: skip
    return "\n\n".join(
        (
            "# " + words["title"].format(n=certificate.number),
            words["lead"].format(at=told["at"], who=told["by"], count=certificate.deletions),
            "\n".join([words["columns"], "|---|---|---|---|---|", *rows]),
            words["head"].format(**told["head"]),
            words["not"],
            words["check"].format(sha256=certificate.sha256) + "\n",
        )
    )
