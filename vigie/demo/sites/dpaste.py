"""dpaste 3.5: a paste site without a public list, for the tests; it needs a Django of its own."""

from __future__ import annotations

from pathlib import Path

import vigie
from vigie.demo.sites.process import Site


class DpasteSite(Site):
    """dpaste in `folder`; posts go to /api/."""

    name = "paste site (dpaste)"
    script = "serve_dpaste.py"
    interpreter = Path(vigie.__file__).parents[1] / ".venv-dpaste" / "bin" / "python"
