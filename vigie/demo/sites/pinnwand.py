"""pinnwand 1.5: a paste site with a JSON API and no public list."""

from __future__ import annotations

import json

from vigie.demo.sites.process import Site

# Its guards are meant for the open internet; one poster and one crawler come from one address.
UNLIMITED = {"capacity": 1_000_000, "consume": 1, "refill": 1_000_000}


class PinnwandSite(Site):
    """pinnwand in `folder`; posts go to /api/v1/paste."""

    name = "paste site (pinnwand)"
    script = "serve_pinnwand.py"

    def prepare(self) -> dict[str, object]:
        """Write pinnwand.toml, read by pinnwand's own configuration module."""
        lines = [
            f"database_uri = {json.dumps('sqlite:///' + str(self.folder / 'pinnwand.db'))}",
            "paste_size = 2097152",
            "spamscore = 101",
            "expiries = { 1day = 86400, 1week = 604800, 1year = 31536000 }",
        ]
        for area in ("read", "create", "delete"):
            lines.append(f"[ratelimit.{area}]")
            lines += [f"{key} = {value}" for key, value in UNLIMITED.items()]
        (self.folder / "pinnwand.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return {}
