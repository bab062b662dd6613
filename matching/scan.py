"""Scanning a document against one leak: texts in, a ScanResult out."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matching import blocks, certainty, decide, explain, shuffled, spread, verify
from matching.blocks import Found
from matching.fingerprint_file import FingerprintFile
from matching.fingerprint_format import DOMAINS, SECTIONS
from matching.kernel import kinds as k
from matching.kernel import rows as row_records
from matching.kernel.bench import FIELDS, Bench, new_bench
from matching.kernel.hits import Leak
from matching.kernel.reading import tokenise_array
from matching.kernel.region import ALONE, TIED, scan_region
from matching.kernel.rows import Rows, record_slots
from matching.kernel.table import BLOCK_SHIFT, MAX_MISSING, Table
from matching.kernel.word_filter import known_lengths
from matching.keys import load_key
from matching.normalise import markup, spelt, words, wrapped
from matching.normalise.fold import Folded, Room, fold
from matching.people import People, called, of_layers, of_views
from matching.regions import ROUNDS, Regions, all_parts, damaged
from matching.result import LeakRef, Match, ScanResult, TextLayer, Verdict
from matching.small_layers import Quiet
from native.arguments import hold

KEPT = 1000  # matches told unless all are asked for
NO_TEXT = fold("")


class Scanner:
    """One leak, opened with its key, and the working memory to scan with; not thread-safe."""

    def __init__(self, leak: LeakRef) -> None:
        """Open file and key; raises MatchingError when one of them cannot be used."""
        key = load_key(leak.key_file)
        self.file = FingerprintFile(leak.file)
        facts = self.file.facts
        self.name = leak.name or facts.name
        self.rows = facts.rows
        self.types = facts.types
        self._terms = _term_pattern(leak.terms)
        self._files = frozenset(each.lower() for each in leak.files)
        self._keys = self.file.unlock(key, leak.key_file)
        self._missing = np.zeros(2 * MAX_MISSING + 2, np.int64)
        self.file.check_all("exact.bits", "name.bits")
        name_bits = self.file.array("name.bits")
        name_mask = np.uint64(len(name_bits) * 8 - 1)
        passwords = np.uint64(known_lengths(name_bits, name_mask, k.CHUNK, self._keys))
        numbers = np.uint64(known_lengths(name_bits, name_mask, k.NUMBER, self._keys))
        tables = Leak(
            self._table("exact"),
            self._table("near"),
            self._table("words"),
            # Asked of every number, at random: in memory of its own, which may come in large pages.
            exact_bits := self.file.array("exact.bits").copy(),
            np.uint64(len(exact_bits) * 8 - 1),
            name_bits,
            name_mask,
            self._keys,
            self._missing,
            numbers,
        )
        self._leak = hold(tables)
        records = Rows(
            self.file.array("rows"),
            self.file.ok["rows"],
            facts.rows,
            facts.record_words,
            len(facts.slot_role),
            np.array(facts.slot_column, np.int64),
            np.array(facts.slot_role, np.int64),
            np.array([k.CLASS_OF.get(kind, -1) for kind in facts.types], np.int64),
            len(facts.types),
            np.zeros(row_records.KEPT, np.int64),
            np.zeros(row_records.KEPT * facts.record_words, np.uint64),
        )
        self._records = hold(records)
        self._whole_records = self.file.array("rows").reshape(facts.rows, facts.record_words)
        self._secret: bytes | None = None  # seeds the draw where a text may be left unread
        self._sampled: certainty.Sample | None = None  # what stands for the text last scanned
        self._chunks = "password" in facts.types
        self._shingles = "comment" in facts.types
        self._bench: Bench = hold(new_bench(words.table(), facts.record_words))
        self._people = People(self._bench, self._keys)
        self._room = Room()
        self.regions = Regions(
            self._leak, self._records, self._bench, self._check_missing,
            lengths=passwords, shingles=self._shingles,
        )  # fmt: skip

    def _table(self, name: str) -> Table:
        starts = self.file.array(f"{name}.starts")
        return Table(
            starts,
            self.file.array(f"{name}.checks"),
            self.file.array(f"{name}.values"),
            self.file.ok[f"{name}.starts"],
            self.file.ok[f"{name}.checks"],
            self.file.ok[f"{name}.values"],
            64 - (len(starts) - 1).bit_length() + 1,
            len(self.file.array(f"{name}.values")),
            DOMAINS[name],
        )

    def warm_up(self) -> None:
        """Load all kernels that a first scan would wait for."""
        folded = fold("none")
        self._region(folded.data, 0, folded.size, decide.REVIEW)
        self.scan("", 0, "", [TextLayer("", "none")])

    def scan(
        self,
        document: str,
        size: int,
        sha256: str,
        layers: Sequence[TextLayer],
        *,
        all_matches: bool = False,
        to_the_end: bool = False,
    ) -> ScanResult:
        """Match the texts of one document; `size` is its bytes, `sha256` of those bytes.

        Long copies of the file are not read to their end (certainty), but with `to_the_end`. Of
        what is read the strongest rows are told, with `all_matches` every one.
        """
        found: list[Found] = []
        people, groups = [0] * len(layers), [0] * len(layers)
        rows: list[set[int]] = [set() for _ in layers]
        texts = [NO_TEXT] * len(layers)
        mention = False
        torn = 0
        notes: list[str] = []
        self._room.clear()
        quiet, raw = Quiet(layers, self.regions, self._room), markup.raw_texts(layers)
        for at, layer in enumerate(layers):
            mention = mention or bool(self._terms and self._terms.search(layer.text))
            if at in quiet:
                continue
            texts[at] = folded = self._folded(layer, raw)
            self._sampled = None
            self._secret = None if to_the_end else self._keys.tobytes()
            here, mixed = self._put_together(folded, at)
            found += here
            torn += mixed
            groups[at] = self.regions.people
            rows[at] = {each.row for each in here}
            sampled = self._left_unread()
            if sampled is not None:
                people[at] = sampled.people
                notes.append(sampled.note(folded.size))
            else:
                people[at] = self._people.count(folded, here)
        best = certainty.best_by_row(found)
        first = [each for each in best[:KEPT] if self._holds(each, texts)]
        best = first + best[KEPT:]
        strays = sum(
            self._strays([each for each in best if each.layer == at], folded)
            for at, folded in enumerate(texts)
        )
        if not found:
            quiet.count_people(groups, self._folded)
        told = decide.decide(
            best,
            of_views(people, rows) if found else of_layers([a.name for a in layers], groups),
            rows=self.rows, known_file=sha256.lower() in self._files, mention=mention, torn=torn,
            strays=strays,
        )  # fmt: skip
        if notes and told.verdict is not Verdict.REPOST:
            # Other texts of the document outweigh what was sampled: only reading all can tell.
            return self.scan(
                document, size, sha256, layers, all_matches=all_matches, to_the_end=True
            )
        return ScanResult(
            document=document,
            bytes=size,
            sha256=sha256,
            verdict=told.verdict,
            records=told.records,
            review_records=told.review_records,
            candidates=told.candidates,
            chance=told.chance,
            matches=tuple(
                self._match(each, texts, layers) for each in (best if all_matches else best[:KEPT])
            ),
            notes=(*told.notes, *notes),
        )

    def _folded(self, layer: TextLayer, raw: frozenset[str] = frozenset()) -> Folded:
        """A layer's text as it is read; `raw` are those whose markup another shows."""
        folded = spelt.fold_text(layer.as_given, self._room)
        if layer.name in raw:
            markup.end_rows(folded)
        if blocks.wanted(folded):
            wrapped.mend(folded)
        return folded

    def _left_unread(self) -> certainty.Sample | None:
        """What stands for the text last scanned where its rest was not read."""
        return self._sampled

    def _put_together(self, folded: Folded, layer: int) -> tuple[list[Found], int]:
        """The findings of a text, and in how many places it mixes rows."""
        if not blocks.wanted(folded):
            return self._scan_text(folded, layer), 0
        if not self.regions.may_hold(folded, decide.REVIEW, blocks.asked(folded, decide.REVIEW)):
            return [], 0
        found = self._scan_text(folded, layer, spread.FLOOR)
        kept = blocks.put_together(found, folded, decide.REVIEW)
        return kept, blocks.torn(found, kept, decide.TORN)

    def _strays(self, found: Sequence[Found], folded: Folded) -> int:
        """How many rows of a text have values that stand beside other rows (shuffled)."""
        if not shuffled.wanted(found, folded):
            return 0
        places = {key: [at[1] for at in told] for key, told in self.shown(folded).items()}
        return shuffled.strays(found, folded, self.values, places)

    def weak(self, layers: Sequence[TextLayer], least: float, most: int) -> list[Match]:
        """Rows for which a text speaks with `least` bits or more, at most `most` of them, the
        strongest first, and none that is at alert strength. No verdict rests on it."""
        texts = [spelt.fold_text(layer.as_given) for layer in layers]
        found: list[Found] = []
        for at, folded in enumerate(texts):
            found += self._scan_text(folded, at, least)
        best = [each for each in certainty.best_by_row(found) if each.bits < decide.ALERT]
        told = [each for each in best[:most] if each.conflicts < 2 and self._holds(each, texts)]
        return [self._match(each, texts, layers) for each in told]

    def shown(self, folded: Folded) -> dict[int, list[tuple[int, int, int]]]:
        """The tokens of a text by their 32-bit signature: (kind, first byte, one past the last),
        in order of appearance."""
        found: dict[int, list[tuple[int, int, int]]] = {}
        t = self._bench.tokens
        for start, end in all_parts(folded):
            count = tokenise_array(
                folded.data, start, end, self._chunks, t, self._bench.scratch, self._keys
            )
            for signature, kind, first, behind in zip(
                t.key[:count].astype(np.uint32).tolist(), t.kind[:count].tolist(),
                t.start[:count].tolist(), t.end[:count].tolist(), strict=True,
            ):  # fmt: skip
                found.setdefault(signature, []).append((kind, first, behind))
        return found

    def values(self, row: int) -> list[tuple[str, int, float, int]]:
        """(field type, role, bits, signature) of what a row holds, in the order of its slots."""
        if not 0 <= row < self.rows:
            return []
        width = self._records.width * 8
        last = ((row + 1) * width - 1) >> BLOCK_SHIFT
        for block in range((row * width) >> BLOCK_SHIFT, last + 1):
            if not self.file.ok["rows"][block]:
                self.file.check("rows", block)
        slots = self._records.slots
        record = record_slots(self._whole_records, row, self._records.width * 2, self._keys)
        weights = record.view(np.uint8)[slots * 4 : slots * 5] / k.QUARTER_BITS
        return [
            (self.types[int(self._records.slot_column[s])], int(self._records.slot_role[s]),
             float(weights[s]), int(record[s]))
            for s in range(slots)
            if record[s] and self._records.column_class[self._records.slot_column[s]] >= 0
        ]  # fmt: skip

    def _scan_text(self, folded: Folded, layer: int, least: float = decide.REVIEW) -> list[Found]:
        found: list[Found] = []
        secret, self._secret = self._secret, None
        tries = 0

        def read(start: int, end: int) -> list[Found]:
            self.regions.found = self._region(folded.data, start, end, least)
            told = self._take(self.regions.found, layer)
            for each in told:
                each.called = called(folded, each)
            return told

        for start, end in self.regions.worth_reading(folded, least):
            found += read(start, end)
            if secret and certainty.pays(len(found), tries, folded.size - end):
                judge = certainty.Judge(read, self._people.count, self.rows)
                self._sampled = certainty.sample(folded, end, found, secret, tries, judge)
                if self._sampled is not None:
                    return self._sampled.found
                tries += 1
        return found

    def _region(self, data: NDArray[np.uint8], start: int, end: int, least: float) -> int:
        for _ in range(ROUNDS):
            count, _hits, _tokens = scan_region(
                data, start, end, self._chunks, self._shingles, least, self._leak,
                self._records, self._bench,
            )  # fmt: skip
            if not self._check_missing():
                return int(count)
        raise damaged()

    def _check_missing(self) -> bool:
        """Check the blocks that a kernel asked for; returns whether there were any."""
        wanted = int(self._missing[0])
        for at in range(wanted):
            section, block = int(self._missing[1 + 2 * at]), int(self._missing[2 + 2 * at])
            if not self.file.ok[SECTIONS[section]][block]:  # one block may be asked for often
                self.file.check(SECTIONS[section], block)
        return wanted > 0

    def _take(self, count: int, layer: int) -> list[Found]:
        m = self._bench.matches
        places = zip(
            m.column[: count * FIELDS].tolist(),
            m.start[: count * FIELDS].tolist(),
            m.end[: count * FIELDS].tolist(),
            m.quality[: count * FIELDS].tolist(),
            m.worth[: count * FIELDS].tolist(),
            strict=True,
        )
        told = list(places)
        heads = zip(
            m.row[:count].tolist(),
            m.bits[:count].tolist(),
            m.tied[:count].tolist(),
            m.conflicts[:count].tolist(),
            m.fields[:count].tolist(),
            strict=True,
        )
        found: list[Found] = []
        for n, (row, bits, tied, conflicts, width) in enumerate(heads):
            fields = sorted(
                (
                    (self.types[column], start, end, quality, worth)
                    for column, start, end, quality, worth in told[n * FIELDS : n * FIELDS + width]
                ),
                key=_position,
            )
            found.append(
                Found(row, bits, tied == TIED, conflicts, layer, fields, rivalled=tied != ALONE)
            )
        return found

    def _holds(self, each: Found, texts: Sequence[Folded]) -> bool:
        """Whether a second comparison of row and text, by other means, agrees (verify)."""
        folded = texts[each.layer]
        end = max(field[2] for field in each.fields)
        count = tokenise_array(
            folded.data, each.start, end, self._chunks, self._bench.tokens, self._bench.scratch,
            self._keys,
        )  # fmt: skip
        slots = record_slots(self._whole_records, each.row, self._records.slots, self._keys)
        seen = self._bench.tokens.key[:count].astype(np.uint32)
        return verify.holds(slots, seen, each.fields)

    def _match(self, each: Found, texts: Sequence[Folded], layers: Sequence[TextLayer]) -> Match:
        folded = texts[each.layer]
        layer = layers[each.layer]
        spans = tuple(folded.span(field[1], field[2]) for field in each.fields)
        return Match(
            leak=self.name,
            row=each.row,
            bits=each.bits,
            tied=each.rivalled,
            fields=tuple(field[0] for field in each.fields),
            spans=spans,
            layer=layer.name,
            field_bits=tuple(field[4] for field in each.fields),
            how=tuple(
                explain.code(field[0], field[3], layer.text[start:end])
                for field, (start, end) in zip(each.fields, spans, strict=True)
            ),
        )

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


def _position(field: tuple[str, int, int, int, float]) -> tuple[int, int]:
    return field[1], field[2]


def _term_pattern(terms: Sequence[str]) -> re.Pattern[str] | None:
    parts = [re.escape(term.strip()) for term in terms if term.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE) if parts else None


def open_scanners(leaks: Sequence[LeakRef]) -> list[Scanner]:
    """A scanner for each leak, in order; none stays open when one of them cannot be."""
    made: list[Scanner] = []
    try:
        for leak in leaks:
            made += [Scanner(leak)]
    except BaseException:
        for scanner in made:
            scanner.close()
        raise
    return made
