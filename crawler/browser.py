"""Chromium for one crawl or one picture: started when it is needed, behind the egress guard.

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
from typing import TYPE_CHECKING, Any

from crawler.devtools import DevTools
from crawler.errors import BrowserFailed, NoBrowser
from egress.policy import Policy
from egress.proxy import Proxy
from egress.resolve import LookUp
from egress.socks import SocksProxy

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
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
# Where no Playwright starts it: nobody is called, nothing is asked of a user, and a page that
# nobody looks at runs as one that is looked at.
ALONE = (
    "--headless",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-startup-window",
    "--no-service-autorun",
    "--password-store=basic",
    "--metrics-recording-only",
    "--disable-field-trial-config",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-back-forward-cache",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-component-extensions-with-background-pages",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-hang-monitor",
    "--disable-prompt-on-repost",
    "--disable-search-engine-choice-screen",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--disable-features=" + ",".join((
        "AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "DestroyProfileOnBrowserClose",
        "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "MediaRouter",
        "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch",
        "Translate",
    )),
    "--enable-features=SkipListAccountsWithoutGaiaCookies",
)  # fmt: skip
# Pictures and fonts add nothing to a text: not even asked for, since each request that is held back
# costs as much of this process as one that is let through. At its limit of renderers Chromium keeps
# no spare one ready, which costs a process for every document; sites are kept apart as before.
TEXT_ONLY = (
    "--blink-settings=imagesEnabled=false",
    "--disable-remote-fonts",
    "--renderer-process-limit=2",
)
START_SECONDS = 60.0
# Below the working folder: profile and caches.
HOME = "browser"
LONGEST_TEMP = 55


def find_chromium() -> str:
    """The system's Chromium, or the one that Playwright installed; "" when there is neither."""
    named = os.environ.get("VIGIE_CHROMIUM", "")
    if named:
        return named
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    installed = Path(named) if named else Path.home() / ".cache" / "ms-playwright"
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += sorted(map(str, installed.glob("chromium-*/chrome-linux*/chrome")), reverse=True)
    return next(iter(found), "")


class GuardedBrowser:
    """Chromium behind the egress proxy. Nothing runs until a page needs it."""

    # Below the working folder: what a page gives to be saved.
    FILES = "files"

    def __init__(self, policy: Policy, look_up: LookUp, socks: SocksProxy | None) -> None:
        self._policy = policy
        self._look_up = look_up
        self._socks = socks
        self._playwright: Playwright | None = None
        self._proxy: Proxy | None = None
        self._tools: DevTools | None = None

    async def start(self, agent: str) -> tuple[DevTools, str, str]:
        """Proxy and Chromium for texts alone, and the proxy's user name and password, which stand
        in no process list; raises NoBrowser or BrowserFailed."""
        proxy = await self._way_out()
        await self.stop()
        command = [
            find_chromium(), "--remote-debugging-pipe",
            f"--user-data-dir={short_temp()}/{HOME}/profile", f"--user-agent={agent}",
            f"--proxy-server={proxy.url}", "--proxy-bypass-list=<-loopback>",
            *ALONE, *FLAGS, *TEXT_ONLY, *sandbox_flags(),
        ]  # fmt: skip
        with unlimited_memory():
            starting = DevTools.started(command, _environment(), START_SECONDS)
            self._tools = await starting
        return self._tools, proxy.username, proxy.password

    async def stop(self) -> None:
        """End Chromium, and keep the way out."""
        if self._tools is not None:
            await self._tools.close()
            self._tools = None

    async def _way_out(self) -> Proxy:
        if self._proxy is None:
            self._proxy = await Proxy(
                self._policy, look_up=self._look_up, socks=self._socks, credential=True
            ).__aenter__()
        return self._proxy

    async def launch_browser(self) -> Browser:
        """Proxy, Playwright's driver and Chromium; raises NoBrowser or BrowserFailed."""
        # Here: a crawl does without it.
        from playwright.async_api import Error as PlaywrightError
        from playwright.async_api import async_playwright

        proxy = await self._way_out()
        # The driver hands its own temporary folder and profile on to Chromium.
        os.environ["TMPDIR"] = short_temp()
        with unlimited_memory():
            if self._playwright is None:
                self._playwright = await async_playwright().start()
            options: dict[str, Any] = {"executable_path": find_chromium() or None}
            try:
                browser = await self._playwright.chromium.launch(
                    headless=True,
                    args=[*FLAGS, *sandbox_flags()],
                    # The credential goes through the driver's pipe and stands in no process list.
                    proxy={
                        "server": proxy.url,
                        "bypass": "<-loopback>",
                        "username": proxy.username,
                        "password": proxy.password,
                    },
                    timeout=START_SECONDS * 1000,
                    downloads_path=Path.cwd() / self.FILES,
                    env={**_environment()},
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                    **options,
                )
            except PlaywrightError as error:
                missing = "executable doesn't exist" in str(error).lower()
                raise (NoBrowser if missing else BrowserFailed) from error
        return browser

    async def close(self) -> None:
        """End what runs, and the proxy."""
        await self.stop()
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


def _environment() -> dict[str, str]:
    home = Path.cwd() / HOME
    home.mkdir(exist_ok=True)
    kept = {k: os.environ[k] for k in ("PATH", "LANG") if k in os.environ}
    places = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "HOME")
    return {**kept, **dict.fromkeys(places, str(home)), "TMPDIR": short_temp()}


def short_temp() -> str:
    """The working folder by a name short enough for Chromium's socket in it (108 bytes)."""
    here = str(Path.cwd())
    return here if len(here) <= LONGEST_TEMP else f"/proc/{os.getpid()}/cwd"


def browser_cookie(cookie: dict[str, Any]) -> dict[str, Any]:
    """A kept cookie as Playwright takes it."""
    return {
        "name": cookie["name"],
        "value": cookie["value"],
        "domain": cookie["domain"],
        "path": cookie["path"],
        "secure": cookie["secure"],
        "httpOnly": True,
        "sameSite": "Lax",
        **({"expires": cookie["expires"]} if cookie["expires"] else {}),
    }
