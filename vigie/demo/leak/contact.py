"""Phone numbers and e-mail addresses, on ranges and domains kept apart as far as they reach.

The regulator keeps six blocks of 10,000 numbers for fiction (Arcep decision 2018-0881, 2.5.12):
01 99 00, 02 61 91, 03 53 01, 04 65 71, 05 36 49 and 06 39 98. One number in `RESERVED_OF` comes
from them; half a million people do not fit there, so that all others are random digits under
the prefix of their zone, and stand for nobody. Mail domains are those of RFC 2606 (`.example`,
example.org, example.net, example.com), which nobody can receive mail on.
"""

from __future__ import annotations

from vigie.demo.leak.words import groups

RESERVED_OF = 8
FICTION = {"01": "019900", "02": "026191", "03": "035301", "04": "046571", "05": "053649"}
FICTION_MOBILE = "063998"
ZONES = {
    "01": "75 77 78 91 92 93 94 95",
    "02": "14 18 22 27 28 29 35 36 37 41 44 45 49 50 53 56 61 72 76 85 974 976",
    "03": "02 08 10 21 25 39 51 52 54 55 57 58 59 60 62 67 68 70 71 80 88 89 90",
    "05": "09 12 16 17 19 23 24 31 32 33 40 46 47 64 65 79 81 82 86 87 971 972 973",
}
ZONE_OF = {code: zone for zone, codes in ZONES.items() for code in codes.split()}


def landline(department: str, draw: int) -> str:
    """Ten digits in the department's zone; `draw` is any number below 10**8."""
    zone = ZONE_OF.get(department, "04")
    if draw % RESERVED_OF == 0:
        return f"{FICTION[zone]}{draw // RESERVED_OF % 10_000:04}"
    return f"{zone}{2 + draw // 12_500_000 % 8}{draw % 10_000_000:07}"


def mobile(draw: int) -> str:
    """Ten digits of a mobile number; `draw` is any number below 2**32."""
    if draw % RESERVED_OF == 0:
        return f"{FICTION_MOBILE}{draw // RESERVED_OF % 10_000:04}"
    number = draw // RESERVED_OF
    if number % 4 == 0:
        return f"07{4 + number // 4 % 5}{draw % 9_999_991:07}"
    return f"06{number // 4 % 9}{draw % 9_999_991:07}"


def spell_phone(digits: str, style: int) -> str:
    """The number as a secretary typed it: mostly bare digits, sometimes grouped or with +33."""
    if style < 80:
        return digits
    pairs = [digits[at : at + 2] for at in range(0, 10, 2)]
    if style < 90:
        return " ".join(pairs)
    if style < 95:
        return ".".join(pairs)
    if style < 98:
        return f"+33{digits[1:]}"
    return "-".join(pairs)


def mail_hosts() -> list[str]:
    """The domains, each as often as its share of 100."""
    shares = [part.split("=") for part in groups("care")["hosts"].split()]
    return [host for host, share in shares for _ in range(int(share))]


def mail_local(first: str, last: str, born: str, style: int, number: int) -> str:
    """The part before the @, from names without accents and the year of birth as two digits."""
    if style < 34:
        return f"{first}.{last}{'' if number % 3 else number % 90 + 10}"
    if style < 50:
        return f"{first}{last}{born}"
    if style < 64:
        return f"{first[:1]}.{last}{'' if number % 2 else born}"
    if style < 76:
        return f"{last}.{first}{number % 100 if number % 4 == 0 else ''}"
    if style < 86:
        return f"{first}_{last}{number % 1000 if number % 2 else ''}"
    if style < 94:
        return f"{first[:2]}{last[:5]}{born}{number % 100}"
    return f"{first}{number % 10_000:04}"
