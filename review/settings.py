"""How the application is reached, decided once at the edge and passed in."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from review.errors import CannotServe


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the application listens and how browsers reach it.

    `address` is what users type when a TLS proxy stands in front ("https://vigie.example"),
    else "" and the application is reached at http://host:port. `allow_outside` is the written
    reason for listening beyond this machine; without one, other hosts are refused.
    """

    host: str = "127.0.0.1"
    port: int = 8642
    address: str = ""
    allow_outside: str = ""
    language: str = ""

    def check(self) -> None:
        """Raise CannotServe unless this is loopback or a reason stands in the configuration."""
        if self.address:
            parts = urlsplit(self.address)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
                raise CannotServe(
                    "review.address is no address of a site; write for example "
                    '"https://vigie.example".'
                )
        if is_loopback(self.host) or self.allow_outside.strip():
            return
        raise CannotServe(
            f"The review application would listen on {self.host}, which other machines reach, and "
            "nothing allows that. Keep review.host at 127.0.0.1, or write the reason and who "
            'decided it in review.allow_outside = "…", with a TLS proxy in front.'
        )

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by https: then cookies are Secure and __Host-."""
        return self.address.startswith("https://")

    @property
    def origin(self) -> str:
        """The address to print and to open, without a slash at the end."""
        if self.address:
            return self.address.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """Values of the Host header that are ours; any other is a rebound name and refused."""
        names = {f"{name}:{self.port}" for name in (self.host, "127.0.0.1", "localhost", "[::1]")}
        if self.address:
            names.add(urlsplit(self.address).netloc.lower())
        if self.port == 80:
            names |= {name.removesuffix(":80") for name in names}
        return frozenset(names)

    def cookie(self, name: str) -> str:
        """A cookie's name. Browsers do not keep ports apart, so the port is part of it."""
        return f"__Host-vigie-{name}" if self.secure else f"vigie-{name}-{self.port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
