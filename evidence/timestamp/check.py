"""Whether a reply is a time stamp: two checks that share no code must both say so.

rfc3161-client reads strict DER and compares nonce, imprint, chain and use; `openssl ts -verify`
checks the same with the tool that a court's expert has. What openssl alone accepts (it says OK
to many damaged replies) is no stamp, and neither is what only the first accepts.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import rfc3161_client
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence.errors import NotStamped

OPENSSL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Checked:
    """What a good reply says: its time, and until when its certificates hold."""

    at: datetime
    good_until: datetime


def check(
    reply: bytes, digest: bytes, *, nonce: int | None, roots: Path,
    intermediates: Path | None = None, name: str = "the authority", at: datetime | None = None,
) -> Checked:  # fmt: skip
    """Check a raw TimeStampResp over `digest`; raises NotStamped, naming what is wrong.

    `at` checks the certificates at that time and not now: for a stamp of which they have ended.
    """
    found = _first(reply, digest, nonce, roots, intermediates, name)
    _second(reply, digest, roots, intermediates, name, at)
    return found


def _first(
    reply: bytes, digest: bytes, nonce: int | None, roots: Path, intermediates: Path | None,
    name: str,
) -> Checked:  # fmt: skip
    trusted = certificates(roots)
    between = certificates(intermediates) if intermediates else []
    try:
        response = rfc3161_client.decode_timestamp_response(reply)
    except ValueError as error:
        raise NotStamped(f"{name}: the reply is no time-stamp reply in DER", "no-reply") from error
    if response.status != 0:
        raise NotStamped(f"{name} refused to stamp (status {response.status})", "refused")
    own = [x509.load_der_x509_certificate(der) for der in response.signed_data.certificates]
    leaf = _leaf(own, name)
    # A fresh builder each time, with lists of its own: its methods change what they are given.
    builder = rfc3161_client.VerifierBuilder(
        roots=list(trusted),
        intermediates=[one for one in (*between, *own) if one != leaf],
        nonce=nonce,
    )
    try:
        builder.build().verify(response, digest)
    except rfc3161_client.VerificationError as error:
        raise NotStamped(f"{name}: the reply does not hold: {error}", "other-question") from error
    except ValueError as error:
        raise NotStamped(f"{name}: the reply cannot be checked: {error}") from error
    at = response.tst_info.gen_time.astimezone(UTC)
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        raise NotStamped(f"{name}: its certificate did not hold at the time that it tells")
    return Checked(at, min(one.not_valid_after_utc for one in (leaf, *own)))


def _leaf(own: list[x509.Certificate], name: str) -> x509.Certificate:
    """The certificate that may sign time stamps: critical, and for nothing else (RFC 3161, 2.3)."""
    for one in own:
        try:
            usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        except x509.ExtensionNotFound:
            continue
        if list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING] and usage.critical:
            return one
    raise NotStamped(f"{name}: no certificate in the reply is for time stamps alone", "wrong-use")


def _second(
    reply: bytes, digest: bytes, roots: Path, intermediates: Path | None, name: str,
    at: datetime | None,
) -> None:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="vigie-tsr-") as folder:
        file = Path(folder) / "reply.tsr"
        file.write_bytes(reply)
        command = [
            "openssl", "ts", "-verify", "-in", str(file), "-digest", digest.hex(),
            "-CAfile", str(roots),
        ]  # fmt: skip
        if intermediates:
            command += ["-untrusted", str(intermediates)]
        if at is not None:
            command += ["-attime", str(int(at.timestamp()))]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=OPENSSL_SECONDS, check=False
            )
        except FileNotFoundError as error:
            raise NotStamped("openssl is not installed, and no reply counts without it") from error
        except subprocess.TimeoutExpired as error:
            raise NotStamped(f"{name}: openssl did not come to an end over the reply") from error
    if done.returncode != 0:
        raise NotStamped(f"{name}: `openssl ts -verify` does not accept the reply")


def certificates(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file; raises NotStamped when there are none to be had."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise NotStamped(f"the certificates {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise NotStamped(f"{path} holds no certificate in PEM form") from error
