"""Dossiers from the page: asked for with a reason, made by a process of their own, fetched once
they are ready. Who asked alone may fetch, and fetching is an act."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from index.accounts import AccountStore, is_legal
from index.cases import CaseStore
from index.errors import NotFound, WrongChoice
from review.guard import Visitor
from review.rendering import error_page, page
from review.signing_in import form_of, visitor_of

EDITIONS = ("court", "host", "public")
TOKEN = re.compile(r"[0-9a-f]{32}")
AGAIN_SECONDS = 2
BIG_ID = 2**62


@dataclass(frozen=True, slots=True)
class Export:
    """One export. `state`: "running", "ready" or "failed"; `why` is a sentence for the log's
    reader, `stage` what goes on now; `file` the archive once it is ready."""

    token: str
    case: int
    edition: str
    who: str
    state: str
    done: int = 0
    total: int = 0
    why: str = ""
    file: Path | None = None


class Exports(Protocol):
    """Makes dossiers beside the application."""

    def start(self, case: int, edition: str, who: str, reason: str) -> str:
        """Begin; the export's token."""
        ...

    def get(self, token: str) -> Export | None:
        """As it stands; None when there is none, or its day is over."""
        ...


class ExportPages:
    """The routes of exports."""

    def __init__(self, accounts: AccountStore, cases: CaseStore, exports: Exports | None) -> None:
        self._accounts, self._cases, self._exports = accounts, cases, exports

    def router(self) -> APIRouter:
        """The table of routes."""
        router = APIRouter()
        one = "/cases/{case_id}/exports/{token}"
        router.add_api_route("/cases/{case_id}/export", self.begin, methods=["POST"])
        router.add_api_route(one, self.progress, methods=["GET"])
        router.add_api_route(f"{one}/dossier.zip", self.fetch, methods=["GET"])
        return router

    async def begin(self, request: Request, case_id: int) -> Response:
        """Start one."""
        form = await form_of(request)
        return await run_sync(self._begin, visitor_of(request), min(case_id, BIG_ID), form)

    def progress(self, request: Request, case_id: int, token: str) -> Response:
        """How far it is; the page comes again by itself until it is ready."""
        visitor = visitor_of(request)
        if not _may(visitor):
            return error_page(visitor, 403, "role")
        found = self._mine(visitor, case_id, token)
        answer = page("export.html", visitor, export=found)
        if found.state == "running":
            answer.headers["refresh"] = str(AGAIN_SECONDS)
        return answer

    def fetch(self, request: Request, case_id: int, token: str) -> Response:
        """The archive; fetching it is an act."""
        visitor = visitor_of(request)
        if not _may(visitor):
            return error_page(visitor, 403, "role")
        found = self._mine(visitor, case_id, token)
        if found.file is None:
            raise NotFound("It is not ready.")
        detail = {"edition": found.edition}
        self._accounts.record_act(_name(visitor), "download", f"case:{case_id}", detail)
        name = f"vigie-{case_id}-{found.edition}.zip"
        return FileResponse(found.file, media_type="application/zip", filename=name)

    def _begin(self, visitor: Visitor, case_id: int, form: dict[str, str]) -> Response:
        if not _may(visitor):
            return error_page(visitor, 403, "role")
        self._cases.get(case_id)
        edition, reason = form.get("edition", ""), form.get("reason", "").strip()[:1000]
        if edition not in EDITIONS or not reason or self._exports is None:
            raise WrongChoice("An export has an edition and a reason.")
        token = self._exports.start(case_id, edition, _name(visitor), reason)
        return RedirectResponse(f"/cases/{case_id}/exports/{token}", 303)

    def _mine(self, visitor: Visitor, case_id: int, token: str) -> Export:
        known = TOKEN.fullmatch(token) and self._exports is not None
        found = self._exports.get(token) if known and self._exports else None
        if found is None or (found.case, found.who) != (case_id, _name(visitor)):
            raise NotFound("There is no such export.")
        return found


def _may(visitor: Visitor) -> bool:
    return visitor.user is not None and is_legal(visitor.user.role)


def _name(visitor: Visitor) -> str:
    return visitor.user.name if visitor.user else ""
