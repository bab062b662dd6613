"""Drafts: from the facts of a case to an exact mail that waits for a person's approval."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from evidence.errors import EvidenceError
from evidence.requests import message, xarf_report
from evidence.requests.contacts import Contact, by_hand, from_rdap
from evidence.requests.facts import CLAIM, Claim, Copy, Facts, Sender, claim_of, facts_of
from evidence.requests.facts import refuse_values as refuse
from evidence.requests.texts import ADDRESSEES, LANGUAGES, Linked, Wanted, write
from evidence.store import Store
from index.custody import enter
from index.engine import writing
from index.errors import Conflict, NotFound
from index.schema import Case, CaseClaim, Request, RequestTarget

NAMES = {  # what stands for a name that nobody gave, in the letter's own language
    "fr": {"publisher": "éditeur de", "host": "hébergeur de", "registrar":
           "bureau d’enregistrement de", "cdn": "CDN de", "search": "moteur de recherche"},
    "en": {"publisher": "publisher of", "host": "host of", "registrar": "registrar of",
           "cdn": "CDN of", "search": "search engine"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asks for. `host` "" with "search" only: every copy of the case. `contact` ""
    takes the one of the kept RDAP answers. `follows`: the request a linked act belongs to."""

    case: int
    addressee: str
    host: str = ""
    name: str = ""
    contact: str = ""
    contact_from: str = ""
    language: str = "fr"
    within: timedelta = timedelta(hours=24)
    kind: str = "notice"
    follows: int = 0


def draft(
    engine: Engine, store: Store, sender: Sender, order: Order, *, who: str, now: datetime
) -> int:
    """Write one draft and return its number. Raises Conflict when this addressee was asked about
    one of these addresses already, NotFound, EvidenceError."""
    if order.addressee not in ADDRESSEES or order.language not in LANGUAGES:
        raise EvidenceError(
            f"an addressee is {', '.join(ADDRESSEES)}, a language {' or '.join(LANGUAGES)}"
        )
    if order.kind not in ("notice", "reminder", "reupload"):
        raise EvidenceError("a request is a notice, a reminder or a reupload")
    refuse([order.name, order.contact_from])
    try:
        with writing(engine) as connection:
            return _draft(connection, store, sender, order, who, now)
    except IntegrityError:
        # Two people at once: the database holds what the look beforehand could not.
        raise Conflict(
            "this addressee was asked about this address in the meantime; see `vigie notice list`"
        ) from None


def _draft(
    connection: Connection, store: Store, sender: Sender, order: Order, who: str, now: datetime
) -> int:
    facts = facts_of(connection, order.case)
    first = _first(connection, order)
    copies = _copies(facts, order, first)
    contact = _contact(connection, store, facts, order, first, who)
    given = order.name.strip()[:300] or (first.name if first else "")
    name = given or f"{NAMES[order.language][order.addressee]} {order.host}".strip()
    # One addressee in either language: a second letter to it in the other one is found out.
    both = " / ".join(NAMES[language][order.addressee] for language in ("fr", "en"))
    who_is_asked = party(order.addressee, given or f"{both} {order.host}")
    linked = Linked(first.id, first.sent) if first is not None and first.sent else None
    hours = max(1, round(order.within.total_seconds() / 3600))
    wanted = Wanted(order.kind, order.addressee, name, order.language, hours, linked)
    text = write(facts, copies, wanted, sender)
    exact = [one for one in copies if one.exact]
    reports = [xarf_report.report(facts, one, sender, now) for one in exact] if sender.email else []
    mail = message.compose(text, sender, contact.email, reports)
    missing = [*text.missing, *(() if contact.email else ("contact",))]
    row = connection.execute(
        insert(Request).values(
            case=order.case, kind=order.kind, first=first.id if first else None,
            addressee=order.addressee, name=name, contact=contact.email,
            contact_from=contact.provenance, language=order.language, subject=text.subject,
            addresses=[one.address for one in copies], missing=missing, message=mail,
            sha256=message.digest(mail), state="draft", created=now, created_by=who,
            answer_within_s=hours * 3600, approved_by="", sent_by="", sent_how="",
            sent_sha256="", receipt="",
        )
    )  # fmt: skip
    number = int(row.inserted_primary_key[0])  # type: ignore[index]
    _hold(connection, number, order, who_is_asked, contact.email, copies)
    enter(
        connection, at=now, who=who, what="draft", item=f"case:{order.case}",
        detail={"request": number, "to": order.addressee, "kind": order.kind,
                "sha256": message.digest(mail), "first": first.id if first else 0},
    )  # fmt: skip
    return number


def _copies(facts: Facts, order: Order, first: Request | None) -> tuple[Copy, ...]:
    """What is still up there; a reminder keeps to the addresses of the first request."""
    if order.host and order.host not in facts.hosts:
        raise EvidenceError(
            f"case {order.case} has no copy on that host; it has copies on {', '.join(facts.hosts)}"
        )
    found = [one for one in facts.on(order.host) if one.gone_at is None]
    if order.kind == "reminder" and first is not None:
        found = [one for one in found if one.address in first.addresses]
    if not found:
        raise EvidenceError(
            "nothing of this case is up there any more, so there is nothing to ask for"
        )
    return tuple(found)


def _contact(
    connection: Connection, store: Store, facts: Facts, order: Order, first: Request | None,
    who: str,
) -> Contact:  # fmt: skip
    if order.contact:
        return by_hand(order.contact, order.contact_from, who)
    if first is not None and first.contact:
        return Contact(first.contact, first.contact_from)
    return from_rdap(connection, store, facts, order.addressee, order.host)


def _first(connection: Connection, order: Order) -> Request | None:
    """The request that a linked act follows: sent, of the same case and to the same addressee."""
    if not order.follows:
        if order.kind != "notice":
            raise EvidenceError(f"a {order.kind} names the request that it follows")
        return None
    with Session(connection, expire_on_commit=False) as session:
        first = session.get(Request, order.follows)
        if first is None:
            raise NotFound(f"There is no request {order.follows}; `vigie notice list` lists them.")
        session.expunge(first)
    if first.state != "sent" or first.case != order.case or first.addressee != order.addressee:
        raise EvidenceError(
            f"request {first.id} was not sent to this addressee about this case; a reminder or a "
            "notice after a re-upload follows one that was"
        )
    if first.first is not None:
        raise EvidenceError(f"request {first.id} follows request {first.first}; name that one")
    return first


def party(addressee: str, name: str) -> str:
    """What makes two addressees the same one."""
    return f"{addressee}:{' '.join(name.casefold().split())}"


def _hold(
    connection: Connection, number: int, order: Order, who: str, email: str, copies: Sequence[Copy]
) -> None:
    """Note whom this asks about what; the same name, or the same mail address under another name,
    is asked once unless the act is linked to the first."""
    turn = 0 if order.kind == "notice" else number
    keys = {hashlib.sha256(one.address.encode()).hexdigest() for one in copies}
    same = RequestTarget.addressee == who
    if email:
        same = same | ((Request.contact == email) & (Request.addressee == order.addressee))
    held = (
        select(RequestTarget.request)
        .join(Request, Request.id == RequestTarget.request)
        .where(same, RequestTarget.turn == 0, RequestTarget.address.in_(keys))
        .where(Request.id != number)
    )
    before = connection.scalar(held.limit(1)) if order.kind == "notice" else None
    if before is not None:
        raise Conflict(
            f"request {before} to this addressee holds one of these addresses already; a reminder "
            f"(--reminder-of {before}) or a notice after a re-upload (--reupload-of {before}) is "
            "an act of its own, and `vigie notice withdraw` frees a draft's addresses"
        )
    rows = [{"request": number, "address": key, "addressee": who, "turn": turn} for key in keys]
    connection.execute(insert(RequestTarget), rows)


def fill_in(engine: Engine, case: int, fields: dict[str, str], *, who: str, now: datetime) -> Claim:
    """Set fields of the case's claim; others stay. The custody log gets their names and digests.
    Raises NotFound, and EvidenceError for a text with a person's number in it."""
    unknown = set(fields) - set(CLAIM)
    if unknown:
        raise EvidenceError(f"a claim has {', '.join(CLAIM)}, nothing else")
    refuse(list(fields.values()))
    with writing(engine) as connection:
        if connection.scalar(select(Case.id).where(Case.id == case)) is None:
            raise NotFound(f"There is no case {case}; `vigie case list` lists them.")
        if not fields:
            return claim_of(connection, case)
        values = {**fields, "changed": now, "changed_by": who}
        there = connection.scalar(select(CaseClaim.case).where(CaseClaim.case == case))
        if there is None:
            empty = dict.fromkeys(CLAIM, "")
            connection.execute(insert(CaseClaim).values(case=case, **{**empty, **values}))
        else:
            connection.execute(update(CaseClaim).where(CaseClaim.case == case).values(**values))
        told = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in fields.items()}
        enter(connection, at=now, who=who, what="claim", item=f"case:{case}", detail=told)
        return claim_of(connection, case)
