"""Whether a source's `engine` names a spider: said before the first crawl fails on it."""

from __future__ import annotations

UNKNOWN = 'no spider has this name; "auto" chooses from the page, docs/spiders.md lists them.'


def is_known(engine: str) -> bool:
    """Whether there is such a spider."""
    from spiders import SITES

    return engine == "auto" or engine in {site.name for site in SITES}
