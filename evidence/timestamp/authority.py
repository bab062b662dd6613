"""A time-stamp authority, and one question to it (RFC 3161, over HTTP)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from asn1crypto import algos, core, tsp

from egress.errors import EgressError
from egress.fetch import fetch
from egress.policy import Policy
from evidence.errors import EvidenceError, NotStamped
from evidence.timestamp.check import Checked, check

# An algorithm that is not here is an error, never a pass.
ALGORITHMS = {"sha256": 32, "sha384": 48, "sha512": 64}
MAX_REPLY = 256 * 1024


@dataclass(frozen=True, slots=True)
class Authority:
    """One authority. `roots` is a PEM file with the certificates that are trusted for it;
    `intermediates` one with those that its replies leave out."""

    name: str
    url: str
    roots: Path
    intermediates: Path | None = None
    ca_file: Path | None = None
    policy: Policy = field(default_factory=Policy)
    seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class Stamp:
    """A reply that passed both checks. `reply` and `request` are DER as sent and received."""

    authority: str
    algorithm: str
    imprint: bytes
    request: bytes
    reply: bytes
    at: datetime
    good_until: datetime

    @property
    def reply_sha256(self) -> str:
        """Of the raw reply: openssl passes many damaged ones, so this is kept beside it."""
        return hashlib.sha256(self.reply).hexdigest()


def imprint(data: bytes, algorithm: str) -> bytes:
    """The digest that is sent; raises EvidenceError for an algorithm that is not known."""
    if algorithm not in ALGORITHMS:
        raise EvidenceError(f"the digest algorithm {algorithm[:20]!r} is not known")
    return hashlib.new(algorithm, data).digest()


def ask(authority: Authority, data: bytes, algorithm: str = "sha256") -> Stamp:
    """A time stamp over `data`; raises NotStamped with the reason. Only its digest goes out."""
    return ask_over(authority, imprint(data, algorithm), algorithm)


def ask_over(authority: Authority, digest: bytes, algorithm: str) -> Stamp:
    """A time stamp over what has this digest; raises NotStamped."""
    request, nonce = build_request(digest, algorithm)
    try:
        answer = fetch(
            authority.url,
            policy=authority.policy,
            method="POST",
            body=request,
            headers={"Content-Type": "application/timestamp-query"},
            seconds=authority.seconds,
            max_bytes=MAX_REPLY,
            ca_file=authority.ca_file,
        )
    except EgressError as error:
        raise NotStamped(f"{authority.name}: {error}", "no-answer") from error
    if answer.status != 200:
        raise NotStamped(f"{authority.name} answered with status {answer.status}", "no-answer")
    found: Checked = check(
        answer.body, digest, nonce=nonce, roots=authority.roots,
        intermediates=authority.intermediates, name=authority.name,
    )  # fmt: skip
    return Stamp(
        authority=authority.name,
        algorithm=algorithm,
        imprint=digest,
        request=request,
        reply=answer.body,
        at=found.at,
        good_until=found.good_until,
    )


def build_request(digest: bytes, algorithm: str) -> tuple[bytes, int]:
    """A TimeStampReq as DER and its nonce: 63 random bits, the certificate asked for."""
    nonce = secrets.randbits(63) | 1 << 62
    request = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": tsp.MessageImprint(
                {
                    "hash_algorithm": algos.DigestAlgorithm({"algorithm": algorithm}),
                    "hashed_message": digest,
                }
            ),
            "nonce": core.Integer(nonce),
            "cert_req": True,
        }
    )
    return bytes(request.dump()), nonce
