"""The text of one request: subject, body, and what is still missing in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.requests import words
from evidence.requests.facts import Copy, Facts, Sender

ADDRESSEES = ("publisher", "host", "registrar", "cdn", "search")
LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class Linked:
    """The request that a reminder or a notice after a re-upload follows."""

    number: int
    sent: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of whom: `kind` is "notice", "reminder" or "reupload"."""

    kind: str
    addressee: str
    name: str
    language: str
    hours: int
    first: Linked | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What a person approves. `missing`: elements without which it must not leave."""

    subject: str
    body: str
    missing: tuple[str, ...]


def write(facts: Facts, copies: Sequence[Copy], wanted: Wanted, sender: Sender) -> Text:
    """The request about these copies."""
    fr = LANGUAGES.index(wanted.language) == 0
    pick = 0 if fr else 1
    lines = [
        f"À : {wanted.name}" if fr else f"To: {wanted.name}",
        *([_after(wanted, wanted.first, fr=fr)] if wanted.first else []),
        _facts(facts, copies, fr=fr),
        _ground(facts, wanted.addressee, pick),
        _addresses(copies, fr=fr),
        words.ASKED[wanted.addressee][pick].format(hours=wanted.hours),
        words.GOOD_FAITH[pick],
        words.NO_DATA[pick],
        _signature(facts, sender, fr=fr),
    ]
    where = ", ".join(dict.fromkeys(one.host for one in copies))
    subject = words.KIND[wanted.kind][pick] + words.TITLE[wanted.addressee][pick]
    return Text(
        subject=f"{subject} - {where}"[:250],
        body="\n\n".join(lines) + "\n",
        missing=_missing(copies, sender),
    )


def field_names(fields: Sequence[str], pick: int) -> str:
    """Kinds of data, as people say them."""
    return ", ".join(words.FIELDS.get(name, (name, name))[pick] for name in fields)


def _at(at: datetime | None, *, fr: bool) -> str:
    """A time as people write it, in UTC; "" for none."""
    if at is None:
        return ""
    return f"{at:%d/%m/%Y à %H:%M:%S} UTC" if fr else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _after(wanted: Wanted, first: Linked, *, fr: bool) -> str:
    at = _at(first.sent, fr=fr)
    if wanted.kind == "reminder":
        return (
            f"La présente fait suite à notre demande n° {first.number} du {at}, restée sans "
            "effet : les adresses ci-dessous répondent toujours." if fr else
            f"This follows our request no. {first.number} of {at}, which had no effect: the "
            "addresses below still answer."
        )  # fmt: skip
    return (
        f"Le contenu visé par notre demande n° {first.number} du {at} a été mis en ligne à nouveau."
        if fr else
        f"The content that our request no. {first.number} of {at} was about is online again."
    )  # fmt: skip


def _facts(facts: Facts, copies: Sequence[Copy], *, fr: bool) -> str:
    since = _at(facts.first_seen, fr=fr) or "?"
    records = max(one.records for one in copies)
    names = field_names(facts.fields, 0 if fr else 1)
    if fr:
        return (
            "Faits. Les adresses ci-dessous donnent accès à tout ou partie d’un fichier de données "
            f"à caractère personnel de patients. Enregistrements reconnus : {records}. "
            f"Catégories de données reconnues : {names}. Première constatation : {since}."
        )
    return (
        "Facts. The addresses below give access to all or part of a file of patients’ personal "
        f"data. Records recognised there: {records}. Kinds of data recognised: {names}. First "
        f"seen: {since}."
    )


def _ground(facts: Facts, addressee: str, pick: int) -> str:
    health = bool(words.HEALTH & set(facts.fields))
    nine = (" et, s’agissant de données de santé, 9", " and, for data concerning health, 9")[pick]
    return words.GROUND[addressee][pick].format(nine=nine if health else "")


def _addresses(copies: Sequence[Copy], *, fr: bool) -> str:
    lines = ["Adresses exactes :" if fr else "Exact addresses:"]
    for one in copies:
        peer = f" ({'serveur' if fr else 'server'} {one.peer})" if one.peer else ""
        lines.append(f"- {one.address}{peer}")
        seen = "capturée le" if fr else "captured"
        lines.append(f"  {seen} {_at(one.fetched_at, fr=fr)}, SHA-256 {one.sha256}")
        if not one.exact:
            lines.append(
                "  (masquée en partie : l’adresse elle-même contient des données d’une personne)"
                if fr else
                "  (masked in part: the address itself holds a person’s data)"
            )  # fmt: skip
    return "\n".join(lines)


def _signature(facts: Facts, sender: Sender, *, fr: bool) -> str:
    lines = [f"{sender.name or '[…]'} <{sender.email or '[…]'}>"]
    if facts.claim.claimant:
        lines.append(("Pour : " if fr else "For: ") + facts.claim.claimant)
    if facts.claim.mandate:
        lines.append(("Mandat : " if fr else "Mandate: ") + facts.claim.mandate)
    return "\n".join(lines)


def _missing(copies: Sequence[Copy], sender: Sender) -> tuple[str, ...]:
    """DSA article 16(2): an exact address, a name, a mail address. The other elements are text."""
    found = []
    if not sender.name:
        found.append("sender-name")
    if not sender.email:
        found.append("sender-email")
    if not any(one.exact for one in copies):
        found.append("exact-address")
    return tuple(found)
