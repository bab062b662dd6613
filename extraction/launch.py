"""A tool under limits: python -S -m extraction.launch MEMORY SECONDS PARENT TOOL ARGUMENT...

Nothing is imported here but the standard library: it is the last code before the tool's own.
"""

from __future__ import annotations

import os
import sys

from extraction import confine

OPEN_FILES = 64


def main() -> None:
    """Bind this process to its parent, limit it, become the tool; exit status 1 if it cannot."""
    memory, seconds, parent = map(int, sys.argv[1:4])
    command = sys.argv[4:]
    if not confine.die_with(parent):
        sys.exit(1)
    confine.bound(memory, files=OPEN_FILES, seconds=seconds)
    confine.only_read_the_system()
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
