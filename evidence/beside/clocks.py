"""How far this machine's clock is from others: SNTP (RFC 4330) and Date headers.

Offsets are in milliseconds, positive where the other clock is ahead. A Date header has seconds
only, so its offset is good to a second.
"""

from __future__ import annotations

import email.utils
import socket
import struct
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from egress.errors import EgressError
from egress.fetch import fetch
from egress.policy import Policy
from evidence.beside.piece import NotConfigured, NotHad, Piece, as_json, now

SECONDS = 4.0
NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
GOOD_MS = 1_000


def gather(clocks: Sequence[str], policy: Policy) -> Piece:
    """Every clock; raises NotHad where none is configured or none answered. `clocks` are
    "ntp://host[:port]" and "https://host/"."""
    if not clocks:
        raise NotConfigured("no evidence.clocks are configured")
    with ThreadPoolExecutor(len(clocks)) as pool:
        told = list(pool.map(lambda one: ask(one, policy), clocks))
    offsets = [one["offset_ms"] for one in told if not one["error"]]
    if not offsets:
        raise NotHad(f"no clock answered: {told[0]['error']}")
    worst = max(offsets, key=abs)
    return as_json({"clocks": told, "worst_offset_ms": worst,
                    "synchronised": abs(worst) <= GOOD_MS})  # fmt: skip


def worst_offset(clocks: Sequence[str], policy: Policy) -> int | None:
    """The largest offset in milliseconds, None where no clock answers."""
    if not clocks:
        return None
    offsets = [one["offset_ms"] for clock in clocks if not (one := ask(clock, policy))["error"]]
    return max(offsets, key=abs) if offsets else None


def ask(clock: str, policy: Policy) -> dict[str, Any]:
    """One clock's offset; what went wrong is in `error`."""
    told: dict[str, Any] = {"clock": clock, "asked": now(), "error": "", "offset_ms": 0}
    try:
        if clock.startswith("ntp://"):
            offset, stratum = _sntp(clock)
            return {**told, "offset_ms": round(offset * 1000), "stratum": stratum}
        before = time.time()
        answer = fetch(clock, policy=policy, method="HEAD", seconds=SECONDS)
        middle = (before + time.time()) / 2
        date = email.utils.parsedate_to_datetime(answer.header("Date"))
        return {**told, "offset_ms": round((date.timestamp() - middle) * 1000)}
    except (EgressError, OSError, ValueError, TypeError, struct.error) as error:
        text = str(error) if isinstance(error, EgressError) else type(error).__name__
        return {**told, "error": text}


def _sntp(clock: str) -> tuple[float, int]:
    """Offset in seconds and stratum, from the four times of one exchange."""
    host, _, port = clock.removeprefix("ntp://").rstrip("/").partition(":")
    family, kind, protocol, _, place = socket.getaddrinfo(
        host, int(port or 123), type=socket.SOCK_DGRAM
    )[0]
    with socket.socket(family, kind, protocol) as sock:
        sock.settimeout(SECONDS)
        sock.connect(place)
        sent = time.time()
        packet = bytearray(48)
        packet[0] = 0x23  # version 4, client
        packet[40:48] = _ntp(sent)
        sock.send(packet)
        answer = sock.recv(512)
        arrived = time.time()
    if len(answer) < 48 or answer[24:32] != bytes(packet[40:48]) or answer[1] == 0:
        raise ValueError("no answer to the question")
    received, told = _unix(answer[32:40]), _unix(answer[40:48])
    return ((received - sent) + (told - arrived)) / 2, answer[1]


def _ntp(seconds: float) -> bytes:
    whole = int(seconds)
    return struct.pack(">II", (whole + NTP_EPOCH) & 0xFFFFFFFF, int((seconds - whole) * 2**32))


def _unix(raw: bytes) -> float:
    seconds, part = struct.unpack(">II", raw)
    # The era that is nearest to now (RFC 4330, 3): 1900 + 136 years end in 2036.
    era = round((datetime.now(UTC).timestamp() + NTP_EPOCH - seconds) / 2**32)
    return float(seconds + era * 2**32 - NTP_EPOCH) + float(part) / 2**32
