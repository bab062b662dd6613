"""Cookie files that a person saved from a browser: Netscape's text form, and JSON.

Only cookies of the source's own hosts are taken: an export holds a whole browser's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

MAX_BYTES = 1024 * 1024
MAX_COOKIES = 200
HTTP_ONLY = "#HttpOnly_"
NETSCAPE_FIELDS = 7


class BadCookies(ValueError):
    """The file is no list of cookies; the message says where, and holds no value."""


def parse(text: str) -> list[dict[str, Any]]:
    """The cookies of a file in either form, as crawler.session keeps them; raises BadCookies."""
    if text.lstrip().startswith(("[", "{")):
        return _from_json(text)
    return _from_netscape(text)


def of_hosts(cookies: Iterable[dict[str, Any]], hosts: Iterable[str]) -> list[dict[str, Any]]:
    """Those that a browser would send to one of the hosts (names without port)."""
    names = [host.lower() for host in hosts]
    return [
        cookie
        for cookie in cookies
        if any(_matches(str(cookie["domain"]).lower(), name) for name in names)
    ][:MAX_COOKIES]


def to_json(cookies: Iterable[dict[str, Any]]) -> str:
    """A browser's cookies (Playwright's form) as a file that `parse` reads."""
    return json.dumps({"cookies": list(cookies)}, indent=1, sort_keys=True) + "\n"


def _matches(domain: str, host: str) -> bool:
    """RFC 6265 section 5.1.3."""
    bare = domain.lstrip(".")
    return host == bare or (domain.startswith(".") and host.endswith(f".{bare}"))


def _from_json(text: str) -> list[dict[str, Any]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BadCookies("it begins like JSON and is none") from None
    listed = data.get("cookies") if isinstance(data, dict) else data
    if not isinstance(listed, list):
        raise BadCookies("it holds no list of cookies")
    return [_json_cookie(number, cookie) for number, cookie in enumerate(listed, start=1)]


def _json_cookie(number: int, cookie: object) -> dict[str, Any]:
    if not isinstance(cookie, dict):
        raise BadCookies(f"cookie {number} is no object")
    name, value, domain = cookie.get("name"), cookie.get("value"), cookie.get("domain")
    if not (isinstance(name, str) and isinstance(value, str) and isinstance(domain, str)):
        raise BadCookies(f"cookie {number} has no name, value or domain")
    domain = domain if not cookie.get("hostOnly", False) else domain.lstrip(".")
    path = cookie.get("path")
    # Extensions write "expirationDate", Playwright "expires" with -1 for the session's end.
    ends = cookie.get("expires", cookie.get("expirationDate"))
    is_time = isinstance(ends, (int, float)) and not isinstance(ends, bool) and ends > 0
    expires = int(ends) if is_time and ends is not None else None
    return _cookie(name, value, domain, path if isinstance(path, str) else "/",
                   cookie.get("secure") is True, expires)  # fmt: skip


def _from_netscape(text: str) -> list[dict[str, Any]]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.removeprefix(HTTP_ONLY)
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != NETSCAPE_FIELDS:
            raise BadCookies(f"line {number} has {len(fields)} fields parted by tabs, not 7")
        domain, spread, path, secure, ends, name, value = fields
        if not ends.lstrip("-").isdigit():
            raise BadCookies(f"line {number}: its fifth field is no time")
        if spread.upper() == "TRUE" and not domain.startswith("."):
            domain = f".{domain}"
        found.append(
            _cookie(name, value, domain, path, secure.upper() == "TRUE",
                    int(ends) if int(ends) > 0 else None)
        )  # fmt: skip
    if not found:
        raise BadCookies("it holds no cookie")
    return found


def _cookie(
    name: str, value: str, domain: str, path: str, secure: bool, expires: int | None
) -> dict[str, Any]:
    return {
        "name": name, "value": value, "domain": domain, "path": path or "/", "secure": secure,
        "expires": expires,
    }  # fmt: skip
