"""Handing an approved request to the organisation's mail server (SMTP, RFC 5321)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidence.errors import EvidenceError
from evidence.requests.register import Refused
from index.schema import Request


@dataclass(frozen=True, slots=True)
class MailServer:
    """`tls`: "starttls", "tls" (from the first byte) or "none" (this machine only)."""

    host: str
    port: int
    tls: str = "starttls"
    username: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    sender: str = ""
    seconds: float = 30.0

    def hand(self, row: Request, mail: bytes) -> str:
        """As `post`, to the request's addressee."""
        return self.post(row.contact, mail)

    def post(self, contact: str, mail: bytes) -> str:
        """Hand it over and return the server's last words. Raises Refused when it took nothing for
        certain, EvidenceError when the connection broke after the text had gone."""
        try:
            with self._connected() as smtp:
                self._envelope(smtp, contact)
                return _data(smtp, mail, self._name)
        except (smtplib.SMTPException, OSError) as error:
            raise Refused(f"{self._name} did not take the mail: {_why(error)}") from error

    @property
    def _name(self) -> str:
        return f"the mail server {self.host}:{self.port}"

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.tls == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.seconds, context=context
            )
        else:
            smtp = smtplib.SMTP(self.host, self.port, timeout=self.seconds)
        try:
            if self.tls == "starttls":
                smtp.starttls(context=context)  # raises where the server has none: never in clear
            if self.username:
                smtp.login(self.username, self._password())
            yield smtp
        finally:
            smtp.close()

    def _password(self) -> str:
        if self.password_file is None:
            raise Refused("[smtp] username needs password_file")
        try:
            return self.password_file.read_text("utf-8").strip()
        except OSError as error:
            raise Refused(f"[smtp] password_file cannot be read: {error.strerror}") from error

    def _envelope(self, smtp: smtplib.SMTP, contact: str) -> None:
        smtp.ehlo_or_helo_if_needed()
        for code, said in (smtp.mail(self.sender), smtp.rcpt(contact)):
            if code not in (250, 251):
                raise Refused(f"{self._name} refused: {code} {_text(said)}")


def _data(smtp: smtplib.SMTP, mail: bytes, name: str) -> str:
    """DATA. Before its first byte and with an answer that refuses, nothing has left."""
    try:
        code, said = smtp.data(mail)
    except smtplib.SMTPDataError as error:
        raise Refused(f"{name} refused: {error.smtp_code} {_text(error.smtp_error)}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise EvidenceError(
            f"the connection to {name} broke while the mail was being handed over: it may or may "
            "not have left. Look in that server's log before anything else"
        ) from error
    if code != 250:
        raise Refused(f"{name} refused: {code} {_text(said)}")
    return f"{code} {_text(said)}"


def _text(untrusted_said: bytes | str) -> str:
    said = untrusted_said.decode("utf-8", "replace") if isinstance(untrusted_said, bytes) else (
        untrusted_said
    )  # fmt: skip
    return "".join(char if char.isprintable() else " " for char in said)[:300]


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "it refused the user name or the password"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it offers no STARTTLS; nothing is sent in clear"
    if isinstance(error, ssl.SSLError):
        return "its certificate is not trusted or TLS failed; name its authority in [smtp] ca_file"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
