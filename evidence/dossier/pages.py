"""The files of one capture: connection, path, pieces, masked excerpt."""

from __future__ import annotations

import base64
import html
import json
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from evidence.dossier.edition import Edition
from evidence.dossier.facts import CaptureFacts, moment
from evidence.errors import EvidenceError
from evidence.store import Store

NAMES = {
    "dns": "dns.json", "clocks": "horloges.json", "chain": "chaine.json",
    "environment": "environnement.json", "page": "page.png", "dom": "dom.html",
    "visit": "visite.json", "direct": "directe.json",
}  # fmt: skip


def as_json(told: Mapping[str, Any]) -> bytes:
    """JSON for people and machines."""
    return json.dumps(dict(told), ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def capture_files(
    capture: CaptureFacts, edition: Edition, store: Store
) -> Iterator[tuple[str, bytes]]:
    """(name below the capture's folder, bytes). What could not be had stands as a file that says
    so: a missing file would look like an oversight."""
    yield "capture.json", as_json(_facts(capture, edition))
    yield "connexion.json", as_json(_connection(capture))
    yield "chemin.json", as_json({"path": list(capture.path), "address": capture.location})
    yield "extraits.html", excerpt(capture)
    for kind in edition.pieces:
        yield from _piece(capture, kind, store)


def _facts(capture: CaptureFacts, edition: Edition) -> dict[str, Any]:
    told: dict[str, Any] = {
        "capture": capture.id,
        "address": capture.location,
        "fetched_at": moment(capture.fetched_at),
        "posted_at": moment(capture.posted_at),
        "status": capture.status,
        "content_type": capture.content_type,
        "rendered": capture.rendered,
        "bytes": capture.bytes,
        "sha256": capture.sha256,
        "verdict": capture.verdict,
        "records": capture.records,
        "fields": list(capture.fields),
    }
    if edition.commitments:
        told |= {"source": capture.source, "sealed": capture.sealed,
                 "original_deleted": moment(capture.original_deleted),
                 "root": capture.commitments.get("root", "")}  # fmt: skip
    return told


def _connection(capture: CaptureFacts) -> dict[str, Any]:
    """The capture's own connection. The certificate stands as PEM, ready for openssl verify."""
    told = dict(capture.connection)
    certificate = dict(told.get("certificate") or {})
    if der := certificate.pop("der", ""):
        certificate["pem"] = ssl.DER_cert_to_PEM_cert(bytes.fromhex(der))
    else:
        certificate = {"connection": "none" if not told.get("tls") else "other",
                       "see": "chaine.json" if told.get("tls") else ""}  # fmt: skip
    return {
        **told,
        "certificate": certificate,
        "peer": capture.peer,
        "at": moment(capture.fetched_at),
        "headers_as": "parsed by the HTTP library; order and case of the wire are lost",
    }


def _piece(capture: CaptureFacts, kind: str, store: Store) -> Iterator[tuple[str, bytes]]:
    item = capture.item(kind)
    if item is None or item.state != "made":
        state = item.state if item else "not-made"
        told = {"state": state, "error": item.error if item else "", "kind": kind,
                "at": moment(item.at) if item else ""}  # fmt: skip
        name = "rdap/rdap.json" if kind == "rdap" else NAMES[kind]
        yield name if name.endswith(".json") else f"{name}.json", as_json(told)
        return
    try:
        body = store.get(item.file)
    except EvidenceError as error:
        raise EvidenceError(f"capture {capture.id}, {kind}: {error}") from error
    if kind == "rdap":
        yield from _rdap(body)
    else:
        yield NAMES[kind], body


def _rdap(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The raw answers as files of their own, and what was asked beside them."""
    told = json.loads(body)
    for number, answer in enumerate(told["answers"], start=1):
        raw = answer.pop("body_base64", "")
        if raw:
            answer["file"] = f"{number}-{answer['kind']}.json"
            yield f"rdap/{answer['file']}", base64.b64decode(raw)
    yield "rdap/rdap.json", as_json(told)


def excerpt(capture: CaptureFacts) -> bytes:
    """What stood around the recognised values, masked when it was captured. It opens without any
    script, style sheet or request."""
    parts = []
    for snippet in capture.snippets:
        line = "".join(
            f'<mark title="{html.escape(field)}">{html.escape(text)}</mark>'
            if field
            else html.escape(text)
            for text, field in snippet.get("segments", ())
        )
        parts.append(f"<pre>{line}</pre>")
    body = "\n".join(parts) or "<p>Aucun extrait / no excerpt</p>"
    return (
        '<!doctype html><meta charset="utf-8"><title>Capture '
        f'{capture.id}</title><meta http-equiv="Content-Security-Policy" content="default-src '
        "'none'; style-src 'unsafe-inline'\"><style>body{font:16px/1.5 sans-serif;max-width:50em;"
        "margin:2em auto}mark{background:#fde68a}pre{white-space:pre-wrap;border:1px solid #999;"
        f"padding:.6em}}</style><h1>Capture {capture.id}</h1><p>{html.escape(capture.location)}<p>"
        "Extraits masqués : chaque mot qui n’est pas sûrement anodin est remplacé par •••. Masked "
        f"excerpts: every word not surely harmless stands as •••.\n{body}\n"
    ).encode()
