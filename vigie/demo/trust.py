"""The demo's own trust: two time-stamp authorities and a signing key, each under its own root.

They are real parts (openssl answers), and worth nothing to a court: the roots are made here. The
names say so, for they stand in every dossier of the demo.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vigie.demo.sites.process import OwnSite

DAYS = 3650
# What openssl's `ts` reads; `digests` are those that a dossier may be stamped under.
CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A key with its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def write(self, folder: Path, name: str) -> None:
        """NAME.key (0600) and NAME.pem."""
        secret = folder / f"{name}.key"
        secret.touch(mode=0o600)
        secret.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / f"{name}.pem").write_bytes(
            self.certificate.public_bytes(serialization.Encoding.PEM)
        )


def issue(subject: str, by: Pair | None = None, *, stamps: bool = False) -> Pair:
    """A pair whose certificate `by` signs, or itself as a root; `stamps`: for RFC 3161 alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now, is_root = datetime.now(UTC), by is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(by.certificate.subject if by else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_root, content_commitment=not is_root,
                key_cert_sign=is_root, crl_sign=is_root, key_encipherment=False,
                data_encipherment=False, key_agreement=False, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if stamps:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    if by is not None:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
    signed_with = by.key if by else key
    return Pair(key, builder.sign(signed_with, hashes.SHA256()))


class TimeStampSite(OwnSite):
    """A time-stamp authority in `folder`; its root is root.pem there."""

    name = "time-stamp authority"
    script = "serve_tsa.py"

    @property
    def roots(self) -> Path:
        """The certificate to trust."""
        return self.folder / "root.pem"

    def prepare(self) -> dict[str, object]:
        """Keys, certificates and openssl's configuration, made once."""
        if not self.roots.exists():
            which = self.folder.name.removeprefix("tsa-")
            root = issue(f"Demo time-stamp root {which} (invented)")
            signer = issue(f"Demo time-stamp unit {which} (invented)", root, stamps=True)
            signer.write(self.folder, "signer")
            (self.folder / "tsa.cnf").write_text(CONFIGURATION, encoding="ascii")
            (self.folder / "serial").write_text("01\n", encoding="ascii")
            self.roots.write_bytes(root.certificate.public_bytes(serialization.Encoding.PEM))
        return {}


def make_signing_key(folder: Path) -> None:
    """dossier.key, dossier.pem and dossier-root.pem in `folder`, made once."""
    if (folder / "dossier-root.pem").exists():
        return
    root = issue("Demo signing root (invented)")
    issue("CERT de démonstration (inventé)", root).write(folder, "dossier")
    (folder / "dossier-root.pem").write_bytes(
        root.certificate.public_bytes(serialization.Encoding.PEM)
    )
