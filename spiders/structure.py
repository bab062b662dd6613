"""What any site's page shows by its structure: its main part, blocks of text, rows that lead on.

Used by the generic spider. Words that pages say are in `spiders.words`; here is structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

from lxml import etree, html  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from spiders import disguised, words

SILENT = frozenset({"script", "style", "noscript", "template", "svg", "head"})
OF_HEAD = frozenset({"title", "meta", "link", "script", "style", "base", "noscript", "template"})
FRAME_TAGS = frozenset({"nav", "footer", "dialog", *SILENT})
FRAME_WORDS = re.compile(
    r"(nav|navbar|navigation|menu|menubar|breadcrumbs?|footer|masthead|toolbar|cookie[\w-]*|"
    r"pager|pagination|paginator|pagelinks|pages|site-header|topbar|skip-link|modal)"
)
SIDE_WORDS = re.compile(
    r"(?:left|right|site|page)?[-_]?(?:side-?bar|widget-area|widgets|secondary)[-_\d]*"
)
# Characters of a main part, at least; a page that is all side bar is not one.
LEAST_CORE = 20
FRAME_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog"})
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
POST_WORDS = re.compile(
    r"(^|[-_]|forum|block|board|topic|thread)(post|posting|postbody|comment|message|msg|reply|answer|entry|paste|snippet|article|"
    r"email)"
    r"($|[-_0-9])"
)
# What tables of one kind have in common on pages older than class names.
OLD_LOOKS = ("width", "border", "bgcolor", "cellpadding")
LABELS = ("aria-label", "title", "alt")
WHOLE = frozenset({"body", "html", "main", "table", "tbody"})
LINKS = ("a", "area", "form", "option", *disguised.ROWS, "button", "span")
# What numbered lines of a listing are called.
LINE_ID = re.compile(r"(?:l|lc|ln|line|ligne|row)[-_]?\d{1,6}", re.IGNORECASE)
MAX_ELEMENTS = 200_000
DOOMED, AROUND = "data-vigie-left-out", "data-vigie-around"


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
    body = _body_of(document)
    disguised.reveal(body)
    return body


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
    """The class names and the id of an element, in lower case, "postBody" as "post-body"."""
    said = f"{element.get('class', '')} {element.get('id', '')}"
    return (said if said.islower() else HUMP.sub("-", said).lower()).split()


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


def core_of(main: HtmlElement) -> HtmlElement:
    """The main part without what stands beside every page: a copy, or itself where nothing does."""
    doomed = [one for one in main.iter("aside", "div", "section", "td", "ul") if _is_side(one)]
    if not doomed:
        return main
    for one in doomed:
        one.set(DOOMED, "1")
    copied = deepcopy(main)
    for one in doomed:
        one.attrib.pop(DOOMED, None)
    for one in copied.xpath(f".//*[@{DOOMED}]"):
        if one.getparent() is not None:
            one.drop_tree()
    return copied if len(text_of(copied)) >= LEAST_CORE else main


def _is_side(node: HtmlElement) -> bool:
    if node.getparent() is None:
        return False
    if node.tag == "aside" or node.get("role") == "complementary":
        return not any(outer.tag in ("article", "main", "li") for outer in node.iterancestors())
    return any(SIDE_WORDS.fullmatch(token) for token in tokens(node))


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


def blocks(main: HtmlElement, *, least: float = 0.5) -> list[HtmlElement]:
    """The repeated blocks that hold the page's text: the posts of a thread; [] without any.

    Elements of one kind (tag and class names, numbers left out), none inside another unless the
    kind is named for posts; the kind whose name says post wins, then the one that holds more text.
    """
    kinds: dict[tuple[str, frozenset[str]], list[HtmlElement]] = {}
    for number, element in enumerate(main.iter(etree.Element)):
        if number > MAX_ELEMENTS:
            break
        kind = _kind(element)
        if kind is not None:
            kinds.setdefault(kind, []).append(element)
    everything = max(1, len(text_of(main, without_links=True)))
    best: tuple[tuple[bool, bool, bool, float], list[HtmlElement]]
    best = ((False, False, False, 0.0), [])
    for (tag, names), found in kinds.items():
        same = set(found)
        outer = [one for one in found if not any(up in same for up in one.iterancestors())]
        share = sum(len(text_of(one, without_links=True)) for one in outer) / everything
        says_post = any(POST_WORDS.search(name) for name in names) or tag == "article"
        if share < (least if says_post else 0.5) or (len(outer) < 2 and not says_post):
            continue
        posts = found if says_post else outer
        anchored = all(len(one.findall(".//a[@name]")) == 1 for one in posts)
        rank = (says_post, len(posts) > 1, anchored, share)
        if rank > best[0]:
            best = (rank, posts)
    return lifted(best[1]) if best[0][0] else best[1]


def lifted(found: list[HtmlElement]) -> list[HtmlElement]:
    """The blocks with what stands around each alone: its author, its time, its address."""
    while len(found) > 1 and not nested(found):
        around = [one.getparent() for one in found]
        tags = {one.tag for one in around if one is not None}
        if len(set(around)) < len(found) or len(tags) != 1 or tags & WHOLE:
            break
        found = around
        for one in found:
            one.set(AROUND, "1")
    return found


def nested(found: list[HtmlElement]) -> dict[HtmlElement, list[HtmlElement]]:
    """Those of the blocks that have others inside, each with the outermost of these."""
    blocks, inner = set(found), dict[HtmlElement, list[HtmlElement]]()
    for one in found:
        outer = next((up for up in one.iterancestors() if up in blocks), None)
        if outer is not None:
            inner.setdefault(outer, []).append(one)
    return inner


def are_posts(found: list[HtmlElement]) -> bool:
    """Whether repeated blocks are posts: they say so, or each has a name, a time or a written date
    of its own.

    The lines of a listing and the rows of a table repeat too; they are one document.
    """
    says_post = [one for one in found if one.tag == "article" or names_a_post(one)]
    marked = [one for one in found if one.get("id") or one.find(".//time") is not None]
    named = [one for one in found if one.find(".//a[@name]") is not None]
    if sum(1 for one in marked + named if LINE_ID.fullmatch(_name_of(one))) > len(found) // 2:
        return False
    plain = found and found[0].tag in ("tr", "li")
    if plain and not marked:
        return 2 * len(says_post + named) >= len(found)
    if not (marked or named):
        named = [one for one in found if words.DATE.search(text_of(one)[:400])]
    return 2 * len(says_post + marked + named) >= len(found)


def _name_of(block: HtmlElement) -> str:
    named = block.find(".//a[@name]")
    return str(block.get("id") or (named.get("name", "") if named is not None else ""))


def steady(part: HtmlElement, *, without_links: bool = False) -> str:
    """The words of a part without those that change by themselves."""
    said = text_of(part, without_links=without_links)
    return one_line(words.MOMENTARY.sub(" ", words.VOLATILE.sub(" ", said)))


def names_a_post(element: HtmlElement) -> bool:
    """Whether a class name or an id of the element, or of the one it stands around, says post."""
    return element.get(AROUND) is not None or any(
        POST_WORDS.search(token) for token in tokens(element)
    )


def _without_number(token: str) -> str:
    """A class name without the number at its end: "post-17" is "post"."""
    bare = token.rstrip("0123456789")
    return bare[:-1] if bare != token and bare.endswith(("-", "_")) else bare


def _kind(element: HtmlElement) -> tuple[str, frozenset[str]] | None:
    """What elements of one kind have in common: the tag and the word for a post among their class
    names ("post", whatever the theme adds to it), else all of their names."""
    stems = [stem for token in tokens(element) if (stem := _without_number(token)) not in _PLAIN]
    if element.tag == "table" and not stems:
        stems = [f"{name} {element.get(name)}" for name in OLD_LOOKS if element.get(name)]
    named = next((stem for stem in stems if POST_WORDS.search(stem)), "")
    names = frozenset([named] if named else stems)
    if element.tag in ("li", "tr"):
        parent = element.getparent()
        owner = " ".join(tokens(parent)) if parent is not None and not named else ""
        return element.tag, names | {f"in {owner}"}
    if element.tag == "article" or (element.tag in ("div", "section", "table") and names):
        return element.tag, names
    return None


_PLAIN = frozenset({"odd", "even", "first", "last", "new", "unread", "active", "alt", ""})


def names(body: HtmlElement) -> frozenset[str]:
    """What fragments of addresses may name on this page."""
    return frozenset(body.xpath("//@id | //a/@name"))


def links(body: HtmlElement) -> Iterator[HtmlElement]:
    """All elements that lead to an address, also those that `disguised` revealed."""
    return (one for one in body.iter(*LINKS) if one.get("href"))


def labels_of(link: HtmlElement) -> list[str]:
    """What a link says besides its text: titles, and what stands for its pictures."""
    parts = (link, *link.iter("img", "i", "span", "svg", "button"))
    return [said for one in parts for name in LABELS if (said := one.get(name))]
