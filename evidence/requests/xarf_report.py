"""The same notice for machines: XARF 4, content/exposed_data. Counts and kinds, never a value."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

import xarf

from evidence.errors import EvidenceError
from evidence.requests.facts import Copy, Facts, Sender
from index.views import stamp

KINDS = {
    "nir": "government_id", "email": "email_addresses", "phone": "phone_numbers",
    "password": "credentials", "comment": "medical", "doctor": "medical", "laboratory": "medical",
}  # fmt: skip


def report(facts: Facts, copy: Copy, sender: Sender, now: datetime) -> bytes:
    """The report on one address; raises EvidenceError when it breaks its schema."""
    organisation = facts.claim.claimant or sender.name
    domain = sender.email.rpartition("@")[2]
    party = {"org": organisation[:200], "contact": sender.email, "domain": domain}
    forwarder = {**party, "org": sender.name[:200]}
    kinds = sorted({KINDS.get(name, "personal_information") for name in facts.fields})
    told: dict[str, Any] = {
        "xarf_version": xarf.SPEC_VERSION,
        "report_id": str(uuid.uuid4()),
        "timestamp": stamp(copy.fetched_at),
        "reporter": party,
        "sender": forwarder,
        "source_identifier": copy.peer or copy.host,
        "category": "content",
        "type": "exposed_data",
        "url": copy.address,
        "data_types": kinds or ["personal_information"],
        "exposure_method": "other",
        "record_count": facts.records,
        "sensitive_fields": list(facts.fields),
        "encryption_status": "unencrypted",
        "accessibility": "public",
        "discovery_source": "breach_monitoring",
        "evidence_source": "crawler",
        "description": (
            f"Reposted personal data, {facts.records} records recognised; no value is quoted. "
            f"Captured {stamp(copy.fetched_at)}, SHA-256 of the bytes {copy.sha256}. "
            f"Report written {stamp(now)}."
        ),
    }  # fmt: skip
    if facts.claim.claimant:
        told["affected_organization"] = facts.claim.claimant
    problems = [str(error) for error in xarf.parse(told).errors]
    if problems:
        raise EvidenceError(f"the XARF report breaks its schema: {problems[0]}")
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
