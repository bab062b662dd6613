"""Where words go: results to stdout, everything else to stderr; errors are one clear sentence."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer

DONE, NO, USAGE, PARTLY, FAILED = 0, 1, 2, 3, 4


def fail(sentence: str, code: int = FAILED) -> NoReturn:
    """Say on stderr what is wrong, where and what to do, and end with `code`."""
    typer.echo(f"vigie: {sentence}", err=True)
    raise typer.Exit(code)


def one_of(option: str, given: str, allowed: Sequence[str], *, needed: bool = False) -> None:
    """Ends with a sentence when a word that was given is none of those that are allowed; an empty
    one counts as not given, unless one is `needed`."""
    if (given or needed) and given not in allowed:
        shown = visible(given) or '""'
        fail(f"{option} is one of {', '.join(allowed)}; not {shown}.", USAGE)


def print_json(found: dict[str, Any]) -> None:
    """One JSON object on one line of stdout. What could steer a terminal, or cannot be encoded,
    stands as a JSON escape: the same data."""
    line = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.write(UNSEEN.sub(_as_json_escape, line) + "\n")
    sys.stdout.flush()


def write_out(data: bytes, output: Path | None) -> None:
    """To a new file, or to stdout; ends with a sentence when the file is there or cannot be."""
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    try:
        with output.open("xb") as file:
            file.write(data)
    except FileExistsError:
        fail(f"{output} exists already; name another file, nothing is overwritten.")
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}.")
    typer.echo(f"{output} is written.", err=True)


def visible(untrusted_text: str) -> str:
    """Text from outside on one line of a terminal: control characters, marks of direction and
    width, and lone surrogates stand as \\xNN, \\uNNNN or \\UNNNNNNNN, so that a name of a file
    neither moves the cursor nor hides a part of itself."""
    return UNSEEN.sub(_as_escape, untrusted_text)


def _as_escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _as_json_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


# Categories Cc, Cf, Cs, Zl and Zp, as ranges: the tests compare them with unicodedata.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f]"
)
