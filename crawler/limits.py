"""What the kernel holds a crawl child to. Linux only."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
OPEN_FILES = 4096
FILE_BYTES = 1024 * 1024 * 1024
# Beside the crawl's own seconds: parsing may use two cores' worth at most for a moment.
SPARE_CPU_SECONDS = 30


def prctl(option: int, value: int) -> None:
    """One prctl(2) call; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def confine(memory: int, seconds: float) -> None:
    """Limits of the calling child: address space in bytes, processor time in seconds, and more.

    The hard limit on address space stays open, because Chromium, which this child may start,
    reserves far more than it uses (crawler.browser lifts the soft one for it alone).
    """
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    ceiling = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, hard))
    cpu = int(seconds) + SPARE_CPU_SECONDS
    for limit, value in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(limit)
        bound = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(limit, (bound, bound))
