"""`vigie init` makes a case that loads, keeps keys apart and overwrites nothing."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyrage
import pytest

from index.accounts import AccountStore
from index.engine import open_record
from vigie import config
from vigie.initialise import InitError, NewSource, Plan, carry_out, source_from


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
