"""Leak, key, fingerprint file and vigie.toml: made once, made again only where they are missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyrage

from vigie.demo import tether
from vigie.demo.errors import DemoError
from vigie.demo.folder import DemoFolder, State
from vigie.demo.leak.generator import SEED, generate
from vigie.demo.trust import make_signing_key

VIGIE = [sys.executable, "-m", "vigie.cli"]
ORGANISATION = "CERT de démonstration (inventé)"


def make_leak(folder: DemoFolder, state: State, progress: Callable[[int], None]) -> bool:
    """Generate the leak unless it stands there whole; whether it was made. Seconds a 100,000."""
    if (
        state.leak_sha256
        and folder.leak.exists()
        and folder.leak.stat().st_size == state.leak_bytes
    ):
        return False
    facts = generate(folder.leak, state.rows, SEED, progress)
    state.seed, state.leak_bytes, state.leak_sha256 = SEED, facts.bytes, facts.sha256
    state.fingerprinted = ""
    folder.save(state)
    return True


@dataclass(frozen=True, slots=True)
class Recipients:
    """Public age keys: of whom originals are sealed to, and of the review service."""

    sealed_to: tuple[str, ...]
    review: str


def make_keys(folder: DemoFolder, observer_password: str) -> Recipients:
    """The leak's key, the observer's password file, the age key pairs of legal staff, the DPO
    and the review service, and the key that signs dossiers."""
    key = folder.keys / "leak.key"
    if not key.exists():
        _vigie("the key", ["key", "new", str(key)])
    _write_private(folder.keys / "observer-password", observer_password + "\n")
    make_signing_key(folder.keys)
    sealed_to = tuple(_age_key(folder.keys / f"{name}.agekey") for name in ("sealing", "dpo"))
    return Recipients(sealed_to, _age_key(folder.keys / "review.agekey"))


def _age_key(file: Path) -> str:
    """The public half of the key in `file`, which is made where it is missing."""
    if not file.exists():
        _write_private(file, str(pyrage.x25519.Identity.generate()) + "\n")
    return str(pyrage.x25519.Identity.from_str(file.read_text("ascii").strip()).to_public())


def make_fingerprints(folder: DemoFolder, state: State) -> bool:
    """Fingerprint the leak with `vigie leak fingerprint` unless it was; whether it was made."""
    if state.fingerprinted == state.leak_sha256 and folder.fingerprints.exists():
        return False
    folder.fingerprints.unlink(missing_ok=True)
    arguments = ["leak", "fingerprint", str(folder.leak), "--key", str(folder.keys / "leak.key")]
    _vigie("the fingerprint file", [*arguments, "-o", str(folder.fingerprints)])
    state.fingerprinted = state.leak_sha256
    folder.save(state)
    return True


def warm_up(folder: DemoFolder) -> None:
    """Scan one harmless line: the matcher's kernels are compiled once, before anyone waits."""
    line = folder.root / "warm-up.txt"
    line.write_text("Bonjour à tous, rien à signaler ici.\n", encoding="utf-8")
    arguments = ["scan", str(line), "--leak", str(folder.fingerprints)]
    _vigie("the matcher ready", [*arguments, "--key", str(folder.keys / "leak.key")])


def write_config(folder: DemoFolder, state: State, recipients: Recipients, every: str) -> None:
    """vigie.toml for the four sites, as an operator would write it."""
    address = {name: f"http://127.0.0.1:{port}" for name, port in state.ports.items()}
    common = {
        "every": every,
        "delay": "0s",
        "concurrency": 4,
        "max_pages": 5000,
        "allow_addresses": ["127.0.0.0/8"],
        "authority": "demo on loopback: the sites and every person in them are invented",
    }
    sources: list[dict[str, object]] = [
        {"id": "forum", "engine": "spirit", "start": [address["forum"] + "/"], **common},
        {
            "id": "pinnwand",
            "engine": "pinnwand",
            "start": [address["pinnwand"] + "/"],
            "feeds": ["feeds/pinnwand.txt"],
            **common,
        },
        {"id": "bepasty", "start": [address["bepasty"] + "/+list"], **common},
        {"id": "board", "render": "always", "start": [address["board"] + "/"], **common},
    ]
    lines = ["# Written by `vigie demo`; a later run writes it again.", "[storage]"]
    lines += ['path = "storage"', 'key_file = "keys/record.key"', ""]
    lines += ["[sealing]", f"recipients = {_toml(recipients.sealed_to)}"]
    lines += [
        f"work_recipient = {_toml(recipients.review)}",
        'work_key_file = "keys/review.agekey"',
        "",
    ]
    lines += ["[[leak]]", 'file = "leak.vfp"', 'key_file = "keys/leak.key"', ""]
    lines += ["[review]", f"port = {state.ports['review']}", ""]
    lines += _evidence(state)
    for source in sources:
        lines.append("[[source]]")
        lines += [f"{key} = {_toml(value)}" for key, value in source.items()]
        if source["id"] == "forum":
            lines += [
                "[[source.account]]",
                'username = "observer"',
                'opened_by = "the demo"',
                'authority = "a forum of its own on this machine"',
                "pseudonym = true",
            ]
            lines += ['password_file = "keys/observer-password"']
        lines.append("")
    folder.config.write_text("\n".join(lines), encoding="utf-8")


def _evidence(state: State) -> list[str]:
    """[evidence] with the demo's authorities and signing key. Nothing but loopback is asked: no
    DNS server, registry or clock is named, and a dossier says that they were not asked."""
    lines = ["[evidence]", f"organisation = {_toml(ORGANISATION)}"]
    lines += ['contact = "cert@demo.example"', 'sign_key_file = "keys/dossier.key"']
    lines += ['sign_certificate_file = "keys/dossier.pem"', 'sign_roots = "keys/dossier-root.pem"']
    for name in ("tsa-one", "tsa-two"):
        lines += ["", "[[evidence.authority]]", f"name = {_toml(name)}"]
        lines += [f"url = {_toml(f'http://127.0.0.1:{state.ports[name]}/')}"]
        lines += [f'roots = "sites/{name}/root.pem"', 'allow_addresses = ["127.0.0.0/8"]']
    return [*lines, ""]


def _toml(value: object) -> str:
    # JSON's strings, numbers and lists of them are valid TOML.
    return json.dumps(value, ensure_ascii=False)


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _vigie(what: str, arguments: list[str]) -> None:
    """Run a command of ours, its progress bar on this terminal; raises DemoError."""
    done = subprocess.run(
        tether.command([*VIGIE, *arguments]), stdout=subprocess.DEVNULL, check=False
    )
    if done.returncode != 0:
        raise DemoError(
            f"`vigie {' '.join(arguments[:2])}` could not make {what}; its reason is above."
        )
