"""What `vigie scan` says of its inputs: one result a document, one line for what was not read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from extraction.errors import ExtractionError
from extraction.layers import Document
from matching.client import Asked, MatcherClient
from matching.errors import MatchingError
from matching.result import NOT_READ, ScanResult, TextLayer, together
from vigie import scan_inputs
from vigie.explain import explained
from vigie.scan_inputs import Ahead, Read, TooLong

MOST_MATCHES = 1000
# So many documents with so many bytes of text are given to the matcher together.
TOGETHER, TOGETHER_BYTES = 64, 4 * 1024 * 1024

Told = ScanResult | dict[str, str]


class Judge:
    """Has the matcher judge what was read."""

    def __init__(self, matcher: MatcherClient, *, every: bool, explain: bool, hashed: bool) -> None:
        """`every` match is told and all is read; `explain` says why; `hashed`: long files and
        those that cannot be opened are told with their SHA-256, as the sandbox tells of others."""
        self._matcher = matcher
        self._every = every
        self._explain = explain
        self._hashed = hashed

    def inputs(self, read: Iterable[tuple[str, Path | None, Read]], ahead: Ahead) -> Iterator[Told]:
        """What is said of inputs, in order; `ahead` reads long files in windows."""
        waiting: list[Document | Told] = []
        size = 0
        for name, path, documents in read:
            if path is not None and _is_long(path):
                yield from self._documents(waiting)
                waiting, size = [], 0
                from vigie import long_files

                yield from long_files.scan_long(
                    name, path, ahead, self._matcher,
                    every=self._every, explain=self._explain, most=MOST_MATCHES,
                    hashed=self._hashed,
                )  # fmt: skip
                continue
            for each in self._opened(name, path, documents):
                # One that is not small goes alone.
                fresh = _bytes_of(each)
                if size + fresh > TOGETHER_BYTES or len(waiting) == TOGETHER:
                    yield from self._documents(waiting)
                    waiting, size = [], 0
                waiting.append(each)
                size += fresh
        yield from self._documents(waiting)

    def _opened(self, name: str, path: Path | None, read: Read) -> Iterator[Document | Told]:
        """The documents of an input, or what is said where there are none."""
        try:
            yield from read()
        except OSError as error:
            said = f"it cannot be read: {error.strerror}"
            yield {"document": name, "verdict": "error", "error": said}
        except (ExtractionError, TooLong) as error:
            known = self._known_copy(name, path)
            if known is not None:
                yield known
            yield {"document": name, "verdict": "error", "error": str(error)}

    def _documents(self, waiting: Sequence[Document | Told]) -> Iterator[Told]:
        """What is said of documents, and what was said already, in order."""
        asked = [_asked(each) for each in waiting if isinstance(each, Document)]
        answers = self._answers(asked)
        at = 0
        for each in waiting:
            if not isinstance(each, Document):
                yield each
                continue
            found = next(answers)
            yield from self._told(each, asked[at].layers, found)
            at += 1

    def _told(
        self, document: Document, layers: Sequence[TextLayer], found: ScanResult
    ) -> Iterator[Told]:
        if document.holds or document.error:
            # An archive may be a known copy, whatever its members are and whether it opens.
            if found.verdict.is_kept:
                yield found
            if document.error:
                yield {"document": document.name, "verdict": "error", "error": document.error}
            return
        notes = (f"{note} (--all reads on)" if NOT_READ in note else note for note in found.notes)
        found = replace(found, notes=(*document.extracted.notes, *notes))
        yield explained(found, layers) if self._explain else found

    def _answers(self, asked: Sequence[Asked]) -> Iterator[ScanResult]:
        if len(asked) > 1:
            try:
                found = self._matcher.scan_several(
                    asked, all_matches=self._every, to_the_end=self._every
                )
            except MatchingError:
                pass  # those before the one that failed are told, and it says why
            else:
                yield from map(self._together, found)
                return
        yield from map(self._answer, asked)

    def _answer(self, asked: Asked) -> ScanResult:
        found = self._matcher.scan(*asked, all_matches=self._every, to_the_end=self._every)
        return self._together(found)

    def _together(self, found: Sequence[ScanResult]) -> ScanResult:
        return together(self._matcher.names, found, most=0 if self._every else MOST_MATCHES)

    def _known_copy(self, name: str, path: Path | None) -> ScanResult | None:
        """The result for a file that could not be opened but whose hash is known."""
        if path is None or not self._hashed:
            return None
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        found = self._answer(Asked(name, path.stat().st_size, sha256, ()))
        return found if found.verdict.is_kept else None


def _asked(document: Document) -> Asked:
    is_read = not (document.holds or document.error)
    layers = document.extracted.layers if is_read else ()
    return Asked(
        document.name, document.bytes, document.sha256,
        [TextLayer(layer.name, layer.as_given) for layer in layers],
    )  # fmt: skip


def _bytes_of(each: Document | Told) -> int:
    if not isinstance(each, Document):
        return 0
    return sum(len(layer.as_given) for layer in each.extracted.layers)


def _is_long(path: Path) -> bool:
    """Whether a file is read in windows: a text over the bound."""
    try:
        if path.stat().st_size <= scan_inputs.SCAN_BYTES:
            return False
        from vigie import long_files  # loads the readers' tables of formats

        return long_files.is_plain(path)
    except OSError:
        return False  # told when it is read
