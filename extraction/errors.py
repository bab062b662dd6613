"""Everything extraction raises. Messages say what is wrong and what to do, never content."""

from __future__ import annotations


class ExtractionError(Exception):
    """A document could not be turned into texts."""


class TooLarge(ExtractionError):
    """The document is over a bound of `Limits`."""


class TookTooLong(ExtractionError):
    """The limited child was stopped at its time limit."""


class ChildDied(ExtractionError):
    """The limited child ended in the middle of a document: a crash, or a limit of memory or CPU."""
