"""What every request passes before a page sees it. Refusing is the default, not a page's choice.

In order: the Host header is ours (a rebound name is not); a session is looked up; a request that
changes something comes from our own pages (Origin, and a token only they know), is a small
form and nothing else; whoever has no session reaches the log-in alone. Every answer carries the
security headers, and an exception ends here: its text can hold content, so only its kind and
place are logged.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.accounts import AccountStore, SignedIn
from review.settings import Settings
from review.wording import LANGUAGES, choose

log = logging.getLogger("review")

SAFE = frozenset({"GET", "HEAD"})
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
OPEN = ("/login", "/login/once")  # reached without a session; tokens are asked for all the same
BARE = ("/health", "/favicon.ico")
QUIET = ("/alerts/rows",)  # what a page asks for by itself is no sign of a person: no prolonging
MAX_BODY = 16 * 1024
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With "no-referrer" browsers send "Origin: null" on our own forms; nothing leaves either way.
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `csrf` goes into every form; `token` is the session's, "" without one."""

    user: SignedIn | None
    language: str
    csrf: str
    token: str = ""


class Guard:
    """The ASGI application around the pages."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        accounts: AccountStore,
        explain: Callable[[Visitor, int, str], Response],
    ) -> None:
        self._app = app
        self._settings = settings
        self._accounts = accounts
        self._explain = explain
        self._session_cookie = settings.cookie("session")
        self._form_cookie = settings.cookie("form")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no WebSockets: uvicorn is started without them, this is the second lock
        answer = _Answer(send, self._settings.secure)
        try:
            await self._checked(scope, receive, answer)
        except Exception as error:
            log.error("a page failed: %s", describe(error))  # noqa: TRY400 - the text may be content
            if not answer.started:
                visitor = Visitor(None, choose("", self._settings.language), "")
                await self._explain(visitor, 500, "unforeseen")(scope, receive, answer)

    async def _checked(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        headers = Headers(scope=scope)
        path: str = scope["path"]
        if headers.get("host", "").lower() not in self._settings.hosts:
            await PlainTextResponse("421: not a name of this site\n", 421)(scope, receive, answer)
            return
        if scope["method"] not in SAFE | UNSAFE:
            await PlainTextResponse("405\n", 405)(scope, receive, answer)
            return
        if (path.startswith("/static/") or path in BARE) and scope["method"] in SAFE:
            await self._app(scope, receive, answer)
            return
        visitor = await self._visitor(scope, headers, path, answer)
        if scope["method"] in UNSAFE:
            refusal, body = await self._read_form(headers, receive, visitor)
            if refusal:
                status = {"too-long": 413, "no-form": 415}.get(refusal, 403)
                await self._explain(visitor, status, refusal)(scope, receive, answer)
                return
            receive = _replay(body, receive)
        if visitor.user is None and path not in OPEN:
            await self._refuse(scope, headers, visitor)(scope, receive, answer)
            return
        scope.setdefault("state", {})["visitor"] = visitor
        await self._app(scope, receive, answer)

    async def _visitor(self, scope: Scope, headers: Headers, path: str, answer: _Answer) -> Visitor:
        cookies = cookie_parser(headers.get("cookie", ""))
        accepted = choose(headers.get("accept-language", ""), self._settings.language)
        untrusted_token = cookies.get(self._session_cookie, "")
        if untrusted_token:
            touch = path not in QUIET
            user = await run_sync(lambda: self._accounts.session(untrusted_token, touch=touch))
            if user is not None:
                language = user.language or accepted
                return Visitor(user, language, csrf_token(untrusted_token), untrusted_token)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[0]
        language = asked if asked in LANGUAGES else accepted
        secret = cookies.get(self._form_cookie, "")
        if len(secret) < 40:
            secret = secrets.token_urlsafe(32)
            answer.set_cookie(self._form_cookie, secret)
        return Visitor(None, language, csrf_token(secret))

    async def _read_form(
        self, headers: Headers, receive: Receive, visitor: Visitor
    ) -> tuple[str, bytes]:
        """("", body) of a form that is ours, else why it is refused."""
        if headers.get("origin", "") != self._origin(headers):
            return "foreign", b""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("application/x-www-form-urlencoded", ""):
            return "no-form", b""
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return "foreign", b""
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > MAX_BODY:
                return "too-long", b""
        try:
            fields = parse_qs(body.decode("ascii"), max_num_fields=20)
        except ValueError:
            return "no-form", b""
        given = fields.get("csrf", [""])[0].encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, visitor.csrf.encode()):
            return "stale-form", b""
        return "", body

    def _origin(self, headers: Headers) -> str:
        if self._settings.address:
            return self._settings.origin
        return f"http://{headers.get('host', '').lower()}"

    def _refuse(self, scope: Scope, headers: Headers, visitor: Visitor) -> Response:
        path: str = scope["path"]
        if scope["method"] in UNSAFE or headers.get("x-vigie-fragment"):
            return self._explain(visitor, 401, "signed-out")
        query = scope["query_string"].decode("latin-1")
        target = path + (f"?{query}" if query else "")
        return RedirectResponse("/login?next=" + quote(target, safe=""), 303)


class _Answer:
    """A `send` that adds the security headers and remembers whether an answer has begun."""

    def __init__(self, send: Send, secure: bool) -> None:
        self._send = send
        self._secure = secure
        self._cookies: list[str] = []
        self.started = False

    def set_cookie(self, name: str, value: str) -> None:
        self._cookies.append(cookie(name, value, secure=self._secure))

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._secure:
                headers["strict-transport-security"] = "max-age=31536000"
            for line in self._cookies:
                headers.append("set-cookie", line)
        await self._send(message)


def csrf_token(secret: str) -> str:
    """The token of forms shown to whoever holds this cookie; it does not tell the cookie."""
    return hmac.new(secret.encode("latin-1", "replace"), b"vigie form", hashlib.sha256).hexdigest()


def cookie(name: str, value: str, *, secure: bool, expire: bool = False) -> str:
    """A Set-Cookie line. Lax, so that a link to an alert in a message opens it; every change
    is guarded by Origin and token besides."""
    parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if secure:
        parts.append("Secure")
    if expire:
        parts.append("Max-Age=0")
    return "; ".join(parts)


def describe(error: BaseException) -> str:
    """An exception's kind and place, without its text."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    code = trace.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_name}, line {trace.tb_lineno}"


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
