"""Fetching: Scrapy settings, politeness, log-ins, rendering, and what joins child and record.

Two sides. The crawl child (`crawler.child`, forked by `crawler.forkserver`) fetches, parses
and extracts; it holds no key, no fingerprint file and no database address. The supervisor
(`crawler.supervise`) reads its frames, asks the matcher and writes to the record.
"""
