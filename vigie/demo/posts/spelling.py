"""Other ways to write what a row says: phones, social security numbers, dates, slips.

Written apart from how matching reads them, so that the demo's self-check is a check.
"""

from __future__ import annotations

import re
import unicodedata
from random import Random

MONTHS = tuple(
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905
)
ENGLISH_MONTHS = tuple(
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def phone_digits(text: str) -> str:
    """Ten digits of a French number however the file writes it; "" for none."""
    found = re.sub(r"\D", "", text)
    if found.startswith("33") and len(found) == 11:
        found = "0" + found[2:]
    return found


def phone_forms(text: str) -> tuple[str, ...]:
    """The number as people write it, from bare digits to the international forms."""
    bare = phone_digits(text)
    pairs = [bare[at : at + 2] for at in range(0, 10, 2)]
    tail = pairs[1:]
    return (
        bare,
        " ".join(pairs),
        ".".join(pairs),
        "-".join(pairs),
        f"+33 {bare[1]} " + " ".join(tail),
        f"+33 (0){bare[1]}." + ".".join(tail),
        f"0033{bare[1:]}",
        "/".join(pairs),
    )


def nir_forms(nir: str) -> tuple[str, ...]:
    """The number of 15 characters in groups, with its key set apart or left out."""
    parts = (nir[0], nir[1:3], nir[3:5], nir[5:7], nir[7:10], nir[10:13])
    spaced = " ".join(parts)
    return (
        nir,
        nir[:13],
        f"{spaced} {nir[13:]}",
        f"{spaced} / {nir[13:]}",
        spaced,
        "-".join((*parts, nir[13:])),
        f"{nir[:13]} {nir[13:]}",
        ".".join((*parts, nir[13:])),
    )


def date_forms(date: str) -> tuple[str, ...]:
    """A date dd/mm/yyyy in eight other ways."""
    day, month, year = date.split("/")
    word = MONTHS[int(month) - 1]
    return (
        f"{year}-{month}-{day}",
        f"{day}/{month}/{year[2:]}",
        f"{int(day)} {word} {year}",
        f"{year}{month}{day}",
        f"{day}.{month}.{year}",
        f"{day}-{month}-{year}",
        f"{'1er' if int(day) == 1 else int(day)} {word} {year[2:]}",
        f"{year}/{month}/{day}",
    )


def english_date(date: str) -> str:
    """March 14, 1985."""
    day, month, year = date.split("/")
    return f"{ENGLISH_MONTHS[int(month) - 1]} {int(day)}, {year}"


def bare(text: str) -> str:
    """Upper case without accents, as old terminals write."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).upper()


def substituted(text: str, random: Random) -> str:
    """One letter or digit replaced by another of its kind, never the first."""
    at = _spot(text, random)
    kind = "0123456789" if text[at].isdigit() else "aeiounrstlmp"
    others = [letter for letter in kind if letter != text[at].lower()]
    new = random.choice(others)
    return text[:at] + (new.upper() if text[at].isupper() else new) + text[at + 1 :]


def shortened(text: str, random: Random) -> str:
    """One letter or digit lost, never the first."""
    at = _spot(text, random)
    return text[:at] + text[at + 1 :]


def swapped(text: str, random: Random) -> str:
    """Two unequal neighbours swapped, never with the first."""
    spots = [
        at
        for at in range(1, len(text) - 1)
        if text[at] != text[at + 1] and text[at].isalnum() and text[at + 1].isalnum()
    ]
    if not spots:
        return shortened(text, random)
    at = random.choice(spots)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _spot(text: str, random: Random) -> int:
    return random.choice([at for at in range(1, len(text)) if text[at].isalnum()])
