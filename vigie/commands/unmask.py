"""Commands: the process that opens single records for named persons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration; otherwise vigie.toml here.")
]

unmask = typer.Typer(
    help="Opening one record for a named person, with a reason, logged first.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(unmask, name="unmask")


@unmask.command("serve", epilog="Example: vigie unmask serve")
def serve(config: ConfigFile = None) -> None:
    """Run the only process that reads the review service's key; Ctrl-C stops it.

    `vigie watch` runs it by itself unless [sealing] review_user says that it has an account of
    its own. It opens one record per request and shows it to nobody but whoever is signed in.
    """
    from vigie import config as configuration
    from vigie.unmasking import run

    run(configuration.load(config))
