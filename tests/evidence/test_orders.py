"""Orders and block checks, against DNS servers that answer as blocking providers do."""

from __future__ import annotations

import base64
import json
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.message
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from evidence.beside.dns import Resolver
from evidence.errors import EvidenceError
from evidence.orders.check import check
from evidence.orders.register import Orders, Provider, Terms, blocage, months_later
from tests.evidence.blocking_dns import resolver
from tests.evidence.seeding import seed_alert
from vigie.cli import build
from vigie.config import load
from vigie.wiring import open_record

DECIDED = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("way", "state", "how"),
    [
        ("loopback", "blocked", "A: loopback"),
        ("nxdomain", "blocked", "A: nxdomain"),
        ("servfail", "blocked", "A: servfail"),
        ("empty", "blocked", "A: empty"),
        ("page", "blocked", "A: block-page"),
        ("open", "not-blocked", "A: resolves"),
        ("half", "partly", "AAAA: resolves"),
        ("refused", "not-told", "A: no-answer"),
        ("silent", "not-told", "A: no-answer"),
    ],
)
def test_known_answers_of_blocks(way: str, state: str, how: str) -> None:
    with resolver(way) as port, resolver("open") as outside:
        found = check(
            "site.exemple", Resolver("isp", "127.0.0.1", port),
            Resolver("outside", "127.0.0.1", outside), ["198.51.100.9"], 0.5,
        )  # fmt: skip
    assert found.state == state
    assert how in found.how
    if way != "silent":
        raw = base64.b64decode(found.answers["A"]["resolver"]["wire_base64"])
        assert str(dns.message.from_wire(raw).question[0].name) == "site.exemple."


@pytest.mark.parametrize("outside", ["nxdomain", "servfail", "silent", "loopback"])
def test_without_a_control_that_resolves_nothing_is_told(outside: str) -> None:
    with resolver("nxdomain") as port, resolver(outside) as control:
        found = check(
            "site.exemple", Resolver("isp", "127.0.0.1", port),
            Resolver("outside", "127.0.0.1", control), [], 0.5,
        )  # fmt: skip
    assert found.state == "not-told"


def test_duration_runs_from_each_service_or_as_the_order_says(engine: Engine) -> None:
    case = seed_alert(engine).new[0].case
    clock = [datetime(2026, 6, 1, tzinfo=UTC)]
    orders = Orders(engine, lambda: clock[0])
    terms = Terms(case, "TJ Paris", "26/1", DECIDED, "blocage", ["Site.exemple."],
                  ["Orange", "Free"], months=18)  # fmt: skip
    number = orders.add(terms, "jeanne")
    orders.serve(number, "Orange", datetime(2026, 3, 31, tzinfo=UTC), "a" * 64, "jeanne")
    with pytest.raises(EvidenceError, match="already"):
        orders.serve(number, "Orange", datetime(2026, 4, 1, tzinfo=UTC), "a" * 64, "jeanne")
    with pytest.raises(EvidenceError, match="after it was made"):
        orders.serve(number, "Free", DECIDED - timedelta(days=1), "a" * 64, "jeanne")
    free, orange = orders.list(number)
    assert (free.state, free.expires, list(orange.order.names)) == (
        "not-served", None, ["site.exemple"]
    )  # fmt: skip
    end = datetime(2027, 9, 30, tzinfo=UTC)
    assert (orange.state, orange.expires) == ("running", end)
    for days, state in ((61, "running"), (60, "ends-soon"), (0, "expired")):
        clock[0] = end - timedelta(days=days)
        assert orders.list(number)[1].state == state
    other = orders.add(
        Terms(case, "TJ Paris", "26/2", DECIDED, "", ["b.exemple"], ["Free"], "decision", 18), "j"
    )
    orders.serve(other, "Free", datetime(2026, 5, 1, tzinfo=UTC), "b" * 64, "jeanne")
    assert orders.list(other)[0].expires == datetime(2027, 9, 4, tzinfo=UTC)
    assert months_later(datetime(2027, 8, 31, tzinfo=UTC), 6).day == 29


def test_only_served_parties_are_checked_and_all_is_recorded(engine: Engine) -> None:
    case = seed_alert(engine).new[0].case
    orders = Orders(engine, lambda: datetime(2026, 6, 1, tzinfo=UTC))
    bound = ["Orange", "Free", "SFR"]
    terms = Terms(case, "TJ Paris", "26/1", DECIDED, "", ["site.exemple"], bound, months=18)
    number = orders.add(terms, "jeanne")
    assert blocage(engine, case) is not None
    for party in ("Orange", "SFR"):
        orders.serve(number, party, datetime(2026, 3, 31, tzinfo=UTC), "a" * 64, "jeanne")
    with ExitStack() as stack:
        port, control = (stack.enter_context(resolver(way)) for way in ("nxdomain", "open"))
        providers = [
            Provider(name, Resolver(name, "127.0.0.1", port)) for name in ("Orange", "Free")
        ]
        outside = Resolver("outside", "127.0.0.1", control)
        told = list(orders.check(providers, outside, [], who="jeanne", seconds=2))
    assert [(view.name, found.state if found else why) for view, _, found, why in told] == [
        ("Free", "not-served"), ("Orange", "blocked"),
        ("SFR", "no resolver of this party is configured"),
    ]  # fmt: skip
    table = (blocage(engine, case) or b"").decode()
    assert table.count("\r\n") == 2
    assert "A: nxdomain (control: resolves)" in table


def test_the_commands(tmp_path: Path) -> None:
    with resolver("loopback") as port, resolver("open") as outside:
        file = tmp_path / "vigie.toml"
        file.write_text(
            f'[block]\ncontrol = {{ name = "outside", address = "127.0.0.1", port = {outside} }}\n'
            '[[block.provider]]\nname = "orange-1"\nparty = "Orange"\naddress = "127.0.0.1"\n'
            f"port = {port}\n"
        )
        with open_record(load(file)) as record:
            case = seed_alert(record.engine).new[0].case

        def run(*arguments: object) -> tuple[int, str]:
            told = [str(one) for one in (*arguments, "--config", file)]
            result = CliRunner().invoke(build(), told)
            return result.exit_code, result.output

        began = (datetime.now(UTC) - timedelta(days=40)).isoformat()
        terms = ("--party", "Orange", "--name", "site.exemple", "--months", 3, "--decided", began)
        wrong = ("order", "add", case, "--court", "x", "--number", "1", *terms, "--runs-from")
        for word in ("servce", ""):
            status, told = run(*wrong, word)
            assert (status, "--runs-from is one of service, decision" in told) == (2, True)
        status, _ = run("order", "add", case, "--court", "TJ Paris", "--number", "26/1", *terms)
        assert status == 0
        proof = tmp_path / "pv.pdf"
        proof.write_bytes(b"pv")
        assert (
            run("order", "serve", 1, "--party", "Orange", "--on", began, "--proof", proof)[0] == 0
        )
        told = json.loads(run("order", "list", "--json")[1])
        assert (told["state"], len(told["proof_sha256"])) == ("ends-soon", 64)
        status, text = run("block", "check")
        # Only A is blocked: AAAA is empty here and given by the control, which is a block as well.
        assert (status, "Orange  site.exemple  blocked" in text) == (0, True)
        assert "ask for its extension" in text
