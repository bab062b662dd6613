"""The record key: keyed fingerprints of addresses, and addresses sealed until they are fetched.

The key is 256 random bits as 64 hex digits and a newline, mode 0600, outside the storage
folder. HKDF-SHA-256 gives one sub-key per use (RFC 5869).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from index.errors import KeyProblem

KEY_BYTES = 32
NONCE_BYTES = 12
FINGERPRINT_BYTES = 16


class Vault:
    """Fingerprints and seals with the record key. Safe to share between threads."""

    def __init__(self, key: bytes) -> None:
        self._fingerprint_key = _derive(key, b"vigie record fingerprint")
        self._cipher = ChaCha20Poly1305(_derive(key, b"vigie record address"))

    @classmethod
    def open(cls, key_file: Path) -> Vault:
        """The vault of `key_file`, which is made when it is missing; raises KeyProblem."""
        try:
            _make(key_file)
            return cls(_read(key_file))
        except OSError as error:
            raise KeyProblem(
                f"The record key {key_file} cannot be read or made: {error.strerror}. "
                "Mend its folder's rights, or name another one as storage.key_file."
            ) from None

    def fingerprint(self, text: str, purpose: str) -> bytes:
        """16 bytes that only the key's holder can reproduce; another `purpose` gives others."""
        return hashlib.blake2b(
            text.encode("utf-8", "surrogatepass"),
            digest_size=FINGERPRINT_BYTES,
            key=self._fingerprint_key,
            person=hashlib.blake2b(purpose.encode(), digest_size=16).digest(),
        ).digest()

    def seal(self, text: str, purpose: str = "address") -> bytes:
        """`text` encrypted (ChaCha20-Poly1305); twice the same text gives two results."""
        nonce = os.urandom(NONCE_BYTES)
        plain = text.encode("utf-8", "surrogatepass")
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str = "address") -> str:
        """The inverse of `seal`; raises KeyProblem when the key is another one."""
        try:
            plain = self._cipher.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode()
            )
        except (InvalidTag, ValueError):
            raise KeyProblem(
                "An address in the record was sealed under another record key; put the key back "
                "that was in use when it was written (storage.key_file)."
            ) from None
        return plain.decode("utf-8", "surrogatepass")


def _derive(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(key)


def _make(key_file: Path) -> None:
    """Make the key unless it is there. Two processes at once end with one key: link() is atomic."""
    if key_file.exists():
        return
    key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = key_file.with_name(f".{key_file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, key_file)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _read(key_file: Path) -> bytes:
    with key_file.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise KeyProblem(
                f"The record key {key_file} can be read by others; run `chmod 600 {key_file}` and "
                "consider whether someone has."
            )
        untrusted_text = file.read(2 * KEY_BYTES + 2)
    try:
        key = bytes.fromhex(untrusted_text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyProblem(
            f"The record key {key_file} is no key (64 hex digits and a newline); put the right "
            "file back. Without it, known pages are read again and pending addresses are lost."
        )
    return key
