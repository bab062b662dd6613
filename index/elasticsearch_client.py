"""Connecting to Elasticsearch, and its errors as sentences of ours, which never hold content."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import elastic_transport
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    Elasticsearch,
    TransportError,
    UnsupportedProductError,
)

from index.errors import IndexUnavailable

REQUEST_SECONDS = 30.0
OLDEST, NEWEST = (8, 19), (9, 999)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
NOT_SET_UP = "Vigie's indices are missing there; run `vigie index setup`, then `rebuild`."
NO_ELASTICSEARCH = (
    "What answers at elasticsearch.url is no Elasticsearch; mend the address or port."
)
# Names of fields and kinds of errors; whatever else stands in a reason may be content.
PLAIN_NAME = re.compile(r"(?:field |introduction of )\[([\w.@-]{1,60})\]")
PLAIN_TYPE = re.compile(r"[a-z_]{1,60}")
BUSY_TYPES = ("cluster_block_exception", "es_rejected_execution_exception",
              "circuit_breaking_exception")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Access:
    """Where Elasticsearch is and how to prove who asks. `url` may name several nodes, with commas
    between them. TLS is checked against `ca_file`, `fingerprint` (SHA-256 of the certificate, in
    hexadecimal) or the system's authorities; there is no way to leave it unchecked."""

    url: str
    api_key: str = ""
    user: str = ""
    password: str = ""
    ca_file: Path | None = None
    fingerprint: str = ""


def connect(access: Access) -> Elasticsearch:
    """A client; nothing is sent yet. Raises IndexUnavailable for an address or a CA file that
    cannot be used."""
    hosts = [part.strip() for part in access.url.split(",") if part.strip()]
    options: dict[str, Any] = {}
    for host in hosts:
        _check_address(host)
    if hosts and hosts[0].startswith("https:"):
        options["verify_certs"] = True
        if access.fingerprint:
            options["ssl_assert_fingerprint"] = access.fingerprint
        elif access.ca_file is not None:
            _check_authorities(access.ca_file)
            options["ca_certs"] = str(access.ca_file)
    if access.api_key:
        options["api_key"] = access.api_key
    elif access.user:
        options["basic_auth"] = (access.user, access.password)
    try:
        return Elasticsearch(
            hosts, request_timeout=REQUEST_SECONDS, max_retries=max(1, len(hosts)),
            retry_on_timeout=False, retry_on_status=(), connections_per_node=4, **options,
        )  # fmt: skip
    except (ValueError, OSError) as error:
        raise IndexUnavailable(
            f"No connection to {access.url} can be set up ({type(error).__name__}): see that "
            "the address is https://HOST:PORT and the fingerprint has 64 hexadecimal digits."
        ) from None


def _check_authorities(ca_file: Path) -> None:
    # The client would say the same of a file that is missing and of a server that is another.
    try:
        ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        why = "holds no certificate in PEM"
    except OSError as error:
        why = f"cannot be read ({error.strerror})"
    else:
        return
    raise IndexUnavailable(
        f"elasticsearch.ca_file {ca_file} {why}; name the file of the authority that signed the "
        "server's certificate."
    )


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not port or parts.username:
        raise IndexUnavailable(
            "elasticsearch.url must be https://HOST:PORT, without user and password in it."
        )
    if parts.scheme == "http" and host not in LOOPBACK:
        raise IndexUnavailable(
            f"elasticsearch.url for {host} must begin with https://; plain HTTP is for this "
            "machine alone."
        )


def checked_version(client: Elasticsearch) -> str:
    """The server's version; raises IndexUnavailable for one that is not supported."""
    with shielded():
        version = str(client.info()["version"]["number"])
    found = re.match(r"(\d{1,4})\.(\d{1,4})", version)
    if not found or not OLDEST <= (int(found[1]), int(found[2])) <= NEWEST:
        raise IndexUnavailable(
            f"The server is Elasticsearch {version[:20]}; Vigie needs 8.19 or 9. Upgrade it, or "
            "remove [elasticsearch] to use the embedded index."
        )
    return version


@contextmanager
def shielded() -> Iterator[None]:
    """Every error of the client as IndexUnavailable."""
    try:
        yield
    except (ApiError, TransportError, UnsupportedProductError) as error:
        raise IndexUnavailable(_sentence(error)) from None


def _sentence(error: Exception) -> str:  # one line for each thing that can be wrong
    text = str(error).lower()
    match error:
        case UnsupportedProductError():
            return NO_ELASTICSEARCH
        case AuthenticationException():
            return (
                "Elasticsearch does not accept the key or password (401): it is missing, wrong, "
                "expired or was invalidated. `vigie index setup --user NAME` makes keys."
            )
        case AuthorizationException():
            return (
                "The key or user may not do this (403): it has another role. `vigie index setup` "
                "makes one key for each role; see docs/elasticsearch.md."
            )
        case elastic_transport.ConnectionTimeout():
            return "Elasticsearch did not answer in time; what is to be delivered waits."
        case elastic_transport.TlsError() | elastic_transport.ConnectionError() if (
            "certificate" in text or "fingerprint" in text or "ssl" in text
        ):
            return _of_tls(text)
        case elastic_transport.ConnectionError():
            return f"Elasticsearch cannot be reached{_of_connection(text)}"
        case ApiError() if error.status_code == 404:
            known = "x-elastic-product" in error.meta.headers
            return NOT_SET_UP if known else NO_ELASTICSEARCH
        case ApiError():
            return f"Elasticsearch answered {error.status_code}; its log says more."
    return f"Elasticsearch could not be asked ({type(error).__name__})."


def _of_tls(text: str) -> str:
    """What is wrong with TLS; `text` is the error's, in small letters."""
    if any(word in text for word in ("wrong_version", "record_layer", "unexpected_eof")):
        return (
            "What answers at elasticsearch.url speaks no TLS: mend the port, or switch TLS on in "
            "the server."
        )
    reasons = {
        "expired": "it has expired",
        "mismatch": "it is another host's",
        "doesn't match": "it is another host's",
        "not valid for": "it is another host's",
        "fingerprint": "its fingerprint is another one",
        "issuer": "no authority that is known here signed it",
        "self-signed": "no authority that is known here signed it",
    }
    why = next((why for word, why in reasons.items() if word in text), "it is not the expected one")
    return (
        f"The server's certificate was refused: {why}. Check elasticsearch.ca_file or "
        "elasticsearch.fingerprint, and the server's name and clock."
    )


def _of_connection(text: str) -> str:
    """Why there is no connection; `text` is the error's, in small letters."""
    if "refused" in text:
        return (
            ": nothing listens there. See that it runs and that elasticsearch.url has its host "
            "and port."
        )
    if "resolve" in text or "name or service" in text:
        return (
            ": the host of elasticsearch.url has no address. Mend its name, or this machine's DNS."
        )
    if "aborted" in text or "reset" in text:
        return (
            ": what listens there closed the connection. Does the server want https:// in "
            "elasticsearch.url? Otherwise the port is another program's."
        )
    return "; see that it runs and the address is right."


def reason(error: Mapping[str, Any]) -> str:
    """The reason of a refused document: the kind of error and the field's name, no content."""
    kinds = [error.get("type", ""), (error.get("caused_by") or {}).get("type", "")]
    found = ": ".join(kind for kind in kinds if PLAIN_TYPE.fullmatch(str(kind)))
    name = PLAIN_NAME.search(str(error.get("reason", "")))
    return (found or "refused") + (f" in {name[1]}" if name else "")
