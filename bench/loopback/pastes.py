"""A paste site: lists of a hundred rows, pages of 10 kB, each with the text of one paste."""

from __future__ import annotations

import random

from bench.loopback.serving import HTML, Made, World

ROWS = 100
PAGE = 10_000
SAID = (
    "serveur réponse table ligne valeur message fichier hier demain maison route jardin client "
    "version erreur mise jour liste nombre code projet question merci bonjour semaine lecture "
    "config module import return error value index update system network window report detail"
)
WORDS = SAID.split()
HEAD = (
    "<!doctype html><html lang=fr><head><meta charset=utf-8><title>{title}</title>"
    '<link rel=stylesheet href="/style.css"></head><body><header><a href="/">Accueil</a> '
    '<a href="/about">À propos</a> <a href="/faq">Aide</a></header><main>'
)
FOOT = '</main><footer><a href="/terms">Conditions</a> <a href="/contact">Contact</a></footer>'


def paste_site(pages: int) -> World:
    """`pages` pastes, the newest first, on as many lists as they need."""
    draw = random.Random(7)
    texts = [_text(draw) for _ in range(64)]

    def paste(number: int) -> bytes:
        title = f"Note {number} du tableau"
        beside = "".join(
            f'<li><a href="/p/{(number * 31 + step * 7) % pages}">Note voisine {step}</a></li>'
            for step in range(10)
        )
        text = f"note {number}\n{texts[number % 64]}"
        return (
            f"{HEAD.format(title=title)}<h1>{title}</h1>"
            f"<p class=by>par anonyme{number % 97}, le 27 novembre 2026</p>"
            f"<pre class=paste>{text}</pre></main><aside><ul>{beside}</ul></aside>{FOOT}"
        ).encode()

    def listing(page: int) -> bytes:
        first = page * ROWS
        rows = "".join(
            f'<tr><td><a href="/p/{n}">Note {n} du tableau</a></td><td>anonyme{n % 97}</td>'
            f"<td>{PAGE // 1000} ko</td></tr>"
            for n in range(first, min(first + ROWS, pages))
        )
        more = (
            f'<a rel=next href="/list?page={page + 1}">Suivant</a>' if first + ROWS < pages else ""
        )
        return (
            f"{HEAD.format(title='Notes')}<h1>Notes</h1><table class=list>{rows}</table>"
            f"<p class=pager>{more}</p>{FOOT}"
        ).encode()

    def world(path: str) -> Made:
        if path.startswith("/p/"):
            number = int(path[3:])
            return (b"page", HTML, paste(number)) if number < pages else None
        if path in ("/", "/list"):
            return b"list", HTML, listing(0)
        if path.startswith("/list?page="):
            return b"list", HTML, listing(int(path.partition("=")[2]))
        return None

    return world


def _text(draw: random.Random) -> str:
    lines: list[str] = []
    while sum(map(len, lines)) + len(lines) < PAGE - 1_700:
        lines.append(" ".join(draw.choice(WORDS) for _ in range(draw.randint(4, 12))))
    return "\n".join(lines)
