"""The application: pages inside a guard. No documentation routes, no debug pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from evidence.unmask.client import Unmasker
from index.accounts import AccountError, AccountStore
from index.alerts import AlertStore
from index.cases import CaseStore
from index.errors import NotFound, WrongChoice
from index.review_queries import ReviewQueries
from index.search import SearchIndex
from index.sources import SourceStore
from review import pages, unmasking
from review.case_page import CasePage
from review.exports import ExportPages, Exports
from review.guard import Guard, Visitor
from review.rendering import STATIC, error_page
from review.settings import Settings
from review.signing_in import SigningIn
from review.wording import choose


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands beside the record where it is set up; `role` is [gdpr] role."""

    unmasker: Unmasker | None = None
    exports: Exports | None = None
    role: str = "controller"


NO_PARTS = Parts()


class Application:
    """The ASGI application; `routes` is the table that tests walk."""

    def __init__(
        self, engine: Engine, settings: Settings, search: SearchIndex, parts: Parts = NO_PARTS
    ) -> None:
        settings.check()
        accounts = AccountStore(engine)
        inner = _build(engine, settings, accounts, search, parts)
        self.routes = inner.routes
        self._guarded: ASGIApp = Guard(inner, settings, accounts, error_page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._guarded(scope, receive, send)


def _build(
    engine: Engine, settings: Settings, accounts: AccountStore, search: SearchIndex, parts: Parts
) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    stores = pages.Stores(
        AlertStore(engine),
        ReviewQueries(engine),
        SourceStore(engine),
        CaseStore(engine),
        accounts,
        search,
        parts.unmasker,
    )
    app.include_router(SigningIn(settings, accounts).router())
    app.include_router(pages.build(stores))
    app.include_router(unmasking.build(stores.alerts, parts.unmasker))
    app.include_router(ExportPages(accounts, stores.cases, parts.exports).router())
    app.include_router(CasePage(engine, parts.exports, parts.role).router())
    app.mount("/static", _Static(directory=STATIC), name="static")

    @app.get("/health")
    def health() -> Response:
        return PlainTextResponse("ok\n")

    def explained(status: int, why: str) -> Callable[[Request, Exception], Response]:
        def answer(request: Request, _error: Exception) -> Response:
            return error_page(_visitor(request, settings), status, why)

        return answer

    def http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        why = {404: "not-found", 405: "not-found"}.get(status, "wrong-request")
        return error_page(_visitor(request, settings), status, why)

    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, explained(404, "not-found"))
    app.add_exception_handler(NotFound, explained(404, "not-found"))
    app.add_exception_handler(WrongChoice, explained(400, "wrong-request"))
    app.add_exception_handler(AccountError, explained(400, "wrong-request"))
    return app


def _visitor(request: Request, settings: Settings) -> Visitor:
    visitor = request.scope.get("state", {}).get("visitor")
    if isinstance(visitor, Visitor):
        return visitor
    accepted = request.headers.get("accept-language", "")
    return Visitor(None, choose(accepted, settings.language), "")


class _Static(StaticFiles):
    """Our own files, named with their hash: they may be kept for a year."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file with its cache rule."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer
