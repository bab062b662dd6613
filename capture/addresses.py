"""Addresses with only the site's own frame readable.

Scheme, host, port, known route words and identifiers of the site stay. Whatever else stands in
a path, a query or a fragment may be a person's name put there by a poster, and is masked.
Identifiers are named by the crawl child, whose word is not trusted: one stays only when it
has the form of an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise
from urllib.parse import urlsplit

MASK = "•••"
MAX_LENGTH = 1_000
MAX_KEPT_IDS = 6
SCHEMES = frozenset({"http", "https", "file"})
ROUTES = frozenset(
    """
    all api archive archives attachment board boards c category categories comment comments css
    d document doc download entry f feed file files find forum forums g get group html i id index
    item items json language languages latest lang list lists load m message messages more msg new
    news next node o p page pages paste pastes plain post posts print private public q r raw read
    recent reply rss s show showpost showthread show_bug start static st t tag tags text thread
    threads tid topic topics txt u v view viewforum viewthread viewtopic x +list +latest
    htm php asp aspx cgi jsp xml sitemap robots last first cat pid fid offset sort order desc asc
    by date created
    """.split()  # noqa: SIM905 - a table to be read
)
HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,300}")
PIECE = re.compile(r"[^\W_]+|[\W_]+")
TOKEN = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+){0,8}")
FRAGMENT = re.compile(r"(p|c|post|post-|comment-|msg|reply-)([A-Za-z0-9]+)")
COUNTED = frozenset({"page", "start", "offset", "p"})
PAGE = re.compile(r"[0-9]{1,4}")
HEX = re.compile(r"[0-9a-fA-F]{16,}")
LETTERS = re.compile(r"[A-Za-z]+")
ONE_CASE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|(?:[A-Z][a-z]+){2,3}")
LEET = str.maketrans("0134578", "oieastb")
# Which letter follows which in French surnames, first names and towns, 97 of 100 times.
FOLLOWERS = {
    "a": "bcdeghiklmnoprstuvyz",
    "b": "aeilor",
    "c": "aehikloqr",
    "d": "aeioruy",
    "e": "abcdefgilmnoprstuvxyz",
    "f": "aefilor",
    "g": "aehinoru",
    "h": "aeimoru",
    "i": "abcdeglmnoqrstuvx",
    "j": "aeou",
    "k": "aehiou",
    "l": "abdeilmotuvy",
    "m": "abeimopuy",
    "n": "acdeghinostu",
    "o": "abcdegilmnprstuvwyz",
    "p": "aehiloru",
    "q": "u",
    "r": "abcdegiklmnoprstuvy",
    "s": "aceikmnopst",
    "t": "aehiortz",
    "u": "abcdegilmnpqrstvxyz",
    "v": "aeior",
    "w": "ae",
    "x": "i",
    "y": "aelno",
    "z": "aeio",
}
READS_LIKE_WORDS = 0.7
LEET_READS_LIKE_WORDS = 0.85


def mask_address(untrusted_address: str, frame_ids: Collection[str]) -> str:
    """The address with only the site's frame readable, at most 1,000 code points.

    `frame_ids` are the parts that are the site's own identifiers; see `is_identifier`.
    """
    untrusted_address = untrusted_address.strip()[:8192]
    scheme, colon, rest = untrusted_address.partition("://")
    try:
        parts = urlsplit(untrusted_address)
        place = parts.netloc.rpartition("@")
    except ValueError:
        return MASK
    if not colon or scheme.lower() not in SCHEMES or not rest:
        return MASK
    kept = _kept(frame_ids)
    host = place[2].lower() if HOST.fullmatch(place[2]) else MASK if place[2] else ""
    user = f"{MASK}@" if place[1] else ""
    shown = f"{scheme.lower()}://{user}{host}" + "/".join(
        _segment(segment, kept) for segment in parts.path.split("/")
    )
    if parts.query:
        shown += "?" + "&".join(_parameter(pair, kept) for pair in parts.query.split("&"))
    if parts.fragment:
        shown += "#" + _segment(parts.fragment, kept)
    return shown if len(shown) <= MAX_LENGTH else shown[: MAX_LENGTH - 1] + "…"


def is_identifier(untrusted_token: str) -> bool:
    """Whether a token may be a site's identifier rather than somebody's name or number.

    Numbers of up to seven digits, or of eight that are no date, pass; phone numbers and NIR are
    longer. Tokens with letters pass unless some stretch of them reads like words, spelled with
    digits or not. Sites hand out random tokens; a poster who can choose one writes words.
    """
    if not TOKEN.fullmatch(untrusted_token) or len(untrusted_token) > 64:
        return False
    digits = "".join(char for char in untrusted_token if char.isdigit())
    bare = re.sub(r"[_-]", "", untrusted_token)
    if bare == digits:
        return len(digits) <= 7 or (len(digits) == 8 and not _is_date(digits))
    if HEX.fullmatch(bare) and not bare.isalpha():
        return True
    if re.search(r"[0-9]{8}", bare):
        return False
    return not _reads_like_words(untrusted_token)


def _is_date(digits: str) -> bool:
    """Eight digits as year-month-day or day-month-year of somebody living."""
    for year, month, day in (
        (digits[:4], digits[4:6], digits[6:]),
        (digits[4:], digits[2:4], digits[:2]),
    ):
        if 1900 <= int(year) <= 2099 and 1 <= int(month) <= 12 and 1 <= int(day) <= 31:
            return True
    return False


def _reads_like_words(token: str) -> bool:
    """Whether most letters of a token stand in stretches that read like names."""
    joined = re.sub(r"[_-]", "", token)
    if _is_mostly_wordy(token) or _is_mostly_wordy(joined):
        return True
    digits = sum(char.isdigit() for char in joined)
    one_case = joined.isupper() or joined.islower()
    if not one_case or len(joined) < 7 or not 0 < digits <= 2:
        return False
    return _is_mostly_wordy(joined.lower().translate(LEET), usual=LEET_READS_LIKE_WORDS)


def _is_mostly_wordy(text: str, usual: float = READS_LIKE_WORDS) -> bool:
    runs = LETTERS.findall(text)
    letters = sum(map(len, runs))
    wordy = sum(len(run) for run in runs if _is_wordy(run, letters, usual))
    return wordy > 0 and 2 * wordy >= letters


def _is_wordy(run: str, letters: int, usual: float) -> bool:
    """Whether a run of letters is in one case, or Title Case, and its letters follow each other as
    in names. Short runs prove nothing; sites that count in base 32 use five capitals."""
    shortest = 5 if len(run) == letters and not run.isupper() else 6
    if len(run) < shortest or not ONE_CASE.fullmatch(run):
        return False
    low = run.lower()
    known = sum(after in FOLLOWERS[before] for before, after in pairwise(low))
    # By chance a random token holds such a stretch more often than it is one.
    return known >= (usual if len(run) == letters else max(usual, 0.8)) * (len(low) - 1)


def _kept(frame_ids: Collection[str]) -> frozenset[str]:
    good = [token for token in dict.fromkeys(frame_ids) if is_identifier(token)]
    return frozenset(good[:MAX_KEPT_IDS])


def _segment(untrusted_segment: str, kept: frozenset[str]) -> str:
    """One part of a path, or a fragment: whole when it is known, else piece by piece."""
    if untrusted_segment in kept or untrusted_segment in ROUTES or not untrusted_segment:
        return untrusted_segment
    found = FRAGMENT.fullmatch(untrusted_segment)
    if found and found[2] in kept:
        return untrusted_segment
    shown: list[str] = []
    for piece in PIECE.findall(untrusted_segment):
        known = piece in kept or piece in ROUTES
        shown.append(piece if known or piece in "-._+" else MASK)
    return re.sub(f"{MASK}(?:[-._+]?{MASK})+", MASK, "".join(shown))


def _parameter(untrusted_pair: str, kept: frozenset[str]) -> str:
    name, equals, value = untrusted_pair.partition("=")
    shown = name if name in ROUTES else _segment(name, kept)
    if not equals:
        return shown
    if value in kept or (name in COUNTED and PAGE.fullmatch(value)):
        return f"{shown}={value}"
    return f"{shown}={MASK if value else ''}"
