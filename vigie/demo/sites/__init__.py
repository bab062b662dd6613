"""Real sites on loopback: two paste sites and a forum from PyPI, one board that needs JavaScript.

Each is `Kind(folder, port).start()`, then `.address`, then `.stop()`; also a context manager.
"""

from vigie.demo.sites.bepasty import BepastySite
from vigie.demo.sites.dpaste import DpasteSite
from vigie.demo.sites.forum import ForumSite
from vigie.demo.sites.jsboard import JsBoardSite
from vigie.demo.sites.pinnwand import PinnwandSite
from vigie.demo.sites.process import Site

__all__ = ["BepastySite", "DpasteSite", "ForumSite", "JsBoardSite", "PinnwandSite", "Site"]
