"""The live screen: pure functions from what the record says to what Rich draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from index.views import AlertView
from vigie.demo.watching import Snapshot, SourceLine
from vigie.demo.words import Tongue

ACCENT, GOOD, WARN, BAD, DIM = "cyan", "green", "yellow", "red", "grey58"
VERDICT_STYLE = {"repost": f"bold {BAD}", "fragment": f"bold {WARN}"}
FIXED_LINES = 19
FIELD_ORDER = ("nir", "full_name", "surname", "first_name", "birth_date", "phone", "email")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the poster is in its round."""

    round: int = 1
    posted: int = 0
    total: int = 0
    planted: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on the screen. `posted` gives the time of a post by its location key."""

    rows: int
    started: datetime
    now: datetime
    snapshot: Snapshot
    progress: Progress
    review: str
    login: str
    note: str = ""
    posted: Mapping[bytes, datetime] = field(default_factory=dict)


def draw(scene: Scene, tongue: Tongue, height: int = 40) -> RenderableType:
    """The whole screen, fitted to `height` lines by showing fewer alerts."""
    alerts = max(3, height - FIXED_LINES - len(scene.snapshot.sources))
    return Group(
        _header(scene, tongue),
        _sources(scene, tongue),
        _alerts(scene, tongue, alerts),
        _poster(scene, tongue),
        _review(scene, tongue),
        Text(f" {tongue('stop')}", style=DIM),
    )


def _header(scene: Scene, tongue: Tongue) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column()
    grid.add_column(justify="right")
    title = Text.assemble(
        (" Vigie ", f"bold black on {ACCENT}"),
        ("  " + tongue("title", rows=tongue.number(scene.rows)), "bold"),
    )
    grid.add_row(title, Text(_clock(scene.now - scene.started), style=ACCENT))
    grid.add_row(Text(f"         {tongue('invented')}", style=DIM), Text(""))
    return grid


def _sources(scene: Scene, tongue: Tongue) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, expand=True, header_style=f"bold {ACCENT}", pad_edge=False)
    table.add_column(tongue("source"), ratio=1, no_wrap=True)
    for name in ("last", "next"):
        table.add_column(tongue(name), min_width=15, no_wrap=True)
    for name in ("pages", "posts", "pace"):
        table.add_column(tongue(name), justify="right", min_width=8, no_wrap=True)
    table.add_column(tongue("state"), min_width=15, no_wrap=True)
    for line in scene.snapshot.sources:
        table.add_row(
            Text(line.source.id, style="bold"),
            _moment(line.source.last_started, scene.now, tongue),
            Text("…", style=DIM)
            if line.running
            else _moment(line.source.next_due, scene.now, tongue),
            tongue.number(line.pages),
            tongue.number(line.posts),
            f"{line.pace:.1f}" if line.pace else "—",
            state_of(line, tongue),
        )
    return table


def state_of(line: SourceLine, tongue: Tongue) -> Text:
    """What a source does now, or how its last crawl ended."""
    source = line.source
    if source.killed:
        return Text(tongue("killed"), style=BAD)
    if source.paused:
        return Text(tongue("paused"), style=WARN)
    if line.running:
        return Text("● " + tongue("crawling"), style=ACCENT)
    if not source.last_outcome:
        return Text(tongue("waiting"), style=DIM)
    good = source.last_outcome in ("finished", "budget")
    return Text(tongue.known(source.last_outcome), style=GOOD if good else BAD)


def _alerts(scene: Scene, tongue: Tongue, count: int) -> RenderableType:
    snapshot = scene.snapshot
    table = Table(
        box=box.SIMPLE_HEAD,
        expand=True,
        header_style=f"bold {ACCENT}",
        pad_edge=False,
        title=tongue("alerts_of", count=snapshot.alert_count, quiet=snapshot.quiet_count),
        title_style="bold",
        title_justify="left",
    )
    table.add_column(tongue("at"), width=8, no_wrap=True)
    table.add_column(tongue("source"), width=9, no_wrap=True)
    table.add_column(tongue("verdict"), min_width=8, no_wrap=True)
    table.add_column(tongue("records"), justify="right", min_width=6, no_wrap=True)
    table.add_column(tongue("fields"), ratio=4, no_wrap=True, overflow="ellipsis")
    table.add_column(tongue("place"), ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column(tongue("after"), justify="right", width=7, no_wrap=True)
    for alert in snapshot.alerts[:count]:
        table.add_row(
            local_time(alert.first_seen),
            alert.source,
            Text(tongue.known(alert.verdict), style=VERDICT_STYLE.get(alert.verdict, "")),
            tongue.number(alert.records),
            fields_of(alert, tongue),
            Text(place_of(alert.location), style=DIM),
            seconds_after(alert, snapshot.keys.get(alert.id, b""), scene.posted),
        )
    if not snapshot.alerts:
        table.add_row("", Text(tongue("none_yet"), style=DIM))
    return table


def _poster(scene: Scene, tongue: Tongue) -> RenderableType:
    progress = scene.progress
    words = tongue(
        "round",
        round=progress.round,
        posted=progress.posted,
        total=progress.total,
        found=progress.found,
        planted=progress.planted,
    )
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column(ratio=1)
    grid.add_column(no_wrap=True)
    bar = ProgressBar(
        total=max(1, progress.total), completed=progress.posted, complete_style=ACCENT,
        finished_style=GOOD,
    )  # fmt: skip
    grid.add_row(bar, Text(words))
    lines: list[RenderableType] = [Text(f" {tongue('poster')}", style="bold"), grid]
    if scene.note:
        lines.append(Text(f" {scene.note}", style=ACCENT))
    return Group(*lines)


def _review(scene: Scene, tongue: Tongue) -> RenderableType:
    words = Text.assemble(
        (scene.review, f"bold underline {ACCENT}"),
        "\n",
        (f"{tongue('login')}: ", DIM),
        (scene.login, f"underline link {scene.login}"),
        overflow="fold",
    )
    return Panel(words, title=tongue("review"), title_align="left", border_style=ACCENT)


def local_time(moment: datetime) -> str:
    """Hours, minutes and seconds of the reader's clock."""
    return moment.astimezone().strftime("%H:%M:%S")


def fields_of(alert: AlertView, tongue: Tongue) -> str:
    """The alert's fields in short words, each once, what tells most of a person first."""
    named = [name for name in FIELD_ORDER if name in alert.fields]
    named += [name for name in alert.fields if name not in FIELD_ORDER]
    return ", ".join(dict.fromkeys(tongue.known(f"field_{name}") for name in named))


def place_of(location: str) -> str:
    """A masked location without scheme and host, which the source's name already says."""
    return "/" + location.partition("://")[2].partition("/")[2]


def seconds_after(alert: AlertView, key: bytes, posted: Mapping[bytes, datetime]) -> str:
    """From post to alert. The poster knows when it posted; else what the site says."""
    if key in posted:
        return f"{(alert.first_seen - posted[key]).total_seconds():.1f} s"
    return "—" if alert.found_after_s is None else f"{alert.found_after_s:.0f} s"


def _moment(moment: datetime | None, now: datetime, tongue: Tongue) -> Text:
    if moment is None:
        return Text(tongue("never"), style=DIM)
    seconds = (moment - now).total_seconds()
    if abs(seconds) < 1:
        return Text(tongue("now"))
    return Text(tongue("in" if seconds > 0 else "ago", n=_span(abs(seconds))))


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _clock(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def utc_now() -> datetime:
    """The demo's clock."""
    return datetime.now(UTC)
