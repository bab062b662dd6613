"""Columns of one person written down as a record, in prose, in blocks; and the noise about it."""

from __future__ import annotations

import html
import json
import random

LABELS = {
    "nir": ("N° sécu", "nir", "num_ss", "SSN"), "surname": ("Nom", "nom", "NOM", "lastname"),
    "first": ("Prénom", "prenom", "PRENOM", "firstname"),
    "born": ("Date de naissance", "ddn", "Né(e) le", "dob"),
    "phone": ("Tél", "telephone", "GSM", "mobile"),
    "email": ("E-mail", "mail", "courriel", "email"),
    "street": ("Adresse", "adr", "rue", "address"), "postcode": ("CP", "code_postal", "cp", "zip"),
    "city": ("Ville", "ville", "commune", "city"),
    "doctor": ("Médecin", "medecin", "praticien", "dr"),
    "laboratory": ("Labo", "laboratoire", "site", "lab"),
    "insurer": ("Mutuelle", "mutuelle", "organisme", "insurer"),
    "member": ("N° adhérent", "num_adh", "adherent", "policy"),
    "password": ("Mot de passe", "mdp", "pass", "password"),
    "comment": ("Observations", "commentaire", "obs", "comment"),
}  # fmt: skip
CHAT = (
    "Salut à tous, quelqu'un a testé la dernière mise à jour ?",
    "je confirme, ça plante au bout de cinq minutes",
    "voici mon script :\nfor i in range(10):\n    print(i)",
    "J'ai trois tickets pour samedi, contact en message privé",
    "up ! toujours d'actualité, prix négociable",
    "Merci pour le partage, excellente qualité comme toujours",
    "quelqu'un peut réuploader ? le lien est mort depuis mardi",
    "La recette : 250 g de farine, 3 œufs, un demi-litre de lait",
    "[2021-02-23 21:04:11] connexion de 10.0.4.12 refusée (code 403)",
)
Cells = dict[str, str]


def noise(draw: random.Random, text: str) -> str:
    """A record with ordinary lines about it, or none."""
    if draw.random() < 0.4:
        return text
    before, behind = draw.choice(CHAT), draw.choice(CHAT)
    return f"{before}\n\n{text}\n\n{behind}"


def row(draw: random.Random, cells: Cells, marks: str = ";") -> str:
    """One delimited line."""
    return draw.choice(marks).join(cells.values())


def any_format(draw: random.Random, cells: Cells) -> str:
    """JSON, SQL, HTML, XML, labels, YAML, TSV, pipes, quoted CSV, a Markdown table."""
    made = draw.choice((as_json, as_sql, as_html, as_labels, as_delimited, as_xml, as_markdown))
    return made(draw, cells)


def labelled(draw: random.Random, cells: Cells) -> Cells:
    """The same values under one of four sets of names."""
    style = draw.randrange(4)
    return {LABELS[column][style]: value for column, value in cells.items()}


def as_json(draw: random.Random, cells: Cells) -> str:
    """One object, on one line or several."""
    return json.dumps(
        labelled(draw, cells), ensure_ascii=draw.random() < 0.5, indent=draw.choice((None, 2))
    )


def as_sql(draw: random.Random, cells: Cells) -> str:
    """An INSERT of one row among NULLs."""
    escape = draw.choice(("''", "\\'"))
    values = [f"'{value}'".replace("'", escape).replace(escape, "'", 1) for value in cells.values()]
    values = [each[: -len(escape)] + "'" for each in values]
    names = ",".join(f"`{column}`" for column in cells)
    table = f"INSERT INTO `patients` ({names}) VALUES"
    return f"{table} ({draw.randint(1, 99999)},{','.join(values)},NULL);"


def as_html(draw: random.Random, cells: Cells) -> str:
    """A table of one row, or a definition list."""
    safe = {name: html.escape(value) for name, value in labelled(draw, cells).items()}
    if draw.random() < 0.5:
        return "<table><tr>" + "".join(f"<td>{v}</td>" for v in safe.values()) + "</tr></table>"
    return "<dl>" + "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in safe.items()) + "</dl>"


def as_xml(_draw: random.Random, cells: Cells) -> str:
    """One element a column."""
    inside = "".join(f"<{name}>{html.escape(value)}</{name}>" for name, value in cells.items())
    return f"<patient>{inside}</patient>"


def as_labels(draw: random.Random, cells: Cells) -> str:
    """Label: value, one a line."""
    mark = draw.choice((": ", " : ", "=", " = ", " -> "))
    return "\n".join(name + mark + value for name, value in labelled(draw, cells).items())


def as_delimited(draw: random.Random, cells: Cells) -> str:
    """Tabs, pipes, commas with quotes, and odder marks."""
    if draw.random() < 0.3:
        return ",".join(f'"{value}"' for value in cells.values())
    return draw.choice(("\t", "|", " | ", " - ", " :: ", ",", ", ", "~", "^", " / ")).join(
        cells.values()
    )


def as_markdown(draw: random.Random, cells: Cells) -> str:
    """A table with its head."""
    named = labelled(draw, cells)
    return (
        "| " + " | ".join(named) + " |\n" + "|---" * len(named) + "|\n| "
        + " | ".join(named.values()) + " |"
    )  # fmt: skip


def prose(draw: random.Random, cells: Cells) -> str:
    """Sentences that tell what the cells hold."""
    c = cells
    name = " ".join(c[part] for part in draw.sample(("first", "surname"), 2) if part in c)
    bits = {
        "born": "né(e) le {}", "street": "demeurant {}", "city": "à {}", "postcode": "({})",
        "phone": "joignable au {}", "email": "(écrire à {})",
        "nir": "numéro de sécurité sociale {}",
        "doctor": "suivi(e) par {}", "laboratory": "prélevé(e) au {}",
        "insurer": "assuré(e) chez {}",
        "member": "sous le numéro {}", "password": "dont le mot de passe était {}",
        "comment": "avec cette note : « {} »",
    }  # fmt: skip
    told = [form.format(c[column]) for column, form in bits.items() if column in c]
    opening = draw.choice(
        ("Bonjour, je vous signale que {}, ", "On m'a dit que {}, ", "Hier j'ai croisé {} ; ",
         "Pour info c'est bien {}, ")
    ).format(name)  # fmt: skip
    text = opening + ", ".join(told) + ", figure dans le fichier."
    if draw.random() < 0.3:  # wrapped as mail programs do
        words, lines, line = text.split(" "), [], ""
        for word in words:
            if len(line) + len(word) > 72:
                lines.append(line)
                line = ""
            line = f"{line} {word}".strip()
        text = "\n".join([*lines, line])
    return text


def blocks(draw: random.Random, cells: Cells) -> str:
    """One record over two or three blocks of a page: posts of one thread, with talk between."""
    columns = list(cells)
    parts = draw.choice((2, 2, 3))
    size = -(-len(columns) // parts)
    said: list[str] = []
    for at in range(0, len(columns), size):
        some = {column: cells[column] for column in columns[at : at + size]}
        style = draw.randrange(3)
        if style == 0:
            text = as_labels(draw, some)
        elif style == 1:
            text = draw.choice((", ", " ; ", " ")).join(some.values())
        else:
            text = draw.choice(("suite : ", "et donc ", "ajout : ")) + ", ".join(some.values())
        said.append(text)
        if at + size < len(columns):
            said += draw.sample(CHAT, draw.choice((0, 1, 1, 2)))
    if draw.random() < 0.4:
        posts = "".join(
            f'<article class="post"><h4>user{draw.randint(1, 99)}</h4>'
            f"<p>{html.escape(text)}</p></article>"
            for text in said
        )
        return f"<!DOCTYPE html><html><body>{posts}</body></html>"
    return draw.choice(("\n\n", "\n\n---\n\n", f"\n\n#{draw.randint(2, 40)} \n")).join(said)
