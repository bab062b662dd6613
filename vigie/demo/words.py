"""What the live screen says, in English and in French (by LANG)."""

from __future__ import annotations

import os
from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "title": (
        "Watching for a leak of {rows} patients",
        "Surveillance d'une fuite de {rows} patients",
    ),
    "invented": ("every person here is invented", "toutes les personnes ici sont inventées"),
    "sources": ("Sources", "Sources"),
    "source": ("source", "source"),
    "last": ("last crawl", "dernière visite"),
    "next": ("next", "prochaine"),
    "pages": ("pages", "pages"),
    "posts": ("posts", "messages"),
    "pace": ("pages/s", "pages/s"),
    "state": ("state", "état"),
    "now": ("now", "maintenant"),
    "ago": ("{n} ago", "il y a {n}"),
    "in": ("in {n}", "dans {n}"),
    "never": ("—", "—"),
    "crawling": ("crawling", "en visite"),
    "waiting": ("waiting", "en attente"),
    "paused": ("paused", "en pause"),
    "killed": ("stopped", "arrêtée"),
    "finished": ("ok", "ok"),
    "failed": ("failed", "échec"),
    "blocked": ("blocked", "bloquée"),
    "budget": ("budget spent", "budget épuisé"),
    "interrupted": ("interrupted", "interrompue"),
    "time": ("time limit", "durée limite"),
    "alerts": ("Alerts", "Alertes"),
    "alerts_of": (
        "Alerts · {count} raised · {quiet} in the quieter queue",
        "Alertes · {count} levées · {quiet} dans la file calme",
    ),
    "at": ("at", "à"),
    "verdict": ("verdict", "verdict"),
    "records": ("records", "fiches"),
    "fields": ("fields", "champs"),
    "place": ("place (masked)", "lieu (masqué)"),
    "after": ("after", "après"),
    "none_yet": ("none yet", "aucune pour l'instant"),
    "field_nir": ("NIR", "NIR"),
    "field_surname": ("name", "nom"),
    "field_first_name": ("name", "nom"),
    "field_full_name": ("name", "nom"),
    "field_birth_date": ("birth", "naissance"),
    "field_sex": ("sex", "sexe"),
    "field_phone": ("phone", "tél."),
    "field_email": ("e-mail", "e-mail"),
    "field_street": ("street", "rue"),
    "field_postcode": ("postcode", "CP"),
    "field_city": ("city", "ville"),
    "field_insurer": ("insurer", "mutuelle"),
    "field_insurer_number": ("member no.", "n° adhérent"),
    "field_doctor": ("doctor", "médecin"),
    "field_laboratory": ("laboratory", "laboratoire"),
    "field_date": ("date", "date"),
    "field_password": ("password", "mot de passe"),
    "field_comment": ("comment", "commentaire"),
    "repost": ("repost", "republication"),
    "fragment": ("fragment", "fragment"),
    "poster": ("Posts keep arriving", "Les messages continuent d'arriver"),
    "round": (
        "round {round}: {posted} of {total} posted, {found} of {planted} planted ones found",
        "tour {round} : {posted} sur {total} publiés, {found} sur {planted} fragments retrouvés",
    ),
    "review": ("Review", "Revue"),
    "login": ("log in once", "connexion unique"),
    "stop": ("Ctrl-C stops all of it", "Ctrl-C arrête tout"),
    "leak": ("Inventing {rows} patients", "Invention de {rows} patients"),
    "leak_kept": ("The leak is there: {rows} patients", "La fuite est là : {rows} patients"),
    "fingerprints": ("The leak is fingerprinted", "L'empreinte de la fuite est faite"),
    "warm_up": (
        "Getting the matcher ready (its kernels are compiled once)",
        "Préparation du moteur (ses noyaux sont compilés une fois)",
    ),
    "fingerprints_kept": ("Its fingerprint file is there", "Son fichier d'empreintes est là"),
    "sites_start": ("Starting the real sites", "Démarrage des vrais sites"),
    "site_up": ("{name}: {address}", "{name} : {address}"),
    "watch_start": ("Starting vigie watch", "Démarrage de vigie watch"),
    "planning": ("Planning what is posted", "Préparation des messages"),
    "waiting_for": (
        "Everything is posted; reading every source again",
        "Tout est publié ; relecture de chaque source",
    ),
    "stopping": ("Stopping…", "Arrêt…"),
    "stopped": ("All stopped.", "Tout est arrêté."),
    "fresh": ("Starting afresh in {folder}", "Nouveau départ dans {folder}"),
    "check": ("Self-check", "Contrôle"),
    "planted": ("planted", "fragment planté"),
    "site": ("site", "site"),
    "seconds": ("seconds to alert", "secondes jusqu'à l'alerte"),
    "missing": ("NOT FOUND", "NON TROUVÉ"),
    "false_alert": (
        "False alert {id} from {source}: {place}",
        "Fausse alerte {id} de {source} : {place}",
    ),
    "not_read": (
        "{source} was not read whole twice after the last post: see `vigie source list`",
        "{source} n'a pas été relue deux fois après le dernier message : `vigie source list`",
    ),
    "not_complete": ("Not every post was made", "Tous les messages n'ont pas été publiés"),
    "check_sum": (
        (
            "{found} of {planted} planted fragments found, {false} false alerts among "
            "{posts} posts; from post to alert {median} s in the middle, {worst} s at most"
        ),
        (
            "{found} fragments plantés sur {planted} retrouvés, {false} fausses alertes parmi "
            "{posts} messages ; du message à l'alerte {median} s en médiane, {worst} s au plus"
        ),
    ),
    "privacy_search": (
        "Searching everything that was kept for plain values",
        "Recherche de valeurs en clair dans tout ce qui a été gardé",
    ),
    "privacy_ok": (
        (
            "No value of the leak, of bystanders or of unmatched posts in {files} files "
            "({size} MB) of storage, logs, temporary folders and dossiers"
        ),
        (
            "Aucune valeur de la fuite, des tiers ou des messages écartés dans {files} fichiers "
            "({size} Mo) de stockage, journaux, fichiers temporaires et dossiers"
        ),
    ),
    "privacy_bad": (
        "{count} plain values found in storage, logs, temporary folders or dossiers",
        "{count} valeurs en clair trouvées (stockage, journaux, fichiers temporaires, dossiers)",
    ),
    "dossier_waits": (
        "Waiting for what is gathered beside the widest alert",
        "Attente des pièces relevées autour de l'alerte la plus large",
    ),
    "dossier_makes": ("Making its dossier", "Établissement de son dossier"),
    "dossier_ok": (
        "Dossier ({edition}): its verifier passes; {place}",
        "Dossier ({edition}) : sa vérification passe ; {place}",
    ),
    "dossier_bad": (
        "Dossier ({edition}): NOT made or its verifier fails; {place}",
        "Dossier ({edition}) : NON établi, ou sa vérification échoue ; {place}",
    ),
    "passed": ("PASSED", "RÉUSSI"),
    "not_passed": ("NOT PASSED", "ÉCHEC"),
}


class Tongue:
    """One language of the words."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._at = 1 if language == "fr" else 0

    def __call__(self, key: str, **values: object) -> str:
        """The words of `key` with its values filled in."""
        return WORDS[key][self._at].format(**values)

    def known(self, key: str) -> str:
        """The words of `key`, or the key itself where the record says something newer."""
        return self(key) if key in WORDS else key.removeprefix("field_")

    def number(self, number: int) -> str:
        """A whole number with the language's thousands mark."""
        return f"{number:,}".replace(",", "\u202f" if self._at else ",")


def tongue(environ: Mapping[str, str] = os.environ) -> Tongue:
    """French when the first of LC_ALL, LC_MESSAGES and LANG that is set says so."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return Tongue("fr" if environ[name].lower().startswith("fr") else "en")
    return Tongue("en")
