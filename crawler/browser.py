"""Chromium for one crawl: started at the first page that needs it, behind the egress guard.

Its only way out is `egress.proxy`, also to loopback; its profile and caches lie in the crawl's
temporary folder and go with it; it is told not to call its maker.
"""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from crawler.errors import BrowserFailed, NoBrowser
from egress.policy import Policy
from egress.proxy import Proxy
from egress.resolve import LookUp
from egress.socks import SocksProxy

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Beside Playwright's own, which already switch most of its maker's services off. No second
# --disable-features here: Chromium takes the last one only and Playwright's would be lost.
FLAGS = (
    "--disable-quic",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-gpu",
    "--dns-prefetch-disable",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--no-pings",
)
# Pictures and fonts add nothing to a text: not even asked for, since each request that is held back
# costs as much of this process as one that is let through. At its limit of renderers Chromium keeps
# no spare one ready, which costs a process for every document; sites are kept apart as before.
TEXT_ONLY = (
    "--blink-settings=imagesEnabled=false",
    "--disable-remote-fonts",
    "--renderer-process-limit=2",
)
START_SECONDS = 60.0
LONGEST_TEMP = 55


def find_chromium() -> str:
    """The system's Chromium; "" leaves the choice to Playwright (its own, if installed)."""
    named = os.environ.get("VIGIE_CHROMIUM", "")
    if named:
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), "")


class GuardedBrowser:
    """Chromium behind the egress proxy. Nothing runs until a page needs it.

    `text_only`: it loads no pictures and fonts.
    """

    # Below the working folder: what a page gives to be saved.
    FILES = "files"

    def __init__(
        self,
        policy: Policy,
        look_up: LookUp,
        socks: SocksProxy | None,
        *,
        text_only: bool = False,
    ) -> None:
        self._policy = policy
        self._look_up = look_up
        self._socks = socks
        self._flags = (*FLAGS, *(TEXT_ONLY if text_only else ()))
        self._playwright: Playwright | None = None
        self._proxy: Proxy | None = None
        self._browser: Browser | None = None

    async def launch_browser(self) -> Browser:
        """Proxy, driver and Chromium; raises NoBrowser or BrowserFailed."""
        if self._proxy is None:
            self._proxy = await Proxy(
                self._policy, look_up=self._look_up, socks=self._socks
            ).__aenter__()
        # The driver hands its own temporary folder and profile on to Chromium.
        os.environ["TMPDIR"] = short_temp()
        with unlimited_memory():
            if self._playwright is None:
                self._playwright = await async_playwright().start()
            options: dict[str, Any] = {"executable_path": find_chromium() or None}
            try:
                self._browser = await self._playwright.chromium.launch(
                    headless=True,
                    args=[*self._flags, *sandbox_flags()],
                    proxy={"server": self._proxy.url, "bypass": "<-loopback>"},
                    timeout=START_SECONDS * 1000,
                    downloads_path=Path.cwd() / self.FILES,
                    env=_environment(),
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                    **options,
                )
            except PlaywrightError as error:
                missing = "executable doesn't exist" in str(error).lower()
                raise (NoBrowser if missing else BrowserFailed) from error
        return self._browser

    async def close(self) -> None:
        """End the driver and the proxy."""
        if self._playwright is not None:
            await self._playwright.stop()
        if self._proxy is not None:
            await self._proxy.close()


def sandbox_flags() -> list[str]:
    """Chromium's sandbox stays on, but for root, for whom it refuses to start with it."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


@contextmanager
def unlimited_memory() -> Iterator[None]:
    """Lift this child's own address space limit while the browser's driver is started.

    V8 reserves far more address space than it uses; the limit is meant for our parsers.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _environment() -> dict[str, str | float | bool]:
    home = Path.cwd() / "browser"
    home.mkdir(exist_ok=True)
    kept = {k: os.environ[k] for k in ("PATH", "LANG") if k in os.environ}
    places = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "HOME")
    return {**kept, **dict.fromkeys(places, str(home)), "TMPDIR": short_temp()}


def short_temp() -> str:
    """The working folder by a name short enough for Chromium's socket in it (108 bytes)."""
    here = str(Path.cwd())
    return here if len(here) <= LONGEST_TEMP else f"/proc/{os.getpid()}/cwd"
