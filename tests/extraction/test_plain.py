"""Long plain texts are read where they lie, and told as if they had been copied."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator

import pytest

from extraction import plain
from extraction.layers import Document, Limits
from extraction.read import documents, extract, placed_text
from extraction.sandbox import Sandbox
from extraction.shared import Placed, Shared
from tests.extraction import samples

ROW = "MARTINEAU;Jeanne-Élise;1985-03-14;2850344109123;0639981234;12 rue des Lilas 44000 Nantes"
LINE = "2024-01-11 12:07:07 INFO 10.0.0.1 GET /api/v1/items/55 200 17\n"
LOG = LINE * (plain.LONG // len(LINE) + 1)
PLAIN = {
    "log": LOG,
    "accents": LOG + ROW,
    "one tag": LOG + "<td>",  # fewer than tell markup
    "lone percent": LOG + "%20",
}
OTHERS = {
    "short": LOG[: plain.LONG - 1].encode(),
    "as many bytes, fewer characters": ("é" * (plain.LONG - 1)).encode(),
    "base64": (LOG + base64.b64encode(ROW.encode()).decode()).encode(),
    "hex": (ROW.encode().hex() + "\n" + LOG).encode(),
    "hex pairs": (LOG + ROW.encode().hex(" ") + "\n" + LOG).encode(),
    "escapes": (LOG + "Jeanne-\\u00c9lise" + LOG).encode(),
    "entities": (LOG + "Jeanne-&Eacute;lise").encode(),
    "markup": (LOG + "<tr><td>06<b>39</b>98 1234</td></tr>").encode(),
    "url": (LOG + "q=Jeanne%20%C3%89lise").encode(),
    "form": (LOG + "?a=1&name=Jeanne+Elise").encode(),
    "soft break": (LOG + "x" * 72 + "=\ny").encode(),
    "mojibake": (LOG + "Jeanne-Ã‰lise").encode(),
    "windows-1252": (LOG + ROW).encode("cp1252"),
    "utf-16": (LOG + ROW).encode("utf-16-le"),
    "a mark": (LOG + ROW).encode("utf-8-sig"),
    "page": ("<!doctype html><p>" + LOG).encode(),
    "page behind blanks": (" " * 5000 + "<html><p>" + LOG).encode(),
    "seven bits": (f'<?xml encoding="iso-2022-jp"?>{LOG}').encode(),
    "nul": b"\0" + LOG.encode(),
    "gzip": gzip.compress(samples.pdf() + LOG.encode()) + LOG.encode(),
    "zip": samples.zipped({"a.txt": ROW}) + LOG.encode(),
    "pdf": b"junk" + samples.pdf().replace(b"%%EOF", b"") + LOG.encode() + b"%%EOF",
    "tar": b"a" * 257 + b"ustar" + LOG.encode(),
}


def placed(body: bytes) -> Placed:
    return Placed(0, memoryview(body))


def told(found: tuple[Document, ...]) -> list[tuple[object, ...]]:
    return [
        (each.name, each.bytes, each.sha256, each.error, each.holds, each.extracted)
        for each in found
    ]


@pytest.mark.parametrize("kind", PLAIN)
def test_a_text_that_is_all_there_is(kind: str) -> None:
    body = PLAIN[kind].encode()
    seen = plain.look(placed(body), Limits())
    assert seen
    assert seen.is_all
    where = placed(body)
    found = plain.document(where, "x.log", placed_text(where, seen), hashed=True)
    assert found.extracted.layers[0].as_given is where
    assert told((found,)) == told(documents(body, name="x.log"))
    assert plain.document(where, "", found.extracted, hashed=False).extracted == extract(body)


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_more_than_that_is_read_as_before(kind: str) -> None:
    body = OTHERS[kind]
    seen = plain.look(placed(body), Limits())
    assert seen is None or not seen.is_all
    if seen:
        where = placed(body)
        found = placed_text(where, seen, name="x")
        assert found.layers[0].as_given is where  # it is not copied
        assert (found,) == tuple(each.extracted for each in documents(body, name="x"))
        assert placed_text(where, seen) == extract(body)


@pytest.mark.parametrize("limits", [Limits(max_text=1000), Limits(max_bytes=1000)])
def test_a_text_over_a_bound_is_left_to_the_others(limits: Limits) -> None:
    assert plain.look(placed(LOG.encode()), limits) is None
    assert plain.look(placed(LOG.encode()), Limits(max_layers=0)) is None


@pytest.fixture(scope="module")
def memory() -> Iterator[Shared]:
    made = Shared(1, 1 << 20)
    yield made
    made.close()


def test_the_child_tells_both_alike(memory: Shared) -> None:
    bodies = {**{kind: text.encode() for kind, text in PLAIN.items()}, **OTHERS}
    slot = memory.take()
    assert slot
    with Sandbox(shared=memory) as box:
        for kind, body in bodies.items():
            lying = slot.put(body)
            assert told(box.documents(lying, name="x")) == told(box.documents(body, name="x")), kind
            assert box.extract(lying) == box.extract(body)
            for declared in ({"charset": "koi8-r"}, {"content_type": "text/html"}):
                assert box.extract(lying, **declared) == box.extract(body, **declared), kind
