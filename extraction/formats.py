"""What bytes are, told by their first ones and never by a name or a declared type."""

from __future__ import annotations

import re

ARCHIVES = frozenset({"zip", "tar", "7z", "rar"})
PICTURES = frozenset({"png", "jpeg", "gif", "tiff", "webp", "bmp"})
# Shapes whose readers are large: they run in the limited child only.
DEEP = ARCHIVES | PICTURES | {"pdf", "ole", "sqlite"}
NAMES = {
    "zip": "a zip archive", "tar": "a tar archive", "7z": "a 7z archive", "rar": "a RAR archive",
    "pdf": "a PDF", "ole": "an old Office file", "sqlite": "a SQLite file",
    "png": "a PNG picture", "jpeg": "a JPEG picture", "gif": "a GIF picture",
    "tiff": "a TIFF picture", "webp": "a WebP picture", "bmp": "a BMP picture",
    "cab": "a cabinet archive", "lzh": "an LZH archive", "arj": "an ARJ archive",
    "age": "a file encrypted with age", "pgp": "a file encrypted with OpenPGP",
    "parquet": "a Parquet file", "access": "an Access database",
}  # fmt: skip
MAGIC = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"PK\x07\x08PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "rar"), (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"),
    (b"GIF89a", "gif"), (b"II*\x00", "tiff"), (b"MM\x00*", "tiff"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (b"SQLite format 3\x00", "sqlite"),
    (b"MSCF\x00\x00", "cab"), (b"\x60\xea", "arj"), (b"age-encryption.org/v1\n", "age"),
    (b"PAR1", "parquet"), (b"\x00\x01\x00\x00Standard", "access"),
)  # fmt: skip
FORM_OF = dict(MAGIC)
BEGINNING = re.compile(b"|".join(re.escape(magic) for magic, _ in MAGIC))
# A PDF may begin with other bytes; readers look this far.
PDF_WITHIN = 1024
HEAD = 4096  # bytes in which what is no text shows
END_OF_ZIP = b"PK\x05\x06"
ZIP_TAIL = 65_557


def kind(untrusted_body: bytes) -> str:
    """One of NAMES, or "" for text and what is not known."""
    known = BEGINNING.match(untrusted_body)
    if known:
        return FORM_OF[known[0]]
    if untrusted_body[257:262] == b"ustar":
        return "tar"
    if untrusted_body[:4] == b"RIFF" and untrusted_body[8:12] == b"WEBP":
        return "webp"
    if untrusted_body[:2] == b"BM" and untrusted_body[6:10] == bytes(4):
        return "bmp"
    if b"%PDF-" in untrusted_body[:PDF_WITHIN] and b"%%EOF" in untrusted_body[-PDF_WITHIN:]:
        return "pdf"
    return ""


def hides_zip(untrusted_body: bytes) -> bool:
    """Whether a zip archive stands behind other bytes: a picture, a program that unpacks itself."""
    at = untrusted_body.rfind(END_OF_ZIP, max(0, len(untrusted_body) - ZIP_TAIL))
    return at >= 0 and b"PK\x01\x02" in untrusted_body and b"PK\x03\x04" in untrusted_body
