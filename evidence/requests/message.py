"""One request as a mail: text and XARF reports. Everything but the Date is fixed when drafted, so
what a person approves is, byte for byte, what leaves."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from evidence.errors import EvidenceError
from evidence.requests.facts import Sender
from evidence.requests.texts import Text

RULES = policy.SMTP.clone(cte_type="7bit")


def compose(text: Text, sender: Sender, contact: str, reports: Sequence[bytes]) -> bytes:
    """The mail without a Date; a contact or sender that is not known leaves its header out."""
    mail = EmailMessage(policy=RULES)
    try:
        if sender.email:
            mail["From"] = Address(sender.name, addr_spec=sender.email)
        if contact:
            mail["To"] = Address(addr_spec=contact)
        mail["Subject"] = text.subject
    except (ValueError, IndexError) as error:
        raise EvidenceError(
            "a sender, contact or host name cannot stand in a mail's header: write it without "
            "line breaks and brackets"
        ) from error
    # Not the machine's name, which make_msgid would take: it says where Vigie runs.
    domain = sender.email.rpartition("@")[2] or "invalid"
    mail["Message-ID"] = f"<{uuid.uuid4()}@{domain}>"
    mail.set_content(text.body, cte="quoted-printable")
    for number, report in enumerate(reports, 1):
        name = "xarf.json" if len(reports) == 1 else f"xarf-{number}.json"
        mail.add_attachment(report, maintype="application", subtype="json", filename=name)
    return bytes(mail)


def digest(message: bytes) -> str:
    """SHA-256, hexadecimal: what is approved and logged."""
    return hashlib.sha256(message).hexdigest()


def dated(message: bytes, at: datetime) -> bytes:
    """The approved bytes under a Date: what is handed to the mail server."""
    return f"Date: {format_datetime(at)}\r\n".encode() + message


def body_of(message: bytes) -> str:
    """The text in it."""
    part = _parsed(message).get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def reports_of(message: bytes) -> list[bytes]:
    """The XARF reports in it."""
    return [bytes(part.get_content()) for part in _parsed(message).iter_attachments()]


def _parsed(message: bytes) -> EmailMessage:
    return message_from_bytes(message, policy=policy.SMTP)
