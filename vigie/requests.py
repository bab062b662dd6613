"""The parts of requests, built from the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capture.originals import SealedOriginals
    from evidence.requests.facts import Sender
    from evidence.requests.sending import MailServer
    from vigie.config import Config


def sender(config: Config) -> Sender:
    """Who asks; parts that are not configured are "" and shown as missing."""
    from evidence.requests.contacts import is_mail
    from evidence.requests.facts import Sender

    told = (config.smtp.sender if config.smtp else "") or config.evidence.contact
    return Sender(config.evidence.organisation.strip(), told if is_mail(told) else "")


def mail_server(config: Config) -> MailServer:
    """Where approved requests leave; raises ConfigError without [smtp] and a sender."""
    from evidence.requests.sending import MailServer
    from vigie.config import ConfigError

    smtp, told = config.smtp, sender(config)
    if smtp is None:
        raise ConfigError(
            "There is no [smtp] in the configuration; name the mail server, or mark the request "
            "as sent with --by-hand."
        )
    if not told.email:
        raise ConfigError("[smtp] sender is no mail address; write for example cert@example.org.")
    return MailServer(
        host=smtp.host, port=smtp.port, tls=smtp.tls, username=smtp.username,
        password_file=smtp.password_file, ca_file=smtp.ca_file, sender=told.email,
        seconds=smtp.timeout,
    )  # fmt: skip


def answers(config: Config) -> SealedOriginals:
    """Where bodies of answers lie sealed. There is no working copy: nobody unmasks an answer."""
    from capture.originals import SealedOriginals
    from vigie.evidence import originals

    return SealedOriginals(originals(config), config.sealing.recipients)
