"""Words that carry no evidence, or that say what stands beside them. Folded, public, French.

None of them comes from a leak. `table()` packs them for the kernels.
"""

from __future__ import annotations

import numpy as np

from matching.kernel.kinds import F_PLACE, F_STOP, F_STREET, F_TITLE, F_TRADE, MIX, MIX_BEHIND
from matching.kernel.tokens import WORD_TABLE

STOP = """
    a au aux avec ce cette ces dans de des du d elle en est et il ils je l la le les leur lui ma
    mais me mon ne non nous on ou par pas plus pour qu que qui sa sans se ses si son sous sur ta te
    toi tu un une vers vos votre vous y the of and to in is it for on with at by from this that be
    are as or an was not you your have has will can all if but nom prenom prenoms nee ne naissance
    date sexe tel telephone mobile portable fixe mail email courriel adresse rue code postal ville
    numero num secu securite sociale nir insee medecin traitant docteur laboratoire mutuelle
    commentaire observations observation null none true false insert into values com fr net org
    www http https
"""
STREETS = """
    rue r avenue av ave boulevard bd boul blvd chemin chem che ch impasse imp allee allees all
    place pl route rte quai q square sq cours crs residence res lotissement lot passage pass
    villa hameau ham voie rond faubourg fg fbg cite clos sentier sente esplanade esp promenade
    montee mte cote traverse tra venelle parc domaine mail ruelle rle chaussee chs galerie porte
    lieu lieudit ld zone za zi
"""
TITLES = """
    m mr mme mlle melle monsieur madame mademoiselle dr docteur docteurs pr professeur prof me
    maitre epouse epx ep nee veuve vve
"""
TRADES = """
    laboratoire laboratoires labo labm lbm selas selarl sel biologie medicale analyses medical
    centre cabinet mutuelle mutuelles assurance assurances caisse cpam primaire groupe sante bio
    clinique hopital
"""
PLACES = "saint sainte st ste cedex bp cs"


def _words(text: str) -> list[str]:
    return text.split()


def flags() -> dict[str, int]:
    """Every listed word with its flags."""
    found: dict[str, int] = {}
    for text, flag in (
        (STOP, F_STOP),
        (STREETS, F_STREET),
        (TITLES, F_TITLE),
        (TRADES, F_TRADE),
        (PLACES, F_PLACE),
    ):
        for word in _words(text):
            found[word] = found.get(word, 0) | flag
    return found


def word_number(word: str) -> int:
    """A number for a word of at most twelve letters, as `reading.word_flags` computes it."""
    text = word.encode("ascii")
    ahead = int.from_bytes(text[:8], "little")
    behind = len(text) | int.from_bytes(text[8:], "little") << 8
    number = (ahead * MIX ^ behind * MIX_BEHIND) & 0xFFFFFFFFFFFFFFFF
    return number ^ number >> 32


def table(size: int = WORD_TABLE) -> tuple[np.ndarray, np.ndarray]:
    """An open-addressing table: word numbers (uint64, 0 is empty) and their flags (uint8)."""
    numbers = np.zeros(size, np.uint64)
    marks = np.zeros(size, np.uint8)
    for word, flag in sorted(flags().items()):
        number = word_number(word)
        at = number & (size - 1)
        while numbers[at]:
            at = (at + 1) & (size - 1)
        numbers[at] = number
        marks[at] = flag
    return numbers, marks
