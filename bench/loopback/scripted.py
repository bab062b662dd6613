"""A site whose pages are empty until a script ran: pictures, fonts, scripts, one of which counts.

The text of a page is in no document as it comes: `app.js` makes it from a number with a cipher.
"""

from __future__ import annotations

import struct
import zlib

from bench.loopback.serving import HTML, Made, World

PICTURES, FONTS, SCRIPTS = 20, 3, 5
JS, CSS, PNG, FONT = b"text/javascript", b"text/css", b"image/png", b"font/woff2"
APP = """
const words = ["serveur","ligne","valeur","message","fichier","maison","jardin","version","erreur",
 "liste","nombre","code","projet","question","merci","semaine","lecture","module","index","detail"];
const app = document.getElementById("app");
let state = Number(app.dataset.seed) * 7919 + 13;
const post = document.createElement("article");
post.className = "post";
const title = document.createElement("h1");
title.textContent = "Note " + app.dataset.seed;
const text = document.createElement("pre");
let said = "marque" + (Number(app.dataset.seed) * 31 + 7) + "\\n";
for (let line = 0; line < 120; line++) {
  for (let word = 0; word < 9; word++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    said += words[state % words.length] + " ";
  }
  said += "\\n";
}
text.textContent = said;
post.append(title, text);
setTimeout(() => app.append(post), 20);
"""


def scripted_site(pages: int) -> World:
    """`pages` pages, all listed on the start page."""
    pictures = "".join(f'<img src="/i/{n}.png" alt="" width=64>' for n in range(PICTURES))
    others = "".join(f'<script src="/js/{n}.js" defer></script>' for n in range(SCRIPTS - 1))
    picture, font = _png(64), bytes(range(256)) * 80
    faces = "".join(
        f'@font-face{{font-family:f{n};src:url("/f/{n}.woff2")}}.f{n}{{font-family:f{n}}}'
        for n in range(FONTS)
    )
    idle = (
        b"(() => { let sum = 0; for (let i = 0; i < 20000; i++) sum += i; window.n%d = sum; })();"
    )
    script = idle + b"/*" + b"x" * 30_000 + b"*/"

    def page(number: int) -> bytes:
        used = "".join(f"<p class=f{n}>police {n}</p>" for n in range(FONTS))
        return (
            f"<!doctype html><html lang=fr><head><meta charset=utf-8><title>Tableau</title>"
            f'<link rel=stylesheet href="/style.css">{others}'
            f'<script src="/js/app.js" defer></script></head><body><nav><a href="/">Accueil</a>'
            f"</nav><main id=app data-seed={number}></main><footer>{pictures}{used}</footer>"
        ).encode()

    rows = "".join(f'<li><a href="/r/{n}">Note {n}</a></li>' for n in range(pages))
    listing = f"<!doctype html><meta charset=utf-8><title>Notes</title><main><ul>{rows}</ul></main>"

    def world(path: str) -> Made:
        if path.startswith("/r/"):
            return b"page", HTML, page(int(path[3:]))
        if path == "/":
            return b"start", HTML, listing.encode()
        if path == "/js/app.js":
            return b"app", JS, APP.encode()
        if path.startswith("/js/"):
            return b"script", JS, script % int(path[4:-3])
        if path.startswith("/i/"):
            return b"picture", PNG, picture
        if path.startswith("/f/"):
            return b"font", FONT, font
        return (b"style", CSS, faces.encode()) if path == "/style.css" else None

    return world


def mark(number: int) -> str:
    """What stands on a page once its script ran."""
    return f"marque{number * 31 + 7}"


def _png(side: int) -> bytes:
    """A grey square."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress(b"".join(b"\0" + bytes([y * 3 % 256]) * side for y in range(side)))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
