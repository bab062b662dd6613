"""Run a command that dies with its parent: `python tether.py PARENT_PID COMMAND…`.

PR_SET_PDEATHSIG (prctl(2)) survives execve, so no code of ours need run in the command itself,
nor between fork and exec of a process that has threads. The signal comes when the *thread* that
started the command ends: start tethered commands from a thread that lives as long as they shall.
Uses the standard library alone, since it also runs under the sites' own interpreter.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tether(parent: int) -> None:
    """Ask the kernel for SIGKILL at the parent's end; end now if that was missed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
    if os.getppid() != parent:
        sys.exit(1)


def command(arguments: list[str]) -> list[str]:
    """`arguments` wrapped so that they die with the calling process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *arguments]


if __name__ == "__main__":
    tether(int(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - replacing ourselves is the point
