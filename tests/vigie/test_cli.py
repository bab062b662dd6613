"""A command loaded without the others is the same command."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from vigie import cli


@pytest.mark.parametrize("command", sorted(cli.ALONE))
@pytest.mark.parametrize("arguments", [["--help"], [], ["--no-such-option"], ["x", "--leak", "y"]])
def test_alone_it_says_what_it_says_in_the_tree(command: str, arguments: list[str]) -> None:
    runs = [
        CliRunner().invoke(app, [command, *arguments]) for app in (cli.build(command), cli.build())
    ]
    alone, among_others = ((run.exit_code, run.output) for run in runs)
    assert alone == among_others
    assert alone[1]
