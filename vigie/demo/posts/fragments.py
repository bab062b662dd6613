"""The planted fragments: pieces of the leak, one kind a post, each strong enough to be sure.

Every record that counts carries NIR, or name with birth date and phone or e-mail: 60 bits and
more. Bystanders are fewer than the leak's own people in the same post, else another list of
French people would explain it.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import quote

from vigie.demo.leak import LeakRow
from vigie.demo.posts import layouts, spelling
from vigie.demo.posts.layouts import CARD, fenced
from vigie.demo.posts.post import Channel

Rows = Sequence[LeakRow]
SHORT = ("surname", "first_name", "birth_date", "mobile", "email")
HOME = ("nir", "surname", "first_name", "birth_date", "street", "postcode", "city", "mobile")
TURNED = ("email", "mobile", "city", "birth_date", "first_name", "surname", "nir")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A kind of planted post. `write` gets the leak's rows and bystanders mixed, in order."""

    kind: str
    channel: Channel
    rows: int
    write: Callable[[Rows, Random], str]
    title: str
    others: int = 0
    filename: str = ""
    content_type: str = "text/plain"
    consecutive: bool = False


STRONG = ("nir", "surname", "first_name", "birth_date", "mobile", "email", "street", "city")


def is_strong(row: LeakRow) -> bool:
    """Whether a row alone is evidence enough in every form here."""
    return (
        all(getattr(row, field) for field in STRONG)
        and len(row.nir) == 15
        and (len(row.surname) >= 5)
    )


def _verbatim(rows: Rows, _: Random) -> str:
    return layouts.verbatim(rows, header=False)


def _with_header(rows: Rows, _: Random) -> str:
    return layouts.verbatim(rows)


def _subset(rows: Rows, _: Random) -> str:
    return fenced(layouts.separated(rows, SHORT, ";", header=False))


def _reordered(rows: Rows, _: Random) -> str:
    return layouts.separated(rows, TURNED, ";", header=True)


def _pipes(rows: Rows, _: Random) -> str:
    return fenced(layouts.separated(rows, CARD, " | ", header=False))


def _tabs(rows: Rows, _: Random) -> str:
    return layouts.separated(rows, HOME, "\t", header=True)


def _json(rows: Rows, _: Random) -> str:
    return layouts.as_json(rows, CARD)


def _json_ascii(rows: Rows, _: Random) -> str:
    return layouts.as_json(rows, CARD, ascii_only=True)


def _sql(rows: Rows, _: Random) -> str:
    return layouts.as_sql(rows, HOME)


def _html(rows: Rows, _: Random) -> str:
    return layouts.as_html(rows, CARD)


def _cards(rows: Rows, _: Random) -> str:
    return fenced(layouts.cards(rows, CARD))


def _full_cards(rows: Rows, _: Random) -> str:
    fields = ("surname", "first_name", "birth_date", "nir", "mobile", "doctor", "comment")
    return layouts.cards(rows, fields)


def _bare(rows: Rows, _: Random) -> str:
    return fenced(spelling.bare(layouts.separated(rows, HOME, " ; ", header=False)))


def _phones(rows: Rows, random: Random) -> str:
    forms = random.sample(range(1, 8), min(len(rows), 7))
    lines = [
        f"{row.first_name} {row.surname}, née/né le {row.birth_date}, "
        f"tél {spelling.phone_forms(row.mobile)[form]}, {row.email}"
        for row, form in zip(rows, forms, strict=True)
    ]
    return "\n\n".join(lines)


def _nirs(rows: Rows, random: Random) -> str:
    forms = random.sample(range(2, 7), min(len(rows), 5))
    lines = [
        f"{spelling.nir_forms(row.nir)[form]} - {row.surname} {row.first_name} - "
        f"{row.mobile} - {row.city}"
        for row, form in zip(rows, forms, strict=True)
    ]
    return fenced("\n".join(lines))


def _dates(rows: Rows, random: Random) -> str:
    forms = random.sample(range(7), min(len(rows), 7))
    lines = [
        f"{row.surname};{row.first_name};{spelling.date_forms(row.birth_date)[form]};"
        f"{row.mobile};{row.email}"
        for row, form in zip(rows, forms, strict=True)
    ]
    return "\n".join(lines)


def _slip(slip: Callable[[str, Random], str], field: str) -> Callable[[Rows, Random], str]:
    def write(rows: Rows, random: Random) -> str:
        slipped = [replace(row, **{field: slip(getattr(row, field), random)}) for row in rows]
        return layouts.separated(slipped, HOME, ";", header=False)

    return write


def _base64(rows: Rows, _: Random) -> str:
    packed = base64.b64encode(layouts.verbatim(rows).encode("utf-8")).decode("ascii")
    return "\n".join(packed[at : at + 76] for at in range(0, len(packed), 76))


def _gzip_base64(rows: Rows, _: Random) -> str:
    squeezed = gzip.compress(layouts.verbatim(rows).encode("utf-8"), mtime=0)
    return "H4 inside, you know what to do\n\n" + base64.b64encode(squeezed).decode("ascii")


def _hex(rows: Rows, _: Random) -> str:
    text = layouts.separated(rows, HOME, ";", header=False).encode("utf-8").hex()
    return "\n".join(text[at : at + 64] for at in range(0, len(text), 64))


def _percent(rows: Rows, _: Random) -> str:
    return "data=" + quote(layouts.separated(rows, HOME, ";", header=False), safe="")


def _quoted(rows: Rows, _: Random) -> str:
    return layouts.quoted_csv(rows, (*CARD, "password"))


def _yaml(rows: Rows, _: Random) -> str:
    return layouts.as_yaml(rows, CARD)


def _markdown(rows: Rows, _: Random) -> str:
    return fenced(layouts.as_markdown(rows, SHORT))


def _told(rows: Rows, _: Random) -> str:
    row, *rest = rows
    told = (
        "Salut à tous, je suis tombé sur un fichier bizarre en rangeant un vieux disque. "
        f"On y trouve par exemple {row.first_name} {row.surname}, "
        f"né(e) le {spelling.date_forms(row.birth_date)[2]}, qui habite {row.street} à {row.city} "
        f"({row.postcode}), joignable au {spelling.phone_forms(row.mobile)[1]} ou à {row.email}. "
        f"Son numéro de sécu y est aussi : {spelling.nir_forms(row.nir)[3]}. "
        "Quelqu'un sait d'où ça peut venir ?"
    )
    for other in rest:
        phone = spelling.phone_forms(other.landline or other.mobile)[2]
        told += (
            f" À ne pas confondre avec {other.first_name} {other.surname} de {other.city}, "
            f"mon collègue, qui répond au {phone}."
        )
    return told


def _told_in_english(rows: Rows, _: Random) -> str:
    row = rows[0]
    return (
        "Proof that it is real, one record from the French lab file:\n\n"
        f"{row.first_name} {row.surname}, born {spelling.english_date(row.birth_date)}, "
        f"lives in {row.city} ({row.postcode}), phone {spelling.phone_forms(row.mobile)[4]}, "
        f"mail {row.email}, social security {spelling.nir_forms(row.nir)[2]}, "
        f"password {row.password or 'unknown'}.\n\nNo more samples."
    )


FRAGMENTS: tuple[Fragment, ...] = (
    Fragment("verbatim-row", Channel.PINNWAND_LINKED, 1, _verbatim, "sample"),
    Fragment("verbatim-with-header", Channel.PINNWAND_FEED, 6, _with_header, "extrait", others=3),
    Fragment("column-subset", Channel.FORUM_TOPIC, 3, _subset, "Liste à vérifier", others=1),
    Fragment("columns-reordered", Channel.PINNWAND_FEED, 4, _reordered, "export v2"),
    Fragment("pipes", Channel.FORUM_REPLY, 2, _pipes, "", others=1),
    Fragment("tabs", Channel.BEPASTY, 5, _tabs, "export", 2, "export.tsv", "text/plain"),
    Fragment("json", Channel.BEPASTY, 3, _json, "dump", 1, "dump.json", "application/json"),
    Fragment("json-escapes", Channel.PINNWAND_FEED, 3, _json_ascii, "api answer"),
    Fragment("sql-insert", Channel.PINNWAND_LINKED, 4, _sql, "patients.sql", others=1),
    Fragment("html-table", Channel.PINNWAND_FEED, 4, _html, "table.html"),
    Fragment("key-value", Channel.FORUM_REPLY, 2, _cards, ""),
    Fragment("key-value-comment", Channel.BEPASTY, 3, _full_cards, "fiches", 1, "fiches.txt"),
    Fragment("upper-without-accents", Channel.FORUM_TOPIC, 3, _bare, "VIEUX LISTING"),
    Fragment("phone-formats", Channel.FORUM_REPLY, 4, _phones, ""),
    Fragment("nir-formats", Channel.FORUM_TOPIC, 4, _nirs, "Numéros trouvés", others=1),
    Fragment("date-formats", Channel.PINNWAND_LINKED, 5, _dates, "dates"),
    Fragment(
        "typo-substitution",
        Channel.BEPASTY,
        1,
        _slip(spelling.substituted, "surname"),
        "saisie 1",
        filename="saisie-1.txt",
    ),
    Fragment("typo-deletion", Channel.FORUM_REPLY, 1, _slip(spelling.shortened, "surname"), ""),
    Fragment(
        "typo-transposition",
        Channel.BEPASTY,
        1,
        _slip(spelling.swapped, "nir"),
        "saisie 2",
        filename="saisie-2.txt",
    ),
    Fragment("typo-phone", Channel.JSBOARD, 1, _slip(spelling.substituted, "mobile"), "à rappeler"),
    Fragment("base64", Channel.PINNWAND_LINKED, 4, _base64, "b64"),
    Fragment("gzip-base64", Channel.BEPASTY, 6, _gzip_base64, "packed", 2, "packed.txt"),
    Fragment("hex", Channel.PINNWAND_FEED, 2, _hex, "hex"),
    Fragment("percent-encoded", Channel.BEPASTY, 2, _percent, "request", filename="request.txt"),
    Fragment("quoted-csv", Channel.BEPASTY, 5, _quoted, "accounts", 2, "accounts.csv", "text/csv"),
    Fragment("yaml", Channel.PINNWAND_LINKED, 2, _yaml, "fixtures.yml", others=1),
    Fragment("markdown-table", Channel.FORUM_TOPIC, 3, _markdown, "Tableau récapitulatif"),
    Fragment("prose", Channel.FORUM_REPLY, 1, _told, "", others=1),
    Fragment("prose-english", Channel.PINNWAND_LINKED, 1, _told_in_english, "proof"),
    Fragment("page-3", Channel.FORUM_PAGE3, 2, _cards, "", others=1),
    Fragment("private-topic", Channel.FORUM_PRIVATE, 3, _subset, "Entre nous", others=1),
    Fragment("after-javascript", Channel.JSBOARD, 2, _full_cards, "fiches", others=1),
    Fragment("late-reply", Channel.FORUM_LATE_REPLY, 2, _pipes, ""),
    Fragment(
        "repost-40",
        Channel.BEPASTY,
        40,
        _with_header,
        "labo part 1",
        5,
        "labo-part1.csv",
        "text/csv",
        consecutive=True,
    ),
    Fragment(
        "repost-200", Channel.PINNWAND_FEED, 200, _with_header, "labo part 2", 8, consecutive=True
    ),
)
