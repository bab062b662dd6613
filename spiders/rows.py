"""The rows of a list: what each link is listed in, and what of it changes when something happened.

A row is the largest part of the page that names no other thread, so that its counts, its times and
its last poster belong to it however many boxes they stand in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy

from lxml import etree  # type: ignore[import-untyped]
from lxml.html import HtmlElement  # type: ignore[import-untyped]

from spiders import structure, words

WHOLE = frozenset({"html", "body", "main"})
LISTS = WHOLE | {"table", "tbody", "ul", "ol"}
INLINE = frozenset(
    {"a", "abbr", "b", "em", "font", "i", "label", "small", "span", "strong", "time", "u"}
)
# Unlinked characters of a row, at most: a larger part is no row but holds the list.
LONGEST = 600
# Characters of one piece of text that is a sentence and no name, date or count, at least.
SENTENCE = 40
# Characters of a heading over a column, at most.
LONGEST_HEADING = 40


def rows_of(listed: Sequence[tuple[HtmlElement, str]]) -> dict[str, HtmlElement]:
    """The row of each location, given the links in their order on the page."""
    own = _titles(listed)
    inside: Counter[HtmlElement] = Counter()
    for link, _ in own:
        inside.update(link.iterancestors())
    found: dict[str, HtmlElement] = {}
    for link, location in own:
        found[location] = _largest(link, inside) if len(own) > 1 else _nearest(link)
    for link, location in listed:
        found.setdefault(location, _nearest(link))
    return found


def _titles(listed: Sequence[tuple[HtmlElement, str]]) -> list[tuple[HtmlElement, str]]:
    """One link a location, without those that come again in other rows (a category, a board)."""
    spread = spread_among(listed)
    first = {location: link for link, location in reversed(listed) if location not in spread}
    return [(link, location) for location, link in reversed(first.items())]


def spread_among(listed: Sequence[tuple[HtmlElement, str]]) -> frozenset[str]:
    """What is named again in other rows: a category or board, and nobody's thread."""
    last: dict[str, int] = {}
    spread = set()
    for at, (_, location) in enumerate(listed):
        if location in last and any(other != location for _, other in listed[last[location] : at]):
            spread.add(location)
        last[location] = at
    return frozenset(spread)


def _largest(link: HtmlElement, inside: Counter[HtmlElement]) -> HtmlElement:
    row = link
    for outer in link.iterancestors():
        if outer.tag in WHOLE or inside[outer] > 1:
            break
        if len(structure.text_of(outer, without_links=True)) > LONGEST:
            break
        row = outer
    return row


def _nearest(link: HtmlElement) -> HtmlElement:
    """The table row, list item or article around a link, or the nearest block with more text."""
    own = len(structure.text_of(link))
    if link.tag in ("tr", "li", "article"):
        return link
    for outer in link.iterancestors():
        if outer.tag in ("tr", "li", "article"):
            return outer
        if outer.tag in LISTS:
            break
        if outer.tag in ("div", "section", "dl") and len(structure.text_of(outer)) > own + 2:
            return outer
    return link


def stands_alone(link: HtmlElement) -> bool:
    """Whether no words stand on the link's own line: a title does, a name in "by Ana" does not."""
    while link.getparent() is not None and link.getparent().tag in INLINE:
        link = link.getparent()
    around = link.getparent()
    if around is None:
        return True
    line, mine = [around.text or ""], False
    for child in around:
        if child.tag not in INLINE:
            if mine:
                break
            line = []
        elif child is not link and child.tag != "a":
            line.append(structure.text_of(child, without_links=True))
        mine = mine or child is link
        line.append(child.tail or "")
    return not any(any(c.isalpha() for c in one) for one in line)


def says_first(row: HtmlElement, leads: Callable[[HtmlElement], object]) -> bool:
    """Whether a sentence stands before the row's first way on: then it is a post that has a link,
    and no row."""
    stack: list[HtmlElement | str] = [row]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            if len(structure.one_line(node)) >= SENTENCE:
                return True
            continue
        if node is not row and node.tail:
            stack.append(node.tail)
        if not isinstance(node.tag, str) or node.tag in structure.SILENT:
            continue
        if node.get("href") and leads(node):
            return False
        if node.tag != "a":
            stack.extend(reversed(list(node)))
            if node.text:
                stack.append(node.text)
    return False


def has_sentence(block: HtmlElement) -> bool:
    """Whether one piece of the block's unlinked text is a sentence."""
    return says_first(block, lambda _: False)


def view_columns(part: HtmlElement) -> frozenset[tuple[int, int]]:
    """Where a heading says that a column counts views: its place, and of how many."""
    found = set()
    for cell in part.iter("th", "td", "div", "span", "li", "dd", "dt"):
        if len(cell) > 2 or cell.getparent() is None or len(cell.getparent()) < 3:
            continue
        said = structure.text_of(cell)
        if len(said) <= LONGEST_HEADING and words.VIEW_COUNT.fullmatch(said):
            found.add((cell.getparent().index(cell), len(cell.getparent())))
    return frozenset(found)


def state(row: HtmlElement, views: frozenset[tuple[int, int]]) -> str:
    """What of a row changes when something happened behind its link; "" when nothing tells.

    Links that are marked as named in other rows are left out: another list of the same threads
    does not show them.
    """
    copied = deepcopy(row)
    for node in copied.xpath(f".//*[@{structure.DOOMED}]"):
        _empty(node)
    copied.tail = None
    for node in list(copied.iter(etree.Element)):
        if node is copied or node.getparent() is None:
            continue
        place = (node.getparent().index(node), len(node.getparent()))
        counts = place in views and any(c.isdigit() for c in structure.text_of(node)[:12])
        named = any(words.VIEW_COUNT.search(token) for token in structure.tokens(node))
        if counts or named:
            _empty(node)
    stamps = [node.get("datetime", "") for node in copied.iter("time")]
    said = words.VOLATILE.sub(" ", structure.text_of(copied))
    counted = words.VOLATILE.sub(" ", structure.text_of(copied, without_links=True))
    if not any(stamps) and not any(c.isdigit() for c in counted):
        return ""
    return structure.one_line(f"{said} {' '.join(stamps)}")


def _empty(node: HtmlElement) -> None:
    """Take out what an element says and leave its place, by which others are counted."""
    for child in list(node):
        node.remove(child)
    node.text = None
