"""The head of one proxied HTTP/1.1 request, read strictly (RFC 9112, RFC 9110 section 7.6).

What two parsers could read differently is refused: folded lines, bare CR or LF, two lengths,
a chunked body. Hop-by-hop fields are dropped; `Host` is written from the request target.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from egress.errors import EgressError

REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) (\S{1,60000}) HTTP/1\.[01]")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}):([^\r\n\x00]*)")
HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization",
     b"proxy-authenticate", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"host"}
)  # fmt: skip
MAX_BODY = 256 * 1024 * 1024


class BadRequest(EgressError):
    """The client's request is of a form the proxy does not carry."""


@dataclass(frozen=True, slots=True)
class Request:
    """Where a request goes and, for plain HTTP, the head to send there and its body's length."""

    host: str
    port: int
    is_tunnel: bool
    head: bytes = b""
    body_length: int = 0
    authorization: str = ""


def parse(untrusted_head: bytes) -> Request:
    """The request whose head (with its empty line) this is; raises BadRequest."""
    line, *lines = untrusted_head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = REQUEST_LINE.fullmatch(line)
    if not found:
        raise BadRequest("the request line is not HTTP/1.1")
    fields = [_field(text) for text in lines]
    authorization = b"".join(value for name, value in fields if name == b"proxy-authorization")
    said = authorization.decode("ascii", "replace")
    method, target = found[1], found[2]
    if method == b"CONNECT":
        place = _split(b"//" + target)
        if place.path or place.query or place.port is None:
            raise BadRequest("CONNECT names a host and a port")
        return Request(place.hostname or "", place.port, is_tunnel=True, authorization=said)
    place = _split(target)
    if place.scheme.lower() != "http":
        raise BadRequest("only http:// addresses and CONNECT are carried")
    path = place._replace(scheme="", netloc="", fragment="").geturl() or "/"
    authority = place.netloc
    head = [method + b" " + path.encode("ascii") + b" HTTP/1.1", b"Host: " + authority.encode()]
    named = _named_by_connection(fields)
    head += [name + b": " + value for name, value in fields if _goes_on(name, named)]
    head += [b"Connection: close", b"", b""]
    return Request(
        host=place.hostname or "",
        port=place.port or 80,
        is_tunnel=False,
        head=b"\r\n".join(head),
        body_length=_body_length(fields),
        authorization=said,
    )


def _field(untrusted_line: bytes) -> tuple[bytes, bytes]:
    found = FIELD.fullmatch(untrusted_line)
    if not found:
        raise BadRequest("a header field is malformed")
    return found[1].lower(), found[2].strip(b" \t")


def _split(untrusted_target: bytes) -> SplitResult:
    try:
        place = urlsplit(untrusted_target.decode("ascii"))
        port = place.port
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest("the request target is malformed") from error
    if not place.hostname or place.username is not None or port == 0:
        raise BadRequest("the request target names no plain host")
    return place


def _named_by_connection(fields: list[tuple[bytes, bytes]]) -> frozenset[bytes]:
    values = [value for name, value in fields if name == b"connection"]
    return frozenset(part.strip().lower() for value in values for part in value.split(b","))


def _goes_on(name: bytes, named: frozenset[bytes]) -> bool:
    return name not in HOP_BY_HOP and (name not in named or name == b"content-length")


def _body_length(fields: list[tuple[bytes, bytes]]) -> int:
    if any(name == b"transfer-encoding" for name, _ in fields):
        raise BadRequest("a chunked request body is not carried")
    lengths = {value for name, value in fields if name == b"content-length"}
    if not lengths:
        return 0
    length = lengths.pop()
    if lengths or not length.isdigit() or len(length) > 12 or int(length) > MAX_BODY:
        raise BadRequest("the request's Content-Length is malformed")
    return int(length)
