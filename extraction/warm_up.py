"""Opens one of each kind of file whose reader imports or asks for more at its first one.

The limited child does this before it gives up opening files: afterwards such an import would
make every archive look damaged.
"""

from __future__ import annotations

import base64
import io
import zipfile

from extraction.read import extract

# The letter "a" under the password "a", as AES zip and as 7z.
LOCKED = (
    (
        "UEsDBBQAAQBjAOESeF0AAAAAHwAAAAEAAAABAAsAYQGZBwACAEFFAwgAyqBLsC6rK2fiYAEfYUycnPrWy5nY/a8H"
        "dACfpUSabVBLAQIUAxQAAQBjAOESeF0AAAAAHwAAAAEAAAABAAsAAAAAAAAAAACAAQAAAABhAZkHAAIAQUUDCABQ"
        "SwUGAAAAAAEAAQA6AAAASQAAAAAA"
    ),
    (
        "N3q8ryccAARHuHjOcQAAAAAAAAAUAAAAAAAAAC6uTC/YIlQwnNIqp1E9Z21Ty77fAQBcAQQGAAEJEAoBvRvO+AAH"
        "CwEAAiQG8QcBElMPq9sVFPrF2IYCs75QE3i5LyEhARgBAAwFAQAICgFDvrfoAAAFAREFAGEAAAAUCgEAEB8qvLp7"
        "3QEVBgEAIICAgQAAABcGEAEJYQAHCwEAASEhARgMXQAA"
    ),
)
DAMAGED = (
    b"%PDF-1.4\n%%EOF",
    b"SQLite format 3\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07\x01\x00",
)


def open_one_of_each() -> None:
    """Raises RuntimeError when a reader does not work here at all."""
    for body in DAMAGED:
        extract(body)
    with io.BytesIO() as packed:
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a", "a")
        bodies = [packed.getvalue(), *map(base64.b64decode, LOCKED)]
    for body in bodies:
        if extract(body, hints="a").layers[0].text != "a":
            raise RuntimeError("a reader of archives does not work; install Vigie again")
