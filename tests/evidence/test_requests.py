"""Requests: drafts free of victims' values, approval, sending, answers, the annex."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pyrage
import pytest
import xarf
from sqlalchemy import Engine, select, update

from capture.originals import SealedOriginals
from evidence.errors import EvidenceError
from evidence.requests import diligences, message
from evidence.requests.annex import annex
from evidence.requests.drafting import Order, draft, fill_in
from evidence.requests.facts import Sender, facts_of
from evidence.requests.register import Refused, Register
from evidence.requests.sending import MailServer
from evidence.requests.texts import ADDRESSEES
from evidence.store import Store
from index.engine import open_record, reading, writing
from index.errors import Conflict
from index.schema import Act, Alert, Capture, EvidenceItem, Request
from tests.evidence.dossiers import PLANTED, Prepared, prepare
from tests.evidence.mail_server import MailBox, mail_server

SENDER = Sender("CERT d’essai", "cert@exemple.fr")


@pytest.fixture(scope="module")
def shared_mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailBox]:
    with mail_server(tmp_path_factory.mktemp("mail")) as box:
        yield box


@pytest.fixture
def mail(shared_mail: MailBox) -> MailBox:
    shared_mail.fault = ""
    shared_mail.mails.clear()
    return shared_mail


@pytest.fixture(scope="module")
def shared_case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp("case")
    engine = open_record(f"sqlite:///{folder}/record/vigie.db")
    yield prepare(engine, folder, [])
    engine.dispose()


@pytest.fixture
def case(shared_case: Prepared) -> Prepared:
    """The case without any request; entries of the log stay, as they must."""
    from index.schema import RequestAnswer, RequestTarget

    with writing(shared_case.engine) as connection:
        for table in (RequestAnswer, RequestTarget, Request):
            connection.execute(table.__table__.delete())  # type: ignore[attr-defined]
    return shared_case


def now() -> datetime:
    return datetime.now(UTC)


def make(case: Prepared, order: Order) -> int:
    store = Store(case.folder / "evidence")
    return draft(case.engine, store, SENDER, order, who="jeanne", now=now())


def server(mail: MailBox) -> MailServer:
    return MailServer("127.0.0.1", mail.port, ca_file=mail.ca_file, sender=SENDER.email)


def host_order(case: Prepared, **more: object) -> Order:
    order = Order(case.case, "host", "paste1.exemple.fr", contact="abuse@hote.exemple")
    return replace(order, **more)  # type: ignore[arg-type]


def approved(case: Prepared, order: Order) -> tuple[Register, int]:
    register, number = Register(case.engine, now), make(case, order)
    register.approve(number, register.get(number).row.sha256, "Me Martin")
    return register, number


def test_drafts_say_what_their_ground_needs_and_hold_no_value(case: Prepared) -> None:
    with writing(case.engine) as connection:  # where a value could come from, one is planted
        connection.execute(update(Alert).values(title=f"{PLANTED[0]} {PLANTED[2]}"))
        connection.execute(update(Capture).values(title=PLANTED[3], path=[PLANTED[4]]))
    register = Register(case.engine, now)
    for language in ("fr", "en"):
        for addressee in ADDRESSEES:
            host = "" if addressee == "search" else "paste1.exemple.fr"
            name = f"{addressee} {language}"
            number = make(case, Order(case.case, addressee, host, name, language=language))
            row = register.get(number).row
            body = message.body_of(row.message)
            everything = body + row.message.decode() + json.dumps(register.get(number).to_json())
            everything += b"".join(message.reports_of(row.message)).decode()
            assert [value for value in PLANTED if value.lower() in everything.lower()] == []
            # DSA 16(2): reasons, exact addresses, name and mail address, good faith.
            for part in (
                "https://paste1.exemple.fr/p/1",
                SENDER.name,
                SENDER.email,
                "RGPD",
                "GDPR",
            ):
                if part not in ("RGPD", "GDPR") or part == ("RGPD", "GDPR")[language == "en"]:
                    assert part in body, (addressee, language, part)
            assert ("de bonne foi" in body) or ("bona fide" in body)
            says_notice = addressee == "host"
            assert (("notification au sens de l’article 16, paragraphe 2" in body)
                    or ("notice under article 16(2)" in body)) == says_notice  # fmt: skip
            assert row.missing == ["contact"]
            for report in message.reports_of(row.message):
                parsed = xarf.parse(report.decode())
                assert (parsed.errors, parsed.warnings) == ([], [])
                told = json.loads(report)
                assert (told["category"], told["type"]) == ("content", "exposed_data")
                assert "sample_records" not in told


def test_a_masked_address_is_not_exact(case: Prepared) -> None:
    with writing(case.engine) as connection:
        was = connection.execute(select(Capture.id, Capture.location)).all()
        connection.execute(update(Capture).values(location="https://paste1.exemple.fr/•••"))
    try:
        number = make(case, host_order(case))
        register = Register(case.engine, now)
        row = register.get(number).row
        assert row.missing == ["exact-address"]
        assert "masquée en partie" in message.body_of(row.message)
        with pytest.raises(EvidenceError, match="exact-address"):
            register.approve(number, row.sha256, "Me Martin")
    finally:
        with writing(case.engine) as connection:
            for one, location in was:
                connection.execute(
                    update(Capture).where(Capture.id == one).values(location=location)
                )


def test_what_was_approved_is_what_leaves(case: Prepared, mail: MailBox) -> None:
    register, number = approved(case, host_order(case))
    view = register.send(number, "jeanne", server(mail).hand)
    date, _, rest = mail.mails[0].partition(b"\r\n")
    assert date.startswith(b"Date: ")
    assert message.digest(rest) == view.row.sha256
    assert mail.encrypted[-1]
    assert mail.recipients[-1] == ["abuse@hote.exemple"]
    assert (view.state, view.row.receipt) == ("waiting", "250 2.0.0 queued as 4711")
    assert message.digest(mail.mails[0]) == view.row.sent_sha256
    parsed = message_from_bytes(mail.mails[0], policy=policy.SMTP)
    assert [part.get_content_type() for part in parsed.walk()][1:] == [
        "text/plain", "application/json"
    ]  # fmt: skip
    with reading(case.engine) as connection:
        acts = connection.execute(
            select(Act.what, Act.who, Act.detail).where(Act.what.in_(("approve", "send")))
        ).all()
    mine = [act for act in acts if act.detail["request"] == number]
    assert [(act.what, act.who) for act in mine] == [("approve", "Me Martin"), ("send", "jeanne")]
    assert {act.detail["sha256"] for act in mine} == {view.row.sha256}
    with pytest.raises(EvidenceError, match="nothing leaves without an approval"):
        register.send(number, "jeanne", server(mail).hand)


def test_nothing_leaves_unapproved_or_changed(case: Prepared, mail: MailBox) -> None:
    register, number = Register(case.engine, now), make(case, host_order(case))
    with pytest.raises(EvidenceError, match="nothing leaves without an approval"):
        register.send(number, "jeanne", server(mail).hand)
    with pytest.raises(EvidenceError, match="digest"):
        register.approve(number, "0" * 64, "Me Martin")
    register.approve(number, register.get(number).row.sha256, "Me Martin")
    with writing(case.engine) as connection:
        changed = register.get(number).row.message + b"more\r\n"
        connection.execute(update(Request).where(Request.id == number).values(message=changed))
    with pytest.raises(EvidenceError, match="not the text that was approved"):
        register.send(number, "jeanne", server(mail).hand)
    assert mail.mails == []


@pytest.mark.parametrize("fault", ["refuse", "full"])
def test_a_refusal_leaves_it_approved(case: Prepared, mail: MailBox, fault: str) -> None:
    register, number = approved(case, host_order(case))
    mail.fault = fault
    with pytest.raises(Refused, match="55"):
        register.send(number, "jeanne", server(mail).hand)
    assert register.get(number).state == "approved"
    mail.fault = ""
    assert register.send(number, "jeanne", server(mail).hand).state == "waiting"


def test_a_broken_connection_is_not_repeated_by_itself(case: Prepared, mail: MailBox) -> None:
    register, number = approved(case, host_order(case))
    mail.fault = "cut"
    with pytest.raises(EvidenceError, match="may or may not have left"):
        register.send(number, "jeanne", server(mail).hand)
    assert register.get(number).state == "sending"
    with pytest.raises(Conflict, match="not known"):
        register.send(number, "jeanne", server(mail).hand)
    assert len(mail.mails) == 1
    register.did_not_leave(number, "jeanne", "journal du serveur")
    assert register.get(number).state == "approved"


def test_tls_is_checked_and_never_left_out(case: Prepared, mail: MailBox) -> None:
    register, number = approved(case, host_order(case))
    stranger = replace(server(mail), ca_file=None)
    with pytest.raises(Refused, match="not trusted"):
        register.send(number, "jeanne", stranger.hand)
    assert (register.get(number).state, mail.mails) == ("approved", [])


def test_no_repetition_but_linked_acts(case: Prepared, mail: MailBox) -> None:
    register, number = approved(case, host_order(case))
    with pytest.raises(Conflict, match="holds one of these addresses"):
        make(case, host_order(case))
    with pytest.raises(Conflict, match="holds one of these addresses"):
        make(case, host_order(case, name="Sous un autre nom"))
    with pytest.raises(EvidenceError, match="was not sent"):
        make(case, host_order(case, kind="reminder", follows=number))
    register.send(number, "jeanne", server(mail).hand)
    for kind, says in (("reminder", "fait suite à"), ("reupload", "mis en ligne à nouveau")):
        linked = register.get(make(case, host_order(case, kind=kind, follows=number, contact="")))
        assert (linked.row.first, linked.row.contact) == (number, "abuse@hote.exemple")
        assert f"demande n° {number}" in message.body_of(linked.row.message)
        assert says in message.body_of(linked.row.message)
    other = make(case, Order(case.case, "host", "paste2.exemple.fr", contact="abuse@b.exemple"))
    register.withdraw(other, "jeanne", "mauvais hôte")
    make(case, Order(case.case, "host", "paste2.exemple.fr", contact="abuse@b.exemple"))


def test_answers_and_silence(case: Prepared, mail: MailBox) -> None:
    register, number = approved(case, host_order(case, within=timedelta(hours=1)))
    register.send(number, "jeanne", server(mail).hand)
    later = Register(case.engine, lambda: now() + timedelta(hours=2))
    assert (register.get(number).state, later.get(number).state) == ("waiting", "silent")
    register.answer(number, "receipt", "jeanne", at=now())
    assert later.get(number).state == "silent"  # a receipt answers nothing
    identity, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    keys = [str(identity.to_public()), str(other.to_public())]
    originals = SealedOriginals(case.folder / "answers", keys)
    body = f"Quel message ? {PLANTED[0]}".encode()
    sealed = register.answer(number, "question", "jeanne", at=now(), body=body, originals=originals)
    assert sealed
    assert later.get(number).state == "answered"
    for path in [*case.folder.rglob("answers/**/*"), *case.folder.rglob("record/*")]:
        assert not path.is_file() or body not in path.read_bytes()
    table = diligences.told(register.list(case.case)).decode()
    assert "répondue" in table
    assert "accusé de réception" in table
    names = [name for name, _ in diligences.files(case.engine, case.case, now())]
    assert names == ["diligences.csv", *(f"notices/{number}/{name}" for name in (
        "demande.eml", "demande.txt", "xarf-1.json", "demande.json"))]  # fmt: skip
    mailed = dict(diligences.files(case.engine, case.case, now()))[f"notices/{number}/demande.eml"]
    assert mailed == mail.mails[0]


def test_sent_by_hand(case: Prepared) -> None:
    register, number = approved(case, host_order(case, contact=""))
    with pytest.raises(EvidenceError, match="no mail address"):
        register.send(number, "jeanne", lambda *_: "")
    with pytest.raises(EvidenceError, match="future"):
        register.sent_by_hand(number, "jeanne", now() + timedelta(days=1), "formulaire")
    view = register.sent_by_hand(number, "jeanne", now(), "LRAR 1A 000")
    assert (view.state, view.row.sent_how, view.row.receipt) == (
        "waiting",
        "by-hand",
        "LRAR 1A 000",
    )


def test_the_contact_comes_from_kept_rdap(case: Prepared) -> None:
    def answer(kind: str, email: str) -> dict[str, str]:
        card = ["vcard", [["email", {}, "text", email]]]
        body = json.dumps({"entities": [{"roles": ["abuse"], "vcardArray": card}]}).encode()
        return {"kind": kind, "error": "", "url": f"https://rdap.exemple/{kind}", "at": "2026",
                "body_base64": base64.b64encode(body).decode()}  # fmt: skip

    answers = [answer("domain", "abuse@registrar.exemple"), answer("ip", "a@b, evil@c.exemple"),
               answer("ip", "abuse@reseau.exemple")]  # fmt: skip
    store = Store(case.folder / "evidence")
    name = store.put(json.dumps({"answers": answers}).encode())
    with writing(case.engine) as connection:
        connection.execute(
            update(EvidenceItem)
            .where(EvidenceItem.kind == "rdap")
            .values(state="made", file=name, sha256=name[3:])
        )
    register = Register(case.engine, now)
    for addressee, email in (("registrar", "registrar"), ("host", "reseau"), ("publisher", "")):
        row = register.get(make(case, Order(case.case, addressee, "paste1.exemple.fr"))).row
        assert row.contact == (f"abuse@{email}.exemple" if email else "")
        assert (f"SHA-256 {name[3:]}" in row.contact_from) == bool(email)
    with writing(case.engine) as connection:
        connection.execute(
            update(EvidenceItem).where(EvidenceItem.kind == "rdap").values(state="failed")
        )


def test_the_annex_is_whole_where_nobody_was_asked(case: Prepared, mail: MailBox) -> None:
    def text() -> str:
        with reading(case.engine) as connection:
            facts = facts_of(connection, case.case)
        return annex(facts, Register(case.engine, now).list(case.case), now())

    bare = text()
    assert "Aucun intermédiaire n’a été saisi" in bare
    assert "22-18.926" in bare
    assert bare.count("[À COMPLÉTER") == 6
    assert [value for value in PLANTED if value in bare] == []
    with pytest.raises(EvidenceError, match="NIR"):
        fill_in(case.engine, case.case, {"harm": f"patient {PLANTED[2]}"}, who="j", now=now())
    fields = {"claimant": "Laboratoire X, SIRET 552 100 554 00013",
              "standing": "responsable de traitement",
              "harm": "données de santé de patients exposées", "mandate": "pouvoir du 3 mars",
              "without_notice": "Les copies se multiplient d’heure en heure."}  # fmt: skip
    fill_in(case.engine, case.case, fields, who="jeanne", now=now())
    told = text()
    assert told.count("[À COMPLÉTER") == 1  # the measures are for counsel
    assert all(part in told for part in fields.values())
    register, number = approved(case, host_order(case))
    register.send(number, "jeanne", server(mail).hand)
    told = text()
    assert "abuse@hote.exemple" in told
    assert "N’ont pas été saisis : éditeur, bureau d’enregistrement" in told


def test_two_people_at_once_make_one_request(engine: Engine, case: Prepared) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(_: int) -> bool:
        try:
            make(case, host_order(case))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1
