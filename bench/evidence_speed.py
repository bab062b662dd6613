"""What evidence costs: verifying a long custody log, exporting a large case, sealing a hit, taking
a picture of a page, and how long after its alert a capture is complete.

Seconds depend on the machine, `_cpu_s` less on what else runs there; the ratios are to plain
SHA-256 over the same bytes, in one run.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Engine, insert, select, update

from capture.exchange import Exchange
from crawler.messages import PageReport
from crawler.proof import bundle
from evidence.custody.journal import lines
from evidence.verify.verifier_inside import check_journal
from index import chain
from index.engine import open_record, reading, writing
from index.schema import Act, Alert, CustodyHead
from tests.evidence.dossiers import prepare

ENTRIES, CAPTURES = 100_000, 1_000
AT = datetime(2026, 11, 28, tzinfo=UTC)


def main() -> None:
    """Print one JSON object."""
    with tempfile.TemporaryDirectory() as folder:
        told = {**custody(Path(folder)), **dossier(Path(folder)), **hit(Path(folder)), **picture()}
        told |= capture(Path(folder))
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


CONFIG = """
[storage]
key_file = "record.key"
[sealing]
recipients = {recipients}
{evidence}
[[leak]]
file = "leak.vfp"
key_file = "leak.key"
[[source]]
id = "pastes"
engine = "bepasty"
start = ["{start}/"]
dns = ["{dns}"]
every = "1s"
delay = "0s"
allow_addresses = ["127.0.0.0/8"]
"""


def capture(folder: Path) -> dict[str, float]:
    """A paste on a real site, `vigie watch`, and every outside party answering on loopback: from
    the post to the alert, from the alert to the last piece and to the stamps over all of it."""
    from tests.evidence.completing import complete
    from tests.evidence.dossiers import recipients
    from tests.evidence.surroundings import HOST, surroundings
    from vigie.demo.clients.pastes import BepastyClient
    from vigie.demo.leak.generator import generate
    from vigie.demo.leak.row import read_rows
    from vigie.demo.sites import BepastySite

    here = folder / "watch"
    here.mkdir()
    generate(here / "leak.csv", 3_000, 11)
    vigie = [sys.executable, "-m", "vigie.cli"]
    for arguments in ("key new leak.key", "leak fingerprint leak.csv --key leak.key -o leak.vfp",
                      "scan leak.csv --leak leak.vfp --key leak.key --json"):  # fmt: skip
        subprocess.run([*vigie, *arguments.split()], cwd=here, check=True, capture_output=True)
    rows = [row.line() for row in read_rows(here / "leak.csv")][40:44]
    with surroundings(folder / "outside") as outside, BepastySite(folder / "site") as site:
        start = site.address.replace("127.0.0.1", HOST)
        (here / "vigie.toml").write_text(
            CONFIG.format(recipients=json.dumps(recipients(2)), evidence=outside.config,
                          start=start, dns=outside.dns)
        )  # fmt: skip
        with BepastyClient(site.address) as client:
            client.paste("base", "\n".join(rows))
        posted = time.time()
        command = [*vigie, "watch", "--no-review"]
        with subprocess.Popen(command, cwd=here, stderr=subprocess.DEVNULL) as watch:
            try:
                return _completed(here, posted, complete)
            finally:
                watch.terminate()


def _completed(folder: Path, posted: float, complete: Callable[..., Any]) -> dict[str, float]:
    while not (folder / "var/vigie.db").exists():
        time.sleep(0.2)
    engine = open_record(f"sqlite:///{folder}/var/vigie.db")
    try:
        deadline = time.monotonic() + 180
        while (found := complete(engine, 1, authorities=2)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError("the capture was not complete within 180 s")
            time.sleep(0.2)
        with reading(engine) as connection:
            alerted = connection.execute(select(Alert.first_seen)).scalar_one().timestamp()
    finally:
        engine.dispose()
    return {
        "start_to_alert_s": round(alerted - posted, 1),
        "alert_to_last_piece_s": round(found.last_piece_s, 1),
        "alert_to_stamped_s": round(found.stamped_s, 1),
    }


def hashing(data: bytes) -> float:
    """Seconds for SHA-256 over the data."""
    began = time.perf_counter()
    hashlib.sha256(data).digest()
    return max(1e-6, time.perf_counter() - began)


if __name__ == "__main__":
    main()
