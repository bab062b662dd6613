"""A direct capture after a proxied one: proposed, never made by itself, made in a person's name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from capture.originals import SealedOriginals
from capture.unseal import unseal
from egress.fetch import Answer, fetch
from egress.policy import Policy
from evidence.beside import direct
from evidence.beside.gatherer import Gatherer, Proxied
from evidence.beside.piece import NotHad, NotNeeded, NotPossible, Proposed, Target
from evidence.store import Store
from index.engine import reading
from index.schema import Act, EvidenceItem
from tests.evidence.outside import web_server
from tests.evidence.seeding import AT, seed_alert

PAGE = b"1850578006084;QUENOUILLE"
TARGET = Target(
    1, "paste.example", 443, True, "", True, False, False, AT, "https://paste.example/p/1"
)


def test_what_is_proposed_and_what_is_not() -> None:
    with pytest.raises(Proposed, match=r"reveals this machine’s public address.*direct 1$"):
        direct.propose(TARGET)
    with pytest.raises(NotPossible, match="Tor alone"):
        direct.propose(replace(TARGET, host="quenouille.onion"))
    with pytest.raises(NotNeeded):
        direct.propose(replace(TARGET, proxied=False))
    with pytest.raises(NotPossible, match="not kept"):
        direct.propose(replace(TARGET, location="https://paste.example/•••"))


def test_a_proposal_waits_for_a_person_and_is_made_in_their_name(
    engine: Engine, tmp_path: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(str(identity))
    originals = SealedOriginals(tmp_path / "originals", [str(identity.to_public())])
    store = Store(tmp_path / "evidence")
    seed_alert(engine)
    gatherer = Gatherer(engine, store, {"direct": direct.propose}, Proxied(lambda _source: True))
    assert gatherer.run() == 1
    assert gatherer.run() == 0  # nobody is asked twice

    def item() -> EvidenceItem:
        with reading(engine) as connection, Session(connection) as session:
            session.expire_on_commit = False
            found = session.scalars(select(EvidenceItem)).one()
            session.expunge(found)
            return found

    assert item().state == "proposed"
    target, sha256 = gatherer.target(1)
    with web_server({"/p/1": (200, PAGE, "")}) as here:

        def ask(_address: str) -> Answer:
            return fetch(f"{here}p/1", policy=Policy(["127.0.0.0/8"]))

        piece = direct.capture(target, ask, originals, "192.0.2.99", sha256)
    told = json.loads(piece.body)
    assert told["sha256"] == hashlib.sha256(PAGE).hexdigest()
    assert (told["same_bytes_as_capture"], told["proxied"]) == (False, False)
    assert told["public_address_revealed"] == "192.0.2.99"
    assert unseal(tmp_path / "originals" / piece.sealed, tmp_path / "key")[1] == PAGE
    assert b"QUENOUILLE" not in piece.body
    gatherer.decided(1, "direct", piece, "J. Martin", "constat")
    assert (item().state, item().sealed) == ("made", piece.sealed)
    with reading(engine) as connection:
        who = connection.scalars(select(Act.who).where(Act.what == "item")).all()
    assert who == ["vigie", "J. Martin"]
    with pytest.raises(NotHad, match="no direct answer"):
        direct.capture(
            target, lambda _: fetch("http://127.0.0.1:9/", policy=Policy()), originals, "", ""
        )
