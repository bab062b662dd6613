"""Spirit 0.14 (django-spirit): a forum with a log-in form, threads with pages, private topics."""

from __future__ import annotations

import json
import secrets

from vigie.demo.sites.process import Site

OBSERVER = "observer"
AUTHORS = ("mistral", "lison", "kerbihan", "zouave", "tarente", "noisette", "brumaire", "pixel")
CATEGORIES = ("Entraide", "Code et scripts", "Petites annonces", "Fuites et trouvailles")


class ForumSite(Site):
    """Spirit in `folder`, with `AUTHORS` and an `OBSERVER` whose passwords are made there."""

    name = "forum (Spirit)"
    script = "serve_forum.py"

    def prepare(self) -> dict[str, object]:
        """Write the secret key and forum.json (categories, accounts), once."""
        key = self.folder / "secret_key"
        if not key.exists():
            key.touch(mode=0o600)
            key.write_text(secrets.token_urlsafe(48), encoding="utf-8")
        wanted = self.folder / "forum.json"
        if not wanted.exists():
            accounts = {name: secrets.token_urlsafe(12) for name in (*AUTHORS, OBSERVER)}
            wanted.touch(mode=0o600)
            wanted.write_text(
                json.dumps({"categories": CATEGORIES, "accounts": accounts}, indent=1),
                encoding="utf-8",
            )
        return {"address": self.address}

    def password(self, name: str) -> str:
        """The password of one of the forum's accounts."""
        wanted = json.loads((self.folder / "forum.json").read_text(encoding="utf-8"))
        return str(wanted["accounts"][name])
