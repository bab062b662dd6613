"""Everything capture raises. Messages name configuration keys and places, never content."""

from __future__ import annotations


class CaptureError(Exception):
    """A capture could not be kept."""
