"""Command lines read without pydantic mean what they mean to typer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer import Abort, Exit
from typer._click.exceptions import ClickException
from typer.main import get_command

from vigie import cli, values

TYPERS: Any = get_command(cli.build())
OURS: Any = values.plainly(get_command(cli.build()))


def leaves(command: Any, *words: str) -> Iterator[tuple[str, ...]]:
    """The words that lead to each command."""
    below = getattr(command, "commands", {})
    for word, each in below.items():
        yield from leaves(each, *words, word)
    if not below:
        yield words


def at(tree: Any, words: tuple[str, ...]) -> Any:
    for word in words:
        tree = tree.commands[word]
    return tree


def read(tree: Any, words: tuple[str, ...], line: list[str]) -> Any:
    """What a command would be called with, or what is said instead."""
    command = at(tree, words)
    try:
        context = command.make_context(words[-1], list(line))
    except ClickException as error:
        return type(error).__name__, error.format_message()
    except (Exit, Abort) as end:
        return type(end).__name__, getattr(end, "exit_code", 0)
    return sorted((name, repr(value), type(value)) for name, value in context.params.items())


def lines(command: Any, folder: Path) -> Iterator[list[str]]:
    """Command lines with values of all kinds for every parameter, alone and beside what must be."""
    needed = [
        part
        for param in command.params
        if param.required
        for part in ([param.opts[0], "7"] if param.param_type_name == "option" else ["7"])
    ]
    yield []
    yield needed
    for value in ("x", "", "7", "-7", "0.5", str(folder), str(folder / "none"), "é\udcff"):
        yield [*needed, value]
        for param in command.params:
            if param.param_type_name == "option":
                yield [*needed, param.opts[0], value]
                yield [*needed, param.opts[0], value, param.opts[0], "other"]
                yield [*needed, param.opts[0]]


@pytest.mark.parametrize("words", list(leaves(TYPERS)), ids=" ".join)
def test_every_command_reads_its_line_as_typer_does(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").write_text("")
    for line in lines(at(TYPERS, words), tmp_path):
        assert read(OURS, words, line) == read(TYPERS, words, line), line
