"""Outside parties on loopback: a DNS server, an RDAP server with its bootstrap files, a clock."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

NTP_EPOCH = 2_208_988_800


@contextmanager
def udp_server(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """A UDP server on loopback; its port. An empty answer is none."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(0.2)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                query, place = sock.recvfrom(4096)
            except TimeoutError:
                continue
            if told := answer(query):
                sock.sendto(told, place)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield sock.getsockname()[1]
    finally:
        over.set()
        thread.join(5)
        sock.close()


def dns_answers(addresses: dict[str, str], rcode: str = "NOERROR") -> Callable[[bytes], bytes]:
    """A zone of A records; `rcode` "SILENT" answers nothing, others as a block would."""

    def answer(wire: bytes) -> bytes:
        if rcode == "SILENT":
            return b""
        query = dns.message.from_wire(wire)
        response = dns.message.make_response(query)
        response.set_rcode(dns.rcode.from_text(rcode))
        question = query.question[0]
        name = str(question.name).rstrip(".")
        if question.rdtype == dns.rdatatype.A and name in addresses and rcode == "NOERROR":
            response.answer.append(
                dns.rrset.from_text(question.name, 300, "IN", "A", addresses[name])
            )
        return response.to_wire()

    return answer


def clock_answers(ahead: float) -> Callable[[bytes], bytes]:
    """An SNTP server whose clock is `ahead` seconds ahead."""

    def answer(query: bytes) -> bytes:
        told = time.time() + ahead + NTP_EPOCH
        stamp = struct.pack(">II", int(told), int((told % 1) * 2**32))
        return bytes([0x24, 2, 0, 0]) + bytes(20) + query[40:48] + stamp + stamp

    return answer


@contextmanager
def web_server(answers: dict[str, tuple[int, Any, str]]) -> Iterator[str]:
    """A web server: path to (status, JSON or bytes, location). Its address, with a final /."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, location = answers.get(self.path, (404, {"errorCode": 404}, ""))
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/"
    finally:
        http.shutdown()
        http.server_close()
        thread.join(5)


def abuse(email: str) -> dict[str, Any]:
    """An RDAP object with an abuse contact."""
    card = ["vcard", [["version", {}, "text", "4.0"], ["email", {}, "text", email]]]
    return {
        "objectClassName": "domain",
        "entities": [
            {"roles": ["registrar"], "entities": [{"roles": ["abuse"], "vcardArray": card}]}
        ],
    }
