"""A direct capture after a proxied one: proposed by itself, made only when a person says so.

NF Z67-147 wants no proxy between the one who sees and what is seen. But a direct request tells the
site the operator's public address, so a named person decides, and is told that address first. An
onion service cannot be reached directly at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from capture.masking import MASK
from egress.errors import EgressError
from egress.fetch import Answer
from evidence.beside.picture import Originals
from evidence.beside.piece import (
    NotHad,
    NotNeeded,
    NotPossible,
    Piece,
    Proposed,
    Target,
    as_json,
    now,
)

MAX_BODY = 8 * 1024 * 1024


def propose(target: Target) -> Piece:
    """Never a piece: what there is to decide, or why there is nothing."""
    check(target)
    raise Proposed(
        "the capture came through a proxy; a person decides on a direct one, which reveals this "
        f"machine’s public address to the site: vigie evidence direct {target.capture}"
    )


def check(target: Target) -> None:
    """Raises NotNeeded or NotPossible for what is not to be captured directly."""
    if target.is_onion:
        raise NotPossible("an onion service is reached through Tor alone")
    if not target.proxied:
        raise NotNeeded("the capture itself is direct")
    if MASK in target.location:
        raise NotPossible("the address holds a value that is not kept, so it cannot be asked again")


def capture(
    target: Target, fetch: Callable[[str], Answer], originals: Originals, revealed: str, sha256: str
) -> Piece:
    """One direct request, now. `revealed` is the public address that the person was told,
    `sha256` the proxied capture's digest. Raises NotHad."""
    check(target)
    at = now()
    try:
        answer = fetch(target.location)
    except EgressError as error:
        raise NotHad(f"no direct answer: {error}") from error
    digest = hashlib.sha256(answer.body).hexdigest()
    facts = {"capture": target.capture, "kind": "direct", "at": at}
    told = {
        "request": "second",
        "proxied": False,
        "at": at,
        "status": answer.status,
        "bytes": len(answer.body),
        "sha256": digest,
        "same_bytes_as_capture": digest == sha256,
        "peer": list(answer.peer),
        "certificate_der_sha256": hashlib.sha256(answer.certificate).hexdigest()
        if answer.certificate
        else "",
        "public_address_revealed": revealed,
        "note": "other bytes are no other content: pages are made anew for each visitor",
    }
    return Piece(as_json(told).body, sealed=originals.seal(answer.body, facts))
