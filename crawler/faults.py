"""What went wrong with a page, as a kind and one sentence without address or content."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from twisted.internet.error import ConnectError, ConnectionLost, SSLError
from twisted.internet.error import TimeoutError as ConnectTimeout

from crawler.errors import (
    BrowserFailed,
    NoBrowser,
    NotAllowed,
    RenderedTooLarge,
    RenderFailed,
    RenderTimeout,
)

SENTENCES = {
    "unreachable": "The site does not answer: it is down, or its address or port is wrong.",
    "no-such-host": "The site's name does not resolve: check the start address or the DNS.",
    "timeout": "The site took longer than the source's time-out; the page is tried again later.",
    "truncated": "The site broke off in the middle of a page; it is tried again at the next crawl.",
    "too-large": "A page is larger than is read; it is left out.",
    "tls": "The site's certificate cannot be verified, or the encrypted connection failed.",
    "robots": "robots.txt forbids the page; `robots = \"override: reason\"` needs an authority.",
    "robots-unreachable": "robots.txt cannot be had (the site fails on it or does not answer), so "
    "nothing may be asked for (RFC 9309); it is tried again at the next crawl.",
    "redirect-loop": "The site redirects without end.",
    "refused-address": "The name leads to an internal address that this source does not list in "
    "allow_addresses; nothing was sent there.",
    "off-site": "The site redirects to another host, which this source does not list in "
    "follow_hosts; it was not followed.",
    "harmful-link": "The address may delete or change something; it was not opened.",
    "bad-scheme": "The site redirects to something that is neither http nor https.",
    "onion": "An onion service is reached through a SOCKS5 proxy only; set `proxy`, or nothing is "
    "asked for it.",
    "bad-source": "allow_addresses holds something that is no network: write 10.0.0.0/8.",
    "unknown-engine": "No spider has the name that `engine` gives; \"auto\" chooses from the page.",
    "forbidden": "The site refuses the page (401 or 403): it needs an account, or bans us.",
    "gone": "The page is gone (404 or 410).",
    "busy": "The site asks to come back later (429 or 503).",
    "server-error": "The site fails on the page (a 5xx answer).",
    "bad-status": "The site answers with a status that holds no page.",
    "login-failed": "The log-in did not work: check the account's user name and password, or log "
    "in by hand once to see what the site asks for.",
    "session-ended": "The site no longer knows the account's cookies: run `vigie source login`, or "
    "write a fresh cookie file.",
    "login-wall": "The page asks for a log-in and the source has no account that opens it.",
    "challenge": "The site tests the visitor (\"checking your browser\") and shows no content; a "
    "person has to pass it, or ask the site to let Vigie in.",
    "captcha": "The site asks for a captcha and shows no content; Vigie solves none.",
    "banned": "The site says that we are blocked or banned.",
    "soft-gone": "The page says that what was there is gone, with a status that says it is fine.",
    "no-browser": "A page needs JavaScript and no Chromium was found: install the package "
    "`chromium`, run `make browser`, or set render = \"never\".",
    "browser-failed": "Chromium is installed and did not start; `vigie doctor` shows why.",
    "render-failed": "The browser could not show the page.",
    "render-timeout": "The browser did not show the page in time.",
    "feed-unreadable": "A feed of addresses cannot be read: check its path or address.",
    "unreadable": "A page could not be read by this engine; try engine = \"generic\" or report the "
    "site's version.",
    "budget": "The crawl reached its bound on pages or time; the rest is read at the next one.",
    "host-budget": "The day's requests to a host are used up; the rest is read on the next day.",
    "nothing-seen": "The start page holds no list and no post that this engine knows; check the "
    "address, or try another engine.",
    "gated-burn": "A paste is shown once and then destroyed; it was not opened. A person may open "
    "it and hand in what they see with `vigie capture import`.",
    "gated-password": "A page asks for a password of its own; what is behind it is not seen.",
    "gated-reply": "A post is shown only to those who reply or react; Vigie does neither, so it is "
    "not seen.",
    "gated-account": "A part of a page is shown only to members, or to members of another group.",
    "gated-pay": "A part of a page is shown only to those who pay; it is not seen.",
    "other": "The page could not be fetched.",
}  # fmt: skip

# Kinds that mean the site does not let us in, against those where it or the way to it is broken.
BLOCKING = frozenset(
    {"forbidden", "challenge", "captcha", "banned", "robots", "login-failed", "session-ended",
     "login-wall", "no-browser", "browser-failed", "refused-address", "off-site", "onion",
     "harmful-link"}
)  # fmt: skip

_BY_TYPE: tuple[tuple[type[BaseException], str], ...] = (
    (NoBrowser, "no-browser"),
    (BrowserFailed, "browser-failed"),
    (RenderedTooLarge, "too-large"),
    (RenderTimeout, "render-timeout"),
    (RenderFailed, "render-failed"),
    (DownloadConnectionRefusedError, "unreachable"),
    (CannotResolveHostError, "no-such-host"),
    (DownloadTimeoutError, "timeout"),
    (ConnectTimeout, "timeout"),
    (TimeoutError, "timeout"),
    (ResponseDataLossError, "truncated"),
    (DownloadCancelledError, "too-large"),
    (UnsupportedURLSchemeError, "bad-scheme"),
    (SSLError, "tls"),
    (DownloadFailedError, "truncated"),
    (ConnectionLost, "truncated"),
    (ConnectError, "unreachable"),
)


def kind_of(error: BaseException) -> str:
    """The kind of a failed request."""
    if isinstance(error, NotAllowed):
        return error.kind
    if isinstance(error, IgnoreRequest):
        # Scrapy has one class for the three; their messages are its own constants.
        said = str(error)
        if "MAXSIZE" in said:
            return "too-large"
        return "robots" if "robots.txt" in said else "redirect-loop"
    for kind, name in _BY_TYPE:
        if isinstance(error, kind):
            return "tls" if name == "truncated" and _is_tls(error) else name
    return "other"


def _is_tls(error: BaseException) -> bool:
    reasons = getattr(error.__cause__, "reasons", ())
    return any(type(getattr(r, "value", r)).__module__.startswith("OpenSSL") for r in reasons)


def kind_of_status(status: int) -> str:
    """The kind of an answer that is no page; "" for one that is."""
    if 200 <= status < 300:
        return ""
    if status in (301, 302, 303, 307, 308):
        # Scrapy follows a redirect to http and https only.
        return "bad-scheme"
    if status in (401, 403):
        return "forbidden"
    if status in (404, 410):
        return "gone"
    if status in (429, 503):
        return "busy"
    return "server-error" if status >= 500 else "bad-status"
