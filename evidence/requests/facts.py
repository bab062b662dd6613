"""What every request and the annex of a case are made from: an allow-list of facts.

Titles, snippets, reasons and rows never come in here, so no text made from these facts can hold
a victim's value. Addresses are the record's own, in which a value is masked already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from evidence.dossier.facts import CaseFacts, load
from evidence.errors import EvidenceError
from index.schema import CaseClaim

MASK = "•"
CLAIM = ("claimant", "standing", "harm", "mandate", "without_notice")
# Thirteen or fifteen digits as a NIR is written (with Corsica's letter).
# Fourteen are a SIRET, which a claimant may well name.
NIR = re.compile(
    r"(?<!\d)[1-8](?:[ .-]?\d){4}[ .-]?\d[ .-]?[\dAB](?:[ .-]?\d){6}(?:[ .-]?\d[ .-]?\d)?"
    r"(?![ .-]?\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who asks: an organisation or person and its mail address (DSA article 16(2)(c))."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Fields of the case that a person fills in; "" is missing."""

    claimant: str = ""
    standing: str = ""
    harm: str = ""
    mandate: str = ""
    without_notice: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """One place where the repost stands. `exact`: nothing in its address had to be masked."""

    address: str
    host: str
    peer: str
    fetched_at: datetime
    last_seen: datetime
    gone_at: datetime | None
    sha256: str
    records: int

    @property
    def exact(self) -> bool:
        """Whether the address names the place exactly (DSA article 16(2)(b))."""
        return MASK not in self.address


@dataclass(frozen=True, slots=True)
class Facts:
    """One case for requests."""

    case: int
    copies: tuple[Copy, ...]
    fields: tuple[str, ...]
    records: int
    first_seen: datetime | None
    claim: Claim
    source: CaseFacts

    @property
    def hosts(self) -> tuple[str, ...]:
        """In the order of their first capture."""
        return tuple(dict.fromkeys(one.host for one in self.copies))

    def on(self, host: str) -> tuple[Copy, ...]:
        """The copies on a host; all of them for ""."""
        return tuple(one for one in self.copies if not host or one.host == host)


def facts_of(connection: Connection, case: int) -> Facts:
    """Read the case; raises NotFound."""
    told = load(connection, case)
    alerts = {one.id: one for one in told.alerts}
    copies: dict[str, Copy] = {}
    for capture in told.captures:
        alert = alerts[capture.alert]
        # The latest capture speaks for an address; first and last sight are the alert's.
        copies[capture.location] = Copy(
            address=capture.location,
            host=(urlsplit(capture.location).hostname or "").lower(),
            peer=capture.peer,
            fetched_at=capture.fetched_at,
            last_seen=alert.last_seen,
            gone_at=alert.gone_at,
            sha256=capture.sha256,
            records=alert.records,
        )
    return Facts(
        case=case,
        copies=tuple(copies.values()),
        fields=told.fields,
        records=told.records,
        first_seen=min((one.first_seen for one in told.alerts), default=None),
        claim=claim_of(connection, case),
        source=told,
    )


def claim_of(connection: Connection, case: int) -> Claim:
    """What was filled in so far."""
    columns = [getattr(CaseClaim, name) for name in CLAIM]
    row = connection.execute(select(*columns).where(CaseClaim.case == case)).one_or_none()
    return Claim(*row) if row is not None else Claim()


def refuse_values(texts: Sequence[str]) -> None:
    """Raises EvidenceError for a typed text with a social security number: it would leave with
    every request and stand in the court's file."""
    for text in texts:
        if NIR.search(text):
            raise EvidenceError(
                "this text holds what looks like a social security number (NIR); requests and "
                "annexes go to third parties: say it without any person's data"
            )
