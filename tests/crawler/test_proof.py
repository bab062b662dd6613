"""A hit, from the judge to the disk: sealed with its WACZ and openings, committed to, logged."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from sqlalchemy import select

from capture.exchange import Exchange
from capture.originals import SealedOriginals
from capture.sampling import proves
from crawler.judge import Judge, page_facts
from crawler.messages import PageReport, PostReport
from crawler.proof import peer_address
from evidence.verify.verifier_inside import check_opening
from index.engine import open_record, reading
from index.facts import Fence, KeptPost
from index.frontier import Frontier
from index.leases import Leases, source_lease
from index.recorder import Recorder
from index.schema import Act, Capture
from index.vault import Vault
from matching.result import Match, ScanResult, TextLayer, Verdict

TEXT = "1850578006084 QUENOUILLE Zephirine"


class OneHit:
    """A matcher that recognises the planted record and nothing else."""

    def scan(
        self, document: str, size: int, sha256: str, layers: object, *, all_matches: bool = False
    ) -> tuple[ScanResult, ...]:
        found = [layer for layer in layers if isinstance(layer, TextLayer)]  # type: ignore[attr-defined]
        hit = any(TEXT in layer.text for layer in found)
        match = Match("labos", 11, 64.0, ("nir", "surname"), ((0, 13), (14, 24)))
        return (
            ScanResult(
                document, size, sha256, Verdict.FRAGMENT if hit else Verdict.NONE, int(hit), 0,
                int(hit), 1e-12, (match,) if hit else (),
            ),
        )  # fmt: skip


class Quiet(OneHit):
    """The same records, at the rate another list would show."""

    def scan(self, *arguments: Any, **more: Any) -> tuple[ScanResult, ...]:
        """See OneHit."""
        found = super().scan(*arguments, **more)
        return tuple(replace(one, verdict=Verdict.SAME_PEOPLE, records=0) for one in found)


class Sealed:
    """Remembers what would be sealed."""

    def __init__(self) -> None:
        self.told: list[tuple[bytes, dict[str, Any], dict[str, bytes]]] = []

    def seal(
        self, body: bytes, facts: dict[str, Any], more: Mapping[str, bytes] | None = None
    ) -> str:
        """Take it."""
        self.told.append((body, facts, dict(more or {})))
        return "sealed"

    def discard(self, name: str) -> None:
        """Nothing to do."""


def judged(folder: Path, matcher: OneHit, body: bytes) -> tuple[Sealed, list[KeptPost]]:
    record = open_record(f"sqlite:///{folder}/r/vigie.db")
    sealed = Sealed()
    frontier, recorder = Frontier(record, Vault(bytes(32))), Recorder(record)
    judge = Judge(matcher, ["labos"], frontier, recorder, sealed)
    headers = (("Content-Type", "text/plain"),)
    page = PageReport(
        "https://paste.example/p/1", 200, "2026-11-28T12:00:00Z", content_type="text/plain",
        peer="192.0.2.7", body=body,
        posts=(PostReport("https://paste.example/p/1", (("", TEXT),)),),
        exchange=Exchange("HTTP/1.1", (), headers, b"", body, True),
    )  # fmt: skip
    judgement = judge.judge(page, still_wanted=lambda: True)
    assert judgement.problems == []
    record.dispose()
    return sealed, judgement.with_seal()


def test_what_raises_no_alert_leaves_no_body(tmp_path: Path) -> None:
    sealed, kept = judged(tmp_path, Quiet(), TEXT.encode())
    assert sealed.told == []
    assert [(post.sealed, post.commitments) for post in kept] == [("", {})]
    assert kept[0].findings[0].snippets  # masked


def test_of_a_long_body_a_sample_is_kept_that_proves_itself(tmp_path: Path) -> None:
    filler = b"nothing of anybody\n" * 100_000
    body = filler + TEXT.encode() + filler
    sealed, kept = judged(tmp_path, OneHit(), body)
    ((first, facts, members),) = sealed.told
    assert (kept[0].sealed, facts["kept"], facts["bytes"]) == ("sealed", "sample", len(body))
    assert facts["sha256"] == hashlib.sha256(body).hexdigest()
    held = first + b"".join(members.values())
    assert len(held) < len(body) / 10
    told = json.loads(members["blocks.json"])
    blocks = {one["index"]: members[f"block-{one['index']:06d}"] for one in told["kept"]}
    assert any(TEXT.encode() in block for block in blocks.values())
    assert all(proves(blocks[one["index"]], one["index"], one["proof"], told)
               for one in told["kept"])  # fmt: skip
    assert facts["response"] == [("Content-Type", "text/plain")]


def test_what_matched_is_sealed_with_its_proof(tmp_path: Path) -> None:
    identity, other = (pyrage.x25519.Identity.generate() for _ in range(2))
    record = open_record(f"sqlite:///{tmp_path}/r/vigie.db")
    grant = Leases(record).acquire(source_lease("paste"), timedelta(seconds=60).total_seconds())
    assert grant is not None
    frontier, recorder = Frontier(record, Vault(bytes(32))), Recorder(record)
    folder = tmp_path / "originals"
    originals = SealedOriginals(folder, [str(identity.to_public()), str(other.to_public())])
    judge = Judge(OneHit(), ["labos"], frontier, recorder, originals)
    body = TEXT.encode()
    page = PageReport(
        "https://paste.example/p/1", 200, "2026-11-28T12:00:00Z", content_type="text/plain",
        peer="192.0.2.7", body=body,
        posts=(PostReport("https://paste.example/p/1", (("", TEXT),)),),
        exchange=Exchange("HTTP/1.1", (), (("Content-Type", "text/plain"),), b"", body, True),
    )  # fmt: skip
    judgement = judge.judge(page, still_wanted=lambda: True)
    assert judgement.problems == []
    told = recorder.record_page(
        Fence("paste", grant.token), page_facts(page), posts=judgement.with_seal()
    )
    assert (len(told.new), told.captured) == (1, (True,))

    with reading(record) as connection:
        capture = connection.execute(select(Capture.__table__)).one()
        entry = connection.scalar(select(Act.detail).where(Act.what == "capture"))
    plain = pyrage.decrypt((folder / capture.sealed).read_bytes(), [other])
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        held = {name: tar.extractfile(name).read() for name in tar.getnames()}  # type: ignore[union-attr]
    assert set(held) == {"facts.json", "body", "capture.wacz", "openings.json"}
    assert zipfile.ZipFile(io.BytesIO(held["capture.wacz"])).testzip() is None
    opening = json.loads(held["openings.json"])[0]["records"][0]
    assert [one["text"] for one in opening["value"]["seen"]] == ["1850578006084", "QUENOUILLE"]
    check_opening(opening, {"captures": [{"capture": capture.id, **capture.commitments}]})
    assert entry is not None
    assert (entry["root"], entry["sealed"]) == (capture.commitments["root"], capture.sealed)
    assert (capture.connection["kind"], capture.connection["port"]) == ("exchange", 443)
    record.dispose()
    for path in tmp_path.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        assert not any(word.encode() in data for word in TEXT.split()), path


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.7:443", "192.0.2.7"), ("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"), ("", ""),
        ("localhost:80", ""),
        ("192.0.2.7:x", ""), ("1.2.3:4", ""), ("Zephirine Quenouille", ""),
    ],
)  # fmt: skip
def test_a_peer_is_an_address_with_or_without_its_port(told: str, address: str) -> None:
    assert peer_address(told) == address
