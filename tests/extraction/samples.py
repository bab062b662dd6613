"""Archives and documents made by hand or by their libraries, all of invented people."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import py7zr
import pypdfium2  # type: ignore[import-untyped]
import pyzipper  # type: ignore[import-untyped]

ROWS = (
    ("2850344109123", "MARTINEAU", "Jeanne-Élise", "1985-03-14", "0639981234"),
    ("1611175056789", "LEFEBVRE", "Marc", "1961-11-02", "0611223344"),
)
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def lines(delimiter: str = "\t") -> str:
    return "\n".join(delimiter.join(row) for row in ROWS)


def zipped(members: Mapping[str, bytes | str], comment: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = comment
    return packed.getvalue()


def locked_zip(members: Mapping[str, bytes], password: str) -> bytes:
    packed = io.BytesIO()
    with pyzipper.AESZipFile(
        packed, "w", compression=zipfile.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(password.encode())
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


def old_locked_zip(name: str, data: bytes, password: bytes) -> bytes:
    """ZipCrypto (APPNOTE 6.1), which no library writes any more."""
    table = [0] * 256
    for number in range(256):
        value = number
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)
        table[number] = value
    keys = [0x12345678, 0x23456789, 0x34567890]

    def turn(byte: int) -> None:
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = (keys[1] + (keys[0] & 0xFF)) * 134775813 + 1 & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 0xFF]

    for byte in password:
        turn(byte)
    crc = zlib.crc32(data)
    locked = bytearray()
    for byte in bytes(11) + bytes([crc >> 24]) + data:
        stream = (keys[2] | 2) & 0xFFFF
        locked.append(byte ^ (stream * (stream ^ 1) >> 8 & 0xFF))
        turn(byte)
    raw = name.encode()
    head = struct.pack("<HHHHHLLLHH", 20, 1, 0, 0, 33, crc, len(locked), len(data), len(raw), 0)
    local = b"PK\x03\x04" + head + raw + bytes(locked)
    entry = b"PK\x01\x02\x14\x00" + head + struct.pack("<HHHLL", 0, 0, 0, 0, 0) + raw
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local), 0)
    return local + entry + end


def tarred(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def seven_zipped(
    members: Mapping[str, bytes], password: str | None = None, *, hide_names: bool = False
) -> bytes:
    packed = io.BytesIO()
    with py7zr.SevenZipFile(
        packed, "w", password=password, header_encryption=hide_names
    ) as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return packed.getvalue()


def seven_zipped_as(members: Mapping[str, bytes]) -> bytes:
    """A 7z with names its library refuses to write: put in afterwards, sums set right."""
    packed = io.BytesIO()
    safe = {f"{at:02d}" + "n" * (len(name) - 2): name for at, name in enumerate(members)}
    with py7zr.SevenZipFile(packed, "w") as archive:
        archive.set_encoded_header_mode(False)
        for stand_in, name in safe.items():
            archive.writestr(members[name], stand_in)
    body = bytearray(packed.getvalue())
    for stand_in, name in safe.items():
        at = body.index(stand_in.encode("utf-16-le"))
        body[at : at + 2 * len(name)] = name.encode("utf-16-le")
    start, size = struct.unpack_from("<QQ", body, 12)
    header = body[32 + start : 32 + start + size]
    struct.pack_into("<L", body, 28, zlib.crc32(header))
    struct.pack_into("<L", body, 8, zlib.crc32(body[12:32]))
    return bytes(body)


def rar(members: Mapping[str, bytes], *, locked: bool = False) -> bytes:
    """RAR 5 with stored members (https://www.rarlab.com/technote.htm)."""

    def block(body: bytes, data: bytes = b"") -> bytes:
        sized = vint(len(body)) + body
        return struct.pack("<I", zlib.crc32(sized)) + sized + data

    packed = b"Rar!\x1a\x07\x01\x00" + block(vint(1) + vint(0) + vint(0))
    for name, data in members.items():
        raw = name.encode()
        extra = b""
        if locked:
            record = vint(1) + vint(0) + vint(0) + bytes([15]) + bytes(16) + bytes(16)
            extra = vint(len(record)) + record
        body = vint(2) + vint(0x0002 | (0x0001 if extra else 0))
        body += (vint(len(extra)) if extra else b"") + vint(len(data))
        body += vint(0x0004) + vint(len(data)) + vint(0o100644)
        body += struct.pack("<I", zlib.crc32(data)) + vint(0) + vint(1) + vint(len(raw)) + raw
        # What stands there encrypted does not have the plain bytes' sum.
        packed += block(body + extra, data[::-1] if locked else data)
    return packed + block(vint(5) + vint(0) + vint(0))


def vint(number: int) -> bytes:
    found = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        found.append(low | (0x80 if number else 0))
        if not number:
            return bytes(found)


def docx(rows: Sequence[Sequence[str]] = ROWS, before: str = "Bonjour") -> bytes:
    def paragraph(text: str) -> str:
        half = len(text) // 2
        runs = "".join(f"<w:r><w:t>{part}</w:t></w:r>" for part in (text[:half], text[half:]))
        return f"<w:p>{runs}</w:p>"

    table = "".join(
        "<w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) + "</w:tr>"
        for row in rows
    )
    body = f"<w:body>{paragraph(before)}<w:tbl>{table}</w:tbl></w:body>"
    document = f'<?xml version="1.0"?><w:document xmlns:w="{W}">{body}</w:document>'
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": document})


def xlsx(sheet: str | None = None, strings: str = "") -> bytes:
    """A workbook; birth dates are numbers with a date's format, as spreadsheets keep them."""
    if sheet is None:
        made = []
        for at, (nir, surname, first, _, phone) in enumerate(ROWS, start=1):
            serial = (31120, 22587)[at - 1]
            made.append(
                f'<row r="{at}"><c r="A{at}"><v>{nir}</v></c>'
                f'<c r="B{at}" t="s"><v>{2 * at - 2}</v></c>'
                f'<c r="C{at}" t="s"><v>{2 * at - 1}</v></c>'
                f'<c r="D{at}" s="1"><v>{serial}</v></c>'
                f'<c r="E{at}" t="inlineStr"><is><t>{phone}</t></is></c></row>'
            )
            strings += f"<si><t>{surname}</t></si><si><r><t>{first}</t></r></si>"
        sheet = "".join(made)
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "".join(
        f'<Override PartName="/xl/{part}" ContentType="{kind}.{name}+xml"/>'
        for part, name in (
            ("workbook.xml", "sheet.main"), ("worksheets/sheet1.xml", "worksheet"),
            ("styles.xml", "styles"), ("sharedStrings.xml", "sharedStrings"),
        )
    )  # fmt: skip
    relations = "".join(
        f'<Relationship Id="r{at}" Type="{REL}/{name}" Target="{target}"/>'
        for at, (name, target) in enumerate(
            (("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"),
             ("sharedStrings", "sharedStrings.xml")), start=1
        )
    )  # fmt: skip
    package = "http://schemas.openxmlformats.org/package/2006"
    return zipped(
        {
            "[Content_Types].xml": f'{head}<Types xmlns="{package}/content-types">{types}</Types>',
            "_rels/.rels": f'{head}<Relationships xmlns="{package}/relationships"><Relationship '
            f'Id="r1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'{head}<workbook xmlns="{S}" xmlns:r="{REL}"><sheets><sheet '
            'name="Feuil1" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{package}/relationships">'
            f"{relations}</Relationships>",
            "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{S}"><sheetData>{sheet}'
            "</sheetData></worksheet>",
            "xl/sharedStrings.xml": f'{head}<sst xmlns="{S}">{strings}</sst>',
            "xl/styles.xml": f'{head}<styleSheet xmlns="{S}"><cellXfs count="2"><xf numFmtId="0"/>'
            '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        }
    )


def open_document(kind: str, rows: Sequence[Sequence[str]] = ROWS, tail: str = "") -> bytes:
    """An OpenDocument "text" or "spreadsheet"."""
    table = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + '<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
        for row in rows
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table")
    )
    content = (
        f"<office:document-content {names}><office:body><office:{kind}>"
        f"<table:table>{table}{tail}</table:table></office:{kind}></office:body>"
        "</office:document-content>"
    )
    mime = f"application/vnd.oasis.opendocument.{kind}"
    return zipped({"mimetype": mime, "content.xml": content})


def pdf(rows: Sequence[Sequence[str]] = ROWS, *, by_columns: bool = False) -> bytes:
    """One page with a table; `by_columns` writes its cells column after column."""
    cells = [
        (40 + 110 * column, 780 - 20 * at, cell)
        for at, row in enumerate(rows)
        for column, cell in enumerate(row)
    ]
    if by_columns:
        cells.sort()
    shown = "".join(f"1 0 0 1 {x} {y} Tm ({cell}) Tj " for x, y, cell in cells)
    return pdf_of(f"BT /F1 12 Tf {shown}ET".encode("cp1252"))


def pdf_of(stream: bytes, more: Mapping[int, bytes] | None = None, page: bytes = b"") -> bytes:
    """A PDF of one page with that content stream; `more` are further objects from 6 on."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>"
        b"/XObject<</X 6 0 R>>>>/Contents 4 0 R" + page + b">>",
        4: b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        **(more or {}),
    }
    made = b"%PDF-1.4\n"
    places = []
    for number, body in objects.items():
        places.append((number, len(made)))
        made += b"%d 0 obj%s endobj\n" % (number, body)
    table = len(made)
    made += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places:
        made += b"%d 1\n%010d 00000 n \n" % (number, place)
    return made + b"trailer<</Size 99/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % table


def points(body: bytes, scale: float = 2.5) -> tuple[int, int, bytes]:
    """Width, height and grey points of a PDF's first page."""
    bitmap = pypdfium2.PdfDocument(body)[0].render(scale=scale, grayscale=True)
    rows = bytes(bitmap.buffer)
    grey = b"".join(rows[at * bitmap.stride :][: bitmap.width] for at in range(bitmap.height))
    return bitmap.width, bitmap.height, grey


def png(width: int, height: int, grey: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\x00" + grey[at * width :][:width] for at in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def picture() -> bytes:
    """A PNG that shows the rows."""
    width, height, grey = points(pdf([(";".join(row),) for row in ROWS]))
    return png(width, height // 8, grey[: width * (height // 8)])


def scanned_pdf() -> bytes:
    """A PDF whose one page is a picture of the rows."""
    width, height, grey = points(pdf([(";".join(row),) for row in ROWS]))
    packed = zlib.compress(grey)
    picture = (
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Filter/FlateDecode/Length %d>>stream\n" % (width, height, len(packed))
    )
    return pdf_of(b"595 0 0 842 0 0 cm /X Do", {6: picture + packed + b"\nendstream"})


def sqlite_file() -> bytes:
    with sqlite3.connect(":memory:") as database:
        database.execute("create table patients (nir, nom, prenom, ne, tel)")
        database.executemany("insert into patients values (?, ?, ?, ?, ?)", ROWS)
        database.execute("create view v as select * from v2")
        database.commit()
        data = database.serialize()
    database.close()
    return bytes(data)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
