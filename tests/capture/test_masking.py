"""Masking: what is not known to be harmless is not shown."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.masking import MASK, Mark, mask_text, mask_title, snippets
from capture.words import KEPT, LABEL_FORMS
from tests.timing import grows_at_most
from vigie.demo.leak import invent_rows
from vigie.demo.privacy.needles import Needles, words_of

POST = (
    "Nom: MARTINEAU; Prénom: Jeanne-Elise; né(e) le 14/03/1985; tél 06 39 98 12 34\n"
    "INSERT INTO patients (nom_usuel, dateNaissance) VALUES ('Le Roux', NULL);\n"
    "je.martineau@example.org l'adresse de la dame"
)
MASKED = (
    "Nom: •••; Prénom: •••-•••; né(•••) le •••/•••/•••; tél ••• ••• ••• ••• •••\n"
    "INSERT INTO patients (nom_usuel, dateNaissance) VALUES ('••• •••', NULL);\n"
    "••• l'adresse de la •••"
)
NAMES = Path(__file__).parents[2] / "vigie" / "demo" / "leak" / "words"


def test_labels_delimiters_and_function_words_stay_and_nothing_else() -> None:
    assert mask_text(POST) == MASKED


def test_no_comment_shows_through() -> None:
    """Words that stay one by one may tell a comment together ("dossier en double à …")."""
    rows = list(invent_rows(6_000, 12))
    # The shortest kind: an illness of one word before the remark.
    rows[0] = replace(rows[0], comment="Endométriose, dossier en double à fusionner")
    needles = Needles.build(rows)
    comments = {row.comment for row in rows if len(row.comment) >= 40}
    assert len(comments) > 500
    told = {mask_text(comment) for comment in comments}
    assert [text for text in sorted(told) if needles.holds_comment(words_of(text))] == []


@pytest.mark.parametrize(
    "secret",
    [
        "MARTINEAU", "martineau", "Mаrtineau", "ＭＡＲＴＩＮＥＡＵ",
        "M\u200bARTI\u200dNEAU", "MAR\u00adTINEAU",
        "Martineau\u0301", "мартино", "مارتينو", "マルティノ", "𝓜artineau", "M4RT1N34U",
        "D'Angelo", "Li", "LI", "li",
        "Nom\u200bMARTINEAU", "nomMartineau", "MartineauNom", "Le", "LE", "De La", "Petit", "Rose",
        "E", "J", "j.m", "06 39 98 12 34",
        "0639981234", "06.39.98.12.34",
        "06 et 39 et 98 et 12", "4",
        "٠٦٣٩", "０６３９", "²³", "Ⅷ", "je@x.org", "a@b@c", "je.m@",
        "je.martineau[at]example[dot]org",
        "ﬁlle", "x" * 5000, "😀", "\x00martin\x00", "mars", "avril", "maRtin", "NoM",
    ],
)  # fmt: skip
def test_a_secret_leaves_no_letter_and_no_digit(secret: str) -> None:
    for text in (secret, f"nom: {secret}; tel", f"le{secret}", f"({secret})"):
        shown = mask_text(text)
        left = re.findall(r"[^\W_]+", shown)
        assert all(word in KEPT or word in ("et", "at") for word in left), shown
        assert not any(char.isnumeric() for char in shown)
    assert MASK in mask_text(secret)


@given(st.text())
def test_no_word_outside_the_list_and_no_digit_survives(text: str) -> None:
    shown = mask_text(text)
    for word in re.findall(r"[^\W_]+", shown):
        parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", word)
        assert unicodedata.normalize("NFC", word) in KEPT or all(
            part in LABEL_FORMS for part in parts
        )
    assert not any(char.isnumeric() for char in shown)


def test_the_list_itself_has_no_digit() -> None:
    # Found by hypothesis: "base64" stood in the list and kept its digits.
    assert [word for word in KEPT if any(char.isnumeric() for char in word)] == []
    assert mask_text("base64") != "base64"


@given(st.text(st.sampled_from("aLne 06@.,;:•\n\u2003\u200béà'\"-_()nomNomle")))
def test_masking_masked_text_changes_nothing(text: str) -> None:
    once = mask_text(text)
    assert mask_text(once) == once


@given(st.text())
def test_lines_and_delimiters_keep_their_number(text: str) -> None:
    if "@" not in text:
        assert [mask_text(text).count(mark) for mark in "\n;|\t"] == [
            text.count(mark) for mark in "\n;|\t"
        ]


def test_a_mask_says_nothing_of_a_length() -> None:
    assert mask_text("Li") == mask_text("Schwartzenberger") == mask_text("123456") == MASK


def test_the_site_s_own_words_stay_as_they_are_written() -> None:
    keep = frozenset({"Pastebin"})
    assert mask_text("Pastebin pastebin Martin", keep) == "Pastebin ••• •••"


def test_no_word_of_the_list_is_somebody_s_name_or_town() -> None:
    names = {
        word
        for name in ("first_names", "surnames", "surnames_elsewhere", "cities")
        for line in (NAMES / f"{name}.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
        for word in re.findall(r"[^\W\d_]+", line)
        if len(word) > 2
    }
    assert len(names) > 500
    labels = {word.lower() for word in LABEL_FORMS}
    assert {name for name in names if name.lower() in labels} == set()
    # Function words stay in lower case only; particles of names are among them.
    assert {name for name in names if name in KEPT} <= {"les", "sur", "sous", "aux", "lès", "des"}


def test_titles_are_one_short_line() -> None:
    assert mask_title("Base\nde  données MARTINEAU 2024") == "Base de données ••• •••"
    assert len(mask_title("a, " * 1000)) == 200


def test_time_grows_with_the_text_not_with_its_square() -> None:
    for piece in ("a", "a.", "@", "a@", "nom ", "•", "\u200b", ";", "aB"):
        # A square law would give 64 times; noise gives less than 3 times too much.
        assert grows_at_most(mask_text, piece * 8_000, piece * 64_000, factor=24)


def mark(text: str, value: str, field: str, layer: str = "") -> Mark:
    start = text.index(value)
    return Mark(layer, field, start, start + len(value))


def test_a_snippet_shows_fields_in_their_masked_line() -> None:
    marks = [mark(POST, "06 39 98 12 34", "phone"), mark(POST, "MARTINEAU", "surname")]
    [found] = snippets({"": POST}, marks)
    assert found.to_json() == {
        "layer": "",
        "segments": [
            ["Nom: ", ""],
            [MASK, "surname"],
            ["; Prénom: •••-•••; né(•••) le •••/•••/•••; tél ", ""],
            [MASK, "phone"],
        ],
    }  # fmt: skip
    assert json.loads(json.dumps(found.to_json())) == found.to_json()


def test_context_ends_at_the_line_and_at_its_length() -> None:
    text = "nom tel\n" + "nom " * 100 + "SECRET" + " tel" * 100 + "\nadresse"
    [found] = snippets({"": text}, [mark(text, "SECRET", "name")], context=8)
    assert found.segments == (("nom nom ", ""), (MASK, "name"), (" tel tel", ""))


def test_a_cut_word_does_not_pass_as_a_harmless_one() -> None:
    text = "Bladeset; XXXX"
    found = snippets({"": text}, [Mark("", "name", 10, 14)], context=5)
    assert found[0].segments[0][0] == f"{MASK}; "
    assert snippets({"": "nom XX"}, [Mark("", "name", 4, 6)], context=3)[0].segments == (
        (f"{MASK} ", ""),
        (MASK, "name"),
    )
    text = "LEROUXnom 0639"
    found = snippets({"": text}, [Mark("", "name", 0, 6)])
    assert found[0].segments == ((MASK, "name"), (f"{MASK} {MASK}", ""))


def test_near_marks_share_a_snippet_and_far_ones_do_not() -> None:
    text = "\n".join(f"nom: NAME{number}; tel: TEL{number}" for number in range(30))
    marks = [mark(text, f"NAME{number};", "name") for number in (2, 3, 20)]
    found = snippets({"": text}, marks)
    assert [[field for _, field in item.segments if field] for item in found] == [
        ["name", "name"],
        ["name"],
    ]


def test_number_and_length_are_bounded() -> None:
    text = "\n".join(f"nom: NAME{number:05}" for number in range(2000))
    marks = [mark(text, f"NAME{number:05}", "name") for number in range(2000)]
    found = snippets({"": text}, marks, limit=3)
    assert len(found) == 3
    assert all(sum(len(shown) for shown, _ in item.segments) < 1500 for item in found)


def test_overlapping_marks_and_marks_outside_are_put_right() -> None:
    text = "2850344109123 x"
    marks = [
        Mark("", "nir", 0, 13),
        Mark("", "birth_date", 1, 5),
        Mark("", "name", 10, 15),
        Mark("", "phone", 90, 99),
        Mark("other", "email", 0, 3),
        Mark("", "city", 5, 2),
        Mark("", "sex", -9, 1),
    ]
    [found] = snippets({"": text}, marks)
    assert found.segments == ((MASK, "sex"), (MASK, "nir"), (MASK, "name"))


def test_layers_come_in_their_order_with_their_own_marks() -> None:
    layers = {"": "nom: AAA", "base64": "tel: BBB"}
    marks = [Mark("base64", "phone", 5, 8), Mark("", "name", 5, 8)]
    assert [item.layer for item in snippets(layers, marks)] == ["", "base64"]


@given(
    st.text(st.sampled_from("aAé nomtel06@.;\n•\u200b"), max_size=120),
    st.lists(st.tuples(st.integers(-5, 130), st.integers(-5, 130)), max_size=6),
    st.integers(0, 30),
)
def test_snippets_of_anything_show_nothing_that_masking_hides(
    text: str, spans: list[tuple[int, int]], context: int
) -> None:
    marks = [Mark("", "f", start, end) for start, end in spans]
    for item in snippets({"": text}, marks, context=context):
        for shown, field in item.segments:
            assert shown == MASK if field else mask_text(shown) == shown
            assert not any(char.isnumeric() for char in shown)
