"""`python -m vigie.demo.leak OUT`: write a synthetic leak."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vigie.demo.leak.generator import ROWS, SEED, generate


def main(
    out: Annotated[Path, typer.Argument(help="Where to write the file.")],
    rows: Annotated[int, typer.Option(min=0, help="How many people.")] = ROWS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = SEED,
) -> None:
    """Write a synthetic French leak: invented people, `;`-separated, latin-1.

    Example: python -m vigie.demo.leak leak.csv --rows 1000
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("Inventing people", total=rows)
        facts = generate(out, rows, seed, lambda done: bar.update(task, completed=done))
    console.print(f"{facts.path}: {facts.rows:,} rows, {facts.bytes:,} bytes, {facts.encoding}")


if __name__ == "__main__":
    typer.run(main)
