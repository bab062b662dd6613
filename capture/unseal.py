"""Open a sealed original with a private key. The watch has none; evidence.unmask has one."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyrage

from capture.errors import CaptureError


def unseal(sealed: Path, key_file: Path) -> tuple[dict[str, Any], bytes]:
    """The facts and the body; the same as `age -d -i KEY FILE | tar x`.

    `key_file` is what age-keygen writes: comment lines and one AGE-SECRET-KEY-1… a line. Raises
    CaptureError when no key fits or the file is damaged.
    """
    try:
        found = members(sealed.read_bytes(), key_file, ("facts.json", "body"))
        return dict(json.loads(found["facts.json"])), found["body"]
    except OSError as error:
        raise CaptureError(f"{error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CaptureError(f"{sealed} holds no facts: it is damaged") from error


def members(sealed: bytes, key_file: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The members `names` of a sealed original, by name; raises CaptureError."""
    try:
        lines = [line.strip() for line in key_file.read_text("ascii").splitlines()]
        identities = [
            pyrage.x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"
        ]
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        raise CaptureError(f"{key_file} is no age key file; age-keygen makes one") from error
    except OSError as error:
        raise CaptureError(f"{error.filename} cannot be read: {error.strerror}") from error
    try:
        plain = pyrage.decrypt(sealed, identities)
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            return {name: _member(archive, name) for name in names}
    except (pyrage.DecryptError, tarfile.TarError, KeyError, ValueError) as error:
        raise CaptureError(
            "the sealed original does not open: it is damaged, or for another key"
        ) from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    stream = archive.extractfile(name)
    if stream is None:
        raise KeyError(name)
    return stream.read()
