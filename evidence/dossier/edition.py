"""Which files an edition holds, and how much a file says in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edition:
    """`captures`: each capture has its folder; `pieces`: the kinds gathered beside it that go
    in; `journal`: the custody log; `story`: chronology, proportionality, requests, checks;
    `figures_only`: addresses are left out; `pieces_to_file`: numbered pieces and bordereau."""

    name: str
    captures: bool
    pieces: tuple[str, ...]
    journal: bool
    story: bool
    commitments: bool
    figures_only: bool = False
    pieces_to_file: bool = False


COURT = Edition(
    "court",
    True,
    ("dns", "rdap", "clocks", "chain", "environment", "page", "dom", "visit", "direct"),
    True,
    True,
    True,
    pieces_to_file=True,
)
# A host needs the place and the proof that it answered there; nothing of persons, ours or others'.
HOST = Edition("host", True, ("dns", "chain", "page", "dom", "visit"), False, False, False)
PUBLIC = Edition("public", False, (), False, False, False, figures_only=True)
EDITIONS = {one.name: one for one in (COURT, HOST, PUBLIC)}
