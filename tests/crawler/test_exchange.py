"""The answer that matched is the capture: its bytes, header lines, peer and certificate, from the
same connection, and none of what would let somebody into the account."""

from __future__ import annotations

import gzip
import io
import json
import ssl
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from capture.exchange import Exchange
from crawler.forkserver import ForkServer
from crawler.messages import BadMessage, PageReport
from crawler.proof import bundle, connection
from crawler.source import SourceSpec
from evidence.verify.verifier_inside import check_warc
from tests.crawler.conftest import Watcher
from tests.evidence.certificates import Issued, issue

PAGE = b"<html><title>p</title><body><pre>" + b"1850578006084;QUENOUILLE\n" * 30 + b"</pre></body>"


@pytest.fixture
def paste(tmp_path: Path) -> Iterator[tuple[str, Issued]]:
    """One page over TLS, gzip and with a cookie."""
    server_certificate = issue(
        tmp_path, "site", by=issue(tmp_path, "web-root", is_ca=True), host="127.0.0.1"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = gzip.compress(PAGE)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", "session=quenouille-secret")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_certificate.certificate_file, server_certificate.key_file)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{http.server_port}/p/abc123", server_certificate
    http.shutdown()
    http.server_close()
    thread.join(10)


def test_the_exchange_is_of_the_connection_that_matched(
    paste: tuple[str, Issued],
    source: Callable[..., SourceSpec],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, certificate = paste
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "web-root.pem"))
    with ForkServer() as forks:
        found = Watcher(forks, tmp_path).crawl(source(address, robots="override: test"))
    page = next(page for page in found.pages if page.posts)
    exchange = page.exchange
    assert exchange.whole
    assert gzip.decompress(exchange.body) == page.body == PAGE
    assert exchange.certificate == certificate.certificate.public_bytes(Encoding.DER)
    assert ("Set-Cookie", "(withheld)") in exchange.response
    told = connection(page)
    assert (told["tls"], told["certificate"]["connection"]) == (True, "same")
    assert (told["protocol"], told["content_encoding"]) == ("HTTP/1.0", "gzip")
    more = bundle([page], [])
    warc = zipfile.ZipFile(io.BytesIO(more["capture.wacz"])).read("archive/data.warc.gz")
    assert check_warc(warc, "x") == 3
    plain = b"".join(gzip.decompress(warc).split(b"quenouille-secret"))
    assert b"quenouille-secret" not in plain
    assert b"WARC-IP-Address: 127.0.0.1" in plain
    assert exchange.body in plain


def sent(page: PageReport) -> tuple[dict[str, Any], bytes]:
    """As it arrives: JSON has lists, no tuples."""
    header, body = page.to_frame()
    return json.loads(json.dumps(header)), body


def report(exchange: Exchange) -> PageReport:
    return PageReport("http://x.example/", 200, "", body=b"page", exchange=exchange)


@pytest.mark.parametrize(
    "exchange",
    [
        Exchange(),
        Exchange(whole=True, body=b"page", response=(("A", "b"),)),
        Exchange(whole=True, body=b"packed", certificate=b"der", protocol="HTTP/1.1"),
    ],
)
def test_a_frame_carries_it_whole(exchange: Exchange) -> None:
    header, body = sent(report(exchange))
    assert PageReport.from_frame(header, body) == report(exchange)


@pytest.mark.parametrize(
    "lie",
    [
        {"body": 99},
        {"body": -1},
        {"exchange": None},
        {"exchange": {"certificate": "zz"}},
        {"exchange": {"response": [["A", "b\r\nInjected: c"]]}},
        {"exchange": {"response": [["A", "b"]] * 300}},
    ],
)
def test_a_lying_child_is_refused(lie: dict[str, object]) -> None:
    header, body = sent(report(Exchange()))
    with pytest.raises(BadMessage):
        PageReport.from_frame({**header, **lie}, body)


def test_a_child_cannot_hand_a_cookie_over() -> None:
    header, body = sent(report(Exchange(whole=True)))
    header["exchange"]["request"] = [["cookie", "session=1"]]
    assert PageReport.from_frame(header, body).exchange.request == (("cookie", "(withheld)"),)
