"""What is gathered beside a capture, from real servers on loopback, and every way it fails."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.message
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from egress.policy import Policy
from evidence.beside import chain_above, clocks, environment, rdap
from evidence.beside import dns as dns_piece
from evidence.beside.gatherer import Gatherer, Proxied
from evidence.beside.piece import NotHad, NotPossible, Piece, Target, as_json
from evidence.custody.verify import verify_log
from evidence.errors import EvidenceError
from evidence.store import Store
from index.engine import reading
from index.schema import Act, EvidenceItem
from tests.evidence.outside import abuse, clock_answers, dns_answers, udp_server, web_server
from tests.evidence.seeding import seed_alert

Gathering = tuple[Gatherer, list[datetime], list[str]]
LOOPBACK = Policy(["127.0.0.0/8"])
HOST = "paste.exemple.fr"
TARGET = Target(
    capture=1, host=HOST, port=443, tls=True, peer="185.199.2.7", proxied=False, account=False,
    rendered=False, fetched_at=datetime(2026, 11, 28, tzinfo=UTC),
)  # fmt: skip
ONION = replace(TARGET, host="quenouille.onion", peer="", proxied=True)


def told(piece: Piece) -> dict[str, object]:
    found: dict[str, object] = json.loads(piece.body)
    return found


def test_raw_answers_of_several_resolvers() -> None:
    with (
        udp_server(dns_answers({HOST: "185.199.2.7"})) as open_,
        udp_server(dns_answers({}, "NXDOMAIN")) as blocked,
        udp_server(dns_answers({}, "SILENT")) as silent,
    ):
        resolvers = [
            dns_piece.Resolver("dehors", "127.0.0.1", open_, "hors de France"),
            dns_piece.Resolver("fai", "127.0.0.1", blocked),
            dns_piece.Resolver("muet", "127.0.0.1", silent),
        ]
        answers = told(dns_piece.gather(TARGET, resolvers, 0.5))["answers"]
    assert isinstance(answers, list)
    by = {(one["resolver"], one["type"]): one for one in answers}
    assert len(by) == 12
    assert by["dehors", "A"]["records"][0]["data"] == ["185.199.2.7"]
    wire = dns.message.from_wire(base64.b64decode(by["dehors", "A"]["wire_base64"]))
    assert "185.199.2.7" in wire.to_text()
    assert by["fai", "A"]["rcode"] == "NXDOMAIN"
    assert "0.5 s" in by["muet", "A"]["error"]


def test_what_has_no_dns_is_not_possible_and_not_failed() -> None:
    resolver = dns_piece.Resolver("x", "127.0.0.1", 1)
    for target in (ONION, replace(TARGET, host="185.199.2.7")):
        with pytest.raises(NotPossible):
            dns_piece.gather(target, [resolver])
    with pytest.raises(NotHad, match="resolver"):
        dns_piece.gather(TARGET, [])
    with pytest.raises(NotHad, match="answered"):
        dns_piece.gather(TARGET, [resolver], 0.3)


def test_rdap_of_domain_and_address_with_abuse_contacts() -> None:
    answers: dict[str, tuple[int, object, str]] = {}
    with web_server(answers) as here:
        answers |= {
            "/dns.json": (200, {"services": [[["fr"], [here]], [["uk"], ["http://x/"]]]}, ""),
            "/ipv4.json": (200, {"services": [[["185.0.0.0/8"], [f"{here}wide/"]],
                                              [["185.199.2.0/24"], [f"{here}near/"]]]}, ""),
            "/domain/exemple.fr": (302, b"", f"{here}moved"),
            "/moved": (200, abuse("abuse@registrar.example"), ""),
            "/near/ip/185.199.2.7": (200, abuse("abuse@hebergeur.example"), ""),
        }  # fmt: skip
        found = told(rdap.gather(TARGET, rdap.Registry(here, LOOPBACK)))
    contacts = found["abuse_contacts"]
    assert isinstance(contacts, list)
    assert [one["email"] for one in contacts] == [
        "abuse@registrar.example", "abuse@hebergeur.example",
    ]  # fmt: skip
    assert contacts[0]["from"] == f"{here}moved"
    answers_told = found["answers"]
    assert isinstance(answers_told, list)
    raw = base64.b64decode(answers_told[0]["body_base64"])
    assert json.loads(raw) == abuse("abuse@registrar.example")


def test_rdap_failures_are_said() -> None:
    with pytest.raises(NotPossible):
        rdap.gather(ONION, rdap.Registry())
    answers = {"/dns.json": (200, b"no json", ""), "/ipv4.json": (503, {}, "")}
    with web_server(answers) as here, pytest.raises(NotHad, match="bootstrap"):
        rdap.gather(TARGET, rdap.Registry(here, LOOPBACK))
    refused = rdap.Registry("http://127.0.0.1:9/", Policy())
    with pytest.raises(NotHad, match="allow_addresses"):
        rdap.gather(TARGET, refused)


def test_clocks_are_compared() -> None:
    with (
        udp_server(clock_answers(5.0)) as ahead,
        udp_server(clock_answers(0.0)) as right,
        web_server({"/": (200, b"", "")}) as web,
    ):
        addresses = [f"ntp://127.0.0.1:{ahead}", f"ntp://127.0.0.1:{right}", web]
        found = told(clocks.gather(addresses, LOOPBACK))
    assert isinstance(found["worst_offset_ms"], int)
    assert 4_500 < found["worst_offset_ms"] < 5_500
    assert found["synchronised"] is False
    listed = found["clocks"]
    assert isinstance(listed, list)
    assert abs(listed[1]["offset_ms"]) < 500
    with pytest.raises(NotHad, match="configured"):
        clocks.gather([], LOOPBACK)


def test_the_environment_shows_what_fails() -> None:
    measured = environment.Measured(version="1", offset_ms=lambda: 4_900)
    target = replace(TARGET, proxied=True, account=True)
    items = told(environment.gather(target, measured))["items"]
    assert isinstance(items, list)
    met = {one["item"]: one["met"] for one in items}
    assert (met["no_proxy"], met["clock"], met["cookies_cleared"]) == (False, False, False)
    assert met["machine"] is True
    assert met["public_address"] is None  # not measured is neither met nor failed
    with web_server({"/": (200, b"203.0.113.9\n", "")}) as here:
        measured = environment.Measured(version="1", echo=here, policy=LOOPBACK)
        assert b"203.0.113.9" in environment.gather(TARGET, measured).body


def test_no_chain_without_tls_or_through_a_proxy() -> None:
    for target in (replace(TARGET, tls=False), replace(TARGET, proxied=True), ONION):
        with pytest.raises(NotPossible):
            chain_above.gather(target)


@pytest.fixture
def gatherer(engine: Engine, tmp_path: Path) -> Gathering:
    now, fault = [datetime(2026, 11, 28, tzinfo=UTC)], ["down"]

    def dns_of(target: Target) -> Piece:
        if fault[0] == "down":
            raise NotHad("no resolver answered")
        if fault[0] == "broken":
            raise ZeroDivisionError("Zephirine Quenouille")
        return as_json({"host": target.host})

    def rdap_of(_target: Target) -> Piece:
        raise NotPossible("an onion service")

    kinds = {"dns": dns_of, "rdap": rdap_of}
    store = Store(tmp_path / "evidence")
    return Gatherer(engine, store, kinds, Proxied(), clock=lambda: now[0]), now, fault


def items(engine: Engine) -> dict[str, EvidenceItem]:
    with reading(engine) as connection, Session(connection, expire_on_commit=False) as session:
        return {item.kind: item for item in session.scalars(select(EvidenceItem))}


def test_failures_are_shown_and_tried_again(
    engine: Engine, gatherer: Gathering, tmp_path: Path
) -> None:
    work, now, fault = gatherer
    seed_alert(engine)
    assert work.run() == 2
    assert (items(engine)["dns"].state, items(engine)["rdap"].state) == ("failed", "not-possible")
    assert work.run() == 0  # not at once again
    now[0] += timedelta(minutes=2)
    fault[0] = "broken"
    assert work.run() == 1
    assert items(engine)["dns"].error == "unforeseen: ZeroDivisionError"
    now[0] += timedelta(minutes=15)
    fault[0] = ""
    assert work.run() == 1
    made = items(engine)["dns"]
    assert (made.state, made.attempts) == ("made", 3)
    store = Store(tmp_path / "evidence")
    assert json.loads(store.get(made.file)) == {"host": "paste.example"}
    assert work.run() == 0
    with reading(engine) as connection:
        acts = connection.execute(select(Act.detail).where(Act.what == "item")).all()
    assert len(acts) == 4
    assert verify_log(engine, []).failed == []


def test_a_piece_is_given_up_after_five_attempts(engine: Engine, gatherer: Gathering) -> None:
    work, now, _ = gatherer
    seed_alert(engine)
    for _ in range(8):
        work.run()
        now[0] += timedelta(hours=13)
    assert items(engine)["dns"].attempts == 5


def test_a_changed_file_is_not_given_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    name = store.put(b"answer")
    assert store.put(b"answer") == name
    (tmp_path / name).write_bytes(b"other")
    with pytest.raises(EvidenceError, match="not what it was"):
        store.get(name)
    with pytest.raises(EvidenceError):
        store.get("../../etc/passwd")
