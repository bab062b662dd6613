"""What can go wrong with the record and the search index. Messages never hold content."""

from __future__ import annotations


class RecordError(Exception):
    """Root of this room's errors."""


class CannotOpen(RecordError):
    """The record cannot be opened, or belongs to a newer Vigie."""


class KeyProblem(RecordError):
    """The record key is missing, damaged, open to others, or another one."""


class StaleLease(RecordError):
    """The lease was given to another since; nothing was written."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The lease {name} was given to another process in the meantime; nothing was "
            "written. That process carries on; nothing needs to be done."
        )


class NotFound(RecordError):
    """No such row."""


class Conflict(RecordError):
    """Someone else changed the row first: read it again and decide anew."""


class ReasonMissing(RecordError):
    """A decision needs a reason."""


class WrongChoice(RecordError):
    """A filter, status or sort order that does not exist."""


class WrongQuery(WrongChoice):
    """A query that cannot be understood; the message names the field and a good example.

    `kind` is "long", "terms", "depth", "empty", "number" or "date", for whoever says it in another
    language; `field` is the field's name with the last two.
    """

    def __init__(self, message: str, kind: str, field: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.field = field


class IndexUnavailable(RecordError):
    """The search index cannot be reached now; what is to be delivered waits in the outbox."""


class RebuildFailed(RecordError):
    """The new index was not put in place; the one in use is as it was."""
