"""Bounds of one crawl that are not the source's to choose."""

from __future__ import annotations

# Bytes of one document, as fetched or as rendered.
MAX_BODY = 32 * 1024 * 1024
# Pages of one list or one thread followed in one crawl.
MAX_WALK = 500
# Bytes and lines of one feed of addresses.
MAX_FEED = 4 * 1024 * 1024
MAX_FEED_LINES = 50_000
# Links taken from one page, and from the posts of one page to other sources.
MAX_LINKS = 2_000
MAX_SISTERS = 500
# What is followed from a post: bytes read of one file (in parts of MAX_BODY), seconds for it, the
# sizes at which the matcher is asked whether that is enough, and how often it is asked in a crawl.
MAX_FOLLOWED = 1024 * 1024 * 1024
FOLLOW_SECONDS = 600.0
CHECKPOINTS = (256 * 1024, 1024 * 1024, 4 * 1024 * 1024, 16 * 1024 * 1024)
MAX_PARTS = 200
# Bytes by which the parts of a long file overlap, so that no row is lost between two.
OVERLAP = 64 * 1024
# Addresses that lead from a start address to a page.
MAX_PATH = 12
# Seconds before the child's time limit at which a crawl begins to end by itself.
CLOSING_SECONDS = 10.0
