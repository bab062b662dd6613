"""Reasons of sources, in French and English: every sentence that index.sight makes is known."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from crawler.faults import SENTENCES as FAULTS
from index import sight
from review.sight_words import ERRORS, SENTENCES, error, reason
from review.wording import Words, catalogue

FR, EN = Words("fr"), Words("en")
# One of each, as the record holds them.
TOLD = (
    ("It has not been crawled yet.", "Elle n’a encore jamais été collectée."),
    ("It is not crawled although it is due: is `vigie watch` running?",
     "Elle n’est pas collectée alors qu’elle le devrait : `vigie watch` tourne-t-il ?"),
    ("It has never been read.", "Elle n’a jamais pu être lue."),
    ("It has never been read (robots (2), timeout (1)).",
     "Elle n’a jamais pu être lue (interdit par robots.txt (2), le site a mis trop de temps (1))."),
    ("It has not been read since 2026-11-28 09:15 UTC (the crawl's process died).",
     "Elle n’a pas été lue depuis le 2026-11-28 09:15 UTC (le processus de collecte est mort)."),
    ("The last crawl failed (unreachable (1)).",
     "La dernière collecte a échoué (le site ne répond pas (1))."),
    ("55% of its last pages were no content: captcha, forbidden.",
     "55 % de ses dernières pages étaient sans contenu : captcha, accès refusé (401 ou 403)."),
    ("Its pages are fetched, and neither post nor list is read on them.",
     "Ses pages sont obtenues, mais ni message ni liste n’y est lu."),
    ("60% of its last pages held nothing.", "60 % de ses dernières pages étaient vides."),
    (('Its lists are read no more: 0.0 a page where 20.5 were usual. Its layout has changed; try '
     'engine = "auto".'),
     ("Ses listes ne sont plus lues : 0,0 par page au lieu de 20,5. Sa mise en page a changé ; "
     'essayez engine = "auto".')),
    ("Its posts are read no more: 0.1 a page where 8.0 were usual. Its layout may have changed.",
     ("Ses messages ne sont plus lus : 0,1 par page au lieu de 8,0. Sa mise en page a peut-être "
     "changé.")),
    ("No new post for 72 h, where about 31 were usual.",
     "Aucun nouveau message en 72 h, contre environ 31 d’habitude."),
    ("2 new posts in 24 h, where about 31 were usual.",
     "2 nouveaux messages en 24 h, contre environ 31 d’habitude."),
    ("Canary 3, 7 was not found in time: posts are missed.",
     "Le témoin 3, 7 n’a pas été trouvé à temps : des messages échappent."),
)  # fmt: skip


@pytest.mark.parametrize(("told", "french"), TOLD, ids=range(len(TOLD)))
def test_each_sentence_in_both_languages(told: str, french: str) -> None:
    assert reason(FR, told) == french
    plain = re.sub(r" \(.*\)", "", told)
    assert reason(EN, plain).replace("’", "'") == plain or "no content" in told


def test_several_sentences_are_told_in_their_order() -> None:
    first, last = TOLD[5], TOLD[-1]
    assert reason(FR, f"{first[0]} {last[0]}") == f"{first[1]} {last[1]}"


def test_what_is_not_known_stays_as_it_is() -> None:
    unknown = "Something new of a later version. It has not been crawled yet."
    assert reason(FR, unknown).startswith("Something new of a later version. Elle n’a encore")
    assert error(FR, "unforeseen: OSError") == "unforeseen: OSError"
    assert reason(FR, "") == ""


def test_every_sentence_of_the_record_is_among_them() -> None:
    """Beginnings of the sentences that index.sight writes, taken from its source."""
    tree = ast.parse(Path(sight.__file__).read_text())
    pieces = [
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]  # fmt: skip
    sentences = [one for one in pieces if re.match(r"(?:It|Its|The last|No new|Canary) ", one)]
    assert len(sentences) >= 9
    told = " ".join(one for one, _ in TOLD) + (sight.__doc__ or "")
    for one in sentences:
        if one.startswith(("It is paused", "It is read")):
            continue  # shown as a state of its own
        assert one.strip(" .(") in told, one
    assert len(SENTENCES) == 15


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kind_of_fault_has_its_words(language: str) -> None:
    known = catalogue(language)
    assert not [kind for kind in FAULTS if f"fault.{kind}" not in known]
    assert not [key for key in ERRORS.values() if f"crawl_error.{key}" not in known]
