"""What can go wrong in matching. Every message says what is wrong, where, and what to do.

No message holds a value of the leak or of a document.
"""

from __future__ import annotations

from pathlib import Path


class MatchingError(Exception):
    """The root of this room's errors."""


class KeyFileError(MatchingError):
    """A key file is missing, exists already, is no key, or can be read by others."""


class WrongKeyError(MatchingError):
    """The key does not belong to the fingerprint file."""


class DamagedFileError(MatchingError):
    """A fingerprint file is cut, altered, foreign, or of another version."""


class LeakFileError(MatchingError):
    """A leaked file cannot be turned into fingerprints: no rows, no usable column, unreadable."""


class OutputError(MatchingError):
    """A fingerprint file cannot be written: no space, no rights."""

    @classmethod
    def of(cls, path: Path, error: OSError) -> OutputError:
        """What the system said, as a sentence."""
        return cls(
            f"{path} cannot be written: {error.strerror or type(error).__name__}. Nothing was left "
            "behind; free space there, or choose another folder by -o."
        )


class SchemaError(MatchingError):
    """A schema names an unknown type or a column the file does not have."""


class ServiceError(MatchingError):
    """The matcher process could not be started or stopped answering."""
