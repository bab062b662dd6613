"""Finding needles in a run of bytes, whatever it is.

Numbers need boundaries and their right form. Where values of one record touch (`glued`, the raw
pages of a database), letters count as boundaries, and runs of hexadecimal digits are left out
instead: a check sum may hold ten digits in a row. A password that touches other letters or digits
there is not found; table by table it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from vigie.demo.posts.spelling import ENGLISH_MONTHS, MONTHS, bare
from vigie.demo.privacy.needles import Needles, words_of

Hit = tuple[str, int]  # kind, offset in bytes

# Patterns begin with a set of bytes where they can: a look behind at every byte costs three times
# as much.
NUMBERS = re.compile(rb"[0-9+][0-9 .()/\-+ABab]{8,}")
_PHONE = rb"(?:0|(?:\+|00)?33[ .\-]?(?:\(0\))?[ .\-]?)[1-9](?:[ .\-/]?[0-9]{2}){4}"
_NIR = rb"[12](?:[ .\-]?[0-9]){4}[ .\-]?(?:[0-9]{2}|2[ABab])(?:[ .\-]?[0-9]{3}){2}"
_KEY = rb"(?:[ .\-/]{0,3}[0-9]{2})?"
_FREE = (rb"(?<![0-9A-Za-z])", rb"(?![0-9A-Za-z])")
_GLUED = (rb"(?:(?<![0-9])|(?<=[/.\-](?:19|20)[0-9]{2}))", rb"(?![0-9])")
PHONE = {
    glued: re.compile(before + rb"(?=(" + _PHONE + rb")" + after + rb")")
    for glued, (before, after) in ((False, _FREE), (True, _GLUED))
}
NIR = {
    glued: re.compile(before + rb"(?=(" + _NIR + rb")" + _KEY + after + rb")")
    for glued, (before, after) in ((False, _FREE), (True, _GLUED))
}
LONG_RUN = re.compile(rb"[0-9]{20,}")
# As a record keeps it. Where two touch, a fraction of a second and a year look like a phone.
TIME = re.compile(rb"20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}")
HEX_RUN = re.compile(rb"[0-9a-f]{24,}|[0-9A-F]{24,}")
MAIL = re.compile(rb"@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
MAIL_LOCAL = re.compile(rb"[A-Za-z0-9._%+\-]+\Z")
_YEAR = rb"((?:19|20)?[0-9]{2})"
DAY_FIRST = re.compile(rb"([0-3][0-9])[/.\-]([01][0-9])[/.\-]" + _YEAR)
IN_A_ROW = re.compile(rb"([0-3][0-9])([01][0-9])((?:19|20)[0-9]{2})(?![0-9])")
YEAR_FIRST = re.compile(rb"((?:19|20)[0-9]{2})[/.\-]?([01][0-9])[/.\-]?([0-3][0-9])")
_MONTHS = {
    bare(name)[:length]: at % 12 + 1
    for at, name in enumerate((*MONTHS, *ENGLISH_MONTHS))
    for length in (3, 4)
}
IN_WORDS = re.compile(
    rb"([0-9][0-9]?)(?:er)?[ \-]([A-Za-z\x80-\xff]{3,12})\.?[ \-]" + _YEAR + rb"(?![0-9])"
)
MONTH_FIRST = re.compile(rb"([JFMASOND][a-z]{2,8})\.? ([0-3]?[0-9]),? ((?:19|20)[0-9]{2})(?![0-9])")
WORD = re.compile(rb"[A-Za-z\x80-\xff][A-Za-z\x80-\xff]{5,}")
TOKEN = re.compile(rb"[A-Za-z0-9][A-Za-z0-9]{6,}[!*]?")
MAX_TOKEN = 32
NEAR = 200  # bytes between a name and a birth date
AROUND = 400  # bytes around a comment's long word
MIN_GLUED_NAME = 4


def scan(data: bytes, needles: Needles, *, glued: bool = False) -> Iterator[Hit]:
    """Every kind and place of a needle; a place may come up more than once."""
    yield from _numbers(data, needles, glued)
    yield from _mails(data, needles, glued)
    yield from _births(data, needles, glued)
    yield from _comments(data, needles)
    yield from _passwords(data, needles)
    yield from _texts(data, needles)


def _numbers(data: bytes, needles: Needles, glued: bool) -> Iterator[Hit]:
    phones: list[tuple[str, int]] = []
    nirs: list[tuple[str, int]] = []
    if glued:
        data = TIME.sub(lambda time: b"\0" * len(time[0]), data)
    for span in NUMBERS.finditer(data):
        end = span.end() + 1
        phones += [
            ("0" + _digits(hit[1])[-9:], hit.start())
            for hit in PHONE[glued].finditer(data, span.start(), end)
        ]
        for hit in NIR[glued].finditer(data, span.start(), end):
            number = re.sub(rb"[^0-9A-Z]", b"", hit[1].upper()).decode("ascii")
            nirs.append((number, hit.start()))
    for run in LONG_RUN.finditer(data):
        digits = run[0].decode("ascii")
        nirs += [
            (digits[at : at + 13], run.start() + at)
            for at in range(len(digits) - 14)
            if _valid(digits[at : at + 15])
        ]
        if glued:
            phones.append((digits[:10], run.start()))
            phones.append((digits[-10:], run.end() - 10))
    for kind, known, found in (("phone", needles.phones, phones), ("nir", needles.nirs, nirs)):
        members = known.among([value for value, _ in found])
        for (_, at), member in zip(found, members, strict=True):
            if member and not (glued and _in_check_sum(data, at)):
                yield kind, at


def _digits(form: bytes) -> str:
    return re.sub(rb"[^0-9]", b"", form).decode("ascii")


def _valid(nir: str) -> bool:
    return nir[0] in "12" and int(nir[13:]) == 97 - int(nir[:13]) % 97


def _in_check_sum(data: bytes, at: int) -> bool:
    """Whether a number stands in a run of 24 hexadecimal digits and more, letters among them."""
    start = max(0, at - 64)
    return any(
        run.start() <= at - start < run.end() and not run[0].isdigit()
        for run in HEX_RUN.finditer(data[start : at + 64])
    )


def _mails(data: bytes, needles: Needles, glued: bool) -> Iterator[Hit]:
    if not len(needles.emails):
        return
    for hit in MAIL.finditer(data):
        local = MAIL_LOCAL.search(data, max(0, hit.start() - 64), hit.start())
        if not local:
            continue
        names = _tails(local[0].decode("ascii").lower(), glued)
        hosts = _heads(hit[0].decode("ascii").lower(), glued)
        forms = [name + host for name in names for host in hosts]
        if any(needles.emails.among(forms)):
            yield "email", hit.start()


def _tails(local: str, glued: bool) -> list[str]:
    """What may be the local part where other text stands before it."""
    starts = [0] + [at for at in range(1, len(local)) if glued or not local[at - 1].isalnum()]
    return [local[at:] for at in starts]


def _heads(host: str, glued: bool) -> list[str]:
    """What may be the host where other text stands behind it."""
    first = host.index(".") + 2
    ends = [at for at in range(first, len(host)) if glued or host[at] in ".-"]
    return [host[:at] for at in (*ends, len(host))]


def _births(data: bytes, needles: Needles, glued: bool) -> Iterator[Hit]:
    if not needles.births:
        return
    for at, date in _dates(data):
        names = needles.births.get(date)
        if names and _named(data[max(0, at - NEAR) : at + NEAR], names, glued):
            yield "birth", at


def _dates(data: bytes) -> Iterator[tuple[int, str]]:
    """Offsets of dates and the dates as ddmmyyyy; a year of two digits gives both centuries."""
    for hit in chain(DAY_FIRST.finditer(data), IN_A_ROW.finditer(data)):
        for year in _years(hit[3]):
            yield hit.start(), f"{hit[1].decode()}{hit[2].decode()}{year}"
    for hit in YEAR_FIRST.finditer(data):
        yield hit.start(), f"{hit[3].decode()}{hit[2].decode()}{hit[1].decode()}"
    for hit in IN_WORDS.finditer(data):
        month = _month(hit[2])
        if month:
            for year in _years(hit[3]):
                yield hit.start(), f"{int(hit[1]):02}{month:02}{year}"
    for hit in MONTH_FIRST.finditer(data):
        month = _month(hit[1])
        if month:
            yield hit.start(), f"{int(hit[2]):02}{month:02}{hit[3].decode()}"


def _years(digits: bytes) -> tuple[str, ...]:
    year = digits.decode("ascii")
    return (year,) if len(year) == 4 else (f"19{year}", f"20{year}")


def _month(name: bytes) -> int:
    """The month of a name in French or English, 0 for another word."""
    for words in _decoded(name):
        joined = "".join(words)
        if found := _MONTHS.get(joined[:4], _MONTHS.get(joined[:3], 0)):
            return found
    return 0


def _named(window: bytes, names: str, glued: bool) -> bool:
    texts = [" ".join(("", *words, "")) for words in _decoded(window)]
    for line in names.split("\n"):
        surname, _, first = line.partition("|")
        for text in texts:
            if f" {surname} " in text and f" {first} " in text:
                return True
            long = min(len(surname), len(first)) >= MIN_GLUED_NAME
            if glued and long and surname in text and first in text:
                return True
    return False


def _decoded(window: bytes) -> list[list[str]]:
    """The words of a window read as UTF-8 and, where that is not the same, as latin-1."""
    if window.isascii():
        return [words_of(window.decode("ascii"))]
    return [words_of(window.decode("utf-8", "ignore")), words_of(window.decode("latin-1"))]


def _comments(data: bytes, needles: Needles) -> Iterator[Hit]:
    anchors = needles.comment_anchors
    if not anchors:
        return
    start = end = -1
    for hit in WORD.finditer(data):
        if hit[0].lower() not in anchors:
            continue
        if start < 0 or hit.start() - AROUND > end:
            yield from _comments_within(data, needles, start, end)
            start = max(0, hit.start() - AROUND)
        end = hit.end() + AROUND
    yield from _comments_within(data, needles, start, end)


def _comments_within(data: bytes, needles: Needles, start: int, end: int) -> Iterator[Hit]:
    if start < 0:
        return
    for words in _decoded(data[start:end]):
        if needles.holds_comment(words):
            yield "comment", start


def _passwords(data: bytes, needles: Needles) -> Iterator[Hit]:
    if not len(needles.passwords):
        return
    found = [
        (hit[0].decode("ascii"), hit.start())
        for hit in TOKEN.finditer(data)
        if hit.end() - hit.start() <= MAX_TOKEN
    ]
    for tokens in (found, [(token[:-1], at) for token, at in found if token[-1] in "!*"]):
        members = needles.passwords.among([token for token, _ in tokens])
        for (_, at), member in zip(tokens, members, strict=True):
            if member:
                yield "password", at


def _texts(data: bytes, needles: Needles) -> Iterator[Hit]:
    if not needles.texts:
        return
    lowered = data.lower()
    for text in needles.texts:
        at = lowered.find(text)
        if at >= 0:
            yield "text", at
