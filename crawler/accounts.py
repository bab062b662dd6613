"""Which account a crawl uses: those that may be used at this hour take turns."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time

from crawler.source import Account, SourceSpec

HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def hours_of(text: str) -> tuple[time, time] | None:
    """ "07:00-22:00" as two times of day; None for "", which is always. Raises ValueError."""
    if not text:
        return None
    found = HOURS.fullmatch(text.replace(" ", ""))
    if found is None:
        raise ValueError('hours are written like "07:00-22:00"')
    first, last = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if first == last:
        raise ValueError("hours begin and end at the same time")
    return first, last


def is_awake(account: Account, now: datetime) -> bool:
    """Whether the account may be used at this hour of this machine; hours may span midnight."""
    hours = hours_of(account.hours)
    if hours is None:
        return True
    here = now.astimezone().time()
    first, last = hours
    return first <= here < last if first < last else here >= first or here < last


def with_one_account(spec: SourceSpec, now: datetime, turn: int) -> SourceSpec:
    """The source with the account whose turn it is, at its pace; with none when none is awake."""
    awake = [account for account in spec.accounts if is_awake(account, now)]
    if not awake:
        return replace(spec, accounts=())
    chosen = awake[turn % len(awake)]
    return replace(spec, accounts=(chosen,), delay=max(spec.delay, chosen.delay))
