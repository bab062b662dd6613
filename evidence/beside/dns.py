"""What several resolvers answer for the capture's host, raw: the wire's bytes beside the reading.

dnspython over UDP, TCP where an answer is cut. Resolvers are the operator's own choice.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from evidence.beside.piece import NotConfigured, NotHad, NotPossible, Piece, Target, as_json, now

TYPES = ("A", "AAAA", "NS", "SOA")
SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Resolver:
    """A DNS server by address; `where` says whose it is and where it stands."""

    name: str
    address: str
    port: int = 53
    where: str = ""


def gather(target: Target, resolvers: Sequence[Resolver], seconds: float = SECONDS) -> Piece:
    """Every resolver for every type; raises NotPossible for an onion service or a bare address,
    NotHad where no resolver is configured or none answered."""
    if target.is_onion:
        raise NotPossible("an onion service has no DNS")
    if _is_address(target.host):
        raise NotPossible("the address names no host: there is nothing to look up")
    if not resolvers:
        raise NotConfigured("no [[evidence.resolver]] is configured")
    questions = [(resolver, kind) for resolver in resolvers for kind in TYPES]
    with ThreadPoolExecutor(min(16, len(questions))) as pool:
        told = list(pool.map(lambda one: ask(target.host, one[0], one[1], seconds), questions))
    if all(one["error"] for one in told):
        raise NotHad(f"no resolver answered: {told[0]['error']}")
    return as_json({"host": target.host, "answers": told})


def ask(host: str, resolver: Resolver, kind: str, seconds: float = SECONDS) -> dict[str, Any]:
    """One question to one resolver; what went wrong is in `error`."""
    query = dns.message.make_query(host, kind, want_dnssec=True)
    told: dict[str, Any] = {
        "resolver": resolver.name, "address": resolver.address, "port": resolver.port,
        "where": resolver.where, "type": kind, "asked": now(), "error": "",
    }  # fmt: skip
    try:
        answer, over_tcp = dns.query.udp_with_fallback(
            query, resolver.address, timeout=seconds, port=resolver.port
        )
    except dns.exception.Timeout:
        return {**told, "error": f"no answer within {seconds:g} s"}
    except (OSError, dns.exception.DNSException, EOFError) as error:
        return {**told, "error": type(error).__name__}
    return {
        **told,
        "answered": now(),
        "transport": "tcp" if over_tcp else "udp",
        "rcode": dns.rcode.to_text(answer.rcode()),
        "authenticated": bool(answer.flags & dns.flags.AD),
        "records": [
            {"name": str(rrset.name), "ttl": rrset.ttl, "type": dns.rdatatype.to_text(rrset.rdtype),
             "data": [rdata.to_text() for rdata in rrset]}
            for rrset in answer.answer
        ],
        "query_base64": base64.b64encode(query.to_wire()).decode(),
        "wire_base64": base64.b64encode(answer.wire or answer.to_wire()).decode(),
    }  # fmt: skip


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
