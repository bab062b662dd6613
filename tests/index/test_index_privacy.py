"""No document of either index holds a value of anybody: not of those who matched, not of those who
stand beside them. Posts are judged, recorded and shipped as in a crawl, and every byte that an
index keeps is searched. With masking broken, the same search finds what it looks for."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from sqlalchemy import Engine

from crawler import judge as judging
from crawler.judge import Judge, page_facts
from crawler.messages import PageReport, PostReport
from index.elasticsearch import ElasticsearchIndex
from index.elasticsearch_client import Access, connect
from index.elasticsearch_layout import Names
from index.elasticsearch_rebuild import set_up
from index.embedded import EmbeddedIndex
from index.engine import open_record
from index.frontier import Frontier
from index.leases import Leases, source_lease
from index.rebuild import rebuild
from index.recorder import Fence, Recorder
from index.shipper import Shipper
from index.vault import Vault
from matching.build import build
from matching.client import MatcherClient
from matching.inspect import inspect
from matching.keys import new_key
from matching.result import LeakRef, ScanResult, TextLayer
from tests.elasticsearch_node.node import Node
from vigie.demo.leak import LeakRow, generate, invent_rows, read_rows
from vigie.demo.privacy import Finding, Needles, search

ROWS, PLANTED = 1500, 60
# What Lucene keeps beside the document, to sort and count by.
SORTED_VALUES = [
    {"field": name}
    for name in ("vigie.title", "vigie.location", "vigie.also", "vigie.keys", "url.full",
                 "url.path", "url.domain", "related.hosts")
]  # fmt: skip


class Originals:
    """Sealing has tests of its own."""

    def seal(self, body: bytes, facts: dict[str, object], more: object = None) -> str:
        return "original.age"

    def discard(self, name: str) -> None:
        return None


class Remembering:
    """The real matcher, asked once for each post."""

    def __init__(self, matcher: MatcherClient) -> None:
        self._matcher = matcher
        self._said: dict[str, tuple[ScanResult, ...]] = {}

    def scan(
        self,
        document: str,
        size: int,
        sha256: str,
        layers: Sequence[TextLayer],
        *,
        all_matches: bool = False,
    ) -> tuple[ScanResult, ...]:
        key = f"{sha256} {all_matches}"
        if key not in self._said:
            self._said[key] = self._matcher.scan(
                document, size, sha256, layers, all_matches=all_matches
            )
        return self._said[key]


@dataclass(frozen=True, slots=True)
class Leaked:
    """A leak's fingerprints, some of its people, and some who are not in it."""

    matcher: Remembering
    people: Sequence[LeakRow]
    bystanders: Sequence[LeakRow]

    @property
    def needles(self) -> tuple[Needles, Needles]:
        return (
            Needles.build(self.people, map(full_name, self.people), name="matched"),
            Needles.build(self.bystanders, map(full_name, self.bystanders), name="bystanders"),
        )


@pytest.fixture(scope="module")
def leaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaked]:
    folder = tmp_path_factory.mktemp("leak")
    file = generate(folder / "fuite.csv", ROWS, 5).path
    build(file, new_key(folder / "k"), folder / "leak.vfp", inspect(file), name="fuite")
    whole = [row for row in read_rows(file) if row.nir and row.mobile and row.email]
    names = {full_name(row) for row in read_rows(file)}
    others = [
        row for row in invent_rows(400, 99)
        if row.email and row.mobile and full_name(row) not in names
    ]  # fmt: skip
    with MatcherClient([LeakRef(folder / "leak.vfp", folder / "k")]) as matcher:
        yield Leaked(Remembering(matcher), whole[:PLANTED], others[:PLANTED])


def full_name(row: LeakRow) -> str:
    return f"{row.first_name} {row.surname}"


def posts(leaked: Leaked) -> Iterator[PostReport]:
    """Values of both kinds of people in texts, titles and addresses."""
    pairs = list(zip(leaked.people, leaked.bystanders, strict=True))
    wrappings: list[Callable[[str], tuple[str, str]]] = [
        lambda text: ("", text),
        lambda text: ("base64", text),
        lambda text: ("", json.dumps({"row": text})),
    ]
    for number, (person, other) in enumerate(pairs[:40]):
        text = f"{person.line()}\nréponse de {full_name(other)}, {other.mobile}, {other.email}"
        yield PostReport(
            location=f"https://forum.example/u/{other.email}/{number}?tel={person.mobile}",
            also=(f"https://forum.example/raw/{person.nir}/{number}",),
            title=f"{full_name(person)} {person.mobile} {other.email} {person.nir} n° {number}",
            layers=(wrappings[number % len(wrappings)](text),),
            posted_at=datetime(2026, 7, 1, tzinfo=UTC).isoformat(),
        )
    listed = "\n".join(row.line() for row in leaked.people[40:])
    yield PostReport(
        location=f"https://paste.example/{leaked.bystanders[50].email}",
        title=f"Base de {full_name(leaked.bystanders[51])} {leaked.people[50].email}",
        layers=(("", listed),),
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """The files that hold all that an index keeps, and how many documents that is."""

    folder: Path
    documents: int


def shipped(leaked: Leaked, folder: Path, node: Node) -> tuple[Kept, Kept]:
    """All posts through judge, recorder and shipper; what each index then keeps."""
    record = open_record(f"sqlite:///{folder}/store/vigie.db")
    try:
        _record(leaked, record)
        names, access = Names(f"test{secrets.token_hex(6)}", part=20), Access(node.url)
        with closing(connect(access)) as client:
            set_up(client, names)
            with closing(ElasticsearchIndex(access, names=names)) as index:
                while Shipper(record, index).ship_once():
                    pass
                index.refresh()
            elastic = _read_out(client, names, node, folder / "elasticsearch")
            client.indices.delete(index=list(client.indices.get(index=names.pattern)))
        with closing(EmbeddedIndex(folder / "embedded" / "index.db")) as embedded:
            rebuild(record, embedded)
            number = sum(embedded.count("", kind=kind) for kind in ("alert", "hit"))
            return elastic, Kept(folder / "embedded", number)
    finally:
        record.dispose()


def _record(leaked: Leaked, record: Engine) -> None:
    grant = Leases(record, owner="test").acquire(source_lease("s"), 600)
    assert grant is not None
    frontier, recorder = Frontier(record, Vault(bytes(32))), Recorder(record)
    judge = Judge(leaked.matcher, ["fuite"], frontier, recorder, Originals())
    for post in posts(leaked):
        page = PageReport(
            address=post.location, status=200, fetched_at=datetime.now(UTC).isoformat(),
            posts=(post,), path=(post.location,), body=post.layers[0][1].encode(),
        )  # fmt: skip
        judgement = judge.judge(page, still_wanted=lambda: True)
        assert judgement.whole
        fence = Fence("s", grant.token)
        recorder.record_page(fence, page_facts(page), posts=judgement.with_seal())


def _read_out(client: Elasticsearch, names: Names, node: Node, folder: Path) -> Kept:
    """Every document as it was sent, its stored fields, the values kept for sorting, the terms of
    each of its indexed texts; and the node's own files of these indices."""
    folder.mkdir()
    client.indices.flush(index=names.pattern)
    number = 0
    for index, facts in client.indices.get(index=names.pattern).items():
        found = client.search(
            index=index, size=1000, source=True, stored_fields="*", fields=[{"field": "*"}],
            docvalue_fields=SORTED_VALUES,
        )["hits"]["hits"]  # fmt: skip
        number += len(found)
        lines = [json.dumps(one, ensure_ascii=False) for one in found]
        for one in found:
            terms = client.termvectors(
                index=index, id=one["_id"], fields=["*"], term_statistics=True
            )
            lines.append(json.dumps(terms["term_vectors"], ensure_ascii=False))
        (folder / f"{index}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        uuid = facts["settings"]["index"]["uuid"]
        for file in sorted((node.folder / "data" / "indices" / uuid).rglob("*")):
            if file.is_file():
                (folder / f"{uuid}-{file.name}").write_bytes(file.read_bytes())
    return Kept(folder, number)


def found_in(kept: Kept, leaked: Leaked) -> list[Finding]:
    return search([kept.folder], *leaked.needles)


def test_no_document_of_either_index_holds_a_value(
    leaked: Leaked, tmp_path: Path, node: Node
) -> None:
    elastic, embedded = shipped(leaked, tmp_path, node)
    # 41 locations, each an alert and a hit: all was found, so there was something to leak.
    assert elastic.documents == embedded.documents == 82
    assert found_in(elastic, leaked) == []
    assert found_in(embedded, leaked) == []


@pytest.mark.parametrize("broken", ["mask_title", "mask_address"])
def test_the_search_sees_a_value_when_masking_is_broken(
    leaked: Leaked, tmp_path: Path, node: Node, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(judging, broken, lambda text, *_: text)
    for kept in shipped(leaked, tmp_path, node):
        found = {(one.of, one.kind) for one in found_in(kept, leaked)}
        assert {("matched", "phone"), ("matched", "nir"), ("bystanders", "email")} <= found
