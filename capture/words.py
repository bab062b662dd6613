"""The words that stay readable in what is kept of other people's posts.

Field labels, syntax of SQL, JSON, HTML and logs, and function words of French and English.
No word here is also a usual surname, first name or town: "petit", "blanc", "rose", "may",
"mark" are missing on purpose, and so are months and days, and "double" and "float", which are types
in SQL and words of remarks. Function words stay in lower case
only, so that the "Le" of "Le Roux" does not.
"""

from __future__ import annotations

# Kept in lower case, UPPER CASE and Capitalised.
LABELS = frozenset(
    """
    nom noms prénom prénoms prenom prenoms usuel usage patronyme patronymique identité identite
    civilité civilite sexe né née nés nées naissance naiss anniversaire âge age tél tel
    téléphone telephone téléphones telephones mobile portable fixe fax mail mails email emails
    courriel courriels mél messagerie nir nss insee sécu secu sécurité securite sociale social
    vitale amo amc adresse adresses adr rue voie numéro numero num cp postal
    postale code codes ville commune localité localite pays département departement région
    region médecin medecin docteur généraliste generaliste traitant prescripteur laboratoire
    labo labos mutuelle mutuelles assurance assureur caisse organisme adhérent adherent contrat
    complémentaire complementaire patient patiente patients dossier dossiers identifiant
    identifiants id ids ref réf reference référence cle clé clef commentaire commentaires
    remarque remarques observation observations note notes date dates heure création creation
    créé mise jour maj mdp passe login password passwords passwd pwd user username utilisateur
    utilisateurs compte comptes surname lastname firstname name names fullname birth birthdate
    dob born gender sex phone phones address street zip zipcode postcode city country doctor
    laboratory lab insurer insurance policy comment comments ssn nationality nationalité
    nationalite profession champ champs colonne colonnes ligne lignes row rows column columns
    field fields record records enregistrement enregistrements dump database base export données
    donnees fichier fichiers data file files
    """.split()  # noqa: SIM905 - a table to be read
)
# Kept in lower case and UPPER CASE: "Li" is a tag and a surname.
SYNTAX = frozenset(
    """
    insert into values select from where update set delete create table tables if not exists
    null primary key index unique default varchar char text int integer bigint smallint tinyint
    decimal boolean bool datetime timestamp auto_increment auto increment engine
    innodb charset collate drop alter add constraint references foreign lock
    unlock write begin commit copy stdin true false none nan undefined json csv sql xml html
    http https ftp www url uri td tr th tbody thead br div span pre ul ol body head meta href
    src class style type value get post put status error warning info debug warn host port db
    import hex gzip zip txt
    """.split()  # noqa: SIM905 - a table to be read
)
# Kept in lower case only.
FUNCTION_WORDS = frozenset(
    """
    a à ai aie ait alors après as au aucun aucune aujourd aussi autre autres aux avait avaient
    avant avec avez avoir avons ayant beaucoup bien car ce ceci cela celle celles celui ces cet
    cette ceux chaque chez ci comme comment contre d dans de dedans dehors depuis des dès deux
    doit doivent donc dont du elle elles en encore entre es est et étaient était étant été être
    eux fait faire faut hors il ils j jamais je jusque l la là laquelle le lequel les lesquelles
    lesquels leur leurs lors lorsque lui ma mais malgré me même mêmes mes mien moi moins mon n
    ne ni nos notre nous on ont or ou où par parce parmi pas pendant peu peut peuvent plus
    plusieurs plutôt pour pourquoi pouvoir près presque puis puisque qu quand que quel quelle
    quelles quelque quelques quels qui quoi quoique rien s sa sans sauf se selon sera seront ses
    seulement si sien sinon soi soit son sont sous souvent suis sur t ta tandis tant te tes toi
    ton toujours tous tout toute toutes très trop tu un une vers voici voilà vont vos votre vous
    y about after again against all also although am among an and any anybody anyone anything
    are aren at be because been before being below between both but by can cannot could couldn
    did didn do does doesn doing don during each either else ever every everyone everything few
    for further had hadn has hasn have haven having he her here hers herself him himself his how
    however i in is isn it its itself just me might more most must my myself neither never no
    nobody nor nothing now of off often on once one only onto other others otherwise our ours
    ourselves out over own perhaps same shall she should shouldn since so some somebody someone
    something still such than that the their theirs them themselves then there therefore these
    they this those though through throughout thus to too toward towards under until unless up
    upon us very was wasn we were weren what whatever when whenever where whereas whether which
    while who whoever whom whose why with within without would wouldn yet you your yours
    yourself
    """.split()  # noqa: SIM905 - a table to be read
)


def _cases(words: frozenset[str]) -> frozenset[str]:
    return frozenset(form for word in words for form in (word, word.upper(), word.capitalize()))


LABEL_FORMS = _cases(LABELS) | SYNTAX | {word.upper() for word in SYNTAX}
KEPT = LABEL_FORMS | FUNCTION_WORDS
ALL_LOWER = LABELS | SYNTAX
