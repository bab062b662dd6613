"""What can stop the review application. Each message says what is wrong and the way out."""

from __future__ import annotations


class ReviewError(Exception):
    """Root of this room's errors."""


class CannotServe(ReviewError):
    """The address cannot be used: taken, not ours, or not allowed."""
