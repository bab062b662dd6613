"""Documents are told by content; archives are counted as they unpack."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extraction.errors import TooLarge
from extraction.layers import Limits
from extraction.read import documents, extract

ROW = "MARTINEAU;Jeanne-Élise;0639981234\n"


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return packed.getvalue()


@pytest.mark.parametrize("content_type", ["", "text/html", "text/plain", "application/json"])
def test_html_is_known_by_its_content(content_type: str) -> None:
    body = f"<!DOCTYPE html><html><body><table><tr><td>{ROW}<td>x</table>".encode()
    layers = extract(body, content_type=content_type).layers
    assert layers[0].text == f"{ROW.strip()}\tx"


def test_a_fragment_of_html_is_read_as_such_when_the_server_says_so() -> None:
    assert extract(b"<p>a<p>b", content_type="text/html; charset=utf-8").layers[0].text == "a\nb"


def test_the_charset_of_the_content_type_is_heeded() -> None:
    found = extract("Дарья Иванова".encode("koi8-r"), content_type='text/plain; charset="koi8-r"')
    assert (found.layers[0].text, found.charset) == ("Дарья Иванова", "koi8-r")


def test_json_in_a_page_s_script_is_a_layer_of_its_own() -> None:
    data = json.dumps({"nom": "Élise"})
    page = f"<html><p>x<script type='application/json'>{data}</script>"
    layers = {layer.name: layer.text for layer in extract(page.encode()).layers}
    assert layers == {"": "x", "script": data, "script>json": '{"nom": "Élise"}'}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_bodies_are_opened_whatever_they_are_called(pack: object) -> None:
    assert callable(pack)
    found = extract(pack(ROW.encode("latin-1")), content_type="text/plain")
    assert [layer.text for layer in found.layers] == [ROW]


def test_members_are_layers_by_number_and_documents_by_name() -> None:
    for pack, kind in ((zipped, "zip"), (tarred, "tar")):
        body = pack({"a/martineau.txt": ROW.encode(), "../../b.txt": b"other"})
        assert [layer.name for layer in extract(body).layers] == [f"{kind}/1", f"{kind}/2"]
        found = documents(body, name="p")
        assert [(document.name, document.holds) for document in found] == [
            ("p", True), ("p!/a/martineau.txt", False), ("p!/../../b.txt", False),
        ]  # fmt: skip
        assert [document.extracted.layers[0].text for document in found[1:]] == [ROW, "other"]


def test_an_archive_in_an_archive_is_read_down_to_the_depth() -> None:
    body = ROW.encode()
    for _ in range(3):
        body = zipped({"x": body})
    assert extract(body).layers[0].text == ROW
    found = extract(body, limits=Limits(max_depth=2))
    assert not any(ROW in layer.text for layer in found.layers)
    assert any("deeper" in note for note in found.notes)
    told = documents(body, name="p", limits=Limits(max_depth=2))
    assert not any(ROW in layer.text for each in told for layer in each.extracted.layers)
    assert "deeper" in told[-1].error


def test_nothing_of_an_archive_touches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "inside"
    canary.mkdir()
    monkeypatch.chdir(canary)
    for pack in (zipped, tarred):
        extract(pack({"../out.txt": b"a", str(tmp_path / "absolute.txt"): b"b", "in.txt": b"c"}))
    assert [path.name for path in tmp_path.rglob("*")] == ["inside"]


def test_a_zip_bomb_is_cut_and_said() -> None:
    body = zipped({f"{number}": b"\0" * 5_000_000 for number in range(20)})
    found = extract(body, limits=Limits(max_ratio=20))
    assert sum(len(layer.text) for layer in found.layers) < 3_000_000
    assert any("bound" in note or "cut" in note for note in found.notes)


def test_a_zip_that_lies_about_a_size_is_counted_by_its_bytes() -> None:
    body = bytearray(zipped({"a": b"A" * 3_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = body.index(signature) + offset
        body[at : at + 4] = struct.pack("<I", 10)
    found = extract(bytes(body), limits=Limits(max_ratio=10))
    assert sum(len(layer.text) for layer in found.layers) <= 1_048_576


def test_members_that_share_their_bytes_are_all_counted() -> None:
    """Fifield's overlapping bomb: many entries of the directory point at one member."""
    body = zipped({"a": b"\0" * 2_000_000})
    directory = body.index(b"PK\x01\x02")
    end = body.index(b"PK\x05\x06")
    entry = body[directory:end]
    copies = 500
    tail = bytearray(body[end:])
    tail[8:12] = struct.pack("<HH", copies, copies)
    tail[12:16] = struct.pack("<I", len(entry) * copies)
    found = extract(body[:directory] + entry * copies + bytes(tail), limits=Limits(max_ratio=50))
    assert sum(len(layer.text) for layer in found.layers) < 5_000_000
    assert found.notes


def test_an_encrypted_member_is_said_and_the_others_are_read() -> None:
    body = bytearray(zipped({"a": b"secret", "b": ROW.encode()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.index(signature) + offset] |= 1
    found = {document.name: document for document in documents(bytes(body), name="p.zip")}
    assert "encrypted" in found["p.zip!/a"].error
    assert found["p.zip!/b"].extracted.layers[0].text == ROW


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9, 0.99])
def test_half_a_body_gives_what_it_holds(keep: float) -> None:
    rows = "".join(
        f"{number};{random.Random(number).random()}\n" for number in range(5_000)
    ).encode()
    cut = gzip.compress(rows)
    found = extract(cut[: int(len(cut) * keep)])
    assert found.layers[0].text.startswith("0;0.844")
    assert any("damaged" in note for note in found.notes)
    for pack in (zipped, tarred):
        body = pack({"a": rows})
        extract(body[: int(len(body) * keep)])


def test_what_is_not_opened_is_said() -> None:
    assert "PDF" in extract(b"%PDF-1.7 and so on").notes[0]


def test_two_bytes_that_look_compressed_are_still_text() -> None:
    assert extract(b"x\x9c is how zlib starts").layers[0].text.endswith("is how zlib starts")


def test_a_document_over_the_bound_is_an_error() -> None:
    with pytest.raises(TooLarge, match="at most 10 "):
        extract(b"x" * 11, limits=Limits(max_bytes=10))


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            b"",
            b"PK\x03\x04",
            b"\x1f\x8b\x08",
            b"BZh91AY&SY",
            b"\xfd7zXZ\x00",
            b"\x78\x9c",
            b"<html>",
        ]
    ),
)
def test_any_bytes_give_at_least_one_layer(body: bytes, magic: bytes) -> None:
    found = extract(magic + body)
    assert found.layers or found.notes


@given(st.integers(0, 2**32), st.integers(1, 20))
def test_a_damaged_archive_is_survived(seed: int, flips: int) -> None:
    rng = random.Random(seed)
    for pack in (zipped, tarred):
        body = bytearray(pack({"a": ROW.encode() * 20, "b": b"other"}))
        for _ in range(flips):
            body[rng.randrange(len(body))] = rng.randrange(256)
        extract(bytes(body))
        documents(bytes(body), name="x")
