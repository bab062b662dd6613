"""Everything egress raises. Messages name hosts and addresses' kinds, never a full address bar."""

from __future__ import annotations


class EgressError(Exception):
    """Nothing went out."""


class Refused(EgressError):
    """The guard does not let this through; `kind` says which rule, in one word for counters."""

    def __init__(self, message: str, kind: str = "address") -> None:
        super().__init__(message)
        self.kind = kind


class NotFound(EgressError):
    """The name has no address, or the look-up took too long."""
