"""The register of processing (article 30 GDPR) and the draft of an impact assessment (AIPD,
article 35), filled from the configuration and the record. What nobody wrote is shown as missing;
open questions stand as open. Drafts for the controller, its DPO and counsel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from evidence.gdpr.words import words as phrases
from evidence.keeping.rules import Rules


@dataclass(frozen=True, slots=True)
class Watched:
    """One source: what is watched, on whose authority, until when."""

    id: str
    start: tuple[str, ...]
    authority: str
    until: str
    robots: str


@dataclass(frozen=True, slots=True)
class Processing:
    """Everything the two documents are filled from. "" is shown as missing."""

    role: str
    controller: str
    controller_contact: str
    processor: str
    dpo: str
    ground_6: str
    ground_9: str
    nir_ground: str
    hds: str
    persons: str
    transfers: str
    leaks: tuple[str, ...]
    sources: tuple[Watched, ...]
    recipients: int
    unmasking_days: int
    rules: Rules
    whole_bytes: int
    whole_decision: str
    made: str


def register(told: Processing, language: str) -> str:
    """The register of article 30, as Markdown; `language` "fr" or "en"."""
    words = phrases(language)
    rows = [
        (words["controller"], _or_missing(_both(told.controller, told.controller_contact), words)),
        (words["processor"], _processor(told, words)),
        (words["dpo"], _or_missing(told.dpo, words)),
        (words["purpose"], words["purpose_told"]),
        (words["persons"], words["persons_told"]),
        (words["data"], words["data_told"]),
        (words["leaks"], ", ".join(told.leaks) or words["none"]),
        (words["grounds"], _grounds(told, words)),
        (words["recipients"], words["recipients_told"].format(n=told.recipients)),
        (words["transfers"], _or_missing(told.transfers, words)),
        (words["terms"], "; ".join(terms(told, language))),
        (words["security"], words["security_told"]),
    ]
    lines = [f"# {words['register']}", words["draft"].format(made=told.made)]
    lines.append(_table((words["item"], words["entry"]), rows))
    lines += [f"## {words['sources']}", _sources(told, words)]
    return "\n\n".join(lines) + "\n"


def impact(told: Processing, language: str) -> str:
    """The draft of an impact assessment, as Markdown; `language` "fr" or "en"."""
    words = phrases(language)
    lines = [f"# {words['impact']}", words["draft"].format(made=told.made)]
    sections: list[tuple[str, Sequence[str]]] = [
        (words["s_context"], (words["purpose_told"], _processor(told, words),
                              words["persons_told"], words["data_told"])),
        (words["s_necessity"], words["necessity_told"]),
        (words["s_grounds"], (_grounds(told, words), words["rifi_told"])),
        (words["s_terms"], terms(told, language)),
        (words["s_rights"], (words["rights_told"], _or_missing(told.persons, words))),
        (words["s_risks"], words["risks_told"]),
        (words["s_measures"], words["measures_told"]),
        (words["s_open"], (*words["open_told"], *_open(told, words))),
        (words["s_opinion"], words["opinion_told"]),
    ]  # fmt: skip
    for title, told_lines in sections:
        lines += [f"## {title}", "\n".join(f"- {line}" for line in told_lines)]
    lines += [f"## {words['sources']}", _sources(told, words)]
    return "\n\n".join(lines) + "\n"


def terms(told: Processing, language: str) -> list[str]:
    """How long what is kept, in words."""
    words, rules = phrases(language), told.rules
    unmasking = (
        words["t_unmasking"].format(n=told.unmasking_days)
        if told.unmasking_days
        else words["t_no_unmasking"]
    )
    found = [
        words["t_nothing"],
        words["t_quiet"].format(n=_length(rules.quiet, language)),
        words["t_dismissed"].format(n=_length(rules.dismissed, language)),
        unmasking,
        words["t_whole"].format(n=told.whole_bytes),
        words["t_closed"].format(n=_length(rules.closed, language)),
        words["t_log"],
    ]
    if told.whole_decision:
        found.append(words["t_decision"].format(what=told.whole_decision))
    return found


# Inside


def _grounds(told: Processing, words: dict[str, Any]) -> str:
    parts = (
        (words["ground_6"], told.ground_6),
        (words["ground_9"], told.ground_9),
        (words["nir_ground"], told.nir_ground),
        (words["hds"], told.hds),
    )
    return "; ".join(f"{name}: {_or_missing(value, words)}" for name, value in parts)


def _processor(told: Processing, words: dict[str, Any]) -> str:
    if told.role == "processor":
        return str(words["is_processor"]).format(name=_or_missing(told.processor, words))
    return str(words["is_controller"])


def _open(told: Processing, words: dict[str, Any]) -> list[str]:
    names = {
        "controller": told.controller, "dpo": told.dpo, "ground_6": told.ground_6,
        "ground_9": told.ground_9, "nir_ground": told.nir_ground, "hds": told.hds,
        "persons": told.persons, "transfers": told.transfers,
    }  # fmt: skip
    missing = [f"[gdpr] {name}" for name, value in names.items() if not value.strip()]
    found = [words["open_missing"].format(names=", ".join(missing))] if missing else []
    bare = [one.id for one in told.sources if not one.authority.strip()]
    return [*found, words["open_sources"].format(names=", ".join(bare))] if bare else found


def _sources(told: Processing, words: dict[str, Any]) -> str:
    rows = [
        (one.id, " ".join(one.start), _or_missing(one.authority, words),
         one.until or words["no_end"], one.robots)
        for one in told.sources
    ]  # fmt: skip
    return _table(tuple(words["source_columns"]), rows) if rows else words["none"]


def _length(length: timedelta, language: str) -> str:
    hours = length.total_seconds() / 3600
    days = hours / 24
    if hours < 72:
        return f"{hours:g} h"
    if days < 730:
        return f"{days:g} {'jours' if language == 'fr' else 'days'}"
    return f"{days / 365:.3g} {'ans' if language == 'fr' else 'years'}"


def _both(name: str, contact: str) -> str:
    return ", ".join(part for part in (name.strip(), contact.strip()) if part)


def _or_missing(value: str, words: dict[str, Any]) -> str:
    return value.strip() or str(words["missing"])


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(_cell(one) for one in row) + " |" for row in rows])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
