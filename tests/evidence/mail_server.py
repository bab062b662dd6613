"""A real SMTP server on loopback that keeps what it is handed, with faults on demand."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.evidence.certificates import issue


@dataclass
class MailBox:
    """`fault`: "", "refuse" (550 to the recipient), "full" (552 after the text) or "cut" (the
    connection breaks after the text has gone, before the server's word)."""

    fault: str = ""
    mails: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0
    ca_file: Path | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Say yes or no to the recipient."""
        if self.fault == "refuse":
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep it."""
        if self.fault == "full":
            return "552 5.2.2 mailbox full"
        content: Any = envelope.content
        self.mails.append(bytes(content))
        self.recipients.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        if self.fault == "cut":
            transport: Any = server.transport
            transport.abort()
        return "250 2.0.0 queued as 4711"


def free_port() -> int:
    """One that nobody listens on; the server asks for its number before it starts."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def mail_server(folder: Path) -> Iterator[MailBox]:
    """STARTTLS with a certificate of its own authority."""
    folder.mkdir(parents=True, exist_ok=True)
    root = issue(folder, "mail-root", is_ca=True)
    own = issue(folder, "mail", by=root, host="127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate_file, own.key_file)
    box = MailBox(ca_file=root.certificate_file)
    controller = Controller(
        box, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True
    )
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
