"""The answer as it came over the connection, before anything decodes it: for evidence.

The middleware stands next to the network, so content encoding is not undone yet. What it keeps
is a reference to bytes that are there anyway; it is copied only for pages with posts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from scrapy import Request
from scrapy.http import Headers, Response

from capture.exchange import MAX_HEADERS, Exchange, is_line, withhold

KEY = "vigie_exchange"
TRANSFERRED = "vigie_transferred"


@dataclass(frozen=True, slots=True)
class Transferred:
    """What a body that is read while it comes (crawler.streaming) was on the connection; not
    `whole`: what is kept of it does not begin where it began."""

    headers: Headers
    body: bytes = field(repr=False)
    whole: bool


class Wire:
    """Downloader middleware: remembers the last exchange of a request in its `meta`."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Of a page that the browser showed nothing is known here."""
        if "rendered" not in response.flags:
            taken = request.meta.pop(TRANSFERRED, None)
            if not isinstance(taken, Transferred):
                taken = Transferred(response.headers, response.body, whole=True)
            request.meta[KEY] = Exchange(
                protocol=response.protocol or "",
                request=_lines(request.headers),
                response=_lines(taken.headers),
                certificate=_certificate(response),
                body=taken.body,
                whole=taken.whole,
            )
        return response


def exchange_of(response: Response) -> Exchange:
    """The exchange behind a response; one that is not whole for a rendered page, and for the last
    part of a long file."""
    if "rendered" in response.flags or response.request is None:
        return Exchange()
    found = response.request.meta.pop(KEY, None)
    return found if isinstance(found, Exchange) else Exchange()


def _lines(headers: Headers) -> tuple[tuple[str, str], ...]:
    pairs = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        for value in values
    ]
    kept = [(name, value) for name, value in pairs if is_line(name) and is_line(value)]
    return withhold(tuple(kept[:MAX_HEADERS]))


def _certificate(response: Response) -> bytes:
    """The leaf of this connection as DER; b"" without TLS."""
    found = response.certificate
    if found is None:
        return b""
    # httpx gives the bytes themselves, Twisted an object.
    return found if isinstance(found, bytes) else bytes(found.dump())
