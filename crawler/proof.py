"""What proves a capture, made at the moment of the hit: the exchange as WACZ, commitments.

All of it is in memory and goes into the sealed original; the record gets a root, leaves and
facts in closed forms. No network here: what has to be asked of others follows in the background.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from capture.commitments import Commitment, commit
from capture.exchange import Exchange
from capture.sampling import sample
from capture.wacz import wrap
from capture.warc import Archive
from crawler.addresses import DEFAULT_PORTS, parse
from crawler.messages import PageReport
from index.facts import Finding

MAX_RECORDS = 1_000


def commitments(findings: Sequence[Finding], texts: Mapping[str, str]) -> Commitment:
    """One commitment to every record at alert strength: the fields as they stood in the texts."""
    values = []
    for finding in findings:
        for match in finding.result.matches[: finding.result.records][:MAX_RECORDS]:
            text = texts.get(match.layer, "")
            seen = [
                {"field": name, "text": _plain(text[start:end]), "span": [start, end]}
                for name, (start, end) in zip(match.fields, match.spans, strict=True)
            ]
            value = {"leak": finding.leak, "row": match.row, "layer": match.layer, "seen": seen}
            values.append(value)
    return commit(values[:MAX_RECORDS])


def bundle(pages: Sequence[PageReport], openings: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """The members that the sealed original gets beside its body: `capture.wacz` with every
    exchange, and `openings.json` with what opens single records."""
    archive = Archive()
    for page in pages:
        at = _moment(page.fetched_at)
        mime = page.content_type.partition(";")[0].strip() or "application/octet-stream"
        if page.exchange.whole:
            archive.exchange(
                page.address, page.exchange, status=page.status, at=at, mime=mime,
                peer=peer_address(page.peer), cut=page.stopped,
            )  # fmt: skip
        else:
            # A browser showed this, and what it was sent stayed with it; or it is a later part of
            # a long file.
            peer = peer_address(page.peer)
            archive.resource(page.address, page.body, mime=mime, at=at, peer=peer)
    wacz = wrap(archive, title="Vigie", created=datetime.now(UTC))
    told = json.dumps(list(openings), ensure_ascii=False, sort_keys=True, indent=1)
    return {"capture.wacz": wacz, "openings.json": told.encode("utf-8", "replace")}


def sampled(
    page: PageReport, openings: Sequence[Mapping[str, Any]], facts: dict[str, object]
) -> tuple[bytes, PageReport, dict[str, bytes]]:
    """A long page as it is kept: its first block, the page with that alone, and the blocks in
    which the first records stand. `facts` get what was left out, and the exchange's headers, since
    no archive of it without its body is one."""
    records = [
        [str(seen["text"]) for seen in one["value"]["seen"]]
        for post in openings
        for one in post.get("records", ())
    ]
    made = sample(page.body, records, page.charset)
    facts |= made.facts
    facts |= {"request": list(page.exchange.request), "response": list(page.exchange.response)}
    return made.first, replace(page, body=made.first, exchange=Exchange()), dict(made.members)


def connection(page: PageReport) -> dict[str, Any]:
    """The connection's facts for the record, all in closed forms."""
    parts = parse(page.address)
    port = (parts.port or DEFAULT_PORTS.get(parts.scheme.lower(), 0)) if parts else 0
    return {
        **page.exchange.facts(),
        "body_whole": not page.stopped,
        "declared": page.declared if 0 <= page.declared < 2**53 else 0,
        "kind": "exchange" if page.exchange.whole else "dom" if page.rendered else "part",
        "tls": page.address.startswith("https:"),
        "port": port,
    }


def peer_address(untrusted_text: str) -> str:
    """The network address of a peer, "192.0.2.7:443", "[2001:db8::1]:443" or without a port; "" for
    anything else."""
    host, _, port = untrusted_text.rpartition(":")
    if not (port.isdecimal() and (host.endswith("]") or ":" not in host)):
        host = untrusted_text
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return ""


def _plain(untrusted_text: str) -> str:
    """Text that has one spelling in JSON: no lone surrogates."""
    return untrusted_text.encode("utf-8", "replace").decode()


def _moment(untrusted_text: str) -> datetime:
    try:
        return datetime.fromisoformat(untrusted_text).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)
