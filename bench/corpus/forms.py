"""How people, exports and posters write a number, a date, a name or an address. Drawn at random."""

from __future__ import annotations

import random
import string
import unicodedata

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
    "octobre", "novembre", "décembre",
)  # fmt: skip
SHORT = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.",
         "nov.", "déc.")  # fmt: skip
WAYS = {
    "rue": ("r.", "r", "R."), "avenue": ("av.", "av", "ave"),
    "boulevard": ("bd", "bd.", "bld", "boul."),
    "chemin": ("ch.", "chem.", "che"), "impasse": ("imp.", "imp"), "allée": ("all.", "all"),
    "place": ("pl.", "pl"), "route": ("rte", "rte."), "square": ("sq.", "sq"), "quai": ("q.",),
    "cours": ("crs",), "résidence": ("rés.", "res"), "lotissement": ("lot.", "lot"),
}  # fmt: skip
TITLES = {"général": "gal", "maréchal": "mal", "docteur": "dr", "saint": "st", "sainte": "ste",
          "professeur": "pr", "président": "pdt", "capitaine": "cne",
          "commandant": "cdt"}  # fmt: skip
SMALL = frozenset(("de", "du", "des", "la", "le", "les", "l'", "d'", "à", "aux"))
FAR = dict(zip("aeiocpxyABEKMHOPCTXaeio", "аеіосрхуАВЕКМНОРСТХаеіо", strict=True))
LEET = {"o": "0", "i": "1", "e": "3", "a": "4", "s": "5", "t": "7", "b": "8"}
OCR = {"O": "0", "I": "1", "S": "5", "B": "8", "0": "O", "1": "I", "5": "S", "8": "B"}
HIDDEN = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad")


def phone(draw: random.Random, number: str) -> str:
    """A phone of ten digits in one of the ways it is written."""
    pairs = [number[at : at + 2] for at in range(0, 10, 2)]
    tail = pairs[1:]
    return draw.choice(
        (
            " ".join(pairs), ".".join(pairs), "-".join(pairs), "/".join(pairs),
            "+33" + number[1:], f"+33 {number[1]} " + " ".join(tail),
            f"+33 (0){number[1]}." + ".".join(tail), f"0033{number[1:]}",
            f"0033 {number[1]} " + " ".join(tail), f"33{number[1:]}", number[1:],
            f"(+33) {number[1]} " + " ".join(tail), f"+33(0){number[1:]}",
            f"{number[:4]} {number[4:7]} {number[7:]}", f"{number[:4]}.{number[4:]}",
            "\u202f".join(pairs), "\u00a0".join(pairs), "_".join(pairs),
        )
    )  # fmt: skip


def nir(draw: random.Random, number: str) -> str:
    """A NIR of 13 or 15 characters in one of the ways it is written."""
    body, key = number[:13], number[13:]
    cut = (body[0], body[1:3], body[3:5], body[5:7], body[7:10], body[10:])
    spaced = " ".join(cut)
    forms = [body, spaced, ".".join(cut), "-".join(cut), "\u00a0".join(cut)]
    if key:
        forms += [f"{spaced} / {key}", f"{spaced} {key}", f"{body} {key}", f"{body}-{key}",
                  f"{spaced} clé {key}", f"{body}/{key}", f"{spaced} ({key})",
                  body + key]  # fmt: skip
    return draw.choice(forms)


def date(draw: random.Random, born: tuple[int, int, int]) -> str:
    """A birth date in one of the ways it is written."""
    year, month, day = born
    return draw.choice(
        (
            f"{day:02d}/{month:02d}/{year % 100:02d}", f"{year}-{month:02d}-{day:02d}",
            f"{day} {MONTHS[month - 1]} {year}", f"{day} {MONTHS[month - 1]} {year % 100:02d}",
            f"{year}{month:02d}{day:02d}", f"{day:02d}.{month:02d}.{year}",
            f"{day:02d}-{month:02d}-{year}", f"{day}/{month}/{year}",
            f"{day} {SHORT[month - 1]} {year}", f"{year}/{month:02d}/{day:02d}",
            f"{day:02d}{month:02d}{year}", f"{year}-{month:02d}-{day:02d}T00:00:00",
            f"{day:02d} {month:02d} {year}",
        )
    )  # fmt: skip


def no_accents(text: str) -> str:
    """The same letters without their marks, case kept."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def slip(draw: random.Random, value: str, kind: str) -> str:
    """A value with one character wrong ("9"), lost or added ("10"), or two swapped ("11")."""
    places = [at for at, c in enumerate(value) if c.isalnum() and at > 0]
    if len(places) < 3:
        return value
    at = draw.choice(places)
    some = string.digits if value[at].isdigit() else string.ascii_lowercase
    other = draw.choice([c for c in some if c != value[at].lower()])
    if value[at].isupper():
        other = other.upper()
    if kind == "9":
        return value[:at] + other + value[at + 1 :]
    if kind == "10":
        return (
            value[:at] + value[at + 1 :] if draw.random() < 0.5 else value[:at] + other + value[at:]
        )
    pairs = [
        at for at in places[:-1]
        if value[at + 1].isalnum() and value[at].lower() != value[at + 1].lower()
    ]  # fmt: skip
    if not pairs:
        return value
    at = draw.choice(pairs)
    return value[:at] + value[at + 1] + value[at] + value[at + 2 :]


def masked_phone(draw: random.Random, number: str) -> tuple[str, str]:
    """(text, mask) of a phone some of whose digits are hidden; "1" in the mask is visible."""
    mask = draw.choice(("1111000011", "1111110000", "1100001111", "1111000011", "1111000111",
                        "0000001111", "1100000011", "1111001111"))  # fmt: skip
    star = draw.choice("**XxX•#.")
    digits = [c if shown == "1" else star for c, shown in zip(number, mask, strict=True)]
    between = draw.choice((" ", " ", "", "" if star == "." else ".", "-"))
    pairs = ["".join(digits[at : at + 2]) for at in range(0, 10, 2)]
    text = between.join(pairs)
    if mask.startswith("11") and draw.random() < 0.15:
        text = "+33 " + text[1:]
    return text, mask


def masked_mail(draw: random.Random, address: str) -> tuple[str, str]:
    """(text, heads) of a mail address some letters of which are hidden (see evidence)."""
    local, _, domain = address.partition("@")
    heads = draw.choice(("11d", "10d", "20d", "11d", "21d", "30d", "32d"))
    head, tail = int(heads[0]), int(heads[1])
    hidden = max(1, len(local) - head - tail)
    stars = draw.choice(("*" * hidden, "***", "*****", "…", "•" * hidden, "xxxx"))
    return local[:head] + stars + (local[-tail:] if tail else "") + "@" + domain, heads


def short_street(draw: random.Random, street: str) -> tuple[str, str]:
    """(text, word) of an address cut short; `word` is the last one, which stays."""
    words = street.replace("'", "' ").split()
    found: list[str] = []
    for at, word in enumerate(words):
        low = word.lower()
        if at < 2 and low in WAYS:
            found.append(draw.choice(WAYS[low]))
        elif low in TITLES:
            found.append(TITLES[low])
        elif low in SMALL and draw.random() < 0.6:
            continue
        elif at == len(words) - 2 and len(word) > 4 and at > 2 and draw.random() < 0.4:
            found.append(word[0] + ".")
        else:
            found.append(word)
    text = " ".join(found).replace("' ", "'")
    if draw.random() < 0.3 and found[0].isdigit():
        text = text.replace(found[0], found[0] + ",", 1)
    return text, words[-1]


def leet(draw: random.Random, text: str) -> str:
    """OCR or leet: some letters become digits, or digits letters."""
    table = draw.choice((LEET, OCR))
    return "".join(
        table.get(c, table.get(c.lower(), c) if table is LEET else c)
        if draw.random() < 0.35 else c
        for c in text
    )  # fmt: skip


def far_letters(draw: random.Random, text: str) -> str:
    """Some Latin letters replaced by Cyrillic ones that look alike."""
    return "".join(FAR.get(c, c) if draw.random() < 0.4 else c for c in text)


def hidden(draw: random.Random, text: str) -> str:
    """Zero-width characters strewn in."""
    return "".join(c + (draw.choice(HIDDEN) if draw.random() < 0.15 else "") for c in text)


def at_sign(draw: random.Random, address: str) -> str:
    """A mail address as people write it against harvesters."""
    at = draw.choice((" [at] ", "[at]", " (at) ", " AT ", " @ ", "(a)", " chez ", "{at}"))
    dot = draw.choice((".", ".", " [dot] ", "[.]", " (point) ", "[dot]"))
    local, _, domain = address.partition("@")
    return local + at + domain.replace(".", dot)


def edited(draw: random.Random, words: list[str]) -> list[str]:
    """An excerpt lightly edited: a word misspelt, dropped, replaced or swapped."""
    words = list(words)
    at = draw.randrange(1, len(words) - 1)
    kind = draw.randrange(4)
    if kind == 0:
        words[at] = slip(draw, words[at], "9")
    elif kind == 1:
        del words[at]
    elif kind == 2:
        words.insert(at, draw.choice(("bien", "toujours", "encore", "donc")))
    else:
        words[at], words[at - 1] = words[at - 1], words[at]
    return words
