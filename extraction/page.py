"""Whether a page begins at the first bytes of a document."""

from __future__ import annotations

import re

HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,2000}-->\s*)?<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE,
)
HTML_WITHIN, MOST_BLANKS = 32 * 1024, 4 * 1024  # bytes that hold how a page may begin, and blanks


def begins_page(untrusted_text: str) -> bool:
    """Whether a text begins as a page does."""
    return bool(HTML_START.match(untrusted_text))


def may_begin_page(untrusted_utf_8: bytes) -> bool:
    """Whether a page begins here, as far as the first bytes tell."""
    head = untrusted_utf_8[:HTML_WITHIN].decode("utf-8", "replace")
    blanks = len(head) - len(head.lstrip())
    return begins_page(head) or blanks > MOST_BLANKS or 0 < blanks == len(head)
