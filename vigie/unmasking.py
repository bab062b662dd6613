"""The parts of unmasking, built from the configuration."""

from __future__ import annotations

import os
import pwd
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from evidence.unmask.client import Unmasker
    from evidence.unmask.protocol import Shown, Wanted
    from vigie.config import Config

SOCKET = "unmask.sock"


def place(config: Config) -> Path:
    """Where the unmasking process is asked."""
    return config.sealing.unmask_socket or config.storage.path / SOCKET


def unmasker(config: Config) -> Unmasker:
    """What the review application asks. It knows the socket, and no key."""
    from evidence.unmask.client import Unmasker

    return Unmasker(place(config))


def run(config: Config) -> None:
    """Answer until SIGTERM or SIGINT; raises ConfigError or EvidenceError."""
    # What a request's child needs is loaded before any fork, so that it starts at once.
    import evidence.unmask.opener  # noqa: F401
    from evidence.unmask import service
    from vigie.config import ConfigError

    sealing = config.sealing
    if sealing.work_key_file is None:
        raise ConfigError(
            "There is no [sealing] work_key_file: nothing can be unmasked here. Make a key with "
            "age-keygen, put its public half into work_recipient and the file's name there."
        )
    if not sealing.work_days:
        raise ConfigError("[sealing] work_days is 0: unmasking is switched off.")
    service.harden()
    service.check_key(sealing.work_key_file, sealing.work_recipient)
    allowed = {os.getuid()}
    if sealing.review_user:
        try:
            allowed.add(pwd.getpwnam(sealing.review_user).pw_uid)
        except KeyError:
            raise ConfigError(
                f"[sealing] review_user {sealing.review_user} is no account of this machine."
            ) from None
    over: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _frame: over.append(signum))
    with service.listening(place(config), others=bool(sealing.review_user)) as listener:
        service.serve(
            listener, lambda wanted: _open(config, wanted), frozenset(allowed), lambda: bool(over)
        )


def _open(config: Config, wanted: Wanted) -> Shown:
    """In the child of one request: the record is opened there and closed with it."""
    from evidence.unmask.opener import Opener
    from index.engine import open_record
    from index.leases import utc_now
    from vigie.evidence import originals

    key_file = config.sealing.work_key_file
    if key_file is None:
        raise RuntimeError("checked before")
    engine = open_record(config.database_url)
    try:
        opener = Opener(engine, originals(config), key_file, config.sealing.work_days, utc_now)
        return opener.open(wanted)
    finally:
        engine.dispose()
