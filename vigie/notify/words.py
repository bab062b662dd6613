"""What an announcement says, in French or English. Numbers and names of ours, nothing a site or
the leak holds: mail passes through machines of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

VERDICTS = {
    "fr": {"repost": "republication", "fragment": "fragment"},
    "en": {"repost": "repost", "fragment": "fragment"},
}
LINES = {
    "fr": {
        "alert": "Alerte {alert} (affaire {case}) : {verdict}, {records} enregistrement(s) de la "
        "fuite « {leak} », source « {source} », le {at}",
        "alert-again": "Alerte {alert} rouverte (affaire {case}) : {verdict}, {records} "
        "enregistrement(s) de la fuite « {leak} », source « {source} », le {at}",
        "source-blind": "La source « {source} » n’est plus vue depuis le {at}",
        "source-seen": "La source « {source} » est de nouveau vue depuis le {at}",
    },
    "en": {
        "alert": "Alert {alert} (case {case}): {verdict}, {records} record(s) of the leak "
        "“{leak}”, source “{source}”, on {at}",
        "alert-again": "Alert {alert} open again (case {case}): {verdict}, {records} record(s) of "
        "the leak “{leak}”, source “{source}”, on {at}",
        "source-blind": "The source “{source}” is not seen any more since {at}",
        "source-seen": "The source “{source}” is seen again since {at}",
    },
}
SUBJECTS = {
    "fr": ("Vigie : {alerts} alerte(s)", "Vigie : état d’une source"),
    "en": ("Vigie: {alerts} alert(s)", "Vigie: state of a source"),
}
ENDS = {
    "fr": "Rien de personnel ne figure dans ce message. À examiner dans Vigie",
    "en": "This message holds nothing personal. To be reviewed in Vigie",
}


def subject(told: Sequence[dict[str, Any]], language: str) -> str:
    """One line for the message."""
    alerts = sum(one["kind"].startswith("alert") for one in told)
    return SUBJECTS[language][0 if alerts else 1].format(alerts=alerts)


def body(told: Sequence[dict[str, Any]], language: str, review: str) -> str:
    """The text; `review` is the application's address, "" where users are not told one."""
    lines = []
    for one in told:
        verdict = VERDICTS[language].get(str(one.get("verdict", "")), "")
        lines.append(LINES[language][one["kind"]].format(**{**one, "verdict": verdict}) + ".")
        if review and one["kind"].startswith("alert"):
            lines.append(f"  {review}/alerts/{one['alert']}")
    end = ENDS[language] + (f" : {review}/" if review and language == "fr" else "")
    end += f": {review}/" if review and language == "en" else "." if not review else ""
    return "\n".join([*lines, "", end, ""])
