"""Whom to write to: contacts given by hand, or read from the RDAP answers kept with captures."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from evidence.beside.rdap import abuse_contacts
from evidence.errors import EvidenceError
from evidence.requests.facts import Facts
from evidence.store import Store
from index.schema import Capture, EvidenceItem

# Which RDAP answer names the abuse contact of which addressee: an address's network is the
# host's (or, where one stands in front, the CDN's); a domain's registration is the registrar's.
ANSWER = {"host": "ip", "cdn": "ip", "registrar": "domain"}


@dataclass(frozen=True, slots=True)
class Contact:
    """A mail address and where it was found; both "" when none is known."""

    email: str = ""
    provenance: str = ""


def by_hand(email: str, provenance: str, who: str) -> Contact:
    """One that a person gives; raises EvidenceError when it is no mail address."""
    if not is_mail(email):
        raise EvidenceError(
            f"{email!r} is no mail address; for a form on a website leave --contact out, take the "
            "text from `vigie notice show` and mark it with `vigie notice send --by-hand`"
        )
    return Contact(email.strip(), provenance.strip()[:400] or f"given by hand by {who}")


def is_mail(text: str) -> bool:
    """One plain address: neither a list nor a header's second line."""
    local, at, domain = text.strip().partition("@")
    return bool(local and at and "." in domain) and not any(
        char.isspace() or char in ',;<>"@' or not char.isprintable() for char in local + domain
    )


def from_rdap(
    connection: Connection, store: Store, facts: Facts, addressee: str, host: str
) -> Contact:
    """The abuse contact that the RDAP answers beside this case's captures name, newest first."""
    wanted = ANSWER.get(addressee)
    if wanted is None:
        return Contact()
    captures = [one.id for one in facts.source.captures if not host or one.host == host]
    rows = connection.execute(
        select(EvidenceItem.file, EvidenceItem.sha256)
        .join(Capture, Capture.id == EvidenceItem.capture)
        .where(EvidenceItem.capture.in_(captures[-500:]), EvidenceItem.kind == "rdap")
        .where(EvidenceItem.state == "made")
        .order_by(EvidenceItem.at.desc())
    )
    for row in rows:
        found = _contact(store.get(row.file), wanted, row.sha256)
        if found is not None:
            return found
    return Contact()


def _contact(untrusted_body: bytes, wanted: str, digest: str) -> Contact | None:
    try:
        for answer in json.loads(untrusted_body)["answers"]:
            if answer["kind"] != wanted or answer["error"]:
                continue
            for one in abuse_contacts(answer):
                if is_mail(one["email"]):
                    provenance = f"RDAP {one['from']}, {one['at']}, SHA-256 {digest}"
                    return Contact(one["email"].strip()[:300], provenance[:500])
    except (ValueError, KeyError, TypeError, IndexError):
        return None  # a registry may answer anything; then there is no contact from it
    return None
