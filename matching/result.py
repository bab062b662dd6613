"""What a scan says of one document. Holds no value of the leak and none of the document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

NOT_READ = "the rest was not read"  # in the note of a long copy that was judged by a sample


def is_sample(notes: Sequence[str]) -> bool:
    """Whether these notes say that the rows told are those of a sample."""
    return any(NOT_READ in note for note in notes)


class Verdict(StrEnum):
    """The six verdicts of docs/contract, strongest first."""

    REPOST = "repost"
    FRAGMENT = "fragment"
    SAME_PEOPLE = "same-people"
    REVIEW = "review"
    MENTION = "mention"
    NONE = "none"

    @property
    def raises_alert(self) -> bool:
        """Whether an analyst is called: `repost` and `fragment` only."""
        return self in (Verdict.REPOST, Verdict.FRAGMENT)

    @property
    def is_kept(self) -> bool:
        """Whether anything of the document is recorded at all."""
        return self is not Verdict.NONE


@dataclass(frozen=True, slots=True)
class LeakRef:
    """One leak to scan for: its fingerprint file, its key, and what else gives it away.

    `terms` are the leak's own words (file names, brands, sale phrases), `files` the SHA-256 of
    known copies. `name` is "" for the name that stands in the fingerprint file.
    """

    file: Path
    key_file: Path
    name: str = ""
    terms: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class InMemory(Protocol):
    """UTF-8 in memory that the matcher shares: `len` bytes of it from byte `at` on."""

    at: int

    def __len__(self) -> int: ...

    def __bytes__(self) -> bytes: ...


class TextLayer:
    """One text of a document: `name` is "" for the document itself, else e.g. "base64>gzip"."""

    __slots__ = ("_given", "_text", "_utf_8", "name")

    def __init__(self, name: str, text: str | bytes | InMemory) -> None:
        """`text` may be given as UTF-8, which may lie in shared memory: the other forms are made
        when they are asked for."""
        self.name = name
        self._given = text
        self._text = text if isinstance(text, str) else None
        self._utf_8 = text if isinstance(text, bytes) else None

    @property
    def text(self) -> str:
        """The text. What is no UTF-8 is replaced, never refused; lone surrogates are kept."""
        if self._text is None:
            untrusted = self.utf_8
            try:
                self._text = untrusted.decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                self._text = untrusted.decode("utf-8", "replace")
        return self._text

    @property
    def utf_8(self) -> bytes:
        """The text in UTF-8."""
        if self._utf_8 is None:
            if isinstance(self._given, str):
                self._utf_8 = self._given.encode("utf-8", "surrogatepass")
            else:
                self._utf_8 = bytes(self._given)
        return self._utf_8

    @property
    def as_given(self) -> bytes | InMemory:
        """The text in UTF-8, not copied where it lies in shared memory."""
        return self.utf_8 if isinstance(self._given, str) else self._given

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TextLayer):
            return NotImplemented
        return self.name == other.name and self.text == other.text

    def __hash__(self) -> int:
        return hash((self.name, self.text))

    def __repr__(self) -> str:
        return f"TextLayer({self.name!r}, {self.text!r})"


class How(StrEnum):
    """How a field was recognised: the closed list of codes in `Match.how`.

    Those of `COUNTED` come with a number: "digits-hidden:4", "excerpt:7". Codes are for machines;
    the sentences an analyst reads are made of them where pages and tables are made.
    """

    EXACT = "exact"  # as in the file, apart from case, accents and delimiters
    OTHER_FORMAT = "other-format"  # the same number or date in another notation
    LOOK_ALIKES = "look-alikes"  # hidden characters, look-alike letters, digits for letters
    ONE_LETTER = "one-letter-differs"  # one wrong, missing, added or two swapped
    ONE_DIGIT = "one-digit-differs"
    TWO_PARTS = "two-parts-agree"  # a date of which day, month or year differs
    SOME_WORDS = "some-words"  # an abbreviated or shortened value
    INITIAL = "initial"  # nothing but the first letter of a word
    LOCAL_PART = "local-part"  # an e-mail address without its domain
    EXCERPT = "excerpt"  # this many words in a row of a longer text
    LETTERS_HIDDEN = "letters-hidden"  # this many letters masked
    DIGITS_HIDDEN = "digits-hidden"  # this many digits masked in the middle, or here and there
    FIRST_DIGITS_HIDDEN = "first-digits-hidden"
    LAST_DIGITS_HIDDEN = "last-digits-hidden"


COUNTED = frozenset(
    (
        How.EXCERPT,
        How.LETTERS_HIDDEN,
        How.DIGITS_HIDDEN,
        How.FIRST_DIGITS_HIDDEN,
        How.LAST_DIGITS_HIDDEN,
    )
)


@dataclass(frozen=True, slots=True)
class Match:
    """One record of one leak recognised in one document.

    `row` counts data rows from 0 in the file that was fingerprinted. `bits` is the log2
    likelihood ratio. `spans` are half-open code point ranges in the decoded text of `layer`,
    before normalising; `spans[i]` belongs to `fields[i]`, and so do `field_bits[i]`, what that
    field alone is worth before fields that say the same are counted once, and `how[i]`, a code
    of `How`, with ":" and a number where the list says so. `how` is empty in results recorded
    before there were such codes. `tied`: another row told explains the same places as well within a
    slip (members of a household), so that it is one of these rows and not surely this one.
    """

    leak: str
    row: int
    bits: float
    fields: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    layer: str = ""
    field_bits: tuple[float, ...] = ()
    how: tuple[str, ...] = ()
    tied: bool = False


@dataclass(frozen=True, slots=True)
class LeakVerdict:
    """What one of several leaks says of a document; the numbers are `ScanResult`'s."""

    leak: str
    verdict: Verdict
    records: int
    review_records: int
    candidates: int
    chance: float


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The result of one document against every leak, as the contract prints it.

    Against several leaks (`together`) the numbers are those of the strongest, `matches` come from
    all of them, and `leaks` says what each of them says.
    """

    document: str
    bytes: int
    sha256: str
    verdict: Verdict
    records: int
    review_records: int
    candidates: int
    chance: float
    matches: tuple[Match, ...]
    notes: tuple[str, ...] = ()
    leaks: tuple[LeakVerdict, ...] = ()

    @property
    def is_sample(self) -> bool:
        """Whether part of a long copy was not read, so that its rows are a sample."""
        return is_sample(self.notes)

    def cut(self, most: int) -> ScanResult:
        """The same result with its `most` strongest matches."""
        return replace(self, matches=self.matches[:most])

    def to_json(self) -> dict[str, Any]:
        """A dict that `json.dumps` takes, keys in the contract's order."""
        found = _shallow(self)
        found["verdict"] = str(self.verdict)
        found["notes"] = list(self.notes)
        found["matches"] = [
            {
                **_shallow(match),
                "bits": round(match.bits, 1),
                "fields": list(match.fields),
                "spans": [list(span) for span in match.spans],
                "field_bits": [round(bits, 1) for bits in match.field_bits],
                "how": list(match.how),
            }
            for match in self.matches
        ]
        found["leaks"] = [{**_shallow(each), "verdict": str(each.verdict)} for each in self.leaks]
        if not self.leaks:
            del found["leaks"]
        return found

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ScanResult:
        """The inverse of `to_json`; raises KeyError or ValueError on another shape."""
        return cls(
            document=str(data["document"]),
            bytes=int(data["bytes"]),
            sha256=str(data["sha256"]),
            verdict=Verdict(data["verdict"]),
            records=int(data["records"]),
            review_records=int(data["review_records"]),
            candidates=int(data["candidates"]),
            chance=float(data["chance"]),
            matches=tuple(
                Match(
                    leak=str(match["leak"]),
                    row=int(match["row"]),
                    bits=float(match["bits"]),
                    fields=tuple(match["fields"]),
                    spans=tuple((int(start), int(end)) for start, end in match["spans"]),
                    layer=str(match["layer"]),
                    field_bits=tuple(float(bits) for bits in match.get("field_bits", ())),
                    how=tuple(str(code) for code in match.get("how", ())),
                    tied=bool(match.get("tied", False)),
                )
                for match in data["matches"]
            ),
            notes=tuple(data["notes"]),
        )


def _shallow(told: ScanResult | Match | LeakVerdict) -> dict[str, Any]:
    """The fields as they are: `asdict` copies each of them, one by one."""
    return {field.name: getattr(told, field.name) for field in fields(told)}


STRENGTH = {verdict: -place for place, verdict in enumerate(Verdict)}


def strongest(results: Sequence[ScanResult]) -> ScanResult:
    """The result a document stands for among those of several leaks; the first of equals.

    Raises ValueError when there is none.
    """
    return max(results, key=lambda each: (STRENGTH[each.verdict], each.records))


def together(names: Sequence[str], results: Sequence[ScanResult], most: int = 0) -> ScanResult:
    """One result for a document that was matched against the leaks `names`, in this order.

    A record told twice (one leak given twice) is told once; `most` bounds the matches, 0 does
    not. Raises ValueError when there is no result.
    """
    found = strongest(results)
    if len(results) == 1:
        return found
    matches: dict[tuple[str, int], Match] = {}
    for match in (match for result in results for match in result.matches):
        known = matches.setdefault((match.leak, match.row), match)
        if match.bits > known.bits:
            matches[match.leak, match.row] = match
    ordered = sorted(matches.values(), key=lambda match: -match.bits)
    return replace(
        found,
        matches=tuple(ordered[:most] if most else ordered),
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
        leaks=tuple(
            LeakVerdict(
                name, each.verdict, each.records, each.review_records, each.candidates, each.chance
            )
            for name, each in zip(names, results, strict=True)
        ),
    )
