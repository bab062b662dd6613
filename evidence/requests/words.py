"""What requests say, in French and English: one ground an addressee, the same facts for all.

Guidance that counsel checks (docs/legal.md). Sources: Regulation (EU) 2022/2065 (DSA) articles
5, 6 and 16; GDPR articles 5, 6 and 9; code pénal 323-3; CJEU C-131/12 and C-136/17; ICANN's
Registrar Accreditation Agreement 3.18.
"""

from __future__ import annotations

FIELDS = {
    "nir": ("numéro de sécurité sociale (NIR)", "social security number (NIR)"),
    "surname": ("nom", "surname"),
    "first_name": ("prénom", "first name"),
    "full_name": ("nom et prénom", "full name"),
    "birth_date": ("date de naissance", "date of birth"),
    "sex": ("sexe", "sex"),
    "phone": ("téléphone", "telephone number"),
    "email": ("adresse électronique", "e-mail address"),
    "street": ("adresse postale", "street address"),
    "postcode": ("code postal", "postcode"),
    "city": ("commune", "town"),
    "insurer": ("organisme d’assurance maladie", "health insurer"),
    "insurer_number": ("numéro d’assuré", "insurance number"),
    "doctor": ("médecin traitant", "treating doctor"),
    "laboratory": ("laboratoire", "laboratory"),
    "date": ("date d’un acte", "date of an act of care"),
    "password": ("mot de passe", "password"),
    "comment": ("commentaire sur la santé", "comment on health"),
}
HEALTH = frozenset({"comment", "doctor", "laboratory", "insurer", "insurer_number", "date"})

TITLE = {
    "publisher": ("Demande de retrait à l’éditeur", "Request to the publisher for removal"),
    "host": ("Notification de contenu illicite (DSA, article 16)",
             "Notice of illegal content (DSA, article 16)"),
    "registrar": ("Signalement d’abus de nom de domaine", "Report of abuse of a domain name"),
    "cdn": ("Signalement de contenu illicite en cache", "Report of illegal content in a cache"),
    "search": ("Demande de déréférencement", "Request for delisting"),
}  # fmt: skip
KIND = {
    "notice": ("", ""),
    "reminder": ("Relance : ", "Reminder: "),
    "reupload": ("Nouvelle mise en ligne : ", "Published again: "),
}

GROUND = {
    "publisher": (
        (
            "Fondement. Vous publiez ces données ou permettez leur publication. Leur diffusion est"
            " un traitement de données à caractère personnel dépourvu de toute base légale (RGPD, "
            "articles 5, 6{nine}). La détention, la reproduction et la transmission de données "
            "extraites frauduleusement d’un système d’information sont punies par l’article 323-3 "
            "du code pénal. Si vous hébergez ce contenu pour un tiers, la présente vaut également "
            "notification au sens de l’article 16 du règlement (UE) 2022/2065 (DSA), dont elle "
            "contient les éléments."
        ),
        (
            "Ground. You publish these data or let them be published. Their dissemination is a "
            "processing of personal data without any lawful basis (GDPR, articles 5, 6{nine}). "
            "Holding, reproducing and passing on data fraudulently extracted from an information "
            "system is an offence under article 323-3 of the French Penal Code. If you host this "
            "content for someone else, this is also a notice under article 16 of Regulation (EU) "
            "2022/2065 (DSA), whose elements it contains."
        ),
    ),
    "host": (
        (
            "Fondement. La présente est une notification au sens de l’article 16, paragraphe 2, du"
            " règlement (UE) 2022/2065 (DSA). Motifs : les adresses ci-dessous donnent accès à des"
            " données à caractère personnel diffusées sans aucune base légale (RGPD, articles 5, "
            "6{nine}) et issues d’une extraction frauduleuse, dont la détention et la transmission"
            " sont punies par l’article 323-3 du code pénal. L’illicéité se constate sans examen "
            "juridique détaillé : la présente vous en donne donc la connaissance (article 16, "
            "paragraphe 3, et article 6). Nous attendons l’accusé de réception et la décision "
            "motivée que prévoient les paragraphes 4 et 5 de l’article 16."
        ),
        (
            "Ground. This is a notice under article 16(2) of Regulation (EU) 2022/2065 (DSA). "
            "Reasons: the addresses below give access to personal data that are disseminated "
            "without any lawful basis (GDPR, articles 5, 6{nine}) and come from a fraudulent "
            "extraction; holding and passing them on is an offence under article 323-3 of the "
            "French Penal Code. The illegality can be identified without a detailed legal "
            "examination, so this notice gives you actual knowledge of it (article 16(3) and "
            "article 6). We expect the confirmation of receipt and the decision that article 16(4)"
            " and (5) provide for."
        ),
    ),
    "registrar": (
        (
            "Fondement. Vous n’hébergez pas ce contenu et la présente n’est pas une notification "
            "au sens de l’article 16 du DSA. Le nom de domaine que vous gérez sert à diffuser des "
            "données à caractère personnel sans base légale (RGPD, articles 5, 6{nine} ; code "
            "pénal, 323-3). Nous vous saisissons au titre de vos conditions d’enregistrement et, "
            "pour un domaine générique, de la clause 3.18 du contrat d’accréditation de l’ICANN, "
            "qui impose de recevoir les signalements d’abus et de les examiner avec diligence."
        ),
        (
            "Ground. You do not host this content and this is no notice under article 16 of the "
            "DSA. The domain name that you manage serves to disseminate personal data without a "
            "lawful basis (GDPR, articles 5, 6{nine}; French Penal Code, 323-3). We turn to you "
            "under your terms of registration and, for a generic domain, under clause 3.18 of "
            "ICANN’s accreditation agreement, by which reports of abuse are received and promptly "
            "investigated."
        ),
    ),
    "cdn": (
        (
            "Fondement. Vous transmettez ce contenu, le cas échéant depuis un cache (DSA, article "
            "5). Il s’agit de données à caractère personnel diffusées sans base légale (RGPD, "
            "articles 5, 6{nine} ; code pénal, 323-3). Nous vous saisissons au titre de vos "
            "conditions de service et, dès que le contenu est retiré à la source ou qu’une "
            "juridiction l’ordonne, de l’article 5, paragraphe 1, point e), du DSA. Si vous "
            "stockez vous-même ce contenu, la présente vaut notification au sens de l’article 16, "
            "dont elle contient les éléments."
        ),
        (
            "Ground. You transmit this content, possibly out of a cache (DSA, article 5). It "
            "consists of personal data that are disseminated without a lawful basis (GDPR, "
            "articles 5, 6{nine}; French Penal Code, 323-3). We turn to you under your terms of "
            "service and, once the content is removed at its source or a court orders so, under "
            "article 5(1)(e) of the DSA. If you store this content yourself, this is a notice "
            "under article 16, whose elements it contains."
        ),
    ),
    "search": (
        (
            "Fondement. En référençant ces adresses, vous traitez des données à caractère "
            "personnel en qualité de responsable de traitement (CJUE, C-131/12, et, pour les "
            "données sensibles, C-136/17). Ce traitement n’a pas de base légale (RGPD, articles 5,"
            " 6{nine}) : la page ne présente aucun intérêt pour l’information du public et procède"
            " d’une extraction frauduleuse (code pénal, 323-3)."
        ),
        (
            "Ground. By listing these addresses you process personal data as a controller (CJEU, "
            "C-131/12 and, for sensitive data, C-136/17). That processing has no lawful basis "
            "(GDPR, articles 5, 6{nine}): the page informs the public of nothing and stems from a "
            "fraudulent extraction (French Penal Code, 323-3)."
        ),
    ),
}

ASKED = {
    "publisher": (
        (
            "Nous vous demandons de retirer ces pages sous {hours} heures, d’en supprimer les "
            "copies, et de conserver les données permettant d’identifier l’auteur de la "
            "publication."
        ),
        (
            "We ask you to take these pages down within {hours} hours, to delete copies of them, "
            "and to keep the data by which the person who published them can be identified."
        ),
    ),
    "host": (
        (
            "Nous vous demandons de retirer ces contenus ou d’en rendre l’accès impossible sous "
            "{hours} heures, et de conserver les données permettant d’identifier qui les a mis en "
            "ligne."
        ),
        (
            "We ask you to remove these contents or to disable access to them within {hours} "
            "hours, and to keep the data by which whoever put them online can be identified."
        ),
    ),
    "registrar": (
        (
            "Nous vous demandons, sous {hours} heures, de transmettre ce signalement au titulaire,"
            " de vérifier ses coordonnées et, s’il ne retire pas le contenu, d’appliquer vos "
            "conditions."
        ),
        (
            "We ask you, within {hours} hours, to pass this report on to the registrant, to verify"
            " the registrant’s contact data and, if the content stays, to apply your terms."
        ),
    ),
    "cdn": (
        (
            "Nous vous demandons, sous {hours} heures, de nous indiquer l’hébergeur d’origine ou "
            "de lui transmettre la présente, de purger vos caches et d’appliquer vos conditions de"
            " service."
        ),
        (
            "We ask you, within {hours} hours, to tell us the origin’s host or to pass this notice"
            " on to it, to purge your caches and to apply your terms of service."
        ),
    ),
    "search": (
        (
            "Nous vous demandons, sous {hours} heures, de cesser de référencer ces adresses et de "
            "supprimer extraits et copies en cache."
        ),
        (
            "We ask you, within {hours} hours, to stop listing these addresses and to delete "
            "snippets and cached copies."
        ),
    ),
}
GOOD_FAITH = (
    (
        "Nous déclarons croire de bonne foi que les informations et allégations de la présente "
        "sont exactes et complètes."
    ),
    (
        "We confirm our bona fide belief that the information and allegations in this notice are "
        "accurate and complete."
    ),
)
NO_DATA = (
    (
        "La présente ne contient aucune donnée des personnes concernées ; merci de n’en joindre "
        "aucune à votre réponse."
    ),
    "This message contains no data of the persons concerned; please put none into your answer.",
)
