"""What sites write, in English and French, where they show no content.

Words alone never decide (crawler.blocked). All are folded: lower case, no accents, "'" for every
apostrophe. To add a language, add its phrases to each list and a page of it to the tests.
"""

from __future__ import annotations

import re


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(phrases) + r")")


CHALLENGE = _any(
    r"just a moment", r"one moment,? please", r"checking your browser", r"checking if the site",
    r"verifying (?:your browser|you are)", r"making sure you'?re not a (?:bot|robot)",
    r"please wait while", r"(?:enable|requires?) javascript and cookies", r"ddos protection",
    r"un instant", r"(?:nous )?verifi(?:ons|cation de) votre navigateur", r"patientez",
    r"activez javascript", r"protection (?:contre les|anti-?) ?ddos",
)  # fmt: skip

CAPTCHA = _any(
    r"(?:verify|confirm|prove) (?:that )?you(?:'re| are) (?:a )?(?:human|not a (?:bot|robot))",
    r"are you (?:a )?(?:human|robot)", r"i'?m not a robot", r"security (?:check|verification)",
    r"human verification", r"complete the captcha", r"enter the (?:characters|code|captcha)",
    r"etes-vous (?:un )?(?:humain|robot)", r"prouvez que vous", r"confirmez que vous",
    r"verification (?:de securite|humaine|anti-?robot)", r"je ne suis pas un robot",
    r"(?:recopiez|saisissez) (?:les caracteres|le code|le captcha)",
)  # fmt: skip

BANNED = _any(
    r"access (?:to this (?:page|site|website) )?(?:has been |is |was )?(?:denied|blocked)",
    r"forbidden", r"you(?:'ve| have) been (?:blocked|banned|denied)", r"you are banned",
    r"request (?:was |has been )?blocked", r"permanently banned", r"error 10(?:06|09|10|15|20)",
    r"acces (?:a cette page |a ce site )?(?:refuse|interdit|bloque)",
    r"vous (?:avez ete|etes) (?:bloque|banni|exclu)", r"requete bloquee",
)  # fmt: skip

BANNED_WHY = _any(
    r"your (?:ip|address|ip address|network|connection|account|request|browser|country)\b",
    r"(?:ray|incident|reference|support|request|event|error) (?:id|code|number|#)",
    r"you (?:don't|do not) have (?:permission|access)", r"unusual traffic", r"automated",
    r"the owner of this (?:site|website)", r"contact the (?:site|board|web ?site)",
    r"votre (?:ip|adresse|adresse ip|reseau|connexion|compte|requete|navigateur|pays)\b",
    r"(?:identifiant|numero|code) (?:d'incident|de la requete|de reference|d'erreur)",
    r"vous n'(?:avez pas|etes pas) (?:la permission|le droit|autorise)", r"trafic inhabituel",
    r"contactez (?:l'administrateur|le site)",
)  # fmt: skip

LOG_IN = _any(
    r"(?:must|need to|have to) (?:be )?(?:log(?:ged)?|sign(?:ed)?)[ -]?in",
    r"(?:log|sign)[ -]?in (?:to|required|before)", r"please (?:log|sign)[ -]?in",
    r"(?:members|registered users) only",
    r"devez (?:etre connecte|vous connecter|vous identifier)", r"veuillez vous (?:conn|ident)",
    r"(?:connexion|identification) (?:requise|necessaire|obligatoire)", r"identifiez-vous",
    r"connectez-vous", r"reserve aux (?:membres|inscrits)",
)  # fmt: skip
LOG_IN_HEADING = re.compile(
    r"(?:member )?(?:log|sign)[ -]?in|(?:se )?conne(?:xion|cter)|authentication|identification"
)

THING = (
    r"(?:paste|page|post|file|topic|thread|message|document|note|snippet|content|link|url|"
    r"discussion|sujet|fichier|contenu|lien|texte|publication)s?"
)
# A heading of these words alone speaks of no subject but the page itself.
GONE_HEADING = frozenset(
    {"404", "410", "a", "an", "and", "any", "asked", "available", "be", "been", "by", "cannot",
     "content", "could", "couldn", "delete", "deleted", "discussion", "does", "doesn",
     "document", "error", "erreur", "est", "exist", "exists", "expire", "expired", "expiree",
     "file", "fichier", "found", "gone", "has", "hmm", "http", "indisponible", "inexistant",
     "inexistante", "introuvable", "is", "it", "la", "le", "les", "lien", "link", "longer",
     "message", "missing", "n", "ne", "no", "not", "note", "oops", "or", "ou", "oups", "page",
     "pas", "paste", "plus", "post", "publication", "removed", "requested", "retire", "retiree",
     "s", "sorry", "desole", "snippet", "such", "sujet", "supprime", "supprimee", "t", "texte",
     "the", "thread", "this", "topic", "trouve", "trouvee", "unavailable", "url", "was", "ce",
     "cet", "cette", "contenu", "demande", "demandee", "disponible", "existe", "ete"}
)  # fmt: skip
GONE_WORDS = _any(
    r"not found", r"404", r"410", r"gone", r"removed", r"deleted", r"expired", r"unavailable",
    r"(?:not|n't|longer) (?:exist|available)", r"no longer", r"introuvable", r"supprime", r"retire",
    r"expire", r"(?:n'existe|plus disponible|pas (?:ete )?trouve)", r"inexistant", r"indisponible",
)  # fmt: skip
GONE_SENTENCE = re.compile(
    rf"\b(?:the|this|that|your|no such|la|le|ce|cette|ces|l') ?(?:requested |asked )?{THING}\b"
    r"[^.!?]{0,80}?\b(?:not (?:be )?found|n't (?:be )?found|(?:been|was|is|were|are) (?:\w+ )?"
    r"(?:removed|deleted|expired|gone|unavailable)|expired|(?:not|n't|longer) (?:exist|available)|"
    r"no longer (?:here|exists)|introuvable|n'existe (?:pas|plus)|n'est (?:pas|plus) disponible|"
    r"(?:a|ont) (?:ete )?(?:supprime|retire|efface|expire)|n'a (?:pas )?(?:pu etre|ete) trouve)"
)
