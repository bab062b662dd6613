"""The node's jars and classes: fetched and compiled once, kept in the user's cache folder.

Maven fetches the jars from wherever it is set up to; nothing of them lies in the repository.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
FETCH_SECONDS, COMPILE_SECONDS = 900, 120


NO_PROGRAMS = "Java 17, its compiler or Maven is not installed"
NO_JARS = "the jars of Elasticsearch cannot be fetched here"


class NodeUnavailable(Exception):
    """A node cannot be had on this machine: NO_PROGRAMS or NO_JARS. `detail` says more."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.detail = detail


def class_path() -> str:
    """The class path of the node, made when it is not there yet; raises NodeUnavailable."""
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            raise NodeUnavailable(NO_PROGRAMS, f"{program} is missing")
    cache = _cache()
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        jars = _made(cache / f"jars-{_digest([HERE / 'pom.xml', HERE / 'jars.sha256'])}", _fetch)
        sources = sorted((HERE / "java").rglob("*.java"))
        classes = _made(
            cache / f"classes-{_digest([HERE / 'pom.xml', *sources])}",
            lambda folder: _compile(jars, sources, folder),
        )
    return f"{classes}:{jars}/*"


def _cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "vigie" / "elasticsearch-node"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _made(folder: Path, make: Callable[[Path], None]) -> Path:
    """`folder`, made beside its place and named when it is whole."""
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".part-") as part:
        draft = Path(part) / "made"
        draft.mkdir()
        make(draft)
        draft.rename(folder)
    return folder


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        shutil.copy(HERE / "pom.xml", work)
        command = [
            "mvn", "-q", "-B", "dependency:copy-dependencies",
            f"-DoutputDirectory={folder}", "-DincludeScope=runtime",
        ]  # fmt: skip
        failed = _run(command, work, FETCH_SECONDS)
    if not failed and not any(folder.glob("elasticsearch-8.*.jar")):
        failed = "Maven fetched no Elasticsearch"
    if failed:
        raise NodeUnavailable(NO_JARS, failed)
    check(folder)


def check(folder: Path) -> None:
    """Every jar is one of jars.sha256, byte for byte, and none is missing; raises RuntimeError.
    That is no reason to skip anything: either the registry or the list is wrong."""
    lines = (HERE / "jars.sha256").read_text(encoding="ascii").splitlines()
    pinned = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    strange = sorted(name for name, _ in pinned.items() ^ found.items())
    if strange:
        raise RuntimeError(f"these jars are not the pinned ones: {', '.join(sorted(set(strange)))}")


def _compile(jars: Path, sources: list[Path], folder: Path) -> None:
    command = ["javac", "-nowarn", "-cp", f"{jars}/*", "-d", str(folder), *map(str, sources)]
    failed = _run(command, str(HERE), COMPILE_SECONDS)
    if failed:
        # That is a fault of ours, and no reason to skip anything.
        raise RuntimeError(f"the launcher does not compile: {failed}")


def _run(command: list[str], folder: str, seconds: float) -> str:
    """What went wrong; "" for nothing."""
    try:
        done = subprocess.run(
            command, cwd=folder, timeout=seconds, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} did not end within {seconds} s"
    if done.returncode == 0:
        return ""
    said = next((line for line in done.stdout.splitlines() if "ERROR" in line), done.stderr)
    return f"{command[0]}: {said.strip()[:300]}"
