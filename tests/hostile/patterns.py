"""Every regular expression of the product, and texts made to be slow for it.

Patterns are found in two ways, so that none is left out: those that importing a module makes, and
those in its source, in calls such as `re.fullmatch("…", text)`, evaluated in the module's names.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "capture", "crawler", "egress", "evidence", "extraction", "index", "matching", "review",
    "spiders", "vigie", "scheduler.py",
)  # fmt: skip
CALLS = frozenset(
    {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
)
ANCHORED = frozenset({"match", "fullmatch"})
# Characters of every class that a pattern may speak of.
ALPHABET = "aA1f \t\n\r.,;:-_=+%&<>/\\\"'@#*()[]{}é\xa0\u200b\0"

AnyPattern = re.Pattern[str] | re.Pattern[bytes]


def modules() -> Iterator[tuple[str, Path]]:
    """(module name, file) of all code that meets what others wrote; the demo makes its own."""
    for room in ROOMS:
        files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
        for file in files:
            name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            if not name.startswith("vigie.demo") and "migrations" not in name:
                yield name.removesuffix(".__init__"), file


@cache
def all_patterns() -> tuple[dict[str, tuple[AnyPattern, bool]], frozenset[str]]:
    """(pattern by the place it stands at and whether it is only tried at one place of a text,
    places whose pattern is built from local names)."""
    found: dict[str, tuple[AnyPattern, bool]] = {}
    built: set[str] = set()
    for name, file in modules():
        space = vars(importlib.import_module(name))
        for attribute, value in list(space.items()):
            for number, pattern in enumerate(_inside(value)):
                anchored = attribute.isupper() and uses(name, attribute) <= ANCHORED
                found[f"{name}.{attribute}{number or ''}"] = pattern, anchored
        for place, made, method in _in_source(name, file, space):
            if made is None:
                built.add(place)
            else:
                found[place] = made, method in ANCHORED
    # The same pattern may come up in several modules; searched for is more than matched.
    order = sorted(found, key=lambda place: found[place][1], reverse=True)
    unique = {(found[place][0].pattern, found[place][0].flags): place for place in order}
    return {place: found[place] for place in unique.values()}, frozenset(built)


def uses(name: str, attribute: str) -> frozenset[str]:
    """How a pattern of a module is called: {"match", "sub"}; "" where it is handed on."""
    found: set[str] = set()
    last = name.rpartition(".")[2]
    elsewhere = re.compile(
        rf"\b{last}\.{attribute}\b|from {re.escape(name)} import [^\n]*\b{attribute}\b"
    )
    for module, file in modules():
        source = _source(file)
        if module != name:
            found.update([""] if elsewhere.search(source) else [])
            continue
        for line in source.splitlines():
            if not line.startswith((f"{attribute} ", "from ", "import ")):
                found.update(re.findall(rf"(?<![\w.]){attribute}\b(?:\.(\w+))?", line))
    return frozenset(found)


@cache
def _source(file: Path) -> str:
    return file.read_text()


def _inside(value: object) -> Iterator[AnyPattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from _inside(each)
    elif isinstance(value, Mapping):
        for each in list(value.values()):
            yield from _inside(each)


def _in_source(
    name: str, file: Path, space: dict[str, Any]
) -> Iterator[tuple[str, AnyPattern | None, str]]:
    tree = ast.parse(file.read_text())
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            if _is_of_re(call):
                assert isinstance(call, ast.Call)
                assert isinstance(call.func, ast.Attribute)
                yield f"{name}.{function.name}", _evaluated(call, space), call.func.attr


def _is_of_re(call: ast.AST) -> bool:
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in CALLS
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "re"
    )


def _evaluated(call: ast.Call, space: dict[str, Any]) -> AnyPattern | None:
    given = [node for word in call.keywords if word.arg == "flags" for node in [word.value]]
    try:
        pattern, *flags = (
            eval(compile(ast.Expression(node), "<pattern>", "eval"), {**space})  # noqa: S307
            for node in [call.args[0], *given]
        )
    except NameError:
        return None
    return pattern if isinstance(pattern, re.Pattern) else re.compile(pattern, *flags)


def attacks(pattern: AnyPattern) -> list[tuple[str, str, str]]:
    """(beginning, what is repeated, end): texts that almost match, in many ways.

    For every repetition in the pattern: what leads to it, then its body again and again, and at
    the end what it cannot go on with. And runs of every character that the pattern may take.
    """
    tree = parser.parse(pattern.pattern, pattern.flags)
    found: dict[tuple[str, str, str], None] = {}
    for variant in range(3):
        for lead, body in _repeats(tree, "", variant):
            for end in ("", "\0", "!"):
                found[lead, body, end] = None
            found["", lead + body, ""] = None
        whole = _sample(tree, variant)
        found["", whole, ""] = None
        found["", whole[:-1], ""] = None
    for char in ALPHABET:
        found["", char, ""] = None
        found[_sample(tree, 0)[:1], char, "\0"] = None
    return [attack for attack in found if attack[1]]


def _repeats(tree: Any, lead: str, variant: int) -> Iterator[tuple[str, str]]:
    """(what leads to a repetition, one turn of it), also of those inside others."""
    for code, argument in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            _, most, body = argument
            yield from _repeats(body, lead, variant)
            if most > 1:
                yield lead, _sample(body, variant)
                yield lead, _sample(body, variant + 1) + _sample(body, variant)
        elif code is codes.SUBPATTERN:
            yield from _repeats(argument[-1], lead, variant)
        elif code is codes.ATOMIC_GROUP:
            yield from _repeats(argument, lead, variant)
        elif code is codes.BRANCH:
            for branch in argument[1]:
                yield from _repeats(branch, lead, variant)
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            yield from _repeats(argument[1], lead, variant)
        lead += _sample([(code, argument)], variant)


def _sample(tree: Any, variant: int) -> str:
    """A short text that the tree matches, or nearly; variants take other branches."""
    parts = []
    for code, argument in tree:
        if code is codes.LITERAL:
            parts.append(chr(argument))
        elif code is codes.NOT_LITERAL:
            parts.append(next(char for char in "xyz" if ord(char) != argument))
        elif code is codes.ANY:
            parts.append("x")
        elif code is codes.IN:
            parts.append(_of_class(argument, variant))
        elif code is codes.BRANCH:
            branches = argument[1]
            parts.append(_sample(branches[variant % len(branches)], variant))
        elif code is codes.SUBPATTERN:
            parts.append(_sample(argument[-1], variant))
        elif code is codes.ATOMIC_GROUP:
            parts.append(_sample(argument, variant))
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, body = argument
            parts.append(_sample(body, variant) * min(max(least, variant % 2), most))
    return "".join(parts)


def _of_class(items: Any, variant: int) -> str:
    negated = items[0][0] is codes.NEGATE
    taken = [char for char in ALPHABET + "bcdxyzZ0789" if _is_in(char, items) != negated]
    literal = [chr(argument) for code, argument in items if code is codes.LITERAL and not negated]
    first = [chr(argument[0]) for code, argument in items if code is codes.RANGE and not negated]
    choice = [*first, *literal, *taken] or ["x"]
    return choice[variant % len(choice)]


def _is_in(char: str, items: Any) -> bool:
    for code, argument in items:
        if code is codes.LITERAL and ord(char) == argument:
            return True
        if code is codes.RANGE and argument[0] <= ord(char) <= argument[1]:
            return True
        if code is codes.CATEGORY and _CATEGORIES.get(argument, str.isalnum)(char):
            return True
    return False


_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    codes.CATEGORY_DIGIT: str.isdigit,
    codes.CATEGORY_NOT_DIGIT: lambda char: not char.isdigit(),
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_NOT_SPACE: lambda char: not char.isspace(),
    codes.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
    codes.CATEGORY_NOT_WORD: lambda char: not (char.isalnum() or char == "_"),
}
