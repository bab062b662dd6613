"""What evidence costs: verifying a long custody log, exporting a large case, sealing a hit, taking
a picture of a page.

Seconds depend on the machine, `_cpu_s` less on what else runs there; the ratios are to plain
SHA-256 over the same bytes, in one run.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Engine, insert, select, update

from capture.exchange import Exchange
from crawler.messages import PageReport
from crawler.proof import bundle
from evidence.custody.journal import lines
from evidence.verify.verifier_inside import check_journal
from index import chain
from index.engine import open_record, reading, writing
from index.schema import Act, CustodyHead
from tests.evidence.dossiers import prepare

ENTRIES, CAPTURES = 100_000, 1_000
AT = datetime(2026, 11, 28, tzinfo=UTC)


def main() -> None:
    """Print one JSON object."""
    with tempfile.TemporaryDirectory() as folder:
        told = {**custody(Path(folder)), **dossier(Path(folder)), **hit(Path(folder)), **picture()}
    sys.stdout.write(json.dumps({"bench": "evidence_speed", **told}) + "\n")


def custody(folder: Path) -> dict[str, float]:
    """100,000 entries: read out of the record and verified."""
    engine = open_record(f"sqlite:///{folder}/log/vigie.db")
    _fill(engine)
    with reading(engine) as connection:
        began, cpu = time.perf_counter(), time.process_time()
        journal = list(lines(connection))
        check_journal(journal)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    plain = hashing("\n".join(journal).encode())
    engine.dispose()
    return {
        "custody_verify_s": round(took, 2),
        "custody_verify_cpu_s": round(cpu, 2),
        "custody_verify_to_sha256": round(took / plain, 1),
    }


def _fill(engine: Engine) -> None:
    """The entries at once, chained as index.custody chains them one by one."""
    rows = []
    with writing(engine) as connection:
        link = connection.execute(select(CustodyHead.link)).scalar_one()
        for seq in range(1, ENTRIES + 1):
            item, salt = f"alert:{seq % 5000}", os.urandom(32)
            told = chain.content(seq=seq, at=AT, who="jeanne", what="view", item=item,
                                 detail={}, reason_sha256="")  # fmt: skip
            digest = chain.digest(told, salt)
            link = chain.link(link, seq, digest)
            rows.append({"at": AT, "who": "jeanne", "what": "view", "subject": item, "detail": {},
                         "reason": "", "seq": seq, "salt": salt, "reason_salt": salt,
                         "digest": digest, "link": link})  # fmt: skip
        connection.execute(insert(Act), rows)
        connection.execute(update(CustodyHead).values(seq=ENTRIES, link=link))


def dossier(folder: Path) -> dict[str, float]:
    """A case of 1,000 captures as a court edition, without authorities."""
    engine = open_record(f"sqlite:///{folder}/case/vigie.db")
    ready = prepare(engine, folder / "case", [], CAPTURES)
    began, cpu = time.perf_counter(), time.process_time()
    made = ready.export("court")
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    size = sum(path.stat().st_size for path in made.folder.rglob("*") if path.is_file())
    plain = hashing(bytes(size))
    engine.dispose()
    return {
        "export_1000_captures_s": round(took, 2),
        "export_1000_captures_cpu_s": round(cpu, 2),
        "export_files": made.files,
        "export_to_sha256": round(took / plain, 1),
    }


def hit(folder: Path) -> dict[str, float]:
    """What proof and sealing add to one hit of 200 KB."""
    from capture.originals import SealedOriginals
    from tests.evidence.dossiers import recipients

    body = b"1850578006084;QUENOUILLE;Zephirine\n" * 6_000
    exchange = Exchange("HTTP/1.1", (("User-Agent", "x"),), (("Server", "x"),), b"", body, True)
    page = PageReport("https://paste.example/p/1", 200, "2026-11-28T12:00:00Z", body=body,
                      exchange=exchange)  # fmt: skip
    originals = SealedOriginals(folder / "originals", recipients(2))
    began = time.perf_counter()
    originals.seal(body, {}, bundle([page], []))
    took = time.perf_counter() - began
    return {"seal_hit_s": round(took, 3), "seal_hit_to_sha256": round(took / hashing(body), 1)}


def picture() -> dict[str, float]:
    """One page of 1,000 rows, from the request to the masked picture: the browser's start too."""
    from crawler.picture import Photographer
    from crawler.source import SourceSpec
    from tests.evidence.outside import web_server

    row = b"<tr><td>1850578006084<td>QUENOUILLE<td>Zephirine"
    body = b"<!doctype html><title>x</title><table>" + row * 1_000
    with web_server({"/": (200, body, "")}) as here:
        spec = SourceSpec("bench", (here,), allow_addresses=("127.0.0.0/8",))
        began = time.perf_counter()
        taken = Photographer().take(spec, here)
        took = time.perf_counter() - began
    return {"picture_s": round(took, 2), "picture_bytes": len(taken.page)}


def hashing(data: bytes) -> float:
    """Seconds for SHA-256 over the data."""
    began = time.perf_counter()
    hashlib.sha256(data).digest()
    return max(1e-6, time.perf_counter() - began)


if __name__ == "__main__":
    main()
