"""One place to watch, as the crawler needs it: plain data that crosses to the crawl child."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from egress.socks import SocksProxy


@dataclass(frozen=True, slots=True)
class Account:
    """One log-in of a source. The password is read at the edge and never stored or logged.

    `cookies` are those of a session that a person opened (crawler.session's fields); `hours` as in
    crawler.accounts; `delay` is its own pace in seconds. Who opened the account, under whose
    authority, and whether under a pseudonym is in the configuration, or it is not used.
    """

    username: str
    password: str = field(repr=False, default="")
    cookies: tuple[dict[str, Any], ...] = field(repr=False, default=())
    hours: str = ""
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source with its configuration resolved. Times are seconds; `delay` is between requests.

    `engine` is "auto" or a spider's name; `render` is "never", "auto" or "always".
    `daily_budget` and `host_budget` are requests a day of this source, and to one host of it over
    all sources, 0 for no bound; `max_requests` and `host_budgets` what is left of them now.
    `proxy` is "socks5h://host:port", `dns` the resolvers that are asked without one.
    `feeds` are addresses (http or file) of lists of addresses, one a line, that the operator
    names for sites without a public list. `sister_hosts` are host:port of other sources:
    links to them are reported, not followed. `follow_hosts` are host:port to which links in posts
    are followed, `whole_hosts` those of them whose files are wanted to their end. `since` is how
    far back a first crawl reads, None for all; `floor` the time that it comes to for the crawl at
    hand, "" for a later one. `trial`: a person asks what would be read; each page's reading is
    told, nothing is matched.
    """

    id: str
    start: tuple[str, ...]
    engine: str = "auto"
    every: float = 60.0
    render: str = "auto"
    delay: float = 1.0
    concurrency: int = 2
    daily_budget: int = 0
    host_budget: int = 0
    max_requests: int = 1_000_000
    host_budgets: tuple[tuple[str, int], ...] = ()
    max_pages: int = 2000
    follow_hosts: tuple[str, ...] = ()
    whole_hosts: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    sister_hosts: tuple[str, ...] = ()
    allow_addresses: tuple[str, ...] = ()
    robots: str = "obey"
    user_agent: str = "Vigie/0.1 (leak monitoring)"
    accounts: tuple[Account, ...] = ()
    authority: str = ""
    authority_until: str = ""
    proxy: str = ""
    dns: tuple[str, ...] = ()
    timeout: float = 30.0
    crawl_seconds: float = 600.0
    since: float | None = None
    floor: str = ""
    trial: bool = False
    memory: int = 2 * 1024 * 1024 * 1024

    @property
    def obeys_robots(self) -> bool:
        """Whether robots.txt is obeyed: an exception needs its recorded authority."""
        return not (self.robots.startswith("override:") and self.authority)

    @property
    def via(self) -> str:
        """How the source is reached, as captures record it: "" directly, else "socks5"."""
        return "socks5" if self.proxy else ""

    @property
    def socks(self) -> SocksProxy | None:
        """The proxy, with a user name and password that are this source's alone."""
        if not self.proxy:
            return None
        place = urlsplit(self.proxy)
        own = hashlib.sha256(f"vigie\0{self.id}".encode()).hexdigest()
        return SocksProxy(place.hostname or "", place.port or 1080, own[:16], own[16:48])

    def to_json(self) -> dict[str, Any]:
        """For the job frame to the child. Holds the passwords: never log it."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SourceSpec:
        """The inverse of `to_json`."""
        lists = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
        lists["host_budgets"] = tuple((str(host), int(n)) for host, n in data["host_budgets"])
        accounts = tuple(
            Account(**{**account, "cookies": tuple(account["cookies"])})
            for account in data["accounts"]
        )
        return cls(**{**data, **lists, "accounts": accounts})
