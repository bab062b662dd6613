"""What a dossier's files hold, checked with the standard library alone: the custody log, the
commitments, the WACZ. Used by verifier.py, which lies beside it."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


class Failed(Exception):
    """A check failed; `item` is what it failed on."""

    def __init__(self, item: str, reason: str) -> None:
        super().__init__(f"{item}: {reason}")
        self.item, self.reason = item, reason


# The custody log


def canonical(value: object) -> bytes:
    """JSON in the one spelling that the digests cover."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def check_journal(
    lines: Iterable[str], checkpoints: Sequence[dict[str, Any]] = ()
) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    """Walk the chain: what it is, and the contents shown, by number. Failed names the entry."""
    left = iter(lines)
    header = json.loads(next(left))
    if header.get("format") != "vigie-custody-1" or header.get("algorithm") != "sha256":
        raise Failed("journal.jsonl, line 1", "has a format or algorithm that is not known")
    first = number = header["first"]
    if not isinstance(first, int) or first < 1:
        raise Failed("journal.jsonl, line 1", "begins at no entry")
    link = bytes.fromhex(header["before"])
    if first == 1 and link != hashlib.sha256(f"vigie-custody-1\n{header['log']}".encode()).digest():
        raise Failed("journal.jsonl, line 1", "does not begin as its log does")
    links: dict[int, bytes] = {first - 1: link}
    shown: dict[int, dict[str, Any]] = {}
    end: dict[str, Any] | None = None
    for line in left:
        if end is not None:
            raise Failed("journal.jsonl", "goes on after its end")
        entry = json.loads(line)
        if "end" in entry:
            end = entry
            continue
        link = check_entry(entry, number, link, shown)
        links[number] = link
        number += 1
    if end is None or end["end"] != number - 1 or end["link"] != link.hex():
        raise Failed(f"journal.jsonl, entry {number}", "is missing: the journal was cut")
    for checkpoint in checkpoints:
        check_checkpoint(checkpoint, header["log"], links)
    return {"log": header["log"], "first": first, "last": number - 1, "link": link.hex()}, shown


def check_entry(
    entry: dict[str, Any], number: int, before: bytes, shown: dict[int, dict[str, Any]]
) -> bytes:
    """One entry; returns its link."""
    item = f"journal.jsonl, entry {number}"
    if entry["seq"] != number:
        raise Failed(item, f"is missing: entry {entry['seq']} stands in its place")
    digest = bytes.fromhex(entry["digest"])
    if "content" in entry:
        content = entry["content"]
        salted = bytes.fromhex(entry["salt"]) + canonical(content)
        if hashlib.sha256(salted).digest() != digest or content["seq"] != number:
            raise Failed(item, "does not say what was digested")
        shown[number] = content
        if "reason" in entry:
            salted = bytes.fromhex(entry["reason_salt"]) + entry["reason"].encode()
            if hashlib.sha256(salted).hexdigest() != content["reason_sha256"]:
                raise Failed(item, "has another reason than was digested")
    link = hashlib.sha256(before + number.to_bytes(8, "big") + digest).digest()
    if link.hex() != entry["link"]:
        raise Failed(item, "breaks the chain")
    return link


def check_checkpoint(checkpoint: dict[str, Any], log: str, links: dict[int, bytes]) -> None:
    """What was handed to an outside party must still stand in the log."""
    if checkpoint.get("format") != "vigie-checkpoint-1" or checkpoint.get("algorithm") != "sha256":
        raise Failed("checkpoint", "has a format or algorithm that is not known")
    item = f"journal.jsonl, entry {checkpoint['seq']}"
    if checkpoint["log"] != log:
        raise Failed("journal.jsonl", "is another log than the checkpoint's")
    if checkpoint["seq"] not in links:
        raise Failed(item, "is missing; an outside checkpoint has it")
    if links[checkpoint["seq"]].hex() != checkpoint["link"]:
        raise Failed(item, "is not what an outside checkpoint says: the log was written again")


# Commitments


def merkle_root(leaves: Sequence[str]) -> str:
    """The root over leaves (hex): SHA-256(1, left, right); an odd one goes up alone."""
    level = [bytes.fromhex(leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\1" + b"".join(p)).digest() if len(p) == 2 else p[0]
                 for p in pairs]  # fmt: skip
    return level[0].hex() if level else ""


def check_commitments(told: dict[str, Any], manifest: dict[str, Any]) -> str:
    """Each capture's leaves give its root, which the manifest names."""
    if told.get("format") != "vigie-commitments-1" or told.get("algorithm") != "sha256":
        raise Failed("engagements.json", "has a format or algorithm that is not known")
    roots = {one["capture"]: one["root"] for one in manifest["captures"]}
    for one in told["captures"]:
        if merkle_root(one["leaves"]) != one["root"] or roots.get(one["capture"]) != one["root"]:
            raise Failed(f"engagements.json, capture {one['capture']}", "its root does not hold")
    return f"{sum(len(one['leaves']) for one in told['captures'])} records"


def check_opening(opening: dict[str, Any], told: dict[str, Any]) -> str:
    """One record's opening against its leaf; the others stay closed."""
    for one in told["captures"]:
        if one["root"] == opening["root"]:
            leaf = hashlib.sha256(
                b"\0" + bytes.fromhex(opening["salt"]) + canonical(opening["value"])
            ).hexdigest()
            if one["leaves"][opening["index"]] != leaf:
                raise Failed(f"record {opening['index']}", "is not the one that was committed to")
            return f"record {opening['index']} of capture {one['capture']}"
    raise Failed("engagements.json", "holds no such commitment")


# WACZ


def check_wacz(path: Path) -> str:
    """Its own digests, and every WARC record's; a cut tail is a failure (warcio passes it)."""
    item = path.name
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise Failed(item, "is damaged")
        package = archive.read("datapackage.json")
        told = json.loads(archive.read("datapackage-digest.json"))
        if told["hash"] != "sha256:" + hashlib.sha256(package).hexdigest():
            raise Failed(item, "its datapackage.json is another one")
        package = json.loads(package)
        listed = {one["path"]: one["hash"] for one in package["resources"]}
        own = {"datapackage.json", "datapackage-digest.json"}
        if set(archive.namelist()) != set(listed) | own:
            raise Failed(item, "holds other files than it lists")
        records = 0
        for name, right in listed.items():
            data = archive.read(name)
            if "sha256:" + hashlib.sha256(data).hexdigest() != right:
                raise Failed(item, f"its {name} is another one")
            if name.endswith(".warc.gz"):
                records += check_warc(data, item)
        if records != package["vigieRecords"]:
            raise Failed(item, "holds more or fewer records than it says")
    return f"{records} records"


def check_warc(data: bytes, item: str) -> int:
    """Every gzip member is one whole record with the block digest it names; their number."""
    records = 0
    while data:
        member = zlib.decompressobj(31)
        record = member.decompress(data)
        if not member.eof:
            raise Failed(item, f"WARC record {records + 1} is cut")
        data = member.unused_data
        records += 1
        head, _, block = record.partition(b"\r\n\r\n")
        fields = dict(
            line.split(": ", 1) for line in head.decode("utf-8").split("\r\n")[1:] if ": " in line
        )
        size = int(fields["Content-Length"])
        digest = "sha256:" + hashlib.sha256(block[:size]).hexdigest()
        if block[size:] != b"\r\n\r\n" or fields["WARC-Block-Digest"] != digest:
            raise Failed(item, f"WARC record {records} is not what it was")
    return records
