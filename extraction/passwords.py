"""Passwords for archives, taken from the words around them.

Who reposts an archive says its password beside it: behind a word for it, as a line of its own,
as the site's name. What stands there is tried, the likeliest first; never a dictionary.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

MAX_HINTS = 200_000
LONGEST = 64
MAX_CANDIDATES = 400
AFTER_CUE = 160
CUE = re.compile(
    r"(?<!\w)(?:mots?[ -]de[ -]passes?|mdp|passwords?|passwd|passphrase|passe?|pwd?|"
    r"cl[ée]|clef|key|code|contrase(?:ñ|n)a|kennwort|passwort|парол\w{1,3})(?!\w)",
    re.IGNORECASE,
)
# Words that stand between the cue and the password.
FILLERS = frozenset(
    {"is", "est", "c'est", "for", "pour", "de", "du", "des", "le", "la", "les", "l'archive", "the",
     "of", "archive", "fichier", "file", "zip", "rar", "7z", "unrar", "unzip", "to", "open",
     "ouvrir", "extract", "is:", "est:", ":", "=", "->", "=>", "→", "»", ">", "-", "–", "—", "are",
     "sont", "word", "and", "et", "ist", "es"}
)  # fmt: skip
QUOTED = re.compile(r"[\"'`«“‘]\s?([^\"'`»”’\n]{1,64}?)\s?[\"'`»”’]")
TOKEN = re.compile(r"\S+")
EDGES = ".,;:!?()[]{}<>\"'`«»“”‘’*|"
LEADING = re.compile(r"^(?:[:=\->→»\s]|is\b|est\b)*", re.IGNORECASE)
TOKENS_AFTER_CUE = 6


# Words that passwords may stand in, or what gives them: few inputs are locked.
Hints = str | Callable[[], str]


class Keyring:
    """Passwords to try, and what is left of tries and seconds for one input."""

    def __init__(self, hints: Hints, tries: int, seconds: float) -> None:
        self._hints = [""]
        self._asked: Hints = hints
        self._room = MAX_HINTS * 5
        self._worked: list[str] = []
        self._tries = tries
        self._until = time.monotonic() + seconds
        self._known: list[str] | None = None

    def hear(self, untrusted_words: str) -> None:
        """More words to take passwords from: a comment, a neighbouring text, a name."""
        if untrusted_words and self._room > 0:
            self._hints.append(untrusted_words[: self._room])
            self._room -= len(untrusted_words)
            self._known = None

    def worked(self, password: str) -> None:
        """This one opened something: it is the first for what comes."""
        if password in self._worked:
            self._worked.remove(password)
        self._worked.insert(0, password)

    def tries(self, cost: int = 1) -> Iterator[str]:
        """Passwords to try, each taking `cost` of the tries left. What worked before is free."""
        worked = list(self._worked)
        yield from worked
        if self._known is None:
            self._hints[0] = self._first()
            self._known = candidates(self._hints)
        for password in self._known:
            if password in worked:
                continue
            if self._tries < cost or time.monotonic() > self._until:
                return
            self._tries -= cost
            yield password

    def _first(self) -> str:
        """The hints given from the start, asked for once."""
        if not isinstance(self._asked, str):
            self._asked = self._asked()
        return self._asked[:MAX_HINTS]


def candidates(untrusted_hints: list[str]) -> list[str]:
    """What may be a password in those texts, the likeliest first, bounded in number."""
    found: dict[str, None] = {}
    for text in untrusted_hints:
        for cue in CUE.finditer(text):
            _add(found, _after(text[cue.end() : cue.end() + AFTER_CUE]))
            if len(found) > MAX_CANDIDATES:
                break
    for text in untrusted_hints:
        lines = (line.strip() for line in text.splitlines())
        _add(found, (line for line in lines if line and not any(map(str.isspace, line))))
    for text in untrusted_hints:
        _add(found, (quote[1] for quote in QUOTED.finditer(text)))
        tokens = [token[0] for token in TOKEN.finditer(text)][:2000]
        _add(found, (token for token in tokens if _is_odd(token)))
        _add(found, tokens)
    return list(found)


def _after(text: str) -> Iterator[str]:
    """What follows a word for "password": a quotation, the next words, the rest of the line."""
    line = LEADING.sub("", text).split("\n", 1)[0]
    quote = QUOTED.search(line)
    if quote:
        yield quote[1]
    told = 0
    for token in TOKEN.finditer(line):
        word = token[0]
        if word.lower().strip(EDGES) in FILLERS or not word.strip(":=->»"):
            continue
        yield word
        told += 1
        if told >= TOKENS_AFTER_CUE:
            break
    yield line


def _add(found: dict[str, None], words: Iterator[str] | list[str]) -> None:
    for word in words:
        if len(found) >= MAX_CANDIDATES:
            return
        for form in (word.strip(), word.strip().strip(EDGES).strip()):
            if 0 < len(form) <= LONGEST:
                found[form] = None


def _is_odd(token: str) -> bool:
    """Whether a token looks chosen rather than written: digits or signs among its letters."""
    return any(char.isdigit() for char in token) or not token.strip(EDGES).isalpha()
