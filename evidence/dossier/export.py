"""`vigie evidence export`: a case as a folder. Made beside its place and renamed when whole."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select, update

from capture.wacz import wrap
from capture.warc import Archive
from evidence.custody.journal import lines
from evidence.custody.stamping import Outcome, Stamper
from evidence.dossier import claims as grading
from evidence.dossier import manifest, tables
from evidence.dossier.drafts import drafts
from evidence.dossier.edition import EDITIONS, Edition
from evidence.dossier.facts import CaptureFacts, CaseFacts, load, moment
from evidence.dossier.limits import limits
from evidence.dossier.pages import as_json, capture_files, excerpt
from evidence.dossier.pieces import MAX_BYTES, Filing, numbers
from evidence.dossier.reports import Acts, Reports
from evidence.dossier.typeset import Typesetter
from evidence.errors import EvidenceError
from evidence.orders.register import Orders
from evidence.requests import diligences
from evidence.requests.facts import claim_of
from evidence.requests.register import Register
from evidence.store import Store
from evidence.timestamp.authority import Authority
from index.custody import enter
from index.engine import reading, writing
from index.leases import utc_now
from index.schema import Case, Dossier

Tell = Callable[[int, int, str], None]
NEVER: Tell = lambda _done, _total, _what: None  # noqa: E731


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes dossiers, and with what."""

    organisation: str
    contact: str
    store: Store
    stamper: Stamper
    authorities: Sequence[Authority] = ()
    signer: manifest.Signer | None = None
    recipients: Sequence[str] = ()
    algorithm: str = "sha256"
    piece_bytes: int = MAX_BYTES
    clock: Callable[[], datetime] = utc_now


@dataclass(slots=True)
class Exported:
    """What came of it. `not_stamped` names authorities that gave no stamp, with the reason."""

    dossier: int
    folder: Path
    files: int
    captures: int
    manifest_sha256: str
    stamped: list[str] = field(default_factory=list)
    not_stamped: dict[str, str] = field(default_factory=dict)


def export(
    engine: Engine, case_id: int, edition: str, out: Path, maker: Maker, *,
    who: str, reason: str, tell: Tell = NEVER,
) -> Exported:  # fmt: skip
    """Make the dossier; raises EvidenceError or NotFound, and leaves nothing half made."""
    if edition not in EDITIONS:
        raise EvidenceError(f"an edition is {', '.join(EDITIONS)}, nothing else")
    if out.exists():
        raise EvidenceError(f"{out} exists already; name another folder, nothing is overwritten")
    part = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700, parents=True)
        number = _begin(engine, case_id, edition, maker, who, reason)
        made = _Making(engine, number, EDITIONS[edition], part, maker, who, tell)
        exported = made.make(case_id)
        part.rename(out)
    except OSError as error:
        raise EvidenceError(f"the dossier cannot be written at {out}: {error.strerror}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    exported.folder = out
    return exported


def _begin(engine: Engine, case_id: int, edition: str, maker: Maker, who: str, reason: str) -> int:
    """The dossier's number, and the entry of its export: before anything is read."""
    now = maker.clock()
    with writing(engine) as connection:
        if connection.scalar(select(Case.id).where(Case.id == case_id)) is None:
            load(connection, case_id)  # says that there is no such case
        row = connection.execute(
            insert(Dossier).values(
                case=case_id, edition=edition, created=now, created_by=who, captures=0
            )
        )
        number = int(row.inserted_primary_key[0])  # type: ignore[index]
        enter(
            connection, at=now, who=who, what="export", item=f"case:{case_id}",
            detail={"edition": edition, "dossier": number}, reason=reason,
        )  # fmt: skip
    return number


class _Making:
    """One export under way."""

    def __init__(
        self, engine: Engine, number: int, edition: Edition, folder: Path, maker: Maker, who: str,
        tell: Tell,
    ) -> None:  # fmt: skip
        self._engine, self._number, self._edition = engine, number, edition
        self._folder, self._maker, self._who, self._tell = folder, maker, who, tell
        self._now = maker.clock()
        self._journal: dict[str, Any] = {}
        self._logged: set[int] = set()
        self._unstamped = False

    def make(self, case_id: int) -> Exported:
        """Everything, in the order that the checks need."""
        with reading(self._engine) as connection:
            case = load(connection, case_id)
            if self._edition.journal:
                self._write_journal(connection, case)
        total = len(case.captures) + 4
        self._write_captures(case, total)
        self._tell(total - 4, total, "tables")
        self._write_tables(case)
        self._tell(total - 3, total, "reports")
        manifest.write_roots(self._folder, self._maker.authorities, self._maker.signer)
        self._write_reports(case, total)
        self._tell(total - 2, total, "manifest")
        data = self._write_manifest(case)
        self._tell(total - 1, total, "time stamps")
        outcomes = self._maker.stamper.ask(data, self._maker.algorithm)
        if outcomes and not any(one.stamp for one in outcomes):
            # The reports must not speak of a time that nobody else attests.
            self._unstamped = True
            self._write_reports(case, total)
            (self._folder / manifest.MANIFEST).unlink()
            data = self._write_manifest(case)
        self._seal(data, outcomes)
        self._tell(total, total, "done")
        return self._end(case, data, outcomes)

    # Files

    def _write(self, name: str, data: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def _write_journal(self, connection: Connection, case: CaseFacts) -> None:
        """From the first entry on the case to the head; others' entries as digests only. Reasons
        stay committed to and are not shown: a person wrote them."""
        shown = case.items

        def show(row: Row[Any]) -> str:
            mine = row.subject in shown or row.what in ("stamp", "rehash")
            return "entry" if mine else "digest"

        first = min((act.seq for act in case.acts), default=1)
        with (self._folder / "journal.jsonl").open("w", encoding="utf-8") as file:
            for line in lines(connection, first=first, show=show, upto=case.head):
                file.write(line + "\n")
        self._journal = {
            "log": case.head.log, "first": first, "last": case.head.seq,
            "link": case.head.link.hex(),
        }  # fmt: skip
        self._logged = {
            int(act.item.partition(":")[2]) for act in case.acts if act.what == "capture"
        }

    def _write_captures(self, case: CaseFacts, total: int) -> None:
        if not self._edition.captures:
            return
        archive = Archive()
        for done, capture in enumerate(case.captures):
            if done % 10 == 0:
                self._tell(done, total, "captures")
            for name, data in capture_files(capture, self._edition, self._maker.store):
                self._write(f"captures/{capture.id}/{name}", data)
            archive.resource(
                capture.location, excerpt(capture), mime="text/html", at=capture.fetched_at,
                peer=capture.peer,
                more=(("WARC-X-Vigie-Original-Digest", f"sha256:{capture.sha256}"),),
            )  # fmt: skip
        title = f"Affaire {case.id}, extraits masqués / masked excerpts"
        self._write("capture.wacz", wrap(archive, title=title, created=self._now))

    def _write_tables(self, case: CaseFacts) -> None:
        self._write("fuite.json", as_json(leak_facts(case, self._edition)))
        if self._edition.story:
            self._write("chronologie.csv", tables.chronology_csv(case))
            self._write("proportionnalite.csv", tables.proportionality_csv(case))
            for name, data in diligences.files(self._engine, case.id, self._now):
                self._write(name, data)
        if self._edition.commitments:
            self._write("engagements.json", as_json(commitments(case)))
            self._write("scelle.json", as_json(sealed(case, self._maker.recipients)))

    def _acts(self, case: CaseFacts) -> Acts:
        clock = self._maker.clock
        requests = Register(self._engine, clock).list(case.id)
        parties = [one for one in Orders(self._engine, clock).list() if one.order.case == case.id]
        return Acts(tuple(one for one in requests if one.row.state == "sent"), tuple(parties))

    def _write_pieces(
        self, case: CaseFacts, acts: Acts, base: dict[str, Any], typesetter: Typesetter
    ) -> None:
        maker = self._maker
        orders = Orders(self._engine, maker.clock)
        made = drafts(case, acts.requests, self._engine, maker.store, typesetter, orders)
        given = numbers(self._engine, case.id, [one.key for one in made], self._now)
        with reading(self._engine) as connection:
            claim = asdict(claim_of(connection, case.id))
        filing = Filing(typesetter, base, maker.piece_bytes)
        for name, data in filing.files(made, given, claim, self._now):
            self._write(name, data)

    def _write_reports(self, case: CaseFacts, total: int) -> None:
        maker = self._maker
        means = grading.Means(
            signed=maker.signer is not None,
            authorities=tuple(one.name for one in maker.authorities),
            unstamped=self._unstamped,
        )
        graded = grading.claims(case, means, self._edition)
        self._write("LIMITES.md", limits(graded).encode())
        with Typesetter() as typesetter:
            acts = self._acts(case) if self._edition.story else Acts()
            reports = Reports(
                case, self._edition, graded, maker, self._number, self._now, typesetter, acts,
                unstamped=self._unstamped or not maker.authorities,
            )  # fmt: skip
            for name, data in reports.all():
                self._write(name, data)
            if self._edition.pieces_to_file:
                self._tell(total - 3, total, "pieces")
                self._write_pieces(case, acts, reports.base, typesetter)
        tools = resources.files("evidence.verify")
        for name in ("verifier.py", "verifier_inside.py", "verify.sh"):
            self._write(name, tools.joinpath(name).read_bytes())

    # What is over the files

    def _write_manifest(self, case: CaseFacts) -> bytes:
        told: dict[str, Any] = {
            "format": "vigie-dossier-1",
            "algorithm": "sha256",
            "dossier": self._number,
            "case": case.id,
            "edition": self._edition.name,
            "created": moment(self._now),
            "organisation": self._maker.organisation,
            "authorities": [one.name for one in self._maker.authorities],
            "journal": self._journal or None,
            "captures": [self._listed(one) for one in case.captures]
            if self._edition.commitments
            else [],
            "files": manifest.list_files(self._folder),
        }
        data = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
        self._write(manifest.MANIFEST, data)
        return data

    def _listed(self, capture: CaptureFacts) -> dict[str, Any]:
        return {
            "capture": capture.id, "sha256": capture.sha256, "sealed": capture.sealed,
            "root": capture.commitments.get("root", ""), "logged": capture.id in self._logged,
        }  # fmt: skip

    def _seal(self, data: bytes, outcomes: Sequence[Outcome]) -> None:
        maker = self._maker
        if maker.signer is not None:
            self._write(manifest.SIGNATURE, manifest.sign(data, maker.signer))
        maker.stamper.keep(
            f"dossier:{self._number}", data, outcomes, who=self._who, algorithm=maker.algorithm
        )
        names = [one.name for one in maker.authorities]
        manifest.write_stamps(self._folder, outcomes, names)
        manifest.write_sums(self._folder)

    def _end(self, case: CaseFacts, data: bytes, outcomes: Sequence[Outcome]) -> Exported:
        digest = hashlib.sha256(data).hexdigest()
        with writing(self._engine) as connection:
            connection.execute(
                update(Dossier)
                .where(Dossier.id == self._number)
                .values(manifest_sha256=digest, captures=len(case.captures))
            )
            enter(
                connection, at=self._maker.clock(), who=self._who, what="exported",
                item=f"case:{case.id}",
                detail={"dossier": self._number, "manifest_sha256": digest,
                        "edition": self._edition.name},
            )  # fmt: skip
        return Exported(
            dossier=self._number, folder=self._folder, captures=len(case.captures),
            files=sum(path.is_file() for path in self._folder.rglob("*")), manifest_sha256=digest,
            stamped=[one.authority for one in outcomes if one.stamp],
            not_stamped={one.authority: one.error for one in outcomes if not one.stamp},
        )  # fmt: skip


def leak_facts(case: CaseFacts, edition: Edition) -> dict[str, Any]:
    """fuite.json: fields, counts and rule; never a value."""
    told: dict[str, Any] = {
        "leaks": sorted({alert.leak for alert in case.alerts}),
        "fields": list(case.fields),
        "records": case.records,
        "copies": len(case.alerts),
        "rule": "likelihood ratio over keyed fingerprints of the leaked file, docs/matching.md",
        "chance": [
            {"capture": one.id, "less_than": f"{max(one.chance, tables.SMALLEST):.3g}"}
            for one in case.captures
        ],
        "chance_assumes": "the document were another list of French people",
    }
    if edition.figures_only:
        del told["chance"], told["leaks"]
    return told


def commitments(case: CaseFacts) -> dict[str, Any]:
    """engagements.json: roots and leaves, no salt and no value."""
    return {
        "format": "vigie-commitments-1",
        "algorithm": "sha256",
        "captures": [
            {"capture": one.id, "root": one.commitments["root"],
             "leaves": list(one.commitments["leaves"])}
            for one in case.captures
            if one.commitments.get("root")
        ],
    }  # fmt: skip


def sealed(case: CaseFacts, recipients: Sequence[str]) -> dict[str, Any]:
    """scelle.json: which sealed file is whose original; the files are not filed."""
    return {
        "format": "age-encryption.org/v1",
        "recipients": list(recipients),
        "held_for": "an expert whom the court designates, or the commissaire de justice",
        "captures": [
            {"capture": one.id, "file_sha256": _digest_in(one.sealed),
             "original_sha256": one.sha256, "deleted": moment(one.original_deleted)}
            for one in case.captures
            if one.sealed
        ],
        "pictures": [
            {"capture": one.id, "kind": item.kind, "file_sha256": _digest_in(item.sealed)}
            for one in case.captures for item in one.items if item.sealed
        ],
    }  # fmt: skip


def _digest_in(sealed: str) -> str:
    """A sealed file is named by the SHA-256 of its bytes."""
    return sealed.rpartition("/")[2].removesuffix(".age")
