"""`python -m extraction SOCKET MEMORY PARENT ALL [SHARED SIZE]` is the limited child
(extraction.child)."""

from __future__ import annotations

import gc
import sys
from types import ModuleType

DESCRIPTIONS = "numpy._core._add_newdocs"


def main() -> int:
    """Load what it needs, without looking for garbage among it, and serve."""
    gc.disable()
    # numpy's descriptions of its compiled functions: 10 ms, and nobody asks for help here.
    sys.modules[DESCRIPTIONS] = ModuleType(DESCRIPTIONS)
    from extraction import child

    return child.main()


if __name__ == "__main__":
    sys.exit(main())
