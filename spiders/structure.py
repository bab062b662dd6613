"""What any site's page shows by its structure: its main part, blocks of text, rows that lead on.

Used by the generic spider. The words are French and English; everything else is structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

from lxml import etree, html  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

SILENT = frozenset({"script", "style", "noscript", "template", "svg", "head"})
OF_HEAD = frozenset({"title", "meta", "link", "script", "style", "base", "noscript", "template"})
FRAME_TAGS = frozenset({"nav", "footer", *SILENT})
FRAME_WORDS = re.compile(
    r"(nav|navbar|navigation|menu|menubar|breadcrumbs?|footer|masthead|toolbar|cookie[\w-]*|"
    r"pager|pagination|paginator|pagelinks|pages|site-header|topbar|skip-link)"
)
FRAME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search"})
POST_WORDS = re.compile(
    r"(^|[-_])(post|posting|postbody|comment|message|msg|reply|answer|entry|paste|snippet|article)"
    r"($|[-_0-9])"
)
# A row's text changes with the clock and with every reader; neither is news. Every repetition is
# bounded: pages of nothing but digits or blanks cost no more than others.
VOLATILE = re.compile(
    r"\b(?:il y a\s{1,5})?(?:\d{1,9}|an?|une?)\s{0,5}"
    r"(?:s|secs?|seconds?|secondes?|m|mins?|minutes?|h|hours?|heures?|d|days?|j|jours?|w|weeks?|semaines?|months?|mois|y|years?|ans?)\b(?:\s{1,5}ago)?|"
    r"\bjust now\b|à l['’]instant|\b(?:yesterday|today|hier)\b|aujourd['’]hui|"
    r"\b\d[\d.,\s]{0,20}k?\s?(?:views?|vues?|hits|reads|lectures?)\b|"
    r"\b(?:views?|vues?|hits|reads|lectures?)\s{0,5}:?\s{0,5}\d[\d.,]{0,20}k?",
    re.IGNORECASE,
)
# What a page says of the moment and its visitors.
MOMENTARY = re.compile(
    r"\d[\d,.\s]*(?:guests?|invités?|visitors?|visiteurs?|users?|utilisateurs?|members?|membres?|"
    r"online|en ligne|queries|ms)\b|\b\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
VIEW_COUNT = re.compile(
    r"(?:^|[-_\s])(?:views?|vues?|hits|reads|lectures?|online)(?:$|[-_\s])", re.IGNORECASE
)
MAX_ELEMENTS = 200_000
DOOMED = "data-vigie-left-out"


def parse(untrusted_html: str) -> HtmlElement:
    """The body of a page; an empty one when there is nothing to read."""
    parser = html.HTMLParser(
        huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    source = untrusted_html.replace("\x00", "").encode("utf-8", "replace")
    try:
        document = html.document_fromstring(source or b"<p>", parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return html.document_fromstring(b"<body></body>").body
    return _body_of(document)


def _body_of(document: HtmlElement) -> HtmlElement:
    """The body. HTML lets its tag be left out, and the parser then takes elements that are younger
    than it, such as `main`, for a part of the head."""
    head, body = document.find("head"), document.find("body")
    children = list(head) if head is not None else []
    first = next((i for i, one in enumerate(children) if one.tag not in OF_HEAD), len(children))
    stray = children[first:]
    if body is None and stray:
        body = etree.SubElement(document, "body")
    for place, node in enumerate(stray):
        body.insert(place, node)
    return document if body is None else body


def tokens(element: HtmlElement) -> list[str]:
    """The class names and the id of an element, in lower case."""
    return f"{element.get('class', '')} {element.get('id', '')}".lower().split()


def is_frame(element: HtmlElement) -> bool:
    """Whether the element by itself is part of the site's frame: navigation, footer, pager."""
    if element.tag in FRAME_TAGS or element.get("role") in FRAME_ROLES:
        return True
    if element.tag == "header":
        return not any(outer.tag in ("article", "main", "li") for outer in element.iterancestors())
    return any(FRAME_WORDS.fullmatch(token) for token in tokens(element))


def in_frame(element: HtmlElement) -> bool:
    """Whether the element or one around it belongs to the frame."""
    return is_frame(element) or any(is_frame(outer) for outer in element.iterancestors())


def main_part(body: HtmlElement) -> HtmlElement:
    """A copy of the page without its frame and without forms; the page is left as it is."""
    copied = deepcopy(body)
    doomed = [node for node in copied.iter(etree.Element) if is_frame(node) or _is_control(node)]
    for node in doomed:
        if node is not copied and node.getparent() is not None:
            node.drop_tree()
    return copied


def _is_control(node: HtmlElement) -> bool:
    # Some software puts a whole page into one form; only a form that asks for something is one.
    if node.tag != "form":
        return False
    asks = node.xpath("count(.//input[@type='password'] | .//textarea[not(@readonly)])")
    return bool(asks) or len(text_of(node)) < 300


def text_of(element: HtmlElement, *, without_links: bool = False) -> str:
    """The text of an element on one line, scripts left out."""
    if not len(element) and isinstance(element.tag, str) and element.tag not in SILENT:
        return one_line("" if without_links and element.tag == "a" else element.text or "")
    parts: list[str] = []
    skipped = SILENT | {"a"} if without_links else SILENT
    stack: list[HtmlElement | str] = [element]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        if node is not element and node.tail:
            stack.append(node.tail)
        if isinstance(node.tag, str) and node.tag not in skipped:
            stack.extend(reversed(list(node)))
            if node.text:
                stack.append(node.text)
    return one_line(" ".join(parts))


def one_line(text: str) -> str:
    """A text with its white space collapsed."""
    return " ".join(text.split())


def without(part: HtmlElement, doomed: list[HtmlElement]) -> HtmlElement:
    """A copy of a part without those of its elements, and without its headings."""
    marked = [one for one in doomed if one is not part]
    for one in marked:
        one.set(DOOMED, "1")
    copied = deepcopy(part)
    for one in marked:
        one.attrib.pop(DOOMED, None)
    for one in copied.xpath(f".//*[@{DOOMED}] | .//h1 | .//th"):
        if one.getparent() is not None:
            one.drop_tree()
    return copied


def numbered(text: str) -> bool:
    """Whether the lines of a paste carry numbers of their own: a gutter would break rows."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][:20]
    return len(lines) > 1 and all(
        line.startswith(str(number)) for number, line in enumerate(lines, start=1)
    )


def paste_text(main: HtmlElement) -> str:
    """The text of a paste's page: the one large read-only field or block of fixed text; ""."""
    fields = [
        field.text or ""
        for field in main.iter("textarea")
        if field.get("readonly") is not None or field.get("disabled") is not None
    ]
    blocks = ["".join(block.itertext()) for block in main.iter("pre")]
    best = max([*fields, *blocks], key=len, default="")
    if fields and len(max(fields, key=len)) >= 0.8 * len(best):
        best = max(fields, key=len)
    everything = len(text_of(main))
    shown = len(one_line(best))
    return best if shown and shown >= 0.5 * everything else ""


def blocks(main: HtmlElement) -> list[HtmlElement]:
    """The repeated blocks that hold the page's text: the posts of a thread; [] without any.

    Elements of one kind (tag and class names, numbers left out), none inside another; the kind
    whose name says post wins, then the one that holds more text.
    """
    kinds: dict[tuple[str, frozenset[str]], list[HtmlElement]] = {}
    for number, element in enumerate(main.iter(etree.Element)):
        if number > MAX_ELEMENTS:
            break
        kind = _kind(element)
        if kind is not None:
            kinds.setdefault(kind, []).append(element)
    everything = max(1, len(text_of(main, without_links=True)))
    best: tuple[tuple[bool, bool, float], list[HtmlElement]] | None = None
    for (tag, names), found in kinds.items():
        outer = [one for one in found if not any(up in found for up in one.iterancestors())]
        share = sum(len(text_of(one, without_links=True)) for one in outer) / everything
        says_post = any(POST_WORDS.search(name) for name in names) or tag == "article"
        if share < 0.5 or (len(outer) < 2 and not says_post):
            continue
        rank = (says_post, len(outer) > 1, share)
        if best is None or rank > best[0]:
            best = (rank, outer)
    return best[1] if best else []


def are_posts(found: list[HtmlElement]) -> bool:
    """Whether repeated blocks are posts: they say so, or each has a name or a time of its own.

    The lines of a listing and the rows of a table repeat too; they are one document.
    """
    says_post = [one for one in found if one.tag == "article" or names_a_post(one)]
    marked = [one for one in found if one.get("id") or one.find(".//time") is not None]
    named = [one for one in found if one.find(".//a[@name]") is not None]
    plain = found and found[0].tag in ("tr", "li")
    return 2 * len(says_post if plain and not marked else says_post + marked + named) >= len(found)


def steady(part: HtmlElement, *, without_links: bool = False) -> str:
    """The words of a part without those that change by themselves."""
    said = text_of(part, without_links=without_links)
    return one_line(MOMENTARY.sub(" ", VOLATILE.sub(" ", said)))


def names_a_post(element: HtmlElement) -> bool:
    """Whether a class name or an id of the element says post."""
    return any(POST_WORDS.search(token) for token in tokens(element))


def _without_number(token: str) -> str:
    """A class name without the number at its end: "post-17" is "post"."""
    bare = token.rstrip("0123456789")
    return bare[:-1] if bare != token and bare.endswith(("-", "_")) else bare


def _kind(element: HtmlElement) -> tuple[str, frozenset[str]] | None:
    names = frozenset(
        stem for token in tokens(element) if (stem := _without_number(token)) not in _PLAIN
    )
    if element.tag in ("article", "li", "tr") or (
        element.tag in ("div", "section", "table") and names
    ):
        if element.tag in ("li", "tr"):
            parent = element.getparent()
            owner = " ".join(tokens(parent)) if parent is not None else ""
            return element.tag, names | {f"in {owner}"}
        return element.tag, names
    return None


_PLAIN = frozenset({"odd", "even", "first", "last", "new", "unread", "active", "alt", ""})


def row_of(link: HtmlElement) -> HtmlElement:
    """What a link is listed in: its table row, list item, article, or nearest block with more."""
    own = len(text_of(link))
    for outer in link.iterancestors():
        if outer.tag in ("tr", "li", "article"):
            return outer
        if outer.tag in ("body", "main", "table", "ul", "ol"):
            break
        if outer.tag in ("div", "section", "dl") and len(text_of(outer)) > own + 2:
            return outer
    return link


def row_state(row: HtmlElement) -> str:
    """What of a row changes when something happened behind its link; "" when nothing tells."""
    copied = deepcopy(row)
    headings = _headings(row)
    for index, cell in enumerate(copied.findall("td")):
        if index < len(headings) and VIEW_COUNT.search(headings[index]):
            cell.drop_tree()
    for node in list(copied.iter(etree.Element)):
        if node is not copied and any(VIEW_COUNT.search(token) for token in tokens(node)):
            node.drop_tree()
    stamps = [node.get("datetime", "") for node in copied.iter("time")]
    said = VOLATILE.sub(" ", text_of(copied))
    counted = VOLATILE.sub(" ", text_of(copied, without_links=True))
    if not any(stamps) and not any(c.isdigit() for c in counted):
        return ""
    return one_line(f"{said} {' '.join(stamps)}")


def _headings(row: HtmlElement) -> list[str]:
    table = next((outer for outer in row.iterancestors() if outer.tag == "table"), None)
    if row.tag != "tr" or table is None:
        return []
    return [text_of(cell) for cell in table.xpath("(.//tr[th])[1]/th")]


def links(body: HtmlElement) -> Iterator[HtmlElement]:
    """All elements that are links with an address."""
    return (one for one in body.iter("a") if one.get("href"))
