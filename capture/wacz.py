"""WACZ 1.1.1 around one WARC: what ReplayWeb.page opens and `wacz validate` passes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from capture.warc import Archive, Entry

WARC, INDEX, IDX, PAGES = (
    "archive/data.warc.gz", "indexes/index.cdx.gz", "indexes/index.idx", "pages/pages.jsonl",
)  # fmt: skip
EPOCH = (1980, 1, 1, 0, 0, 0)  # a ZIP's own times say nothing: the same input, the same bytes


def wrap(archive: Archive, *, title: str, created: datetime) -> bytes:
    """The WACZ of a finished archive. `title` is shown to people: no content."""
    index, idx = _index(archive.entries)
    files = {
        WARC: archive.bytes(),
        INDEX: index,
        IDX: idx,
        PAGES: _pages(archive.entries, title),
    }
    package = _json(
        {
            "profile": "data-package",
            "wacz_version": "1.1.1",
            "title": title,
            "software": "Vigie",
            "created": _moment(created),
            # Not of the format: a tail that is cut at a record's edge shows only here.
            "vigieRecords": archive.records,
            "resources": [
                {"name": path.rpartition("/")[2], "path": path, "hash": _sha256(data),
                 "bytes": len(data)}
                for path, data in files.items()
            ],
        }
    )  # fmt: skip
    files["datapackage.json"] = package
    digest = {"path": "datapackage.json", "hash": _sha256(package)}
    files["datapackage-digest.json"] = _json(digest)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as out:
        for path, data in files.items():
            out.writestr(zipfile.ZipInfo(path, EPOCH), data)
    return packed.getvalue()


def surt(url: str) -> str:
    """The address as indexes sort it: host labels backwards, then path and query."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    labels = host.split(".")
    turned = host if labels[-1].isdigit() or ":" in host else ",".join(reversed(labels))
    port = f":{parts.port}" if parts.port else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{turned}{port}){parts.path or '/'}{query}".lower()


def _index(entries: Sequence[Entry]) -> tuple[bytes, bytes]:
    """CDXJ lines, packed, and the index over them."""
    lines = sorted(
        f"{surt(one.url)} {one.at.astimezone(UTC):%Y%m%d%H%M%S} "
        + json.dumps(
            {"url": one.url, "mime": one.mime, "status": str(one.status), "digest": one.digest,
             "length": str(one.length), "offset": str(one.offset), "filename": "data.warc.gz"}
        )
        + "\n"
        for one in entries
    )  # fmt: skip
    packed = gzip.compress("".join(lines).encode(), mtime=0)
    first = " ".join(lines[0].split(" ", 2)[:2]) if lines else "0 0"
    told = {"offset": 0, "length": len(packed), "digest": _sha256(packed),
            "filename": "index.cdx.gz"}  # fmt: skip
    meta = {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
    return packed, f"!meta 0 {json.dumps(meta)}\n{first} {json.dumps(told)}\n".encode()


def _pages(entries: Sequence[Entry], title: str) -> bytes:
    header = {"format": "json-pages-1.0", "id": "pages", "title": title}
    told = [
        {"id": str(number), "url": one.url, "ts": _moment(one.at), "title": title}
        for number, one in enumerate(entries, start=1)
    ]
    return b"".join(_json(line, indent=None) + b"\n" for line in (header, *told))


def _json(value: object, indent: int | None = 2) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=False).encode()


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
