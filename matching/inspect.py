"""What is in a leaked file: its layout and the type of every column, by content first.

A header's name only leans the scale; where there is no header, or one in words never seen, the
values decide. Nothing of the values leaves this module.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from matching.fields import FieldType
from matching.layout import find_layout, fold_name
from matching.normalise.fold import fold
from matching.normalise.known import CITIES, FIRST_NAMES, INSURERS, SURNAMES
from matching.normalise.words import STREETS
from matching.schema import Schema, unique_names

T = FieldType
ENOUGH = 0.45  # score from which a column has a type

_NUMBER_OF = r"(?:num|numero|\bn|\bno|\bid|code|ref) ?(?:de |d |du |l )*"

# What a header's folded name says; the first pattern that fits counts.
NAMES: tuple[tuple[FieldType, str], ...] = (
    (T.IGNORE, r"\b(?:lieu|ville|commune|dep\w*|pays|heure|rang) (?:de |d )?nai|\bid\b"),
    (T.IGNORE, r"identifiant|matricule$|\b(?:id|num|numero|no|n|code) (?:patient|dossier|client)"),
    (T.PASSWORD, r"mot de passe|\bmdp\b|passw|passwd|\bpwd\b|\bpass\b"),
    (T.INSURER_NUMBER, _NUMBER_OF + r"(?:contrat|adh|mut|police|amc|compl|assure|membre|tele)"),
    (T.INSURER_NUMBER, r"(?:contrat|mutuelle|mut|police|amc) (?:num|no|n|id)\b"),
    (T.INSURER_NUMBER, r"adherent|\bpolice\b|\bcontrat\b"),
    (T.NIR, r"\bnir\b|secu\b|securite|\bnss\b|insee|(?:num|no|n|matricule) ss\b|\bss\b|ssn"),
    (T.EMAIL, r"mail|courriel"),
    (T.PHONE, r"\btel|portable|mobile|\bgsm\b|phone|\bfixe\b|\bport\b"),
    (T.BIRTH_DATE, r"(?:date|dat|dt|d|jour) (?:de )?nai|\bddn\b|\bdn\b|\bdob\b|birth|datn"),
    (T.BIRTH_DATE, r"\bnee? (?:e )?le\b|\bne e le\b|datenais|\bnee?$"),
    (T.FULL_NAME, r"nom (?:et )?prenom|prenoms? (?:et )?nom|identite|nom complet|full ?name"),
    (T.FULL_NAME, r"^patient$|^assure$|^beneficiaire$|raison"),
    (T.FIRST_NAME, r"prenom|first ?name|given|forename|\bpnom\b|\bpren\b"),
    (T.DOCTOR, r"medecin|docteur|\bdr\b|\bmt\b|praticien|prescr|doctor|physician|\bmed\b"),
    (T.DOCTOR, r"generaliste"),
    (T.LABORATORY, r"\blab"),
    (T.SURNAME, r"\bnoms?\b|surname|last ?name|family|patronym|jeune fille|nomusuel|marital"),
    (T.FULL_NAME, r"\bname\b"),
    (T.POSTCODE, r"\bcp\b|postal|post ?code|\bzip|codepos"),
    (T.CITY, r"\bville|commune|\bcity\b|localite|\btown\b|\bloc\b"),
    (T.STREET, r"\badr|\brue\b|\bvoie\b|street|address|domicile|adress"),
    (T.INSURER, r"mutuelle|\bmut\b|assur|\bamc\b|complementaire|organisme|insur|caisse|prevoy"),
    (T.COMMENT, r"comment|observ|remarq|\bnotes?\b|memo|\blibre\b|\binfos?\b|precision"),
    (T.COMMENT, r"antecedent|motif"),
    (T.SEX, r"\bsexe?\b|civil|genre|gender|\bciv\b|\btitre\b"),
    (T.BIRTH_DATE, r"naiss"),
    (T.DATE, r"date|\bdt\b|\bdat\b|\bjour\b|visite|preleve|\ble$|created|updated|horodat"),
)
KNOWN_NAME = re.compile("|".join(pattern for _, pattern in NAMES))

NIR = re.compile(r"[1-478]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[ab])\d{6}(?:\d{2})?")
PHONE = re.compile(r"(?:(?:00|\+)?33(?:0)?|0)[1-9]\d{8}")
SHORT_PHONE = re.compile(r"[1-7]\d{8}")
EMAIL = re.compile(r"[^\s@;,<>]+@[^\s@;,<>]+\.[a-z]{2,}")
DATE = re.compile(
    r"(?:(?P<y>(?:18|19|20)\d{2})[-/. ]?(?:0?[1-9]|1[0-2])[-/. ]?(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|1[0-2])[-/. ](?P<z>(?:(?:18|19|20)\d{2}|\d{2}))"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?P<v>(?:18|19|20)\d{2})"
    r"|(?:0?[1-9]|1[0-2])[-/. ](?:0?[1-9]|[12]\d|3[01])[-/. ](?P<u>(?:19|20)\d{2})"
    r"|(?:0?[1-9]|[12]\d|3[01])(?:er)?[-/. ](?:jan|fe[vb]|mar|av[r]|apr|ma[iy]|jui|jun|jul|ao?u|sep"
    r"|oct|nov|dec)[a-z]*\.?[-/. ](?P<w>\d{2,4}))(?:[t ]\d{2}:\d{2}.*)?"
)
_SEXES = """
m f h w 1 2 homme femme masculin feminin male female mr mme mlle monsieur madame mademoiselle m.
mr. masc fem garcon fille g
"""
SEXES = frozenset(_SEXES.split())
STREET = re.compile(rf"^(?:n ?)?\d{{1,4}}[ ,a-z]{{0,8}}\b|\b(?:{'|'.join(STREETS.split()[:60])})\b")
LETTERS = re.compile(r"[a-z][a-z' .-]*")


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """Shares (0 to 1) of a column's filled cells that look like something; never a cell."""

    filled: int
    distinct: float
    words: float
    alphabetic: float
    ascending: bool
    shares: dict[FieldType, float]
    median_year: int
    spread: int


def inspect(path: Path) -> Schema:
    """The schema that fits the file; raises LeakFileError when it is missing or empty."""
    layout = find_layout(path, KNOWN_NAME)
    width = len(layout.header) if layout.header is not None else len(layout.rows[0])
    names = unique_names(list(layout.header)) if layout.header is not None else [
        str(at) for at in range(width)
    ]  # fmt: skip
    columns = list(zip(*layout.rows, strict=True)) if layout.rows else [()] * width
    hints = [_hint(name) if layout.header is not None else None for name in names]
    types = guess_types(columns, hints)
    return Schema(
        layout.encoding,
        layout.delimiter,
        layout.header is not None,
        tuple(zip(names, types, strict=True)),
        layout.quoted,
    )


def _hint(name: str) -> FieldType | None:
    folded = fold_name(name)
    for kind, pattern in NAMES:
        if re.search(pattern, folded):
            return kind
    return None


def guess_types(
    columns: Sequence[Sequence[str]], hints: Sequence[FieldType | None]
) -> list[FieldType]:
    """The type of each column, from its cells and what its header hints at."""
    facts = [measure(column) for column in columns]
    types = [
        _best(scores(each, hint), hint) for each, hint in zip(facts, hints, strict=True)
    ]  # fmt: skip
    _find_city(columns, facts, hints, types)
    _tell_names_apart(facts, hints, types)
    _one_birth_date(facts, hints, types)
    return types


def _fold_cell(cell: str) -> str:
    folded = fold(cell[:400])
    return bytes(folded.data[: folded.size]).decode("ascii", "replace").strip()


def measure(column: Sequence[str]) -> ColumnFacts:
    """Look at a column's cells."""
    cells = [_fold_cell(cell) for cell in column if cell.strip()]
    cells = [cell for cell in cells if cell and cell not in ("null", "none", "n/a", "-", "nan")]
    count = max(1, len(cells))
    years: list[int] = []
    tally: Counter[FieldType] = Counter()
    for cell in cells:
        _measure_cell(cell, tally, years)
    words = [cell.split() for cell in cells]
    numbers = [int(cell) for cell in cells if cell.isdigit() and len(cell) < 16]
    rising = sum(a < b for a, b in pairwise(numbers))
    return ColumnFacts(
        filled=len(cells),
        distinct=len(set(cells)) / count,
        words=sum(map(len, words)) / count,
        alphabetic=sum(bool(LETTERS.fullmatch(cell)) for cell in cells) / count,
        ascending=5 < len(numbers) == len(cells) and rising >= 0.97 * len(numbers) - 1,
        shares={kind: found / count for kind, found in tally.items()},
        median_year=int(median(years)) if years else 0,
        spread=(sorted(years)[-1 - len(years) // 20] - sorted(years)[len(years) // 20])
        if years else 0,
    )  # fmt: skip


def _measure_cell(cell: str, tally: Counter[FieldType], years: list[int]) -> None:
    solid = re.sub(r"[\s./()_-]", "", cell)
    date = DATE.fullmatch(cell)
    if date:
        tally[T.DATE] += 1
        year = int(next(part for part in date.groups() if part))
        years.append(year + (1900 if year > 29 else 2000) if year < 100 else year)
    if NIR.fullmatch(solid):
        tally[T.NIR] += 1
    elif PHONE.fullmatch(solid.replace("+330", "+33")) and not (date and len(solid) == 8):
        tally[T.PHONE] += 1
    elif SHORT_PHONE.fullmatch(solid) and solid[0] in "12345679":
        tally[T.NAME] += 1  # counted apart: nine digits may be a phone without its zero
    if EMAIL.fullmatch(cell):
        tally[T.EMAIL] += 1
    if re.fullmatch(r"\d{4,5}", cell) and 1000 <= int(cell) < 98900:
        tally[T.POSTCODE] += 1
    if cell in SEXES:
        tally[T.SEX] += 1
    _measure_words(cell, solid, tally)


def _measure_words(cell: str, solid: str, tally: Counter[FieldType]) -> None:
    words = re.findall(r"[a-z]+", cell)
    if STREET.search(cell) and len(words) >= 2:
        tally[T.STREET] += 1
    if re.match(r"(?:dr|docteur|pr|professeur|doc)\b", cell):
        tally[T.DOCTOR] += 1
    if re.search(r"\blab[om]|biolog|\bbio|\bselas\b|analyses", cell):
        tally[T.LABORATORY] += 1
    if any(word in INSURERS for word in words):
        tally[T.INSURER] += 1
    if words and words[0] in FIRST_NAMES:
        tally[T.FIRST_NAME] += 1
    if words and words[0] in SURNAMES and words[0] not in FIRST_NAMES:
        tally[T.SURNAME] += 1
    known = [word in FIRST_NAMES for word in words]
    if 2 <= len(words) <= 5 and any(known) and not re.search(r"\d", cell):
        tally[T.FULL_NAME] += 1
    if words and words[0] in CITIES:
        tally[T.CITY] += 1
    mixed = bool(re.search(r"[a-z]", solid)) and bool(re.search(r"[\d!@#$%&*?+=]", cell))
    if mixed and " " not in cell and 5 <= len(cell) <= 24 and "@" not in cell:
        tally[T.PASSWORD] += 1
    if re.fullmatch(r"[a-z]{0,4}\d{5,14}[a-z]{0,3}", solid):
        tally[T.INSURER_NUMBER] += 1
    if len(words) >= 4:
        tally[T.COMMENT] += 1


def scores(facts: ColumnFacts, hint: FieldType | None) -> dict[FieldType, float]:
    """How well each type fits, 0 to about 1.5; the header's hint is in it."""
    share = facts.shares
    found: dict[FieldType, float] = {
        kind: share.get(kind, 0.0) for kind in (T.NIR, T.PHONE, T.EMAIL, T.POSTCODE, T.SEX)
    }
    found[T.NIR] *= 1.2
    found[T.PHONE] += 0.35 * share.get(T.NAME, 0.0)
    if share.get(T.DATE, 0.0) > 0.5:
        birth = facts.median_year < 2006 and facts.spread >= 25
        found[T.BIRTH_DATE if birth else T.DATE] = share[T.DATE]
        found[T.DATE if birth else T.BIRTH_DATE] = 0.5 * share[T.DATE]
    if facts.distinct > 0.02 or facts.filled < 100:
        found[T.STREET] = 0.9 * share.get(T.STREET, 0.0)
    found[T.DOCTOR] = 1.1 * share.get(T.DOCTOR, 0.0)
    found[T.LABORATORY] = 1.05 * share.get(T.LABORATORY, 0.0)
    found[T.INSURER] = share.get(T.INSURER, 0.0) * (1.0 if facts.distinct < 0.5 else 0.7)
    found[T.COMMENT] = 0.8 * share.get(T.COMMENT, 0.0) * (1.0 if facts.words >= 4 else 0.5)
    found[T.PASSWORD] = 0.65 * share.get(T.PASSWORD, 0.0) * (1.0 if facts.distinct > 0.5 else 0.4)
    found[T.INSURER_NUMBER] = 0.75 * share.get(T.INSURER_NUMBER, 0.0) * facts.distinct
    _score_names(facts, found)
    if facts.ascending and facts.distinct > 0.99:
        found = {kind: 0.4 * score for kind, score in found.items()}
    if hint is not None:
        found[hint] = found.get(hint, 0.0) + _lean(hint, facts, found.get(hint, 0.0))
    return found


def _score_names(facts: ColumnFacts, found: dict[FieldType, float]) -> None:
    share = facts.shares
    if facts.alphabetic < 0.6 or found[T.SEX] > 0.8:
        return
    first, whole = share.get(T.FIRST_NAME, 0.0), share.get(T.FULL_NAME, 0.0)
    several = facts.words >= 1.8
    titled = found[T.DOCTOR] > 0.5
    found[T.FULL_NAME] = 0.4 + whole if several and whole > 0.3 and not titled else 0.0
    found[T.FIRST_NAME] = 0.2 + first if not several or first > 0.8 else 0.3 * first
    found[T.SURNAME] = 0.48 if first < 0.3 and facts.words < 1.8 and facts.distinct > 0.02 else 0.2
    found[T.SURNAME] += share.get(T.SURNAME, 0.0)
    found[T.CITY] = 1.2 * share.get(T.CITY, 0.0)
    if several and whole > 0.3 and facts.distinct < 0.35 and facts.filled > 100:
        found[T.DOCTOR] = max(found[T.DOCTOR], 0.3 + whole)  # the same few names again and again


SHAPED = (T.NIR, T.PHONE, T.EMAIL, T.BIRTH_DATE, T.DATE, T.POSTCODE, T.SEX)


def _lean(hint: FieldType, facts: ColumnFacts, content: float) -> float:
    """What a header's name adds: little where the cells have a shape and it is another."""
    if facts.filled == 0:
        return 1.0
    if hint in SHAPED:
        nine = facts.shares.get(T.NAME, 0.0) if hint is T.PHONE else 0.0
        return 0.6 if content > 0.15 or nine > 0.3 else 0.0
    if hint is T.IGNORE:
        return 1.2
    shaped = max(facts.shares.get(kind, 0.0) for kind in (T.NIR, T.PHONE, T.EMAIL, T.DATE))
    if hint in (T.SURNAME, T.FIRST_NAME, T.FULL_NAME, T.CITY, T.STREET, T.DOCTOR, T.LABORATORY):
        return 1.0 if shaped < 0.5 and facts.alphabetic + facts.words > 0.8 else 0.0
    return 0.9 if shaped < 0.6 or hint in (T.INSURER_NUMBER, T.PASSWORD) else 0.2


def _best(found: dict[FieldType, float], hint: FieldType | None) -> FieldType:
    kind, score = max(found.items(), key=lambda item: (item[1], item[0] == hint, item[0]))
    return kind if score >= ENOUGH else T.IGNORE


def _find_city(
    columns: Sequence[Sequence[str]],
    facts: Sequence[ColumnFacts],
    hints: Sequence[FieldType | None],
    types: list[FieldType],
) -> None:
    """A column of words that hangs on the postcode is the city, whatever its words."""
    if T.POSTCODE not in types or T.CITY in types:
        return
    codes = columns[types.index(T.POSTCODE)]
    best, place = 0.0, -1
    for at, column in enumerate(columns):
        if hints[at] is not None or facts[at].alphabetic < 0.6 or types[at] is T.SEX:
            continue
        groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for code, cell in zip(codes, column, strict=True):
            if code.strip() and cell.strip():
                groups[code.strip()][_fold_cell(cell)] += 1
        repeated = [group for group in groups.values() if group.total() > 1]
        held = sum(group.most_common(1)[0][1] - 1 for group in repeated)
        of = sum(group.total() - 1 for group in repeated)
        if of >= 5 and facts[at].distinct > 0.005 and held / of > max(0.5, best):
            best, place = held / of, at
    if place >= 0:
        types[place] = T.CITY


def _tell_names_apart(
    facts: Sequence[ColumnFacts], hints: Sequence[FieldType | None], types: list[FieldType]
) -> None:
    """Of columns of single names without a header's word, the one with most first names is it."""
    loose = [
        at
        for at, kind in enumerate(types)
        if kind in (T.SURNAME, T.FIRST_NAME) and hints[at] is None
    ]
    if len(loose) < 2 or T.FIRST_NAME in [types[at] for at in range(len(types)) if at not in loose]:
        return
    share = {at: facts[at].shares.get(T.FIRST_NAME, 0.0) for at in loose}
    first = max(loose, key=lambda at: (share[at], -facts[at].distinct))
    for at in loose:
        if at == first:
            types[at] = T.FIRST_NAME
        elif share[at] < 0.6:
            types[at] = T.SURNAME


def _one_birth_date(
    facts: Sequence[ColumnFacts], hints: Sequence[FieldType | None], types: list[FieldType]
) -> None:
    """Of several columns of birth-like dates, the named one, or the oldest, is the birth date."""
    births = [at for at, kind in enumerate(types) if kind is T.BIRTH_DATE]
    if len(births) < 2:
        return
    named = [at for at in births if hints[at] is T.BIRTH_DATE]
    keep = min(named or births, key=lambda at: facts[at].median_year)
    for at in births:
        if at != keep:
            types[at] = T.DATE
