"""Ways that are no links: rows and buttons that open by script, forms that ask for a page.

What only changes what is shown next is told by its words ("next", numbers) or by being a row;
anything else that a script or a form may do is left alone. No form is ever sent: its address is
made as a browser makes it for GET, and asked for by GET only.
"""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlencode, urlsplit, urlunsplit

from lxml.html import HtmlElement  # type: ignore[import-untyped]
from parsel import Selector

from spiders import words

# Where scripts keep the address that an element opens.
HOLDERS = (
    "data-href",
    "data-url",
    "data-link",
    "data-next",
    "data-next-url",
    "hx-get",
    "formaction",
)
OPENS = re.compile(
    r"(?:(?:window|document|self|top)\.)?location(?:\.href)?\s*(?:=|\.(?:assign|replace)\()\s*"
    r"(['\"])([^'\"<>\s]{1,500})\1|window\.open\(\s*(['\"])([^'\"<>\s]{1,500})\3"
)
ROWS = ("tr", "li", "div", "article", "td", "section")
BUTTONS = ("button", "span", "div", "a")
# Nothing is given back: three runs of blanks beside each other could share one in n² ways.
REFRESH = re.compile(r"\s*+[\d.]{0,8}+\s*+[;,]?+\s*+url\s*+=", re.IGNORECASE)
LONGEST_ADDRESS = 2001  # characters
LOADING = re.compile(
    r"(?:^|[-_/ ])(?:ajax[-_]?)?(?:loader|loading|spinner|skeleton|placeholder-glow|chargement)"
    r"(?:$|[-_. ])",
    re.IGNORECASE,
)
# Whether it is worth looking for either; most pages are neither.
MAY_SEND_ON = re.compile(r"<frameset|http-equiv=[\"']?refresh", re.IGNORECASE)
MAX_CHOICES, MAX_FRAMES, MAX_ELEMENTS, LONGEST = 500, 20, 20_000, 60


def reveal(body: HtmlElement) -> None:
    """Give every such element the attribute `href`, by which `structure.links` finds it."""
    baits = Counter(one.get("href") for one in body.xpath(".//a[@data-href]"))
    for number, element in enumerate(body.iter(*ROWS, *BUTTONS, "form")):
        if number > MAX_ELEMENTS:
            return
        own = element.get("href", "")
        if own and element.get("data-href") and (baits[own] > 1 or not own.strip("#")):
            # A script puts the true addresses in; robots find one trap behind all.
            element.set("href", element.get("data-href"))
            continue
        if own:
            continue
        if element.tag == "form":
            _reveal_form(element)
        elif (held := _held(element)) and _may_open(element):
            element.set("href", held)


def frames(tree: Selector) -> list[str]:
    """What a page of frames shows; [] for any other page."""
    return tree.css("frameset frame::attr(src)").getall()[:MAX_FRAMES]


def refreshed(tree: Selector) -> str:
    """Where a page sends its visitors on to; "" when it stays or loads itself again."""
    for told in tree.css("meta[http-equiv=refresh i]::attr(content)").getall():
        found = REFRESH.match(told)
        address = told[found.end() :].strip() if found else ""
        if 0 < len(address) <= LONGEST_ADDRESS and "\n" not in address:
            return address.strip("'\" ")
    return ""


def scriptless(tree: Selector) -> list[str]:
    """What a page offers to a visitor who runs no scripts."""
    return tree.css("noscript a::attr(href)").getall()[:MAX_FRAMES]


def awaits_script(part: HtmlElement) -> bool:
    """Whether something says that it is still loading."""
    return any(
        LOADING.search(" ".join(one.get(name, "") for name in ("class", "id", "alt", "src")))
        for one in part.iter("img", "div", "span", "p", "i", "li", "section")
    )


def _held(element: HtmlElement) -> str:
    for name in HOLDERS:
        if element.get(name):
            return str(element.get(name))
    found = OPENS.search(element.get("onclick", ""))
    return (found[2] or found[4]) if found else ""


def _may_open(element: HtmlElement) -> bool:
    """Whether it leads to what it shows: a row without links of its own, or "next"."""
    said = " ".join(element.itertext()).strip()
    if element.tag in BUTTONS and len(said) <= LONGEST and words.NEXT.match(said):
        return True
    opens_row = element.get("onclick") or element.get("data-href") or element.get("data-link")
    links = element.find(".//a[@href]") is not None
    return element.tag in ROWS and bool(opens_row) and not links


def _reveal_form(form: HtmlElement) -> None:
    """A form that holds nothing but which page comes: a button "next", or a list of numbers."""
    fields = [one for one in form.iter("input", "select", "textarea", "button") if one.get("name")]
    shown = [one for one in fields if one.get("type", "").lower() not in ("hidden", "submit")]
    kept = [(one.get("name"), one.get("value", "")) for one in fields if _is_hidden(one)]
    action = form.get("action", "")
    buttons = [one for one in shown if one.tag == "button"]
    shown = [one for one in shown if one.tag != "button"]
    if not shown:
        said = [" ".join(one.itertext()) for one in form.iter("button")]
        said += [one.get("value", "") for one in form.iter("input") if one.get("type") == "submit"]
        if len(said) == 1 and words.NEXT.match(said[0].strip()):
            sent = [(one.get("name"), one.get("value", "")) for one in buttons]
            form.set("href", _address(action, [*kept, *sent]))
            form.set("title", said[0].strip())
    elif len(shown) == 1 and shown[0].tag == "select" and form.get("method", "get") == "get":
        for choice in _numbers(shown[0]):
            value = choice.get("value", choice.text or "")
            choice.set("href", _address(action, [*kept, (shown[0].get("name"), value)]))


def _is_hidden(field: HtmlElement) -> bool:
    return bool(field.tag == "input" and field.get("type", "").lower() == "hidden")


def _numbers(select: HtmlElement) -> list[HtmlElement]:
    """The choices of a list of page numbers; [] where they are anything else."""
    choices = list(select.iter("option"))[:MAX_CHOICES]
    plain = [(one.text or "").strip() for one in choices]
    return choices if plain == [str(n) for n in range(1, len(choices) + 1)] else []


def _address(action: str, pairs: list[tuple[str, str]]) -> str:
    """What a browser would ask for by GET, with what the action's own query says kept."""
    parts = urlsplit(action)
    names = {name for name, _ in pairs}
    own = [one for one in parts.query.split("&") if one and one.partition("=")[0] not in names]
    query = "&".join([*own, urlencode(pairs)])
    return urlunsplit(parts._replace(query=query, fragment=""))
