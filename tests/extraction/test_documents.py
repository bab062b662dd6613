"""Office documents, PDF, SQLite and pictures: rows stay rows, in the limited child."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extraction import tools
from extraction.errors import ChildDied
from extraction.layers import Limits
from extraction.read import extract
from extraction.sandbox import Sandbox
from tests.extraction import samples
from tests.extraction.samples import ROWS, lines

DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "docx": samples.docx,
    "xlsx": samples.xlsx,
    "odt": lambda: samples.open_document("text"),
    "ods": lambda: samples.open_document("spreadsheet"),
    "pdf": samples.pdf,
    "pdf by columns": lambda: samples.pdf(by_columns=True),
    "sqlite": samples.sqlite_file,
}
PYTHON = "/usr/bin/python3"
with_tesseract = pytest.mark.skipif(
    tools.find_tesseract() is None, reason="Tesseract is not installed"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=40)) as box:
        yield box


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_the_rows_of_a_document_stay_rows(sandbox: Sandbox, kind: str) -> None:
    found = sandbox.extract(DOCUMENTS[kind]())
    assert lines() in found.layers[0].text
    assert found.notes == ()
    assert len(found.hashes) == 1


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_in_a_text_or_an_archive_is_read(sandbox: Sandbox, kind: str) -> None:
    body = DOCUMENTS[kind]()
    posted = sandbox.extract(b"voici\n" + base64.encodebytes(body) + b"\nmerci")
    assert any(name.startswith("base64>") and lines() in text for name, text in _pairs(posted))
    packed = sandbox.extract(samples.zipped({"liste": body}))
    assert any(name.startswith("zip/1>") and lines() in text for name, text in _pairs(packed))


def _pairs(found: object) -> list[tuple[str, str]]:
    return [(layer.name, layer.text) for layer in found.layers]  # type: ignore[attr-defined]


def test_the_crawl_child_only_tells_that_there_is_more() -> None:
    """Large readers run in the limited child: the shallow reading names no library of theirs."""
    for make in (*DOCUMENTS.values(), lambda: samples.zipped({"a": b"b"}), samples.picture):
        body = make()
        for whole in (body, base64.encodebytes(body)):
            found = extract(whole, shallow=True)
            assert found.deeper
            assert not any(ROWS[0][1] in layer.text for layer in found.layers)
    assert not extract(lines().encode(), shallow=True).deeper


@with_tesseract
def test_pictures_are_read_by_tesseract(sandbox: Sandbox) -> None:
    for body in (samples.picture(), samples.scanned_pdf()):
        found = sandbox.extract(body)
        assert ROWS[0][0] in found.layers[0].text
        assert ROWS[1][4] in found.layers[0].text
    inside = sandbox.extract(samples.zipped({"word/document.xml": "<a/>", "[Content_Types].xml": "",
                                             "word/media/1.png": samples.picture()}))  # fmt: skip
    assert any(ROWS[0][0] in text for _, text in _pairs(inside))


def test_without_tesseract_a_picture_is_told_as_not_read() -> None:
    for body in (samples.picture(), samples.scanned_pdf()):
        assert any("not read" in note for note in extract(body).notes)


def test_the_number_of_pictures_is_bounded_and_said() -> None:
    picture = samples.picture()
    body = samples.zipped({str(at): picture + bytes(at) for at in range(4)})
    asked: list[int] = []

    def read(untrusted_picture: bytes, seconds: float) -> str:
        asked.append(len(untrusted_picture))
        return f"text {seconds > 0}"

    found = extract(body, limits=Limits(max_pictures=2), read_picture=read)
    assert len(asked) == 2
    assert any("more than 2 pictures" in note for note in found.notes)


def test_a_huge_picture_is_never_decoded() -> None:
    asked: list[bytes] = []

    def read(untrusted_picture: bytes, seconds: float) -> None:
        del seconds
        asked.append(untrusted_picture)

    for width, height in ((100_000, 100_000), (2**31 - 1, 24), (70_000, 600)):
        found = extract(samples.png(width, height, b""), read_picture=read)
        assert any("more points" in note for note in found.notes)
    assert asked == []


@pytest.mark.skipif(not Path(PYTHON).exists(), reason="no Python among the system's programs")
def test_tesseract_has_no_network_no_files_and_no_more_than_its_time() -> None:
    """The same launcher, another program: what Tesseract would be refused."""
    for command in (
        "import socket; socket.socket()",
        "open('/etc/passwd')",
        "open('/proc/self/environ')",
        "open('/tmp/canary-of-extraction', 'w')",
        "import os; os.fork() or os._exit(0)",
        "import os; os.kill(os.getppid(), 0)",
    ):
        probe = (
            f"try:\n {command}\nexcept OSError as error:\n print(error.errno in (1, 13), end='')"
        )
        assert _launched(probe) == "True", command
    assert _launched("print('ran', end='')") == "ran"


def _launched(program: str) -> str | None:
    # The interpreter itself must lie where a launched program may read.
    python = tools.Tesseract(PYTHON, ("fra",))
    return python.run(["-I", "-c", program], b"", 10)


def test_a_sheet_spread_to_the_far_corner_is_still_read(sandbox: Sandbox) -> None:
    cells = '<row r="1">' + "".join(
        f'<c r="{column}1" t="inlineStr"><is><t>{value}</t></is></c>'
        for column, value in zip("ABCDE", ROWS[0], strict=True)
    )
    far = '</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    found = sandbox.extract(samples.xlsx(cells + far))
    assert "\t".join(ROWS[0]) in found.layers[0].text
    assert any("too wide" in note for note in found.notes)


def test_a_repeated_row_and_cell_costs_nothing(sandbox: Sandbox) -> None:
    tail = (
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
        "</table:table-row>"
    )
    found = sandbox.extract(samples.open_document("spreadsheet", tail=tail))
    assert lines() in found.layers[0].text
    assert len(found.layers[0].text) < 2_000


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY x SYSTEM "file:///etc/passwd">]>'
)


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("part", ["word/document.xml", "content.xml"])
def test_entities_are_refused_and_said(part: str, charset: str) -> None:
    text = '<w:document xmlns:w="w"><w:p><w:t>&c;&x;</w:t></w:p></w:document>'
    xml = BOMB.replace("?>", f' encoding="{charset}"?>', 1) + text
    body = samples.zipped({"mimetype": "", "[Content_Types].xml": "", part: xml.encode(charset)})
    found = extract(body)
    assert any("entities" in note for note in found.notes)
    assert not any("haha" in layer.text or "root:" in layer.text for layer in found.layers)


def test_deep_xml_is_survived(sandbox: Sandbox) -> None:
    deep = "<w:p>" * 100_000
    body = samples.zipped(
        {"[Content_Types].xml": "", "word/document.xml": f'<w:d xmlns:w="w">{deep}'}
    )
    assert sandbox.extract(body).notes


def test_a_document_s_part_that_grows_beyond_bounds_is_cut_and_said() -> None:
    found = extract(samples.docx(before="0" * 30_000_000), limits=Limits(max_ratio=20))
    assert any("unpacks to more" in note or "bound" in note for note in found.notes)
    assert sum(len(layer.text) for layer in found.layers) < 3_000_000


@pytest.mark.parametrize(
    "more",
    [
        {2: b"<</Type/Pages/Kids[2 0 R]/Count 1>>"},
        {2: b"<</Type/Pages/Kids[3 0 R 3 0 R 3 0 R]/Count 2147483647>>"},
        {5: b"5 0 R"},
        {4: b"<</Length 99999999999>>stream\nBT"},
        {6: b"<</Type/XObject/Subtype/Form/BBox[0 0 1 1]/Resources<</XObject<</X 6 0 R>>>>"
            b"/Length 5>>stream\n/X Do\nendstream"},
    ],
)  # fmt: skip
def test_a_pdf_that_points_at_itself_ends(sandbox: Sandbox, more: dict[int, bytes]) -> None:
    found = sandbox.extract(samples.pdf_of(b"/X Do", more))
    assert found.layers


def test_a_schema_with_code_in_it_never_runs(sandbox: Sandbox) -> None:
    import sqlite3

    with sqlite3.connect(":memory:") as database:
        database.execute("create table t (a)")
        database.execute("insert into t values ('visible')")
        database.execute(
            "create view endless as with recursive n(i) as "
            "(select 1 union all select i + 1 from n) select * from n"
        )
        data = database.serialize()
    database.close()
    found = sandbox.extract(bytes(data))
    assert found.layers[0].text == "visible"


@pytest.mark.parametrize("kind", [*DOCUMENTS, "picture", "scanned"])
def test_a_damaged_document_costs_itself_only(kind: str) -> None:
    """Random damage: an answer or an error, always the next document too."""
    made = {**DOCUMENTS, "picture": samples.picture, "scanned": samples.scanned_pdf}
    body = made[kind]()
    rng = random.Random(kind)
    with Sandbox(Limits(seconds=20, max_pictures=0)) as box:
        for _ in range(25):
            damaged = bytearray(body)
            for _ in range(rng.randrange(1, 30)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            try:
                found = box.extract(bytes(damaged[: rng.randrange(len(body) // 2, len(body))]))
            except ChildDied:
                continue
            assert found.layers
        assert box.extract(b"next").layers[0].text == "next"
