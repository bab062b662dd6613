"""The HTTP exchange of a capture: what was asked and answered on the connection that matched.

Everything comes from the crawl child and is untrusted. Header lines are as its HTTP library
parsed them: the wire's order and case are lost. Cookies and credentials are never taken along.
"""

from __future__ import annotations

import email.utils
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from cryptography import x509

WITHHELD = frozenset({"cookie", "set-cookie", "authorization", "proxy-authorization"})
DATES = ("date", "last-modified")
ENCODINGS = frozenset({"gzip", "deflate", "br", "zstd", "identity"})
PROTOCOLS = frozenset({"HTTP/1.0", "HTTP/1.1", "h2"})
MAX_HEADERS = 200
MAX_CERTIFICATE = 64 * 1024

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `body` is as transferred, content encoding not undone;
    `certificate` the leaf (DER) of the same connection, b"" without TLS. An exchange that is not
    `whole` is of a page that a browser rendered: what it was sent is not known here."""

    protocol: str = ""
    request: Headers = ()
    response: Headers = ()
    certificate: bytes = field(default=b"", repr=False)
    body: bytes = field(default=b"", repr=False)
    whole: bool = False

    def facts(self) -> dict[str, Any]:
        """What of it may stand in the record: closed forms that carry no words."""
        told: dict[str, Any] = {
            "protocol": self.protocol if self.protocol in PROTOCOLS else "",
            "transferred": len(self.body),
            "transferred_sha256": hashlib.sha256(self.body).hexdigest() if self.whole else "",
            "certificate": certificate_facts(self.certificate),
        }
        given = {name.lower(): value for name, value in self.response}
        for name in DATES:
            told[name.replace("-", "_")] = _moment(given.get(name, ""))
        encoding = given.get("content-encoding", "").lower()
        told["content_encoding"] = encoding if encoding in ENCODINGS else ""
        return told


def certificate_facts(untrusted_der: bytes) -> dict[str, Any]:
    """A certificate as evidence shows it; {} for what is none. `der` is base16."""
    if not untrusted_der or len(untrusted_der) > MAX_CERTIFICATE:
        return {}
    try:
        found = x509.load_der_x509_certificate(untrusted_der)
        return {
            "sha256": hashlib.sha256(untrusted_der).hexdigest(),
            "not_before": found.not_valid_before_utc.isoformat(),
            "not_after": found.not_valid_after_utc.isoformat(),
            "connection": "same",
            "der": untrusted_der.hex(),
        }
    except ValueError:
        return {}


def is_line(untrusted_text: str) -> bool:
    """Whether a header's name or value stays on its line."""
    return not any(mark in untrusted_text for mark in "\r\n\0")


def withhold(headers: Mapping[str, str] | Headers) -> Headers:
    """The headers without what would let somebody in, each withheld one said."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return tuple(
        (name, "(withheld)" if name.lower() in WITHHELD else value) for name, value in pairs
    )


def _moment(untrusted_text: str) -> str:
    try:
        found = email.utils.parsedate_to_datetime(untrusted_text)
        return found.astimezone(UTC).isoformat() if found.tzinfo else ""
    except (TypeError, ValueError, OverflowError):
        return ""
