"""An exchange in a frame: header lines and certificate in the header, bytes behind the page's."""

from __future__ import annotations

import binascii
from typing import Any

from capture.exchange import MAX_CERTIFICATE, MAX_HEADERS, Exchange, is_line, withhold
from crawler.fields import BadMessage, pairs, text

MAX_LINE = 16_384


def exchange_frame(exchange: Exchange, body: bytes) -> tuple[dict[str, Any], bytes]:
    """What goes into the header, and the bytes that stand behind the page's own. An exchange
    whose body is the page's is not sent twice."""
    same = exchange.whole and exchange.body == body
    told = {
        "protocol": exchange.protocol,
        "request": exchange.request,
        "response": exchange.response,
        "certificate": exchange.certificate.hex(),
        "whole": exchange.whole,
        "same": same,
    }
    return told, b"" if same else exchange.body


def read_exchange(untrusted: object, body: bytes, untrusted_wire: bytes) -> Exchange:
    """A checked exchange; raises BadMessage on any other shape."""
    if not isinstance(untrusted, dict):
        raise BadMessage("an exchange is no object")
    certificate = text(untrusted, "certificate", 2 * MAX_CERTIFICATE)
    try:
        der = binascii.unhexlify(certificate)
    except ValueError as error:
        raise BadMessage("a certificate is not in base 16") from error
    return Exchange(
        protocol=text(untrusted, "protocol", 20),
        request=_lines(untrusted, "request"),
        response=_lines(untrusted, "response"),
        certificate=der,
        body=body if untrusted.get("same") is True else untrusted_wire,
        whole=untrusted.get("whole") is True,
    )


def _lines(untrusted: dict[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    found = pairs(untrusted, name)
    good = all(is_line(part) and len(part) <= MAX_LINE for pair in found for part in pair)
    if len(found) > MAX_HEADERS or not good:
        raise BadMessage("header lines that are none, or too many")
    # The child is not trusted to have done it.
    return withhold(found)
