"""Log in to a source: is the kept session still good, where is the form, did it work."""

from __future__ import annotations

from scrapy import FormRequest, Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler import faults, login
from crawler.pages import Page
from crawler.session import SessionCookies
from crawler.source import Account

MAX_RENEWALS = 2


class Entrance:
    """Logs one account in, with the crawl's own cookies, delays and guard."""

    def __init__(self, crawler: Crawler, account: Account) -> None:
        self._crawler = crawler
        self._account = account
        self._renewals = MAX_RENEWALS

    def may_renew(self) -> bool:
        """Whether a session that ended may be opened again; bounded, for a site that plays."""
        self._renewals -= 1
        return self._renewals >= 0

    async def enter(self, start: str) -> str:
        """ "" when the account is logged in, else the kind of problem."""
        try:
            return await self._enter(start)
        except Exception as error:
            return faults.kind_of(error)

    async def _enter(self, start: str) -> str:
        page, status = await self._fetch(Request(start, dont_filter=True))
        if login.is_logged_in(page):
            return ""
        if self._account.cookies:
            cookies = self._crawler.get_downloader_middleware(SessionCookies)
            if cookies is not None:
                cookies.take_up(list(self._account.cookies))
            page, status = await self._fetch(Request(start, dont_filter=True))
            if login.is_logged_in(page):
                return ""
            if not self._account.password:
                return "session-ended"
        return await self._by_form(start, page, status)

    async def _by_form(self, start: str, page: Page, status: int) -> str:
        form = login.find_form(page, self._account)
        if form is None:
            address = login.log_in_address(page)
            if not address:
                return faults.kind_of_status(status) or "login-failed"
            page, status = await self._fetch(Request(address, dont_filter=True))
            form = login.find_form(page, self._account)
        if form is None:
            return faults.kind_of_status(status) or "login-failed"
        answer, _ = await self._fetch(
            FormRequest(
                form.address,
                method=form.method,
                formdata=list(form.fields),
                # Some software checks it against forged requests.
                headers={"Referer": page.address},
                dont_filter=True,
                meta={"dont_retry": True},
            )
        )
        if login.log_in_here(answer):
            return "login-failed"
        if login.is_logged_in(answer):
            return ""
        again, _ = await self._fetch(Request(start, dont_filter=True))
        return "" if login.is_logged_in(again) else "login-failed"

    async def _fetch(self, request: Request) -> tuple[Page, int]:
        engine = self._crawler.engine
        if engine is None:
            raise RuntimeError("the engine is not running")
        response: Response = await engine.download_async(request)
        kind = (response.headers.get("Content-Type") or b"text/html").decode("latin-1")
        return Page(response.url, response.body, kind, status=response.status), response.status
