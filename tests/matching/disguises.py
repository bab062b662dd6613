"""Invented people and the ways reposts write them down. Shares no code with the matcher."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

from matching.result import LeakRef

_SURNAMES = """
MARTINEAU LEFEBVRE GARNIER DELACROIX HUGUENIN PERRODIN CHASTAGNIER ROUSSELOT BOURDIN CAZENAVE
DUMOULIN ETCHEVERRY FAVREAU GUILLEMOT HAMONIC JOURDAIN KERVELLA LAMBERTIN MAUPERTUIS NIVELLE
ORSINI PASQUALINI QUENTREC RAVANEL SAINTENY TEYSSEDRE URBANSKI VALLADIER WEISSENBACH ZIEGLER
BENHAMOU TRAORE NGUYEN FERREIRA LOPEZ DIALLO AMRANI COHEN LE-GOFF DE-VILLIERS
"""
SURNAMES = _SURNAMES.split()
_FIRST = """
Jeanne Élise Camille Hélène Noémie Françoise Agnès Sylvie Maëlle Inès Chloé Manon Aurélie Benoît
Jérôme Gaël Rémi Étienne Loïc Cédric Thibault Mathéo Bastien Hugo Raphaël Lucien Marie-Claude
Jean-Pierre Anne-Sophie Jean-Baptiste Karim Fatoumata Mehdi Oumar Yasmine
"""
FIRST = _FIRST.split()
_STREETS = """
rue des Lilas|avenue du Général Leclerc|boulevard Voltaire|impasse du Moulin|chemin des Vignes
place de la République|allée des Tilleuls|route de Bordeaux|rue Jean Moulin|quai Gambetta
rue de l'Église|cours Lafayette|rue du Puits Salé|avenue Foch|square des Acacias
"""
STREETS = _STREETS.replace("\n", "|").strip("|").split("|")
TOWNS = (
    ("44000", "NANTES"), ("35000", "RENNES"), ("29200", "BREST"), ("33000", "BORDEAUX"),
    ("64200", "BIARRITZ"), ("74000", "ANNECY"), ("59800", "LILLE"), ("69003", "LYON"),
    ("13008", "MARSEILLE"), ("67000", "STRASBOURG"), ("22000", "SAINT-BRIEUC"),
    ("76600", "LE HAVRE"),
    ("25000", "BESANÇON"), ("02100", "SAINT-QUENTIN"), ("20200", "BASTIA"),
    ("97400", "SAINT-DENIS"),
)  # fmt: skip
DOCTORS = ("Dr VASSEUR Paul", "Dr MONNIER Claire", "Docteur Sabatier", "Dr LE BRIS Yann", "")
LABS = ("LABORATOIRE DES QUAIS", "BIOLITTORAL", "LABO DU PARC", "SELAS BIOVAL")
INSURERS = ("MUTUELLE DES MARINS", "HARMONIE SUD", "PREVOYANCE DU RAIL", "")
_MONTHS = """
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
"""
MONTHS = _MONTHS.split()


@dataclass(frozen=True)
class Person:
    """One invented patient; `columns` in the order of HEADER."""

    nir: str
    surname: str
    first: str
    born: tuple[int, int, int]
    phone: str
    email: str
    number: int
    street: str
    postcode: str
    town: str
    doctor: str
    lab: str
    insurer: str
    member: str

    @property
    def key(self) -> str:
        """The check key of the NIR."""
        number = int(self.nir.replace("2A", "19").replace("2B", "18"))
        return f"{97 - number % 97:02d}"

    @property
    def birthday(self) -> str:
        return "{2:02d}/{1:02d}/{0}".format(*self.born)

    @property
    def address(self) -> str:
        return f"{self.number} {self.street}"

    def columns(self) -> list[str]:
        return [
            self.nir + self.key, self.surname.replace("-", " "), self.first, self.birthday,
            self.phone, self.email, self.address, self.postcode, self.town, self.doctor, self.lab,
            self.insurer, self.member,
        ]  # fmt: skip


_HEADER = """
NUM_SS NOM_USUEL PRENOM DDN TEL_PORTABLE MAIL ADR CP VILLE MEDECIN_TRAITANT LABO MUTUELLE
N_ADHERENT
"""
HEADER = _HEADER.split()


@dataclass(frozen=True)
class LeakOnDisk:
    """A leak's people in row order, and its files."""

    people: list[Person] = field(repr=False)
    csv: Path
    ref: LeakRef


def invent(draw: random.Random) -> Person:
    """One person who exists nowhere."""
    surname, first = draw.choice(SURNAMES), draw.choice(FIRST)
    if draw.random() < 0.7:
        surname = draw.choice(("BEL", "MONT", "CHAR", "VIL", "PRA", "COUR", "TER")) + draw.choice(
            ("LANGER", "TEAU", "DONNET", "SONNIER", "MARTRE", "BOISEL", "GARDEL", "LAVAL")
        )
        surname += draw.choice(("", "D", "S", "IN", "OT", "Y", "AZ"))
    born = (draw.randint(1930, 2012), draw.randint(1, 12), draw.randint(1, 28))
    sex = draw.choice("12")
    department = draw.choice(("2A", "2B", *(f"{n:02d}" for n in range(1, 96) if n != 20)))
    nir = f"{sex}{born[0] % 100:02d}{born[1]:02d}{department}{draw.randint(1, 600):03d}"
    nir += f"{draw.randint(1, 999):03d}"
    local = plain(first).lower().replace("-", "") + draw.choice(".-_") + surname.lower()
    postcode, town = draw.choice(TOWNS)
    return Person(
        nir, surname, first, born,
        draw.choice(("06", "07", "02", "05")) + f"{draw.randint(0, 99999999):08d}",
        f"{local}{draw.randint(1, 999)}@{draw.choice(('courriel.example', 'poste.example.org'))}",
        draw.randint(1, 180), draw.choice(STREETS), postcode, town, draw.choice(DOCTORS),
        draw.choice(LABS), draw.choice(INSURERS), f"{draw.randint(10**8, 10**9 - 1)}",
    )  # fmt: skip


def relative(draw: random.Random, of: Person) -> Person:
    """A member of the same household: name, address and phone are shared."""
    other = invent(draw)
    while other.first == of.first or other.born == of.born:
        other = invent(draw)
    return Person(
        other.nir, of.surname, other.first, other.born, of.phone, other.email, of.number, of.street,
        of.postcode, of.town, of.doctor, of.lab, of.insurer, other.member,
    )  # fmt: skip


def people(count: int, seed: int) -> list[Person]:
    """So many people, one in five beside a relative; no NIR twice."""
    draw = random.Random(seed)
    found: dict[str, Person] = {}
    last = invent(draw)
    while len(found) < count:
        last = relative(draw, last) if draw.random() < 0.2 else invent(draw)
        found.setdefault(last.nir, last)
    return list(found.values())


ACCENTS = str.maketrans("éèêëàâäîïôöûùüçÉÈÊËÀÂÎÏÔÛÙÇ", "eeeeaaaiioouuucEEEEAAIIOUUC")


def plain(text: str) -> str:
    return text.translate(ACCENTS)


def phone_form(draw: random.Random, phone: str) -> str:
    rest = phone[1:]
    pairs = [phone[i : i + 2] for i in range(0, 10, 2)]
    last = [rest[1 + i : 3 + i] for i in range(0, 8, 2)]
    return draw.choice(
        (
            " ".join(pairs), ".".join(pairs), "-".join(pairs), "+33" + rest, "0033" + rest,
            f"+33 (0){rest[0]}." + ".".join(last), f"+33 {rest[0]} " + " ".join(last),
            f"0033 {rest[0]} " + " ".join(last), f"(+33) {rest[0]} " + " ".join(last),
            f"{phone[:4]} {phone[4:7]} {phone[7:]}", "33" + rest, rest, "/".join(pairs),
        )
    )  # fmt: skip


def nir_form(draw: random.Random, nir: str, key: str) -> str:
    groups = [nir[0], nir[1:3], nir[3:5], nir[5:7], nir[7:10], nir[10:]]
    return draw.choice(
        (
            nir, nir + key, " ".join(groups), " ".join([*groups, key]),
            " ".join(groups) + " / " + key, ".".join(groups), "-".join([*groups, key]),
            f"{nir} {key}", nir.lower() + key, f"{nir}/{key}",
        )
    )  # fmt: skip


def date_form(draw: random.Random, born: tuple[int, int, int]) -> str:
    year, month, day = born
    return draw.choice(
        (
            f"{day:02d}/{month:02d}/{year}", f"{day:02d}/{month:02d}/{year % 100:02d}",
            f"{year}-{month:02d}-{day:02d}", f"{year}{month:02d}{day:02d}",
            f"{day} {MONTHS[month - 1]} {year}", f"{day:02d}.{month:02d}.{year}",
            f"{day:02d}-{month:02d}-{year}", f"{day}/{month}/{year}",
            f"{day} {MONTHS[month - 1][:4]} {year}", f"{year}/{month:02d}/{day:02d}",
            f"{year}-{month:02d}-{day:02d}T00:00:00",
        )
    )  # fmt: skip


def slip(draw: random.Random, text: str, how: str) -> str:
    """One typing slip inside a word or number: substitution, deletion, insertion, swap."""
    places = [i for i in range(1, len(text) - 1) if text[i].isalnum() and text[i - 1].isalnum()]
    if not places:
        return text
    at = draw.choice(places)
    pool = "0123456789" if text[at].isdigit() else "abcdefghijklmnopqrstuvwxyz"
    letter = draw.choice([c for c in pool if c != text[at].lower()])
    if how == "substitution":
        return text[:at] + letter + text[at + 1 :]
    if how == "deletion":
        return text[:at] + text[at + 1 :]
    if how == "insertion":
        return text[:at] + letter + text[at:]
    swaps = [i for i in places if text[i] != text[i - 1]]
    if not swaps:
        return text
    at = draw.choice(swaps)
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


LABELS = (
    "nir", "nom", "prenom", "naissance", "tel", "mail", "adresse", "cp", "ville", "medecin", "labo",
    "mutuelle", "adherent",
)  # fmt: skip


def subset(draw: random.Random, person: Person, *, shuffle: bool = False) -> list[tuple[str, str]]:
    """Some labelled columns that hold at least about 55 bits of evidence."""
    sets = (
        (0, 1, 2), (0, 3, 4), (1, 2, 3, 4), (1, 2, 4, 7, 8), (1, 2, 5, 8), (0, 5), (4, 5, 1),
        (1, 2, 3, 6, 7, 8), (1, 2, 3, 12), (0, 1, 2, 3, 4, 5), (1, 2, 3, 5, 10), (1, 2, 6, 7, 8, 4),
    )  # fmt: skip
    chosen = list(draw.choice(sets))
    if shuffle:
        draw.shuffle(chosen)
    columns = person.columns()
    return [(LABELS[i], columns[i]) for i in chosen]


def prose(draw: random.Random, p: Person) -> str:
    name = f"{p.first} {p.surname.title()}"
    born, phone = date_form(draw, p.born), phone_form(draw, p.phone)
    nir = nir_form(draw, p.nir, p.key)
    sold = f"Je vends des infos sur {name}, né(e) le {born}, qui habite au {p.address}"
    sold += f" à {p.town.title()}. Son numéro : {phone}."
    reached = f"{name} ({p.postcode} {p.town.title()}) est joignable au {phone} ou par mail : "
    reached += f"{p.email}, sécu {nir}, voilà."
    asked = f"Salut, quelqu'un connaît {name} ? Date de naissance {born}, numéro de sécu {nir}, "
    asked += f"suivi par {p.doctor or 'son médecin'}."
    return draw.choice((sold, reached, asked))


def layout(kind: str, draw: random.Random, p: Person) -> str:
    """One of the ways to lay whole rows or some columns out."""
    row, some = p.columns(), subset(draw, p, shuffle=kind == "order")
    if kind == "verbatim":
        return ";".join(row)
    if kind == "delimiter":
        return draw.choice(("\t", "|", ",", " | ", ", ", " ; ", " - ")).join(row)
    if kind == "json":
        return json.dumps(dict(some), ensure_ascii=draw.random() < 0.3)
    if kind == "json indented":
        return json.dumps(dict(some), ensure_ascii=False, indent=2)
    if kind == "sql":
        values = ", ".join("'" + value.replace("'", "''") + "'" for value in row)
        return "INSERT INTO patients VALUES (" + values + ");"  # noqa: S608 - a text to be found
    if kind == "lines":
        mark = draw.choice((": ", " : ", "=", ":\t"))
        return "\n".join(label.title() + mark + value for label, value in some)
    return ";".join(value for _, value in some)


def disguise(kind: str, draw: random.Random, p: Person) -> str:
    """The person written down in one way; the names are those of CLASSES."""
    if kind == "case":
        change = draw.choice((str.lower, str.upper, str.swapcase, lambda t: plain(t).lower()))
        return change(layout("subset", draw, p))
    if kind == "phone":
        return f"{p.first} {p.surname} {phone_form(draw, p.phone)} {p.postcode} {p.town}"
    if kind == "nir":
        return f"{nir_form(draw, p.nir, p.key)} {p.surname} {p.first}"
    if kind == "date":
        return f"{p.surname};{p.first};{date_form(draw, p.born)};{p.phone}"
    if kind == "prose":
        return prose(draw, p)
    if kind not in SLIPS:
        return layout(kind, draw, p)
    values = [value for _, value in subset(draw, p)]
    at = draw.randrange(len(values))
    values[at] = slip(draw, values[at], kind)
    return ";".join(values)


EXACT = (
    "verbatim", "subset", "order", "delimiter", "json", "json indented", "sql", "lines", "case",
    "phone", "nir", "date",
)  # fmt: skip
SLIPS = ("substitution", "deletion", "insertion", "transposition")
CLASSES = (*EXACT, "prose", *SLIPS)
