"""Everything evidence raises. Messages name items, files and places, never content."""

from __future__ import annotations


class EvidenceError(Exception):
    """An act on evidence could not be done; nothing of it is counted as done."""


class NotStamped(EvidenceError):
    """No valid time stamp could be had; what was to be stamped stays "not time-stamped"."""


class NotProven(EvidenceError):
    """A check of evidence failed; the message names the item."""
