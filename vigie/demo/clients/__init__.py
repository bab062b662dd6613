"""Posting on the demo's sites as a person does: through their forms and public interfaces.

Each client has methods that post and give back a `Posted`, and `find` methods that look for a
post made just before a crash, so that nothing is posted twice.
"""

from vigie.demo.clients.forum import ForumClient
from vigie.demo.clients.http import Posted
from vigie.demo.clients.jsboard import JsBoardClient
from vigie.demo.clients.pastes import BepastyClient, PinnwandClient

__all__ = ["BepastyClient", "ForumClient", "JsBoardClient", "PinnwandClient", "Posted"]
