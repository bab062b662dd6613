"""Long plain texts, read where they lie: nothing is copied of a log that holds no packed text."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from extraction import charset, formats, packed
from extraction.layers import Document, Extracted, Limits
from extraction.marks import Marks
from extraction.page import HTML_WITHIN, may_begin_page
from extraction.rewrites import REWRITES
from extraction.shared import Placed

LONG = 100_000  # characters; a shorter text is heard for passwords as well


class Seen(NamedTuple):
    """What is known of a long text in UTF-8 that is neither packed nor a page: its characters, and
    what signs of packings it shows."""

    length: int
    marks: Marks

    @property
    def is_all(self) -> bool:
        """Whether nothing is packed in it."""
        marks = self.marks
        if marks.base64 or marks.hex or marks.pairs:
            return False
        return all(marks.count(kind) < least for _, kind, least, _ in REWRITES)


def look(untrusted: Placed, limits: Limits) -> Seen | None:
    """What is seen of such a text, None where these bytes are another thing."""
    body = untrusted.view
    if not LONG <= len(body) <= limits.max_bytes or limits.max_layers <= 0:
        return None
    head = bytes(body[:HTML_WITHIN])
    ends = head + bytes(body[-formats.PDF_WITHIN :])
    if packed.kind(head) or formats.kind(ends) or b"\x00" in head[: formats.HEAD]:
        return None
    length = charset.length_as_utf_8(body)
    if length is None or not LONG <= length <= limits.max_text or may_begin_page(head):
        return None
    return Seen(length, Marks(body))


def document(untrusted: Placed, name: str, extracted: Extracted, *, hashed: bool) -> Document:
    """The document of such a text."""
    digest = hashlib.sha256(untrusted.view).hexdigest() if hashed else ""
    return Document(name, len(untrusted), digest, extracted)
