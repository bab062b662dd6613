"""A case ready to be exported: captures with sealed originals and pieces, a signer, authorities."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyrage
from PIL import Image, ImageDraw
from sqlalchemy import Engine

from capture.commitments import commit
from capture.originals import SealedOriginals
from capture.picture import Picture, PictureFailed
from egress.policy import Policy
from evidence.beside import environment, picture
from evidence.beside.gatherer import Gatherer, Proxied
from evidence.beside.piece import NotHad, Piece, Target, as_json
from evidence.custody.stamping import Stamper
from evidence.dossier.export import Exported, Maker, export
from evidence.dossier.manifest import Signer
from evidence.store import Store
from evidence.timestamp.authority import Authority
from index.alerts import AlertStore
from tests.evidence.certificates import issue
from tests.evidence.seeding import seed_alert

# Of persons in no leak, planted where values stand: nothing outside a sealed original has them.
PLANTED = ("QUENOUILLE", "Zephirine", "1850578006084", "0639987412", "zephirine@exemple.fr")


@dataclass(frozen=True)
class Prepared:
    """A record with one case, and who exports it."""

    engine: Engine
    maker: Maker
    folder: Path
    identity: pyrage.x25519.Identity
    openings: list[dict[str, object]]
    case: int

    def export(self, edition: str = "court", name: str = "") -> Exported:
        """One edition, beside the record."""
        out = self.folder / (name or f"dossier-{edition}")
        return export(
            self.engine, self.case, edition, out, self.maker, who="jeanne",
            reason=f"demande de {PLANTED[1]} {PLANTED[0]}",
        )  # fmt: skip


def prepare(
    engine: Engine, folder: Path, authorities: Sequence[Authority], captures: int = 3
) -> Prepared:
    """Captures of one repost: sealed, gathered beside, decided on with a reason that names a
    person, as reasons may."""
    identity = pyrage.x25519.Identity.generate()
    others = pyrage.x25519.Identity.generate()
    recipients = [str(identity.to_public()), str(others.to_public())]
    originals = SealedOriginals(folder / "originals", recipients)
    openings: list[dict[str, object]] = []
    case = 0
    for number in range(1, captures + 1):
        values = [{"row": row, "text": " ".join(PLANTED)} for row in (11, 12)]
        made = commit(values)
        openings += made.openings["records"]
        sealed = originals.seal(" ; ".join(PLANTED).encode(), {"address": "x"}, {})
        recorded = seed_alert(
            engine, number, sealed=sealed, host=f"paste{number % 3}.exemple.fr",
            commitments=made.public,
        )  # fmt: skip
        case = recorded.new[0].case if recorded.new else case
    gatherer(engine, folder).run(captures)
    alerts = AlertStore(engine)
    first = alerts.list().alerts[-1]
    alerts.decide(
        first.id, "confirmed", f"{PLANTED[1]} {PLANTED[0]} y est", "jeanne", first.version
    )
    root = issue(folder, "sign-root", is_ca=True)
    own = issue(folder, "sign", by=root)
    maker = Maker(
        organisation="CERT d’essai",
        contact="cert@exemple.fr",
        store=Store(folder / "evidence"),
        stamper=Stamper(engine, authorities),
        authorities=authorities,
        signer=Signer(own.key_file, own.certificate_file, root.certificate_file),
        recipients=recipients,
    )
    return Prepared(engine, maker, folder, identity, openings, case)


def recipients(count: int) -> list[str]:
    """Public keys whose private ones nobody has."""
    return [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(count)]


def gatherer(engine: Engine, folder: Path) -> Gatherer:
    """Pieces without a network: one is made, one fails."""

    def failing(_target: Target) -> Piece:
        raise NotHad("no RDAP server answered")

    def answers(target: Target) -> Piece:
        told = {"resolver": "essai", "type": "A", "rcode": "NOERROR", "records": []}
        return as_json({"host": target.host, "answers": [told]})

    def visit(target: Target) -> Picture:
        if target.capture % 3 == 2:
            raise PictureFailed("the page did not answer to the second request")
        secret = " ".join(PLANTED).encode()
        facts = {"request": "second", "at": "2026-11-28T09:31:00Z", "language": "en"}
        return Picture(secret, secret, masked_png(), b"<p>NIR \xe2\x80\xa2", facts)

    originals = SealedOriginals(folder / "originals", recipients(2))
    measured = environment.Measured(version="essai", policy=Policy())
    kinds = {
        "dns": answers,
        "rdap": failing,
        "environment": lambda target: environment.gather(target, measured),
        "page": lambda target: picture.gather(target, visit, originals),
    }
    together = {"page": picture.BESIDE}
    return Gatherer(engine, Store(folder / "evidence"), kinds, Proxied(), together=together)


@cache
def masked_png() -> bytes:
    """A tall page of masked rows."""
    image = Image.new("RGB", (1280, 3_000), "white")
    brush = ImageDraw.Draw(image)
    for at in range(100):
        brush.text((40, 20 + 29 * at), f"NIR : ***   nom : ***   ligne {at}", fill="black")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
