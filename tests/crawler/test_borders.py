"""What a crawl may ask for at all: web addresses, through handlers of ours (hostile input 8)."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy.settings import Settings
from scrapy.utils.conf import build_component_list

from crawler.borders import Borders
from crawler.errors import NotAllowed
from crawler.settings import crawl_settings


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "data:text/html,x", "ftp://127.0.0.1/x", "javascript:alert(1)",
     "gopher://127.0.0.1/", "s3://bucket/x", "about:blank", "http:/127.0.0.1/", "//127.0.0.1/"],
)  # fmt: skip
def test_only_web_addresses_pass(address: str, source: Any) -> None:
    borders = Borders(source("http://127.0.0.1:80/"))
    borders.check("http://127.0.0.1/x")
    with pytest.raises(NotAllowed) as refused:
        borders.check(address)
    assert refused.value.kind == "bad-scheme"


def test_no_handler_opens_anything_else(source: Any) -> None:
    """Scrapy's own for files, FTP and data stay off, also where a redirect is believed."""
    spec = source("http://127.0.0.1:80/")
    settings = Settings(crawl_settings(spec, Borders(spec)))
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {scheme for scheme, handler in handlers.items() if handler} == {"http", "https"}
    on = build_component_list(settings.getwithbase("DOWNLOADER_MIDDLEWARES"))
    assert on[-1] == "crawler.guard.Guard", "nothing stands between the guard and the network"
