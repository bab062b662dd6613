"""Commands: demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ROWS = 491_000
FEWEST = 1_500


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(demo)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the first full round and check it.")
    ] = False,
    rows: Annotated[
        int, typer.Option(min=FEWEST, help="How many invented patients the leak has.")
    ] = ROWS,
    folder: Annotated[Path, typer.Option(help="Where everything of the demo lives.")] = Path(
        ".demo"
    ),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget earlier runs, choose free ports.")
    ] = False,
    every: Annotated[str, typer.Option(help="How often each source is read.")] = "8s",
    patience: Annotated[
        float, typer.Option(min=1, help="With --once: seconds to wait after the last post.")
    ] = 240.0,
) -> None:
    """Run everything on real sites on this machine, with invented people only.

    Generates a leak, fingerprints it, starts four sites on loopback, posts fragments among
    ordinary posts, watches, and shows the alerts. Ctrl-C stops all of it; the next run goes on.

    Example: vigie demo --once --rows 20000
    """
    from vigie.demo.run import Options, run

    raise typer.Exit(run(Options(folder, rows, once, fresh, every, patience)))
