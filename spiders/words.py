"""What pages say in the languages they are written in: times that run, views, "next", "reply".

Only words whose meaning is the same on every site; how a page is built tells everything else.
French, English, German, Spanish, Portuguese, Italian, Dutch, Polish, Russian.
"""

from __future__ import annotations

import re

_UNITS = (
    r"s|secs?|seconds?|secondes?|m|mins?|minutes?|h|hours?|heures?|d|days?|j|jours?|w|weeks?|"
    r"semaines?|months?|mois|y|years?|ans?|"
    r"sekunden?|minuten?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?|"
    r"segundos?|minutos?|horas?|d[ií]as?|semanas?|m[eê]s(?:es)?|a[ñn]os?|"
    r"second[oi]|minut[oi]|or[ae]|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]|"
    r"seconden|uur|uren|dag(?:en)?|weken|maand(?:en)?|jaar|"
    r"sekund[yę]?|minut[yę]?|godzin[yęa]?|dni|dzień|tygodni[ea]?|miesi[ąę]c[yea]?|lata?|"
    r"сек|секунд[ыу]?|мин|минут[ыу]?|час(?:а|ов)?|ч|день|дн(?:я|ей)|недел[яиюь]|месяц(?:а|ев)?|"
    r"год(?:а)?|лет"
)
_VIEWS = (
    r"views?|vues?|hits|reads|lectures?|consultations?|aufrufe?|ansichten|zugriffe|gelesen|vistas|"
    r"visitas|lecturas|visualiza[cç]\w{2,6}|visualizzazioni|visite|letture|exibições|weergaven|"
    r"bekeken|"
    r"wyświetle[nń]\w{0,3}|odsłon\w{0,2}|просмотр\w{0,3}"
)
# A row's text changes with the clock and with every reader; neither is news. Every repetition is
# bounded: pages of nothing but digits or blanks cost no more than others.
VOLATILE = re.compile(
    rf"\b(?:(?:il y a|vor|hace|há|за)\s{{1,5}})?"
    rf"(?:\d{{1,9}}(?:[.,]\d{{1,2}})?(?:\s\d/\d)?|an?|une?|eine[mrn]?|una?|um|uma|een)"
    rf"\s{{0,5}}(?:{_UNITS})\b(?:\s{{1,5}}(?:ago|назад|geleden|fa|temu|atrás)\b)?|"
    r"\bjust now\b|à l['’]instant|\b(?:только что|gerade eben|ahora mismo|agora mesmo|zojuist|"
    r"przed chwilą|yesterday|today|hier|heute|gestern|hoy|ayer|hoje|ontem|oggi|ieri|vandaag|"
    r"gisteren|dzisiaj|dziś|wczoraj|сегодня|вчера)\b|aujourd['’]hui|"
    rf"\b(?:\d{{1,3}}(?:[.,\s]\d{{3}}){{1,3}}|\d{{1,9}}(?:[.,]\d{{1,2}})?)\s?k?\s?(?:{_VIEWS})\b|"
    rf"\b(?:{_VIEWS})\s{{0,5}}:?\s{{0,5}}\d[\d.,]{{0,20}}k?",
    re.IGNORECASE,
)
# What a page says of the moment and its visitors.
MOMENTARY = re.compile(
    r"(?<![\d,.])\d[\d,.\s]{0,16}(?:guests?|invités?|visitors?|visiteurs?|users?|utilisateurs?|"
    r"members?|membres?|gäste?|besucher|mitglieder|benutzer|invitados?|visitantes?|miembros|"
    r"usuarios?|convidados?|ospiti|visitatori|utenti|gasten|bezoekers|leden|gości|użytkownik\w{0,3}|гост\w{1,3}|"
    r"пользовател\w{1,3}|посетител\w{1,3}|участник\w{0,3}|"
    r"online|en ligne|онлайн|queries|ms)\b|\b\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
VIEW_COUNT = re.compile(rf"(?:^|[-_\s])(?:{_VIEWS}|online)(?:$|[-_\s])", re.IGNORECASE)
NEXT = re.compile(
    r"^\W*(?:next|next page|older|load more|more|show more|voir plus|charger la suite|suivante?s?|"
    r"page suivante|plus anciens?|"
    r"weiter|ältere|nächste(?: seite)?|mehr(?: laden| anzeigen)?|"
    r"(?:página )?siguientes?(?: página)?|(?:cargar|ver|mostrar) más|"
    r"próxim[ao](?: página)?|seguinte|carregar mais|"
    r"prossim[ao]|(?:pagina )?successiv[ao]|avanti|carica altr[oi]|mostra altr[oi]|"
    r"volgende(?: pagina)?|meer(?: laden)?|następn[ay](?: strona)?|dalej|więcej|"
    r"далее|дальше|вперёд|вперед|следующая(?: страница)?|(?:показать|загрузить)? ?ещё|"
    r"(?:older|next) (?:posts|entries|comments|threads|topics|messages|articles|pastes|results)|"
    r"(?:articles|billets|messages|sujets|commentaires|réponses|entrées|pages|résultats)"
    r" (?:plus anciens|suivants|suivantes|précédents))\W*$|^[\s›»→>]+$",
    re.IGNORECASE,
)
DOWNLOAD = re.compile(
    r"^\W*(?:download|télécharger|herunterladen|descargar|baixar|scarica|downloaden|pobierz|"
    r"скачать)"
    r"(?: (?:it|file|paste|this (?:file|paste)|attachment|le fichier|la pièce jointe|datei|archivo|"
    r"arquivo|файл))?\W*$",
    re.IGNORECASE,
)
REPLY = re.compile(
    r"\b(?:reply|replies|answers?|répondre|réponses?|comments?|commenter|"
    r"\d+ commentaires?|(?:un|votre) commentaire|antwort(?:en)?|kommentare?|respuestas?|responder|"
    r"comentarios?|respostas?|comentários?|rispondi|rispost[ae]|commenti|reageer|reacties?|"
    r"odpowied[zź]\w{0,3}|komentarz\w{0,2}|ответ\w{0,4}|комментари\w{1,2})\b",
    re.IGNORECASE,
)
# A way into a thread that its row leads to already.
LAST = re.compile(
    r"^\W*(?:(?:go to |view |see |voir |aller au )?(?:the )?(?:last|latest|newest|first unread)"
    r"(?: (?:post|page|reply|message|comment|unread))?|(?:voir |aller au )?(?:le )?derni(?:er|"
    r"ère)s?"
    r"(?: (?:messages?|réponses?|posts?|page))?|letzter? (?:beitrag|seite)|neuester beitrag|"
    r"último (?:mensaje|post|mensagem)|última (?:página|mensagem|respuesta|resposta)|"
    r"ultimo (?:messaggio|post)|laatste (?:bericht|pagina)|ostatni post|"
    r"последн(?:ее сообщение|ий пост|яя страница))\W*$",
    re.IGNORECASE,
)
# What introduces the thread or message beside this one.
BESIDE = re.compile(
    r"^\W*(?:(?:thread|date|subject|author) )?(?:prev(?:ious)?|next|newer|older|précédente?|"
    r"suivante?|"
    r"vorherige[rs]?|nächste[rs]?|anterior|siguiente|próxim[ao]|precedente|successiv[ao]|vorige|"
    r"volgende|poprzedni[aey]?|następn[aey]|предыдущ\w{2}|следующ\w{2})"
    r"(?: (?:by|in|par|message|post|thread|topic|paste|entry|sujet|billet|article|beitrag|thema|"
    r"mensaje|"
    r"tema|messaggio|bericht|wpis|сообщение|тема)){0,2}(?: (?:date|thread|subject|author))?\b",
    re.IGNORECASE,
)
# A date as people write it, whatever the language: 3.11.2026, 2026-11-03, 3 nov. 2026, Nov 3, 2026.
DATE = re.compile(
    r"\b(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d|"
    r"\d{1,2}(?:st|nd|rd|th|er|\.)?\s{1,2}(?:de\s)?[^\W\d_]{3,12}\.?,?\s{1,2}(?:de\s)?(?:19|"
    r"20)\d\d|"
    r"[^\W\d_]{3,12}\.?\s{1,2}\d{1,2},?\s{1,2}(?:19|20)\d\d)\b"
)
# What stands around a date and no title is made of.
CLOCK = re.compile(
    r"\b(?:\d{1,2}\s?[h:.]\s?\d\d(?:[:.]\d\d)?|[ap]\.?m\b\.?|utc|gmt|ce?st|[ecmp][sd]t|à|at|on|le|"
    r"um|uhr|am|"
    r"kl|a las|el|alle|il|om|o|в|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|"
    r"sat(?:urday)?|sun(?:day)?|lun(?:di)?|mar(?:di)?|mer(?:credi)?|jeu(?:di)?|ven(?:dredi)?|"
    r"sam(?:edi)?|"
    r"dim(?:anche)?)\b\.?",
    re.IGNORECASE,
)
RAW = re.compile(
    r"^\W*(?:(?:view )?(?:raw|plain)(?: text| file| paste| view)?|(?:voir le )?(?:texte )?brut|"
    r"raw text|as text|text only|plaintext|rohtext|texto plano|testo semplice|"
    r"(?:view )?source)\W*$",
    re.IGNORECASE,
)
