"""A page rebuilt from what is harmless in it: allow-listed elements, styles and words.

The masked copy is not the page with things taken out but another document, made of a tree that a
script read out of the page: an element is one of `TAGS` or a plain box, a style is one of `STYLES`
with a value of its form, a text goes through `capture.masking`, and nothing else is taken over: no
attribute, script, style sheet, picture, canvas, frame or pseudo-element. The masked picture is
this document, rendered. So no pixel of the original is in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from capture.masking import mask_parts

TAGS = frozenset(
    """
    a abbr address article aside b blockquote body button caption code dd div dl dt em fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr i legend li main nav ol p pre q s
    section small span strong sub sup table tbody td tfoot th thead tr u ul
    """.split()  # noqa: SIM905 - a table to be read
)
INLINE = frozenset({"inline", "contents", "inline-block", "inline-flex"})
MAX_NODES, MAX_DEPTH, MAX_TEXT = 30_000, 150, 20_000
SMALL = 12  # pixels; coloured boxes below that could draw letters
NUMBER = re.compile(r"-?\d{1,4}(?:\.\d{1,6})?px")
COLOUR = re.compile(r"rgba?\(\d{1,3}, \d{1,3}, \d{1,3}(?:, (?:0|1|0?\.\d{1,6}))?\)")
HEAD = (
    '<!doctype html><html lang="fr"><meta charset="utf-8"><meta http-equiv='
    "\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<title>Copie masquée / masked copy</title><style>body{margin:0;overflow-wrap:anywhere}"
    ".vigie{font:13px/1.4 sans-serif;background:#fef3c7;color:#1f2937;padding:8px 12px;"
    "border-bottom:2px solid #b45309}.picture{background:#d1d5db;border:1px solid #9ca3af;"
    "display:inline-block;max-width:100%}"
)
BANNER = (
    "Copie masquée, prise le {at} (seconde requête). Chaque mot qui n’est pas sûrement anodin est "
    "remplacé par •••, chaque image par un cadre gris. — Masked copy, taken {at} (a second "
    "request). Every word not surely harmless stands as •••, every picture as a grey box."
)


def _one_of(*values: str) -> Callable[[str], str]:
    return lambda value: value if value in values else ""


def _pixels(low: float, high: float) -> Callable[[str], str]:
    def checked(value: str) -> str:
        if not NUMBER.fullmatch(value):
            return ""
        return f"{round(min(high, max(low, float(value[:-2]))))}px"

    return checked


def _column(value: str) -> str:
    """Of wide boxes, in whole hundreds: what is as wide as its words would tell their length."""
    width = round(float(value[:-2]) / 100) * 100 if NUMBER.fullmatch(value) else 0
    return f"{min(1200, width)}px" if width >= 300 else ""


def _colour(value: str) -> str:
    return value if COLOUR.fullmatch(value) else ""


def _lines(value: str) -> str:
    """Line breaks stay; lines wrap, for what stands beyond the edge is in no picture."""
    return {"pre": "pre-wrap", "pre-wrap": "pre-wrap", "pre-line": "pre-line"}.get(value, "")


def _family(value: str) -> str:
    told = value.lower()
    if "mono" in told or "courier" in told or "consol" in told:
        return "monospace"
    return "serif" if "serif" in told.replace("sans-serif", "") or "times" in told else "sans-serif"


STYLES: Mapping[str, Callable[[str], str]] = {
    "display": _one_of("block", "inline", "inline-block", "flex", "inline-flex", "list-item",
                       "table", "table-row", "table-cell", "table-row-group", "table-caption",
                       "table-header-group", "table-footer-group", "none", "contents"),
    "visibility": _one_of("hidden", "collapse"),
    "float": _one_of("left", "right"),
    "clear": _one_of("left", "right", "both"),
    "flex-direction": _one_of("row", "column", "row-reverse", "column-reverse"),
    "flex-wrap": _one_of("wrap"),
    "justify-content": _one_of("center", "space-between", "space-around", "flex-end"),
    "align-items": _one_of("center", "flex-start", "flex-end", "baseline"),
    "width": _column,
    "color": _colour,
    "background-color": _colour,
    "font-size": _pixels(6, 80),
    "font-weight": lambda value: value if re.fullmatch(r"[1-9]00", value) else "",
    "font-style": _one_of("italic", "oblique"),
    "font-family": _family,
    "text-align": _one_of("center", "right", "left", "justify", "start", "end"),
    "white-space": _lines,
    "text-decoration-line": _one_of("underline", "line-through"),
    "list-style-type": _one_of("none", "disc", "decimal", "circle", "square"),
    "border-collapse": _one_of("collapse"),
    **{f"{kind}-{side}": _pixels(-400 if kind == "margin" else 0, 400)
       for kind in ("margin", "padding") for side in ("top", "right", "bottom", "left")},
    **{f"border-{side}-width": _pixels(0, 40) for side in ("top", "right", "bottom", "left")},
    **{f"border-{side}-style": _one_of("solid", "dashed", "dotted", "double")
       for side in ("top", "right", "bottom", "left")},
    **{f"border-{side}-color": _colour for side in ("top", "right", "bottom", "left")},
}  # fmt: skip
Node = Sequence[Any]  # ["t", text] | ["p", width, height] | ["e", tag, {style}, w, h, [children]]


class TooLarge(Exception):
    """The tree is over its bounds."""


def masked_page(untrusted_tree: Node, at: str) -> str:
    """The masked HTML of a tree that `crawler.picture_script` read; raises TooLarge, and
    ValueError for what is no such tree. `at` is our own time, as shown in the banner."""
    return _Page(untrusted_tree).html(at)


class _Page:
    """Two passes: all texts are masked in their runs, then the document is written."""

    def __init__(self, untrusted_tree: Node) -> None:
        self._tree = untrusted_tree
        self._nodes = 0
        self._runs: list[list[str]] = [[]]
        self._collect(untrusted_tree, 0)
        masked = [part for run in self._runs if run for part in mask_parts(run)]
        self._masked = iter(masked)
        self._classes: dict[str, str] = {}

    def html(self, at: str) -> str:
        body: list[str] = []
        self._write(self._tree, body)
        rules = "".join(f".{name}{{{rule}}}" for rule, name in self._classes.items())
        return f"{HEAD}{rules}</style><div class=vigie>{BANNER.format(at=at)}</div>{''.join(body)}"

    def _collect(self, node: Node, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise TooLarge
        kind = node[0]
        if kind == "t":
            self._runs[-1].append(str(node[1])[:MAX_TEXT])
        elif kind == "p" or (kind == "e" and node[1] == "br"):
            self._break()
        elif kind == "e":
            # What stands inline runs on: "<b>MARTI</b>NEAU" is one word.
            is_block = str(dict(node[2]).get("display", "inline")) not in INLINE
            if is_block:
                self._break()
            for child in node[5]:
                self._collect(child, depth + 1)
            if is_block:
                self._break()
        else:
            raise ValueError("no tree of a page")

    def _break(self) -> None:
        if self._runs[-1]:
            self._runs.append([])

    def _write(self, node: Node, out: list[str]) -> None:
        kind = node[0]
        if kind == "t":
            out.append(html.escape(next(self._masked), quote=False))
        elif kind == "p":
            width, height = (min(1280, max(0, int(node[at]))) for at in (1, 2))
            rule = f"width:{width}px;height:{height}px"
            out.append(f'<span class="picture {self._class(rule)}"></span>')
        elif node[1] == "br":
            out.append("<br>")
        else:
            self._write_element(node, out)

    def _write_element(self, node: Node, out: list[str]) -> None:
        tag = str(node[1]) if node[1] in TAGS else "div"
        if tag == "body":
            tag = "div"
        style = dict(node[2])
        if not _has_text(node) and min(float(node[3]), float(node[4])) < SMALL:
            style.pop("background-color", None)
        out.append(f"<{tag} class={self._class(_rule(style))}>")
        if tag != "hr":
            for child in node[5]:
                self._write(child, out)
            out.append(f"</{tag}>")

    def _class(self, rule: str) -> str:
        return self._classes.setdefault(rule, f"c{len(self._classes)}")


def _rule(untrusted_style: Mapping[str, Any]) -> str:
    parts = []
    for name, form in STYLES.items():
        value = form(str(untrusted_style.get(name, ""))[:200]) if name in untrusted_style else ""
        if value:
            parts.append(f"{name}:{value}")
    if any(part.startswith("width:") for part in parts):
        parts.append("box-sizing:border-box")
    return ";".join(parts)


def _has_text(node: Node) -> bool:
    if node[0] == "t":
        return bool(str(node[1]).strip())
    return node[0] == "e" and any(_has_text(child) for child in node[5])
