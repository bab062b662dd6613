"""Where Scrapy's requests may go: the egress guard for static pages.

Every request, each hop of a redirect included, passes `Guard`: only http and https, only hosts
of the source, no address that changes something, and the host's addresses are looked up once
and all checked. `PinnedResolver` is the reactor's only resolver and knows nothing but what the
guard looked up, so what is dialled is what was checked; a connection that did not pass the
guard finds no address.
"""

from __future__ import annotations

from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.resolver import HostResolution
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IHostnameResolver,
)
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler import addresses
from crawler.borders import Borders


class Guard:
    """Downloader middleware next to the network, so that no other can add a request behind it."""

    def __init__(self, borders: Borders) -> None:
        self._borders = borders

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Guard:
        """Scrapy's way of making one."""
        return cls(crawler.settings["VIGIE_BORDERS"])

    async def process_request(self, request: Request) -> None:
        """Raise NotAllowed for what may not be opened."""
        self._borders.check(request.url)
        parts = addresses.parse(request.url)
        if parts is not None and parts.hostname:
            port = parts.port or addresses.DEFAULT_PORTS[parts.scheme.lower()]
            await self._borders.pin(parts.hostname.lower(), port)


@implementer(IHostnameResolver)
class PinnedResolver:
    """The reactor's resolver: answers with what the guard checked, looks nothing up itself."""

    def __init__(self, reactor: Any, borders: Borders) -> None:
        self._reactor = reactor
        self._borders = borders

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> PinnedResolver:
        """Scrapy's way of making one."""
        return cls(reactor, crawler.settings["VIGIE_BORDERS"])

    def install_on_reactor(self) -> None:
        """Scrapy's way of installing it."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 (Twisted's names, here and below)
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> HostResolution:
        """Twisted's interface."""
        del addressTypes, transportSemantics
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        for text in self._borders.pinned(hostName.strip("[]")):
            kind = IPv6Address if ":" in text else IPv4Address
            resolutionReceiver.addressResolved(kind("TCP", text, portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution
