"""Any bytes end in texts or in an error: documents of every kind, packed in each other, damaged at
any depth. Damage below a layer is packed up again, so that sums and lengths around it are right."""

from __future__ import annotations

import base64
import gzip
import html
import json
import lzma
import random
import urllib.parse
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.errors import ExtractionError
from extraction.layers import Document, Limits
from extraction.sandbox import Sandbox
from tests.extraction import samples

ROW = "MARTINEAU;Jeanne-Élise;0639981234"
KINDS: dict[str, Callable[[], bytes]] = {
    "text": lambda: samples.lines(";").encode(),
    "latin": lambda: samples.lines(";").encode("latin-1", "replace"),
    "wide": lambda: samples.lines().encode("utf-16"),
    "sql": lambda: ("INSERT INTO `p` VALUES (1,'" + ROW + "',NULL),(2,'b\\'c','é');").encode(),  # noqa: S608
    "page": lambda: f"<html><table><tr><td>{ROW}<td title='x'>y</table>".encode(),
    "docx": samples.docx, "xlsx": samples.xlsx, "pdf": samples.pdf, "sqlite": samples.sqlite_file,
    "odt": lambda: samples.open_document("text"),
    "ods": lambda: samples.open_document("spreadsheet"),
    "picture": samples.picture,
}  # fmt: skip
PACKS: dict[str, Callable[[bytes], bytes]] = {
    "zip": lambda body: samples.zipped({"a": body, "b/c": b"beside"}),
    "tar": lambda body: samples.tarred({"a": body}),
    "7z": lambda body: samples.seven_zipped({"a": body}),
    "rar": lambda body: samples.rar({"a": body}),
    "gzip": gzip.compress, "xz": lzma.compress,
    "base64": lambda body: b"voici\n" + base64.encodebytes(body) + b"merci",
    "hex": lambda body: body.hex().encode(),
    "url": lambda body: urllib.parse.quote_from_bytes(body).encode(),
    "json": lambda body: json.dumps({"a": [body.decode("latin-1")]}).encode(),
    "entities": lambda body: html.escape(body.decode("latin-1")).encode(),
}  # fmt: skip
LIMITS = Limits(seconds=30, max_pictures=0, max_unpacked=50_000_000, max_members=200)
MADE = {kind: make() for kind, make in KINDS.items()}


def damaged(draw: random.Random, body: bytes) -> bytes:
    """The bytes cut, flipped, doubled, spliced with another kind, or as they are."""
    how = draw.randrange(6)
    if not body or how == 0:
        return body
    at, end = sorted(draw.randrange(len(body) + 1) for _ in range(2))
    if how == 1:
        return body[:end]
    if how == 2:
        return body[:at] + body[at:end] * draw.randrange(2, 40) + body[end:]
    if how == 3:
        return body[:at] + draw.choice(list(MADE.values())) + body[end:]
    changed = bytearray(body)
    for _ in range(draw.randrange(1, 30)):
        # Lengths and counts are the numbers at the edge more often than any other.
        value = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
        changed[draw.randrange(len(changed))] = value
    return bytes(changed)


def nested(seed: int) -> bytes:
    """Something of any kind in up to four layers, damaged at one of the depths or at each."""
    draw = random.Random(seed)
    body = damaged(draw, draw.choice(list(MADE.values())))
    for _ in range(draw.randrange(5)):
        body = draw.choice(list(PACKS.values()))(body)
        if draw.random() < 0.4:
            body = damaged(draw, body)
    return body


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(LIMITS) as box:
        yield box


def answered(box: Sandbox, body: bytes) -> None:
    """The input gives documents that say something each, or one sentence."""
    try:
        found = box.documents(body, name="x", hints="mdp Labo2021!")
    except ExtractionError as error:
        said = str(error)
        found = ()
    else:
        said = ""
    assert found or said
    for each in found:
        assert isinstance(each, Document)
        assert each.error or each.holds or each.extracted.layers


@settings(max_examples=40, deadline=None)  # of a process that starts and restarts
@given(st.integers(0, 2**32))
def test_whatever_is_packed_in_whatever_is_answered(sandbox: Sandbox, seed: int) -> None:
    answered(sandbox, nested(seed))


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_answered(sandbox: Sandbox, body: bytes) -> None:
    answered(sandbox, body)


def test_the_next_is_read_whatever_came_before(sandbox: Sandbox) -> None:
    answered(sandbox, nested(1))
    assert sandbox.extract(b"next").layers[0].text == "next"


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(10))
def test_a_long_campaign(part: int) -> None:
    deaths = 0
    with Sandbox(LIMITS) as box:
        for seed in range(part * 1_000, part * 1_000 + 1_000):
            child = box.pid
            answered(box, nested(seed))
            deaths += bool(child) and box.pid != child
        assert box.extract(b"next").layers[0].text == "next"
    # A death costs a process start: a reader that dies of every tenth input is to be mended.
    assert deaths < 20
