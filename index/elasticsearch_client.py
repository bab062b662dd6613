"""Connecting to Elasticsearch, and its errors as sentences of ours, which never hold content."""

from __future__ import annotations

import re
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
            "elasticsearch.ca_file is a PEM file that can be read and the address has a port."
        ) from None


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
            return (
                "What answers at elasticsearch.url is no Elasticsearch; mend the address or port."
            )
        case AuthenticationException():
            return (
                "Elasticsearch does not accept the key (401): it is wrong, expired or was "
                "invalidated. Make keys with `vigie index setup`."
            )
        case AuthorizationException():
            return (
                "The key may not do this (403): it belongs to another role. `vigie index setup` "
                "makes one key for each role; see docs/elasticsearch.md."
            )
        case elastic_transport.TlsError() | elastic_transport.ConnectionError() if (
            "certificate" in text or "fingerprint" in text or "ssl" in text
        ):
            why = "it has expired" if "expired" in text else "it is not the expected one"
            return (
                f"The server's certificate was refused: {why}. Check elasticsearch.ca_file or "
                "elasticsearch.fingerprint, and the server's name and clock."
            )
        case elastic_transport.ConnectionTimeout():
            return "Elasticsearch did not answer in time; what is to be delivered waits."
        case elastic_transport.ConnectionError():
            return "Elasticsearch cannot be reached; see that it runs and the address is right."
        case ApiError() if error.status_code == 404:
            return NOT_SET_UP
        case ApiError():
            return f"Elasticsearch answered {error.status_code}; its log says more."
    return f"Elasticsearch could not be asked ({type(error).__name__})."


def reason(error: Mapping[str, Any]) -> str:
    """The reason of a refused document: the kind of error and the field's name, no content."""
    kinds = [error.get("type", ""), (error.get("caused_by") or {}).get("type", "")]
    found = ": ".join(kind for kind in kinds if PLAIN_TYPE.fullmatch(str(kind)))
    name = PLAIN_NAME.search(str(error.get("reason", "")))
    return (found or "refused") + (f" in {name[1]}" if name else "")
