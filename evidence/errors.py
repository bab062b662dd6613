"""Everything evidence raises. Messages name items, files and places, never content."""

from __future__ import annotations


class EvidenceError(Exception):
    """An act on evidence could not be done; nothing of it is counted as done."""


class NotStamped(EvidenceError):
    """No valid time stamp could be had; what was to be stamped stays "not time-stamped". `kind`
    says why in one word, for whoever says it in another language."""

    def __init__(self, message: str, kind: str = "not-accepted") -> None:
        super().__init__(message)
        self.kind = kind


class NotProven(EvidenceError):
    """A check of evidence failed; the message names the item."""
