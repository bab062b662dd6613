"""The exchange as WARC in a WACZ: readers that are not ours accept it, and no cut passes."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from capture.exchange import Exchange, certificate_facts, withhold
from capture.wacz import surt, wrap
from capture.warc import Archive
from evidence.verify.verifier_inside import Failed, check_wacz

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
BODY = b"NOM;PRENOM\nQUENOUILLE;Zephirine\n" * 40
URL = "https://paste.example:8443/p/7?raw=1"


def made() -> bytes:
    archive = Archive()
    packed = gzip.compress(BODY)
    exchange = Exchange(
        protocol="HTTP/1.1",
        request=(("User-Agent", "Vigie"), ("Cookie", "(withheld)")),
        response=(("Content-Type", "text/plain"), ("Content-Encoding", "gzip")),
        body=packed,
        whole=True,
    )
    archive.exchange(URL, exchange, status=200, at=AT, peer="192.0.2.7", mime="text/plain")
    archive.resource("https://forum.example/t/1", b"<p>dom</p>", mime="text/html", at=AT)
    return wrap(archive, title="capture", created=AT)


def test_other_readers_find_the_exchange(tmp_path: Path) -> None:
    file = tmp_path / "capture.wacz"
    file.write_bytes(made())
    data = zipfile.ZipFile(file).read("archive/data.warc.gz")
    found = []
    for record in ArchiveIterator(io.BytesIO(data), check_digests=True):
        content = record.content_stream().read()
        # None would mean that a digest was not there, and is no pass.
        assert record.digest_checker.passed is True, record.rec_headers
        found.append((record.rec_type, record.rec_headers.get_header("WARC-IP-Address"), content))
    assert found[1] == ("response", "192.0.2.7", BODY)
    assert [kind for kind, *_ in found] == ["warcinfo", "response", "request", "resource"]
    assert check_wacz(file) == "4 records"


def test_wacz_validate_passes(tmp_path: Path) -> None:
    file = tmp_path / "capture.wacz"
    file.write_bytes(made())
    tool = Path(sys.executable).with_name("wacz")

    done = subprocess.run(
        [tool, "validate", "-f", file], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, "invalid" in done.stdout) == (0, False), done.stdout


@pytest.mark.parametrize("way", ["record cut", "tail cut", "flip", "digest"])
def test_no_damage_passes_ours(tmp_path: Path, way: str) -> None:
    """Digests of the package are mended as a forger would; what he cannot mend is what counts."""
    import hashlib
    import json

    file = tmp_path / "capture.wacz"
    file.write_bytes(made())
    with zipfile.ZipFile(file) as read:
        files = {name: read.read(name) for name in read.namelist()}
    warc = files["archive/data.warc.gz"]
    members = [at for at in range(len(warc)) if warc[at : at + 4] == b"\x1f\x8b\x08\x00"]
    files["archive/data.warc.gz"] = {
        "record cut": warc[: members[-1]],
        "tail cut": warc[:-9],
        "flip": warc[:40] + bytes([warc[40] ^ 1]) + warc[41:],
        "digest": warc,
    }[way]
    package = json.loads(files["datapackage.json"])
    for one in package["resources"]:
        one["hash"] = f"sha256:{hashlib.sha256(files[one['path']]).hexdigest()}"
    files["datapackage.json"] = json.dumps(package).encode()
    if way != "digest":
        told = {"path": "datapackage.json"}
        told["hash"] = f"sha256:{hashlib.sha256(files['datapackage.json']).hexdigest()}"
        files["datapackage-digest.json"] = json.dumps(told).encode()
    with zipfile.ZipFile(file, "w") as write:
        for name, data in files.items():
            write.writestr(name, data)
    with pytest.raises((Failed, Exception)) as caught:
        check_wacz(file)
    assert caught.type is Failed or way == "flip"


def test_what_would_let_somebody_in_is_withheld() -> None:
    told = withhold((("Set-Cookie", "session=1"), ("AUTHORIZATION", "x"), ("Server", "y")))
    assert told == (("Set-Cookie", "(withheld)"), ("AUTHORIZATION", "(withheld)"), ("Server", "y"))


def test_facts_hold_closed_forms_only() -> None:
    exchange = Exchange(
        protocol="QUENOUILLE",
        response=(("Date", "Zephirine"), ("Last-Modified", "Sat, 28 Nov 2026 12:00:00 GMT"),
                  ("Content-Encoding", "x-quenouille"), ("Server", "Zephirine Quenouille")),
        certificate=b"no certificate Zephirine",
        whole=True,
    )  # fmt: skip
    facts = exchange.facts()
    assert "uenouille" not in str(facts).lower()
    assert "ephirine" not in str(facts)
    assert facts["last_modified"] == "2026-11-28T12:00:00+00:00"
    assert certificate_facts(b"") == {}


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://paste.example/P/1?q=A", "example,paste)/p/1?q=a"),
        ("http://127.0.0.1:8080/x", "127.0.0.1:8080)/x"),
        ("http://a.b.example", "example,b,a)/"),
    ],
)
def test_addresses_are_sorted_by_host(url: str, wanted: str) -> None:
    assert surt(url) == wanted
