"""A time-stamp authority (RFC 3161): HTTP around `openssl ts -reply`, its certificates in here.

Standard library only. The folder holds signer.pem, signer.key and tsa.cnf (vigie.demo.trust).
"""

from __future__ import annotations

import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import handover  # type: ignore[import-not-found]

MAX_QUERY = 16 * 1024
SECONDS = 10
ONE_AT_A_TIME = threading.Lock()  # openssl counts its replies in a file


def reply(query: bytes) -> bytes:
    """The authority's answer to a query, DER."""
    with tempfile.TemporaryDirectory(dir=handover.FOLDER) as folder, ONE_AT_A_TIME:
        asked, told = Path(folder) / "query.tsq", Path(folder) / "reply.tsr"
        asked.write_bytes(query)
        subprocess.run(
            ["openssl", "ts", "-reply", "-queryfile", asked, "-out", told, "-config", "tsa.cnf",
             "-signer", "signer.pem", "-inkey", "signer.key"],
            cwd=handover.FOLDER, check=True, capture_output=True, timeout=SECONDS,
        )  # fmt: skip
        return told.read_bytes()


class Handler(BaseHTTPRequestHandler):
    """POST a query, get a reply."""

    def do_POST(self) -> None:
        """Any path."""
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MAX_QUERY:
            self.send_error(413)
            return
        try:
            body = reply(self.rfile.read(length))
        except (OSError, subprocess.SubprocessError):
            self.send_error(500)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve on the socket that the demo bound."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = handover.listener()
    handover.ready()
    server.serve_forever()


if __name__ == "__main__":
    main()
