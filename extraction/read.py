"""One document's bytes to its texts, told apart by content and never by name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from extraction import archives, packed
from extraction import charset as charsets
from extraction.encoded import Budget, inner_layers
from extraction.errors import TooLarge
from extraction.html import read_page
from extraction.layers import Document, Extracted, Layer, Limits

HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--[^>]{0,2000}-->\s*)?<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE,
)
UNREAD = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd stream"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Office file"),
)
DEFAULTS = Limits()


def unwrap(untrusted_text: str, limits: Limits = DEFAULTS) -> tuple[Layer, ...]:
    """The text itself as layer "", then what is packed inside it, bounded by `limits`."""
    return (Layer("", untrusted_text), *inner_layers(untrusted_text, Budget(limits)))


def extract(
    untrusted_body: bytes,
    *,
    content_type: str = "",
    charset: str = "",
    name: str = "",
    limits: Limits = DEFAULTS,
) -> Extracted:
    """All texts of one document, an archive's members among them.

    Members come as layers "zip/1", "zip/2" in the archive's order: their names are the
    poster's words and stay out. `name` is not read; content tells what a document is.
    Raises TooLarge over `limits.max_bytes`.
    """
    _bound(untrusted_body, limits)
    budget = Budget(limits)
    layers: list[Layer] = []
    charset_used = ""
    for way, _, body in _bodies("", name, untrusted_body, budget, depth=0):
        told = ("", "") if way else (content_type, charset)
        found, used = _texts(body, *told, way, budget)
        layers += found
        charset_used = charset_used or used
    if not layers:
        layers.append(Layer("", ""))
    return Extracted(tuple(layers), tuple(budget.notes), charset_used or "utf-8")


def documents(
    untrusted_body: bytes, *, name: str = "", limits: Limits = DEFAULTS
) -> tuple[Document, ...]:
    """The input as one document, or an archive's members as one each ("posts.zip!/17.txt").

    Raises TooLarge over `limits.max_bytes`.
    """
    _bound(untrusted_body, limits)
    packing = packed.kind(untrusted_body)
    inner = untrusted_body
    if packing and (opened := packed.unpack(inner, packing, limits, limits.max_bytes)):
        inner = opened.data
    archive = archives.kind(inner)
    if not archive:
        extracted = extract(untrusted_body, name=name, limits=limits)
        return (_document(name, untrusted_body, extracted),)
    found = []
    for member in archives.members(inner, archive, limits, limits.max_text):
        inside = f"{name}!/{member.name}"
        if not member.data:
            if member.error:
                found.append(_document(inside, b"", Extracted(()), member.error))
            continue
        extracted = extract(member.data, name=inside, limits=limits)
        if member.error:
            notes = (*extracted.notes, member.error)
            extracted = Extracted(extracted.layers, notes, extracted.charset)
        found.append(_document(inside, member.data, extracted))
    return tuple(found)


def _document(name: str, data: bytes, extracted: Extracted, error: str = "") -> Document:
    return Document(name, len(data), hashlib.sha256(data).hexdigest(), extracted, error)


def _bound(untrusted_body: bytes, limits: Limits) -> None:
    if len(untrusted_body) > limits.max_bytes:
        raise TooLarge(
            f"the document has {len(untrusted_body)} bytes; at most {limits.max_bytes} are read. "
            "Split it, or raise the bound"
        )


def _bodies(
    way: str, name: str, untrusted_body: bytes, budget: Budget, depth: int
) -> Iterator[tuple[str, str, bytes]]:
    """(way in, name, bytes) of the document, or of everything packed in it."""
    packing, archive = packed.kind(untrusted_body), archives.kind(untrusted_body)
    if not packing and not archive:
        yield way, name, untrusted_body
        return
    if depth >= budget.limits.max_depth:
        budget.note("layers are packed deeper than the bound; the innermost were not read")
        return
    if packing:
        opened = packed.unpack(untrusted_body, packing, budget.limits, budget.text)
        if opened is None:
            # It only looked packed: two bytes are weak proof.
            yield way, name, untrusted_body
            return
        if opened.note:
            budget.note(opened.note)
        yield from _bodies(_join(way, packing), name, opened.data, budget, depth + 1)
        return
    members = archives.members(untrusted_body, archive, budget.limits, budget.text)
    for number, member in enumerate(members, start=1):
        if member.error:
            budget.note(member.error)
        if member.data:
            inside = _join(way, f"{archive}/{number}")
            yield from _bodies(inside, member.name, member.data, budget, depth + 1)


def _texts(
    untrusted_body: bytes, content_type: str, charset: str, way: str, budget: Budget
) -> tuple[list[Layer], str]:
    """The layers of one body that is neither compressed nor an archive."""
    for magic, what in UNREAD:
        if untrusted_body.startswith(magic):
            budget.note(f"this is {what}, which is not opened; only its plain bytes were read")
    text, used = charsets.decode(untrusted_body, charset or _charset_of(content_type))
    texts = [(way, text)]
    if "html" in content_type.lower() or HTML_START.match(text):
        page = read_page(text)
        texts = [(way, page.text)]
        texts += [(_join(way, "script"), data) for data in page.data]
    layers: list[Layer] = []
    for inside, found in texts:
        if not budget.take(found):
            break
        layers.append(Layer(inside, found))
        layers += inner_layers(found, budget, inside, inside.count(">"))
    return layers, used


def _charset_of(content_type: str) -> str:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", content_type, re.IGNORECASE)
    return found[1] if found else ""


def _join(outer: str, step: str) -> str:
    return f"{outer}>{step}" if outer else step
