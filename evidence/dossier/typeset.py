"""typst over the dossier's templates and the pictures that a piece shows, in one folder of its own.

PDF/A-3b, with the fonts that typst brings: the same facts give the same bytes on every machine.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from types import TracebackType

import typst

from evidence.errors import EvidenceError


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


class Typesetter:
    """A context manager: the folder goes at the end. What is added is masked already."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vigie-typeset-"))
        templates = resources.files("evidence.dossier").joinpath("typst")
        for template in templates.iterdir():
            (self._folder / template.name).write_bytes(template.read_bytes())

    def __enter__(self) -> Typesetter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, name: str, picture: bytes) -> str:
        """A picture that templates may show by the name returned."""
        (self._folder / name).write_bytes(picture)
        return name

    def compile(self, template: str, data: str, language: str) -> bytes:
        """The PDF; raises EvidenceError. `data` is JSON, read by lib.typ."""
        try:
            made = typst.compile(
                str(self._folder / f"{template}.typ"), root=str(self._folder),
                sys_inputs={"data": data, "lang": language}, pdf_standards="a-3b",
                font_paths=_fonts(),
            )  # fmt: skip
        except RuntimeError as error:
            # typst's message shows the template's line; facts are quoted in it by none.
            raise EvidenceError(f"the report {template} could not be typeset") from error
        if not isinstance(made, bytes):
            raise EvidenceError(f"the report {template} could not be typeset")
        return made
