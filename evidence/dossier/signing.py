"""PAdES signatures (ETSI EN 319 142) of reports, with a time stamp where an authority gives one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from asn1crypto import tsp
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from egress.fetch import fetch
from evidence.errors import EvidenceError
from evidence.timestamp.authority import MAX_REPLY, Authority

if TYPE_CHECKING:
    from evidence.dossier.manifest import Signer


class GuardedTimeStamper(TimeStamper):
    """pyHanko's question to an authority, through the egress guard."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """One question. Blocking: a report is signed in a thread of its own anyway."""
        answer = fetch(
            self._authority.url, policy=self._authority.policy, method="POST", body=req.dump(),
            headers={"Content-Type": "application/timestamp-query"},
            seconds=self._authority.seconds, max_bytes=MAX_REPLY, ca_file=self._authority.ca_file,
        )  # fmt: skip
        return tsp.TimeStampResp.load(answer.body)


def sign_pdf(pdf: bytes, signer: Signer, authorities: Sequence[Authority]) -> bytes:
    """The PDF signed, stamped by the first authority that answers, else unstamped: the dossier's
    manifest is stamped beside it. Raises EvidenceError when it cannot be signed at all."""
    for authority in authorities:
        try:
            return _sign(pdf, signer, GuardedTimeStamper(authority))
        except Exception:  # noqa: S112 - the next one is asked; whichever error, it is no stamp
            continue
    try:
        return _sign(pdf, signer, None)
    except Exception as error:
        raise EvidenceError(f"the report could not be signed: {type(error).__name__}") from error


def _sign(pdf: bytes, signer: Signer, stamper: TimeStamper | None) -> bytes:
    own = signers.SimpleSigner(
        signing_cert=load_cert_from_pemder(str(signer.certificate_file)),
        signing_key=load_private_key_from_pemder(str(signer.key_file), None),
        cert_registry=SimpleCertificateStore(),
    )
    meta = signers.PdfSignatureMetadata(
        field_name="Vigie", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )
    # PDF/A (ISO 19005-3, 6.1.9) wants a line's end before the first object that is added.
    ended = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    out = io.BytesIO()
    signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(ended)), meta, signer=own, timestamper=stamper,
        output=out,
    )  # fmt: skip
    return out.getvalue()
