"""The certificate chain that the host shows now, on another connection than the capture's.

The leaf of the capture's own connection is in the capture; what stands above it can only be asked
for again, and says "other". Nothing is sent but the TLS greeting.
"""

from __future__ import annotations

import hashlib
import socket
import ssl

from evidence.beside.piece import NotHad, NotPossible, Piece, Target, as_json, now

SECONDS = 6.0


def gather(target: Target) -> Piece:
    """The chain from the very address of the capture; raises NotPossible, NotHad."""
    if not target.tls:
        raise NotPossible("the page came without TLS")
    if target.is_onion or target.proxied:
        raise NotPossible("the host is reached through a proxy only")
    if not target.peer:
        raise NotHad("the capture does not tell which address answered")
    context = ssl.create_default_context()
    # What is shown is evidence, valid or not; whether it is valid is told beside it.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((target.peer, target.port), SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=target.host) as tls,
        ):
            chain = _chain(tls)
            version, cipher = tls.version() or "", (tls.cipher() or ("",))[0]
    except (OSError, ValueError) as error:
        raise NotHad(f"no TLS connection: {type(error).__name__}") from error
    return as_json(
        {
            "at": now(), "host": target.host, "peer": target.peer, "port": target.port,
            "connection": "other", "tls": version, "cipher": cipher,
            "chain": [
                {"sha256": hashlib.sha256(der).hexdigest(), "pem": ssl.DER_cert_to_PEM_cert(der)}
                for der in chain
            ],
        }
    )  # fmt: skip


def _chain(tls: ssl.SSLSocket) -> list[bytes]:
    """Every certificate that was shown; public from Python 3.13 on, there before."""
    shown = getattr(tls, "get_unverified_chain", None)
    if shown is not None:
        return [bytes(one) for one in shown()]
    inner = getattr(tls, "_sslobj", None)
    ask = getattr(inner, "get_unverified_chain", None)
    if ask is None:
        leaf = tls.getpeercert(binary_form=True)
        return [leaf] if leaf else []
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in ask()]
