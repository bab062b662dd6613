"""How often a log-in may fail. Bounded in memory, so a flood of names cannot fill it."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable


class Throttle:
    """Counts failures by key in a sliding window of `seconds`; forgets the oldest keys first.

    Keys are hashed with a secret of this process: what was typed as a name is not kept.
    """

    def __init__(
        self,
        failures: int,
        seconds: float,
        size: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._seconds = seconds
        self._size = size
        self._clock = clock
        self._secret = secrets.token_bytes(16)
        self._seen: OrderedDict[bytes, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, untrusted_key: str) -> float:
        """Seconds until this key may be tried again; 0 when it may now."""
        with self._lock:
            times = self._recent(self._key(untrusted_key))
            if len(times) < self._failures:
                return 0.0
            return max(0.0, times[-self._failures] + self._seconds - self._clock())

    def failed(self, untrusted_key: str) -> None:
        """Count one failure."""
        key = self._key(untrusted_key)
        with self._lock:
            times = self._recent(key)
            self._seen[key] = [*times[-self._failures :], self._clock()]
            self._seen.move_to_end(key)
            while len(self._seen) > self._size:
                self._seen.popitem(last=False)

    def succeeded(self, untrusted_key: str) -> None:
        """Forget a key's failures."""
        with self._lock:
            self._seen.pop(self._key(untrusted_key), None)

    def _recent(self, key: bytes) -> list[float]:
        start = self._clock() - self._seconds
        return [moment for moment in self._seen.get(key, []) if moment > start]

    def _key(self, untrusted_key: str) -> bytes:
        raw = untrusted_key.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(raw, key=self._secret, digest_size=16).digest()
