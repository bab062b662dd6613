"""Originals of what matched, sealed to public keys before they touch the disk.

A sealed file is an age file (https://age-encryption.org/v1) that holds a tar with `facts.json`
and `body`. Only the holder of a private key, which is not on this machine's storage, can open it:
`age -d -i KEY FILE | tar x`. The tar is made in memory; no plain byte is ever written.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyrage

from capture.errors import CaptureError

NAME = re.compile(r"[0-9]{4}-[0-9]{2}/[0-9a-f]{64}\.age")


class Sealer:
    """Writes sealed files below `folder` for every one of `recipients`.

    Recipients are age public keys ("age1…") or ssh-ed25519 and ssh-rsa public keys. Raises
    CaptureError, naming the configuration key, when one is none.
    """

    def __init__(self, folder: Path, recipients: Sequence[str], key: str = "") -> None:
        """`key` is the configuration's where that is not the list `recipients`."""
        self._folder = folder
        self._recipients = [
            _recipient(text, key or f"recipients, entry {at},")
            for at, text in enumerate(recipients, start=1)
        ]

    def seal(
        self, body: bytes, facts: Mapping[str, object], more: Mapping[str, bytes] | None = None
    ) -> str:
        """Seal and store; the file's path relative to the folder, "" without recipients.

        `more` are further members of the tar by name. When this returns, the file is on the disk
        under its final name, which is the SHA-256 of its bytes: it pins the sealed file and says
        nothing of what is in it. Raises CaptureError when it cannot be written.
        """
        if not self._recipients:
            return ""
        sealed = pyrage.encrypt(_tar(body, facts, more or {}), self._recipients)
        name = f"{datetime.now(UTC):%Y-%m}/{hashlib.sha256(sealed).hexdigest()}.age"
        self._store(name, sealed)
        return name

    def _store(self, name: str, sealed: bytes) -> None:
        try:
            _write(self._folder / name, sealed)
        except OSError as error:
            raise CaptureError(
                f"the sealed original cannot be written below {self._folder}: {error.strerror}. "
                "Make room there, or set [storage] path to a folder this user may write to"
            ) from error

    def seal_as(
        self, name: str, body: bytes, facts: Mapping[str, object], more: Mapping[str, bytes]
    ) -> None:
        """The same under a name that another file gave; nothing without recipients."""
        if self._recipients:
            self._store(name, pyrage.encrypt(_tar(body, facts, more), self._recipients))

    def discard(self, name: str) -> None:
        """Remove a sealed file that nothing refers to; one that is gone already is no error."""
        if not NAME.fullmatch(name):
            raise CaptureError("only a name that `seal` returned can be discarded")
        (self._folder / name).unlink(missing_ok=True)


def _recipient(text: str, key: str) -> object:
    text = text.strip()
    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise CaptureError(
            f"[sealing] {key} is a private key. Put its public half "
            "there (age1…), and keep the private one off this machine"
        )
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except (pyrage.RecipientError, ValueError) as error:
        raise CaptureError(
            f"[sealing] {key} is no age or ssh public key. "
            "Make one with age-keygen and put the line that starts with age1 there"
        ) from error


def _tar(body: bytes, facts: Mapping[str, object], more: Mapping[str, bytes]) -> bytes:
    told = json.dumps(dict(facts), indent=2, sort_keys=True, ensure_ascii=True).encode("ascii")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in (("facts.json", told), ("body", body), *more.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o600
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def _write(path: Path, sealed: bytes) -> None:
    """The whole file under its final name and on the disk, or nothing under that name."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(part, flags, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
