"""The twenty ways a repost looks, and combinations of them, for one person."""

from __future__ import annotations

import base64
import binascii
import gzip
import quopri
import random
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from bench.corpus import forms, layouts
from bench.corpus.evidence import Shown
from bench.corpus.layouts import Cells
from bench.corpus.people import Person

ALL = ("nir", "surname", "first", "born", "phone", "email", "street", "postcode", "city", "doctor",
       "laboratory", "insurer", "member", "password", "comment")  # fmt: skip
COMMON = ("surname", "first", "born", "nir", "phone", "email", "street", "postcode", "city")
Made = tuple[str, list[Shown]]


def pick(draw: random.Random, person: Person, must: tuple[str, ...] = (), most: int = 8) -> Cells:
    """Some of a person's columns in the file's order, `must` among them, never an empty one."""
    size = draw.randint(2, most)
    wanted = set(draw.sample(COMMON, min(size, len(COMMON)))) | set(must)
    if draw.random() < 0.85:
        wanted |= {"surname", "first"}
    if draw.random() < 0.25:
        wanted.add(draw.choice(ALL))
    return {column: person.value(column) for column in ALL
            if column in wanted and person.value(column)}  # fmt: skip


def whole(cells: Cells) -> list[Shown]:
    """Every column in full."""
    return [Shown(column) for column in cells]


def verbatim(draw: random.Random, person: Person) -> Made:
    return layouts.noise(draw, ";".join(person.cells)), [Shown(column) for column in ALL]


def subset(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person)
    return layouts.noise(draw, layouts.row(draw, cells)), whole(cells)


def reordered(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, most=9)
    columns = list(cells)
    draw.shuffle(columns)
    cells = {column: cells[column] for column in columns}
    return layouts.noise(draw, layouts.row(draw, cells, ";;,|\t")), whole(cells)


def formatted(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person)
    return layouts.noise(draw, layouts.any_format(draw, cells)), whole(cells)


def case(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person)
    change: Callable[[str], str] = draw.choice((str.lower, str.upper, str.title, forms.no_accents))
    cells = {column: value if column == "password" else forms.no_accents(change(value))
             for column, value in cells.items()}  # fmt: skip
    return layouts.noise(draw, layouts.row(draw, cells, ";,")), whole(cells)


def phones(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("phone",), 5)
    shown = whole(cells)
    if "phone" in cells:
        cells["phone"] = forms.phone(draw, cells["phone"])
    return layouts.noise(draw, layouts.row(draw, cells, ";,|")), shown


def nirs(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("nir",), 5)
    shown = whole(cells)
    if "nir" in cells:
        cells["nir"] = forms.nir(draw, cells["nir"])
    return layouts.noise(draw, layouts.row(draw, cells, ";,|")), shown


def dates(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("born",), 5)
    shown = whole(cells)
    if "born" in cells:
        cells["born"] = forms.date(draw, person.born)
    return layouts.noise(draw, layouts.row(draw, cells, ";,|")), shown


def slipped(kind: str) -> Callable[[random.Random, Person], Made]:
    def made(draw: random.Random, person: Person) -> Made:
        cells = pick(draw, person)
        shown = whole(cells)
        long = [column for column, value in cells.items() if len(value) >= 5 and column in COMMON]
        if long:
            column = draw.choice(long)
            cells[column] = forms.slip(draw, cells[column], kind)
            shown = [Shown(each.column, slip=each.column == column) for each in shown]
        return layouts.noise(draw, layouts.row(draw, cells, ";,\t")), shown

    return made


def leet(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person)
    shown = whole(cells)
    some = [c for c in cells if c in ("surname", "first", "city", "phone", "nir", "street")]
    for column in draw.sample(some, min(len(some), 2)):
        cells[column] = forms.leet(draw, cells[column])
        shown = [Shown(s.column, slip=s.slip or s.column == column) for s in shown]
    return layouts.noise(draw, layouts.row(draw, cells, ";,")), shown


def masked_phones(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("phone", "surname", "first"), 5)
    cells.pop("nir", None)
    shown = whole(cells)
    if "phone" in cells:
        cells["phone"], mask = forms.masked_phone(draw, cells["phone"])
        shown = [Shown("phone", "digits", extra=mask) if s.column == "phone" else s for s in shown]
    return layouts.noise(draw, layouts.row(draw, cells, ";,|")), shown


def masked_names(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, draw.choice((("email",), ("surname", "first"))), 6)
    if draw.random() < 0.5:
        cells.pop("nir", None)
    shown = {each.column: each for each in whole(cells)}
    if "email" in cells and draw.random() < 0.8:
        cells["email"], heads = forms.masked_mail(draw, cells["email"])
        shown["email"] = Shown("email", "masked mail", extra=heads)
    kind = draw.randrange(4)
    for column in (("first",), ("surname",), ("surname", "first"), ())[kind]:
        if column in cells:
            value = cells[column]
            if draw.random() < 0.7:
                cells[column] = value[0] + draw.choice((".", "."))
                shown[column] = Shown(column, "initial")
            else:
                cells[column] = value[0] + "*" * max(1, len(value) - 2) + value[-1]
                shown[column] = Shown(column, "first and last")
    return layouts.noise(draw, layouts.row(draw, cells, ";,")), list(shown.values())


def short_addresses(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("street", "surname"), 5)
    shown = {each.column: each for each in whole(cells)}
    if "street" in cells:
        cells["street"], word = forms.short_street(draw, cells["street"])
        shown["street"] = Shown("street", "number and word", extra=word)
    return layouts.noise(draw, layouts.row(draw, cells, ";,|")), list(shown.values())


def prose(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("surname", "first"), 6)
    shown = whole(cells)
    if "phone" in cells:
        cells["phone"] = forms.phone(draw, cells["phone"])
    if "born" in cells:
        cells["born"] = forms.date(draw, person.born)
    if "nir" in cells:
        cells["nir"] = forms.nir(draw, cells["nir"])
    return layouts.noise(draw, layouts.prose(draw, cells)), shown


def split(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("surname", "first"))
    return layouts.noise(draw, layouts.blocks(draw, cells)), whole(cells)


def encode(draw: random.Random, text: str) -> str:
    """A text in one of the encodings that posts use."""
    raw = text.encode(draw.choice(("utf-8", "utf-8", "latin-1")), "replace")
    kind = draw.randrange(7)
    if kind == 0:
        return base64.encodebytes(raw).decode()
    if kind == 1:
        return base64.b64encode(gzip.compress(raw)).decode()
    if kind == 2:
        return binascii.hexlify(raw).decode()
    if kind == 3:
        return "q=" + draw.choice((quote, quote_plus))(text)
    if kind == 4:
        return quopri.encodestring(text.encode()).decode()
    if kind == 5:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return base64.b64encode(base64.b64encode(raw)).decode()


def encoded(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person)
    shown = whole(cells)
    kind = draw.randrange(4)
    if kind == 0:
        return layouts.noise(draw, encode(draw, layouts.any_format(draw, cells))), shown
    if kind == 1:
        text = forms.hidden(draw, layouts.row(draw, cells, ";,|"))
    elif kind == 2:
        text = forms.far_letters(draw, layouts.row(draw, cells, ";,|"))
    else:
        if "email" in cells:
            cells["email"] = forms.at_sign(draw, cells["email"])
        text = layouts.row(draw, cells, ";|")
    return layouts.noise(draw, text), shown


def excerpt(draw: random.Random, person: Person) -> Made:
    words = person.comment.split()
    if len(words) < 8:
        return "", []
    size = draw.randint(7, len(words))
    at = draw.randint(0, len(words) - size)
    some = words[at : at + size]
    shown = [Shown("comment", "excerpt", extra=" ".join(some))]
    if draw.random() < 0.5:
        some = forms.edited(draw, some)
    cells = pick(draw, person, draw.choice((("surname", "first"), ("city",), ("phone",))), 3)
    cells.pop("comment", None)
    shown += whole(cells)
    parts = [layouts.row(draw, cells, ",; "), " ".join(some)]
    draw.shuffle(parts)
    return layouts.noise(draw, draw.choice((" : ", "\n", " — ")).join(parts)), shown


def broken(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, most=9)
    shown = whole(cells)
    kind = draw.randrange(4)
    text = layouts.row(draw, cells, ";,|")
    if kind == 0:
        text = text.encode("utf-8").decode("cp1252", "replace")
    elif kind == 1:
        text = text.encode("ascii", "replace").decode()
    elif kind == 2:
        text = text.encode("latin-1", "replace").decode("utf-8", "replace")
    else:
        marks = len(text)
        keep = draw.randint(marks * 2 // 3, marks)
        text, left, shown = text[:keep], keep, []
        for column, value in cells.items():
            left -= len(value) + 1
            if left >= -1:
                shown.append(Shown(column))
    return layouts.noise(draw, text), shown


def typed_formats_with_a_slip(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("phone", "nir"))
    shown = whole(cells)
    # A person may have none of what was picked: the text then holds nothing, and is drawn again.
    column = draw.choice([c for c in ("phone", "nir", "born") if c in cells] or [*cells, ""])
    form = {"phone": forms.phone, "nir": forms.nir}
    for each, written in form.items():
        if each in cells:
            value = cells[each]
            if each == column:
                value = forms.slip(draw, value, draw.choice(("9", "9", "11")))
            cells[each] = written(draw, value)
    if "born" in cells and column != "born":
        cells["born"] = forms.date(draw, person.born)
    elif "born" in cells:
        cells["born"] = forms.slip(draw, cells["born"], "9")
    shown = [Shown(s.column, slip=s.column == column) for s in shown]
    return layouts.noise(draw, layouts.row(draw, cells, ";,")), shown


def encoded_masked(draw: random.Random, person: Person) -> Made:
    text, shown = draw.choice((masked_phones, masked_names))(draw, person)
    return encode(draw, text), shown


def split_formats(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("surname", "first", "phone"))
    shown = whole(cells)
    for each, written in (("phone", forms.phone), ("nir", forms.nir)):
        if each in cells:
            cells[each] = written(draw, cells[each])
    if "born" in cells:
        cells["born"] = forms.date(draw, person.born)
    return layouts.blocks(draw, cells), shown


def far_and_masked(draw: random.Random, person: Person) -> Made:
    text, shown = draw.choice((masked_names, short_addresses))(draw, person)
    return draw.choice((forms.far_letters, forms.hidden))(draw, text), shown


def prose_with_slips(draw: random.Random, person: Person) -> Made:
    cells = pick(draw, person, ("surname", "first", "city"), 6)
    shown = whole(cells)
    column = draw.choice([c for c in cells if len(cells[c]) >= 5 and c in COMMON] or ["surname"])
    cells[column] = forms.slip(draw, cells[column], draw.choice(("9", "10", "11")))
    shown = [Shown(s.column, slip=s.column == column) for s in shown]
    return layouts.noise(draw, layouts.prose(draw, cells)), shown


CLASSES: dict[str, Callable[[random.Random, Person], Made]] = {
    "1 verbatim row": verbatim,
    "2 column subset": subset,
    "3 columns reordered": reordered,
    "4 other delimiter or format": formatted,
    "5 case and accents": case,
    "6 phone formats": phones,
    "7 NIR formats": nirs,
    "8 dates": dates,
    "9 substitution": slipped("9"),
    "10 deletion or insertion": slipped("10"),
    "11 transposition": slipped("11"),
    "12 OCR and leet": leet,
    "13 masked phone": masked_phones,
    "14 masked e-mail or name": masked_names,
    "15 abbreviated address": short_addresses,
    "16 prose": prose,
    "17 split over blocks": split,
    "18 encoded or obfuscated": encoded,
    "19 comment excerpt": excerpt,
    "20 mojibake and truncation": broken,
    "number formats with a slip": typed_formats_with_a_slip,
    "encoded masked rows": encoded_masked,
    "split with other formats": split_formats,
    "look-alikes over masks": far_and_masked,
    "prose with a slip": prose_with_slips,
}
