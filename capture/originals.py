"""The two sealed files of an original: one for the court, one for review, opened by other keys.

`scelle` is for recipients whose private keys are not here and stays. `travail` is for the review
service's key alone and goes early (evidence.working). Neither key opens the other's file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from capture.errors import CaptureError
from capture.sealing import NAME, Sealer

WORK = "travail"
OPENINGS = "openings.json"


class SealedOriginals:
    """The folder of sealed originals; working copies lie in its sub-folder `travail`."""

    def __init__(self, folder: Path, recipients: Sequence[str], work_recipient: str = "") -> None:
        self._folder = folder
        self._sealer = Sealer(folder, recipients)
        self._work = Sealer(
            folder / WORK, [work_recipient] if work_recipient else [], "work_recipient"
        )
        if work_recipient and work_recipient.strip() in {one.strip() for one in recipients}:
            raise CaptureError(
                "[sealing] work_recipient is one of the recipients: the review service could then "
                "open every original for ever. Give it a key of its own"
            )

    def seal(
        self, body: bytes, facts: Mapping[str, object], more: Mapping[str, bytes] | None = None
    ) -> str:
        """Seal twice; the sealed file's name, "" when there is no recipient. The working copy has
        the same name in its own folder, and holds facts, body and what opens single records."""
        name = self._sealer.seal(body, facts, more)
        if name:
            try:
                openings = {key: data for key, data in (more or {}).items() if key == OPENINGS}
                self._work.seal_as(name, body, facts, openings)
            except BaseException:
                self.discard(name)
                raise
        return name

    def discard(self, name: str) -> None:
        """Remove both files of an original that no capture refers to."""
        if name and NAME.fullmatch(name):
            (self._folder / name).unlink(missing_ok=True)
            (self._folder / WORK / name).unlink(missing_ok=True)
