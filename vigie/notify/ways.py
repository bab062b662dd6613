"""The ways an announcement goes: mail through [smtp], signed webhooks, services of apprise.

Each way is one address of `[notify] urls`. What it raises holds no part of an address but its
scheme and host: addresses hold tokens.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from vigie.config import Config, ConfigError
from vigie.notify import words

if TYPE_CHECKING:
    from egress.policy import Policy
    from evidence.requests.sending import MailServer

SECONDS = 20.0
PREFIX = "whsec_"


class NotTaken(Exception):
    """The other side did not take the message, or did not say so; it is sent again."""


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is the same whenever the same message is sent again."""

    id: str
    subject: str
    body: str
    told: Sequence[dict[str, Any]]


class Way(Protocol):
    """One address. `key` names it in the record, `shown` to people; neither holds a secret."""

    @property
    def key(self) -> str:
        """A hash of the address."""
        ...

    @property
    def shown(self) -> str:
        """Scheme and host."""
        ...

    def hand(self, message: Message) -> None:
        """Hand it over; raises NotTaken."""
        ...


def ways(config: Config) -> list[Way]:
    """Those of the configuration; raises ConfigError for an address that cannot be used."""
    return [_way(config, address) for address in config.notify.urls]


def message(config: Config, batch_id: str, told: Sequence[dict[str, Any]]) -> Message:
    """The message that tells this."""
    language = config.review.language or "fr"
    review = config.review.address.rstrip("/")
    text = words.body(told, language, review)
    return Message(batch_id, words.subject(told, language), text, told)


def _way(config: Config, address: str) -> Way:
    parts = urlsplit(address)
    shown = f"{parts.scheme}:{parts.hostname or ''}"
    key = hashlib.sha256(address.encode()).hexdigest()[:16]
    if parts.scheme == "mailto" and not parts.netloc:
        return _mail(config, key, unquote(parts.path))
    if parts.scheme in ("http", "https"):
        return _webhook(config, key, address)
    import apprise

    services = apprise.Apprise()
    if not services.add(address):
        raise ConfigError(
            f"[notify] urls: {shown}… is neither mailto:, https: nor an address that apprise knows."
        )
    return Service(key, shown, services.notify)


def _mail(config: Config, key: str, contact: str) -> Mail:
    from evidence.requests.contacts import is_mail
    from vigie.requests import mail_server

    if not is_mail(contact):
        raise ConfigError("[notify] urls: write mailto: and one mail address, without a name.")
    return Mail(key, f"mailto:{contact.rpartition('@')[2]}", contact, mail_server(config))


def _webhook(config: Config, key: str, address: str) -> Webhook:
    from egress.policy import Policy

    notify, parts = config.notify, urlsplit(address)
    if notify.secret_file is None:
        raise ConfigError("[notify] urls: a webhook is signed; name its secret in secret_file.")
    if parts.scheme == "http" and not notify.allow_addresses:
        raise ConfigError("[notify] urls: a webhook's address begins with https:.")
    try:
        written = notify.secret_file.read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"[notify] secret_file cannot be read: {error.strerror}.") from None
    policy = Policy(notify.allow_addresses, [parts.port] if parts.port else [])
    return Webhook(key, f"{parts.scheme}:{parts.hostname}", address, _secret(written), policy)


def _secret(written: str) -> bytes:
    if not written.startswith(PREFIX):
        secret = written.encode()
    else:
        try:
            secret = base64.b64decode(written.removeprefix(PREFIX), validate=True)
        except ValueError:
            raise ConfigError("[notify] secret_file: after whsec_ stands no base 64.") from None
    if len(secret) < 24:
        raise ConfigError("[notify] secret_file: a secret of 24 bytes at least is needed.")
    return secret


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail address, through the organisation's own server."""

    key: str
    shown: str
    contact: str
    server: MailServer

    def hand(self, message: Message) -> None:
        """Hand it over; raises NotTaken."""
        from evidence.errors import EvidenceError

        mail = EmailMessage()
        mail["From"] = Address("Vigie", addr_spec=self.server.sender)
        mail["To"] = Address(addr_spec=self.contact)
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Auto-Submitted"] = "auto-generated"
        domain = self.server.sender.rpartition("@")[2]
        mail["Message-ID"] = f"<{message.id}.{self.key}@{domain}>"
        mail.set_content(message.body, cte="quoted-printable")
        try:
            self.server.post(self.contact, bytes(mail))
        except EvidenceError as error:
            raise NotTaken(str(error)) from error


@dataclass(frozen=True, slots=True)
class Webhook:
    """A POST of JSON, signed as Standard Webhooks 1.0 asks (HMAC-SHA-256), through the guard."""

    key: str
    shown: str
    address: str
    secret: bytes
    policy: Policy

    def hand(self, message: Message) -> None:
        """Hand it over; raises NotTaken."""
        from egress.errors import EgressError
        from egress.fetch import fetch

        body = json.dumps({"type": "vigie.notice", "notices": list(message.told)}).encode()
        at = str(int(time.time()))
        signed = hmac.new(self.secret, f"{message.id}.{at}.".encode() + body, hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(signed.digest()).decode(),
        }
        try:
            answer = fetch(
                self.address, policy=self.policy, method="POST", body=body, headers=headers,
                seconds=SECONDS, max_bytes=64 * 1024,
            )  # fmt: skip
        except EgressError as error:
            raise NotTaken(str(error)) from error
        if not 200 <= answer.status < 300:
            raise NotTaken(f"it answered {answer.status}")


@dataclass(frozen=True, slots=True)
class Service:
    """A service that apprise speaks to; it says yes or no and not why."""

    key: str
    shown: str
    notify: Callable[..., object]

    def hand(self, message: Message) -> None:
        """Hand it over; raises NotTaken."""
        try:
            taken = self.notify(title=message.subject, body=message.body)
        except Exception as error:
            raise NotTaken(type(error).__name__) from None
        if not taken:
            raise NotTaken("the service did not take it")
