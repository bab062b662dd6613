"""The self-check on screen, and the search for plain values in everything that was kept."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vigie.demo.aftermath import find_plain_values, kept_folders, size_of
from vigie.demo.dossiers import Checked
from vigie.demo.folder import DemoFolder
from vigie.demo.posts import PlannedPost
from vigie.demo.screen import place_of
from vigie.demo.selfcheck import Report
from vigie.demo.words import Tongue

FINDINGS_SHOWN = 30


def print_report(console: Console, words: Tongue, report: Report) -> None:
    """A line for each planted post, each false alert, each source not read, and a summary."""
    table = Table(box=box.SIMPLE_HEAD, title=words("check"), title_justify="left")
    for name in ("planted", "site"):
        table.add_column(words(name), no_wrap=True)
    table.add_column(words("records"), justify="right")
    table.add_column(words("seconds"), justify="right")
    for finding in report.findings:
        entry, alert = finding.entry, finding.alert
        table.add_row(
            entry.kind,
            entry.site,
            f"{len(set(entry.rows) & alert.rows)}/{len(entry.rows)}" if alert else "",
            f"{finding.seconds:.1f}"
            if finding.seconds is not None
            else Text(words("missing"), style="bold red"),
        )
    console.print(table)
    for alert in report.false_alerts:
        line = words(
            "false_alert", id=alert.id, source=alert.source, place=place_of(alert.location)
        )
        console.print(line, style="red", markup=False, highlight=False)
    for source in report.unread:
        console.print(words("not_read", source=source), style="red", highlight=False)
    if not report.complete:
        console.print(words("not_complete"), style="red", highlight=False)
    console.print(
        words(
            "check_sum",
            found=report.found,
            planted=len(report.findings),
            false=len(report.false_alerts),
            posts=report.posts,
            median=f"{report.median_seconds:.1f}",
            worst=f"{report.worst_seconds:.1f}",
        ),
        highlight=False,
    )


def print_dossiers(
    console: Console, words: Tongue, folder: DemoFolder, made: Sequence[Checked]
) -> bool:
    """A line for each edition; whether all were made and pass their verifier."""
    for one in made:
        key = "dossier_ok" if one.passed else "dossier_bad"
        line = words(key, edition=one.edition, place=one.folder.relative_to(folder.root.parent))
        console.print(line, highlight=False, markup=False, style="" if one.passed else "red")
    return all(one.passed for one in made)


def print_search(
    console: Console, words: Tongue, folder: DemoFolder, posts: Sequence[PlannedPost]
) -> bool:
    """Search what was kept for plain values; whether there is none. A value is never shown."""
    with console.status(words("privacy_search")):
        found = find_plain_values(folder, posts)
    files, size = size_of(kept_folders(folder))
    if not found:
        line = words("privacy_ok", files=files, size=f"{size / 1e6:.1f}")
        console.print(line, highlight=False)
        return True
    for finding in found[:FINDINGS_SHOWN]:
        place = finding.file.relative_to(folder.root)
        view = f" ({finding.where})" if finding.where else ""
        line = f"{finding.of}: {finding.kind} @ {place}{view}:{finding.offset}"
        console.print(line, style="red", markup=False, highlight=False)
    console.print(words("privacy_bad", count=len(found)), style="bold red", highlight=False)
    return False
