"""What a piece of work costs: a test of its growth is to be no test of the machine."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")

ROUNDS = 5


def grows_at_most(
    work: Callable[[Made], object], short: Made, long: Made, *, factor: float, slack: float = 0.1
) -> bool:
    """Whether the long input costs at most ``factor`` times the short one and ``slack`` seconds.

    Some rounds are tried: a busy machine spoils a round now and then, a square law each of them.
    """
    return any(_fits(work, short, long, factor, slack) for _ in range(ROUNDS))


def _fits(
    work: Callable[[Made], object], short: Made, long: Made, factor: float, slack: float
) -> bool:
    gc.collect()
    gc.freeze()  # else a collection goes through all that other tests left as well
    try:
        return cost(work, long) <= factor * cost(work, short) + slack
    finally:
        gc.unfreeze()


def cost(work: Callable[[Made], object], given: Made, times: int = 3) -> float:
    """CPU seconds of the work: the least of so many times, as noise only adds."""
    spent = []
    for _ in range(times):
        begin = time.process_time()
        work(given)
        spent.append(time.process_time() - begin)
    return min(spent)
