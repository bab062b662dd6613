"""The clocks: what goes by itself, and when. docs/adr/0017-keeping.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

DAY = timedelta(days=1)
# Articles 6 and 5(1)(e) GDPR leave the terms to the controller; these are proposals.
QUIET, DISMISSED, CLOSED = 30 * DAY, DAY, 5 * 365 * DAY
RULES = ("quiet", "dismissed", "closed", "decision")


@dataclass(frozen=True, slots=True)
class Rules:
    """`quiet`: what raised no alert, from its capture on. `dismissed`: the original of an alert
    that was dismissed, from the decision on. `closed`: originals and pieces of a case, from its
    close on."""

    quiet: timedelta = QUIET
    dismissed: timedelta = DISMISSED
    closed: timedelta = CLOSED
