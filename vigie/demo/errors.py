"""What can go wrong in the demo; each message says what, where, and the way out."""

from __future__ import annotations


class DemoError(Exception):
    """Root of the demo's errors."""


class SiteError(DemoError):
    """A demo site cannot be started or does not answer."""


class PosterError(DemoError):
    """A post could not be made on a demo site."""
