"""Leak keys: 256 random bits in a file of mode 0600, and the sub-keys derived from them.

HKDF-SHA-256 (RFC 5869) gives every type of key in every fingerprint file its own 128-bit SipHash
key: equal strings of different types do not collide, a table of one type says nothing about
another, and two files made with one leak key share neither keyed hashes nor key streams.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from matching.errors import KeyFileError
from matching.kernel.kinds import SUB_KEYS

KEY_BYTES = 32
SALT = b"vigie fingerprint 1"


@dataclass(frozen=True, slots=True)
class LeakKey:
    """The secret of one leak. Its bytes never show in a repr."""

    secret: bytes = field(repr=False)

    def derive(self, purpose: str, length: int, salt: bytes = b"") -> bytes:
        """`length` bytes bound to `purpose`, and to one file by its salt."""
        return hkdf(self.secret, SALT + salt, purpose.encode(), length)

    @property
    def id(self) -> str:
        """16 hex digits that tell keys apart and say nothing about the key."""
        return self.derive("key id", 8).hex()

    def file_salt(self, origin: bytes) -> bytes:
        """The salt of the file made of `origin`: 32 bytes, the same for the same origin, that say
        nothing about it without the key."""
        return hashlib.blake2b(origin, key=self.derive("file salt", 32), digest_size=32).digest()

    def sub_keys(self, salt: bytes) -> np.ndarray:
        """uint64 array of shape (len(SUB_KEYS), 2): the SipHash key of every kind in one file."""
        raw = b"".join(self.derive(f"siphash {name}", 16, salt) for name in SUB_KEYS)
        return np.frombuffer(raw, dtype="<u8").reshape(len(SUB_KEYS), 2).copy()

    def seal(self, salt: bytes, *parts: bytes) -> bytes:
        """32 bytes that only a holder of the key can make: keyed BLAKE2b-256 of the parts."""
        mac = hashlib.blake2b(key=self.derive("seal", 32, salt), digest_size=32)
        for part in parts:
            mac.update(part)
        return mac.digest()


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869). Of the standard library's HMAC: the library that offers it
    whole takes 12 ms to load, in a matcher that needs nothing else of it."""
    extracted = hmac.digest(salt, secret, "sha256")
    found = block = b""
    for number in range(1, -(-length // len(extracted)) + 1):
        block = hmac.digest(extracted, block + info + bytes((number,)), "sha256")
        found += block
    return found[:length]


def new_key(path: Path) -> LeakKey:
    """Write a new key file, mode 0600; raises KeyFileError when `path` exists."""
    secret = secrets.token_bytes(KEY_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise KeyFileError(
            f"{path} exists already and a key is never overwritten: fingerprint files made with "
            "it would be lost. Choose another name."
        ) from None
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return LeakKey(secret)


def load_key(path: Path) -> LeakKey:
    """Read a key file; raises KeyFileError when it is missing, open to others, or no key."""
    try:
        # Not waited for: a pipe in the key's place has no writer.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeyFileError(
            f"There is no key file at {path}. `vigie key new {path}` makes one."
        ) from None
    except OSError as error:
        raise KeyFileError(_unreadable(path, error)) from None
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise KeyFileError(f"{path} is {what}; name the key file itself.")
        if mode & 0o077:
            raise KeyFileError(
                f"The key file {path} can be read by others (mode {stat.S_IMODE(mode):04o}). "
                f"Close it first: chmod 600 {path}"
            )
        untrusted_text = os.read(handle, 4096)
    except OSError as error:
        raise KeyFileError(_unreadable(path, error)) from None
    finally:
        os.close(handle)
    if not re.fullmatch(rb"[0-9a-fA-F]{64}\s*", untrusted_text):
        raise KeyFileError(
            f"{path} is no key file: it must hold 64 hexadecimal digits. "
            "Name the file that `vigie key new` wrote."
        )
    return LeakKey(bytes.fromhex(untrusted_text.decode("ascii")))


def _unreadable(path: Path, error: OSError) -> str:
    return (
        f"The key file {path} cannot be read: {error.strerror}. Mend its path, or give it to the "
        "user who runs Vigie."
    )
