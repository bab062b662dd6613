"""Who is behind host and address: raw RDAP answers (RFC 9082, 9083), abuse contacts read out.

The responsible server comes from IANA's bootstrap registry (RFC 9224). All goes out through the
egress guard; a redirect is followed by asking anew, so the guard judges it like the first.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from egress.errors import EgressError
from egress.fetch import Answer, fetch
from egress.policy import Policy
from evidence.beside.piece import NotHad, NotPossible, Piece, Target, as_json, now

ACCEPT = "application/rdap+json"
MAX_HOPS = 3
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Registry:
    """Where the bootstrap files are; `policy` is what the guard lets through."""

    bootstrap: str = "https://data.iana.org/rdap/"
    policy: Policy = field(default_factory=Policy)
    seconds: float = 10.0


def gather(target: Target, registry: Registry) -> Piece:
    """RDAP of the registered domain and of the address; raises NotPossible, NotHad."""
    if target.is_onion:
        raise NotPossible("an onion service has neither registrar nor address")
    asked = [_one(registry, "domain", name) for name in _names(target.host)]
    if target.peer and ipaddress.ip_address(target.peer).is_global:
        asked.append(_one(registry, "ip", target.peer))
    if not asked:
        raise NotPossible("neither the host nor its address is registered anywhere")
    answers = [one for one in asked if one is not None]
    good = [one for one in answers if not one["error"]]
    if not good:
        raise NotHad(answers[0]["error"] if answers else "there is nothing to ask about")
    contacts = [contact for one in good for contact in abuse_contacts(one)]
    return as_json({"host": target.host, "peer": target.peer, "answers": answers,
                    "abuse_contacts": contacts})  # fmt: skip


def abuse_contacts(answer: dict[str, Any]) -> list[dict[str, str]]:
    """The mail addresses of the role "abuse", each with where it stands."""
    found = []
    told = json.loads(base64.b64decode(answer["body_base64"]))
    for entity in _entities(told):
        if "abuse" in entity.get("roles", ()):
            found += [
                {"email": line[3], "from": answer["url"], "at": answer["at"]}
                for line in entity.get("vcardArray", [None, []])[1]
                if line[0] == "email" and isinstance(line[3], str)
            ]
    return found


def _entities(told: Any) -> Iterator[dict[str, Any]]:
    for entity in told.get("entities", ()) if isinstance(told, dict) else ():
        if isinstance(entity, dict):
            yield entity
            yield from _entities(entity)


def _names(host: str) -> list[str]:
    """What may be registered: the last two labels, then three (example.co.uk)."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        labels = host.rstrip(".").split(".")
        return [".".join(labels[-count:]) for count in (2, 3) if len(labels) >= count]
    return []


def _one(registry: Registry, kind: str, what: str) -> dict[str, Any] | None:
    told: dict[str, Any] = {"kind": kind, "asked_for": what, "at": now(), "error": "", "url": ""}
    try:
        base = _server(registry, kind, what)
        if base is None:
            return {**told, "error": f"no RDAP server is registered for {kind} {what}"}
        url = urljoin(base if base.endswith("/") else base + "/", f"{kind}/{what}")
        answer, url = _get(registry, url)
    except (EgressError, NotHad) as error:
        return {**told, "error": str(error)}
    if answer.status == 404 and kind == "domain":
        return None  # not the registered name; another spelling of it is asked for as well
    is_good = answer.status == 200 and _is_json(answer.body)
    failure = "" if is_good else f"status {answer.status}"
    return {
        **told, "url": url, "status": answer.status, "error": failure, "server": answer.peer[0],
        "sha256": hashlib.sha256(answer.body).hexdigest(),
        "body_base64": base64.b64encode(answer.body).decode(),
    }  # fmt: skip


def _get(registry: Registry, url: str) -> tuple[Answer, str]:
    for _ in range(MAX_HOPS):
        answer = fetch(
            url, policy=registry.policy, headers={"Accept": ACCEPT}, seconds=registry.seconds,
            max_bytes=MAX_BYTES,
        )  # fmt: skip
        if answer.status not in (301, 302, 303, 307, 308):
            return answer, url
        url = urljoin(url, answer.header("Location"))
    raise NotHad("the RDAP server redirects without end")


def _server(registry: Registry, kind: str, what: str) -> str | None:
    """The base address for a name or address, by the longest match."""
    version = f"ipv{ipaddress.ip_address(what).version}" if kind == "ip" else "dns"
    answer, _ = _get(registry, urljoin(registry.bootstrap, f"{version}.json"))
    try:
        services = json.loads(answer.body)["services"]
        best = (-1, "")
        for entries, urls in services:
            for entry in entries:
                size = _match(kind, what, entry)
                if size > best[0] and urls:
                    best = (size, _secure(urls))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise NotHad("the RDAP bootstrap file cannot be read") from error
    return best[1] or None


def _match(kind: str, what: str, entry: str) -> int:
    if kind == "ip":
        network = ipaddress.ip_network(entry)
        return network.prefixlen if ipaddress.ip_address(what) in network else -1
    return len(entry) if what == entry or what.endswith(f".{entry}") else -1


def _secure(urls: Sequence[str]) -> str:
    return next((url for url in urls if url.startswith("https:")), urls[0])


def _is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False
