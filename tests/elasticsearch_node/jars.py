"""The node's jars and classes: fetched and compiled once, kept in the user's cache folder.

Maven fetches the jars from wherever it is set up to; nothing of them lies in the repository.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
# Where Debian and others put Javas beside each other.
JAVAS = Path("/usr/lib/jvm")
FETCH_SECONDS, COMPILE_SECONDS = 900, 120


NO_PROGRAMS = "Java 17, its compiler or Maven is not installed"
NO_NEW_JAVA = "Java 21 or newer with its compiler is not installed"
NO_JARS = "the jars of Elasticsearch cannot be fetched here"


class NodeUnavailable(Exception):
    """A node cannot be had on this machine, for one of the reasons above. `detail` says more."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Release:
    """A version of the server: `major` names what of ours differs for it, `java` is the oldest
    that runs it."""

    major: int
    version: str
    java: int

    @property
    def pins(self) -> Path:
        """The digests of its jars."""
        return HERE / f"jars-{self.major}.sha256"

    @property
    def sources(self) -> list[Path]:
        """Our launcher and plugins."""
        folders = (HERE / "java" / "common", HERE / "java" / str(self.major))
        return sorted(file for folder in folders for file in folder.rglob("*.java"))


EIGHT = Release(8, "8.19.21", 17)
NINE = Release(9, "9.5.3", 21)


def java(release: Release) -> Path:
    """The folder of programs of a Java that runs it; raises NodeUnavailable."""
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            raise NodeUnavailable(NO_PROGRAMS, f"{program} is missing")
    named = Path(os.environ.get("JAVA_HOME") or "/nowhere")
    present = Path(str(shutil.which("java"))).parent
    if release is EIGHT:
        return present
    installed = [
        path for path in (named, *sorted(JAVAS.glob("*"))) if (path / "bin/javac").exists()
    ]
    found = {home: java_version(home) for home in installed}
    fitting = {home: version for home, version in found.items() if version >= release.java}
    if fitting:
        return min(fitting, key=lambda home: fitting[home]) / "bin"
    if java_version(present.parent) < release.java:
        raise NodeUnavailable(NO_NEW_JAVA, f"of {len(found)} none is {release.java} or newer")
    return present


def class_path(release: Release = EIGHT) -> str:
    """The class path of the node, made when it is not there yet; raises NodeUnavailable."""
    programs = java(release)
    with cache_folder(".lock") as folder:
        jars = _made(
            folder / f"jars-{_digest([HERE / 'pom.xml', release.pins])}",
            lambda draft: _fetch(release, draft),
        )
        launcher = _made(
            folder / f"launcher-{_digest([HERE / 'pom.xml', release.pins, *release.sources])}",
            lambda draft: _compile(programs, jars, release.sources, draft),
        )
    return f"{launcher}/launcher.jar:{jars}/*"


@contextmanager
def cache_folder(lock: str) -> Iterator[Path]:
    """The folder in the user's cache, while nobody else has the lock of that name."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "vigie" / "elasticsearch-node"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder


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


def _fetch(release: Release, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        shutil.copy(HERE / "pom.xml", work)
        command = [
            "mvn", "-q", "-B", "dependency:copy-dependencies",
            f"-DoutputDirectory={folder}", "-DincludeScope=runtime",
            f"-Delasticsearch.version={release.version}",
        ]  # fmt: skip
        failed = _run(command, work, FETCH_SECONDS)
    if not failed and not (folder / f"elasticsearch-{release.version}.jar").exists():
        failed = "Maven fetched no Elasticsearch"
    if failed:
        raise NodeUnavailable(NO_JARS, failed)
    check(folder, release.pins)


def check(folder: Path, pins: Path) -> None:
    """Every jar is one of those pinned, byte for byte, and none is missing; raises RuntimeError.
    That is no reason to skip anything: either the registry or the list is wrong."""
    lines = pins.read_text(encoding="ascii").splitlines()
    pinned = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    strange = sorted(name for name, _ in pinned.items() ^ found.items())
    if strange:
        raise RuntimeError(f"these jars are not the pinned ones: {', '.join(sorted(set(strange)))}")


def java_version(home: Path) -> int:
    """The major version of the Java in a folder; 0 for none."""
    found = re.search(r'version "(\d+)', java_says(home))
    return int(found[1]) if found else 0


@cache
def java_says(home: Path) -> str:
    """What the Java in a folder says of its version; "" where there is none."""
    try:
        command = [str(home / "bin" / "java"), "-version"]
        said = subprocess.run(command, timeout=30, capture_output=True, text=True, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stderr


def _compile(programs: Path, jars: Path, sources: list[Path], folder: Path) -> None:
    with tempfile.TemporaryDirectory() as classes:
        command = [
            str(programs / "javac"), "-nowarn", "-cp", f"{jars}/*", "-d", classes,
            *map(str, sources),
        ]  # fmt: skip
        failed = _run(command, str(HERE), COMPILE_SECONDS)
        if failed:
            # That is a fault of ours, and no reason to skip anything.
            raise RuntimeError(f"the launcher does not compile: {failed}")
        # One jar: what is loaded from a folder cannot stand in an archive of classes.
        with zipfile.ZipFile(folder / "launcher.jar", "w") as jar:
            for file in sorted(Path(classes).rglob("*.class")):
                jar.write(file, file.relative_to(classes))


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
