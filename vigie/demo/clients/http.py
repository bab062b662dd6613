"""What the clients share: one HTTP session, a clear error, and reading forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Self

import httpx
from selectolax.lexbor import LexborHTMLParser

from vigie.demo.errors import PosterError

TIMEOUT = httpx.Timeout(30.0)


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a post stands: `address` as a reader sees it, `also` other addresses of the same."""

    address: str
    also: tuple[str, ...] = ()


class Session:
    """One visitor of one site."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        # The environment's proxies are for the world outside; these sites are on loopback.
        self._http = httpx.Client(base_url=self.address, timeout=TIMEOUT, trust_env=False)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """A page, redirects followed; raises PosterError when it is not 200."""
        return self._ask("GET", path, (200,), follow_redirects=True, **options)

    def post(self, path: str, *, expect: tuple[int, ...], **options: Any) -> httpx.Response:
        """A form or JSON posted; raises PosterError unless the status is expected."""
        return self._ask("POST", path, expect, follow_redirects=False, **options)

    def redirect(self, path: str) -> str:
        """Where a page sends its reader, not followed."""
        answer = self._ask("GET", path, (301, 302, 303), follow_redirects=False)
        return str(answer.headers["location"])

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(
        self, method: str, path: str, expect: tuple[int, ...], **options: Any
    ) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise PosterError(
                f"{self.address} does not answer ({type(error).__name__}): "
                "see that the demo's sites run; their logs are in the demo's sites folder."
            ) from None
        if answer.status_code not in expect:
            raise PosterError(
                f"{self.address} answered {answer.status_code} to {method} instead of "
                f"{' or '.join(map(str, expect))}: see the site's log in the demo's sites folder."
            )
        return answer


def hidden_field(untrusted_html: str, name: str) -> str:
    """The value of a hidden form field; raises PosterError when the form has none."""
    field = LexborHTMLParser(untrusted_html).css_first(f"input[name='{name}']")
    value = field.attributes.get("value") if field else None
    if not value:
        raise PosterError(f"The form has no field {name}: the site is not what the demo expects.")
    return value


def same_words(untrusted_page: str, text: str, length: int = 120) -> bool:
    """Whether a page shows the start of `text`, however the site marked it up."""

    def letters(found: str) -> str:
        return "".join(re.findall(r"\w", found))

    wanted = letters(text)[:length]
    body = LexborHTMLParser(untrusted_page).body
    return bool(wanted) and wanted in letters(body.text() if body else "")
