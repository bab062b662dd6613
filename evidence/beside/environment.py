"""The environment checklist of NF Z67-147 (2010), filled from measurements; what fails is shown.

`met`: true, false, or null where nothing could be measured. The norm is for a person's online
"constat"; a machine's capture meets some of its items otherwise, and `note` says how.
"""

from __future__ import annotations

import platform
import re
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from egress.errors import EgressError
from egress.fetch import fetch
from egress.policy import Policy
from evidence.beside.piece import Piece, Target, as_json, now

ADDRESS = re.compile(r"[0-9a-fA-F.:]{3,45}")


@dataclass(frozen=True, slots=True)
class Measured:
    """What the operator's configuration lets one measure."""

    version: str
    echo: str = ""  # an address that answers with the public IP that it sees
    provider: str = ""
    browser: str = ""
    policy: Policy = field(default_factory=Policy)
    offset_ms: Callable[[], int | None] = lambda: None


def gather(target: Target, measured: Measured) -> Piece:
    """The whole list; an item that cannot be measured says so."""
    public, why = public_address(measured)
    offset = measured.offset_ms()
    items = [
        _item("machine", "décrite / described", _machine(), True),
        _item("software", "décrit / described", _software(measured.version), True),
        _item("browser", "décrit / described", _browser(target, measured), True,
              "static pages are read by an HTTP client, not by a browser" if not target.rendered
              else ""),
        _item("public_address", "relevée / recorded", public or why, bool(public) or None),
        _item("no_proxy", "aucun / none", "proxy" if target.proxied else "direct",
              not target.proxied,
              "a direct capture is to be made as well" if target.proxied else ""),
        _item("cache_cleared", "vidé / cleared", "no cache is kept between requests", True),
        _item("cookies_cleared", "vidés / cleared",
              "session of an account" if target.account else "a session of its own",
              not target.account),
        _item("history_cleared", "vidé / cleared", "none is kept", True),
        _item("clock", "synchronisée / synchronised",
              "not measured" if offset is None else f"{offset} ms",
              None if offset is None else abs(offset) <= 1000),
        _item("dns_servers", "relevés / recorded", ", ".join(_resolvers()) or "not measured",
              bool(_resolvers()) or None),
        _item("provider", "relevé / recorded", measured.provider or "not told",
              bool(measured.provider) or None),
    ]  # fmt: skip
    return as_json({"norm": "NF Z67-147 (2010)", "at": now(), "items": items,
                    "captured_at": target.fetched_at.isoformat()})  # fmt: skip


def _item(name: str, wanted: str, found: str, met: bool | None, note: str = "") -> dict[str, Any]:
    return {"item": name, "wanted": wanted, "measured": found, "met": met, "note": note}


def _machine() -> str:
    return f"{platform.machine()}, {platform.system()} {platform.release()}"


def _software(version: str) -> str:
    python = platform.python_version()
    return f"Vigie {version}, Python {python}, {ssl.OPENSSL_VERSION}, {_distribution()}"


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def _browser(target: Target, measured: Measured) -> str:
    return chromium_version(measured.browser) if target.rendered else "HTTP client (Scrapy)"


@cache
def chromium_version(path: str) -> str:
    """What the browser says of itself."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "not measured"
    return done.stdout.decode("utf-8", "replace").strip()[:100] or "not measured"


def public_address(measured: Measured) -> tuple[str, str]:
    """The address that the world sees, or "" and why it is not known."""
    if not measured.echo:
        return "", "not measured: no evidence.public_address_from is configured"
    try:
        answer = fetch(measured.echo, policy=measured.policy, seconds=5.0, max_bytes=4096)
    except EgressError as error:
        return "", f"not measured: {error}"
    found = ADDRESS.search(answer.body.decode("ascii", "replace"))
    return (found[0], "") if found and answer.status == 200 else ("", "not measured: no address")


def _resolvers() -> list[str]:
    try:
        lines = Path("/etc/resolv.conf").read_text("ascii", "replace").splitlines()
    except OSError:
        return []
    return [line.split()[1] for line in lines if line.startswith("nameserver ")]
