"""bepasty 1.2: a paste site with a public list at /+list."""

from __future__ import annotations

import secrets

from vigie.demo.sites.process import Site


class BepastySite(Site):
    """bepasty in `folder`; guests may create, read and list."""

    name = "paste site (bepasty)"
    script = "serve_bepasty.py"

    def prepare(self) -> dict[str, object]:
        """Write bepasty.conf (Python, as bepasty reads it) and hand its path down."""
        storage = self.folder / "items"
        storage.mkdir(exist_ok=True)
        configuration = self.folder / "bepasty.conf"
        configuration.write_text(
            "SITENAME = 'demo'\n"
            "STORAGE = 'filesystem'\n"
            f"STORAGE_FILESYSTEM_DIRECTORY = {str(storage)!r}\n"
            f"SECRET_KEY = {secrets.token_hex(32)!r}\n"
            "SESSION_COOKIE_SECURE = False\n"
            "DEFAULT_PERMISSIONS = 'create,read,list'\n",
            encoding="utf-8",
        )
        configuration.chmod(0o600)
        return {"configuration": configuration}
