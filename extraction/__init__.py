"""Bytes to text: charsets, HTML, JSON and encoded layers. Imports nothing else of ours.

Hostile bytes are parsed here, so everything runs inside a limited child process: the crawl
child, or the one `extraction.sandbox` starts for `vigie scan`.
"""
