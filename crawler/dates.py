"""Times as sites tell them: untrusted, and often none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def moment(untrusted_text: str) -> datetime | None:
    """An RFC 3339 time that can be one: with a zone, after 1990, not after tomorrow."""
    try:
        found = datetime.fromisoformat(untrusted_text)
        if found.tzinfo is None:
            return None
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if EARLIEST < found < datetime.now(UTC) + timedelta(days=1) else None
