"""A command loaded without the others is the same command."""

from __future__ import annotations

import re
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from vigie import cli

ADDRESS = re.compile(r" at 0x[0-9a-f]+")
TREE: Any = get_command(cli.build())


def told(command: Any) -> Any:
    """All that a command says of itself, and those below it."""
    below = {name: told(one) for name, one in getattr(command, "commands", {}).items()}
    said = (command.name, command.help, command.epilog, command.hidden, command.deprecated)
    # An object's address differs where the object is made anew.
    options = [ADDRESS.sub("", repr(sorted(vars(option).items()))) for option in command.params]
    return said, options, below


def test_every_first_word_of_the_tree_is_known() -> None:
    assert set(TREE.commands) == cli.WORDS


@pytest.mark.parametrize("word", sorted(cli.WORDS))
def test_a_branch_is_that_of_the_tree(word: str) -> None:
    branch: Any = get_command(cli.build(word))
    assert told(branch.commands[word]) == told(TREE.commands[word])


@pytest.mark.parametrize("command", ["scan", "case", "leak", "source"])
@pytest.mark.parametrize("arguments", [["--help"], [], ["--no-such-option"], ["x", "--leak", "y"]])
def test_alone_it_says_what_it_says_in_the_tree(command: str, arguments: list[str]) -> None:
    runs = [
        CliRunner().invoke(app, [command, *arguments]) for app in (cli.build(command), cli.build())
    ]
    alone, among_others = ((run.exit_code, run.output) for run in runs)
    assert alone == among_others
    assert alone[1]
