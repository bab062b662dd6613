"""Packed texts are found whole, and what is no text costs nothing."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import html
import json
import lzma
import quopri
import random
import textwrap
import urllib.parse
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extraction.budget import Budget
from extraction.encoded import inner_layers
from extraction.layers import Limits
from extraction.read import unwrap
from tests.timing import grows_at_most

ROW = "MARTINEAU;Jeanne-Élise;1985-03-14;2850344109123;0639981234;12 rue des Lilas 44000 Nantes"


def wrapped(data: bytes) -> str:
    return base64.encodebytes(data).decode()


PACKINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 url-safe": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 wrapped": lambda text: wrapped(text.encode()),
    "base64 latin-1": lambda text: base64.b64encode(text.encode("latin-1", "replace")).decode(),
    "base64 utf-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "hex": lambda text: text.encode().hex(),
    "hex wrapped": lambda text: "\n".join(textwrap.wrap(text.encode().hex(), 64)),
    "hex wrapped as xxd": lambda text: "\n".join(textwrap.wrap(text.encode().hex(), 60)),
    "hex spaced": lambda text: text.encode().hex(" ").upper(),
    "hex escapes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "url": urllib.parse.quote_plus,
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "json": json.dumps,
    "json all": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "gzip": lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
    "zlib": lambda text: base64.b64encode(zlib.compress(text.encode())).decode(),
    "bzip2 hex": lambda text: bz2.compress(text.encode()).hex(),
    "xz": lambda text: wrapped(lzma.compress(text.encode())),
}


def names(text: str) -> list[str]:
    return [layer.name for layer in unwrap(text)]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("around", ["{}", "see this:\n{}\nthanks all", 'x = "{}"', "<{}>"])
def test_a_packed_row_is_found_whole(packing: str, around: str) -> None:
    layers = unwrap(around.format(PACKINGS[packing](ROW)))
    assert any(ROW in layer.text for layer in layers[1:])


@pytest.mark.parametrize("outer", ["base64", "hex", "gzip", "url", "json all", "entities"])
@pytest.mark.parametrize("inner", ["base64", "gzip", "hex", "url", "json"])
def test_packed_twice_is_unpacked_twice(outer: str, inner: str) -> None:
    packed = PACKINGS[outer](PACKINGS[inner](ROW))
    assert any(ROW in layer.text for layer in unwrap(packed))


def test_names_say_the_way_in() -> None:
    inner = base64.b64encode(gzip.compress(ROW.encode())).decode()
    assert names(inner) == ["", "base64>gzip"]
    assert names(inner.encode().hex()) == ["", "hex", "hex>base64>gzip"]


def test_rows_packed_one_by_one_make_one_layer() -> None:
    rows = [f"MARTINEAU;Jeanne;{number:06};rue des Lilas" for number in range(500)]
    for newline in ("\n", ", "):
        packed = newline.join(base64.b64encode(row.encode()).decode() for row in rows)
        layers = unwrap(packed)
        assert len(layers) == 2
        assert layers[1].text.split("\n") == rows


def test_markup_posted_as_text_is_read_as_a_table() -> None:
    layers = unwrap("<table><tr><td>MARTINEAU</td><td>Jeanne</td></tr></table>")
    assert ("html", "MARTINEAU\tJeanne") in [(layer.name, layer.text) for layer in layers]


def test_plain_prose_code_and_rows_have_no_layers() -> None:
    for text in (
        ROW,
        "Bonjour à tous, merci pour la réponse !",
        "def f(x):\n    return x == 3 and a % b",
    ):
        assert names(text) == [""]


def test_hashes_keys_pictures_and_identifiers_are_no_texts() -> None:
    rng = random.Random(7)
    noise = [
        hashlib.md5(b"a", usedforsecurity=False).hexdigest(),
        hashlib.sha256(b"b").hexdigest(),
        base64.b64encode(rng.randbytes(3000)).decode(),
        base64.b64encode(b"\x89PNG\r\n\x1a\n" + rng.randbytes(500)).decode(),
        base64.b64encode(bytes(rng.randrange(1, 127) for _ in range(60))).decode(),
        "getElementsByClassNameAndSomethingElse",
        "/usr/share/doc/python3/examples/readme",
        "$argon2id$v=19$m=65536$" + base64.b64encode(rng.randbytes(48)).decode(),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + base64.b64encode(rng.randbytes(32)).decode(),
    ]
    assert names("\n".join(noise)) == [""]


def test_a_token_is_read_and_its_signature_is_not() -> None:
    told = [b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"0639981234","name":"Jeanne"}']
    signature = random.Random(1).randbytes(32)
    parts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*told, signature)]
    layers = unwrap(".".join(parts))
    assert [layer.name for layer in layers] == ["", "base64"]
    assert layers[1].text.count("\n") == 1


def test_depth_is_bounded_and_said() -> None:
    text = ROW
    for _ in range(6):
        text = base64.b64encode(text.encode()).decode()
    budget = Budget(Limits(max_depth=3))
    assert [layer.name.count("base64") for layer in inner_layers(text, budget)] == [1, 2, 3]
    assert any("deeper" in note for note in budget.notes)


def test_a_bomb_is_cut_at_its_bound_and_said() -> None:
    bomb = base64.b64encode(gzip.compress(b"0639981234\n" * 3_000_000, 9)).decode()
    budget = Budget(Limits(max_ratio=50))
    layers = inner_layers(bomb, budget)
    assert sum(len(layer.text) for layer in layers) < 6_000_000
    assert any("bound" in note for note in budget.notes)


def test_layers_together_stay_below_the_bounds() -> None:
    piece = base64.b64encode(("\n".join([ROW] * 100)).encode()).decode()
    budget = Budget(Limits(max_text=20_000))
    layers = inner_layers(" ".join([piece] * 50), budget)
    assert sum(len(layer.text) for layer in layers) <= 20_000
    assert any("more encoded layers" in note for note in budget.notes)


def test_the_number_of_layers_is_bounded_and_said() -> None:
    budget = Budget(Limits(max_layers=1))
    text = f"{PACKINGS['base64'](ROW)} {PACKINGS['hex'](ROW[::-1])}"
    assert len(inner_layers(text, budget)) == 1
    assert any("more encoded layers" in note for note in budget.notes)


@given(
    st.text(
        st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f"),
        min_size=30,
        max_size=200,
    ),
    st.sampled_from(
        sorted({"base64", "base64 wrapped", "hex", "gzip", "json all", "entities", "hex escapes"})
    ),
)
def test_whatever_was_packed_comes_out(text: str, packing: str) -> None:
    text = "Nom: " + text + " ; fin"
    if (
        any(0x7F <= ord(char) < 0xA0 for char in text)
        or sum(char > "\x7f" for char in text) > len(text) // 3
    ):
        return
    expected = html.unescape(text) if packing == "entities" else text
    assert any(
        expected in layer.text or text in layer.text for layer in unwrap(PACKINGS[packing](text))
    )


@given(st.text())
@settings(max_examples=200)
def test_any_text_is_survived_and_kept_as_the_first_layer(text: str) -> None:
    assert unwrap(text)[0].text == text


@pytest.mark.parametrize(
    "piece",
    ["A", "A" * 76 + "\n", "41", "41 ", "%41", "a=b&", "=41", "=\n", "&#65;", "&amp;", "\\x41",
     "\\u0041", "\\\\", "<td>", "<", "<td ", "%", "&", "a b ", "QUFB\n", "a.b=c&", "-_", "0x",
     "> QUFBQUFBQUFBQUFBQUFBQUFB\n", "A" * 24 + "=", "=E9", "x" * 74 + "=\n"],
)  # fmt: skip
def test_time_grows_with_the_text_not_with_its_square(piece: str) -> None:
    # A square law would give 64 times; noise on a busy machine gives less than 3 times too much.
    short, long = (piece * (length // len(piece)) for length in (15_000, 120_000))
    assert grows_at_most(unwrap, short, long, factor=24)


LIST = (
    "<dl><dt>Nom</dt><dd>MARTINEAU</dd><dt>Prénom</dt><dd>Élise</dd>"
    "<dt>Tél</dt><dd>0639981234</dd></dl>"
)
RECORD = '{\n  "nom": "MARTINEAU",\n  "adr": "91 rue Pierre Mendès France",\n  "cp": "87000"\n}'


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, bytes.hex])
@pytest.mark.parametrize("text", [LIST, RECORD])
def test_markup_in_an_old_charset_is_a_text(
    text: str, encode: Callable[[bytes], bytes | str]
) -> None:
    packed = encode(text.encode("latin-1"))
    shown = packed if isinstance(packed, str) else packed.decode()
    assert text in [layer.text for layer in unwrap(f"voici\n{shown}\nmerci")]


def test_wrapped_base64_in_an_old_charset_keeps_its_last_line() -> None:
    """Its first accent stands there."""
    text = RECORD.replace("MARTINEAU", "MARTINEAU-DELACROIX")
    packed = base64.encodebytes(text.encode("latin-1")).decode()
    found = "\n".join(layer.text for layer in unwrap(packed))
    assert "Mendès" in found
    assert "87000" in found


def test_noise_in_base64_is_no_text() -> None:
    draw = random.Random(3)
    for size in (20, 63, 64, 100, 200):
        noise = base64.b64encode(bytes(draw.choices(range(32, 256), k=size))).decode()
        assert [layer.name for layer in unwrap(f"clef {noise} fin")] == [""]


def test_of_what_stood_near_signs_in_a_long_text_again_only_what_stands_near() -> None:
    filler = "nothing to see here\n" * 10_000
    twice = "nom \\\\u00c9lise\n"
    beside = "".join(f"ligne \\u00e9 {number}\n" for number in range(20))
    layers = {layer.name: layer.text for layer in unwrap(filler + beside + twice + filler)}
    assert "ligne é 0\n" in layers["json"]
    assert "nom Élise" in layers["json>json"]
    assert "ligne é 19\n" in layers["json>json"]  # two lines on either side
    assert "ligne é 0\n" not in layers["json>json"]
    # A short text is read whole, and so is what was packed in one run of a long one.
    short = beside + twice
    told = {layer.name: layer.text for layer in unwrap(short)}
    assert "ligne é 0\n" in told["json>json"]
    packed = base64.b64encode(short.encode()).decode()
    told = {layer.name: layer.text for layer in unwrap(f"{filler}{packed}\n{filler}")}
    assert "ligne é 0\n" in told["base64>json>json"]


@pytest.mark.parametrize("end", [" ", "\n"])
def test_of_a_long_text_only_what_stands_near_an_escape_is_read_again(end: str) -> None:
    filler = ("nothing to see here" + end) * 20_000
    told = "nom=Hélène|né=à Orléans|" + "x" * 150 + "|fin=çà"
    packed = urllib.parse.quote(told)
    layers = {layer.name: layer.text for layer in unwrap(f"{filler}{packed} {filler}")}
    assert told in layers["url"]
    assert len(layers["url"]) < 4_000


def test_numbers_in_addresses_are_no_quoted_printable() -> None:
    log = "\n".join(f"GET /items?page={n % 20 + 80} 200 width=96" for n in range(40))
    assert [layer.name for layer in unwrap(log)] == [""]


def test_windows_1252_in_quoted_printable_is_found() -> None:
    text = "l=92adresse de Jeanne MARTINEAU, dite =93la Rousse=94, 12 rue de l=92=C9glise"
    inner = [layer.text for layer in unwrap(text) if layer.name == "quoted-printable"]
    assert inner == ["l’adresse de Jeanne MARTINEAU, dite “la Rousse”, 12 rue de l’Église"]


def test_paths_and_words_of_small_letters_cost_no_look_at_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[bytes] = []

    def remember(run: bytes) -> bool:
        looked.append(run)
        return False

    monkeypatch.setattr("extraction.encoded._may_begin", remember)
    hidden = base64.b64encode(ROW.encode()).decode()
    unwrap(f"/usr/share/doc/packages-of-the-system/copyright\n{hidden[:60]}\n" * 20)
    assert looked == [hidden[:24].encode()] * 20
