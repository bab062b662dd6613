"""`vigie init` makes a case that loads, keeps keys apart and overwrites nothing."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyrage
import pytest

from egress.policy import Policy
from index.accounts import AccountError, AccountStore
from index.engine import open_record
from vigie import config
from vigie.initialise import (
    InitError,
    NewSource,
    Plan,
    carry_out,
    configuration,
    inner_network,
    source_from,
)


def plan_in(folder: Path) -> Plan:
    leak = folder / "patients of 2021.csv"
    leak.write_text("NOM;NIR\nX;1\n", encoding="utf-8")
    return Plan(
        folder=folder / "case", leak=leak, name="labs", keys=folder / "case" / "keys",
        storage=folder / "case" / "var",
        sources=(NewSource("paste", "https://paste.example/"), NewSource("f", "https://f.example/")),
        authority='the controller\'s "DPO"', authority_until=date(2027, 6, 30), every="90s",
        user="anne",
    )  # fmt: skip


def fake_fingerprint(plan: Plan) -> None:
    assert plan.leak_key.stat().st_mode & 0o777 == 0o600
    plan.fingerprint_file.write_bytes(b"fingerprints")


def test_what_it_writes_loads_and_says_what_was_planned(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    carry_out(plan, fake_fingerprint, "a long enough password")
    read = config.load(plan.config_file)
    assert [source.id for source in read.source] == ["paste", "f"]
    assert read.source[0].every == 90
    assert read.source[1].authority == plan.authority
    assert read.source[1].authority_until == date(2027, 6, 30)
    assert read.leak[0].key_file == plan.leak_key
    assert read.storage.key_file.parent == plan.keys
    assert plan.keys.stat().st_mode & 0o077 == 0
    engine = open_record(read.database_url)
    assert AccountStore(engine).check_password("anne", "a long enough password")
    engine.dispose()


def test_the_private_age_key_opens_what_the_recipient_sealed(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    carry_out(plan, fake_fingerprint, None)
    (recipient,) = tomllib.loads(plan.config_file.read_text())["sealing"]["recipients"]
    sealed = pyrage.encrypt(b"original", [pyrage.x25519.Recipient.from_str(recipient)])
    secret = plan.sealing_key.read_text().splitlines()[-1]
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(secret)]) == b"original"
    assert plan.sealing_key.stat().st_mode & 0o777 == 0o600
    assert secret not in plan.config_file.read_text()


@pytest.mark.parametrize("there", ["config_file", "fingerprint_file", "leak_key", "sealing_key"])
def test_nothing_is_overwritten_and_nothing_is_begun(tmp_path: Path, there: str) -> None:
    plan = plan_in(tmp_path)
    path: Path = getattr(plan, there)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InitError, match="not overwritten"):
        carry_out(plan, fake_fingerprint, None)
    assert path.read_text() == "precious"
    assert sorted(tmp_path.rglob("*")) == before


def test_keys_in_the_storage_are_refused(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    with pytest.raises(InitError, match="must not lie in one another"):
        carry_out(replace(plan, keys=plan.storage / "keys"), fake_fingerprint, None)


def test_a_leak_that_is_not_there_is_named(tmp_path: Path) -> None:
    plan = replace(plan_in(tmp_path), leak=tmp_path / "nowhere.csv")
    with pytest.raises(InitError, match=r"nowhere\.csv"):
        carry_out(plan, fake_fingerprint, None)


def test_ids_come_from_hosts_and_stay_apart() -> None:
    taken: set[str] = set()
    found = [
        source_from(address, taken).id
        for address in ("https://Paste.example/new", "https://paste.example/", "http://[::1]:81/")
    ]
    assert found == ["paste-example", "paste-example-2", "1-81"]


@pytest.mark.parametrize("address", ["paste.example", "ftp://x/", "file:///etc/passwd", "http://"])
def test_what_is_no_page_to_watch_is_refused(address: str) -> None:
    with pytest.raises(InitError, match="http"):
        source_from(address, set())


def test_what_failed_half_way_can_be_done_again(tmp_path: Path) -> None:
    def broken(plan: Plan) -> None:
        plan.fingerprint_file.write_bytes(b"half")
        raise KeyboardInterrupt

    plan = plan_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        carry_out(plan, broken, None)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [plan.leak]
    carry_out(plan, fake_fingerprint, None)
    assert plan.config_file.exists()


@pytest.mark.parametrize(
    ("change", "password", "said"),
    [
        ({}, "short", "at least 12"),
        ({"user": "two words"}, None, "user name"),
        ({"every": "soon"}, None, "duration"),
        ({"recipient": "age1nonsense"}, None, "age public key"),
        ({"sources": (NewSource("a", "https://a.example/"),) * 2}, None, "stands twice"),
    ],
)
def test_what_cannot_be_is_refused_before_the_slow_step(
    tmp_path: Path, change: dict[str, Any], password: str | None, said: str
) -> None:
    def never(plan: Plan) -> None:
        pytest.fail("it began")

    plan = replace(plan_in(tmp_path), **change)
    with pytest.raises((InitError, AccountError, config.ConfigError), match=said):
        carry_out(plan, never, password)
    assert not plan.folder.exists()


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("http://localhost:8000/", ("127.0.0.0/8", "::1/128")),
        ("http://127.0.0.1:8977/", ("127.0.0.0/8",)),
        ("http://10.1.2.3/", ("10.1.2.3",)),
        ("http://[fd00::5]/", ("fd00::5",)),
        ("https://9.9.9.9/", ()),
        ("https://paste.example/", ()),
    ],
)
def test_an_inner_address_is_read_only_when_named(
    tmp_path: Path, address: str, networks: tuple[str, ...]
) -> None:
    assert inner_network(address) == networks
    source = replace(source_from(address, set()), allow=networks)
    read = config.parse(configuration(replace(plan_in(tmp_path), sources=(source,)), ""), tmp_path)
    policy = Policy(read.source[0].allow_addresses)
    for network in networks:
        assert policy.allows(network.partition("/")[0])
