"""Which form is a log-in, and what to send with it. Pure: no request is made here.

The only form that is ever sent is a log-in form of the source itself, with the account's name
and password and the form's own hidden fields (CSRF tokens).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from parsel import Selector

from crawler import addresses
from crawler.pages import Page
from crawler.source import Account

LOG_IN = re.compile(
    r"\b(log[\s_-]?in|log[\s_-]?on|sign[\s_-]?in|connexion|se connecter|identification|"
    r"s['’]identifier|anmelden|einloggen)\b",
    re.IGNORECASE,
)
LOG_OUT = re.compile(
    r"\b(log[\s_-]?out|log[\s_-]?off|sign[\s_-]?out|d[ée]connexion|se d[ée]connecter|abmelden)\b",
    re.IGNORECASE,
)
REGISTER = re.compile(r"regist|sign-?up|inscri|create|reset|forgot|oubli|confirm", re.IGNORECASE)
USER_TYPES = frozenset({"text", "email", "tel", ""})
SENT_TYPES = frozenset({"hidden", "text", "email", "tel", "password", ""})


@dataclass(frozen=True, slots=True)
class Form:
    """What to send to log in. `fields` hold the password: never log them."""

    address: str
    method: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)


def find_form(page: Page, account: Account) -> Form | None:
    """The page's log-in form, filled in; None when there is none of this site's own."""
    best: tuple[int, Form] | None = None
    for form in page.tree.css("form"):
        filled = _fill(page, form, account)
        if filled is not None:
            score = _score(form)
            if best is None or score > best[0]:
                best = (score, filled)
    return best[1] if best else None


def _fill(page: Page, form: Selector, account: Account) -> Form | None:
    inputs = form.css("input[name]")
    kinds = [(one.attrib.get("type", "").lower(), one.attrib["name"]) for one in inputs]
    passwords = [name for kind, name in kinds if kind == "password"]
    if len(passwords) != 1:
        return None
    before = kinds[: kinds.index(("password", passwords[0]))]
    names = [name for kind, name in before if kind in USER_TYPES]
    target = page.join(form.attrib.get("action", "")) or page.address
    if addresses.host_port(target) != addresses.host_port(page.address):
        # A password is sent to no other host than the one it belongs to.
        return None
    fields = []
    for (kind, name), one in zip(kinds, inputs, strict=True):
        if name == passwords[0]:
            fields.append((name, account.password))
        elif names and name == names[-1]:
            fields.append((name, account.username))
        elif kind in SENT_TYPES:
            fields.append((name, one.attrib.get("value", "")))
        elif kind == "submit" and LOG_IN.search(one.attrib.get("value", "")):
            fields.append((name, one.attrib["value"]))
    return Form(target, form.attrib.get("method", "get").upper(), tuple(fields))


def _score(form: Selector) -> int:
    said = " ".join(
        [form.attrib.get(name, "") for name in ("action", "id", "class", "name")]
        + form.css("input[type=submit]::attr(value), button ::text").getall()
    )
    return 2 * bool(LOG_IN.search(said)) - 2 * bool(REGISTER.search(said))


def log_in_address(page: Page) -> str:
    """Where the page's "log in" link leads, on the same host; "" without one."""
    for link in page.tree.css("a[href]"):
        said = " ".join([*link.css("::text").getall(), link.attrib.get("title", "")])
        target = page.join(link.attrib["href"])
        path = target.rsplit("//", 1)[-1].partition("/")[2].partition("?")[0]
        if not (LOG_IN.search(said) or LOG_IN.search(path.replace("/", " "))):
            continue
        if target and addresses.host_port(target) == addresses.host_port(page.address):
            return target
    return ""


def is_logged_in(page: Page) -> bool:
    """Whether the page is shown to an account: it offers to log out and not to log in."""
    controls = page.tree.css("a, button, input[type=submit]")
    said = [
        " ".join([*c.css("::text").getall(), c.attrib.get("value", ""), c.attrib.get("title", "")])
        for c in controls
    ]
    hrefs = [c.attrib.get("href", "") + " " + c.attrib.get("formaction", "") for c in controls]
    if page.tree.css("form input[type=password]") and log_in_here(page):
        return False
    return any(LOG_OUT.search(text) for text in [*said, *(h.replace("/", " ") for h in hrefs)])


def is_expired(page: Page) -> bool:
    """Whether a page that was asked for as an account is shown to a guest."""
    return (
        page.is_html
        and not is_logged_in(page)
        and (log_in_here(page) or bool(log_in_address(page)))
    )


def log_in_here(page: Page) -> bool:
    """Whether a log-in form stands on the page."""
    return any(
        len(form.css("input[type=password]")) == 1 and _score(form) >= 0
        for form in page.tree.css("form")
    )
