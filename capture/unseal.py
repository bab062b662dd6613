"""Open a sealed original with a private key. Not used by the watch: it has no private key."""

from __future__ import annotations

import io
import json
import tarfile
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
        lines = [line.strip() for line in key_file.read_text("ascii").splitlines()]
        identities = [
            pyrage.x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"
        ]
        plain = pyrage.decrypt(sealed.read_bytes(), identities)
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            return dict(json.loads(_member(archive, "facts.json"))), _member(archive, "body")
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        raise CaptureError(f"{key_file} is no age key file; age-keygen makes one") from error
    except (pyrage.DecryptError, tarfile.TarError, KeyError, ValueError) as error:
        raise CaptureError(f"{sealed} does not open: it is damaged, or for another key") from error
    except OSError as error:
        raise CaptureError(f"{error.filename} cannot be read: {error.strerror}") from error


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    stream = archive.extractfile(name)
    if stream is None:
        raise KeyError(name)
    return stream.read()
