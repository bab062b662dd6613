"""Scanning a corpus and counting: recall, wrong rows, alerts, with Wilson intervals."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from bench.corpus.evidence import Shares, Shown, bits, view
from bench.corpus.people import Person, World, bare
from extraction.read import extract
from matching.decide import ALERT
from matching.result import ScanResult, TextLayer, Verdict
from matching.scan import Scanner

ENOUGH, MUCH = 40.0, 60.0


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if of == 0:
        return 0.0, 1.0
    z, share = 1.959964, hits / of
    middle = share + z * z / (2 * of)
    wide = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    least, most = (middle - wide) / (1 + z * z / of), (middle + wide) / (1 + z * z / of)
    return (0.0 if hits == 0 else least), (1.0 if hits == of else most)


@dataclass(slots=True)
class Share:
    """How many of how many, as JSON with its interval."""

    hits: int = 0
    of: int = 0

    def add(self, hit: bool) -> None:
        self.hits += hit
        self.of += 1

    def to_json(self) -> dict[str, Any]:
        low, high = wilson(self.hits, self.of)
        share = self.hits / self.of if self.of else None
        return {"hits": self.hits, "of": self.of, "share": share, "ci95": [low, high]}


@dataclass(slots=True)
class Tally:
    """What is counted for one class."""

    recall: Share = field(default_factory=Share)
    recall_without_nir: Share = field(default_factory=Share)
    wrong: Share = field(default_factory=Share)
    alerted: Share = field(default_factory=Share)
    misses: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "recall": self.recall.to_json(),
            "recall_without_nir": self.recall_without_nir.to_json(),
            "wrong_rows_at_alert_strength": self.wrong.to_json(),
            "alerted_from_60_bits": self.alerted.to_json(),
        }


def scan(scanner: Scanner, text: str, name: str = "post.txt") -> ScanResult:
    """A text the way `vigie scan` takes a file: bytes, extraction, matching."""
    untrusted_bytes = text.encode("utf-8", "replace")
    layers = [
        TextLayer(each.name, each.text) for each in extract(untrusted_bytes, name=name).layers
    ]
    digest = hashlib.sha256(untrusted_bytes).hexdigest()
    return scanner.scan(name, len(untrusted_bytes), digest, layers)


def rightful(row: int, person: Person, shown: Iterable[Shown], world: World) -> bool:
    """Whether a row agrees with the planted one in all that the text shows of it."""
    if row == person.row:
        return True
    other = world.inside[row]
    return all(_same(each, other, person) for each in shown)


def _same(shown: Shown, other: Person, person: Person) -> bool:
    if shown.column == "phone":  # a household's landline may stand beside a mobile
        return any(
            view(shown, replace(other, phone=bare(cell))) == view(shown, person)
            for cell in other.cells[8:10]
        )
    return view(shown, other) == view(shown, person)


def measure(
    make: Callable[[random.Random, Person], tuple[str, list[Shown]]],
    times: int,
    world: World,
    shares: Shares,
    scanner: Scanner,
    blind: Scanner | None,
    draw: random.Random,
) -> Tally:
    """Plant `times` records of one class, each of at least ENOUGH bits, and look for them."""
    tally = Tally()
    while tally.recall.of < times:
        person = world.draw(draw)
        text, shown = make(draw, person)
        shown = [each for each in shown if view(each, person)]
        held = bits(shown, person, shares)
        if held < ENOUGH:
            continue
        result = scan(scanner, text)
        found = _found(result, person, shown, world)
        tally.recall.add(found)
        if held >= MUCH:
            tally.alerted.add(result.verdict.raises_alert)
        for match in result.matches:
            if match.bits >= ALERT:
                # Rows told as tied are named together: wrong if the rightful one is not among them.
                right = rightful(match.row, person, shown, world) or (match.tied and found)
                tally.wrong.add(not right)
                if not right:
                    tally.misses.append(_told("wrong", text, held, person, shown, result))
        if not found or (held >= MUCH and not result.verdict.raises_alert):
            tally.misses.append(
                _told("miss" if not found else "weak", text, held, person, shown, result)
            )
        if blind is not None and bits(shown, person, shares, without="nir") >= ENOUGH:
            tally.recall_without_nir.add(_found(scan(blind, text), person, shown, world))
    return tally


def _found(result: ScanResult, person: Person, shown: list[Shown], world: World) -> bool:
    return result.verdict is not Verdict.NONE and any(
        rightful(match.row, person, shown, world) for match in result.matches
    )


def _told(
    why: str, text: str, held: float, person: Person, shown: list[Shown], result: ScanResult
) -> dict[str, Any]:
    return {
        "why": why,
        "text": text,
        "held": round(held, 1),
        "row": person.row,
        "shown": [f"{each.column}/{each.view}{'~' if each.slip else ''}" for each in shown],
        "cells": ";".join(person.cells),
        "verdict": str(result.verdict),
        "matches": [
            (match.row, round(match.bits, 1), match.fields, match.how)
            for match in result.matches[:4]
        ],
    }
