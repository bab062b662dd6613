"""Picture and DOM of the page: a second visit. The original is sealed, the masked copy is kept.

The masked copy was made while the page was captured (capture.masked_page); nothing is masked at
export. Without recipients the original is not kept at all, and `visit` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from capture.masking import MASK
from capture.picture import Picture, PictureFailed
from evidence.beside.piece import NotConfigured, NotHad, NotPossible, Piece, Target, as_json

BESIDE = ("dom", "visit")  # made by the same visit as "page"


class Originals(Protocol):
    """Where originals go: sealed before they touch the disk (capture.originals)."""

    def seal(
        self, body: bytes, facts: Mapping[str, object], more: Mapping[str, bytes] | None = None
    ) -> str:
        """The sealed file's name; "" without recipients."""


def gather(target: Target, take: Callable[[Target], Picture], originals: Originals) -> Piece:
    """The masked picture, with the masked DOM and the facts of the visit beside it."""
    if MASK in target.location:
        raise NotPossible(
            "the address holds a value that is not kept, so the page cannot be visited again"
        )
    try:
        picture = take(target)
    except PictureFailed as error:
        raise (NotConfigured if error.for_good else NotHad)(str(error)) from error
    told = {"capture": target.capture, "kind": "page", **picture.facts}
    page = originals.seal(picture.untrusted_page, told)
    dom = originals.seal(picture.untrusted_dom, {**told, "kind": "dom"})
    told = {
        **picture.facts,
        "note": "a second request, after the capture; it may show another state of the page",
        "masked": "when it was captured: every word that is not allow-listed, every picture",
        "original": "sealed" if page else "not kept: no recipient is configured",
    }
    if target.account and picture.facts.get("as") != "account":
        told["note_account"] = "the capture came with an account; a guest sees this"
    return Piece(
        picture.page, "image/png", page,
        {"dom": Piece(picture.dom, "text/html; charset=utf-8", dom), "visit": as_json(told)},
    )  # fmt: skip
