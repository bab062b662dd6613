"""A real time-stamp authority on loopback: an HTTP server around `openssl ts -reply`.

`fault` makes it fail as authorities do: "slow", "status", "garbage", "refuses", "nonce" (the reply
to another question), "use" (a certificate that is not for time stamps), "imprint".
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import tsp
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

from egress.policy import Policy
from evidence.timestamp.authority import Authority
from tests.evidence.certificates import OTHER_USE, TIME_STAMPS, Issued, issue

CONFIGURATION = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class TimeStampServer:
    """One authority; `fault` may change while it runs."""

    folder: Path
    root: Issued
    signer: Issued
    wrong: Issued
    fault: str = ""
    port: int = 0
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def authority(self, name: str = "essai", seconds: float = 15.0) -> Authority:
        """As the configuration names it."""
        return Authority(
            name=name,
            url=f"http://127.0.0.1:{self.port}/tsr",
            roots=self.root.certificate_file,
            policy=Policy(["127.0.0.0/8"]),
            seconds=seconds,
        )

    def reply(self, query: bytes) -> bytes:
        """What is sent back."""
        self.asked += 1
        if self.fault == "garbage":
            return b"\x30\x03\x02\x01\x00no reply at all"
        if self.fault == "refuses":
            return self.openssl(b"no query")
        if self.fault == "use":
            return self._wrong_use(query)
        if self.fault in ("nonce", "imprint"):
            other = tsp.TimeStampReq.load(query).copy()
            if self.fault == "nonce":
                other["nonce"] = int(other["nonce"].native) + 1
            else:
                other["message_imprint"]["hashed_message"] = bytes(32)
            return self.openssl(other.dump(force=True))
        return self.openssl(query)

    def openssl(self, query: bytes) -> bytes:
        with self.lock:
            (self.folder / "query.tsq").write_bytes(query)
            subprocess.run(
                ["openssl", "ts", "-reply", "-queryfile", self.folder / "query.tsq",
                 "-signer", self.signer.certificate_file, "-inkey", self.signer.key_file,
                 "-config", self.folder / "tsa.cnf", "-out", self.folder / "reply.tsr"],
                check=True, capture_output=True,
            )  # fmt: skip
            return (self.folder / "reply.tsr").read_bytes()

    def _wrong_use(self, query: bytes) -> bytes:
        """openssl refuses to sign with such a certificate; a careless authority would not."""
        stamper = DummyTimeStamper(
            load_cert_from_pemder(str(self.wrong.certificate_file)),
            load_private_key_from_pemder(str(self.wrong.key_file), None),
        )
        request = tsp.TimeStampReq.load(query)
        return bytes(stamper.request_tsa_response(request).dump())


@contextmanager
def time_stamp_server(folder: Path, days: int = 3650) -> Iterator[TimeStampServer]:
    """Start one; it ends with the block."""
    folder.mkdir(parents=True)
    root = issue(folder, "root", is_ca=True)
    server = TimeStampServer(
        folder,
        root,
        issue(folder, "signer", by=root, usage=TIME_STAMPS, days=days),
        issue(folder, "wrong", by=root, usage=OTHER_USE),
    )
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01\n")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            if server.fault == "slow":
                time.sleep(3)
                return
            body = server.reply(query)
            self.send_response(503 if server.fault == "status" else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join(10)
