"""A small board of our own whose posts exist only after JavaScript ran."""

from __future__ import annotations

from vigie.demo.sites.process import OwnSite


class JsBoardSite(OwnSite):
    """The board in `folder`: `/` lists posts, `/p/N` shows one, `/new` is the form."""

    name = "board (JavaScript)"
    script = "serve_jsboard.py"
