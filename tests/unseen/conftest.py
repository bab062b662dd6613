"""The crawl of tests/crawler, for these sites."""

from tests.crawler.conftest import forks, source, watcher

__all__ = ["forks", "source", "watcher"]
