"""From what a build put aside to the sections of the file: tables and row records.

Everything is done part by part (tables, by the keys' top bits) and block by block (rows), so that
memory does not grow with the leak but for the weights, a byte a slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matching.fingerprint_format import DOMAINS, record_words
from matching.fingerprint_writer import FingerprintWriter
from matching.kernel import kinds as k
from matching.kernel import packing
from matching.plan import Group, Plan
from matching.spill import Parts, Spill
from matching.weights import quarter_bits, worth_name

CAPS = {"exact": 48, "near": 128, "words": 64}  # rows a key may point to
FULL = 4  # entries of a bucket, about
FILTER_BITS = 12  # bits of the filter a key, at least
Told = Callable[[int, int], None]  # how many steps are done, of how many


def table_width(entries: int) -> int:
    """How many of a key's top bits name its bucket."""
    return int(np.clip(np.ceil(np.log2(max(2, entries) / FULL)), 10, 28))


def write_table(
    out: FingerprintWriter,
    name: str,
    parts: Parts,
    keys: NDArray[np.uint64],
    spill: Spill,
    told: Told,
) -> int:
    """Sort and write one table; returns how many entries it has."""
    width = table_width(parts.size)
    buckets = (1 << width) // packing.PARTS
    starts = np.zeros((1 << width) + 1, np.uint32)
    bits = np.zeros((1 << _filter_width(parts.size)) // 8, np.uint8)
    values: list[int] = []
    held = 0

    def checks() -> Iterator[NDArray[np.uint32]]:
        nonlocal held
        for number in range(packing.PARTS):
            told(number, packing.PARTS)
            some_keys, some_values = parts.part(number)
            if name == "exact":
                # Keys that are dropped below stay in the filter: they say "a name of the leak".
                packing.fill_bits(some_keys, bits)
            bounds = np.zeros(buckets + 1, np.uint32)
            part_checks = np.empty(len(some_keys), np.uint32)
            part_values = np.empty(len(some_keys), np.uint32)
            packing.sort_entries(
                some_keys, some_values, 64 - width, bounds, part_checks, part_values
            )
            stay = packing.squeeze(bounds, part_checks, part_values, CAPS[name])
            starts[number * buckets : (number + 1) * buckets] = bounds[:-1] + np.uint32(held)
            part_values = part_values[:stay]
            packing.encipher_values(part_values, held, DOMAINS[name], keys)
            values.append(spill.put(part_values))
            held += stay
            yield part_checks[:stay]

    out.section(f"{name}.checks", checks())
    spill.ready()
    out.section(f"{name}.values", (spill.get(number, np.uint32) for number in values))
    starts[-1] = held
    out.section(f"{name}.starts", iter([starts]))
    if name == "exact":
        out.section("exact.bits", iter([bits]))
    return held


def _filter_width(entries: int) -> int:
    return int(np.clip(np.ceil(np.log2(max(2, entries) * FILTER_BITS)), 13, 34))


@dataclass(slots=True)
class Rows:
    """The slots and sketches of all rows, put aside block by block."""

    plan: Plan
    spill: Spill
    sizes: list[int] = field(default_factory=list)  # rows of each block
    first: list[int] = field(default_factory=list)  # number of each block's first array

    def add(self, slots: NDArray[np.uint32], sketch: NDArray[np.uint8]) -> None:
        """Take the next block: rows x slots, and rows x SKETCH_BYTES."""
        self.sizes.append(len(slots))
        numbers = [self.spill.put(slots[:, slot]) for slot in range(self.plan.width)]
        self.first.append(numbers[0])
        self.spill.put(sketch)

    def slot(self, block: int, slot: int) -> NDArray[np.uint32]:
        """One slot of a block's rows."""
        return self.spill.get(self.first[block] + slot, np.uint32)

    def weights(self, told: Told) -> NDArray[np.uint8]:
        """Slots x rows: what each value is worth, in quarter bits."""
        found = np.zeros((self.plan.width, sum(self.sizes)), np.uint8)
        groups = self.plan.groups()
        for number, group in enumerate(groups):
            told(number, len(groups))
            self._weigh(group, found)
        return found

    def _weigh(self, group: Group, out: NDArray[np.uint8]) -> None:
        blocks = range(len(self.sizes))
        counter = Counter()
        for slot in group.slots:
            for block in blocks:
                counter.add(self.slot(block, slot))
        name = worth_name(group.kind, group.role)
        worth = np.zeros(len(counter.counts), np.uint8)
        used = counter.counts > 0
        worth[used] = quarter_bits(counter.counts[used], sum(self.sizes), name)
        for slot in group.slots:
            at = 0
            for block in blocks:
                end = at + self.sizes[block]
                packing.put_weights(
                    self.slot(block, slot), counter.signatures, worth, out[slot, at:end]
                )
                at = end

    def records(
        self, keys: NDArray[np.uint64], weights: NDArray[np.uint8], told: Told
    ) -> Iterator[NDArray[np.uint64]]:
        """The row records, enciphered, block by block."""
        width = self.plan.width
        size = record_words(width) * 8
        at = 0
        for block, rows in enumerate(self.sizes):
            told(block, len(self.sizes))
            records = np.zeros((rows, size), np.uint8)
            slots = records[:, : width * 4].view(np.uint32)
            for slot in range(width):
                slots[:, slot] = self.slot(block, slot)
            records[:, width * 4 : width * 5] = weights[:, at : at + rows].T
            sketch = self.spill.get(self.first[block] + width, np.uint8)
            records[:, size - k.SKETCH_BYTES :] = sketch.reshape(rows, k.SKETCH_BYTES)
            words = records.view(np.uint64)
            packing.encipher_rows(words, at, keys)
            at += rows
            yield words


class Counter:
    """How often each signature occurs, in a table that grows."""

    def __init__(self) -> None:
        """Empty."""
        self.signatures = np.zeros(1 << 12, np.uint32)
        self.counts = np.zeros(1 << 12, np.uint32)
        self._held = np.zeros(1, np.int64)

    def add(self, values: NDArray[np.uint32]) -> None:
        """Count the values of a block."""
        done = 0
        while True:
            done += packing.count_signatures(
                values[done:], self.signatures, self.counts, self._held
            )
            if done == len(values):
                return
            self._grow()

    def _grow(self) -> None:
        signatures = np.zeros(4 * len(self.signatures), np.uint32)
        counts: NDArray[Any] = np.zeros(len(signatures), np.uint32)
        packing.move_counts(self.signatures, self.counts, signatures, counts)
        self.signatures, self.counts = signatures, counts
