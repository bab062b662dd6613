"""The register of requests: approve, withdraw, send, file what came back, list with due dates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.orm import Session

from capture.originals import SealedOriginals
from evidence.errors import EvidenceError
from evidence.requests import message
from index.custody import enter
from index.engine import reading, writing
from index.errors import Conflict, NotFound
from index.schema import Request, RequestAnswer, RequestTarget
from index.views import stamp

ANSWERS = ("receipt", "bounce", "question", "refused", "removed")
# An automatic receipt or a bounce is no answer: silence goes on.
SAYS_NOTHING = ("receipt", "bounce")
Hand = Callable[[Request, bytes], str]


class Refused(EvidenceError):
    """The mail server refused for certain; nothing left."""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One thing that came back."""

    kind: str
    at: datetime
    sha256: str
    sealed: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request with what came back, as of a moment."""

    row: Request
    answers: tuple[AnswerView, ...]
    now: datetime

    @property
    def state(self) -> str:
        """The row's, and for one that was sent "answered", "waiting" or "silent" (overdue)."""
        if self.row.state != "sent":
            return self.row.state
        if any(one.kind not in SAYS_NOTHING for one in self.answers):
            return "answered"
        return "silent" if self.row.due is not None and self.now > self.row.due else "waiting"

    def to_json(self) -> dict[str, Any]:
        """For `vigie notice list --json`."""
        row = self.row
        return {
            "id": row.id, "case": row.case, "kind": row.kind, "first": row.first,
            "to": row.addressee, "name": row.name, "contact": row.contact,
            "contact_from": row.contact_from, "language": row.language, "subject": row.subject,
            "addresses": list(row.addresses), "missing": list(row.missing), "state": self.state,
            "sha256": row.sha256, "created": stamp(row.created), "created_by": row.created_by,
            "approved": stamp(row.approved), "approved_by": row.approved_by,
            "sent": stamp(row.sent), "sent_by": row.sent_by, "sent_how": row.sent_how,
            "sent_sha256": row.sent_sha256, "receipt": row.receipt, "due": stamp(row.due),
            "answers": [
                {"kind": one.kind, "at": stamp(one.at), "sha256": one.sha256, "sealed": one.sealed}
                for one in self.answers
            ],
        }  # fmt: skip


class Register:
    """Acts on requests; each is one transaction with its entry in the custody log."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    def get(self, number: int) -> RequestView:
        """One request; raises NotFound."""
        with reading(self._engine) as connection:
            return self._view(connection, _row(connection, number))

    def list(self, case: int = 0) -> tuple[RequestView, ...]:
        """All of them, or a case's, oldest first."""
        query = select(Request).order_by(Request.id)
        if case:
            query = query.where(Request.case == case)
        with reading(self._engine) as connection, Session(connection) as session:
            rows = session.scalars(query).all()
            session.expunge_all()
            return tuple(self._view(connection, row) for row in rows)

    def approve(self, number: int, sha256: str, who: str) -> None:
        """`who` has read exactly the text with this digest. Raises EvidenceError for another
        digest, or while an element is missing."""
        with writing(self._engine) as connection:
            row = _row(connection, number)
            if row.state != "draft":
                raise Conflict(f"request {number} is {row.state}, so it cannot be approved")
            if sha256.lower() != row.sha256 or message.digest(row.message) != row.sha256:
                raise EvidenceError(
                    f"this is not the digest of request {number}'s text; read it with `vigie "
                    f"notice show {number}` and approve the SHA-256 that stands there"
                )
            blocking = [one for one in row.missing if one != "contact"]
            if blocking:
                raise EvidenceError(
                    f"request {number} lacks {', '.join(blocking)}; fill it in, withdraw this "
                    "draft and draft again"
                )
            now = self._clock()
            self._set(connection, row, "draft", state="approved", approved=now, approved_by=who)
            self._enter(connection, row, now, who, "approve", {"sha256": row.sha256})

    def withdraw(self, number: int, who: str, reason: str) -> None:
        """Give up one that has not left; its addresses are free again."""
        with writing(self._engine) as connection:
            row = _row(connection, number)
            if row.state not in ("draft", "approved"):
                raise Conflict(f"request {number} is {row.state}, so it cannot be withdrawn")
            now = self._clock()
            self._set(connection, row, row.state, state="withdrawn")
            connection.execute(delete(RequestTarget).where(RequestTarget.request == number))
            self._enter(connection, row, now, who, "withdraw", {"sha256": row.sha256}, reason)

    def send(self, number: int, who: str, hand: Hand) -> RequestView:
        """Hand it to `hand`, which returns the server's receipt and raises Refused when nothing
        left for certain. Any other end leaves "sending": a person looks before anything repeats."""
        now = self._clock()
        with writing(self._engine) as connection:
            row = _approved(_row(connection, number))
            if not row.contact:
                raise EvidenceError(
                    f"request {number} has no mail address; send it by hand (--by-hand), or "
                    "withdraw it and draft it with --contact"
                )
            self._set(connection, row, "approved", state="sending")
        mail = message.dated(row.message, now)
        try:
            receipt = hand(row, mail)
        except Refused as error:
            self._back(number, who, str(error))
            raise
        self._sent(number, who, now, "smtp", message.digest(mail), receipt, ("sending",))
        return self.get(number)

    def sent_by_hand(self, number: int, who: str, at: datetime, receipt: str) -> RequestView:
        """A person sent the approved text otherwise (form, registered letter), or has seen that a
        mail whose fate was unknown did leave. `receipt` says how."""
        with reading(self._engine) as connection:
            row = _row(connection, number)
            if row.state != "sending":
                _approved(row)
        if at > self._clock():
            raise EvidenceError("it cannot have been sent in the future")
        if row.approved is not None and at < row.approved:
            raise EvidenceError(f"request {number} was approved only at {stamp(row.approved)}")
        self._sent(number, who, at, "by-hand", row.sha256, receipt, ("approved", "sending"))
        return self.get(number)

    def did_not_leave(self, number: int, who: str, reason: str) -> None:
        """A person has seen that a mail whose fate was unknown did not leave."""
        with reading(self._engine) as connection:
            if _row(connection, number).state != "sending":
                raise Conflict(f"what became of request {number} is known")
        self._back(number, who, reason)

    def answer(
        self,
        number: int,
        kind: str,
        who: str,
        *,
        at: datetime,
        body: bytes = b"",
        originals: SealedOriginals | None = None,
    ) -> str:
        """File what came back, and return where its body is sealed ("": only its digest is kept,
        since an answer may quote anything)."""
        if kind not in ANSWERS:
            raise EvidenceError(f"an answer is {', '.join(ANSWERS)}, nothing else")
        with reading(self._engine) as connection:
            row = _row(connection, number)
        if row.state != "sent":
            raise Conflict(f"request {number} is {row.state}: nothing can have come back")
        now = self._clock()
        if row.sent is None or at < row.sent or at > now:
            raise EvidenceError(f"an answer comes after {stamp(row.sent)} and not in the future")
        sealed = (
            originals.seal(body, {"request": number, "kind": kind}) if originals and body else ""
        )
        sha256 = hashlib.sha256(body).hexdigest() if body else ""
        with writing(self._engine) as connection:
            connection.execute(
                insert(RequestAnswer).values(
                    request=number, kind=kind, at=at, filed=now, filed_by=who, sha256=sha256,
                    bytes=len(body), sealed=sealed,
                )
            )  # fmt: skip
            detail = {"what": kind, "sha256": sha256, "at": stamp(at) or ""}
            self._enter(connection, row, now, who, "answer", detail)
        return sealed

    # Inside

    def _view(self, connection: Connection, row: Request) -> RequestView:
        found = connection.execute(
            select(RequestAnswer.kind, RequestAnswer.at, RequestAnswer.sha256, RequestAnswer.sealed)
            .where(RequestAnswer.request == row.id)
            .order_by(RequestAnswer.at, RequestAnswer.id)
        )
        answers = tuple(AnswerView(a.kind, a.at, a.sha256, bool(a.sealed)) for a in found)
        return RequestView(row, answers, self._clock())

    def _sent(
        self, number: int, who: str, at: datetime, how: str, sha256: str, receipt: str,
        before: tuple[str, ...],
    ) -> None:  # fmt: skip
        with writing(self._engine) as connection:
            row = _row(connection, number)
            if row.state not in before:
                raise Conflict(f"request {number} is {row.state} by now")
            due = at + timedelta(seconds=row.answer_within_s)
            self._set(
                connection, row, row.state, state="sent", sent=at, sent_by=who, sent_how=how,
                sent_sha256=sha256, receipt=receipt[:500], due=due,
            )  # fmt: skip
            detail = {"sha256": row.sha256, "sent_sha256": sha256, "how": how,
                      "receipt": receipt[:500], "due": stamp(due) or ""}  # fmt: skip
            self._enter(connection, row, self._clock(), who, "send", detail)

    def _back(self, number: int, who: str, why: str) -> None:
        with writing(self._engine) as connection:
            row = _row(connection, number)
            self._set(connection, row, "sending", state="approved")
            self._enter(connection, row, self._clock(), who, "not-sent", {"why": why[:300]})

    def _set(self, connection: Connection, row: Request, before: str, **values: Any) -> None:
        """Raises Conflict when another process was first."""
        changed = connection.execute(
            update(Request).where(Request.id == row.id, Request.state == before).values(**values)
        )
        if changed.rowcount != 1:
            raise Conflict(f"request {row.id} was changed by someone else; look at it again")

    def _enter(
        self, connection: Connection, row: Request, at: datetime, who: str, what: str,
        detail: dict[str, Any], reason: str = "",
    ) -> None:  # fmt: skip
        told = {"request": row.id, "to": row.addressee, **detail}
        enter(
            connection, at=at, who=who, what=what, item=f"case:{row.case}", detail=told,
            reason=reason,
        )  # fmt: skip


def _row(connection: Connection, number: int) -> Request:
    with Session(connection) as session:
        row = session.get(Request, number)
        if row is None:
            raise NotFound(f"There is no request {number}; `vigie notice list` lists them.")
        session.expunge(row)
    return row


def _approved(row: Request) -> Request:
    """The row, if these very bytes were approved by a person."""
    if row.state == "sending":
        raise Conflict(
            f"what became of request {row.id} is not known: look in the mail server's log, then "
            "say `vigie notice send --by-hand` (it left) or `--did-not-leave`"
        )
    if row.state != "approved" or not row.approved_by:
        raise EvidenceError(f"request {row.id} is {row.state}; nothing leaves without an approval")
    if message.digest(row.message) != row.sha256:
        raise EvidenceError(f"request {row.id} is not the text that was approved; draft it again")
    return row
