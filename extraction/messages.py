"""What the sandbox and its child say to each other, and how an answer is checked.

A job is {"name", "content_type", "charset", "hints": whether there are any, "one", "limits",
"hashed"} with the document's bytes, or "at" and "size" where they lie in shared memory. An answer
is {"documents": [{"name", "bytes", "sha256", "error", "holds", "notes", "charset", "hashes",
"layers": [[name, length in bytes], …]}, …]} with all texts behind one another, or
{"error": kind, "said": sentence}. A text that is the very bytes of the job, in UTF-8, is not sent
back: its length is BODY. Before its answer the child may send {"picture": seconds} with a picture's
bytes, any number of times up to `Limits.max_pictures`, and gets {"read": bool} with its text; once
it may send {"hints": true}, and gets the words beside the document. The child parses hostile bytes,
so what it says is hostile too.

A job for several documents, which lie in shared memory, is {"several": [[name, whether there are
hints, "at", "size"], …], "limits", "hashed"}. Its answer {"several": [header, …]} has for each what
an answer for it alone has and "length", the bytes of its texts, which stand behind one another; or
{"alone": true} for one that has to be given alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from extraction.layers import Document, Extracted, Layer
from extraction.pipe import PipeError
from extraction.shared import Placed

MAX_SENTENCE = 500
MAX_NAME = 8_000
MAX_LAYERS = 50_000
MAX_HASHES = 1_000
BODY = "body"


def pack(documents: Sequence[Document], body: bytes | Placed = b"") -> tuple[dict[str, Any], bytes]:
    """The answer for these documents, found in `body`. Lone surrogates survive."""
    texts: list[bytes] = []
    told = []
    for document in documents:
        layers: list[list[str | int]] = []
        for layer in document.extracted.layers:
            if body and layer.as_given is body:
                layers.append([layer.name, BODY])
                continue
            texts.append(layer.utf_8)
            layers.append([layer.name, len(texts[-1])])
        told.append(
            {
                "name": document.name,
                "bytes": document.bytes,
                "sha256": document.sha256,
                "error": document.error,
                "holds": document.holds,
                "notes": list(document.extracted.notes),
                "charset": document.extracted.charset,
                "hashes": list(document.extracted.hashes),
                "layers": layers,
            }
        )
    return {"documents": told}, b"".join(texts)


def unpack(
    untrusted_header: dict[str, Any],
    untrusted_body: bytes,
    untrusted_document: bytes | Placed = b"",
) -> tuple[Document, ...]:
    """The documents of an answer to a job with the bytes `untrusted_document`; raises PipeError
    when anything is not of the agreed shape."""
    found = []
    at = 0
    whole = 0
    for untrusted in _list(untrusted_header.get("documents"), 100_000):
        if not isinstance(untrusted, dict):
            raise PipeError("a document is no object")
        layers = []
        for pair in _list(untrusted.get("layers"), MAX_LAYERS):
            if not isinstance(pair, list) or len(pair) != 2:
                raise PipeError("a layer is no pair")
            if pair[1] == BODY:
                whole += 1
                if whole > 1:
                    raise PipeError("an answer has the document's bytes twice")
                layers.append(Layer(_text(pair[0], MAX_NAME), untrusted_document))
                continue
            length = _count(pair[1])
            text = untrusted_body[at : at + length]
            at += length
            try:
                text.decode("utf-8", "surrogatepass")
            except UnicodeDecodeError as error:
                raise PipeError("a layer is no UTF-8") from error
            layers.append(Layer(_text(pair[0], MAX_NAME), text))  # as the matcher is given it
        notes = tuple(_text(note, MAX_SENTENCE) for note in _list(untrusted.get("notes"), 10_000))
        hashes = tuple(_text(one, 64) for one in _list(untrusted.get("hashes"), MAX_HASHES))
        charset = _text(untrusted.get("charset"), 64)
        extracted = Extracted(tuple(layers), notes, charset, hashes)
        found.append(
            Document(
                name=_text(untrusted.get("name"), MAX_NAME),
                bytes=_count(untrusted.get("bytes")),
                sha256=_text(untrusted.get("sha256"), 64),
                extracted=extracted,
                error=_text(untrusted.get("error"), MAX_SENTENCE),
                holds=untrusted.get("holds") is True,
            )
        )
    if at != len(untrusted_body):
        raise PipeError("the lengths of an answer's layers are not those of its texts")
    return tuple(found)


def pack_several(answers: Sequence[tuple[dict[str, Any], bytes]]) -> tuple[dict[str, Any], bytes]:
    """The answer for several documents, from the answer for each."""
    told = [{**header, "length": len(texts)} for header, texts in answers]
    return {"several": told}, b"".join(texts for _, texts in answers)


def unpack_several(
    untrusted_header: dict[str, Any], untrusted_body: bytes, count: int
) -> list[tuple[dict[str, Any], bytes]]:
    """The answer for each of `count` documents, its texts with it; raises PipeError when they are
    not as many, or the texts not as long, as told."""
    untrusted_answers = _list(untrusted_header.get("several"), count)
    if len(untrusted_answers) != count:
        raise PipeError("an answer is missing")
    found, at = [], 0
    for untrusted in untrusted_answers:
        if not isinstance(untrusted, dict):
            raise PipeError("an answer is no object")
        length = _count(untrusted.get("length"))
        found.append((untrusted, untrusted_body[at : at + length]))
        at += length
    if len(untrusted_body) != at:
        raise PipeError("the lengths of the answers are not those of their texts")
    return found


def _list(untrusted: object, bound: int) -> list[Any]:
    if not isinstance(untrusted, list) or len(untrusted) > bound:
        raise PipeError("a field is no list, or too long")
    return untrusted


def _text(untrusted: object, bound: int) -> str:
    if not isinstance(untrusted, str) or len(untrusted) > bound:
        raise PipeError("a field is no text, or too long")
    return untrusted


def _count(untrusted: object) -> int:
    if not isinstance(untrusted, int) or isinstance(untrusted, bool) or untrusted < 0:
        raise PipeError("a field is no count")
    return untrusted
