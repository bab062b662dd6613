"""Where words go: results to stdout, everything else to stderr; errors are one clear sentence."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import typer

DONE, NO, USAGE, PARTLY, FAILED = 0, 1, 2, 3, 4


def fail(sentence: str, code: int = FAILED) -> NoReturn:
    """Say on stderr what is wrong, where and what to do, and end with `code`."""
    typer.echo(f"vigie: {sentence}", err=True)
    raise typer.Exit(code)


def print_json(found: dict[str, Any]) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()
