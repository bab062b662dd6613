"""The spider in docs/spiders.md is run as it is printed, and is as short as is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from crawler.pages import Link, Page

DOCUMENT = Path(__file__).parents[2] / "docs" / "spiders.md"
LIST = """<meta name=generator content="Corkboard 2"><ul class=threads>
<li><a href=/t/5>Un fil</a> <b class=replies>3</b></li></ul><a class=next href=/?page=2>x</a>"""
THREAD = """<meta name=generator content="Corkboard 2">
<div class=note id=n1>premier</div><div class=note id=n2>second</div>"""


def documented() -> Any:
    source = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert source is not None
    code = [line for line in source[1].splitlines() if line.strip()]
    assert len(code) <= 32
    space: dict[str, Any] = {}
    exec(source[1], space)  # noqa: S102 (our own document)
    return space["Corkboard"]()


def test_the_documented_spider_reads_lists_and_threads() -> None:
    site = documented()
    listing = Page("http://cork.example/", LIST.encode())
    assert site.recognises(listing) == 90
    reading = site.read(listing)
    assert reading.links == (Link("http://cork.example/t/5", "http://cork.example/t/5", "3"),)
    assert reading.next_page == "http://cork.example/?page=2"
    thread = site.read(Page("http://cork.example/t/5", THREAD.encode()))
    assert [post.location for post in thread.posts] == [
        "http://cork.example/t/5#n1",
        "http://cork.example/t/5#n2",
    ]


def test_every_spider_is_documented() -> None:
    from spiders import SITES

    text = DOCUMENT.read_text(encoding="utf-8")
    for site in SITES:
        assert f"| `{site.name}` |" in text
