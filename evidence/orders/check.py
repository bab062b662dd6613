"""Does a provider's resolver hide a name that another one, outside, still gives?

French blocks answer 127.0.0.1, NXDOMAIN, SERVFAIL, nothing, or the address of a block page. Any of
these is also what a dead name gives, so without a control that resolves nothing is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from evidence.beside.dns import Resolver, ask

KINDS = ("A", "AAAA")
BLOCKS = frozenset({"loopback", "nxdomain", "servfail", "empty", "block-page"})


@dataclass(frozen=True, slots=True)
class Checked:
    """`state` and `how` as in index.order_schema.BlockCheck, with both sides' raw answers."""

    state: str
    how: str
    answers: dict[str, Any]


def looks_like(answer: dict[str, Any], block_pages: Sequence[str]) -> str:
    """One answer in a word: "resolves", one of BLOCKS, or "no-answer"."""
    if answer["error"]:
        return "no-answer"
    if answer["rcode"] in ("NXDOMAIN", "SERVFAIL"):
        return str(answer["rcode"]).lower()
    if answer["rcode"] != "NOERROR":
        return "no-answer"
    found = [
        ip_address(text)
        for record in answer["records"]
        if record["type"] == answer["type"]
        for text in record["data"]
    ]
    if not found:
        return "empty"
    if any(one.is_loopback or one.is_unspecified for one in found):
        return "loopback"
    if any(str(one) in block_pages for one in found):
        return "block-page"
    return "resolves"


def check(
    name: str, resolver: Resolver, control: Resolver, block_pages: Sequence[str], seconds: float
) -> Checked:
    """Ask both for A and AAAA; only a type that the control gives can be compared."""
    answers: dict[str, Any] = {}
    states, hows = set(), []
    for kind in KINDS:
        there = ask(name, control, kind, seconds)
        here = ask(name, resolver, kind, seconds)
        answers[kind] = {"control": there, "resolver": here}
        outside, inside = looks_like(there, block_pages), looks_like(here, block_pages)
        hows.append(f"{kind}: {inside} (control: {outside})")
        if outside != "resolves" or inside == "no-answer":
            continue
        states.add("blocked" if inside in BLOCKS else "not-blocked")
    state = "not-told" if not states else states.pop() if len(states) == 1 else "partly"
    return Checked(state, ", ".join(hows)[:200], answers)
