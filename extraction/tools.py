"""Programs that extraction runs: Tesseract, which reads the text in pictures.

The program gets the picture on its standard input and answers on its standard output, started
through `extraction.launch`: no network, no other process, of all files only the system's own,
bounded memory and time. Nothing of a document is in its arguments or on a disk.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PARENT_FOLDER = Path(__file__).resolve().parent.parent
MEMORY = 1024 * 1024 * 1024
MAX_TEXT = 2 * 1024 * 1024
SECONDS = 30.0
# Languages in the order of preference; without the first, accents are lost.
LANGUAGES = ("fra", "eng")
DATA = ("/usr/share/tesseract-ocr", "/usr/share/tessdata", "/usr/local/share/tessdata")


@dataclass(frozen=True, slots=True)
class Tesseract:
    """Where Tesseract is, and the languages it knows out of LANGUAGES."""

    program: str
    languages: tuple[str, ...]

    def read(self, untrusted_picture: bytes, seconds: float = SECONDS) -> str | None:
        """The text of a PNG, JPEG, TIFF, WebP, BMP, GIF or PNM; None when it could not be read.

        A page is read as one block of lines, so that the rows of a table stay rows.
        """
        how = ["stdin", "stdout", "-l", "+".join(self.languages), "--psm", "6"]
        return self.run([*how, "-c", "preserve_interword_spaces=1"], untrusted_picture, seconds)

    def run(self, arguments: list[str], untrusted_input: bytes, seconds: float) -> str | None:
        """What the program answers to that input; None when it fails or takes too long."""
        bound = max(1.0, min(seconds, SECONDS))
        command = [
            sys.executable, "-S", "-s", "-m", "extraction.launch",
            str(MEMORY), str(int(bound) + 1), str(os.getpid()), self.program, *arguments,
        ]  # fmt: skip
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=PARENT_FOLDER,
                env={"PATH": os.defpath, "OMP_THREAD_LIMIT": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                process_group=0,
            )
        except OSError:
            return None
        with process:
            try:
                said, _ = process.communicate(untrusted_input, timeout=bound)
            except subprocess.TimeoutExpired:
                return None
            except OSError:
                return None
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        return said[:MAX_TEXT].decode("utf-8", "replace") if process.returncode == 0 else None


def find_tesseract() -> Tesseract | None:
    """Tesseract as Debian installs it, with the languages it has; None where it is missing."""
    program = shutil.which("tesseract", path=os.defpath + ":/usr/bin:/usr/local/bin")
    if program is None:
        return None
    known = {
        file.stem for folder in DATA for file in Path(folder).glob("**/*.traineddata")
    }  # fmt: skip
    languages = tuple(language for language in LANGUAGES if language in known)
    return Tesseract(program, languages) if languages else None
