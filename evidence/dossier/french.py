"""French for sentences that the record keeps in English: why a piece could not be had, and what the
environment checklist measured. A sentence that is not here stands as it is, marked as technical."""

from __future__ import annotations

REASONS = {
    "an onion service has no DNS": "un service onion n’a pas de DNS",
    "the address names no host: there is nothing to look up":
        "l’adresse ne nomme aucun hôte : il n’y a rien à résoudre",
    "no [[evidence.resolver]] is configured": "aucun résolveur DNS n’est configuré",
    "no evidence.clocks are configured": "aucune horloge de référence n’est configurée",
    "an onion service has neither registrar nor address":
        "un service onion n’a ni bureau d’enregistrement ni adresse",
    "neither the host nor its address is registered anywhere":
        "ni l’hôte ni son adresse ne sont enregistrés où que ce soit",
    "not asked for so far": "non demandé à ce jour",
    "there is nothing to ask about": "il n’y a rien à demander",
    "no RDAP server answered": "aucun serveur RDAP n’a répondu",
    "the RDAP server redirects without end":
        "le serveur RDAP renvoie sans fin d’une adresse à l’autre",
    "the RDAP bootstrap file cannot be read": "le registre des serveurs RDAP n’a pas pu être lu",
    "the page came without TLS": "la page a été reçue sans TLS",
    "the host is reached through a proxy only": "l’hôte n’est joint qu’à travers un proxy",
    "the capture does not tell which address answered":
        "la capture ne dit pas quelle adresse a répondu",
    "an onion service is reached through Tor alone": "un service onion n’est joint que par Tor",
    "the capture itself is direct": "la capture est elle-même directe",
    "the address holds a value that is not kept, so it cannot be asked again":
        "l’adresse contient une valeur qui n’est pas gardée : elle ne peut être redemandée",
    "the address holds a value that is not kept, so the page cannot be visited again":
        "l’adresse contient une valeur qui n’est pas gardée : la page ne peut être revue",
    "the source is no longer watched": "la source n’est plus surveillée",
    "the source is paused; nothing is asked of it":
        "la source est en pause : rien ne lui est demandé",
    "the source is killed; nothing is asked of it":
        "la source est arrêtée : rien ne lui est demandé",
    "the day's requests of the source are used up":
        "les requêtes du jour pour cette source sont épuisées",
    "the watch was stopped": "la surveillance a été arrêtée",
    "the visit broke off": "la visite s’est interrompue",
    "no Chromium was found on the capturing machine":
        "aucun Chromium n’a été trouvé sur la machine de capture",
    "the browser did not start": "le navigateur n’a pas démarré",
    "the address gives a file to download, not a page to show":
        "l’adresse donne un fichier à télécharger, non une page à montrer",
    "the page is too large to be masked": "la page est trop grande pour être masquée",
    "the page did not answer to the second request": "la page n’a pas répondu à la seconde requête",
    "the page could not be shown within its time": "la page n’a pas pu être affichée à temps",
    "the address is on no host that the source may be read from":
        "l’adresse n’est sur aucun hôte que la source permet de lire",
    "the address leads to a network that the egress guard refuses":
        "l’adresse mène à un réseau que le garde de sortie refuse",
    "the name leads nowhere now": "le nom ne mène plus nulle part",
    "an onion service is reached through its proxy only, and the source has none":
        "un service onion n’est joint que par son proxy, et la source n’en a pas",
    "opening the address could change something on the site":
        "ouvrir l’adresse pourrait modifier quelque chose sur le site",
}  # fmt: skip
STARTS = {
    "the capture came through a proxy; a person decides on a direct one":
        "la capture est passée par un proxy ; une personne décide d’une capture directe, qui "
        "révèle au site l’adresse publique de la machine",
    "deleted on ": "supprimée à l’échéance de sa durée de conservation, ou sur décision",
    "no resolver answered": "aucun résolveur n’a répondu",
    "no clock answered": "aucune horloge n’a répondu",
    "no TLS connection": "aucune connexion TLS",
    "no direct answer": "aucune réponse directe",
    "no RDAP server is registered for": "aucun serveur RDAP n’est enregistré pour ce nom",
}  # fmt: skip
MEASURED = {
    "HTTP client (Scrapy)": "client HTTP (Scrapy)",
    "not measured": "non mesuré",
    "not told": "non renseigné",
    "no cache is kept between requests": "aucun cache n’est gardé entre deux requêtes",
    "session of an account": "session d’un compte",
    "a session of its own": "session propre à la capture",
    "none is kept": "aucun n’est gardé",
    "direct": "connexion directe",
    "proxy": "proxy",
}
SEEN = {
    "control": "témoin", "resolves": "résout", "nxdomain": "NXDOMAIN", "servfail": "SERVFAIL",
    "no-answer": "sans réponse", "empty": "réponse vide", "loopback": "127.0.0.1",
    "block-page": "page de blocage",
}  # fmt: skip
NOT_MEASURED = "not measured: "
CHECKLIST = {
    "machine": ("machine et système", "machine and system"),
    "software": ("logiciels", "software"),
    "browser": ("navigateur", "browser"),
    "public_address": ("adresse IP publique", "public IP address"),
    "no_proxy": ("absence de proxy", "no proxy"),
    "cache_cleared": ("cache vidé", "cache cleared"),
    "cookies_cleared": ("cookies vidés", "cookies cleared"),
    "history_cleared": ("historique vidé", "history cleared"),
    "clock": ("horloge synchronisée", "clock synchronised"),
    "dns_servers": ("serveurs DNS", "DNS servers"),
    "provider": ("fournisseur d’accès", "access provider"),
}


def reason(english: str) -> str:
    """Why a piece could not be had."""
    if not english:
        return ""
    if english in REASONS:
        return REASONS[english]
    for start, french in STARTS.items():
        if english.startswith(start):
            return french
    return f"motif technique : {english}"


def answers(english: str) -> str:
    """What a block check saw: "A: nxdomain (control: resolves)"."""
    for word, french in SEEN.items():
        english = english.replace(word, french)
    return english


def measured(english: str) -> str:
    """What the checklist measured; names and numbers stay."""
    if english.startswith(NOT_MEASURED):
        return MEASURED["not measured"]
    return MEASURED.get(english, english)
