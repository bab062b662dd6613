"""Manifest, signature, time stamps and SHA256SUMS: in this order, each over what is before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from evidence.custody.stamping import Outcome
from evidence.dossier.facts import moment
from evidence.errors import EvidenceError
from evidence.timestamp.authority import Authority

MANIFEST, SIGNATURE, SUMS, STAMPS = (
    "manifest.json", "manifest.json.p7s", "SHA256SUMS", "horodatage",
)  # fmt: skip
STEP = 1024 * 1024
STATE = "ETAT.txt"
# Why there is no stamp (evidence.errors.NotStamped.kind), in French and in English.
REASONS = {
    "no-answer": ("L’autorité n’a pas répondu à temps, ou a répondu par une erreur.",
                  "The authority gave no answer in time, or answered with an error."),
    "no-reply": ("Sa réponse n’est pas une réponse d’horodatage.",
                 "Its answer is no time-stamp reply."),
    "refused": ("L’autorité a refusé d’horodater.", "The authority refused to stamp."),
    "other-question": ("Sa réponse ne répond pas à la demande (nonce, empreinte ou chaîne).",
                       "Its reply does not answer the request (nonce, imprint or chain)."),
    "wrong-use": ("Son certificat n’est pas destiné à l’horodatage.",
                  "Its certificate is not for time stamps."),
    "not-accepted": ("Sa réponse n’a pas passé les deux contrôles.",
                     "Its reply did not pass both checks."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs dossiers: a key and its certificate as PEM files, and the root to check with."""

    key_file: Path
    certificate_file: Path
    roots: Path

    def load(self) -> tuple[x509.Certificate, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]:
        """Certificate and key; raises EvidenceError, naming the file."""
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            key = serialization.load_pem_private_key(self.key_file.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise EvidenceError(
                f"the signing key {self.key_file} or its certificate cannot be read: "
                f"{type(error).__name__}"
            ) from error
        if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
            raise EvidenceError(f"the signing key {self.key_file} is neither RSA nor ECDSA")
        return certificate, key


def list_files(folder: Path) -> list[dict[str, Any]]:
    """Path, SHA-256 and size of every file, in the order of their paths."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            found.append({"path": name, "sha256": digest(path), "bytes": path.stat().st_size})
    return sorted(found, key=lambda one: str(one["path"]))


def digest(path: Path) -> str:
    """SHA-256 of a file, read in steps."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while step := file.read(STEP):
            found.update(step)
    return found.hexdigest()


def sign(manifest: bytes, signer: Signer) -> bytes:
    """A detached CMS signature (DER) that `openssl cms -verify` checks."""
    certificate, key = signer.load()
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(manifest)
        .add_signer(certificate, key, hashes.SHA256())
        .sign(
            serialization.Encoding.DER,
            [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary],
        )
    )


def write_stamps(folder: Path, outcomes: Sequence[Outcome], asked: Sequence[str]) -> None:
    """horodatage/: raw request and reply of every authority, or that there is none and why."""
    place = folder / STAMPS
    place.mkdir(exist_ok=True)
    by_name = {outcome.authority: outcome for outcome in outcomes}
    told = []
    for name in asked:
        outcome = by_name[name]
        entry: dict[str, Any] = {
            "authority": name, "roots": f"{name}.pem",
            "state": "stamped" if outcome.stamp else "not time-stamped", "error": outcome.error,
            "kind": outcome.kind,
        }  # fmt: skip
        if outcome.stamp:
            (place / f"{name}.tsq").write_bytes(outcome.stamp.request)
            (place / f"{name}.tsr").write_bytes(outcome.stamp.reply)
            entry |= {
                "algorithm": outcome.stamp.algorithm,
                "at": moment(outcome.stamp.at),
                "reply": f"{STAMPS}/{name}.tsr",
                "query": f"{STAMPS}/{name}.tsq",
            }
        told.append(entry)
    text = json.dumps({"over": MANIFEST, "stamps": told}, ensure_ascii=False, indent=2)
    (place / "index.json").write_text(text + "\n", "utf-8")
    (place / STATE).write_text(_state(told), "utf-8")


def _state(stamps: Sequence[Mapping[str, Any]]) -> str:
    """What people read of it, in both languages."""
    lines = ["Horodatage de manifest.json / Time stamps of manifest.json", ""]
    for one in stamps:
        name = one["authority"]
        if one["state"] == "stamped":
            lines.append(f"{name} : horodaté / time-stamped, {one['at']}")
            continue
        fr, en = REASONS.get(one["kind"], REASONS["not-accepted"])
        lines += [
            f"{name} : NON HORODATÉ. {fr} Une contremarque est demandée de nouveau.",
            f"{name}: NOT TIME-STAMPED. {en} A stamp is asked for again.",
        ]
    if not stamps:
        lines += ["NON HORODATÉ : aucune autorité d’horodatage n’est configurée.",
                  "NOT TIME-STAMPED: no time-stamp authority is configured."]  # fmt: skip
    return "\n".join(lines) + "\n"


def write_roots(folder: Path, authorities: Sequence[Authority], signer: Signer | None) -> None:
    """confiance/: the roots this dossier was checked with when it was made."""
    place = folder / "confiance"
    place.mkdir()
    for authority in authorities:
        (place / f"{authority.name}.pem").write_bytes(authority.roots.read_bytes())
        if authority.intermediates:
            between = authority.intermediates.read_bytes()
            (place / f"{authority.name}-between.pem").write_bytes(between)
    if signer is not None:
        (place / "signature.pem").write_bytes(signer.roots.read_bytes())
    if not any(place.iterdir()):
        place.rmdir()


def write_sums(folder: Path) -> None:
    """SHA256SUMS over every other file; the last thing that is written."""
    lines = [f"{one['sha256']}  {one['path']}\n" for one in list_files(folder)]
    (folder / SUMS).write_text("".join(lines), "utf-8")
