"""Both languages say everything, with the terms of the design and nothing left in a template."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from review.wording import FOLDER, LANGUAGES, Words, catalogue, choose

TEMPLATES = sorted((FOLDER.parent / "templates").glob("*.html"))
TERMS = {
    ("verdict.repost", "Republication", "Repost"),
    ("verdict.fragment", "Fragment", "Fragment"),
    ("verdict.same-people", "Mêmes personnes", "Same people"),
    ("verdict.review", "À vérifier", "Review"),
    ("verdict.mention", "Mention", "Mention"),
    ("verdict.none", "Rien", "None"),
    ("alert.leak", "Fuite", "Leak"),
    ("alert.source", "Source", "Source"),
    ("alert.captures", "Captures", "Captures"),
    ("queue.col_hit", "Correspondance", "Hit"),
    ("alerts.col_alert", "Alerte", "Alert"),
    ("alert.case", "Affaire", "Case"),
}


def places(phrase: str) -> set[str]:
    """The {places} of a phrase."""
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


def forms(phrase: object) -> list[str]:
    """A phrase's texts: one, or one and other."""
    return [phrase] if isinstance(phrase, str) else [str(text) for text in dict(phrase).values()]  # type: ignore[call-overload]


def test_both_languages_have_the_same_phrases_with_the_same_places() -> None:
    french, english = catalogue("fr"), catalogue("en")
    assert set(french) == set(english)
    for key, phrase in french.items():
        assert isinstance(phrase, str) == isinstance(english[key], str), key
        wanted = set().union(*(places(text) for text in forms(phrase)))
        for text in (*forms(phrase), *forms(english[key])):
            assert places(text) == wanted, key
            assert text.strip() == text, key
            assert text, key


@pytest.mark.parametrize(("key", "french", "english"), sorted(TERMS))
def test_the_terms_are_those_of_the_design(key: str, french: str, english: str) -> None:
    assert catalogue("fr")[key] == french
    assert catalogue("en")[key] == english


def test_french_uses_no_other_words_for_these_things() -> None:
    text = "\n".join("\n".join(forms(phrase)) for phrase in catalogue("fr").values()).lower()
    text = text.replace("dossiers de preuves", "").replace("dossier de preuves", "")
    for synonym in (
        "dossier",
        "cas ",
        "brèche",
        "match",
        "hit",
        "dump",
        "capture d’écran",
        "post ",
    ):
        assert synonym not in text, synonym


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_phrase_a_template_names_exists(template: Path) -> None:
    source = template.read_text("utf-8")
    named = re.findall(
        r'(?:\bt|words\.text|words\.count)\(\s*["\']([a-z_.]+[a-z_0-9])["\']\s*[,)]', source
    )
    for key in named:
        assert key in catalogue("fr"), key
    prefixes = re.findall(r'\bt\(\s*["\']([a-z_]+\.[a-z_]*)["\']\s*~', source)
    for prefix in prefixes:
        assert any(key.startswith(prefix) for key in catalogue("fr")), prefix


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(template: Path) -> None:
    source = template.read_text("utf-8")
    # Two blocks are values of attributes: where the page is, and the body's class.
    source = re.sub(r"{% block (here|body_class) %}.*?{% endblock %}", " ", source)
    source = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", source, flags=re.DOTALL)
    source = re.sub(
        r"<kbd[^>]*>.*?</kbd>|<svg.*?</svg>|<!DOCTYPE html>", " ", source, flags=re.DOTALL
    )
    text = re.sub(r"<[^>]+>", " ", source)
    assert not re.findall(r"[^\W\d_]{2,}", text)


def test_templates_never_switch_escaping_off() -> None:
    for template in TEMPLATES:
        source = template.read_text("utf-8")
        allowed = "{{ rows | safe }}" if template.name == "alerts.html" else None
        assert "autoescape" not in source
        assert source.count("safe") - (1 if allowed else 0) == 0, template.name
        assert "<style" not in source
        assert "style=" not in re.sub(r"data-style=", "", source)
        assert not re.search(r"\son[a-z]+=", source), template.name


def test_numbers_durations_and_chances_are_written_as_each_language_does() -> None:
    french, english = Words("fr"), Words("en")
    assert french.number(491000) == "491\u202f000"
    assert english.number(491000) == "491,000"
    assert french.number(64.15, 1) in ("64,1", "64,2")
    assert french.count("alerts.count", 0) == "0 alerte"
    assert english.count("alerts.count", 0) == "0 alerts"
    assert english.count("alerts.count", 1) == "1 alert"
    assert french.size(26_500) == "26,5 ko"
    assert english.duration(3.25) == "3.2 s"
    assert english.duration(90_000 * 3) == "3 d"


def test_a_chance_is_never_said_smaller_than_it_is() -> None:
    words = Words("en")
    assert words.chance(0.9) == "more than one in two"
    assert words.chance(0.0) == "practically none"
    assert words.chance(0.0031) == "less than one in 300"
    assert words.chance(3e-14) == "less than one in 10¹³"


@pytest.mark.parametrize(
    ("header", "fallback", "wanted"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.1", "", "en"),
        ("de, fr;q=0.2, en;q=0.7", "", "en"),
        ("de", "en", "en"),
        ("", "", "fr"),
        ("fr;q=0, en;q=0.1", "", "en"),
        ("fr;q=x, ;;;,=,en", "", "en"),
        ("x" * 100_000, "", "fr"),
    ],
)
def test_the_browsers_language_is_taken(header: str, fallback: str, wanted: str) -> None:
    assert choose(header, fallback) == wanted
    assert wanted in LANGUAGES
