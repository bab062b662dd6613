"""A record with one open alert, its working copy, and the unmasking process as it is run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyrage
from sqlalchemy import Engine, select

from capture.commitments import commit
from capture.originals import WORK, SealedOriginals
from evidence.unmask.client import Unmasker
from evidence.unmask.protocol import Wanted
from index.accounts import AccountStore
from index.engine import open_record, reading
from index.schema import Hit
from tests.evidence.seeding import seed_alert

# Invented; of nobody in any leak.
PEOPLE = {
    11: (("nir", "1850578006084"), ("surname", "QUENOUILLE")),
    12: (("nir", "2910175110034"), ("surname", "TOURNEBRIDE")),
}
REASON = "vérifier que ce sont bien nos lignes"


@dataclass
class Unmasking:
    """The parts as a test reaches them."""

    folder: Path
    engine: Engine
    key_file: Path
    recipient: str
    working: Path
    hit: int

    @property
    def config(self) -> Path:
        """The configuration's file."""
        return self.folder / "vigie.toml"

    @property
    def place(self) -> Path:
        """The process's socket."""
        return self.folder / "var" / "unmask.sock"

    @property
    def accounts(self) -> AccountStore:
        """Of the record."""
        return AccountStore(self.engine)

    def copied(self, folder: Path) -> Unmasking:
        """The same in another folder."""
        shutil.copytree(self.folder, folder)
        return replace(
            self, folder=folder, engine=open_record(f"sqlite:///{folder}/var/vigie.db"),
            key_file=folder / "work.key", working=folder / self.working.relative_to(self.folder),
        )  # fmt: skip

    def wanted(self, session: str, row: int = 11, reason: str = REASON) -> Wanted:
        """One request."""
        return Wanted(session, self.hit, row, reason)

    @contextmanager
    def running(self) -> Iterator[tuple[Unmasker, subprocess.Popen[bytes]]]:
        """`vigie unmask serve`, reached as the review application reaches it."""
        command = [sys.executable, "-m", "vigie.cli", "unmask", "serve", "--config"]
        process = subprocess.Popen(
            [*command, str(self.config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            until = time.monotonic() + 60
            while not self.place.is_socket():
                assert process.poll() is None, process.stdout and process.stdout.read().decode()
                assert time.monotonic() < until
                time.sleep(0.05)
            yield Unmasker(self.place), process
        finally:
            process.terminate()
            process.wait(20)
            if process.stdout is not None:
                process.stdout.close()


def prepare(folder: Path, days: int = 30) -> Unmasking:
    """Claire (legal) and Paul (analyst); two people in one sealed paste."""
    work = pyrage.x25519.Identity.generate()
    key_file = folder / "work.key"
    key_file.touch(0o600)
    key_file.write_text(f"# review\n{work}\n")
    recipient = str(work.to_public())
    others = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2)]
    (folder / "vigie.toml").write_text(
        f'[storage]\npath = "var"\n[sealing]\nrecipients = {others}\n'
        f'work_recipient = "{recipient}"\nwork_key_file = "work.key"\nwork_days = {days}\n'
    )
    engine = open_record(f"sqlite:///{folder}/var/vigie.db")
    accounts = AccountStore(engine)
    for name, role in (("claire", "legal"), ("paul", "analyst")):
        accounts.add(name, None)
        accounts.set_role(name, role)
    values = [
        {"leak": "labos", "row": row, "layer": "",
         "seen": [{"field": name, "text": text, "span": [0, 1]} for name, text in seen]}
        for row, seen in PEOPLE.items()
    ]  # fmt: skip
    made = commit(values)
    originals = SealedOriginals(folder / "var" / "originals", others, recipient)
    body = " ; ".join(text for seen in PEOPLE.values() for _, text in seen).encode()
    name = originals.seal(body, {"address": "x"}, openings(made.openings))
    seed_alert(engine, rows=tuple(PEOPLE), sealed=name, commitments=made.public)
    with reading(engine) as connection:
        hit = connection.scalar(select(Hit.id))
    assert hit is not None
    working = folder / "var" / "originals" / WORK / name
    return Unmasking(folder, engine, key_file, recipient, working, hit)


def openings(told: dict[str, object]) -> dict[str, bytes]:
    """As the crawl packs them: one entry a post."""
    import json

    return {"openings.json": json.dumps([told]).encode()}
