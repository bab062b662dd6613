"""How a field was recognised, told from what the kernel saw and from the text it saw.

The text is the monitored post's, not the leak's: whether it writes a number in the common
notation can be told, whether the file wrote it so cannot (the file's notation is not kept).
"""

from __future__ import annotations

import re

from matching.kernel import kinds as k
from matching.result import COUNTED, How

NUMBERS = frozenset(("nir", "phone", "postcode", "insurer_number", "birth_date", "date"))
PLAIN = {
    "nir": re.compile(r"\d[\dABab]{12}(?:\d\d)?", re.ASCII),
    "phone": re.compile(r"0\d{9}", re.ASCII),
    "birth_date": re.compile(r"\d\d/\d\d/\d{4}", re.ASCII),
    "date": re.compile(r"\d\d/\d\d/\d{4}", re.ASCII),
    "email": re.compile(r"[\w.+%-]{1,64}@[\w.-]{1,255}"),  # as long as RFC 5321 lets them be
}
# Marks that hide a character: asterisks, blocks, hashes; between digits also dots and letters.
MASKED_DIGIT = re.compile(r"[*#_•●■█▪◦∙·×․…?xX]")
MASKED_LETTER = re.compile(
    r"[*#•●■█▪◦∙·×․…?]|(?<=[xX]{2})[xX]|[xX](?=[xX]{2})|(?<=[xX])[xX](?=[xX])"
)
WORD = re.compile(r"[^\W_]{2,}")
# Latin with its accents, general punctuation: all else inside a value imitates something.
FOREIGN = re.compile(
    r"[^\x00-\u024f\u1e00-\u1eff\u2000-\u200a\u202f\u2010-\u2015\u2018-\u201f\u2026\u20ac]|\xad"
)
DIGIT_IN_WORD = re.compile(r"(?<=[^\W\d_])[0-9@$!|]|[0-9@$!|](?=[^\W\d_])")

_PLAIN_CODES = {
    k.Q_DATE_PARTS: How.TWO_PARTS,
    k.Q_SOME: How.SOME_WORDS,
    k.Q_LOCAL: How.LOCAL_PART,
    k.Q_INITIAL: How.INITIAL,
}


def code(field: str, quality: int, untrusted_seen: str) -> str:
    """The code of one field; `quality` is a Q_* number, `untrusted_seen` the text of its span."""
    if quality in _PLAIN_CODES:
        return str(_PLAIN_CODES[quality])
    if quality == k.Q_NEAR:
        return str(How.ONE_DIGIT if field in NUMBERS else How.ONE_LETTER)
    if quality == k.Q_PART:
        return f"{How.EXCERPT}:{len(WORD.findall(untrusted_seen))}"
    if quality == k.Q_MASKED:
        return masked(field, untrusted_seen)
    if FOREIGN.search(untrusted_seen):
        return str(How.LOOK_ALIKES)
    plain = PLAIN.get(field)
    if plain is not None:
        return str(How.EXACT if plain.fullmatch(untrusted_seen) else How.OTHER_FORMAT)
    if field not in NUMBERS and field not in ("street", "password"):
        return str(How.LOOK_ALIKES if DIGIT_IN_WORD.search(untrusted_seen) else How.EXACT)
    return str(How.EXACT)


def masked(field: str, untrusted_seen: str) -> str:
    """The code of a value with characters hidden, and how many they are."""
    if field not in NUMBERS:
        return f"{How.LETTERS_HIDDEN}:{len(MASKED_LETTER.findall(untrusted_seen))}"
    hidden = [mark.start() for mark in MASKED_DIGIT.finditer(untrusted_seen)]
    shown = [at for at, character in enumerate(untrusted_seen) if character.isdigit()]
    kind = How.DIGITS_HIDDEN
    if hidden and shown and max(hidden) < min(shown):
        kind = How.FIRST_DIGITS_HIDDEN
    elif hidden and shown and min(hidden) > max(shown):
        kind = How.LAST_DIGITS_HIDDEN
    return f"{kind}:{len(hidden)}"


def is_known(text: str) -> bool:
    """Whether a string is a code of the closed list, with its number where it needs one."""
    name, _, number = text.partition(":")
    try:
        return number.isdigit() == (How(name) in COUNTED) and (":" in text) == bool(number)
    except ValueError:
        return False
