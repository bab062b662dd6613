"""The register of orders: enter, serve on a party, expiry, block checks, blocage.csv."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.orm import Session

from evidence.beside.dns import Resolver
from evidence.dossier.tables import as_csv
from evidence.errors import EvidenceError
from evidence.orders.check import Checked, check
from index.custody import enter
from index.engine import reading, writing
from index.errors import NotFound
from index.schema import BlockCheck, Case, CourtOrder, OrderParty
from index.views import stamp

WARN = timedelta(days=60)
STARTS = ("service", "decision")  # what a duration may run from


@dataclass(frozen=True, slots=True)
class Terms:
    """An order as its wording has it."""

    case: int
    court: str
    number: str
    decided: datetime
    measure: str
    names: Sequence[str]
    parties: Sequence[str]
    runs_from: str = "service"
    months: int | None = None
    until: datetime | None = None
    document_sha256: str = ""


@dataclass(frozen=True, slots=True)
class PartyView:
    """One party of an order; `expires` None while not served, or without an end."""

    order: CourtOrder
    name: str
    served: datetime | None
    proof_sha256: str
    expires: datetime | None
    now: datetime

    @property
    def state(self) -> str:
        """ "not-served", "running", "ends-soon" (within 60 days) or "expired"."""
        if self.served is None:
            return "not-served"
        if self.expires is None:
            return "running"
        if self.now >= self.expires:
            return "expired"
        return "ends-soon" if self.expires - self.now <= WARN else "running"

    def to_json(self) -> dict[str, Any]:
        """For `vigie order list --json`."""
        order = self.order
        return {
            "order": order.id, "case": order.case, "court": order.court, "number": order.number,
            "decided": stamp(order.decided), "measure": order.measure, "names": list(order.names),
            "party": self.name, "served": stamp(self.served), "proof_sha256": self.proof_sha256,
            "expires": stamp(self.expires), "state": self.state,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provider:
    """A party's own resolver, as the operator configured it."""

    party: str
    resolver: Resolver


def months_later(at: datetime, months: int) -> datetime:
    """The same day so many months on, or the month's last one (code de procédure civile 641)."""
    year, month = divmod(at.month - 1 + months, 12)
    last = calendar.monthrange(at.year + year, month + 1)[1]
    return at.replace(year=at.year + year, month=month + 1, day=min(at.day, last))


class Orders:
    """Acts on orders; each is one transaction with its entry in the custody log."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock = engine, clock

    def add(self, terms: Terms, who: str) -> int:
        """Enter an order; raises NotFound, EvidenceError."""
        if not terms.parties or not terms.names:
            raise EvidenceError("an order binds at least one party and covers at least one name")
        if terms.runs_from not in STARTS:
            raise EvidenceError("an order's duration runs from service or decision")
        now = self._clock()
        if terms.decided > now:
            raise EvidenceError("an order cannot have been made in the future")
        with writing(self._engine) as connection:
            if connection.scalar(select(Case.id).where(Case.id == terms.case)) is None:
                raise NotFound(f"There is no case {terms.case}; `vigie case list` lists them.")
            row = connection.execute(
                insert(CourtOrder).values(
                    case=terms.case, court=terms.court, number=terms.number,
                    decided=terms.decided, measure=terms.measure,
                    names=[name.strip().lower().rstrip(".") for name in terms.names],
                    runs_from=terms.runs_from, months=terms.months, until=terms.until,
                    document_sha256=terms.document_sha256, entered=now, entered_by=who,
                )
            )  # fmt: skip
            number = int(row.inserted_primary_key[0])  # type: ignore[index]
            parties = [{"order": number, "name": name, "proof_sha256": ""}
                       for name in dict.fromkeys(terms.parties)]  # fmt: skip
            connection.execute(insert(OrderParty), parties)
            detail = {"order": number, "number": terms.number, "sha256": terms.document_sha256}
            enter(connection, at=now, who=who, what="order", item=f"case:{terms.case}",
                  detail=detail)  # fmt: skip
        return number

    def serve(self, order: int, party: str, on: datetime, proof_sha256: str, who: str) -> None:
        """Note when a party was served, with its proof; once. Raises NotFound, EvidenceError."""
        view = next(
            (one for one in self.list() if (one.order.id, one.name) == (order, party)), None
        )
        if view is None:
            raise NotFound(f"Order {order} binds no party {party}; `vigie order list` lists them.")
        if view.served is not None:
            raise EvidenceError(f"{party} was served on {stamp(view.served)} already")
        now = self._clock()
        if on < view.order.decided or on > now:
            raise EvidenceError("an order is served after it was made and not in the future")
        with writing(self._engine) as connection:
            connection.execute(
                update(OrderParty)
                .where(OrderParty.order == order, OrderParty.name == party)
                .values(served=on, proof_sha256=proof_sha256)
            )
            detail = {"order": order, "party": party, "served": stamp(on) or "",
                      "sha256": proof_sha256}  # fmt: skip
            enter(connection, at=now, who=who, what="serve", item=f"case:{view.order.case}",
                  detail=detail)  # fmt: skip

    def list(self, order: int = 0) -> list[PartyView]:
        """A line for each party of each order."""
        query = (
            select(CourtOrder, OrderParty)
            .join(OrderParty, OrderParty.order == CourtOrder.id)
            .order_by(CourtOrder.id, OrderParty.name)
        )
        if order:
            query = query.where(CourtOrder.id == order)
        with reading(self._engine) as connection, Session(connection) as session:
            rows = session.execute(query).all()
            session.expunge_all()
        return [
            PartyView(row[0], row[1].name, row[1].served, row[1].proof_sha256,
                      _expiry(row[0], row[1].served), self._clock())
            for row in rows
        ]  # fmt: skip

    def check(
        self, providers: Sequence[Provider], control: Resolver, block_pages: Sequence[str],
        *, who: str, order: int = 0, seconds: float = 4.0,
    ) -> Iterator[tuple[PartyView, str, Checked | None, str]]:  # fmt: skip
        """Check every name of every party; (party, name, outcome, why not) each. A party is bound
        from its service to its expiry: outside of that nothing is asked."""
        for view in self.list(order):
            mine = [one.resolver for one in providers if one.party == view.name]
            why = "" if view.state in ("running", "ends-soon") else view.state
            if not why and not mine:
                why = "no resolver of this party is configured"
            for name in view.order.names:
                if why:
                    yield view, name, None, why
                for resolver in mine if not why else ():
                    found = check(name, resolver, control, block_pages, seconds)
                    self._keep(view, name, resolver, control, found, who)
                    yield view, name, found, ""

    def _keep(
        self, view: PartyView, name: str, resolver: Resolver, control: Resolver, found: Checked,
        who: str,
    ) -> None:  # fmt: skip
        now = self._clock()
        with writing(self._engine) as connection:
            connection.execute(
                insert(BlockCheck).values(
                    order=view.order.id, party=view.name, name=name, at=now,
                    resolver=f"{resolver.name} {resolver.address}",
                    control=f"{control.name} {control.address}", state=found.state,
                    how=found.how, answers=found.answers,
                )
            )  # fmt: skip
            detail = {"order": view.order.id, "party": view.name, "name": name,
                      "state": found.state}  # fmt: skip
            enter(connection, at=now, who=who, what="block-check",
                  item=f"case:{view.order.case}", detail=detail)  # fmt: skip


def _expiry(order: CourtOrder, served: datetime | None) -> datetime | None:
    if order.until is not None:
        return order.until
    start = order.decided if order.runs_from == "decision" else served
    return months_later(start, order.months) if start is not None and order.months else None


def blocage(engine: Engine, case: int) -> bytes | None:
    """blocage.csv: result per party, resolver used, control; None where there is no order."""
    columns = ("controle_utc", "decision", "destinataire", "nom", "resolveur", "temoin", "etat",
               "reponses", "reponses_brutes_a_aaaa_base64")  # fmt: skip
    with reading(engine) as connection:
        orders = select(CourtOrder.id).where(CourtOrder.case == case)
        if connection.scalar(orders.limit(1)) is None:
            return None
        rows = connection.execute(
            select(BlockCheck.at, CourtOrder.number, BlockCheck.party, BlockCheck.name,
                   BlockCheck.resolver, BlockCheck.control, BlockCheck.state, BlockCheck.how,
                   BlockCheck.answers)
            .join(CourtOrder, CourtOrder.id == BlockCheck.order)
            .where(CourtOrder.case == case)
            .order_by(BlockCheck.id)
        ).all()  # fmt: skip
    return as_csv(columns, ((stamp(row.at), *row[1:8], _raw(row.answers)) for row in rows))


def _raw(answers: dict[str, Any]) -> str:
    return " ".join(
        f"{kind}/{side}={answers[kind][side].get('wire_base64', '')}"
        for kind in sorted(answers)
        for side in ("resolver", "control")
    )
