"""Log-in, log-out, one-time links and the language switch."""

from __future__ import annotations

import re
import urllib.parse

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from index.accounts import AccountError, AccountStore
from review.guard import Visitor, cookie
from review.rendering import page
from review.settings import Settings
from review.throttle import Throttle
from review.wording import LANGUAGES

NAME_FAILURES, ALL_FAILURES = 5, 50
WINDOW_S = 15 * 60.0


def visitor_of(request: Request) -> Visitor:
    """Who asks, as the guard found."""
    visitor: Visitor = request.state.visitor
    return visitor


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that the guard has bounded and checked; of a repeated one the last."""
    body = (await request.body()).decode("ascii", "replace")
    return dict(urllib.parse.parse_qsl(body, keep_blank_values=True, max_num_fields=20))


def local_path(untrusted_target: str) -> str:
    """A path of ours to go on to; anything that could leave this site becomes the start."""
    if not re.fullmatch(r"/[A-Za-z0-9/_-]*(\?[A-Za-z0-9&=%._~+-]*)?", untrusted_target):
        return "/alerts"
    return (
        "/alerts" if untrusted_target.startswith(("//", "/login", "/logout")) else untrusted_target
    )


class SigningIn:
    """The routes around a session, and how often they may fail."""

    def __init__(self, settings: Settings, accounts: AccountStore) -> None:
        self._settings = settings
        self._accounts = accounts
        self._by_name = Throttle(NAME_FAILURES, WINDOW_S)
        self._by_peer = Throttle(ALL_FAILURES, WINDOW_S)

    def router(self) -> APIRouter:
        """The table of routes."""
        router = APIRouter()
        router.add_api_route("/login", self.login_page, methods=["GET"])
        router.add_api_route("/login", self.login, methods=["POST"])
        router.add_api_route("/login/once", self.once_page, methods=["GET"])
        router.add_api_route("/login/once", self.once, methods=["POST"])
        router.add_api_route("/logout", self.logout, methods=["POST"])
        router.add_api_route("/language", self.language, methods=["POST"])
        return router

    def login_page(self, request: Request) -> Response:
        """The form, or the way on for whoever has a session."""
        visitor, target = visitor_of(request), local_path(request.query_params.get("next", ""))
        if visitor.user is not None:
            return RedirectResponse(target, 303)
        return page("login.html", visitor, next=target, name="", why="")

    async def login(self, request: Request) -> Response:
        """Name and password."""
        return await run_sync(self._log_in, request, await form_of(request))

    def _log_in(self, request: Request, form: dict[str, str]) -> Response:
        untrusted_name = form.get("name", "").strip()[:200]
        target, peer = local_path(form.get("next", "")), _peer(request)
        why, status = "refused", 401
        if max(self._by_name.wait(untrusted_name), self._by_peer.wait(peer)) > 0:
            # No password is looked at, right or wrong: known and unknown names answer alike.
            why, status = "too-often", 429
        elif self._accounts.check_password(untrusted_name, form.get("password", "")):
            self._by_name.succeeded(untrusted_name)
            return self._welcome(request, untrusted_name, "password", target)
        else:
            self._by_name.failed(untrusted_name)
            self._by_peer.failed(peer)
            self._accounts.record_refusal(untrusted_name, "password")
        visitor = visitor_of(request)
        return page("login.html", visitor, status, next=target, name=untrusted_name, why=why)

    def once_page(self, request: Request) -> Response:
        """Where a one-time link leads. The token stands behind "#": it never reaches a server, a
        log or a prefetch. The page's script moves it into the form; only the button spends it."""
        return page("once.html", visitor_of(request), why="")

    async def once(self, request: Request) -> Response:
        """Spend a one-time link."""
        return await run_sync(self._redeem, request, await form_of(request))

    def _redeem(self, request: Request, form: dict[str, str]) -> Response:
        peer, visitor = _peer(request), visitor_of(request)
        if self._by_peer.wait(peer) > 0:
            return page("once.html", visitor, 429, why="too-often")
        name = self._accounts.redeem(form.get("token", "").strip()[:200])
        if name is None:
            self._by_peer.failed(peer)
            self._accounts.record_refusal("", "link")
            return page("once.html", visitor, 401, why="spent")
        return self._welcome(request, name, "link", "/alerts")

    def _welcome(self, request: Request, name: str, how: str, target: str) -> Response:
        before = visitor_of(request).token
        if before:
            self._accounts.close_session(before)
        answer = RedirectResponse(target, 303)
        self._set(answer, "session", self._accounts.open_session(name, how))
        self._set(answer, "form", "", expire=True)
        return answer

    def logout(self, request: Request) -> Response:
        """End the session here and in the record."""
        self._accounts.close_session(visitor_of(request).token)
        answer = RedirectResponse("/login", 303)
        self._set(answer, "session", "", expire=True)
        return answer

    async def language(self, request: Request) -> Response:
        """Remember a user's language."""
        form, user = await form_of(request), visitor_of(request).user
        wanted = form.get("language", "")
        if wanted not in LANGUAGES or user is None:
            raise AccountError('The language is "fr" or "en".')
        await run_sync(self._accounts.set_language, user.name, wanted)
        return RedirectResponse(local_path(form.get("next", "")), 303)

    def _set(self, answer: Response, name: str, value: str, *, expire: bool = False) -> None:
        line = cookie(
            self._settings.cookie(name), value, secure=self._settings.secure, expire=expire
        )
        answer.headers.append("set-cookie", line)


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""
