"""The arrows of scheduler.py, a single module, which import-linter cannot take as a root."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "native", "matching", "extraction", "index", "egress", "capture", "crawler", "spiders",
    "evidence", "review", "scheduler", "vigie",
)  # fmt: skip


def rooms_imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found & set(ROOMS)


def test_the_scheduler_knows_crawler_and_record_only() -> None:
    assert rooms_imported(ROOT / "scheduler.py") <= {"crawler", "index"}


def test_only_the_command_line_knows_the_scheduler() -> None:
    for room in set(ROOMS) - {"vigie", "scheduler"}:
        files = list((ROOT / room).rglob("*.py"))
        assert files
        for file in files:
            assert "scheduler" not in rooms_imported(file), file
