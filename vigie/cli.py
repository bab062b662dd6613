"""The console script. Modules of commands are light; each command imports what it needs late."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import typer
from typer.main import get_command

from vigie import quiet
from vigie.values import plainly

# A module of commands, and the first words that lead to it.
COMMANDS = {
    "setup": ("init", "doctor"),
    "leak": ("key", "leak"),
    "scan": ("scan",),
    "sources": ("crawl", "watch", "source"),
    "alerts": ("alerts", "case"),
    "cases": ("case",),
    "index": ("index",),
    "capture": ("capture",),
    "custody": ("custody",),
    "evidence": ("evidence",),
    "notice": ("notice",),
    "order": ("order", "block"),
    "retention": ("retention",),
    "gdpr": ("gdpr",),
    "unmask": ("unmask",),
    "review": ("serve", "user"),
    "demo": ("demo",),
}
WORDS = frozenset(word for words in COMMANDS.values() for word in words)


def build(only: str = "") -> typer.Typer:
    """The whole command tree, or the branch of one of WORDS: typer works out the options of all
    commands that it is given before it runs one."""
    app = typer.Typer(
        name="vigie",
        help="Watch paste sites and forums for pieces of one leaked file.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    if only:
        app.callback()(_no_options)  # one command stays a branch, and does not become the tree
    for name, words in COMMANDS.items():
        if only and only not in words:
            continue
        module: Any = importlib.import_module(f"vigie.commands.{name}")
        module.register(app)
    return app


def main() -> None:
    """Run a command; an error of ours ends in one sentence and status 4, never a traceback."""
    try:
        if len(sys.argv) > 1 and "--help" not in sys.argv:
            quiet.begin()
        alone = len(sys.argv) > 1 and sys.argv[1] in WORDS
        plainly(get_command(build(sys.argv[1]) if alone else build()))()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) left; that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("VIGIE_TRACEBACK"):
            raise
        sentence = str(error) if _is_ours(error) else _unexpected(error)
        typer.echo(f"vigie: {sentence}", err=True)
        sys.exit(4)


def _no_options() -> None:
    pass


def _is_ours(error: Exception) -> bool:
    """Our error trees end in classes whose modules are our rooms and whose text is a sentence."""
    room = type(error).__module__.split(".")[0]
    return room in (
        "matching", "extraction", "index", "egress", "capture",
        "crawler", "spiders", "evidence", "review", "scheduler", "vigie",
    )  # fmt: skip


def _unexpected(error: Exception) -> str:
    # The text of a foreign error can hold content; its kind and place cannot.
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "?"
    return (
        f"something unforeseen happened ({type(error).__name__} in {place}). "
        "Set VIGIE_TRACEBACK=1 and run it again to see where; that output may hold content."
    )


if __name__ == "__main__":
    main()
