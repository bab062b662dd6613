"""What laboratories write into the comment column, and the passwords people choose."""

from __future__ import annotations

from vigie.demo.leak.words import groups

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
Draws = list[int]  # numbers below 2**16


class Remarks:
    """Short health remarks, put together from parts so that most are unlike all others."""

    def __init__(self) -> None:
        lists = groups("comments")
        self._subjects = lists["subject"].split("|")
        self._details = lists["detail"].split("|")
        self._tails = lists["tail"].split("|")
        self._months = lists["month"].split("|")
        self._drugs = lists["drug"].split("|")

    def comment(self, draws: Draws) -> str:
        """One remark from six draws."""
        subject = self._subjects[draws[0] % len(self._subjects)]
        detail = self._details[draws[1] % len(self._details)]
        when = f"{self._months[draws[2] % 12]} {2008 + draws[3] % 13}"
        drug = self._drugs[draws[4] % len(self._drugs)]
        tail = self._tails[draws[2] // 12 % len(self._tails)]
        style = draws[5] % 100
        if style < 8:
            return detail.capitalize()
        if style < 26:
            return f"{subject}, {detail}"
        if style < 52:
            return f"{subject} {tail} {when}, {detail}"
        if style < 74:
            dose = (25, 50, 75, 100, 150, 500, 1000)[draws[3] // 13 % 7]
            return f"{subject} : {drug} {dose} mg {tail} {when}, {detail}"
        if style < 90:
            day = f"{1 + draws[4] % 28:02}/{1 + draws[2] % 12:02}/{2010 + draws[3] % 11}"
            return f"{detail.capitalize()} ({subject.lower()}, {drug}, vu le {day})"
        second = self._details[(draws[1] // 64 + 7) % len(self._details)]
        return f"{subject.upper()} - {detail} - {second}"


class Passwords:
    """Weak ones of people and stiff ones that a laboratory's software gave out."""

    def __init__(self) -> None:
        self._words = groups("comments")["password"].split()

    def password(self, first: str, born: str, draws: Draws) -> str:
        """One password from a first name, a birth date dd/mm/yyyy and seven draws."""
        style = draws[0] % 100
        if style < 36:
            digits = draws[1] | draws[2] << 16 | draws[3] << 32
            made = ""
            for _ in range(8):
                digits, at = divmod(digits, len(LETTERS))
                made += LETTERS[at]
            return made
        word = self._words[draws[1] % len(self._words)]
        if style < 58:
            return f"{first.capitalize()}{born[-4:] if style < 48 else born[:2]}"
        if style < 82:
            return f"{word}{draws[2] % 1000:02}"
        if style < 92 and born:
            return born.replace("/", "")
        return f"{word.capitalize()}{first[:3]}{draws[2] % 100}{'!' if draws[3] % 3 else '*'}"
