"""WARC 1.1 (ISO 28500) records of a capture, each gzip member one record with its own digests.

Written here and not by warcio, whose writer spills bodies over 512 KB into a temporary file in
plain. Digests are SHA-256. Readers pass a file whose tail is cut; so every archive states how
many records it holds (capture.wacz), and ours compare.
"""

from __future__ import annotations

import gzip
import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from capture.exchange import Exchange, Headers

REASONS = {200: "OK", 403: "Forbidden", 404: "Not Found", 410: "Gone"}
INFO = (
    b"software: Vigie\r\nformat: WARC File Format 1.1\r\n"
    b"description: header lines as parsed; cookies and credentials withheld; "
    b"the transfer encoding is undone, the content encoding is not\r\n"
)
SAFE = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a record lies in its archive, for the index."""

    url: str
    at: datetime
    mime: str
    status: int
    offset: int
    length: int
    digest: str


class Archive:
    """A WARC under way, in memory: no byte of it touches the disk here."""

    def __init__(self) -> None:
        self._out = bytearray()
        self.records = 0
        self.entries: list[Entry] = []
        named = (("WARC-Filename", "data.warc.gz"),)
        self._write("warcinfo", INFO, datetime.now(UTC), "application/warc-fields", named)

    def exchange(
        self, url: str, exchange: Exchange, *, status: int, at: datetime, peer: str, mime: str,
        cut: bool = False,
    ) -> None:  # fmt: skip
        """Request and response of one connection. `cut`: we ended it, so the body is the
        beginning of what would have come."""
        url, offset = _uri(url), len(self._out)
        protocol = exchange.protocol if exchange.protocol.startswith("HTTP/") else "HTTP/1.1"
        head = _head(f"{protocol} {status} {REASONS.get(status, '')}", exchange.response)
        digest = _sha256(exchange.body)
        common = (("WARC-Target-URI", url), *((("WARC-IP-Address", peer),) if peer else ()))
        identity = self._write(
            "response", head + exchange.body, at, "application/http; msgtype=response",
            (*common, *((("WARC-Truncated", "unspecified"),) if cut else ()),
             ("WARC-Payload-Digest", digest)),
        )  # fmt: skip
        length = len(self._out) - offset
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._write(
            "request", _head(f"GET {target} HTTP/1.1", exchange.request), at,
            "application/http; msgtype=request", (*common, ("WARC-Concurrent-To", identity)),
        )  # fmt: skip
        self.entries.append(Entry(url, at, mime, status, offset, length, digest))

    def resource(
        self, url: str, body: bytes, *, mime: str, at: datetime, peer: str = "",
        more: Headers = (),
    ) -> None:  # fmt: skip
        """Something that is not an exchange: a DOM, a masked text. `more` are WARC fields."""
        url, offset, digest = _uri(url), len(self._out), _sha256(body)
        common = (("WARC-Target-URI", url), *((("WARC-IP-Address", peer),) if peer else ()))
        self._write("resource", body, at, mime, (*common, ("WARC-Payload-Digest", digest), *more))
        length = len(self._out) - offset
        self.entries.append(Entry(url, at, mime, 200, offset, length, digest))

    def _write(self, kind: str, block: bytes, at: datetime, mime: str, more: Headers) -> str:
        identity = f"<{uuid.uuid4().urn}>"
        fields = (
            ("WARC-Type", kind),
            ("WARC-Record-ID", identity),
            ("WARC-Date", _moment(at)),
            *more,
            ("WARC-Block-Digest", _sha256(block)),
            ("Content-Type", mime),
            ("Content-Length", str(len(block))),
        )
        record = _head("WARC/1.1", fields) + block + b"\r\n\r\n"
        self._out += gzip.compress(record, mtime=0)
        self.records += 1
        return identity

    def bytes(self) -> bytes:
        """The archive so far."""
        return bytes(self._out)


def _head(first: str, fields: Headers) -> bytes:
    lines = [first.rstrip(), *(f"{name}: {value}" for name, value in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace")


def _uri(url: str) -> str:
    """The address in ASCII without white space, as the format asks."""
    return quote(url, safe=SAFE)


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
