"""What follows a capture: requests that leave by a real mail server, answers, an order, checks."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.beside.dns import Resolver
from evidence.orders.register import Orders, Provider, Terms
from evidence.requests.drafting import Order, draft, fill_in
from evidence.requests.facts import Sender
from evidence.requests.register import Register
from evidence.requests.sending import MailServer
from evidence.store import Store
from tests.evidence.blocking_dns import resolver
from tests.evidence.dossiers import PLANTED, Prepared
from tests.evidence.mail_server import mail_server

SENDER = Sender("CERT d’essai", "cert@exemple.fr")


def now() -> datetime:
    """UTC."""
    return datetime.now(UTC)


def act_on(case: Prepared, folder: Path) -> None:
    """Three requests (one answered, one silent, one waiting), one order on two parties of which
    one is served, and a block check on it."""
    fill_in(
        case.engine, case.case,
        {"claimant": "Laboratoires réunis d’essai, SAS", "standing": "responsable du traitement",
         "harm": "données de santé de patients exposées"}, who="jeanne", now=now(),
    )  # fmt: skip
    register = Register(case.engine, now)
    with mail_server(folder) as box:
        mails = MailServer("127.0.0.1", box.port, ca_file=box.ca_file, sender=SENDER.email)
        for order in (
            Order(case.case, "host", "paste1.exemple.fr", "Hôte SARL", "abuse@hote.exemple",
                  "fiche RDAP, capture 1"),
            Order(case.case, "cdn", "paste2.exemple.fr", "Edge Inc.", "abuse@edge.exemple",
                  language="en", within=timedelta(seconds=0)),
            Order(case.case, "publisher", "paste0.exemple.fr", "l’éditeur", "x@paste.exemple"),
        ):  # fmt: skip
            number = draft(case.engine, Store(case.folder / "evidence"), SENDER, order,
                           who="jeanne", now=now())  # fmt: skip
            register.approve(number, register.get(number).row.sha256, "Me Martin")
            register.send(number, "Me Martin", mails.hand)
    quoted = f"Nous avons vu {PLANTED[1]} {PLANTED[0]}".encode()
    register.answer(1, "receipt", "jeanne", at=now(), body=b"250")
    register.answer(1, "question", "jeanne", at=now(), body=quoted)
    orders = Orders(case.engine, now)
    number = orders.add(
        Terms(case.case, "TJ Paris", "26/51823", now() - timedelta(days=3),
              "bloquer l’accès au site pendant dix-huit mois", ["paste1.exemple.fr"],
              ["Orange", "Free"], months=18, document_sha256="ab" * 32), "jeanne",
    )  # fmt: skip
    orders.serve(number, "Orange", now() - timedelta(days=1), "cd" * 32, "jeanne")
    with ExitStack() as stack:
        blocked, open_ = (stack.enter_context(resolver(way)) for way in ("nxdomain", "open"))
        providers = [Provider("Orange", Resolver("orange", "127.0.0.1", blocked))]
        outside = Resolver("temoin", "127.0.0.1", open_)
        told = list(orders.check(providers, outside, [], who="jeanne", seconds=2))
    assert len(told) == 2
