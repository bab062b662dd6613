"""Links in posts: followed one step on hosts that are listed, matched as they stream, and listed
with a reason where they are not followed."""

from __future__ import annotations

import gzip
import io
import random
import socket
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest

from crawler.proof import bundle, connection
from evidence.verify.verifier_inside import check_warc
from tests.crawler.conftest import Hostile

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ROW = "1850375115{:03d};MARTINEAU;Jeanne;0612345678;une ligne de la base\n"
SIZE = 60_000_000


class FileHost(Hostile):
    """A second server on loopback; `sent` counts the bytes of bodies it could hand over."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0

    def long(self, path: str, line: bytes, size: int, kind: str = "text/plain") -> None:
        """A file of `size` bytes, written as fast as it is taken."""

        def write(sock: socket.socket) -> None:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"
            sock.sendall(head.encode())
            block, left = line * (65536 // len(line)), size
            while left > 0:
                left -= (told := sock.send(block[:left]))
                self.sent += told

        self.answers[path] = write


@pytest.fixture
def files() -> Iterator[FileHost]:
    server = FileHost()
    yield server
    server.close()


@pytest.fixture
def post(hostile: Any) -> Callable[..., None]:
    """One paste on the first server, which says what it is given."""

    def make(words: str) -> None:
        hostile.page("/", "<main><ul><li><a href='/n/ok1'>la base est ici</a></li></ul></main>")
        hostile.page("/n/ok1", f"<main><article class=post>{words}</article></main>")

    return make


def host(server: Any) -> str:
    return str(server.address.removeprefix("http://"))


def crawl(watcher: Any, source: Any, hostile: Any, **fields: Any) -> Any:
    fields = {"engine": "generic", "render": "never", "timeout": 5.0, **fields}
    found = watcher.crawl(source(hostile.address, **fields))
    assert found.status == 0
    return found


def test_a_link_leads_to_the_file_and_the_post_is_its_path(
    watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any, reply: Any
) -> None:
    post(f"Tout est là : <a href='{files.address}/d/base1.csv'>prenez</a>, dépêchez-vous.")
    files.answers["/d/base1.csv"] = reply((ROW.format(7) * 3).encode(), "text/csv")
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),))
    file = found.pages[-1]
    assert file.posts[0].location == f"{files.address}/d/base1.csv"
    assert "MARTINEAU" in file.posts[0].layers[0][1]
    assert file.path[-1] == f"{hostile.address}/n/ok1"
    assert not found.problems
    files.asked.clear()
    again = crawl(watcher, source, hostile, follow_hosts=(host(files),))
    assert not again.posts
    assert files.asked == []


def test_a_certain_repost_stops_the_download(
    watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any
) -> None:
    post(f"{files.address}/d/base1.csv")
    files.long("/d/base1.csv", ROW.format(7).encode(), SIZE)
    watcher.is_repost = lambda text: text.count("MARTINEAU") > 1000
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),))
    page = found.pages[-1]
    assert page.stopped
    assert page.declared == SIZE
    assert 256 * 1024 <= len(page.body) < 512 * 1024
    assert files.sent <= 0.05 * SIZE
    assert found.parts == 1


def test_a_file_that_is_wanted_whole_is_read_in_parts(
    watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any
) -> None:
    post(f"{files.address}/d/base1.csv")
    files.long("/d/base1.csv", ROW.format(7).encode(), SIZE)
    watcher.is_repost = lambda _text: True
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),), whole_hosts=(host(files),))
    parts = [page for page in found.pages if page.posts and "d/base1" in page.address]
    assert not any(page.stopped for page in parts)
    assert files.sent == SIZE
    assert found.parts == 0
    overlap = 64 * 1024 * (len(parts) - 1)
    assert sum(len(page.body) for page in parts) == SIZE + overlap
    # No part claims to be what the site sent.
    assert {connection(page)["kind"] for page in parts} == {"part"}
    assert [bool(page.seen) for page in parts] == [False] * (len(parts) - 1) + [True]


def test_the_capture_of_a_followed_file_holds_its_exchange(
    watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any, reply: Any
) -> None:
    """The bytes that came over the connection, packed as they were, with their header lines; of a
    download that we ended, its beginning, and the WARC says so."""
    plain = (ROW.format(7) * 30).encode()
    more = "Content-Encoding: gzip\r\nX-Kept: yes\r\n"
    files.answers["/d/base1.csv"] = reply(gzip.compress(plain), "text/csv", more=more)
    files.answers["/d/base2.csv"] = reply(plain, "text/csv")
    files.long("/d/base3.csv", ROW.format(7).encode(), SIZE)
    post(" ".join(f"{files.address}/d/base{n}.csv" for n in (1, 2, 3)))
    watcher.is_repost = lambda text: text.count("MARTINEAU") > 1000
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),))
    got = {page.address[-9:]: page for page in found.pages if page.posts}
    packed, unpacked, cut = (got[f"base{n}.csv"] for n in (1, 2, 3))
    assert gzip.decompress(packed.exchange.body) == packed.body == plain
    assert {("Content-Encoding", "gzip"), ("X-Kept", "yes")} <= set(packed.exchange.response)
    assert unpacked.exchange.body == unpacked.body == plain
    assert connection(packed)["content_encoding"] == "gzip"
    assert (cut.stopped, cut.exchange.body) == (True, cut.body)
    told = {connection(page)["kind"] for page in (packed, unpacked, cut)}
    assert told == {"exchange"}
    for page, is_cut in ((packed, False), (cut, True)):
        wacz = zipfile.ZipFile(io.BytesIO(bundle([page], [])["capture.wacz"]))
        warc = wacz.read("archive/data.warc.gz")
        assert check_warc(warc, "x") == 3
        assert (b"WARC-Truncated" in records(warc)) is is_cut


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_a_bomb_behind_a_link_is_too_large(
    coding: str, watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any, reply: Any
) -> None:
    """What one packet unpacks to is not taken whole: the child's memory would end the crawl."""
    zeros = b"0" * 400_000_000
    packers: dict[str, Callable[[], bytes]] = {
        "gzip": lambda: gzip.compress(zeros, 1),
        "br": lambda: brotli.compress(zeros, quality=1),
        "zstd": lambda: zstd.compress(zeros, 1),
    }
    body = packers[coding]()
    more = f"Content-Encoding: {coding}\r\n"
    files.answers["/d/bomb.csv"] = reply(body, "text/csv", more=more)
    files.answers["/d/good.csv"] = reply(ROW.format(7).encode(), "text/csv")
    post(f"{files.address}/d/bomb.csv {files.address}/d/good.csv")
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),), timeout=20.0)
    assert "MARTINEAU" in found.texts
    assert found.kinds == ["too-large"]
    assert found.left == {f"{files.address}/d/bomb.csv": "too-large"}
    assert found.peak < 400 * 1024 * 1024


def records(warc: bytes) -> bytes:
    """The records' plain text: gzip members stand one behind the other."""
    with gzip.GzipFile(fileobj=io.BytesIO(warc)) as plain:
        return plain.read()


def packed_rows() -> list[tuple[str, bytes]]:
    noise = random.Random(5)
    plain = "".join(
        f"{noise.randbytes(12).hex()} {ROW.format(n % 1000)}" for n in range(60_000)
    ).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("base.csv", plain)
    return [("gz", gzip.compress(plain, 1)), ("zip", archive.getvalue())]


@pytest.mark.parametrize(("form", "body"), packed_rows(), ids=["gz", "zip"])
def test_packed_files_are_matched_from_their_beginning(
    form: str, body: bytes, watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any,
    reply: Any,
) -> None:  # fmt: skip
    assert len(body) > 512 * 1024
    post(f"{files.address}/d/base1.{form}")
    files.answers[f"/d/base1.{form}"] = reply(body, "application/octet-stream")
    watcher.is_repost = lambda text: text.count("MARTINEAU") > 1000
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),))
    assert found.pages[-1].stopped
    assert len(found.pages[-1].body) < len(body)
    assert "MARTINEAU" in found.texts


def test_what_is_not_followed_is_listed_with_its_reason(
    watcher: Any, source: Any, hostile: Any, files: FileHost, canary: Any, post: Any, reply: Any
) -> None:
    place, hits = canary
    magnet = "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
    walls = {"/d/402": "pay-wall", "/d/403": "forbidden", "/d/big": "too-large"}
    post(
        f"http://{place}/base.zip hxxp://inconnu[.]example/f/AB12 {magnet} "
        f"{files.address}/d/delete " + " ".join(f"{files.address}{path}" for path in walls)
    )
    files.answers["/d/402"] = reply(b"pay", status="402 Payment Required")
    files.answers["/d/403"] = reply(b"no", status="403 Forbidden")
    files.long("/d/big", b"\x89PNG\r\n\x1a\n" + b"x" * 65000, 40_000_000, "image/png")
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),))
    expected = {f"{files.address}{path}": reason for path, reason in walls.items()}
    assert found.left == expected | {
        f"http://{place}/base.zip": "unknown-host",
        "http://inconnu.example/f/AB12": "unknown-host",
        magnet: "scheme-magnet",
        f"{files.address}/d/delete": "harmful-link",
    }
    assert hits == []
    assert "/d/delete" not in files.asked


def test_a_page_that_offers_the_file_is_no_end(
    watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any, reply: Any
) -> None:
    post(f"{files.address}/f/AB12")
    files.page(
        "/f/AB12",
        "<main><h1>base.csv</h1><p>un fichier de 60 Mo, cliquez pour le prendre</p>"
        "<a href='/get/AB12'>Télécharger</a> <a href='/f/AB12/delete'>Supprimer</a></main>",
    )
    files.page("/get/AB12", ROW.format(7) * 3, "text/plain")
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),))
    file = found.pages[-1]
    assert file.posts[0].location == f"{files.address}/get/AB12"
    assert file.path[-2:] == (f"{hostile.address}/n/ok1", f"{files.address}/f/AB12")
    assert "/f/AB12/delete" not in files.asked


def test_links_in_what_was_followed_are_not_followed(
    watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any
) -> None:
    post(f"{files.address}/n/one")
    files.page("/n/one", f"voyez {files.address}/n/two", "text/plain")
    files.page("/n/two", "deux", "text/plain")
    crawl(watcher, source, hostile, follow_hosts=(host(files),))
    assert "/n/one" in files.asked
    assert "/n/two" not in files.asked


def test_a_redirect_leaves_the_listed_hosts_nowhere(
    watcher: Any, source: Any, hostile: Any, files: FileHost, post: Any, reply: Any, canary: Any
) -> None:
    place, hits = canary
    post(f"{files.address}/d/one.csv")
    files.answers["/d/one.csv"] = reply(
        b"", status="302 Found", more=f"Location: http://{place}/x.csv\r\n"
    )
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),))
    assert found.kinds == ["off-site"]
    assert hits == []


def test_a_followed_host_is_dialled_only_at_an_allowed_address(
    watcher: Any, source: Any, hostile: Any, canary: Any, post: Any
) -> None:
    place, hits = canary
    post(f"http://{place}/base.csv")
    found = crawl(
        watcher, source, hostile, follow_hosts=(place,), allow_addresses=("127.0.0.1/32",)
    )
    assert found.kinds == ["refused-address"]
    assert hits == []


def test_a_link_that_waited_keeps_its_path(
    watcher: Any, source: Any, hostile: Any, files: FileHost
) -> None:
    hostile.page("/", "<main><article class=post>une page d'accueil sans liste</article></main>")
    files.page("/d/1.csv", ROW.format(7), "text/csv")
    address, way = (
        f"{files.address}/d/1.csv",
        [f"{hostile.address}/t/4", f"{hostile.address}/t/4#9"],
    )
    spec = source(hostile.address, engine="generic", render="never", follow_hosts=(host(files),))
    found = watcher.crawl(spec, [address], paths={address: way})
    (page,) = [page for page in found.pages if page.posts[0].location == address]
    assert page.path == tuple(way)


def test_a_file_host_that_drips_costs_nobody_else(
    watcher: Any, source: Any, hostile: Any, files: FileHost, reply: Any
) -> None:
    hostile.page(
        "/",
        "<main><ul><li><a href='/n/ok1'>une note</a></li>"
        "<li><a href='/n/ok2'>autre note</a></li></ul></main>",
    )
    hostile.page("/n/ok1", f"<main><article class=post>{files.address}/d/slow</article></main>")
    hostile.page("/n/ok2", "<main><article class=post>une note en entier ici</article></main>")
    closed = threading.Event()

    def drip(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\nx")
        closed.wait(20)

    files.answers["/d/slow"] = drip
    found = crawl(watcher, source, hostile, follow_hosts=(host(files),), timeout=1.0)
    closed.set()
    assert "une note en entier ici" in found.texts
    assert found.kinds == ["timeout"]
