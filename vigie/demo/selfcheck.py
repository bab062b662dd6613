"""Does what was planted come back as alerts, all of it, and nothing else?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from vigie.demo.journal import Entry
from vigie.demo.watching import AlertFact


@dataclass(frozen=True, slots=True)
class Finding:
    """One planted post and its alert; `seconds` from post to alert, None when not found."""

    entry: Entry
    alert: AlertFact | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """The self-check of one round. `false_alerts` are of the whole record; `unread` names
    sources that were not read whole since the last post; `complete`: every post stands."""

    findings: tuple[Finding, ...]
    false_alerts: tuple[AlertFact, ...]
    posts: int
    unread: tuple[str, ...] = ()
    complete: bool = True

    @property
    def found(self) -> int:
        """Planted posts with an alert."""
        return sum(1 for finding in self.findings if finding.alert)

    @property
    def passed(self) -> bool:
        """Whether all were found, at least one was planted, nothing else was alerted, and it was
        all there and read: an alert that never had a chance to come proves nothing."""
        all_found = bool(self.findings) and self.found == len(self.findings)
        return all_found and not self.false_alerts and not self.unread and self.complete

    @property
    def median_seconds(self) -> float:
        """From post to alert, in the middle; 0 when none was found."""
        return median(self._seconds or [0.0])

    @property
    def worst_seconds(self) -> float:
        """From post to alert, at most; 0 when none was found."""
        return max(self._seconds, default=0.0)

    @property
    def _seconds(self) -> list[float]:
        return [finding.seconds for finding in self.findings if finding.seconds is not None]


def addresses_of(entry: Entry) -> frozenset[str]:
    """Every address a reader may know a post by."""
    return frozenset({entry.address, *entry.also})


def location_keys(
    entries: Iterable[Entry], location_key: Callable[[str], bytes]
) -> dict[bytes, Entry]:
    """Posts by the keyed hashes of their addresses, as the record knows them."""
    return {location_key(address): entry for entry in entries for address in addresses_of(entry)}


def check(
    entries: Sequence[Entry],
    alerts: Sequence[AlertFact],
    number: int,
    location_key: Callable[[str], bytes],
    *,
    unread: tuple[str, ...] = (),
    complete: bool = True,
) -> Report:
    """Compare round `number` of the journal with the alerts of the record.

    Alerts at planted posts of other rounds are expected too; an alert at an ordinary post, or at
    no post at all, is false.
    """
    planted = location_keys((entry for entry in entries if entry.is_planted), location_key)
    by_post: dict[tuple[int, str], AlertFact] = {}
    false = []
    for alert in alerts:
        entry = planted.get(alert.location_key)
        if entry is None:
            false.append(alert)
        else:
            by_post.setdefault((entry.round, entry.key), alert)
    findings = []
    for entry in entries:
        if entry.round == number and entry.is_planted:
            found = by_post.get((entry.round, entry.key))
            # A page may be read between the site's answer and the poster's clock.
            seconds = max(0.0, (found.first_seen - entry.at).total_seconds()) if found else None
            findings.append(Finding(entry, found, seconds))
    posts = sum(1 for entry in entries if entry.round == number)
    return Report(tuple(findings), tuple(false), posts, unread, complete)
