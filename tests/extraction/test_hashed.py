"""A document's SHA-256 is told, unless nobody asks for it: to hash a text costs as much as to read
it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extraction.layers import Document, Limits
from extraction.sandbox import Sandbox
from extraction.shared import Shared
from tests.extraction import samples

BODIES = {
    "small": b"a short post",
    "long": b"2026-11-30 09:00:00 service=web status=200\n" * 5000,
    "archive": samples.zipped({"a.txt": b"one", "b.zip": samples.zipped({"c.txt": b"two"})}),
}


def without(documents: tuple[Document, ...]) -> list[Document]:
    return [replace(each, sha256="") for each in documents]


@pytest.mark.parametrize("kind", BODIES)
def test_without_its_hash_a_document_is_read_alike(kind: str) -> None:
    memory = Shared(1, 1 << 20)
    slot = memory.take()
    assert slot
    limits = Limits(seconds=60)
    with Sandbox(limits, memory) as box, Sandbox(limits, memory, hashed=False) as bare:
        lying = slot.put(BODIES[kind])
        expected = box.documents(lying, name="x")
        found = bare.documents(lying, name="x")
        assert bare.several([(lying, "x", "")]) == [found]
        assert bare.several([(lying, "x", "")] * 2) == [found] * 2
        assert bare.documents(BODIES[kind], name="x") == found
    memory.close()
    assert [each.sha256 for each in found] == [""] * len(expected)
    assert list(found) == without(expected)
    assert expected[0].sha256 == samples.sha256(BODIES[kind])
