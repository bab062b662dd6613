"""DNS servers on loopback that answer as French providers' resolvers do when they block."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

ADDRESSES = {"A": "192.0.2.7", "AAAA": "2001:db8::7"}
# What each way of blocking says to A and AAAA; None: an empty answer.
WAYS: dict[str, dict[str, str | None]] = {
    "open": {"A": ADDRESSES["A"], "AAAA": ADDRESSES["AAAA"]},
    "loopback": {"A": "127.0.0.1", "AAAA": None},
    "empty": {"A": None, "AAAA": None},
    "page": {"A": "198.51.100.9", "AAAA": None},
    "half": {"A": "127.0.0.1", "AAAA": ADDRESSES["AAAA"]},
}
CODES = {"nxdomain": dns.rcode.NXDOMAIN, "servfail": dns.rcode.SERVFAIL,
         "refused": dns.rcode.REFUSED}  # fmt: skip


class _Answering(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """One question, one answer."""
        data, sock = self.request
        server: Any = self.server
        if server.way == "silent":
            return
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        question = query.question[0]
        if server.way in CODES:
            answer.set_rcode(CODES[server.way])
        else:
            kind = dns.rdatatype.to_text(question.rdtype)
            address = WAYS[server.way].get(kind)
            if address is not None:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, address))
        sock.sendto(answer.to_wire(), self.client_address)


@contextmanager
def resolver(way: str) -> Iterator[int]:
    """A server that answers so; its port."""
    with socketserver.UDPServer(("127.0.0.1", 0), _Answering) as server:
        server.way = way  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join(5)
