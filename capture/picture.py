"""What a page looked like: the original for the seal, the masked copy for everyone else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class PictureFailed(Exception):
    """No picture was had; one sentence says why. `for_good`: asking again changes nothing."""

    def __init__(self, sentence: str, *, for_good: bool = False) -> None:
        super().__init__(sentence)
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class Picture:
    """One visit of a page. `untrusted_*` are the original (PNG, HTML) and go into a sealed file
    only; `page` and `dom` are the masked copy; `facts` say when and how it was taken."""

    untrusted_page: bytes = field(repr=False)
    untrusted_dom: bytes = field(repr=False)
    page: bytes = field(repr=False)
    dom: bytes = field(repr=False)
    facts: Mapping[str, Any]
