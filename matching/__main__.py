"""`python -m matching FD PARENT [SHARED SIZE]` is the matcher process (matching.service)."""

from __future__ import annotations

import gc
import sys
from types import ModuleType

DESCRIPTIONS = "numpy._core._add_newdocs"


def main() -> None:
    """Load what it needs, without looking for garbage among it, and serve."""
    gc.disable()
    # numpy's descriptions of its compiled functions: 10 ms, and nobody asks for help here.
    sys.modules[DESCRIPTIONS] = ModuleType(DESCRIPTIONS)
    from matching import service

    service.main()


if __name__ == "__main__":
    main()
