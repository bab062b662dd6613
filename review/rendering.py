"""From a template and a visitor to HTML: the words of a language, safe by autoescape."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from evidence.dossier import french
from review import sight_words
from review.guard import Visitor
from review.wording import LANGUAGES, Words

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("review", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset
    environment.globals["not_had"] = not_had
    return environment


@cache
def asset(name: str) -> str:
    """The address of a static file, with its hash so that a new version is fetched at once."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def not_had(words: Words, english: str) -> str:
    """Why a piece of evidence could not be had; the record keeps it in English."""
    return french.reason(english) if words.language == "fr" else english


def clock(words: Words, moment: datetime | None, style: str = "short") -> Markup:
    """A <time> that reads as UTC; the browser's script turns it into the reader's own time."""
    if moment is None:
        return Markup('<span class="none">{}</span>').format(words.text("common.none"))
    utc = moment.astimezone(UTC)
    machine = utc.isoformat(timespec="seconds").replace("+00:00", "Z")
    plain = utc.strftime("%d/%m/%Y %H:%M" if words.language == "fr" else "%d %b %Y %H:%M")
    exact = utc.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Markup(
        '<time datetime="{machine}" title="{exact}" data-style="{style}">{plain} UTC</time>'
    ).format(machine=machine, exact=exact, style=style, plain=plain)


def page_html(name: str, visitor: Visitor, context: Mapping[str, Any]) -> str:
    """A template rendered for a visitor."""
    words = Words(visitor.language)

    def translate(key: str, **values: object) -> str:
        return words.text(key, **values)

    return (
        _environment()
        .get_template(name)
        .render(
            **context,
            visitor=visitor,
            words=words,
            t=translate,
            n=words.count,
            clock=lambda moment, style="short": clock(words, moment, style),
            languages=LANGUAGES,
            sight_reason=sight_words.reason,
            crawl_error=sight_words.error,
        )
    )


def page(template: str, visitor: Visitor, code: int = 200, **context: Any) -> HTMLResponse:
    """A whole answer with status `code`."""
    return HTMLResponse(page_html(template, visitor, context), code)


def error_page(visitor: Visitor, status: int, why: str) -> HTMLResponse:
    """A refusal or failure in the visitor's words; `why` names a phrase under "error"."""
    return page("error.html", visitor, status, status=status, why=why)
